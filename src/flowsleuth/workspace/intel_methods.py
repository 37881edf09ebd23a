"""The methods of :class:`flowsleuth.workspace.Workspace` for threat intelligence; each delegates to a use-case."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowsleuth.enrich.intel.configuration import Scopes
    from flowsleuth.enrich.intel.runner import Tell
    from flowsleuth.settings import Settings
    from flowsleuth.store import Store
    from flowsleuth.workspace.results import Rows


class IntelMethods:
    """What services and local feeds say about observables."""

    folder: Path
    settings: Settings

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
            These services, by name; else all that have their key or are enabled, in ``scope``.
        types : iterable of str, optional
            Only ``ipv4``, ``ipv6``, ``domain``, ``url``, ``md5``, ``sha1``, ``sha256``.
        scope : ``primary``, ``secondary`` or ``all``
            Secondary services are those that are asked only now and then.
        offline : bool
            Only what was asked before, however old.
        progress : callable, optional
            Told how far it is, from another thread.

        Returns
        -------
        Rows
            One row per observable and service, with msticpy's column names: ``Ioc``, ``IocType``, ``SafeIoc``,
            ``QuerySubtype``, ``Provider``, ``Result``, ``Severity``, ``Details``, ``RawResult``, ``Reference``,
            ``Status``; then ``as_of`` (UTC) and ``from_cache``. See :data:`flowsleuth.schema.intel.LOOKUP`.

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

        return Rows(
            look_up(
                observables,
                self.settings.intel,
                self.folder / CACHE,
                providers=providers,
                types=types,
                scope=scope,
                offline=offline,
                tell=progress,
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
