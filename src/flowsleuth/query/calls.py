"""How a query was called: what is about the query, and what is about how it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flowsleuth.query.definitions import QueryDefinition

_CONTROLS = ("print_query", "split_by", "split_query_by", "query_options")


@dataclass(frozen=True)
class Call:
    """A call sorted out: what is about the query, and what is about how it is run."""

    objects: tuple[Any, ...]
    given: Mapping[str, Any]
    split_by: Any = None
    options: Mapping[str, Any] | None = None
    only_text: bool = False


def sort_out(query: QueryDefinition, objects: tuple[Any, ...], given: Mapping[str, Any]) -> Call:
    """Take out what is about the call; a parameter of the query of that name stays one."""
    rest = dict(given)
    found = {name: rest.pop(name) for name in _CONTROLS if name in rest and query.parameter_of(name) is None}
    words = [one for one in objects if isinstance(one, str) and one.casefold() in ("print", "help", "?")]
    things = tuple(one for one in objects if not any(one is word for word in words))
    split = found.get("split_by") or found.get("split_query_by")
    return Call(things, rest, split, found.get("query_options"), bool(found.get("print_query")) or bool(words))
