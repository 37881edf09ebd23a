"""What a query is called with: keywords, aliases, and objects that know (alerts, entities, rows, windows of time)."""

from __future__ import annotations

import datetime as dt
import difflib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from flowsleuth.errors import OptionError, QueryParameterError
from flowsleuth.query.definitions import Parameter, QueryDefinition
from flowsleuth.query.languages.values import Value
from flowsleuth.query.moments import parse_moment
from flowsleuth.schema.time_range import TimeRange

_HOST = ("hostname", "computer", "computername", "devicename", "vmname", "compromisedentity", "srchost")
_ADDRESS = ("ipaddress", "address", "ip", "srcip", "sourceip", "sourceaddress")
_ACCOUNT = ("accountname", "username", "targetusername", "userprincipalname", "user", "account")
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "hostname": _HOST,
    "ipaddress": _ADDRESS,
    "ipaddresslist": _ADDRESS,
    "sourceiplist": _ADDRESS,
    "accountname": _ACCOUNT,
    "user": _ACCOUNT,
    "domain": ("domain", "domainname", "servername"),
    "url": ("url", "requesturl"),
    "filehash": ("filehash", "sha256", "sha1", "md5", "hashvalue"),
    "processname": ("processname", "newprocessname", "image", "imagefile"),
}
"""Parameter → what objects call the same thing; case and underscores aside."""

_NAME_OF: dict[str, tuple[str, ...]] = {
    "hostname": ("host",),
    "accountname": ("account", "user"),
    "user": ("account", "user"),
    "ipaddress": ("ip", "ipaddress"),
    "ipaddresslist": ("ip", "ipaddress"),
    "domain": ("dns", "domain"),
    "filehash": ("filehash",),
    "url": ("url",),
    "processname": ("file",),
}
"""Parameter → kinds of entity whose plain ``name`` or ``value`` is meant."""

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
            near = difflib.get_close_matches(key, query.parameters, 1)
            hint = f"did you mean {near[0]}?" if near else None
            where = f"{query.name}({key}=…)"
            raise QueryParameterError("no such parameter", where=where, available=query.parameters, hint=hint)
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


def look_up(thing: Any, name: str, depth: int = 2) -> Any:
    """What an object has for a parameter: under its name, under another name of the same thing, or in its entities.

    Examples
    --------
    >>> look_up({"CompromisedEntity": "web1", "Entities": '[{"Type": "ip", "Address": "192.0.2.7"}]'}, "host_name")
    'web1'
    >>> look_up({"Entities": '[{"Type": "ip", "Address": "192.0.2.7"}]'}, "ip_address")
    '192.0.2.7'
    """
    fields = _fields(thing)
    if fields is None:
        return None
    key = _key(name)
    for wanted in dict.fromkeys((key, *_SYNONYMS.get(key, ()))):
        value = fields.get(wanted)
        if _is_scalar(value):
            return value
        if value is not None and depth and (inner := look_up(value, name, depth - 1)) is not None:
            return inner
    if _kind(thing, fields) in _NAME_OF.get(key, ()):
        value = fields.get("address") or fields.get("value") or fields.get("name")
        if _is_scalar(value):
            return value
    return _from_entities(fields, name, depth)


def _from_entities(fields: Mapping[str, Any], name: str, depth: int) -> Any:
    entities = fields.get("entities")
    if isinstance(entities, str):
        try:
            entities = json.loads(entities)
        except ValueError:
            return None
    if isinstance(entities, Mapping):
        entities = list(entities.values())
    if not depth or not isinstance(entities, list | tuple):
        return None
    return next((value for one in entities if (value := look_up(one, name, depth - 1)) is not None), None)


def _fields(thing: Any) -> dict[str, Any] | None:
    if thing is None or isinstance(thing, str | bytes | int | float | dt.datetime | list | tuple | set):
        return None
    offered = getattr(thing, "query_params", None)
    if isinstance(offered, Mapping):
        return {_key(name): value for name, value in offered.items()} | (_attributes(thing))
    if isinstance(thing, Mapping):
        return {_key(name): value for name, value in thing.items()}
    if hasattr(thing, "to_dict") and hasattr(thing, "index"):  # a row of pandas
        return {_key(name): value for name, value in thing.to_dict().items()}
    return _attributes(thing)


