"""Failed logins slow the next ones down: exponentially, per name, per address, and per both.

Kept in memory only: there is one server process, and a restart forgives.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

REMEMBERED = 20_000
"""Names and addresses; the longest unused are forgotten first, so strangers cannot fill the memory."""
FORGIVEN_S = 3_600.0


@dataclass(frozen=True)
class Patience:
    """How many failures are free, and how long the wait grows.

    A name alone is never locked for long, or strangers could keep its owner out.
    """

    free: int
    longest_s: float


LIMITS = {
    "both": Patience(free=4, longest_s=900.0),
    "address": Patience(free=12, longest_s=900.0),
    "name": Patience(free=20, longest_s=30.0),
}


@dataclass
class _Count:
    failures: int = 0
    last: float = 0.0
    until: float = 0.0


class Throttle:
    """Counts failed logins.

    A try is counted as failed when it begins and forgiven when it succeeds, so tries at the same time count too.

    Parameters
    ----------
    clock : callable
        Seconds that only rise.

    Examples
    --------
    >>> throttle = Throttle(clock=lambda: 0.0)
    >>> [throttle.begin("ana", "192.0.2.1") for _ in range(6)]
    [0, 0, 0, 0, 0, 1]
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, name: str, address: str) -> int:
        """Whole seconds to wait; 0 when the try may go on (and is counted)."""
        moment = self._clock()
        with self._lock:
            counts = {kind: self._count(key, moment) for kind, key in _keys(name, address).items()}
            wait = max(count.until - moment for count in counts.values())
            if wait > 0:
                return math.ceil(wait)
            for kind, count in counts.items():
                count.failures += 1
                count.last = moment
                over = count.failures - LIMITS[kind].free
                if over > 0:
                    count.until = moment + min(2.0 ** min(over - 1, 30), LIMITS[kind].longest_s)
            return 0

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of this name from this address; take this try back from the others."""
        with self._lock:
            for kind, key in _keys(name, address).items():
                count = self._counts.get(key)
                if count is None:
                    continue
                count.failures = 0 if kind == "both" else max(0, count.failures - 1)
                if count.failures <= LIMITS[kind].free:
                    count.until = 0.0

    def _count(self, key: tuple[str, str], moment: float) -> _Count:
        count = self._counts.pop(key, None) or _Count(last=moment)
        if moment - count.last > FORGIVEN_S:
            count = _Count(last=moment)
        self._counts[key] = count
        while len(self._counts) > REMEMBERED:
            self._counts.popitem(last=False)
        return count


def _keys(name: str, address: str) -> dict[str, tuple[str, str]]:
    network = _network(address)
    return {"both": (name, network), "address": ("", network), "name": (name, "")}


def _network(address: str) -> str:
    """An IPv6 user has a whole /64 to try from."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))
