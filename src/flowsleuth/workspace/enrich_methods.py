"""The methods of :class:`flowsleuth.workspace.Workspace` that tell what is known of addresses and names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from flowsleuth.enrich.online.answers import Answer
    from flowsleuth.enrich.online.list_updates import ListUpdate
    from flowsleuth.settings import Settings
    from flowsleuth.store import Store
    from flowsleuth.workspace.enrichment import EnrichReport
    from flowsleuth.workspace.online_lookups import OnlineLookups, OnlineServices
    from flowsleuth.workspace.results import Rows


class EnrichMethods:
    """Facts: gathered, kept, asked for."""

    folder: Path
    settings: Settings
    online_services: OnlineServices | None = None
    """Who is asked instead of the public services."""
    _failed: dict[tuple[str, str], Answer] | None = None

    if TYPE_CHECKING:

        @property
        def store(self) -> Store: ...

    def enrich(
        self,
        only: Iterable[str] | None = None,
        *,
        offline: bool = False,
        limit: int = 10_000,
        tell: Callable[[str], None] | None = None,
    ) -> EnrichReport:
        """Gather facts about every stored address and name, of all tables, and keep them in table ``fact``.

        They are taken from columns of addresses, names and hosts, from DNS answers, and from command lines and the
        entities of alerts (IPv4 addresses and hosts of URLs only).

        Unless kinds that ask others are named, nothing leaves the machine. What an earlier run found is replaced in one
        step; a run that is killed leaves it.

        Parameters
        ----------
        only : iterable of str, optional
            ``types`` (address types), ``geography`` (place and AS, context files), ``lists``: these three by default.
            ``whois`` asks Team Cymru for AS and prefix of Internet addresses, ``rdap`` the registries, ``ptr`` the name
            servers (extra ``dns``).
        offline : bool
            Of those, tell only what was kept from earlier.
        limit : int
            Ask others about so many addresses, those with most flows.
        tell : callable, optional
            Told how far it is, in words.

        Returns
        -------
        EnrichReport
            Time-outs and failures of others are notes, never errors.

        Raises
        ------
        OptionError
            There is no such kind.
        StoreError
            Another process writes to the workspace.
        MissingExtraError
            ``ptr`` without the extra ``dns``.

        Examples
        --------
        >>> import flowsleuth, pathlib, tempfile
        >>> log = pathlib.Path(tempfile.mkdtemp()) / "flows.csv"
        >>> _ = log.write_text("firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\\n"
        ...     "2023-11-14 22:13:20.500,0.250,TCP,10.0.0.5,50000,104.16.0.1,443,4,900,1\\n")
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     _ = ws.ingest(log)
        ...     report = ws.enrich()
        ...     told = ws.facts("104.16.0.1").to_pandas()
        >>> report.addresses, dict(zip(told["fact"], told["value"]))["list"]
        (2, 'cloudflare')
        """
        from flowsleuth.workspace.enrichment import LOCAL, enrich

        lookups = self._lookups(offline)
        wanted = LOCAL if only is None else only
        return enrich(self.store, self.folder, self.settings, wanted, tell, lookups=lookups, limit=limit)

    def _lookups(self, offline: bool) -> OnlineLookups:
        from flowsleuth.workspace.enrichment import CACHE
        from flowsleuth.workspace.online_lookups import OnlineLookups, OnlineServices

        if self._failed is None:
            self._failed = {}
        return OnlineLookups(self.folder / CACHE, self.online_services or OnlineServices(), offline, self._failed)

    def facts(self, observable: str | None = None, fact: str | None = None) -> Rows:
        """What is known of an address or a name (or of all), from whom, as of when.

        Parameters
        ----------
        observable : str, optional
            An address in any spelling, or a name.
        fact : str, optional
            Only this one, such as ``country`` or ``list``.

        Returns
        -------
        Rows
            Table ``fact``; empty before :meth:`enrich`.
        """
        from flowsleuth.workspace.enrichment import facts_of

        return facts_of(self.store, observable, fact)

    def flows_with_facts(self) -> ir.Table:
        """The flows with what is known of both addresses, as an Ibis table: nothing is baked into stored rows.

        Returns
        -------
        ibis table
            The columns of ``flow``, then for each side (``src_``, ``dst_``): ``country_code``, ``country``, ``city``,
            ``operator``, ``asn``, ``as_name``, ``address_type``, ``lists``; null before :meth:`enrich`.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     ws.flows_with_facts().columns[-3:]
        ('dst_as_name', 'dst_address_type', 'dst_lists')
        """
        return self.rows_with_facts("flow")

    def rows_with_facts(self, table: str) -> ir.Table:
        """The rows of a table with what is known of their addresses; as :meth:`flows_with_facts`.

        Parameters
        ----------
        table : str
            ``flow``, ``dns``, ``http``, ``tls``, ``alert``, or ``logon``, which has an address of ``src`` only.

        Raises
        ------
        OptionError
            The table has no addresses of its own.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     ws.rows_with_facts("logon").columns[-2:]
        ('src_address_type', 'src_lists')
        """
        from flowsleuth.workspace.enrichment import rows_with_facts

        return rows_with_facts(self.store, table)

    def geo(self, ip: str) -> dict[str, Any]:
        """Where an address is and whose, by local sources.

        Returns
        -------
        dict
            ``address``, ``country``, ``country_code``, ``region``, ``city``, ``latitude``, ``longitude`` (degrees),
            ``asn``, ``as_name``, ``owner``, ``source`` (who told something); None what nobody knows.

        Raises
        ------
        OptionError
            It is no address.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     ws.geo("193.0.6.139")["country"]
        'Netherlands'
        """
        from flowsleuth.workspace.address_answers import geo

        return geo(self.folder, self.settings, ip)

    def lists_of(self, observable: str) -> Rows:
        """The lists that an address or a name is on: rows of table ``fact``, asked now.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     ws.lists_of("1.1.1.1").to_pandas()["value"].tolist()
        ['public-dns-v4']
        """
        from flowsleuth.workspace.address_answers import on_lists

        return on_lists(self.folder, self.settings, observable)

    def lists(self) -> Rows:
        """The lists that addresses and names are compared with: of the package, fetched, and named in the settings.

        Returns
        -------
        Rows
            ``list``, ``kind``, ``entries``, ``version``, ``as_of``, ``source``, ``title``, in the order of names.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     len(ws.lists())
        11
        """
        from flowsleuth.workspace.address_answers import list_lists

        return list_lists(self.folder, self.settings)

    def update_lists(self, names: Iterable[str] | None = None) -> list[ListUpdate]:
        """Fetch today's lists from where the package's come from, into ``lists/`` of the workspace.

        This asks the network (GitHub, and the Tor project for its exits); a list that cannot be fetched or read stays
        as it is, and its update says why.

        Parameters
        ----------
        names : iterable of str, optional
            Which lists; all of the package's by default.

        Raises
        ------
        OptionError
            There is no such list.
        """
        from flowsleuth.enrich.online.list_updates import update_lists
        from flowsleuth.workspace.enrichment import LISTS

        return update_lists(self.folder / LISTS, names)

    def whois(self, target: str, online: bool = False) -> dict[str, Any]:
        """Who an address or a domain belongs to: local sources and kept answers first, the registries when told to.

        Parameters
        ----------
        target : str
            An address, or a domain.
        online : bool
            Ask RDAP (by IANA's bootstrap) and, for an address, Team Cymru, for what was not kept in the last 30 days.
            An address that is not of the Internet, or a name of no public zone, is never sent.

        Returns
        -------
        dict
            ``observable``; what is known of ``asn``, ``as_name``, ``country_code``, ``country``, ``prefix``,
            ``network``, ``cidr``, ``org``, ``abuse_email``, ``registered``, ``changed``, ``registrar``, ``nameservers``
            …; ``status`` (``ok``, ``no data``, ``timed out``, ``not asked``, ``failed``), ``reason``, ``source``,
            ``as_of`` (UTC, of the oldest answer), ``from_cache``.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     told = ws.whois("193.0.6.139")
        >>> told["country"], told["status"]
        ('Netherlands', 'ok')
        """
        from flowsleuth.workspace.address_answers import geo
        from flowsleuth.workspace.enrichment import canonical
        from flowsleuth.workspace.online_lookups import whois

        asked = canonical(target)
        local = geo(self.folder, self.settings, asked) if _is_address(asked) else {}
        return whois(self._lookups(not online), asked, local)

    def resolve(self, name: str, offline: bool = False) -> dict[str, Any]:
        """The addresses of a name, by DNS now (or kept from the last day). Needs the extra ``dns``.

        Parameters
        ----------
        name : str
        offline : bool
            Only what was kept.

        Returns
        -------
        dict
            ``observable``, ``A``, ``AAAA`` (lists, where there are any), ``status``, ``reason``, ``source``, ``as_of``,
            ``from_cache``. A time-out is a status.

        Raises
        ------
        MissingExtraError
            The extra is not installed.
        """
        from flowsleuth.workspace.enrichment import canonical
        from flowsleuth.workspace.online_lookups import answer_dict

        asked = canonical(name)
        return {"observable": asked} | answer_dict(self._lookups(offline).forward([asked])[asked])

    def reverse(self, ip: str, offline: bool = False) -> dict[str, Any]:
        """The names of an Internet address by PTR, now (or kept from the last day). Needs the extra ``dns``.

        Returns
        -------
        dict
            ``observable``, ``ptr`` (a list), ``status``, ``reason``, ``source``, ``as_of``, ``from_cache``.

        Raises
        ------
        OptionError
            It is no address.
        MissingExtraError
            The extra is not installed.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     ws.reverse("10.0.0.1")["reason"]
        'an address of type private'
        """
        from flowsleuth.workspace.address_answers import address_of
        from flowsleuth.workspace.online_lookups import answer_dict

        asked = address_of(ip)
        return {"observable": asked} | answer_dict(self._lookups(offline).ptr([asked])[asked])

    def passive_dns(self, observable: str) -> Rows:
        """The names an address had, or the addresses a name had, as the stored DNS, TLS and HTTP rows show it.

        Parameters
        ----------
        observable : str
            An address or a name.

        Returns
        -------
        Rows
            ``name``, ``address``, ``source`` (``dns``, ``tls``, ``http``), ``first_seen``, ``last_seen``,
            ``sightings``, ``clients``, in the order of names.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     len(ws.passive_dns("192.0.2.1"))
        0
        """
        from flowsleuth.workspace.passive_dns import passive_dns

        return passive_dns(self.store, observable)


def _is_address(text: str) -> bool:
    """Whether canonical text is an address."""
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True
