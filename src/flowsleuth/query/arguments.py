"""What a query is called with: keywords, aliases, and objects that know (alerts, entities, rows, windows of time)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flowsleuth.errors import OptionError, QueryParameterError, suggestion
from flowsleuth.query.definitions import QueryDefinition
from flowsleuth.query.languages.values import Value
from flowsleuth.query.objects import look_up
from flowsleuth.query.typed_values import typed
from flowsleuth.schema.time_range import TimeRange

_WINDOW = ("timespan", "time_range", "time_span")


def resolve(
    query: QueryDefinition,
    objects: Iterable[Any] = (),
    given: Mapping[str, Any] | None = None,
    *,
    window: TimeRange | None = None,
    now: dt.datetime | None = None,
) -> dict[str, Value]:
    """A typed value for every parameter of a query.

    Parameters
    ----------
    query : QueryDefinition
    objects : iterable
        Objects that may have values: a window of time (:class:`~flowsleuth.schema.time_range.TimeRange`, a pair, or
        text such as ``-2d``), an alert, an entity, a row. They never fill what is part of the query's own text.
    given : mapping
        Values by name or alias; they go before those of objects.
    window : TimeRange, optional
        For ``start`` and ``end`` that nobody gives.
    now : datetime, optional
        What offsets such as ``-1`` count from.

    Raises
    ------
    QueryParameterError
        A parameter is missing, unknown, or not of its type.

    Examples
    --------
    >>> from flowsleuth.query.definitions import Parameter
    >>> ip = QueryDefinition("q", (), (), "T", {"ip_address": Parameter("ip_address"), "top": Parameter("top", "int")})
    >>> {name: one.value for name, one in resolve(ip, [{"IpAddress": "192.0.2.7"}], {"top": "5"}).items()}
    {'ip_address': '192.0.2.7', 'top': 5}
    """
    now = now or dt.datetime.now(dt.UTC)
    found: dict[str, Value] = {}
    named = dict(given or {})
    windows = [named.pop(key) for key in _WINDOW if key in named and query.parameter_of(key) is None]
    for thing in [*objects, *windows]:
        _take_window(found, thing, now)
        _take_object(query, found, thing)
    for name, value in _by_name(query, named):
        found[name] = Value(value, "given")
    _fill_window(query, found, window, now)
    values = {}
    for name, parameter in query.parameters.items():
        one = found.get(name) or Value(None if parameter.is_required else parameter.default, "default")
        values[name] = Value(typed(query, parameter, one.value, now), one.origin)
    _check_window(query, values)
    return values


def _by_name(query: QueryDefinition, given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in given.items():
        name = query.parameter_of(key)
        if name is None:
            raise QueryParameterError(
                "no such parameter", where=f"{query.name}({key}=…)", available=query.parameters,
                hint=suggestion(key, query.parameters),
            )  # fmt: skip
        if value is not None:
            yield name, value


# windows of time ------------------------------------------------------------------------------------------------------


def _take_window(found: dict[str, Value], thing: Any, now: dt.datetime) -> None:
    if not _is_window(thing):
        return
    try:
        window = TimeRange.of(thing, now=now)
    except OptionError as error:
        raise QueryParameterError(str(error)) from None
    for name, moment in (("start", window.start), ("end", window.end)):
        if moment is not None:
            found[name] = Value(moment)


def _is_window(thing: Any) -> bool:
    if isinstance(thing, str | TimeRange | dt.timedelta):
        return True
    if isinstance(thing, tuple):
        return len(thing) == 2 and not hasattr(thing, "_fields")
    if isinstance(thing, Mapping):
        return set(thing) <= {"start", "end", "period"}
    plain = not hasattr(thing, "columns") and not hasattr(thing, "iloc")
    return plain and getattr(thing, "start", None) is not None and getattr(thing, "end", None) is not None


def _fill_window(query: QueryDefinition, found: dict[str, Value], window: TimeRange | None, now: dt.datetime) -> None:
    """``start`` and ``end`` that are required and that nobody gave; a start without an end lasts until now."""
    if window is None:
        return
    for name, moment in (("start", window.start), ("end", window.end)):
        parameter = query.parameters.get(name)
        if parameter is not None and name not in found and parameter.is_required:
            found[name] = Value(moment or now, "default")


def _check_window(query: QueryDefinition, values: Mapping[str, Value]) -> None:
    start, end = (values[name].value if name in values else None for name in ("start", "end"))
    if isinstance(start, dt.datetime) and isinstance(end, dt.datetime) and end <= start:
        where = f"{query.name}(start={start.isoformat()}, end={end.isoformat()})"
        raise QueryParameterError("this window ends before or when it begins", where=where, hint="swap start and end")


# objects --------------------------------------------------------------------------------------------------------------


def _take_object(query: QueryDefinition, found: dict[str, Value], thing: Any) -> None:
    if isinstance(thing, str | bytes | tuple | dt.timedelta | TimeRange):
        return
    if hasattr(thing, "columns") and hasattr(thing, "iloc"):
        hint = "give one of its rows, such as df.iloc[0], or a column by keyword"
        raise QueryParameterError("a table is no value", where=f"{query.name}(…)", hint=hint)
    for name in query.parameters:
        if name in found:
            continue
        value = look_up(thing, name)
        if value is not None:
            found[name] = Value(value, "object")
