"""The schema as Markdown, for the manual: what introspection tells, so that it cannot be out of date."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLScalarType,
    get_named_type,
    is_specified_scalar_type,
)

from flowsleuth.faces.graphql.schema import SCHEMA

if TYPE_CHECKING:
    from graphql import GraphQLNamedType


def reference() -> str:
    """Every type with its fields, those that are reached first at the top.

    Examples
    --------
    >>> "`srcIp_isInternal`" in reference()
    True
    """
    kinds = list(_reached())
    scalars = [k for k in kinds if isinstance(k, GraphQLScalarType) and not is_specified_scalar_type(k)]
    out = ["### Scalars\n", "| scalar | meaning |", "|---|---|"]
    out += [f"| `{kind.name}` | {_cell(kind.description)} |" for kind in scalars]
    for kind in kinds:
        if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType):
            out += [f"\n### {kind.name}\n", f"{kind.description}\n", *_fields(kind)]
    return "\n".join(out)


def _fields(kind: GraphQLObjectType | GraphQLInputObjectType) -> Iterator[str]:
    yield "| field | type | meaning |"
    yield "|---|---|---|"
    for name, one in kind.fields.items():
        field: Any = one
        told = _cell(field.description)
        for argument, what in getattr(field, "args", {}).items():
            told += f"<br>`{argument}: {what.type}` {_cell(what.description)}"
        yield f"| `{name}` | `{field.type}` | {told} |"


def _reached() -> Iterator[GraphQLNamedType]:
    """Types in the order in which a reader meets them."""
    core = SCHEMA._schema
    todo: list[GraphQLNamedType] = [kind for kind in (core.query_type, core.mutation_type) if kind is not None]
    seen: set[str] = set()
    while todo:
        kind = todo.pop(0)
        if kind.name in seen:
            continue
        seen.add(kind.name)
        yield kind
        for field in getattr(kind, "fields", {}).values():
            todo.append(get_named_type(field.type))
            todo += [get_named_type(argument.type) for argument in getattr(field, "args", {}).values()]


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|").replace("\n", " ")
