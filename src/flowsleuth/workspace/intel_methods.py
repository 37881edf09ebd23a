"""The methods of :class:`flowsleuth.workspace.Workspace` for threat intelligence; each delegates to a use-case."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowsleuth.enrich.intel.access import Scopes
    from flowsleuth.enrich.intel.runner import Tell
    from flowsleuth.settings import Settings
    from flowsleuth.store import Store
    from flowsleuth.workspace.feeds import FeedReport
    from flowsleuth.workspace.intel_matching import By
    from flowsleuth.workspace.results import Rows


class IntelMethods:
    """What services and local feeds say about observables."""

    folder: Path
    settings: Settings
    is_offline: bool

    if TYPE_CHECKING:

        @property
        def store(self) -> Store: ...

    def lookup(
        self,
        observables: object,
        *,
        providers: Iterable[str] | None = None,
        types: Iterable[str] | None = None,
        scope: Scopes = "primary",
        offline: bool = False,
        progress: Tell | None = None,
    ) -> Rows:
        """Ask services about addresses, domains, URLs and hashes.

        Observables are refanged and checked first. Private ones, and what is no observable, are never sent. Equal ones
        are asked once. A service that fails or takes too long is a status in its rows and spoils no other.

        Parameters
        ----------
        observables : str or iterable of str
            One, several, or a column (pandas, Arrow).
        providers : iterable of str, optional
            These services, by name, and ``feeds`` for the local ones; else local feeds and all services that have their
            key or are enabled, in ``scope``.
        types : iterable of str, optional
            Only ``ipv4``, ``ipv6``, ``domain``, ``url``, ``md5``, ``sha1``, ``sha256``.
        scope : ``primary``, ``secondary`` or ``all``
            Secondary services are those that are asked only now and then.
        offline : bool
            Only local feeds, and what was asked before, however old.
        progress : callable, optional
            Told how far it is, from another thread.

        Returns
        -------
        Rows
            One row per observable and service, or indicator of a local feed, with msticpy's column names: ``Ioc``,
            ``IocType``, ``SafeIoc``, ``QuerySubtype``, ``Provider``, ``Result``, ``Severity``, ``Details``,
            ``RawResult``, ``Reference``, ``Status``; then ``as_of`` (UTC) and ``from_cache``. See
            :data:`flowsleuth.schema.intel.LOOKUP`.

        Raises
        ------
        OptionError
            A service does not exist, lacks its key, or none is set up.
        MissingExtraError
            The extra ``intel`` is not installed.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     found = ws.lookup(["10.0.0.5", "8.8.8[.]8"], providers=["internetdb"], offline=True)
        >>> [(row["SafeIoc"], row["Provider"], row["Status"]) for row in found.to_arrow().to_pylist()]
        [('10.0.0.5', None, 2), ('8.8.8.8', 'internetdb', 5)]
        """
        from flowsleuth.workspace.lookups import CACHE, look_up
        from flowsleuth.workspace.results import Rows

        indicators = self.store.arrow(self.store.table("indicator")) if self.store.catalog.parts("indicator") else None
        return Rows(
            look_up(
                observables,
                self.settings.intel,
                self.folder / CACHE,
                providers=providers,
                types=types,
                scope=scope,
                offline=offline or self.is_offline,
                tell=progress,
                indicators=indicators,
            )
        )

    def intel_providers(self) -> list[dict[str, Any]]:
        """Every service: what it tells, of which types, whether it is asked, and what is missing for that.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     ws.intel_providers()[0]["name"]
        'virustotal'
        """
        from flowsleuth.workspace.lookups import offered_providers

        return offered_providers(self.settings.intel)

    def intel_add(
        self,
        source: str | Path,
        *,
        name: str,
        severity: str = "warning",
        format: str | None = None,
        url: str | None = None,
    ) -> FeedReport:
        """Add a feed of indicators; a feed of the same name is replaced.

        Parameters
        ----------
        source : path or str
            A file, plain or compressed; a folder with a MISP feed; or an address to fetch it from (https; TAXII 2.1
            collections too).
        name : str
            What it is called in results.
        severity : ``unknown``, ``information``, ``warning`` or ``high``
            Of indicators that the feed itself says nothing about.
        format : str, optional
            ``list``, ``ipsum``, ``csv``, ``sentinel``, ``stix``, ``misp`` or ``openioc``; found by content when not
            given.
        url : str, optional
            Where :meth:`intel_update` fetches it again.

        Returns
        -------
        FeedReport
            Indicators by type, and what was refused why.

        Raises
        ------
        OptionError
            A name, severity, format or address that cannot be used.
        FlowsleuthError
            It cannot be read or fetched, or there is no indicator in it.

        Examples
        --------
        >>> import flowsleuth, pathlib, tempfile
        >>> feed = pathlib.Path(tempfile.mkdtemp()) / "bad.txt"
        >>> _ = feed.write_text("evil.com\\n5.9.0.0/16\\n")
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     ws.intel_add(feed, name="mine", severity="high").types
        ...     ws.lookup("hxxp://www.evil[.]com/", providers="feeds").table["Severity"].to_pylist()
        {'cidr': 1, 'domain': 1}
        ['high']
        """
        from flowsleuth.workspace.feeds import add_feed

        return add_feed(self.store, self.settings.intel, source, name=name, severity=severity, format=format, url=url)

    def intel_feeds(self) -> Rows:
        """The feeds: ``feed``, ``indicators``, ``high``, ``warning``, ``format``, ``as_of``, ``url``, ``file``."""
        from flowsleuth.workspace.feeds import list_feeds
        from flowsleuth.workspace.results import Rows

        return Rows(list_feeds(self.store))

    def intel_update(self, *names: str) -> list[FeedReport]:
        """Fetch feeds again: those named, or all that have an address.

        A feed that cannot be fetched or read stays as it is; its report says why.

        Raises
        ------
        OptionError
            No such feed, or it has no address.
        """
        from flowsleuth.workspace.feeds import update_feeds

        return update_feeds(self.store, self.settings.intel, names or None)

    def intel_remove(self, name: str) -> int:
        """Remove a feed; how many indicators it had.

        Raises
        ------
        OptionError
            No such feed.
        """
        from flowsleuth.workspace.feeds import remove_feed

        return remove_feed(self.store, name)

    def intel_match(self, table: str = "flow", *, by: By = "row", dates: Iterable[str] | None = None) -> Rows:
        """Stored rows that meet an indicator of the local feeds; nothing leaves the machine.

        Addresses meet addresses and CIDRs; names meet domains, with their subdomains; requests meet URLs, whatever the
        scheme; hashes meet hashes.

        Parameters
        ----------
        table : str
            ``flow``, ``dns``, ``http``, ``tls``, ``alert`` or another with addresses, names, URLs or hashes.
        by : ``row`` or ``value``
            A row for each stored row, column and indicator; or for each value, column and indicator, with counts.
        dates : iterable of str, optional
            Only these UTC days, ``YYYY-MM-DD``.

        Returns
        -------
        Rows
            See :data:`flowsleuth.schema.intel.MATCH` and ``MATCHED_VALUE``; ``row_id`` is ``flow_id`` or ``event_id``.

        Raises
        ------
        OptionError
            There are no indicators, or nothing in the table can be compared.
        """
        from flowsleuth.workspace.intel_matching import match_table
        from flowsleuth.workspace.results import Rows

        return Rows(match_table(self.store, table, by, dates))
