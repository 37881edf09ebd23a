"""What anyone would note of a host's day: how much it began, to how many, how it went and what it carried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.flow_codes import RESOLVERS
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.dense_codes import count_distinct
from flowsleuth.detect.wording import count, duration, share, size

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOTED: dict[str, Callable[[float], str]] = {
    "flows": lambda n: _many(n, "flow"),
    "peers": lambda n: _many(n, "peer"),
    "services": lambda n: _many(n, "service"),
    "failed": lambda n: _many(n, "failed flow"),
    "failed_share": lambda part: f"{share(part)} of its flows failed",
    "sent": lambda total: f"{size(total)} sent",
    "got": lambda total: f"{size(total)} received",
    "mean_duration_s": lambda seconds: f"{duration(seconds)} a flow on average",
    "outside_share": lambda part: f"{share(part)} of its flows left the network",
    "dns_share": lambda part: f"{share(part)} of its flows asked DNS",
}
"""What is noted of a day, and how it is said."""
COUNTS = ("flows", "peers", "services", "failed", "sent", "got")
LOGGED = (*COUNTS, "mean_duration_s")
"""Of which doubling is one step, however large."""


def _many(n: float, what: str) -> str:
    return f"{count(n)} {what}{'' if n == 1 else 's'}"


@dataclass(frozen=True, eq=False)
class HostDays:
    """Days of hosts of ours that began flows, by the address that a host is known by (:attr:`.NetworkDay.is_compared`).

    Attributes
    ----------
    host : array of int64, shape (n,)
        Host codes of the day, ascending.
    of : array of int64, shape (n_rows,)
        For each row of the day's pairs, which of these hosts began it; -1 for none.
    noted : dict of str to array of float64, shape (n,)
        What is noted (:data:`NOTED`); sizes and durations that nobody tells count as 0.
    """

    host: Ints
    of: Ints
    noted: dict[str, Floats]

    @classmethod
    def of_day(cls, day: NetworkDay) -> HostDays:
        """Count them."""
        pairs = day.pairs
        rows = np.flatnonzero(day.is_compared[pairs.src])
        src, dst, service = (values[rows].astype(np.int64) for values in (pairs.src, pairs.dst, pairs.service))
        by = Groups.by(src)
        n, flows = by.keys.size, pairs.flows[rows].astype(np.float64)

        def add_up(values: Floats) -> Floats:
            return by.add_up(np.nan_to_num(values[rows]))

        total, failed = by.add_up(flows), by.add_up(pairs.failed[rows])
        noted = {
            "flows": total,
            "peers": count_distinct(by.of, dst, n).astype(np.float64),
            "services": count_distinct(by.of, service, n).astype(np.float64),
            "failed": failed,
            "failed_share": failed / total,
            "sent": add_up(pairs.src_bytes),
            "got": add_up(pairs.dst_bytes),
            "mean_duration_s": add_up(pairs.duration_s) / total,
            "outside_share": by.add_up(flows * ~day.is_home[dst]) / total,
            "dns_share": by.add_up(flows * np.isin(service, RESOLVERS)) / total,
        }
        of = np.full(len(pairs), -1)
        of[rows] = by.of
        return cls(by.keys, of, noted)

    def features(self) -> Floats:
        """As numbers to compare, shape (n, 10): logarithms of counts, sizes and durations, shares as they are."""
        return np.column_stack([np.log1p(v) if name in LOGGED else v for name, v in self.noted.items()])

    def as_told(self) -> dict[str, NDArray[np.number]]:
        """What is noted, counts as whole numbers."""
        return {name: v.astype(np.int64) if name in COUNTS else v for name, v in self.noted.items()}
