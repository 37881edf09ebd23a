"""The query library on a page: escaped HTML anywhere, a widget to choose from where ipywidgets is there."""

from __future__ import annotations

import html
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from flowsleuth.query.definitions import QueryDefinition
from flowsleuth.query.functions import describe


class QueryBrowser:
    """Queries to read through in a notebook.

    Query files are texts of others: everything is escaped.

    Examples
    --------
    >>> evil = QueryDefinition("q", (), (), "T", {}, "<script>alert(1)</script>")
    >>> "<script>" in QueryBrowser("LocalData", {"Other.q": evil})._repr_html_()
    False
    """

    def __init__(self, environment: str, queries: Mapping[str, QueryDefinition]) -> None:
        self._environment = environment
        self._queries = dict(queries)

    def __len__(self) -> int:
        return len(self._queries)

    def __repr__(self) -> str:
        lines = [f"{name}: {query.description}" for name, query in self._queries.items()]
        return "\n".join([f"{len(self)} queries of {self._environment}", *lines])

    def _repr_html_(self) -> str:
        return "\n".join(self._one(name) for name in self._queries) or "<p>no query</p>"

    def _one(self, name: str) -> str:
        query = self._queries[name]
        text = query.text if isinstance(query.text, str) else repr(query.text)
        return (
            f"<details><summary><b>{html.escape(name)}</b> {html.escape(query.description)}</summary>"
            f"<pre>{html.escape(describe(query))}</pre><pre><code>{html.escape(text)}</code></pre></details>"
        )

    def widget(self) -> Any:
        """A list to choose from beside what is chosen.

        Raises
        ------
        MissingExtraError
            ipywidgets is not installed.
        """
        if find_spec("ipywidgets") is None:
            from flowsleuth.errors import MissingExtraError

            raise MissingExtraError("notebook", "ipywidgets")
        import ipywidgets

        names = list(self._queries)
        select = ipywidgets.Select(options=names, rows=15, layout=ipywidgets.Layout(width="40%"))
        page = ipywidgets.HTML(layout=ipywidgets.Layout(width="60%", overflow="auto"))

        def show(change: Any) -> None:
            page.value = self._one(change["new"]).replace("<details>", "<details open>") if change["new"] else ""

        select.observe(show, "value")
        if names:
            show({"new": names[0]})
        return ipywidgets.HBox([select, page])
