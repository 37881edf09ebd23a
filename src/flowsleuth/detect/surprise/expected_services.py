"""Services that nearly every network has without anybody choosing them: what a tiny capture is compared with."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.flow_codes import SPAN

TCP, UDP, ICMP4, ICMP6 = 6, 17, 1, 58

EXPECTED: dict[int, tuple[int, ...]] = {
    TCP: (53, 80, 443, 88, 135, 139, 389, 445, 25, 110, 143, 465, 587, 993, 995, 5223),
    UDP: (53, 67, 68, 123, 137, 138, 443, 546, 547, 88, 389, 500, 1900, 3702, 4500, 5353, 5355, 161, 514),
}
"""Ports by IANA protocol number: names, web, mail, Windows domain, time, leases, discovery, VPN, logging.

Taken from IANA's service name and port number registry: what operating systems and their users need from the first
minute on. Remote control (22, 23, 3389, 5900, 5985) and databases are left out on purpose: somebody chooses those.
"""

EXPECTED_ICMP: dict[int, tuple[tuple[int, int], ...]] = {
    ICMP4: ((8, 0), (0, 0), (3, 1), (3, 3), (3, 4), (11, 0)),
    ICMP6: ((128, 0), (129, 0), (133, 0), (134, 0), (135, 0), (136, 0), (130, 0), (131, 0), (143, 0), (3, 0)),
}
"""Type and code: echo, unreachable, time exceeded; neighbour discovery, multicast listeners (RFC 792, 4443, 4861)."""


@lru_cache(maxsize=1)
def expected_codes() -> NDArray[np.int64]:
    """Service codes (:mod:`.flow_codes`) of all of them, sorted.

    Examples
    --------
    >>> bool(np.isin(6 * SPAN + 443, expected_codes()))
    True
    """
    ports = [proto * SPAN + port for proto, listed in EXPECTED.items() for port in listed]
    kinds = [p * SPAN + SPAN // 2 + t * 256 + c for p, listed in EXPECTED_ICMP.items() for t, c in listed]
    return np.array(sorted(ports + kinds), dtype=np.int64)
