"""An event of a host or a network, as a row of Windows' security log, of Sysmon, or of one of our tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from flowsleuth.analyze.alerts.item import SecurityItem
from flowsleuth.errors import FlowsleuthError
from flowsleuth.schema.entities import (
    Account,
    Entity,
    File,
    Host,
    HostLogonSession,
    Process,
    entities_of_row,
)
from flowsleuth.schema.entities.rows import plain_column
from flowsleuth.schema.entities.values import is_absent
from flowsleuth.schema.printable import printable_text

_PROCESS = {"newprocessname", "newprocessid", "commandline", "processcommandline", "createdprocessname", "pid"}
"""Columns that only a row about a process has."""
_NOBODY = frozenset({"", "-", "n/a"})
Named = TypeVar("Named", bound=Entity)


class SecurityEvent(SecurityItem):
    """An event, with the host, the accounts, the processes, the session and the addresses that it tells of.

    Windows events 4688, 4624 and 4625 are read by their own fields: who did it (``Subject…``), to whom (``Target…``),
    and of a process its parent. Other rows by the names of their columns.

    Parameters
    ----------
    row : mapping, pandas row or named tuple

    Examples
    --------
    >>> event = SecurityEvent({"EventID": 4688, "Computer": "WEB1", "SubjectUserName": "ana",
    ...     "SubjectLogonId": "0x3e8", "NewProcessName": "C:\\\\Windows\\\\cmd.exe", "NewProcessId": "0x10",
    ...     "ProcessId": "0x4", "ParentProcessName": "C:\\\\Windows\\\\explorer.exe", "CommandLine": "cmd /c dir"})
    >>> process = event.primary_process
    >>> process.pid, process.ParentProcess.pid, process.Account.name, event.get_logon_id()
    (16, 4, 'ana', '0x3e8')
    """

    @property
    def event_type(self) -> str | None:
        """The kind of event, in its source's word: ``4688``."""
        told = {name.casefold(): value for name, value in self._row.items() if not is_absent(value)}
        names = ("eventid", "event_type", "eventtype", "actiontype")  # our own event_id is the row's
        value = next((told[name] for name in names if name in told), None)
        return None if value is None else str(value).removesuffix(".0")

    @property
    def label(self) -> str:
        """Its kind and host."""
        host = self.primary_host
        return printable_text(f"event {self.event_type or ''} {f'on {host.label}' if host else ''}".strip())

    def _told(self) -> dict[str, Any]:
        """Plain column name → value, of the columns that say something."""
        return {
            plain_column(name): value
            for name, value in self._row.items()
            if not is_absent(value) and str(value).strip() not in _NOBODY
        }

    def _listed(self) -> tuple[Entity, ...]:
        told = self._told()
        host = _made(Host, told, {"HostName": ("computer", "computername", "devicename", "host", "hostname")})
        if self.event_type == "4688":
            return _process_started(told, host)
        return _logon(told, host) if self.event_type in ("4624", "4625") else _others(told, host)

    def _repr_html_(self) -> str:
        from flowsleuth.analyze.alerts.cards import format_alert

        return format_alert(self, show_entities=True).html


def _process_started(told: Mapping[str, Any], host: Host | None) -> tuple[Entity, ...]:
    """Event 4688: who started what, from what."""
    account = _account(told, host, "subject") or _plain_account(told, host)
    target = _account(told, host, "target")
    parent = _made(
        Process, told, {"ProcessId": ("processid", "creatorprocessid"), "ImageFile": ("parentprocessname",)}, Host=host
    )
    process = _made(
        Process,
        told,
        {
            "ProcessId": ("newprocessid",),
            "CommandLine": ("commandline",),
            "ImageFile": ("newprocessname", "process"),
            "CreationTimeUtc": ("timecreatedutc", "timegenerated"),
        },
        Host=host,
        Account=target if target is not None and target != account else account,
        ParentProcess=parent,
    )
    return _there(host, account, target, process, parent, _session(told, host, account, "subject"))


def _logon(told: Mapping[str, Any], host: Host | None) -> tuple[Entity, ...]:
    """Events 4624 and 4625: who logged on, who asked for it, from where."""
    target, subject = _account(told, host, "target"), _account(told, host, "subject")
    target = target or _plain_account(told, host)
    session = _session(told, host, target, "target")
    rest = (one for one in _of_row(told) if not isinstance(one, Account | HostLogonSession | Host | Process | File))
    return _there(host, target, subject, session, *rest)


def _others(told: Mapping[str, Any], host: Host | None) -> tuple[Entity, ...]:
    """By columns; what is on the host knows its host, and the process its account."""
    found = list(_of_row(told))
    if not _PROCESS & set(told):
        found = [one for one in found if not isinstance(one, Process)]
    account = next((one for one in found if isinstance(one, Account)), None)
    if account is not None and account.Host is None and host is not None:
        found[found.index(account)] = account = replace(account, Host=host)
    for at, one in enumerate(found):
        if isinstance(one, Process):
            parent = _made(
                Process,
                told,
                {
                    "ProcessId": ("parentpid", "parentprocessid", "initiatingprocessid"),
                    "ImageFile": ("parentpath", "parentimage", "parentprocessname", "initiatingprocessfilename"),
                    "CommandLine": ("parentcommandline", "initiatingprocesscommandline"),
                },
                Host=host,
            )
            found[at] = replace(one, Host=one.Host or host, Account=one.Account or account, ParentProcess=parent)
    return tuple(found)


def _of_row(row: Mapping[str, Any]) -> tuple[Entity, ...]:
    try:
        return entities_of_row(row)
    except FlowsleuthError:
        return ()


def _account(told: Mapping[str, Any], host: Host | None, role: str) -> Account | None:
    columns = {
        "Name": (f"{role}username", f"{role}account"),
        "NTDomain": (f"{role}domainname",),
        "Sid": (f"{role}usersid",),
        "LogonId": (f"{role}logonid",),
    }
    found = _made(Account, told, columns, Host=host)
    return found if found is not None and (found.Name or found.Sid) and found.Sid != "S-1-0-0" else None


def _plain_account(told: Mapping[str, Any], host: Host | None) -> Account | None:
    return _made(Account, told, {"Name": ("account", "accountname"), "LogonId": ("logonid",)}, Host=host)


def _session(told: Mapping[str, Any], host: Host | None, account: Account | None, role: str) -> HostLogonSession | None:
    found = _made(HostLogonSession, told, {"SessionId": (f"{role}logonid", "logonid")})
    return None if found is None else replace(found, Host=host, Account=account)


def _made(
    of: type[Named], told: Mapping[str, Any], columns: Mapping[str, tuple[str, ...]], **others: Any
) -> Named | None:
    """An entity of the columns that are there; None where none is."""
    from flowsleuth.schema.entities.json_form import parse_entity
    from flowsleuth.schema.entities.kinds import field_kinds
    from flowsleuth.schema.entities.values import UnreadableError, field_value

    known, found = field_kinds(of), {}
    for name, candidates in columns.items():
        value = next((told[column] for column in candidates if column in told), None)
        if value is None:
            continue
        try:
            found[name] = field_value(known[name.casefold()], value, parse_entity)
        except (UnreadableError, FlowsleuthError):
            continue
    return of(**found, **others) if found else None


def _there(*listed: Entity | None) -> tuple[Entity, ...]:
    return tuple(dict.fromkeys(one for one in listed if one is not None))
