"""What rated suspects share: values as dense codes, and the members of each factor, found for any rows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.triage.rated_things import Things, whole_numbers

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Codes:
    """Values that were rated, as dense codes; -1 for a null and for a value that was not rated."""

    PORTS = 65_537

    def __init__(self, texts: dict[str, pa.Array], services: Ints) -> None:
        self.texts, self._services = texts, services
        self.sizes = {name: max(1, len(texts[name])) for name in ("src", "dst", "name")}
        self.sizes["service"] = max(1, services.size)

    @classmethod
    def empty(cls) -> Codes:
        """Of nothing."""
        import pyarrow as pa

        return cls({name: pa.array([], pa.string()) for name in ("src", "dst", "name", "proto")}, np.zeros(0, np.int64))

    @classmethod
    def distinct(cls, rows: pa.Table) -> Codes:
        """Of what rated things have."""
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = {}
        for name, column in (("src", "src_ip"), ("dst", "dst_ip"), ("name", "server_name"), ("proto", "proto")):
            found = pc.unique(rows[column].cast(pa.string())).drop_null()
            texts[name] = found.take(pc.sort_indices(found))
        half = cls(texts, np.zeros(0, np.int64))
        services = np.unique(half._service(rows))
        return cls(texts, services[services >= 0])

    def of(self, rows: pa.Table) -> dict[str, Ints]:
        """The codes of rows: ``src``, ``dst``, ``service``, ``name``."""
        found = {name: self._text(rows, name, c) for name, c in (("src", "src_ip"), ("dst", "dst_ip"))}
        found["name"] = self._text(rows, "name", "server_name")
        found["service"] = _look_up(self._services, self._service(rows))
        return found

    def _text(self, rows: pa.Table, name: str, column: str) -> Ints:
        import pyarrow as pa
        import pyarrow.compute as pc

        if column not in rows.column_names or not len(self.texts[name]):
            return np.full(len(rows), -1, dtype=np.int64)
        found = pc.index_in(rows[column].cast(pa.string()), value_set=self.texts[name], skip_nulls=True)
        return whole_numbers(found, -1)

    def _service(self, rows: pa.Table) -> Ints:
        proto = self._text(rows, "proto", "proto")
        port = whole_numbers(rows["service_port"], -1) + 1
        return np.where((proto >= 0) & (port < self.PORTS), proto * self.PORTS + port, -1)


class Factor:
    """One thing that suspects share: its members by key, and what was learnt of each."""

    def __init__(self, names: tuple[str, ...], keys: Ints) -> None:
        self.names, self.keys = names, keys
        self.effect = np.zeros(keys.size)
        self.bad, self.medium, self.low = (np.zeros(keys.size + 1, dtype=np.int64) for _ in range(3))

    @property
    def size(self) -> int:
        """Members."""
        return int(self.keys.size)

    @classmethod
    def over(cls, names: tuple[str, ...], codes: dict[str, Ints], sizes: dict[str, int]) -> Factor:
        """With a member for each combination that occurs."""
        keys = np.unique(_key(names, codes, sizes))
        return cls(names, keys[keys >= 0])

    def find(self, codes: dict[str, Ints], sizes: dict[str, int]) -> Ints:
        """Member of each row; `size` for none."""
        key = _key(self.names, codes, sizes)
        found = np.full(key.size, self.size, dtype=np.int64)
        there = np.flatnonzero(key >= 0)
        place = _look_up(self.keys, key[there])
        found[there] = np.where(place >= 0, place, self.size)
        return found

    def learn(self, effect: Floats, member: Ints, things: Things) -> None:
        """Keep the effect of each member, and count how those were rated that it was learnt from."""
        self.effect = effect
        is_bad = things.outcome >= 0.5
        self.bad += np.bincount(member[is_bad], minlength=self.size + 1)
        self.medium += np.bincount(member[is_bad & things.is_medium], minlength=self.size + 1)
        self.low += np.bincount(member[~is_bad], minlength=self.size + 1)


def _key(names: tuple[str, ...], codes: dict[str, Ints], sizes: dict[str, int]) -> Ints:
    """One integer for a combination of codes; -1 where one is missing."""
    key = codes[names[0]]
    is_there = key >= 0
    for name in names[1:]:
        key = key * sizes[name] + codes[name]
        is_there = is_there & (codes[name] >= 0)
    return np.where(is_there, key, -1)


def _look_up(keys: Ints, wanted: Ints) -> Ints:
    if not keys.size:
        return np.full(wanted.shape, -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    return np.where(keys[at] == wanted, at, -1)
