"""What is taken out of JSON records of one kind: the fields known beforehand, and those learned from the records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from flowsleuth.readers.json_text import dump

Path = tuple[str, ...]

MAX_KEYS = 400
"""Keys learned for one kind of record; records with still others are read one by one."""

_ENGINE = {
    "text": "VARCHAR",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float": "DOUBLE",
    "bool": "BOOLEAN",
    "json": "JSON",
}
_ARROW = {
    "text": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "json": pa.string(),
}
_RANGES = {"int32": 31, "int64": 63}


def dotted(path: Path) -> str:
    """The name of a field: its keys with dots between."""
    return ".".join(path)


@dataclass
class Shape:
    """Fields of one kind of record.

    Attributes
    ----------
    known : mapping of str to str
        Type by field name (``text``, ``int32``, ``int64``, ``float``, ``bool``, ``json``, ``time``); all others are
        taken as JSON text.
    opened : frozenset of path
        Objects whose keys are fields of their own; any other object is one field.
    marks, needs : frozenset of str
        A record must have one of ``marks`` (when there are any) and all of ``needs``.
    never : frozenset of str
        Keys that are not learned, because a record with one of them may be of another kind.
    name_of : callable
        Field name of a path.
    spec : dict
        What the engine is asked for.
    paths : dict of path to str
        Field names of its leaves.
    """

    known: Mapping[str, str]
    opened: frozenset[Path] = frozenset()
    marks: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    name_of: Callable[[Path], str] = dotted
    spec: dict[str, Any] = field(default_factory=dict)
    paths: dict[Path, str] = field(default_factory=dict)

    def type_of(self, name: str) -> str:
        """Type of a field."""
        return self.known.get(name, "json")

    def learn(self, record: Mapping[str, Any]) -> bool:
        """Add the keys of a record; whether there was a new one."""
        return self._learn(record, self.spec, ())

    def _learn(self, record: Mapping[str, Any], level: dict[str, Any], above: Path) -> bool:
        is_new = False
        for key, value in record.items():
            path = (*above, key)
            if path in self.opened and isinstance(value, dict):
                if key not in level and self._is_free(key, level, above):
                    level[key] = {}
                if isinstance(level.get(key), dict):
                    is_new |= self._learn(value, level[key], path)
                    if not level[key]:
                        del level[key]
            elif path not in self.opened and value is not None and self._is_free(key, level, above):
                name = self.name_of(path)
                kind = self.type_of(name)
                self.paths[path] = name
                level[key] = ("VARCHAR" if isinstance(value, str) else "DOUBLE") if kind == "time" else _ENGINE[kind]
                is_new = True
        return is_new

    def _is_free(self, key: str, level: Mapping[str, Any], above: Path) -> bool:
        """Whether a key can be asked for: the engine cannot tell keys apart by case, nor take an empty one."""
        is_barred = not key or (not above and key in self.never) or len(self.paths) >= MAX_KEYS
        return not is_barred and key.lower() not in {known.lower() for known in level}

    def flat(self, record: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[str, Any]]:
        """Fields of one record by name, nulls left out.

        Raises
        ------
        ValueError
            An object that should have fields of its own is something else.
        """
        for key, value in record.items():
            path = (*above, key)
            if value is None:
                continue
            if path in self.opened:
                if not isinstance(value, dict):
                    raise ValueError(f"{dotted(path)}={dump(value)[:200]}")
                yield from self.flat(value, path)
            else:
                yield self.name_of(path), value


def convert(value: Any, kind: str) -> Any:
    """One JSON value to a field's type, as the engine does it for whole columns.

    Raises
    ------
    ValueError
        It does not fit.

    Examples
    --------
    >>> convert("80", "int32"), convert(5, "text"), convert([1, "é"], "json")
    (80, '5', '[1,"é"]')
    """
    if kind == "json":
        return dump(value)
    if kind == "text":
        return value if isinstance(value, str) else dump(value)
    if kind == "bool":
        if isinstance(value, bool | int | float):
            return bool(value)
        raise ValueError("not a boolean")
    if not isinstance(value, bool | int | float | str):
        raise ValueError("not a number")
    if kind == "float":
        number = float(value)
        if number - number != 0:
            raise ValueError("not a finite number")
        return number
    whole = int(value)
    if not isinstance(value, str) and whole != value:
        raise ValueError("not an integer")
    if not -(2 ** _RANGES[kind]) <= whole < 2 ** _RANGES[kind]:
        raise ValueError("out of range")
    return whole


def arrow_type(kind: str) -> pa.DataType:
    """Arrow type of a field's column."""
    return _ARROW[kind]
