"""JSON lines of unknown shape, one by one and exact: every value keeps its own type, whatever its neighbours have.

Some 100,000 records a second; sources whose fields are known have faster readers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

NOT_JSON = "not JSON"
NOT_AN_OBJECT = "not a JSON object"

Record = dict[str, Any]


@dataclass
class JsonLines:
    """Result of :func:`parse_json_lines`.

    Attributes
    ----------
    records : list of dict
        Objects, with nested ones under dotted names.
    lines : list of int
        The index of each record's line.
    bad : list of (int, str, str)
        Lines that are no object: index, reason, detail.
    """

    records: list[Record] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    bad: list[tuple[int, str, str]] = field(default_factory=list)


def parse_json_lines(lines: Sequence[bytes], *, is_nested: bool = False) -> JsonLines:
    """Read JSON objects, one a line; blank lines are none. ``is_nested`` leaves objects in objects as they are.

    Examples
    --------
    >>> found = parse_json_lines([b'{"a": {"b": 1}, "c": [2]}', b"", b"[3]"])
    >>> found.records, found.lines, found.bad
    ([{'a.b': 1, 'c': [2]}], [0], [(2, 'not a JSON object', 'list')])
    """
    found = JsonLines()
    for at, raw in enumerate(lines):
        if not raw.strip():
            continue
        try:
            value = json.loads(raw, object_pairs_hook=_no_twins, parse_constant=_no_constant, parse_float=_finite)
        except (ValueError, RecursionError) as error:
            found.bad.append((at, NOT_JSON, str(error)[:300]))
            continue
        if isinstance(value, dict):
            found.records.append(value if is_nested else _dotted(value))
            found.lines.append(at)
        else:
            found.bad.append((at, NOT_AN_OBJECT, type(value).__name__))
    return found


def _no_twins(pairs: list[tuple[str, Any]]) -> Record:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError(f"a key appears twice in {', '.join(name for name, _ in pairs)}"[:300])
    return made


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value - value != 0:
        raise ValueError(f"{text} is too large a number")
    return value


def _dotted(record: Mapping[str, Any], before: str = "") -> Record:
    found: Record = {}
    for name, value in record.items():
        if isinstance(value, dict) and value:
            found |= _dotted(value, f"{before}{name}.")
        else:
            found[before + name] = value
    return found


_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Made once: ``json.dumps`` makes an encoder for each value."""


def as_json_text(value: Any) -> str:
    """One value as compact JSON text."""
    return _COMPACT(value)


def as_texts(records: Iterable[Record], name: str) -> pa.Array:
    """A field as text: strings as they are, all else as JSON; null where it is null or not there."""
    values = (record.get(name) for record in records)
    return pa.array(
        [value if value is None or isinstance(value, str) else as_json_text(value) for value in values],
        type=pa.string(),
    )


def unused_fields(records: Iterable[Record], used: Iterable[str]) -> pa.Array:
    """All fields but some of each record, as a JSON object; null where there is none. Null fields are left out.

    Examples
    --------
    >>> unused_fields([{"a": 1, "b": None, "c": "x"}, {"a": 1}], ["a"]).to_pylist()
    ['{"c":"x"}', None]
    """
    apart = frozenset(used)
    rest = ({name: v for name, v in record.items() if v is not None and name not in apart} for record in records)
    return pa.array([as_json_text(fields) if fields else None for fields in rest], type=pa.string())


def join_objects(one: pa.Array, other: pa.Array) -> pa.Array:
    """Two columns of JSON objects as one; the keys must differ.

    Examples
    --------
    >>> join_objects(pa.array(['{"a":1}', None]), pa.array(['{"b":2}', '{"b":3}'])).to_pylist()
    ['{"a":1,"b":2}', '{"b":3}']
    """
    if other.null_count == len(other):
        return one
    both = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(one, 0, -1), pc.utf8_slice_codeunits(other, 1), ",", null_handling="emit_null"
    )
    return pc.coalesce(both, one, other)
