"""What sources had with their peers on earlier days: so much to the same, so much to any that is not regular."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.dense_codes import look_up, pack

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

REGULAR_SHARE = 0.5
LEAST_REGULAR = 2
"""A peer is regular that had something on at least half of the earlier days, and on two."""


@dataclass(frozen=True)
class Had:
    """What sources had with peers on one day; arrays of shape (n,).

    Attributes
    ----------
    source, peer : array of int64
        Codes of the day that is looked at; -1 for one that it does not have.
    kind : array of int64
        Kinds are not compared with one another.
    value : array of float64
    """

    source: Ints
    peer: Ints
    kind: Ints
    value: Floats


class PairHistory:
    """Earlier days of pairs, newest first.

    Parameters
    ----------
    days : list of Had
    peers : int
        Codes of peers are below.
    kinds : int
        Kinds are below.
    """

    def __init__(self, days: list[Had], peers: int, kinds: int = 1) -> None:
        self.days = len(days)
        self._day = np.repeat(np.arange(len(days)), [one.value.size for one in days])
        nothing = Had(*(np.zeros(0, dtype=np.int64),) * 3, np.zeros(0))
        self._source, self._peer, self._kind, self._value = (
            np.concatenate([getattr(one, name) for one in (nothing, *days)])
            for name in ("source", "peer", "kind", "value")
        )
        self._wide, self._kinds = max(peers, 1), kinds
        self._pair = np.where((self._peer >= 0) & (self._source >= 0), self._source * self._wide + self._peer, -1)
        met = self._pair[np.unique(pack(self._pair, self._day), return_index=True)[1]]
        pairs, on_days = np.unique(met[met >= 0], return_counts=True)
        self._regular = pairs[on_days >= max(LEAST_REGULAR, REGULAR_SHARE * self.days)]

    def most_with_one(self, source: Ints, peer: Ints, kind: Ints | None = None) -> Floats:
        """The most that each source had with one peer on each earlier day: shape (days, n).

        Of the same peer, and of others that are not regular; of the others only what is of the same kind. So what
        comes every day neither stands out nor hides what else there is.
        """
        kind = np.zeros(source.size, dtype=np.int64) if kind is None else kind
        sources, of_source = np.unique(source, return_inverse=True)
        pairs, of_pair = np.unique(source * self._wide + peer, return_inverse=True)
        other = np.zeros((self.days, sources.size * self._kinds))
        own = np.zeros((self.days, pairs.size))
        at = look_up(sources, self._source)
        use = (at >= 0) & ~((self._pair >= 0) & (look_up(self._regular, self._pair) >= 0))
        np.maximum.at(other, (self._day[use], at[use] * self._kinds + self._kind[use]), self._value[use])
        mine = look_up(pairs, self._pair)
        np.maximum.at(own, (self._day[mine >= 0], mine[mine >= 0]), self._value[mine >= 0])
        return np.maximum(other[:, of_source.reshape(-1) * self._kinds + kind], own[:, of_pair.reshape(-1)])

    def total(self, sources: Ints, kinds: int) -> Floats:
        """What each of some sources (sorted) had in all, of kinds below `kinds`, on each day: shape (days, n)."""
        found = np.zeros((self.days, sources.size))
        at = look_up(sources, self._source)
        use = (at >= 0) & (self._kind < kinds)
        np.add.at(found, (self._day[use], at[use]), self._value[use])
        return found
