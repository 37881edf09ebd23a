"""Entities as JSON, both ways: Microsoft's v3 spelling with ``$id`` and ``$ref``.

A reference may come before what it names, and things may name each other in circles. What names nothing is kept as it
is. Nothing is looked up, fetched or run.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from types import MappingProxyType
from typing import Any

from flowsleuth.errors import OptionError
from flowsleuth.schema.entities.entity import EMPTY, Entity
from flowsleuth.schema.entities.findings import UnknownEntity
from flowsleuth.schema.entities.kinds import field_kinds, find_kind, plain_kind
from flowsleuth.schema.entities.network import GeoLocation
from flowsleuth.schema.entities.values import UnreadableError, field_value, is_absent

_SURROGATE = re.compile("[\ud800-\udfff]")
"""Halves of characters, which JSON may have and UTF-8 may not."""

_OWN = ("$id", "$ref", "type", "kind", "$type")


def parse_entities(source: Any) -> tuple[Entity, ...]:
    """Entities of an alert's JSON.

    Parameters
    ----------
    source : str, list, mapping or None
        JSON text, or what it holds: a list, one entity, or a mapping with ``entities``. Nothing gives nothing.

    Raises
    ------
    OptionError
        It is no JSON, or no list of objects.

    Examples
    --------
    >>> found = parse_entities('[{"$id": "1", "Name": "ana", "Host": {"$ref": "2"}, "Type": "account"},'
    ...     ' {"$id": "2", "HostName": "WEB1", "Type": "host"}]')
    >>> found[0].Host is found[1]
    True
    """
    loaded = _load(source)
    if isinstance(loaded, Mapping):
        inner = {name.casefold(): value for name, value in loaded.items()}
        named = inner.get("entities") if "type" not in inner and "kind" not in inner else None
        loaded = [loaded] if named is None else named
    if not isinstance(loaded, list) or not all(isinstance(one, Mapping) for one in loaded):
        raise OptionError("not a list of entities", where=_start_of(source))
    try:
        return _Reader(loaded).entities(loaded)
    except RecursionError:
        raise OptionError("nested too deep", where=_start_of(source)) from None


def parse_entity(source: Any, of: type[Entity]) -> Entity:
    """One entity of a kind; see :meth:`Entity.from_json`."""
    loaded = _load(source)
    if not isinstance(loaded, Mapping):
        raise OptionError("not a JSON object", where=_start_of(source))
    expected = None if of in (Entity, UnknownEntity) else of
    try:
        found = _Reader(loaded).entity(loaded, expected)
    except RecursionError:
        raise OptionError("nested too deep", where=_start_of(source)) from None
    if not isinstance(found, of):
        hint = f"use {type(found).__name__}.from_json"
        raise OptionError(f"this is no {of.__name__}", where=_start_of(source), hint=hint)
    return found


def _load(source: Any) -> Any:
    if is_absent(source) or (isinstance(source, str) and not source.strip()):
        return []
    if not isinstance(source, str | bytes):
        return list(source) if isinstance(source, tuple) else source
    try:
        return json.loads(source, parse_constant=str, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise OptionError(f"not JSON: {error}", where=_start_of(source)) from None


def _finite(text: str) -> float | str:
    """A number; what is too large for one stays text, as JSON has no infinity."""
    number = float(text)
    return number if math.isfinite(number) else text


def _start_of(source: Any) -> str:
    return " ".join(str(source)[:80].split())


class _Reader:
    """Makes each entity empty first and fills it later, so that order and circles do not matter."""

    def __init__(self, whole: Any) -> None:
        self._named = _named_objects(whole)
        self._made: dict[int, Entity] = {}
        self._unfilled: list[tuple[Entity, Mapping[str, Any]]] = []

    def entities(self, listed: list[Mapping[str, Any]]) -> tuple[Entity, ...]:
        found = [self._shell(one, None) or UnknownEntity(additional=MappingProxyType(dict(one))) for one in listed]
        self._fill()
        return tuple(found)

    def entity(self, raw: Mapping[str, Any], expected: type[Entity] | None) -> Entity:
        found = self._shell(raw, expected)
        self._fill()
        return found or UnknownEntity(additional=MappingProxyType(dict(raw)))

    def _shell(self, raw: Mapping[str, Any], expected: type[Entity] | None) -> Entity | None:
        """The entity of an object or reference, perhaps still empty; None for a reference to nothing."""
        if "$ref" in raw:
            named = self._named.get(str(raw["$ref"]))
            if named is None:
                return None
            raw = named
        key = id(raw)
        if key not in self._made:
            self._made[key] = _empty(_class_of(raw, expected))
            self._unfilled.append((self._made[key], raw))
        return self._made[key]

    def _fill(self) -> None:
        while self._unfilled:
            entity, raw = self._unfilled.pop()
            self._fill_one(entity, raw)

    def _fill_one(self, entity: Entity, raw: Mapping[str, Any]) -> None:
        known = field_kinds(type(entity))
        kept: dict[str, Any] = {}
        for name, value in _flattened(raw):
            if name.casefold() in _OWN or value is None:
                continue
            kind = known.get(name.casefold())
            try:
                if kind is None:
                    raise UnreadableError
                object.__setattr__(entity, kind.name, field_value(kind, value, self._shell))
            except UnreadableError:
                if not (kind and value == ""):
                    kept[name] = self._kept(value)
        word = _type_of(raw)
        if word and plain_kind(word) not in (plain_kind(entity.kind), plain_kind(type(entity).__name__)):
            kept["Type"] = word
        if kept:
            object.__setattr__(entity, "additional", MappingProxyType(kept))

    def _kept(self, value: Any) -> Any:
        """A value that no field takes; entities in it are made, so that references keep what they name."""
        if isinstance(value, list):
            return [self._kept(one) for one in value]
        if not isinstance(value, Mapping):
            return value
        if "$ref" in value or find_kind(_type_of(value)) is not None:
            return self._shell(value, None) or dict(value)
        return {name: self._kept(inner) for name, inner in value.items() if name != "$id"}


def _named_objects(whole: Any) -> dict[str, Mapping[str, Any]]:
    """Every object that has an ``$id``; the first of one id counts."""
    found: dict[str, Mapping[str, Any]] = {}
    todo = [whole]
    while todo:
        one = todo.pop()
        if isinstance(one, Mapping):
            if "$id" in one:
                found.setdefault(str(one["$id"]), one)
            todo.extend(reversed(list(one.values())))
        elif isinstance(one, list):
            todo.extend(reversed(one))
    return found


def _type_of(raw: Mapping[str, Any]) -> str:
    for name in ("Type", "type", "kind", "Kind"):
        if isinstance(raw.get(name), str):
            return str(raw[name])
    return ""


def _class_of(raw: Mapping[str, Any], expected: type[Entity] | None) -> type[Entity]:
    named = find_kind(_type_of(raw))
    if named is not None and (expected is None or issubclass(named, expected)):
        return named
    return UnknownEntity if expected in (None, Entity) or _type_of(raw) else expected or UnknownEntity


def _flattened(raw: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names and values; those below ``properties``, as Sentinel's REST interface writes them, come up."""
    for name, value in raw.items():
        if name == "properties" and isinstance(value, Mapping):
            yield from value.items()
        else:
            yield name, value


