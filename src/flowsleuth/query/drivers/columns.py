"""Answers of other systems as Arrow tables: typed columns of Kusto's kind, and rows that are JSON objects."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_KUSTO = {
    "datetime": "time",
    "date": "time",
    "long": "int64",
    "int": "int64",
    "int32": "int64",
    "int64": "int64",
    "real": "float64",
    "double": "float64",
    "decimal": "float64",
    "single": "float64",
    "bool": "bool",
    "boolean": "bool",
    "sbyte": "bool",
}
"""Column types of Log Analytics, Kusto and hunting queries; whatever else is text (``dynamic`` as JSON)."""

_FRACTION = re.compile(r"(\.\d{6})\d+")


def moment_of(value: Any) -> dt.datetime | None:
    """A time as JSON has it, UTC; digits below a microsecond are dropped; None for what is no time.

    Examples
    --------
    >>> moment_of("2024-05-01T12:00:00.1234567Z")
    datetime.datetime(2024, 5, 1, 12, 0, 0, 123456, tzinfo=datetime.timezone.utc)
    """
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(_FRACTION.sub(r"\1", value.strip()))
        except ValueError:
            return None
    if not isinstance(value, dt.datetime):
        return None
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def typed_table(names: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[Any]]) -> pa.Table:
    """Rows with declared types.

    Examples
    --------
    >>> found = typed_table(["at", "n", "d"], ["datetime", "long", "dynamic"], [["2024-05-01T00:00:00Z", 1, ["a"]]])
    >>> found.to_pylist()[0]["d"], str(found.schema.field("at").type)
    ('["a"]', 'timestamp[us, tz=UTC]')
    """
    import pyarrow as pa

    listed = list(rows)
    columns = [_column([row[at] for row in listed], _KUSTO.get(str(kind).lower(), "")) for at, kind in enumerate(types)]
    return pa.table(columns, names=list(names))


def _column(values: list[Any], kind: str) -> pa.Array:
    import pyarrow as pa

    if kind == "time":
        return pa.array([moment_of(value) for value in values], pa.timestamp("us", tz="UTC"))
    if kind == "int64":
        return pa.array([_number(value, int) for value in values], pa.int64())
    if kind == "float64":
        return pa.array([_number(value, float) for value in values], pa.float64())
    if kind == "bool":
        return pa.array([None if value is None else _truth(value) for value in values], pa.bool_())
    return pa.array([text_of(value) for value in values], pa.string())


def _truth(value: Any) -> bool:
    return value.strip().lower() in ("true", "1") if isinstance(value, str) else bool(value)


def _number(value: Any, kind: type) -> Any:
    """A number, also one that is written as text (``NaN`` and decimals are); None for what is none."""
    if value is None or value == "":
        return None
    try:
        return kind(value)
    except (ValueError, TypeError, OverflowError):
        return None


def text_of(value: Any) -> str | None:
    """Text as it is, anything else as JSON.

    Examples
    --------
    >>> text_of({"a": 1}), text_of("x"), text_of(None)
    ('{"a": 1}', 'x', None)
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False, default=str)


def table_of_objects(rows: Sequence[Mapping[str, Any]], times: Iterable[str] = ()) -> pa.Table:
    """Rows that are JSON objects: all keys as columns; inner objects by dotted names, lists as JSON.

    Columns whose every value is a number or truth value keep that type; ``times`` become times if all of them are.

    Examples
    --------
    >>> found = table_of_objects([{"source": {"ip": "192.0.2.7"}, "n": 1}, {"n": 2, "tags": ["a", "b"]}])
    >>> found.to_pylist()
    [{'source.ip': '192.0.2.7', 'n': 1, 'tags': None}, {'source.ip': None, 'n': 2, 'tags': '["a", "b"]'}]
    """
    import pyarrow as pa

    flat = [flattened(row) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    wanted = set(times)
    columns = [_guessed([row.get(name) for row in flat], is_time=name in wanted) for name in names]
    return pa.table(columns, names=names)


def flattened(row: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Inner objects by dotted names."""
    found: dict[str, Any] = {}
    for key, value in row.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping) and value:
            found.update(flattened(value, f"{name}."))
        else:
            found[name] = value
    return found


def _guessed(values: list[Any], *, is_time: bool) -> pa.Array:
    import pyarrow as pa

    known = [value for value in values if value is not None]
    if is_time and known and all(moment_of(value) is not None for value in known):
        return pa.array([moment_of(value) for value in values], pa.timestamp("us", tz="UTC"))
    if known and all(isinstance(value, bool) for value in known):
        return pa.array(values, pa.bool_())
    if known and all(type(value) is int and abs(value) < 2**63 for value in known):
        return pa.array(values, pa.int64())
    if known and all(type(value) in (int, float) for value in known):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([text_of(value) for value in values], pa.string())
