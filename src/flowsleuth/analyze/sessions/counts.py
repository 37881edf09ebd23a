"""How often each key occurs, for keys that are numbers: kept sorted, looked up many at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True)
class Counts:
    """Distinct keys in order, and how often each occurs.

    Examples
    --------
    >>> seen = Counts.of(np.array([7, 3, 7]))
    >>> seen.at(np.array([7, 4, 3])).tolist(), seen.places(np.array([7, 4])).tolist()
    ([2, 0, 1], [1, -1])
    """

    keys: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, keys: npt.NDArray[np.int64]) -> Counts:
        """The keys counted."""
        distinct, counts = np.unique(keys, return_counts=True)
        return cls(distinct.astype(np.int64), counts.astype(np.int64))

    def places(self, keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Where each key is among the distinct ones; -1 where it is not."""
        if not len(self.keys):
            return np.full(len(keys), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, at, -1).astype(np.int64)

    def at(self, keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """How often each key occurs; 0 for one that does not."""
        places = self.places(keys)
        known = places >= 0
        found = np.zeros(len(keys), dtype=np.int64)
        found[known] = self.counts[places[known]]
        return found
