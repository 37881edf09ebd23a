"""Every kind of entity by name, whatever spelling an alert uses for it."""

from __future__ import annotations

import datetime as dt
import types
import typing
from collections.abc import Mapping
from typing import Any, NamedTuple

from flowsleuth.errors import CatalogueError
from flowsleuth.schema.entities.accounts import Account, HostLogonSession, SecurityGroup
from flowsleuth.schema.entities.entity import Entity
from flowsleuth.schema.entities.files import File, FileHash, Malware, Process, RegistryKey, RegistryValue
from flowsleuth.schema.entities.findings import Alert, Incident, ThreatIntelligence
from flowsleuth.schema.entities.machines import AzureResource, CloudApplication, Host, IoTDevice
from flowsleuth.schema.entities.mail import Mailbox, MailMessage, SubmissionMail
from flowsleuth.schema.entities.network import Dns, GeoLocation, IpAddress, NetworkConnection, Url

ENTITIES: dict[str, type[Entity]] = {
    one.__name__: one
    for one in (
        Account, Alert, AzureResource, CloudApplication, Dns, File, FileHash, GeoLocation, Host, HostLogonSession,
        Incident, IoTDevice, IpAddress, MailMessage, Mailbox, Malware, NetworkConnection, Process, RegistryKey,
        RegistryValue, SecurityGroup, SubmissionMail, ThreatIntelligence, Url,
    )
}  # fmt: skip
"""Class name → class."""
_ALSO: dict[str, type[Entity]] = {
    "machine": Host, "user": Account, "alerts": Alert, "securityalert": Alert, "securityincident": Incident,
    "dnsresolution": Dns, "location": GeoLocation, "useraccount": Account,
}  # fmt: skip


def plain_kind(text: str) -> str:
    """A kind without case, hyphens and blanks.

    Examples
    --------
    >>> plain_kind("Host-Logon-Session")
    'hostlogonsession'
    """
    return "".join(letter for letter in text.casefold() if letter.isalnum())


_BY_KIND: dict[str, type[Entity]] = {
    **_ALSO,
    **{plain_kind(name): one for name, one in ENTITIES.items()},
    **{plain_kind(one.kind): one for one in ENTITIES.values()},
}


def find_kind(text: str) -> type[Entity] | None:
    """The class of a kind however it is spelt; None for one that is not known."""
    return _BY_KIND.get(plain_kind(text))


def entity_class(name: str) -> type[Entity]:
    """The class of a kind, however it is spelt.

    Raises
    ------
    CatalogueError
        There is no such kind.

    Examples
    --------
    >>> entity_class("host-logon-session").__name__, entity_class("ip").__name__
    ('HostLogonSession', 'IpAddress')
    """
    found = find_kind(name)
    if found is None:
        raise CatalogueError("no such kind of entity", where=name, available=ENTITIES)
    return found


class FieldKind(NamedTuple):
    """What a field holds: its name, ``text``, ``int``, …, ``entity``, ``entities``, and of which class."""

    name: str
    holds: str
    entity: type[Entity] | None = None


_SCALARS = {str: "text", int: "int", float: "float", bool: "bool", dt.datetime: "time"}


_FIELD_KINDS: dict[type[Entity], Mapping[str, FieldKind]] = {}


def field_kinds(of: type[Entity]) -> Mapping[str, FieldKind]:
    """The fields of a class by their names in lower case."""
    if of not in _FIELD_KINDS:
        hints = typing.get_type_hints(of)
        _FIELD_KINDS[of] = {name.casefold(): _field_kind(name, hints[name]) for name in of.field_names()}
    return _FIELD_KINDS[of]


def _field_kind(name: str, hint: Any) -> FieldKind:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        hint = next(one for one in typing.get_args(hint) if one is not type(None))
    origin = typing.get_origin(hint)
    if origin is tuple:
        inner = typing.get_args(hint)[0]
        if isinstance(inner, type) and issubclass(inner, Entity):
            return FieldKind(name, "entities", inner)
        return FieldKind(name, "texts" if inner is str else "list")
    if origin is not None:
        return FieldKind(name, "mapping")
    if isinstance(hint, type) and issubclass(hint, Entity):
        return FieldKind(name, "entity", hint)
    return FieldKind(name, _SCALARS.get(hint, "any"))
