"""The methods of :class:`flowsleuth.workspace.Workspace` that tell what is known of addresses and names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from flowsleuth.workspace.whois_methods import WhoisMethods

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from flowsleuth.enrich.online.list_updates import ListUpdate
    from flowsleuth.workspace.casework import Casework
    from flowsleuth.workspace.enrichment import EnrichReport
    from flowsleuth.workspace.known_addresses import KnownAddresses
    from flowsleuth.workspace.results import Rows


class EnrichMethods(WhoisMethods):
    """Facts: gathered, kept, asked for."""

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

    def known_addresses(self, addresses: Any) -> KnownAddresses:
        """What is known here of many addresses: kind, network, place, AS, operator, lists; nothing is asked outside.

        Parameters
        ----------
        addresses : column or iterable of str
            Canonical; nulls and repeats are left out.

        Returns
        -------
        KnownAddresses

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     known = ws.known_addresses(["1.1.1.1", "10.0.0.5", "1.1.1.1"])
        >>> known.table.select(["address", "address_type", "is_internal"]).to_pylist()[1]
        {'address': '10.0.0.5', 'address_type': 'private', 'is_internal': True}
        """
        from flowsleuth.workspace.known_addresses import known_addresses

        return known_addresses(cast("Casework", self), addresses)

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
