"""What an alert and an event have in common: a row, the entities it is about, and the chief one of each kind."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from flowsleuth.analyze.alerts.rows import row_of
from flowsleuth.errors import OptionError
from flowsleuth.schema.entities import (
    Account,
    Dns,
    Entity,
    FileHash,
    Host,
    HostLogonSession,
    IpAddress,
    Process,
    Url,
    entity_class,
    entity_graph,
)
from flowsleuth.schema.entities.values import is_absent
from flowsleuth.schema.time_range import TimeRange

if TYPE_CHECKING:
    import pyarrow as pa

Kind = TypeVar("Kind", bound=Entity)
NO_SESSION = frozenset({"", "0x0", "0"})
"""Logon ids that say nothing."""


class SecurityItem:
    """A row and the entities in it. Columns are attributes, or had by name: ``item.AlertName``, ``item["AlertName"]``.

    Parameters
    ----------
    row : mapping, pandas row, named tuple or another item
        Never changed.

    Raises
    ------
    OptionError
        It is no row.
    """

    def __init__(self, row: Any = None) -> None:
        self._row = row_of(row)

    # the row ------------------------------------------------------------------------------------------------------

    @property
    def properties(self) -> dict[str, Any]:
        """The columns of the row."""
        return dict(self._row)

    def _asdict(self) -> dict[str, Any]:
        """As of a named tuple, so that it is a row itself."""
        return self.properties

    def __getitem__(self, name: str) -> Any:
        return self._row[name]

    def __contains__(self, name: object) -> bool:
        return name in self._row

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._row:
            return self._row[name]
        raise AttributeError(f"{type(self).__name__} has no {name!r}; its columns are {', '.join(map(str, self._row))}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label}>"

    @property
    def label(self) -> str:
        """A few words for a person."""
        raise NotImplementedError

    # entities -----------------------------------------------------------------------------------------------------

    def _listed(self) -> tuple[Entity, ...]:
        """The entities as the row lists them."""
        raise NotImplementedError

    @cached_property
    def entities(self) -> tuple[Entity, ...]:
        """Everything it is about, each once: what it lists, then what those name."""
        return entity_graph(self._listed()).entities

    def get_entities_of_type(self, entity_type: str) -> tuple[Entity, ...]:
        """Its entities of a kind, however the kind is spelt: ``host``, ``ip``, ``host-logon-session``.

        Raises
        ------
        CatalogueError
            There is no such kind.
        """
        return self.of_kind(entity_class(entity_type))

    def of_kind(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """Its entities of a class."""
        return tuple(one for one in self.entities if isinstance(one, kind))

    def get_all_entities(self) -> pa.Table:
        """Its entities as a table: ``Entity`` (its label), ``Type`` (its kind)."""
        import pyarrow as pa

        labels = pa.array([one.label for one in self.entities], pa.string())
        return pa.table({"Entity": labels, "Type": pa.array([one.kind for one in self.entities], pa.string())})

    @cached_property
    def primary_host(self) -> Host | None:
        """The host it is about: that of its chief process, else the first."""
        process = self.primary_process
        return (process.Host if process else None) or next(iter(self.of_kind(Host)), None)

    @cached_property
    def primary_process(self) -> Process | None:
        """The process it is about: the first whose parent is told too, else the first with a command line."""
        found = self.of_kind(Process)
        with_parent = (one for one in found if one.ParentProcess is not None and one.ParentProcess in found)
        with_command = (one for one in found if one.CommandLine)
        return next(with_parent, None) or next(with_command, None) or next(iter(found), None)

    @cached_property
    def primary_account(self) -> Account | None:
        """Who did it: the account of the chief process, else of the logon session, else the first."""
        process, session = self.primary_process, next(iter(self.of_kind(HostLogonSession)), None)
        named = (process.Account if process else None) or (session.Account if session else None)
        return named or next(iter(self.of_kind(Account)), None)

    @cached_property
    def logon_session(self) -> HostLogonSession | None:
        """The logon session it is about: one that it lists, else that of the chief account; ``0x0`` is none."""
        listed = self.of_kind(HostLogonSession)
        if told := next((one for one in listed if _says(one.SessionId)), None):
            return told
        account = self.primary_account
        if account is None or not _says(account.LogonId):
            return None
        return HostLogonSession(SessionId=account.LogonId, Account=account, Host=self.primary_host)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses it is about, canonical."""
        told = (one.canonical for one in self.of_kind(IpAddress))
        return tuple(dict.fromkeys(one for one in told if one))

    @property
    def hostname(self) -> str | None:
        """The chief host's name without its domain, as it is written."""
        host = self.primary_host
        return (host.HostName or host.NetBiosName) if host is not None else None

    def get_logon_id(self, account: Account | None = None) -> str | None:
        """The logon id of the session, or of an account of it.

        Parameters
        ----------
        account : Account, optional
        """
        if account is None:
            return None if self.logon_session is None else self.logon_session.SessionId
        of_it = (one for one in self.of_kind(HostLogonSession) if one.Account == account and _says(one.SessionId))
        if (session := next(of_it, None)) is not None:
            return session.SessionId
        return account.LogonId if _says(account.LogonId) else None

    # for queries --------------------------------------------------------------------------------------------------

    @cached_property
    def query_params(self) -> dict[str, Any]:
        """Values by the names of query parameters, so that it can be handed to a query; only what it tells.

        Moments are not among them: a window is given beside it (:meth:`time_range`). Values are bound by the query, so
        nothing is escaped here.
        """
        process, account = self.primary_process, self.primary_account
        image = process.ImageFile if process else None
        found = {
            "host_name": self.hostname,
            "account_name": _plain_name(account) if account else None,
            "process_name": image.full_path if image else None,
            "process_id": process.ProcessId if process else None,
            "commandline": process.CommandLine if process else None,
            "logon_session_id": self.get_logon_id(),
            "ip_address": next(iter(self.addresses), None),
            "ip_address_list": list(self.addresses) or None,
            "domain": next((one.canonical for one in self.of_kind(Dns)), None),
            "url": next((one.Url for one in self.of_kind(Url)), None),
            "file_hash": next((one.Value for one in self.of_kind(FileHash)), None),
        }
        return {name: value for name, value in found.items() if value is not None}

    @cached_property
    def first_seen(self) -> dt.datetime | None:
        """When it began, UTC."""
        return self._moment("starttimeutc", "starttime", "start", "timegenerated", "timecreatedutc", "timestamp")

    @cached_property
    def last_seen(self) -> dt.datetime | None:
        """When it ended, UTC; when it began where no end is told."""
        return self._moment("endtimeutc", "endtime", "end") or self.first_seen

    def time_range(self, before: Any = "1h", after: Any = "1h") -> TimeRange:
        """The window around it, for queries and ``ws``.

        Parameters
        ----------
        before, after : str or timedelta
            How much longer than it lasted.

        Raises
        ------
        OptionError
            It tells no time.
        """
        if self.first_seen is None or self.last_seen is None:
            raise OptionError("it tells no time", where=self.label)
        last = max(self.first_seen, self.last_seen) + dt.timedelta(microseconds=1)
        return TimeRange(self.first_seen, last).around(before, after)

    def _moment(self, *names: str) -> dt.datetime | None:
        from flowsleuth.schema.entities.kinds import FieldKind
        from flowsleuth.schema.entities.rows import plain_column
        from flowsleuth.schema.entities.values import UnreadableError, field_value

        told = {plain_column(name): value for name, value in self._row.items()}
        for name in names:
            if is_absent(told.get(name)):
                continue
            try:
                moment: dt.datetime = field_value(FieldKind(name, "time"), told[name], lambda *_: None)
            except UnreadableError:
                continue
            return moment
        return None


def _plain_name(account: Account) -> str | None:
    """The account without its domain, as it is written."""
    return (account.Name or "").strip().rpartition("\\")[2].partition("@")[0] or None


def _says(logon_id: str | None) -> bool:
    return (logon_id or "").strip().casefold() not in NO_SESSION
