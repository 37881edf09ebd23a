"""What a source asked of names, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.queried_names import New, QueriedNames
from flowsleuth.detect.wording import count, each, earlier_days, join, share, size

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MUCH = 0.2
"""Shares of unusual types and of names that are not are told from here on."""


@dataclass(frozen=True)
class Looked:
    """Questions that findings rest on; arrays of shape (n,).

    Attributes
    ----------
    asked : array of int64
        Rows of ``dns``.
    names : array of int64
        Different names.
    odd, refused : array of float64
        Shares of the rows that are of an unusual type; to which there is no such name.
    first_us, last_us : array of int64
    """

    asked: Ints
    names: Ints
    odd: Floats
    refused: Floats
    first_us: Ints
    last_us: Ints

    @classmethod
    def of(cls, names: QueriedNames, group: Ints, groups: int) -> Looked:
        """Of groups of rows; -1 for a row of none."""
        at = np.flatnonzero(group >= 0)
        of = group[at]
        asked, odd, refused = (
            np.bincount(of, weights=one[at], minlength=groups) for one in (names.asked, names.odd, names.refused)
        )
        first, last = np.full(groups, np.iinfo(np.int64).max), np.full(groups, np.iinfo(np.int64).min)
        np.minimum.at(first, of, names.first_us[at])
        np.maximum.at(last, of, names.last_us[at])
        rows = np.maximum(asked, 1.0)
        found = np.bincount(of, minlength=groups), odd / rows, refused / rows, first, last
        return cls(asked.astype(np.int64), *found)

    def said(self) -> tuple[pa.Array, pa.Array]:
        """Shares that are large, in words."""
        return (
            each(self.odd, lambda n: f", {share(n)} of a type seldom asked (TXT, NULL …)" if n >= MUCH else ""),
            each(self.refused, lambda n: f", {share(n)} without such a name" if n >= MUCH else ""),
        )


@dataclass(frozen=True)
class Tunnels:
    """Sources that asked much below one domain, and what that was compared with; arrays of shape (n,).

    Attributes
    ----------
    looked : Looked
    new : New
    usual_bits : float
        Bits that a character takes in the day's labels.
    days : int
        Earlier days.
    most_before : array of float64
        Bytes on the largest of them.
    asking : array of int64
        Sources that ask below the domain.
    sources : int
        Sources that ask anything.
    """

    looked: Looked
    new: New
    usual_bits: float
    days: int
    most_before: Floats
    asking: Ints
    sources: int

    @property
    def _bits_each(self) -> Floats:
        return self.new.size * 8.0 / np.maximum(self.new.characters, 1.0)

    def reasons(self) -> pa.Array:
        """Why each is told."""
        mean = self.new.characters / np.maximum(self.new.labels, 1)
        return join(
            each(self.looked.names, lambda n: f"asked for {count(n)} names below the domain"),
            each(self.looked.asked, lambda n: f" in {count(n)} questions"),
            each(self.new.labels, lambda n: f"; {count(n)} different labels"),
            each(mean, lambda n: f" of {n:.0f} characters on average"),
            each(self.new.size, lambda n: f" hold {size(n)}"),
            each(self._bits_each, lambda n: f": {n:.1f} bits a character, usual is {self.usual_bits:.1f}"),
            *self.looked.said(),
            _before(self.days, self.most_before, "below any domain but those that it always asks"),
            each(self.asking, lambda n: f"; {count(n)} of {count(self.sources)} sources ask{'s' * (n == 1)} there"),
        )

    def evidence(self) -> dict[str, NDArray[Any]]:
        """The numbers of the reasons."""
        return {
            "names": self.looked.names, "labels": self.new.labels, "label_bytes": self.new.size.round(1),
            "bits_a_character": self._bits_each.round(2),
            "usual_bits": np.full(self.asking.size, round(self.usual_bits, 2)),
            "odd_types": self.looked.odd.round(4), "no_such_name": self.looked.refused.round(4),
            "days": np.full(self.asking.size, self.days), "sources_there": self.asking,
        }  # fmt: skip


@dataclass(frozen=True)
class Random:
    """Sources that asked for domains that are not, and what that was compared with; arrays of shape (n,).

    Attributes
    ----------
    looked : Looked
    domains : array of int64
        Domains that nobody found.
    bits_each : array of float64
        Bits of a character of their names.
    usual_bits : float
        That of domains that exist.
    days : int
        Earlier days.
    most_before : array of float64
        Bytes on the largest of them.
    most_of_others : array of int64
        Domains of the source that has most of all others.
    sources : int
    """

    looked: Looked
    domains: Ints
    bits_each: Floats
    usual_bits: float
    days: int
    most_before: Floats
    most_of_others: Ints
    sources: int

    def reasons(self) -> pa.Array:
        """Why each is told."""
        return join(
            each(self.domains, lambda n: f"asked for {count(n)} domains that nobody found"),
            each(self.looked.asked, lambda n: f" in {count(n)} questions"),
            each(self.bits_each, lambda n: f": {n:.1f} bits a character, those that exist {self.usual_bits:.1f}"),
            _before(self.days, self.most_before, "in the names of such"),
            each(self.most_of_others, lambda n: f"; no other of {count(self.sources)} sources more than {count(n)}")
            if self.sources > 1
            else "",
        )

    def evidence(self) -> dict[str, NDArray[Any]]:
        """The numbers of the reasons."""
        return {
            "domains": self.domains, "bits_a_character": self.bits_each.round(2),
            "days": np.full(self.domains.size, self.days),
            "most_of_others": self.most_of_others,
        }  # fmt: skip


def _before(days: int, most: Floats, where: str) -> pa.Array | str:
    return earlier_days(days, most, lambda n: f"at most {size(n)} {where}" if n else f"nothing {where}")
