"""Values into query texts, escaped as each language asks: KQL, SPL, Elasticsearch (JSON and Lucene), SQL."""

from __future__ import annotations

from typing import Protocol

from flowsleuth.catalogue import Catalogue
from flowsleuth.query.definitions import QueryDefinition
from flowsleuth.query.languages.values import Rendered, Values

LANGUAGES = Catalogue(
    "flowsleuth.query_languages",
    {
        "kql": "flowsleuth.query.languages.kql:render",
        "spl": "flowsleuth.query.languages.spl:render",
        "elastic": "flowsleuth.query.languages.elastic:render",
        "sql": "flowsleuth.query.languages.sql:render",
    },
)


class Render(Protocol):
    """Puts values into a query's text."""

    def __call__(self, query: QueryDefinition, values: Values) -> Rendered: ...


def renderer(language: str) -> Render:
    """The function that puts values into texts of a language."""
    render: Render = LANGUAGES.load(language)
    return render
