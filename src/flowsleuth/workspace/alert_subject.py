"""One alert in the hand, and what the stored tables know around it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.alerts import AlertGraph, SecurityAlert, create_alert_graph, get_related_alerts
from flowsleuth.analyze.alerts.alert import SEVERITIES
from flowsleuth.analyze.alerts.graph import Neighbour, Source
from flowsleuth.analyze.alerts.graph_making import alerts_source
from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.schema.entities import Account, Dns, Entity, Host, IpAddress
from flowsleuth.schema.time_range import TimeRange
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    from flowsleuth.analyze.alerts.graph_nodes import Node
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.pivots.pivot import Answer

NEIGHBOURS = 10
"""Things of one kind that a node is expanded by: those seen most often."""
AROUND = "7d"
_SEARCHED = ("name", "description", "host", "entities", "src_ip", "dst_ip")


def stored_alerts(
    workspace: Workspace, time: TimeRange, *, text: str | None = None, severity: str | None = None,
    limit: int | None = None,
) -> Rows:  # fmt: skip
    """See :meth:`flowsleuth.Workspace.alerts`."""
    from flowsleuth.investigate.queries import stored_within

    if severity is not None and severity.casefold() not in SEVERITIES:
        raise OptionError("no such severity", where=severity, available=SEVERITIES)
    rows = stored_within(workspace.store, "alert", time.start, time.end)
    if severity is not None and severity.casefold() != SEVERITIES[-1]:
        rows = rows.filter(rows.severity <= SEVERITIES.index(severity.casefold()) + 1)
    if text:
        wanted = None
        for name in _SEARCHED:
            has = rows[name].lower().contains(text.lower()).fill_null(False)
            wanted = has if wanted is None else wanted | has
        rows = rows.filter(wanted)
    rows = rows.order_by(["start", "event_id"])
    return Rows(workspace.store.arrow(rows if limit is None else rows.limit(limit)))


class AlertSubject:
    """An alert of a workspace.

    Attributes
    ----------
    alert : SecurityAlert

    Examples
    --------
    >>> import flowsleuth, tempfile
    >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
    ...     ws.alert("a1")
    Traceback (most recent call last):
    ...
    flowsleuth.errors.OptionError: a1: no such alert; see ws.alerts()
    """

    def __init__(self, workspace: Workspace, alert_id: str | int) -> None:
        self._workspace = workspace
        self.alert = SecurityAlert(self._row(str(alert_id)))

    def _row(self, wanted: str) -> dict[str, Any]:
        table = self._workspace.store.table("alert")
        is_it = table.alert_id == wanted
        if re.fullmatch(r"-?[0-9]{1,18}", wanted):
            is_it = is_it | (table.event_id == int(wanted))
        found = self._workspace.store.arrow(table.filter(is_it).order_by(["start", "event_id"]).limit(1)).to_pylist()
        if not found:
            raise OptionError("no such alert", where=wanted[:80], hint="see ws.alerts()")
        row: dict[str, Any] = found[0]
        return row

    @property
    def entities(self) -> tuple[Entity, ...]:
        """What it is about."""
        return self.alert.entities

    @cached_property
    def _near(self) -> Any:
        """Alerts of some days around it."""
        try:
            window = self.alert.time_range(AROUND, AROUND)
        except OptionError:
            window = TimeRange()
        return stored_alerts(self._workspace, window, limit=None).table

    def related(self, window: str = "24h") -> Rows:
        """Alerts about the same things that begin within the window, with ``matched`` and ``host_match`` ….

        See :func:`flowsleuth.analyze.alerts.get_related_alerts`; at most seven days around it are looked at.
        """
        return Rows(get_related_alerts(self.alert, self._near, window=window))

    def events(self, before: Any = "1h", after: Any = "1h", limit: int = 1_000) -> dict[str, Answer]:
        """What the chief host, account and addresses did around it: tables of processes, logons and flows.

        Parameters
        ----------
        before, after : str or timedelta
        limit : int
            Rows of each table.

        Returns
        -------
        dict
            Tables that have rows, by ``host processes``, ``host logons``, ``account logons``, ``address flows``.
        """
        time, found = self.alert.time_range(before, after), {}
        for name, asked in self._questions():
            try:
                answer = asked(time_range=time, limit=limit)
            except FlowsleuthError:
                continue
            if len(answer):
                found[name] = answer
        return found

    def _questions(self) -> Iterator[tuple[str, Any]]:
        ws, alert = self._workspace, self.alert
        if alert.primary_host is not None and alert.primary_host.name:
            host = ws.host(alert.primary_host)
            yield from (("host processes", host.processes), ("host logons", host.logons), ("host flows", host.flows))
        if alert.primary_account is not None and alert.primary_account.name:
            account = ws.account(alert.primary_account)
            yield from (("account logons", account.logons), ("account processes", account.processes))
        for address in alert.addresses[:1]:
            yield from (("address flows", ws.ip(address).flows), ("address logons", ws.ip(address).logons))

    def graph(self) -> AlertGraph:
        """The graph of it and what it is about; ``graph.expand(node)`` asks the stored tables.

        A host brings its alerts, addresses and who logged on; an address its alerts, hosts, names and peers; an account
        its alerts, hosts and addresses; a domain its alerts and addresses.
        """
        graph = create_alert_graph(self.alert)
        graph.sources += [alerts_source(self._near), stored_source(self._workspace, self._window())]
        return graph

    def _window(self) -> TimeRange:
        try:
            return self.alert.time_range("1d", "1d")
        except OptionError:
            return TimeRange()

    def _repr_html_(self) -> str:
        return self.alert._repr_html_()

    def __repr__(self) -> str:
        return repr(self.alert)


def stored_source(workspace: Workspace, time: TimeRange) -> Source:
    """What the stored tables know about a node, within a window."""

    def ask(node: Node) -> Iterator[Neighbour]:
        try:
            yield from _neighbours(workspace, time, node.thing)
        except FlowsleuthError:
            return  # a name that cannot be asked about

    return ask


def _neighbours(workspace: Workspace, time: TimeRange, thing: Any) -> Iterator[Neighbour]:
    if isinstance(thing, Host) and thing.name:
        host = workspace.host(thing)
        yield from _things(host.addresses(time_range=time), "address", IpAddress, "has")
        yield from _things(host.logons(time_range=time), "user", Account, "logged on by")
    elif isinstance(thing, IpAddress) and thing.canonical:
        address = workspace.ip(thing)
        yield from _things(address.hosts(time_range=time), "host", Host, "is")
        yield from _things(workspace.passive_dns(thing.canonical), "name", Dns, "named")
        yield from _things(address.peers(time_range=time, limit=NEIGHBOURS), "peer", IpAddress, "talked with")
    elif isinstance(thing, Account) and thing.name:
        logons = workspace.account(thing).logons(time_range=time)
        yield from _things(logons, "host", Host, "logged on to")
        yield from _things(logons, "src_ip", IpAddress, "came from")
    elif isinstance(thing, Dns) and thing.canonical:
        yield from _things(workspace.dns(thing).addresses(time_range=time), "address", IpAddress, "is")


def _things(answer: Any, column: str, kind: type[Entity], relation: str) -> Iterator[Neighbour]:
    """Different things of a column, those seen most often."""
    if column not in answer.table.column_names:
        return
    counted = {one["values"]: one["counts"] for one in answer.table[column].value_counts().to_pylist() if one["values"]}
    for value, _ in Counter(counted).most_common(NEIGHBOURS):
        fields: dict[str, Any] = {kind.field_names()[0]: str(value)}
        yield kind(**fields), relation