def _attributes(thing: Any) -> dict[str, Any]:
    """Fields and plain attributes; nothing is called but properties of the object's own class."""
    names = [name for name in dir(thing) if not name.startswith("_")]
    found = {}
    for name in names:
        try:
            value = getattr(thing, name)
        except Exception:  # noqa: S112 - somebody else's object: what it cannot say, it does not say
            continue
        if not callable(value):
            found[_key(name)] = value
    return found


def _key(name: Any) -> str:
    return str(name).replace("_", "").replace(" ", "").casefold()


def _kind(thing: Any, fields: Mapping[str, Any]) -> str:
    told = fields.get("type") or fields.get("entitytype")
    return _key(told) if isinstance(told, str) else _key(type(thing).__name__)


def _is_scalar(value: Any) -> bool:
    if value is None or value == "" or isinstance(value, Mapping | list | tuple | set | dict):
        return False
    if isinstance(value, float) and math.isnan(value):
        return False
    return isinstance(value, str | int | float | dt.datetime) or hasattr(value, "packed") or hasattr(value, "item")


# types ----------------------------------------------------------------------------------------------------------------


def typed(query: QueryDefinition, parameter: Parameter, value: Any, now: dt.datetime) -> Any:
    """A value in the type its parameter is declared with.

    Raises
    ------
    QueryParameterError
        It is missing, or is not of that type.
    """
    where = f"{query.name}({parameter.name}=…)"
    if value is None:
        hint = parameter.description or None
        raise QueryParameterError("this parameter has no value", where=where, hint=hint)
    try:
        return _typed(parameter.type, value, now)
    except QueryParameterError as error:
        raise QueryParameterError(error.message, where=where) from None
    except OptionError as error:
        raise QueryParameterError(str(error), where=where) from None
    except (ValueError, TypeError, OverflowError):
        raise QueryParameterError(f"not of type {parameter.type}", where=where) from None


def _typed(kind: str, value: Any, now: dt.datetime) -> Any:
    if kind == "datetime":
        return parse_moment(value, now)
    if kind == "list":
        return _list(value)
    plain = _scalar(value)
    if kind in _READERS:
        return _READERS[kind](plain)
    return plain.isoformat() if isinstance(plain, dt.date) else str(plain)


def _scalar(value: Any) -> Any:
    if isinstance(value, list | tuple | set | frozenset | Mapping):
        raise QueryParameterError("one value is needed, and several were given")
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if hasattr(value, "packed"):  # an address of the standard library
        return str(value)
    if not isinstance(value, str | int | float | dt.date):
        raise QueryParameterError(f"no value: a {type(value).__name__}")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, str):
        return int(value.strip(), 0) if value.strip().lower().startswith("0x") else int(value.strip())
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise QueryParameterError("not a whole number")
    return int(value)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise QueryParameterError("not a number")
    return value


def _truth(value: Any) -> bool:
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    found = known.get(str(value).strip().lower())
    if found is None:
        raise QueryParameterError("neither true nor false")
    return found


_READERS: dict[str, Callable[[Any], Any]] = {"int": _whole, "float": lambda one: _finite(float(one)), "bool": _truth}


def _list(value: Any) -> list[Any]:
    if isinstance(value, str):
        parts: list[Any] = [part.strip() for part in value.split(",")] if "," in value else [value]
    elif isinstance(value, Iterable) and not isinstance(value, Mapping):
        parts = list(value)
    else:
        parts = [value]
    found = [_item(one) for one in parts]
    if not found:
        raise QueryParameterError("an empty list asks for nothing", hint="give at least one value")
    return found


def _item(value: Any) -> Any:
    plain = _scalar(value)
    if isinstance(plain, float):
        return _finite(plain)
    return plain.isoformat() if isinstance(plain, dt.date) else plain
