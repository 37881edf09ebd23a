"""The analyst database's tables in SQLAlchemy's words, made from :mod:`flowsleuth.schema.analyst`."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from flowsleuth.schema.analyst import CASE_TABLES, CaseTable
from flowsleuth.schema.columns import NEVER, Column

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


class Moment(TypeDecorator[dt.datetime]):
    """An instant, kept as whole microseconds since 1970 on every database."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> int | None:
        """To the database."""
        return None if value is None else (value.astimezone(dt.UTC) - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Any) -> dt.datetime | None:
        """From the database."""
        return None if value is None else EPOCH + value * MICROSECOND


class Words(TypeDecorator[str]):
    """Text of any origin: what a database cannot hold (NUL, lone surrogates) becomes U+FFFD."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """To the database."""
        if value is None:
            return None
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""64 bits on both; SQLite numbers rows by itself only for what is called INTEGER."""

_TYPES: dict[str, Any] = {
    "int64": INTEGER,
    "int32": sa.Integer(),
    "float64": sa.Double(),
    "string": Words(),
    "bool": sa.Boolean(),
    "timestamp": Moment(),
    "json": sa.JSON(),
}


def _column(table: CaseTable, column: Column) -> sa.Column[Any]:
    is_key = column.name == table.id_column
    return sa.Column(column.name, _TYPES[column.type], primary_key=is_key, nullable=column.null != NEVER)


def _table(metadata: sa.MetaData, table: CaseTable) -> sa.Table:
    columns = [_column(table, column) for column in table.columns]
    indexes = [sa.Index(f"{table.name}_{'_'.join(names)}", *names) for names in table.indexes]
    # SQLite gives the number of a deleted last row out again unless told not to
    return sa.Table(
        table.name, metadata, *columns, *indexes, sqlite_autoincrement=table[str(table.id_column)].type == "int64"
    )


METADATA = sa.MetaData()
TABLES = {name: _table(METADATA, table) for name, table in CASE_TABLES.items()}

_KEEP_SQLITE = """CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'the table {table} is append-only'); END"""
_KEEP_POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the table {table} is append-only'; END $$""",
    """CREATE OR REPLACE TRIGGER {table}_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()""",
)


def keep_statements(dialect: str) -> list[str]:
    """SQL that has the database itself refuse changes of what was written into append-only tables."""
    kept = [name for name, table in CASE_TABLES.items() if table.is_append_only]
    if dialect == "sqlite":
        return [_KEEP_SQLITE.format(table=name, verb=verb) for name in kept for verb in ("UPDATE", "DELETE")]
    return [text.format(table=name) for name in kept for text in _KEEP_POSTGRESQL]
