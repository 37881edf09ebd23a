"""The methods of :class:`flowsleuth.Workspace` that pivots are asked by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from flowsleuth.schema.entities import Account, Dns, Entity, File, FileHash, Host, IpAddress, Url
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.pivots.listed import Pivots
    from flowsleuth.workspace.pivots.subjects import (
        AccountSubject,
        DnsSubject,
        FileSubject,
        HostSubject,
        IpSubject,
        UrlSubject,
    )
    from flowsleuth.workspace.pivots.tables import Join

_LIMIT = 10_000


class PivotMethods:
    """A thing in the hand, and pivots over columns."""

    def ip(self, address: str | IpAddress) -> IpSubject:
        """What is known about an address or a CIDR: whois, geo, ti, flows, peers, dns, alerts, logons.

        Raises
        ------
        OptionError
            It is neither.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     len(ws.ip("2001:DB8::1").flows())
        0
        """
        from flowsleuth.workspace.pivots.subjects import IpSubject

        return IpSubject(cast("Workspace", self), address)

    def host(self, name: str | Host) -> HostSubject:
        """What is known about a host, by its name in any case: addresses, flows, peers, dns, alerts, logons, processes.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     ws.host("WEB1.example.org").entity.name
        'web1'
        """
        from flowsleuth.workspace.pivots.subjects import HostSubject

        return HostSubject(cast("Workspace", self), name)

    def account(self, name: str | Account) -> AccountSubject:
        """What is known about an account: logons, processes, alerts."""
        from flowsleuth.workspace.pivots.subjects import AccountSubject

        return AccountSubject(cast("Workspace", self), name)

    def dns(self, name: str | Dns) -> DnsSubject:
        """What is known about a domain and the names below it: addresses, flows, dns, alerts, whois, ti."""
        from flowsleuth.workspace.pivots.subjects import DnsSubject

        return DnsSubject(cast("Workspace", self), name)

    def url(self, url: str | Url) -> UrlSubject:
        """What is known about a URL: requests, flows, dns, alerts, whois, ti."""
        from flowsleuth.workspace.pivots.subjects import UrlSubject

        return UrlSubject(cast("Workspace", self), url)

    def file(self, file: str | File | FileHash) -> FileSubject:
        """What is known about a file, by hash, path or name: processes, alerts, ti."""
        from flowsleuth.workspace.pivots.subjects import FileSubject

        return FileSubject(cast("Workspace", self), cast("str | Entity", file))

    def pivots(self) -> Pivots:
        """Every pivot there is, those of plug-ins too; ``ws.pivots().IpAddress.flows`` is one, ready to be asked.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     ws.pivots().IpAddress.peers
        <IpAddress.peers: Who it exchanged flows with, which way, how much.>
        """
        from flowsleuth.workspace.pivots.listed import Pivots

        return Pivots(cast("Workspace", self))

    def pivot(
        self, data: Any, pivot: str, *, column: str, join: Join = "left", time_range: Any = None, start: Any = None,
        end: Any = None, limit: int | None = _LIMIT, **options: Any,
    ) -> Any:  # fmt: skip
        """Ask a pivot about every different value of a column, once each, and join the answers to the table.

        Parameters
        ----------
        data : pandas.DataFrame, pyarrow.Table or Rows
            Never changed.
        pivot : str
            ``IpAddress.whois``, any of ``ws.pivots()``.
        column : str
            Where the values are: text or entities. Nulls, numbers and what is no such thing are asked about nobody.
        join : str
            ``left`` keeps every row of the table, ``inner`` those with an answer, ``none`` gives the answers alone. A
            row with several answers is there several times. Columns that both have get the pivot's name after them.
        time_range, start, end : optional
            Instead of the workspace's window.
        limit : int or None
            Rows that are read of a stored table, for all values together.
        **options
            The pivot's own, such as ``online=True``.

        Returns
        -------
        pandas.DataFrame or Answer
            A frame for a frame, with its index and types; what has to be said is in ``.attrs["notes"]``. Else an Answer
            with ``notes``.

        Raises
        ------
        OptionError
            No such column, join or option; the window is reversed.
        CatalogueError
            No such pivot.

        Examples
        --------
        >>> import flowsleuth, pandas, tempfile
        >>> seen = pandas.DataFrame({"IPAddress": ["192.0.2.7", None]})
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     ws.pivot(seen, "IpAddress.peers", column="IPAddress").attrs["notes"]
        ["1 rows have no IpAddress in 'IPAddress'"]
        """
        from flowsleuth.workspace.pivots.pivot import load_pivot
        from flowsleuth.workspace.pivots.tables import pivot_table

        workspace = cast("Workspace", self)
        time = workspace.within(time_range, start=start, end=end)
        found = load_pivot(pivot)
        return pivot_table(workspace, data, found, column=column, join=join, time=time, limit=limit, options=options)
