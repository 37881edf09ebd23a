"""Values in the type that a parameter is declared with: text, numbers, times, truth, lists; else refused."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flowsleuth.errors import OptionError, QueryParameterError
from flowsleuth.query.definitions import Parameter, QueryDefinition
from flowsleuth.query.moments import parse_moment


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
