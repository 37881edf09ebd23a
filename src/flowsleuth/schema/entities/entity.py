"""What every entity is: typed fields by Microsoft's names, an identity that decides equality, and what is left over."""

from __future__ import annotations

import datetime as dt
import html
import typing
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Self

from flowsleuth.errors import OptionError
from flowsleuth.schema.printable import printable_text

Identifier = tuple[str, ...]
EMPTY: Mapping[str, Any] = MappingProxyType({})
_SHOWN = 60


@dataclass(frozen=True, eq=False, repr=False)
class Entity:
    """A thing that alerts and logs talk about. Fields have the names of Microsoft's v3 entity schema; none is needed.

    Two entities are equal when the strongest identifier that each has is the same: addresses by value, host and account
    names whatever their case, process ids whether written in hex. :meth:`matches` asks less: the strongest identifier
    that *both* have.

    Attributes
    ----------
    additional : mapping
        Fields that the schema does not know, kept as they were found; written back by :meth:`to_json`.

    Examples
    --------
    >>> from flowsleuth.schema.entities import IpAddress
    >>> IpAddress("2001:DB8:0:0::1") == IpAddress("2001:db8::1")
    True
    """

    kind: ClassVar[str] = "unknown"
    identifiers: ClassVar[tuple[Identifier, ...]] = ()
    """Sets of fields (or properties) that identify it, the strongest first."""
    folded: ClassVar[frozenset[str]] = frozenset()
    """Fields in which upper and lower case mean the same."""
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = EMPTY
    """Field → columns of tables that tell it, without case, underscores and ``_s`` endings."""
    roles: ClassVar[Mapping[str, Mapping[str, tuple[str, ...]]]] = EMPTY
    """Where a row has two of a kind: role (``src``, ``dst``) → field → columns."""
    label_fields: ClassVar[tuple[str, ...]] = ()
    """Fields that make its label, the first that is there."""

    additional: Mapping[str, Any] = field(default_factory=lambda: EMPTY, kw_only=True)

    # identity -----------------------------------------------------------------------------------------------------

    @cached_property
    def identity(self) -> tuple[Hashable, ...]:
        """What equality and hash are made of: the kind, the identifier's name, its canonical values."""
        for identifier in self.identifiers:
            values = self._values_of(identifier)
            if values is not None:
                return (self.kind, "+".join(identifier), *values)
        told = tuple((name, str(value) if isinstance(value, str) else _brief(value)) for name, value in self)
        return (self.kind, "content", *told) if told else (self.kind, "nothing", id(self))

    def _values_of(self, identifier: Identifier) -> tuple[Hashable, ...] | None:
        values = tuple(self._canonical(name) for name in identifier)
        return None if any(value is None for value in values) else values

    def _canonical(self, name: str) -> Hashable | None:
        value = getattr(self, name)
        if isinstance(value, str):
            text = value.strip()
            return (text.casefold() if name in self.folded else text) or None
        if isinstance(value, Entity):
            return value.identity
        if isinstance(value, tuple):
            inner = [one.identity if isinstance(one, Entity) else str(one) for one in value]
            return tuple(sorted(inner, key=repr)) or None
        return typing.cast(Hashable, value)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Entity) and self.identity == other.identity)

    def __hash__(self) -> int:
        return hash(self.identity)

    def matches(self, other: Entity) -> bool:
        """Whether both may be the same: the strongest identifier that both have decides.

        Examples
        --------
        >>> from flowsleuth.schema.entities import Host
        >>> Host("web1", DnsDomain="example.org").matches(Host("WEB1"))
        True
        """
        if type(self) is not type(other):
            return False
        for identifier in self.identifiers:
            mine, theirs = self._values_of(identifier), other._values_of(identifier)
            if mine is not None and theirs is not None:
                return mine == theirs
        return self == other

    def merge(self, other: Self) -> Self:
        """One entity of two that match: this one's values first, the other's where there is none; lists are joined.

        Raises
        ------
        OptionError
            They are not of the same kind, or do not match.

        Examples
        --------
        >>> from flowsleuth.schema.entities import Host
        >>> Host("web1").merge(Host("WEB1", OSFamily="Linux"))
        Host(HostName='web1', OSFamily='Linux')
        """
        if not self.matches(other):
            raise OptionError("not the same thing", where=f"{self!r} and {other!r}", hint="merge what matches()")
        changed: dict[str, Any] = {}
        for name in self.field_names():
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, tuple) and isinstance(theirs, tuple):
                changed[name] = tuple(dict.fromkeys((*mine, *theirs)))
            elif mine is None or mine == "":
                changed[name] = theirs
        additional = MappingProxyType({**other.additional, **self.additional})
        return replace(self, **changed, additional=additional)

    # fields -------------------------------------------------------------------------------------------------------

    @classmethod
    @cache
    def field_names(cls) -> tuple[str, ...]:
        """Names of the typed fields, in order."""
        return tuple(one.name for one in fields(cls) if one.name != "additional")

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Names and values of the fields that are told."""
        for name in self.field_names():
            value = getattr(self, name)
            if value is not None and value not in ("", ()):
                yield name, value

    def __getitem__(self, name: str) -> Any:
        """A field by its name, or what is in ``additional``.

        Examples
        --------
        >>> from flowsleuth.schema.entities import GeoLocation, IpAddress
        >>> IpAddress("192.0.2.1", Location=GeoLocation(City="Brno"))["Location"]["City"]
        'Brno'
        """
        return getattr(self, name) if name in self.field_names() else self.additional[name]

    @property
    def label(self) -> str:
        """A few words for a person, one line, safe on a terminal."""
        for name in (*self.label_fields, *self.field_names()):
            value = getattr(self, name)
            if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
                return printable_text(" ".join(str(value).split()))
        return self.kind

    # JSON, rows ---------------------------------------------------------------------------------------------------

    def to_json(self) -> str:
        """As JSON text in Microsoft's spelling, with ``$id`` and ``$ref`` where a thing is named twice.

        Examples
        --------
        >>> from flowsleuth.schema.entities import IpAddress
        >>> IpAddress("192.0.2.1").to_json()
        '{"$id": "1", "Address": "192.0.2.1", "Type": "ip"}'
        """
        from flowsleuth.schema.entities.json_form import entity_to_json

        return entity_to_json(self)

    @classmethod
    def from_json(cls, text: str | Mapping[str, Any]) -> Self:
        """From JSON text or a mapping of this kind.

        Raises
        ------
        OptionError
            It is no JSON object, or of another kind.

        Examples
        --------
        >>> from flowsleuth.schema.entities import Entity, IpAddress
        >>> Entity.from_json('{"Type": "ip", "Address": "192.0.2.1", "Count": 3}').additional["Count"]
        3
        """
        from flowsleuth.schema.entities.json_form import parse_entity

        return typing.cast(Self, parse_entity(text, cls))

    @classmethod
    def from_row(cls, row: Any, *, role: str | None = None, fields: Mapping[str, str] | None = None) -> Self:
        """From a row of a table: a mapping, a pandas row, a named tuple.

        Parameters
        ----------
        row : mapping or row
            Our canonical columns or Microsoft's, any casing.
        role : str, optional
            ``src`` or ``dst``, where the row has two.
        fields : mapping, optional
            Field → column, for columns of other names.

        Raises
        ------
        OptionError
            The row tells nothing of this kind, or has two and no role was given.

        Examples
        --------
        >>> from flowsleuth.schema.entities import IpAddress
        >>> IpAddress.from_row({"src_ip": "10.0.0.5", "dst_ip": "192.0.2.1"}, role="dst")
        IpAddress(Address='192.0.2.1')
        """
        from flowsleuth.schema.entities.rows import entity_from_row

        return typing.cast(Self, entity_from_row(cls, row, role, fields))

    # showing ------------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={_brief(value)}' for name, value in self)})"

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.label}"

    def _repr_html_(self) -> str:
        """A notebook's view; every text is escaped, because alerts are full of what others chose."""
        told = [*self, *self.additional.items()]
        rows = "".join(f"<tr><th>{_escaped(name)}</th><td>{_as_html(value)}</td></tr>" for name, value in told)
        return f"<table><caption>{_escaped(type(self).__name__)}: {_escaped(self.label)}</caption>{rows}</table>"


def _brief(value: Any) -> str:
    if isinstance(value, Entity):
        return f"<{value}>"
    if isinstance(value, tuple):
        return f"[{', '.join(_brief(one) for one in value[:3])}{', …' if len(value) > 3 else ''}]"
    if isinstance(value, dt.datetime):
        return repr(value.isoformat())
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _escaped(text: object) -> str:
    return html.escape(str(text), quote=True)


def _as_html(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "<br>".join(_as_html(one) for one in value)
    if isinstance(value, Mapping):
        return "<br>".join(f"{_escaped(name)}: {_as_html(inner)}" for name, inner in value.items())
    return _escaped(value.isoformat() if isinstance(value, dt.datetime) else value)


def text_or_none(value: str | None, change: Callable[[str], str] = str.casefold) -> str | None:
    """Text without blanks around it, changed; None when nothing is left.

    Examples
    --------
    >>> text_or_none(" WEB1 "), text_or_none("  ")
    ('web1', None)
    """
    text = (value or "").strip()
    return change(text) if text else None
