"""How unusual a flow's bytes and duration are, for its service and for its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.day_counts import MILLI
from flowsleuth.detect.dense_codes import TextCodes
from flowsleuth.detect.edges import Edges
from flowsleuth.detect.scored_rows import numbers
from flowsleuth.detect.tails import Histograms, bins_of, nats

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]

PRIOR_PAIRS = 20.0
"""Pairs of all services that every service is given: a score of pairs says little of a one-in-twenty tail."""
PRIOR_FLOWS = 20.0
"""Flows of the service that every source is given."""
OUT, IN, TIME = 0, 1, 2
KINDS = 3
OWN, SERVICE, ALL = 0, 1, 2
"""Compared with the source's own flows, with the pairs on the service, with all pairs."""
NO_SIZE = -1


@dataclass(frozen=True)
class SizeSurprise:
    """What stands out in a batch of flows.

    Attributes
    ----------
    surprise : array of float64, shape (n,)
        Nats, of the most unusual of the three, paid for having looked at three (Bonferroni).
    kind : array of int64
        Which (:data:`OUT` src_bytes, :data:`IN` dst_bytes, :data:`TIME` duration_s) + 3 x compared with what
        (:data:`OWN`, :data:`SERVICE`, :data:`ALL`), or :data:`NO_SIZE`.
    below : array of float64
        Share of what it is compared with that is certainly smaller.
    """

    surprise: Floats
    kind: Ints
    below: Floats


class Sizes:
    """Tails of bytes out, bytes in and duration, from a day's counts.

    A flow's tail is taken among the (source, destination) pairs that conversed over its service, each with its largest
    value of the day, drawn to those of all services by :data:`PRIOR_PAIRS`; so a pair that repeats itself has one
    vote. Bytes out are besides taken among all flows of the source, drawn to the service's tail by
    :data:`PRIOR_FLOWS`. Only large values are surprising. Failed attempts have no size.

    Parameters
    ----------
    edges : Edges
    uploads : pyarrow.Table
        Rows of :meth:`.day_counts.DayCounts.uploads`.
    addresses : TextCodes
        The hosts of the edges.
    """

    def __init__(self, edges: Edges, uploads: pa.Table, addresses: TextCodes) -> None:
        answered = ~edges.is_failed
        self._service, self._all = [], []
        for bins in edges.bins:
            has = answered & (bins > 0)
            found = Histograms.of(edges.service[has], bins[has], None, edges.n_services)
            self._service.append(found)
            self._all.append(Histograms(found.counts.sum(axis=0, keepdims=True)))
        size, source = uploads["out_bin"].to_numpy(), addresses.of(uploads["ip"])
        has = size >= 0
        flows = uploads["flows"].to_numpy()[has].astype(float)
        self._source = Histograms.of(source[has], size[has], flows, edges.n_hosts)

    def judge(self, batch: pa.RecordBatch, source: Places, service: Places, is_failed: NDArray[np.bool_]) -> SizeSurprise:
        """Surprise of each flow of a batch."""
        columns = [numbers(batch.column(name)) for name in ("src_bytes", "dst_bytes", "duration_s")]
        columns[TIME] = columns[TIME] * MILLI
        found = [self._measure(kind, values, source, service, is_failed) for kind, values in enumerate(columns)]
        tails, below, against = (np.stack(column, axis=1) for column in zip(*found, strict=True))
        best = tails.argmin(axis=1)[:, None]
        tail, share, scope = (np.take_along_axis(a, best, axis=1)[:, 0] for a in (tails, below, against))
        surprise = nats(np.minimum(1.0, len(columns) * tail))
        return SizeSurprise(surprise, np.where(surprise > 0, best[:, 0] + KINDS * scope, NO_SIZE), share)

    def _measure(
        self, kind: int, values: Floats, source: Places, service: Places, is_failed: NDArray[np.bool_]
    ) -> tuple[Floats, Floats, Ints]:
        """Tail, share that is certainly below, and of what (:data:`OWN`, :data:`SERVICE`, :data:`ALL`)."""
        has = ~is_failed & (values > 0)
        bins, place = bins_of(np.where(has, values, 0.0))
        nowhere = np.zeros(service.size, dtype=np.int64)
        above, n = self._all[kind].beyond(nowhere, bins, place)
        p = (above + 1.0) / (n + 1.0)
        above, n = self._service[kind].beyond(service, bins, place)
        p = (above + PRIOR_PAIRS * p) / (n + PRIOR_PAIRS)
        is_own_matter = n >= PRIOR_PAIRS
        below = np.where(is_own_matter, self._service[kind].below(service, bins), self._all[kind].below(nowhere, bins))
        scope = np.where(is_own_matter, SERVICE, ALL)
        if kind == OUT:
            above, n = self._source.beyond(source, bins, place)
            p = (above + PRIOR_FLOWS * p) / (n + PRIOR_FLOWS)
            is_own_matter = n >= PRIOR_FLOWS
            below = np.where(is_own_matter, self._source.below(source, bins), below)
            scope = np.where(is_own_matter, OWN, scope)
        return np.where(has, p, 1.0), np.where(has, below, 0.0), scope
