"""What an operator and a value make of a column of a field: a function from column to booleans."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

from flowsleuth.errors import OptionError
from flowsleuth.triage.fields import ADDRESSES, PORTS, TEXTS
from flowsleuth.triage.networks import AddressSet

Test = Callable[[Any], Any]
HIGHEST_PORT = 65_535
LONGEST_EXPRESSION = 1_000
LONGEST_SET = 10_000


def value_test(field: str, operator: str, value: Any) -> Test:
    """The test of a condition.

    Raises
    ------
    OptionError
        The field does not take this operator, or cannot have this value.
    """
    if field in ADDRESSES or field == "ip":
        return _address_test(field, operator, value)
    if field in PORTS or field == "port":
        return _port_test(field, operator, value)
    if field in TEXTS or field in ("reason", "detector"):
        return _text_test(field, operator, value)
    if field in ("start", "first_seen", "last_seen"):
        return _order_test(field, operator, moment(value, field))
    return _number_test(field, operator, value)


def _refuse(field: str, operator: str, *available: str) -> OptionError:
    return OptionError(f"the field {field} does not take this operator", where=operator, available=available)


def _address_test(field: str, operator: str, value: Any) -> Test:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if operator not in ("=", "!=", "in", "cidr"):
        raise _refuse(field, operator, "=", "!=", "in", "cidr")
    wanted = addresses(value)

    def test(column: Any) -> Any:
        inside = wanted.contains(column)
        if operator == "!=":
            return pc.and_(pa.array(np.logical_not(inside)), pc.is_valid(column))
        return pa.array(inside)

    return test


def _port_test(field: str, operator: str, value: Any) -> Test:
    import pyarrow as pa
    import pyarrow.compute as pc

    if operator in ("<=", ">="):
        return _number_test(field, operator, value)
    if operator not in ("=", "!=", "in"):
        raise _refuse(field, operator, "=", "!=", "in", "<=", ">=")
    spans = port_spans(value)

    def test(column: Any) -> Any:
        found = pa.repeat(False, len(column))
        for low, high in spans:
            inside = pc.equal(column, low) if low == high else _between(column, low, high)
            found = pc.or_(found, pc.fill_null(inside, False))
        return pc.and_(pc.invert(found), pc.is_valid(column)) if operator == "!=" else found

    return test


def _between(column: Any, low: int, high: int) -> Any:
    import pyarrow.compute as pc

    return pc.and_(pc.greater_equal(column, low), pc.less_equal(column, high))


def port_spans(value: Any) -> list[tuple[int, int]]:
    """Ports as ranges: a number, a list, or text like ``22,80-90``; 0 is a port.

    Examples
    --------
    >>> port_spans("0, 80-90"), port_spans(22)
    ([(0, 0), (80, 90)], [(22, 22)])
    """
    if isinstance(value, bool) or value is None:
        raise OptionError("not a port", where=str(value))
    items = (
        [str(item) for item in value] if isinstance(value, list | tuple | set | frozenset) else str(value).split(",")
    )
    if len(items) > LONGEST_SET:
        raise OptionError(f"more than {LONGEST_SET:,} ports", where="port")
    spans = []
    for item in items:
        low, dash, high = (part.strip() for part in item.partition("-"))
        try:
            span = (int(low), int(high if dash else low))
        except ValueError:
            span = (1, 0)
        if not 0 <= span[0] <= span[1] <= HIGHEST_PORT:
            raise OptionError("not a port or range of ports", where=item[:100], hint="write it like 22,80-90")
        spans.append(span)
    return spans


def _text_test(field: str, operator: str, value: Any) -> Test:
    import pyarrow as pa
    import pyarrow.compute as pc

    if operator in ("<=", ">=", "cidr"):
        raise _refuse(field, operator, "=", "!=", "in", "matches", "contains")
    if operator == "in":
        wanted = pa.array(_text_list(field, value), pa.string())
        return lambda column: pc.is_in(pc.utf8_lower(column), wanted)
    if not isinstance(value, str | int):
        raise OptionError("not a text", where=f"{field} {value!r}"[:200])
    text = str(value)
    if operator == "matches":
        return _expression_test(field, text)
    if operator == "contains":
        return lambda column: pc.match_substring(column, text, ignore_case=True)
    same = text.lower()
    if operator == "=":
        return lambda column: pc.equal(pc.utf8_lower(column), same)
    return lambda column: pc.not_equal(pc.utf8_lower(column), same)


def _text_list(field: str, value: Any) -> list[str]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple | set | frozenset) or len(items) > LONGEST_SET:
        raise OptionError(f"not a list of at most {LONGEST_SET:,} texts", where=field)
    return [str(item).strip().lower() for item in items]


def _expression_test(field: str, text: str) -> Test:
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(text) > LONGEST_EXPRESSION:
        raise OptionError(f"a regular expression has at most {LONGEST_EXPRESSION:,} characters", where=field)
    try:
        pc.match_substring_regex(pa.array([""]), text, ignore_case=True)
    except pa.ArrowInvalid as error:
        hint = "RE2 syntax: no look-around, no back-references"
        raise OptionError(f"not a regular expression: {error}", where=f"{field} {text}"[:200], hint=hint) from None
    return lambda column: pc.match_substring_regex(column, text, ignore_case=True)


def _number_test(field: str, operator: str, value: Any) -> Test:
    import pyarrow as pa
    import pyarrow.compute as pc

    if operator == "in":
        items = value.split(",") if isinstance(value, str) else list(value)
        wanted = pa.array([number(field, item) for item in items], pa.float64())
        return lambda column: pc.is_in(column.cast(pa.float64()), wanted)
    return _order_test(field, operator, number(field, value))


def number(field: str, value: Any) -> float | int:
    """A number as given by people or programs.

    Examples
    --------
    >>> number("bytes", "1500"), number("duration_s", 0.5)
    (1500, 0.5)
    """
    try:
        if isinstance(value, bool):
            raise ValueError
        if isinstance(value, int | float):
            found: float | int = value
        else:
            found = int(value) if str(value).strip().lstrip("-").isdigit() else float(value)
    except (ValueError, TypeError):
        raise OptionError("not a number", where=f"{field} {value!r}"[:200]) from None
    if math.isnan(found) or abs(found) > 2**63 - 1:
        raise OptionError("not a number that can be compared", where=f"{field} {value!r}"[:200])
    return found


def _order_test(field: str, operator: str, value: Any) -> Test:
    import pyarrow as pa
    import pyarrow.compute as pc

    functions = {"=": pc.equal, "!=": pc.not_equal, "<=": pc.less_equal, ">=": pc.greater_equal}
    if operator not in functions:
        raise _refuse(field, operator, *functions)
    compare = functions[operator]
    fixed = value if isinstance(value, int | float) else pa.scalar(value, pa.timestamp("us", tz="UTC"))
    return lambda column: compare(column, fixed)


def moment(value: Any, where: str) -> dt.datetime:
    """A time as given by people or programs: a datetime, or ISO 8601 text; without a zone it is UTC.

    Examples
    --------
    >>> moment("2021-06-06T12:00+02:00", "start").isoformat()
    '2021-06-06T10:00:00+00:00'
    """
    try:
        found = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
    except (ValueError, TypeError):
        raise OptionError(
            "not a time", where=f"{where} {value!r}"[:200], hint="write it like 2021-06-06T12:00Z"
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)


def addresses(value: Any) -> AddressSet:
    """A set of addresses from text with commas or a list."""
    return AddressSet.parse(value) if isinstance(value, str) else AddressSet([str(item) for item in value])
