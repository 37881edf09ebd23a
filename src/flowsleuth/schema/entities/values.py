"""From what JSON or a table holds to the typed value of a field; what cannot be read is told, never raised."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping
from typing import Any, cast

from flowsleuth.schema.entities.entity import Entity
from flowsleuth.schema.entities.kinds import FieldKind


class UnreadableError(ValueError):
    """A value does not fit its field."""


Make = Callable[[Any, type[Entity]], Entity | None]


def is_absent(value: Any) -> bool:
    """None, NaN and NaT say nothing."""
    if value is None:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    return isinstance(value, dt.datetime) and value != value.replace()


def field_value(kind: FieldKind, value: Any, make: Make) -> Any:
    """The value of a field.

    Parameters
    ----------
    kind : FieldKind
    value : any
        Not absent.
    make : callable
        Makes the entity of a mapping; None where it cannot.

    Raises
    ------
    UnreadableError
        It does not fit.
    """
    if kind.holds in _SCALARS:
        return _SCALARS[kind.holds](value)
    if kind.entity is None:
        return value
    if kind.holds == "entity":
        return _entity(value, kind.entity, make)
    listed = value if isinstance(value, list | tuple) else [value]
    return tuple(_entity(one, kind.entity, make) for one in listed)


def _entity(value: Any, of: type[Entity], make: Make) -> Entity:
    if isinstance(value, of):
        return value
    made = None
    if isinstance(value, Mapping):
        made = make(value, of)
    elif isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
        made = of(**cast(Any, {of.field_names()[0]: str(value)}))
    if made is None or not isinstance(made, of):
        raise UnreadableError(f"no {of.__name__}")
    return made


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        if hasattr(value, "hex") and hasattr(value, "version"):  # uuid.UUID
            return str(value)
        raise UnreadableError("no text")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _int(value: Any) -> int:
    try:
        return int(float(value)) if isinstance(value, float) else int(value)
    except (TypeError, ValueError, OverflowError):
        raise UnreadableError("no whole number") from None


def _float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise UnreadableError("no number") from None


def _bool(value: Any) -> bool:
    words = {"true": True, "false": False, "1": True, "0": False}
    try:
        return words[str(value).strip().casefold()]
    except KeyError:
        raise UnreadableError("neither true nor false") from None


def _time(value: Any) -> dt.datetime:
    """UTC; without a zone it is UTC, as Microsoft's ``…Utc`` fields are. Digits after the microsecond are dropped."""
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime(warn=False)
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            raise UnreadableError("no time") from None
    if not isinstance(value, dt.datetime):
        raise UnreadableError("no time")
    try:
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
    except OverflowError:
        raise UnreadableError("no time") from None


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        value = _json(value)
    listed = value if isinstance(value, list | tuple) else [value]
    return tuple(_text(one) for one in listed)


def _mapping(value: Any) -> Mapping[str, Any]:
    found = _json(value) if isinstance(value, str) else value
    if not isinstance(found, Mapping):
        raise UnreadableError("no mapping")
    return found


def _list(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableError("no JSON") from None


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "time": _time,
    "texts": _texts,
    "mapping": _mapping,
    "list": _list,
}
