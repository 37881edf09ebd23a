"""What a meeting with an indicator rests on: rows of a day's pairs, questions, answers, requests and handshakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ANSWERED, ASKED, UNANSWERED, LET_IN = WAYS = range(4)
"""It connected there and got an answer; asked DNS for it; connected in vain; answered what came from there."""
ADDRESS, NAME, RESOLVED, URL, CERTIFICATE, FINGERPRINT = KINDS = range(6)
"""What was met: an address; a name; an address that DNS answered with; a URL; the certificate of a server; the
fingerprint of a TLS client or server."""


@dataclass(frozen=True)
class Uses:
    """What hits rest on: a row of the day's counts, and what it meets; arrays of shape (n,).

    Attributes
    ----------
    host, kind, thing, other, way, indicator : array of int64
        Host of ours; :data:`KINDS`; host code of an address that was met, or place in the texts; host code of the other
        end (-1: none); :data:`WAYS`; place among the indicators.
    times, flows, first_us, last_us : array of int64
        How often: requests, questions, connections; and flows.
    src_bytes, dst_bytes : array of float64
    """

    host: Ints
    kind: Ints
    thing: Ints
    other: Ints
    way: Ints
    indicator: Ints
    times: Ints
    flows: Ints
    first_us: Ints
    last_us: Ints
    src_bytes: Floats
    dst_bytes: Floats
