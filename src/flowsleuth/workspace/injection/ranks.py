"""Where an attack stands in a day's list of leads, and how often attacks stand high enough."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Pair = tuple[str | None, str | None]

BUDGETS = (10, 50, 250)
"""Leads that an analyst looks at in a day."""
NORMAL_975 = 1.959963984540054
"""Quantile of the normal distribution: intervals of 95 %."""


@dataclass(frozen=True)
class Place:
    """Where an attack stands, on the day it stands highest.

    Attributes
    ----------
    rank : float or None
        Among the leads that are no other attack's, ties in the middle; None where no lead is its.
    reason : str or None
        Of that lead.
    """

    rank: float | None = None
    reason: str | None = None


def strengths(rows: pa.Table) -> Ints:
    """Places of rows by score, then surprise, from the weakest up; equal ones have the same.

    Examples
    --------
    >>> import pyarrow as pa
    >>> strengths(pa.table({"score": [0.9, 0.9, 0.1], "surprise": [3.0, 2.0, 1.0]})).tolist()
    [2, 1, 0]
    """
    keys = np.stack([rows[name].to_numpy() for name in ("score", "surprise")], axis=1)
    places: Ints = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)
    return places


class Leads:
    """Ranked leads of some days.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of ``schema.LEAD``.
    """

    def __init__(self, table: pa.Table) -> None:
        src = table["src_ip"].to_pylist()
        self._host, self._reason = table["host"].to_pylist(), table["reason"].to_pylist()
        self._by_address: list[Pair] = list(zip(src, table["dst_ip"].to_pylist(), strict=True))
        self._by_name: list[Pair] = list(zip(src, table["server_name"].to_pylist(), strict=True))
        days = np.unique(table["day"].cast("int64").to_numpy(), return_inverse=True)[1]
        self._days = [np.flatnonzero(days == day) for day in range(days.max(initial=-1) + 1)]
        self._strength = strengths(table)

    def of_hosts(self, hosts: Collection[str]) -> Bools:
        """Which leads are about one of some hosts."""
        return np.array([host in hosts for host in self._host], dtype=bool)

    def of_pairs(self, pairs: Collection[Pair]) -> Bools:
        """Which leads are about one of some pairs of source and destination, or source and server name."""
        both = zip(self._by_address, self._by_name, strict=True)
        return np.array([one in pairs or (other[1] is not None and other in pairs) for one, other in both], dtype=bool)

    def place(self, mine: Bools, others: Bools) -> Place:
        """The best place of some leads, on any day, with other attacks' leads taken out of the list."""
        best = Place()
        for day in self._days:
            own = day[mine[day]]
            if not own.size:
                continue
            top = own[np.argmax(self._strength[own])]
            rest = self._strength[day[~mine[day] & ~others[day]]]
            rank = 1 + float(np.sum(rest > self._strength[top])) + float(np.sum(rest == self._strength[top])) / 2
            if best.rank is None or rank < best.rank:
                best = Place(rank, self._reason[top])
        return best


def wilson(found: int, of: int) -> tuple[float, float]:
    """Wilson's interval (95 %) of a share; the whole of [0, 1] for no case.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference".

    Examples
    --------
    >>> tuple(round(end, 4) for end in wilson(8, 10)), wilson(0, 0)
    ((0.4902, 0.9433), (0.0, 1.0))
    """
    if of == 0:
        return 0.0, 1.0
    share, square = found / of, NORMAL_975**2
    middle = share + square / (2 * of)
    half = NORMAL_975 * sqrt(share * (1 - share) / of + square / (4 * of**2))
    low, high = ((middle + sign * half) / (1 + square / of) for sign in (-1, 1))
    return (0.0 if found == 0 else low), (1.0 if found == of else high)


def middle_rank(ranks: Sequence[float | None]) -> float | None:
    """The median of ranks, where none is the last; None where the median is none.

    Examples
    --------
    >>> middle_rank([3.0, None, 1.0]), middle_rank([None, 2.0]), middle_rank([4.0, 2.0])
    (3.0, None, 3.0)
    """
    found = median([inf if rank is None else rank for rank in ranks]) if ranks else inf
    return None if found == inf else found