def _empty(of: type[Entity]) -> Entity:
    made: Entity = object.__new__(of)
    for one in fields(of):
        object.__setattr__(made, one.name, EMPTY if one.default is MISSING else one.default)
    return made


# writing ------------------------------------------------------------------------------------------------------------


def entity_to_json(entity: Entity) -> str:
    """One entity as JSON text; what it names is inside it."""
    return _dumped(_Writer((entity,)).written()[0])


def entities_to_json(entities: Iterable[Entity]) -> str:
    """A list of entities as JSON text, as an alert's ``Entities`` has it; :func:`parse_entities` reads it back.

    Examples
    --------
    >>> from flowsleuth.schema.entities import Account, Host
    >>> host = Host("WEB1")
    >>> print(entities_to_json([host, Account("ana", Host=host)]))
    [{"$id": "1", "HostName": "WEB1", "Type": "host"},
     {"$id": "2", "Name": "ana", "Host": {"$ref": "1"}, "Type": "account"}]
    """
    lines = ",\n ".join(_dumped(one) for one in _Writer(entities).written())
    return f"[{lines}]"


def _dumped(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
        return text if text.isascii() or not _SURROGATE.search(text) else json.dumps(value)
    except RecursionError:
        raise OptionError("nested too deep to be written", hint="write the entities as a list") from None


class _Writer:
    def __init__(self, entities: Iterable[Entity]) -> None:
        self._listed = list(entities)
        taken = {str(ref) for one in self._listed for ref in _dangling(one.additional)}
        self._numbers = (str(number) for number in itertools.count(1) if str(number) not in taken)
        self._ids: dict[int, str] = {}
        for one in self._listed:
            self._ids.setdefault(id(one), next(self._numbers))

    def written(self) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        seen: set[int] = set()
        try:
            for one in self._listed:
                made.append({"$ref": self._ids[id(one)]} if id(one) in seen else self._object(one))
                seen.add(id(one))
        except RecursionError:
            raise OptionError("nested too deep to be written", hint="write the entities as a list") from None
        return made

    def _object(self, entity: Entity) -> dict[str, Any]:
        if set(entity.additional) == {"$ref"}:
            return dict(entity.additional)
        made: dict[str, Any] = {"$id": self._ids[id(entity)]}
        for name in entity.field_names():
            value = getattr(entity, name)
            if value is not None and value != () and not (isinstance(value, Mapping) and not value):
                made[name] = self._value(value)
        made |= {name: self._value(value) for name, value in entity.additional.items() if name != "Type"}
        kind = entity.additional.get("Type") or entity.kind
        return made if kind == "unknown" else {**made, "Type": kind}

    def _value(self, value: Any) -> Any:
        if isinstance(value, Entity):
            if id(value) in self._ids:
                return {"$ref": self._ids[id(value)]}
            self._ids[id(value)] = next(self._numbers)
            made = self._object(value)
            if isinstance(value, GeoLocation):  # alerts write a location without its kind
                del made["Type"]
            return made
        if isinstance(value, tuple | list):
            return [self._value(one) for one in value]
        if isinstance(value, Mapping):
            return {str(name): self._value(inner) for name, inner in value.items()}
        if isinstance(value, dt.datetime):
            return value.isoformat().replace("+00:00", "Z")
        return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _dangling(value: Any) -> Iterator[Any]:
    """Ids that are referred to and name nothing, so that no new one is the same."""
    if isinstance(value, Mapping):
        if "$ref" in value:
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _dangling(one)
