"""Whom a notebooklet asks: providers by name, of which the workspace is one. Nothing is global, nothing is shared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

from flowsleuth.errors import CatalogueError

if TYPE_CHECKING:
    from flowsleuth.schema.time_range import TimeRange
    from flowsleuth.settings import Settings
    from flowsleuth.store import Store

WORKSPACE = "workspace"
QUERY_PROVIDER = "query_provider"
FOREIGN = "foreign"
"""Tables that no workspace has, by name: rows, or the error that asking for them ended with."""
LOOKUP = "tilookup"


class OpenWorkspace(Protocol):
    """What notebooklets use of a :class:`flowsleuth.Workspace`; whatever else it has, they may use too."""

    settings: Settings

    @property
    def store(self) -> Store:
        """The rows at rest."""
        ...

    @property
    def time_range(self) -> TimeRange:
        """The window when none is given."""
        ...

    def interrupt(self) -> None:
        """Stop what another thread asks."""
        ...

    def pivots(self) -> Any:
        """Every pivot."""
        ...

    def __getattr__(self, name: str) -> Any:
        """``lookup``, ``geo``, ``whois``, ``suspects``, ``ratings``, ``stories``, …"""
        ...


class Providers(Mapping[str, Any]):
    """Providers by name, whatever the case.

    Parameters
    ----------
    given : mapping
        Name → provider: ``workspace``, ``query_provider``, ``tilookup``, or any name that steps ask for.

    Examples
    --------
    >>> Providers({"LocalData": "…"}).find("AzureSentinel|localdata")
    'LocalData'
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = dict(given)

    @classmethod
    def of(cls, given: Any = None) -> Providers:
        """From what a user has at hand: a workspace, a query provider, a mapping, nothing."""
        if given is None or isinstance(given, Providers):
            return given or cls({})
        if isinstance(given, Mapping):
            workspace = given.get(WORKSPACE)
            return cls({**({} if workspace is None else of_workspace(workspace)), **given})
        if hasattr(given, "store") and hasattr(given, "time_range"):
            return cls(of_workspace(given))
        return cls({QUERY_PROVIDER: given, getattr(given, "environment", None) or QUERY_PROVIDER: given})

    def __getitem__(self, name: str) -> Any:
        found = self.find(name)
        if found is None:
            hint = "give it as data_providers={name: provider}"
            raise CatalogueError("no such provider", where=name, available=self._given, hint=hint)
        return self._given[found]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def find(self, names: str) -> str | None:
        """The first of some names, written ``A|B``, that there is a provider of."""
        known = {name.casefold(): name for name in self._given}
        return next((known[name] for name in names.casefold().split("|") if name in known), None)

    @property
    def workspace(self) -> OpenWorkspace | None:
        """The workspace, if there is one."""
        found = self.find(WORKSPACE)
        return None if found is None else cast(OpenWorkspace, self._given[found])

    @property
    def home(self) -> tuple[str, ...]:
        """Networks that are ours, for the direction of flows."""
        from flowsleuth.settings import DEFAULT_HOME

        workspace = self.workspace
        return tuple(DEFAULT_HOME if workspace is None else workspace.settings.home)

    def also(self, **more: Any) -> Providers:
        """These and others."""
        return Providers({**self._given, **more})

    def __repr__(self) -> str:
        return f"Providers({', '.join(self._given) or 'none'})"


def of_workspace(workspace: Any) -> dict[str, Any]:
    """The providers that a workspace is, by the names that notebooklets know."""
    methods = {LOOKUP: "lookup", "geolitelookup": "geo", "whois": "whois"}
    found = {name: getattr(workspace, method, None) for name, method in methods.items()}
    return {WORKSPACE: workspace, **{name: method for name, method in found.items() if method is not None}}
