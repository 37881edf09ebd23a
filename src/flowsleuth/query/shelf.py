"""The queries of a provider: added from files, listed, searched, browsed, found by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import CatalogueError
from flowsleuth.query.definitions import QueryDefinition
from flowsleuth.query.files import for_environment, read_library

if TYPE_CHECKING:
    from flowsleuth.query.browser import QueryBrowser


class QueryShelf:
    """Queries for one environment by ``Group.query``; a query of the same name and group gives way to a later one."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        self._queries: dict[str, QueryDefinition] = {}

    def _add(self, queries: Iterable[QueryDefinition]) -> int:
        mine = for_environment(queries, self.environment)
        for query in mine:
            for family in query.families or ("Other",):
                self._queries[f"{family}.{query.name}"] = query
        return len(mine)

    def add_queries(self, *paths: str | Path) -> int:
        """Read more query files; the number of queries that are for this environment.

        Raises
        ------
        QueryFileError
            A file is not in the format.
        """
        return self._add(read_library(paths, own=False))

    def list_queries(self, text: str = "") -> list[str]:
        """Names of queries, ``Group.query``; with a text, those that :meth:`search` finds."""
        return self.search(text) if text else sorted(self._queries)

    def search(self, text: str) -> list[str]:
        """Queries that have every word of a text in their name, description, parameters, tags or table.

        Examples
        --------
        >>> from flowsleuth.query import QueryProvider
        >>> QueryProvider("Sentinel").search("heartbeat ip_address")
        ['Heartbeat.get_heartbeat_for_ip', 'Network.get_heartbeat_for_ip']
        """
        words = text.casefold().split()
        return sorted(name for name, one in self._queries.items() if all(word in _words(name, one) for word in words))

    def definition(self, name: str) -> QueryDefinition:
        """A query by its name, with or without its group.

        Raises
        ------
        CatalogueError
            There is no such query.
        """
        if name in self._queries:
            return self._queries[name]
        found = {id(one): one for key, one in self._queries.items() if key.rpartition(".")[2] == name}
        if len(found) == 1:
            return next(iter(found.values()))
        several = [key for key in self.list_queries() if key.rpartition(".")[2] == name]
        told = "several groups have a query of this name" if several else f"no such query in {self.environment}"
        near = several or self.search(name.rpartition(".")[2]) or self.list_queries()
        raise CatalogueError(told, where=name, available=near)

    def browse(self, text: str = "") -> QueryBrowser:
        """A list of the queries with what they do, for notebooks; a widget to choose from where ipywidgets is there."""
        from flowsleuth.query.browser import QueryBrowser

        return QueryBrowser(self.environment, {name: self._queries[name] for name in self.list_queries(text)})

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *(key.split(".")[0] for key in self._queries)})

    def __iter__(self) -> Iterator[str]:
        return iter(self.list_queries())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.environment!r}, queries={len(self._queries)})"


def _words(name: str, query: QueryDefinition) -> str:
    tables = [one.default for one in query.parameters.values() if one.name == "table" and isinstance(one.default, str)]
    parts: list[Any] = [name, query.description, *query.parameters, *tables]
    tags = query.metadata.get("tags")
    return " ".join(map(str, [*parts, *(tags if isinstance(tags, list) else [])])).casefold()
