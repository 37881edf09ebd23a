"""One thing in the hand: ``ws.ip("192.0.2.7")``, ``ws.host("web1")``, and what can be asked about it, each a method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from flowsleuth.investigate.asked_values import canonical_value, entity_of
from flowsleuth.workspace.pivots.pivot import LIMIT, Answer, ask, load_pivot, pivots_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowsleuth.notebooklets import Notebooklet, NotebookletResult
    from flowsleuth.schema.entities import Entity
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.investigation import Investigation


class Subject:
    """What is asked about, in a workspace.

    Every method takes the window of the workspace (``ws.time_range``) unless it is told another: ``time_range=``
    anything that ``TimeRange.of`` reads, or ``start=`` and ``end=``. Tables are cut at ``limit`` rows, which the
    answer's ``notes`` tell; None is all.

    Attributes
    ----------
    value : str
        Canonical.
    entity : Entity
    """

    kind: ClassVar[str] = ""

    def __init__(self, workspace: Workspace, value: str | Entity) -> None:
        self._workspace = workspace
        self.value = canonical_value(self.kind, value)
        self.entity = entity_of(self.kind, value)

    def ask(
        self, pivot: str, *, time_range: Any = None, start: Any = None, end: Any = None, limit: int | None = LIMIT,
        **options: Any,
    ) -> Answer:  # fmt: skip
        """Ask one of its pivots by name.

        Raises
        ------
        CatalogueError
            There is no such pivot.
        OptionError
            The window is reversed, or an option is not one of the pivot's.
        """
        time = self._workspace.within(time_range, start=start, end=end)
        found = load_pivot(f"{self.kind}.{pivot}")
        return ask(self._workspace, found, [self.value], time, limit=limit, options=options)

    def _facts(self, pivot: str, **options: Any) -> dict[str, Any]:
        rows = self.ask(pivot, **options).table.to_pylist()
        return dict(rows[0]) if rows else {}

    def __getattr__(self, name: str) -> Any:
        """Pivots that plug-ins add."""
        if not name.startswith("_") and name in pivots_of(self.kind):

            def asked(**options: Any) -> Answer:
                return self.ask(name, **options)

            asked.__doc__ = load_pivot(f"{self.kind}.{name}").summary
            asked.__name__ = name
            return asked
        if not name.startswith("_") and name in self._notebooklets():
            return self._notebooklet(name)
        raise AttributeError(
            f"{type(self).__name__} has no pivot {name!r}; there are {', '.join(pivots_of(self.kind))}"
        )

    def _notebooklets(self) -> dict[str, type[Notebooklet[Any]]]:
        return self._workspace.notebooklets.of_entity(self.kind)

    def _notebooklet(self, name: str) -> Callable[..., NotebookletResult]:
        """A notebooklet that takes such a thing, run on this one."""
        one = self._notebooklets()[name](self._workspace)

        def run(**words: Any) -> NotebookletResult:
            if (window := words.pop("time_range", None)) is not None:
                words["timespan"] = window
            result: NotebookletResult = one.run(self.value, **words)
            return result

        run.__doc__, run.__name__ = f"{one.description()}\n\n{one.list_options()}", name
        return run

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *pivots_of(self.kind), *self._notebooklets()})

    def __repr__(self) -> str:
        return f"<{self.kind} {self.value}: {', '.join(pivots_of(self.kind))}>"


class _Flows(Subject):
    """Those that have flows, alerts and names."""

    def flows(
        self,
        *,
        time_range: Any = None,
        start: Any = None,
        end: Any = None,
        limit: int | None = LIMIT,
        columns: Any = None,
    ) -> Answer:
        """Its flows, earliest first: ids, times, ends, counts, names; ``columns="all"``, or names, for others."""
        return self.ask("flows", time_range=time_range, start=start, end=end, limit=limit, columns=columns)

    def dns(self, *, time_range: Any = None, start: Any = None, end: Any = None, limit: int | None = LIMIT) -> Answer:
        """What DNS rows say of it; of addresses and hosts also the names in TLS and HTTP, with the ``role`` of each."""
        return self.ask("dns", time_range=time_range, start=start, end=end, limit=limit)


class _Alerts(Subject):
    """Those that alerts are about."""

    def alerts(
        self, *, time_range: Any = None, start: Any = None, end: Any = None, limit: int | None = LIMIT
    ) -> Answer:
        """Alerts that name it, or whose entities are about it; earliest first."""
        return self.ask("alerts", time_range=time_range, start=start, end=end, limit=limit)


class _Peers(Subject):
    """Those that have peers and logons."""

    def peers(self, *, time_range: Any = None, start: Any = None, end: Any = None, limit: int | None = LIMIT) -> Answer:
        """Who it exchanged flows with, which way, how much; most bytes first."""
        return self.ask("peers", time_range=time_range, start=start, end=end, limit=limit)


class _Logons(Subject):
    """Those that log on or are logged on to."""

    def logons(
        self, *, time_range: Any = None, start: Any = None, end: Any = None, limit: int | None = LIMIT
    ) -> Answer:
        """Logons and attempts: from an address, on or from a host, of an account."""
        return self.ask("logons", time_range=time_range, start=start, end=end, limit=limit)


class _Processes(Subject):
    """Those that have processes."""

    def processes(
        self, *, time_range: Any = None, start: Any = None, end: Any = None, limit: int | None = LIMIT
    ) -> Answer:
        """Processes: on a host, as an account, of a file."""
        return self.ask("processes", time_range=time_range, start=start, end=end, limit=limit)


class _Addresses(Subject):
    """Those that have addresses."""

    def addresses(self, *, time_range: Any = None, start: Any = None, end: Any = None) -> Answer:
        """Its addresses, and who tells."""
        return self.ask("addresses", time_range=time_range, start=start, end=end)


class _Intelligence(Subject):
    """Those that providers of intelligence know."""

    def ti(self, *, providers: Any = None, scope: str = "primary", offline: bool = False) -> Answer:
        """What threat intelligence says; see ``ws.lookup``. Goes over the network unless ``offline``."""
        return self.ask("ti", providers=providers, scope=scope, offline=offline)


class _Registered(Subject):
    """Those that somebody has registered."""

    def whois(self, *, online: bool = False) -> dict[str, Any]:
        """Who has it registered; see ``ws.whois``. Goes over the network only when ``online``."""
        return self._facts("whois", online=online)


class _Facts(Subject):
    """Those that facts are gathered about."""

    def facts(self) -> Answer:
        """What ``ws.enrich()`` gathered about it: rows of table ``fact``."""
        return self.ask("facts")


class IpSubject(_Flows, _Peers, _Alerts, _Logons, _Intelligence, _Registered, _Facts):
    """An address, or a network (a CIDR) for what stored tables tell.

    Examples
    --------
    >>> import flowsleuth, pathlib, tempfile
    >>> log = pathlib.Path(tempfile.mkdtemp()) / "flows.csv"
    >>> _ = log.write_text("firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\\n"
    ...     "2023-11-14 22:13:20.500,0.250,TCP,10.0.0.5,50000,192.0.2.7,443,4,900,1\\n")
    >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
    ...     _ = ws.ingest(log)
    ...     ws.ip("192.0.2.7").peers().to_pandas()[["peer", "way", "bytes_in"]].values.tolist()
    [['10.0.0.5', 'outbound', 900]]
    """

    kind: ClassVar[str] = "IpAddress"

    def hosts(self, *, time_range: Any = None, start: Any = None, end: Any = None) -> Answer:
        """Hosts that have it, and who tells."""
        return self.ask("hosts", time_range=time_range, start=start, end=end)

    def geo(self) -> dict[str, Any]:
        """Where it is and which AS routes it; see ``ws.geo``."""
        return self._facts("geo")

    def investigate(
        self, *, time_range: Any = None, start: Any = None, end: Any = None, top: int = 20
    ) -> Investigation:
        """The whole investigation; see ``ws.investigate``."""
        time = self._workspace.within(time_range, start=start, end=end)
        return self._workspace.investigate(self.value, start=time.start, end=time.end, top=top)


class HostSubject(_Flows, _Peers, _Alerts, _Logons, _Processes, _Addresses):
    """A host by its name, short or full, in any case; or by its address."""

    kind: ClassVar[str] = "Host"


class AccountSubject(_Alerts, _Logons, _Processes):
    """An account: ``ana``, ``CONTOSO\\ana`` or ``ana@contoso.com``, in any case."""

    kind: ClassVar[str] = "Account"


class DnsSubject(_Flows, _Alerts, _Addresses, _Intelligence, _Registered, _Facts):
    """A domain, with the names below it."""

    kind: ClassVar[str] = "Dns"


class UrlSubject(_Flows, _Alerts, _Intelligence, _Registered):
    """A URL, with its host."""

    kind: ClassVar[str] = "Url"

    def requests(
        self, *, time_range: Any = None, start: Any = None, end: Any = None, limit: int | None = LIMIT
    ) -> Answer:
        """HTTP requests for it; the scheme does not count."""
        return self.ask("requests", time_range=time_range, start=start, end=end, limit=limit)


class FileSubject(_Alerts, _Processes, _Intelligence):
    """A file by its hash, its path, or its name alone."""

    kind: ClassVar[str] = "File"
