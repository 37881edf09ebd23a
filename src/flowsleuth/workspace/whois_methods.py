"""The methods of :class:`flowsleuth.workspace.Workspace` that ask whose an address or name is, and where it leads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowsleuth.enrich.online.answers import Answer
    from flowsleuth.settings import Settings
    from flowsleuth.store import Store
    from flowsleuth.workspace.online_lookups import OnlineLookups, OnlineServices
    from flowsleuth.workspace.results import Rows


class WhoisMethods:
    """Registries and name servers, now or as kept; names as the stored rows show them."""

    folder: Path
    settings: Settings
    online_services: OnlineServices | None = None
    """Who is asked instead of the public services."""
    is_offline: bool = False
    """Nobody outside is asked by this workspace, whatever a call says: kept answers and local lists only."""
    _failed: dict[tuple[str, str], Answer] | None = None

    if TYPE_CHECKING:

        @property
        def store(self) -> Store: ...

    def _lookups(self, offline: bool) -> OnlineLookups:
        from flowsleuth.workspace.enrichment import CACHE
        from flowsleuth.workspace.online_lookups import OnlineLookups, OnlineServices

        is_offline = offline or self.is_offline
        if self._failed is None:
            self._failed = {}
        return OnlineLookups(self.folder / CACHE, self.online_services or OnlineServices(), is_offline, self._failed)

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
