"""Which services make a host what: ports by role, and what else such a host offers as a matter of course."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.flow_codes import SPAN

TCP, UDP = 6, 17

OFFERS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "directory": ((88, 389, 464, 636, 3268, 3269), (88, 389, 464)),
    "resolver": ((53, 853), (53,)),
    "mail": ((25, 110, 143, 465, 587, 993, 995), ()),
    "web": ((80, 443, 8000, 8443), (443,)),
    "proxy": ((1080, 3128, 8080, 8888, 9050), ()),
    "file": ((20, 21, 139, 445, 548, 2049), ()),
    "print": ((515, 631, 9100), ()),
    "database": ((1433, 1521, 3306, 5432, 6379, 9200, 27017, 50000), ()),
    "backup": ((873, 1556, 6162, 6180, 8400, 9102, 9103, 10000, 13724), ()),
    "time": ((), (123,)),
    "logging": ((514, 601, 1514, 5044, 6514, 8089, 9997), (162, 514)),
    "leases": ((), (67, 547)),
    "telephony": ((1720, 2000, 5060, 5061), (5060,)),
    "terminal": ((22, 23, 3389, 5900, 5985, 5986), (3389,)),
}
"""TCP and UDP ports (IANA's registry; the makers' manuals for backup and logging) that a role offers, in its order: of
two roles that explain as many peers, the first."""

ALSO = {"directory": ("resolver", "file", "time", "leases"), "proxy": ("web",), "file": ("terminal",)}
"""What else a role's hosts offer: a domain controller answers for names, files and time."""
ROLES = (*OFFERS, "scanner", "phone", "device", "client")
"""All roles; a role's code is its place."""
CODE = {role: code for code, role in enumerate(ROLES)}


@lru_cache(maxsize=1)
def offered_roles() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Service codes (:mod:`.flow_codes`), sorted, and the role that each makes.

    Examples
    --------
    >>> services, roles = offered_roles()
    >>> ROLES[roles[np.searchsorted(services, 17 * SPAN + 53)]]
    'resolver'
    """
    found = {
        proto * SPAN + port: CODE[role]
        for role, both in OFFERS.items()
        for proto, ports in zip((TCP, UDP), both, strict=True)
        for port in ports
    }
    services = np.array(sorted(found), dtype=np.int64)
    return services, np.array([found[code] for code in services.tolist()], dtype=np.int64)
