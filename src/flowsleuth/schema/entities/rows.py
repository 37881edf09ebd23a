"""Entities from rows of tables: our canonical columns and Microsoft's, in any casing."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.schema.entities.accounts import Account, HostLogonSession
from flowsleuth.schema.entities.entity import Entity
from flowsleuth.schema.entities.files import File, FileHash, Process
from flowsleuth.schema.entities.findings import Alert, Incident
from flowsleuth.schema.entities.json_form import parse_entities, parse_entity
from flowsleuth.schema.entities.kinds import field_kinds
from flowsleuth.schema.entities.machines import AzureResource, Host
from flowsleuth.schema.entities.network import Dns, IpAddress, NetworkConnection, Url
from flowsleuth.schema.entities.values import UnreadableError, field_value, is_absent

if TYPE_CHECKING:
    import pyarrow as pa

_SUFFIX = re.compile(r"_[sdtgb]$")
_NEEDED: dict[type[Entity], tuple[str, ...]] = {
    IpAddress: ("Address",), Host: ("HostName",), Account: ("Name", "Sid"), Url: ("Url",), Dns: ("DomainName",),
    Process: ("ProcessId", "CommandLine"), File: ("Name",), FileHash: ("Value",), AzureResource: ("ResourceId",),
    HostLogonSession: ("SessionId",), Incident: ("IncidentName",),
}  # fmt: skip
"""What a row tells of, and which of its fields must be there for it."""


def plain_column(name: str) -> str:
    """A column's name without case, underscores and the type endings of Log Analytics.

    Examples
    --------
    >>> plain_column("SrcIP_s"), plain_column("src_ip")
    ('srcip', 'srcip')
    """
    return _SUFFIX.sub("", str(name).casefold()).replace("_", "").replace(" ", "")


def entity_from_row(of: type[Entity], row: Any, role: str | None, fields: Mapping[str, str] | None) -> Entity:
    """See :meth:`Entity.from_row`."""
    told = _told(row)
    found, used = _find(of, told, _columns(of, role, fields))
    if not found:
        _refuse(of, told, role)
    if isinstance(found.get("Entities"), tuple) and not found["Entities"]:
        found.pop("Entities")
    kept = {}
    if of in (Alert, Incident):
        kept = {name: value for plain, (name, value) in told.items() if plain not in used and name}
    return of(**found, additional=MappingProxyType(kept))


def _told(row: Any) -> dict[str, tuple[str, Any]]:
    """Plain column name → (name, value), of the columns that say something."""
    if hasattr(row, "_asdict"):
        row = row._asdict()
    elif hasattr(row, "to_dict") and not isinstance(row, Mapping):
        row = row.to_dict()
    if not isinstance(row, Mapping):
        raise OptionError("not a row", where=type(row).__name__, hint="give a mapping, a pandas row or a named tuple")
    told: dict[str, tuple[str, Any]] = {}
    for name, value in row.items():
        if not is_absent(value) and not (isinstance(value, str) and not value.strip()):
            told.setdefault(plain_column(name), (str(name), value))
    return told


def _columns(of: type[Entity], role: str | None, fields: Mapping[str, str] | None) -> dict[str, tuple[str, ...]]:
    """Field → plain columns to look in."""
    if fields:
        known = field_kinds(of)
        if unknown := [name for name in fields if name.casefold() not in known]:
            raise OptionError(f"{of.__name__} has no such fields", where=str(unknown), available=of.field_names())
        return {known[name.casefold()].name: (plain_column(column),) for name, column in fields.items()}
    if role is None:
        return dict(of.columns)
    if role not in of.roles:
        raise OptionError(f"no such role of {of.__name__}", where=role, available=of.roles)
    return dict(of.roles[role])


def _find(
    of: type[Entity], told: Mapping[str, tuple[str, Any]], columns: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, Any], set[str]]:
    """Values of the fields, and the columns they came from."""
    known = field_kinds(of)
    found: dict[str, Any] = {}
    used: set[str] = set()
    for name, candidates in columns.items():
        for column in candidates:
            if column not in told:
                continue
            try:
                found[name] = _value(of, name, told[column][1], known)
            except (UnreadableError, OptionError):
                continue
            used.add(column)
            break
    return found, used


def _value(of: type[Entity], name: str, value: Any, known: Mapping[str, Any]) -> Any:
    if name == "Entities":
        return parse_entities(value)
    number = isinstance(value, float) and math.isfinite(value) and value.is_integer()
    return field_value(known[name.casefold()], int(value) if number else value, parse_entity)


def _refuse(of: type[Entity], told: Mapping[str, tuple[str, Any]], role: str | None) -> None:
    there = [one for one in of.roles if role is None and _find(of, told, of.roles[one])[0]]
    columns = [name for name, _ in told.values()]
    if there:
        hint = f"say which: role={' or '.join(map(repr, there))}"
        raise OptionError(f"the row has no {of.__name__} of its own", where=", ".join(columns), hint=hint)
    hint = "name the columns: fields={'FIELD': 'COLUMN'}"
    raise OptionError(f"the row tells no {of.__name__}", where=", ".join(columns) or "an empty row", hint=hint)


def entities_of_row(row: Any) -> tuple[Entity, ...]:
    """Everything that a row tells of: addresses, hosts, accounts, processes, its alert and what the alert is about.

    Examples
    --------
    >>> [str(one) for one in entities_of_row({"src_ip": "10.0.0.5", "dst_ip": "192.0.2.1", "dst_port": 53})]
    ['NetworkConnection 10.0.0.5 -> 192.0.2.1:53', 'IpAddress 10.0.0.5', 'IpAddress 192.0.2.1']
    """
    told = _told(row)
    found: list[Entity] = []
    if "systemalertid" in told or ("entities" in told and "severity" in told) or "signatureid" in told:
        alert = entity_from_row(Alert, row, None, None)
        found += [alert, *getattr(alert, "Entities", ())]
    ends, _ = _find(NetworkConnection, told, NetworkConnection.columns)
    if {"SourceAddress", "DestinationAddress"} <= set(ends):
        found.append(NetworkConnection(**ends))
    for of, needed in _NEEDED.items():
        for columns in (of.columns, *of.roles.values()):
            values, _ = _find(of, told, columns)
            if any(name in values for name in needed):
                found.append(of(**values))
    return tuple(dict.fromkeys(found))


def entities_of_table(
    of: type[Entity], rows: Any, *, role: str | None = None, fields: Mapping[str, str] | None = None
) -> tuple[Entity, ...]:
    """Different entities of one kind in a table, in the order they are first seen; rows that tell none are passed over.

    Parameters
    ----------
    of : type of Entity
    rows : Rows, pyarrow.Table, pandas.DataFrame or iterable of mappings
    role, fields : optional
        As for :meth:`Entity.from_row`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = pa.table({"src_ip": ["10.0.0.5", "10.0.0.5", None], "dst_ip": ["192.0.2.1", "192.0.2.2", "192.0.2.3"]})
    >>> entities_of_table(IpAddress, rows, role="src")
    (IpAddress(Address='10.0.0.5'),)
    """
    wanted = {column for columns in _columns(of, role, fields).values() for column in columns}
    found: dict[Entity, None] = {}
    for row in _distinct(rows, wanted):
        try:
            found.setdefault(entity_from_row(of, row, role, fields))
        except OptionError:
            continue
    return tuple(found)


def _distinct(rows: Any, wanted: set[str]) -> Iterable[Mapping[str, Any]]:
    """Rows of the columns that count, each once."""
    import pyarrow as pa

    table: pa.Table = rows.to_arrow() if hasattr(rows, "to_arrow") else rows
    if hasattr(rows, "iloc"):
        table = pa.Table.from_pandas(rows[[name for name in rows.columns if plain_column(name) in wanted]])
    if not isinstance(table, pa.Table):
        return [dict(row) for row in rows]
    names = [name for name in table.column_names if plain_column(name) in wanted]
    if not names:
        return []
    distinct: list[Mapping[str, Any]] = table.group_by(names, use_threads=False).aggregate([]).to_pylist()
    return distinct
