"""Rows of the analyst database by conditions: names are checked, values bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from flowsleuth.errors import CatalogueError
from flowsleuth.schema.analyst import CASE_TABLES
from flowsleuth.store.case_tables import TABLES

Where = Mapping[str, Any]
_OPERATORS = {
    "=": "__eq__", "!=": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__", "in": "in_",
}  # fmt: skip


def declared_table(table: str) -> Any:
    """What is declared of a table.

    Raises
    ------
    CatalogueError
        There is no such table.
    """
    try:
        return CASE_TABLES[table]
    except KeyError:
        raise CatalogueError("no such table of the analyst database", where=table, available=CASE_TABLES) from None


def case_table(name: str) -> sa.Table:
    """The table itself."""
    declared_table(name)
    return TABLES[name]


def complete_row(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row, when all its columns exist."""
    unknown = sorted(set(row) - set(declared_table(table).names))
    if unknown:
        raise CatalogueError(
            f"the table {table} has no such column", where=unknown[0], available=declared_table(table).names
        )
    return dict(row)


def conditions_of(table: sa.Table, where: Where | None) -> list[sa.ColumnElement[bool]]:
    """Column → value (None: it is null), list (one of them), or pair of operator and value; all must hold."""
    found: list[sa.ColumnElement[bool]] = []
    for name, value in (where or {}).items():
        complete_row(table.name, {name: value})
        column = table.c[name]
        if value is None:
            found.append(column.is_(None))
        elif isinstance(value, list):
            found.append(column.in_(value))
        elif isinstance(value, tuple):
            operator, operand = value
            if operator == "!=" and operand is None:
                found.append(column.is_not(None))
            else:
                found.append(getattr(column, _OPERATORS[operator])(operand))
        else:
            found.append(column == value)
    return found


def select_rows(
    connection: sa.Connection,
    table: str,
    where: Where | None,
    *,
    order: Sequence[str] = (),
    limit: int | None = None,
    offset: int = 0,
    columns: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Rows under the conditions, in an order that is always the same; ``-name`` orders downwards."""
    found = case_table(table)
    chosen = found.c if columns is None else [found.c[name] for name in columns]
    by = [found.c[name.lstrip("-")].desc() if name.startswith("-") else found.c[name].asc() for name in order]
    question = sa.select(*chosen).where(*conditions_of(found, where)).order_by(*by, *found.primary_key)
    if limit is not None:
        question = question.limit(limit)
    if offset:
        question = question.offset(offset)
    return [dict(row) for row in connection.execute(question).mappings()]
