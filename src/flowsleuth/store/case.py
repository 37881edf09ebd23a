"""The analyst database: what people decide and write. SQLite in the workspace, or PostgreSQL by URL for a team.

It is apart from rows at rest, because those can be made again and this cannot: no run of anything deletes from it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import exc

from flowsleuth.errors import StoreError
from flowsleuth.schema.analyst import CASE_TABLES, FILE_NAME
from flowsleuth.store.case_rows import Where, case_table, complete_row, conditions_of, declared_table, select_rows
from flowsleuth.store.case_tables import METADATA, TABLES, keep_statements

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1
WAIT_S = 30.0
"""How long one writer waits for another."""
WRITER = "flowsleuth_writer"
LOCK_KEY = 0x666C6F77
"""PostgreSQL advisory lock held while tables are made ("flow")."""


class CaseDatabase:
    """Rows of the analyst database.

    Get one from :meth:`open`. Safe to use from several threads; each process opens its own.

    Examples
    --------
    >>> import tempfile
    >>> db = CaseDatabase.open(Path(tempfile.mkdtemp()))
    >>> with db.transaction("ana") as case:
    ...     case.put("setting", "heuristics", {"value": ["fan_out"]})
    >>> db.rows("setting", {"name": "heuristics"})[0]["value"]
    ['fan_out']
    >>> db.close()
    """

    def __init__(self, engine: sa.Engine, where: str) -> None:
        self._engine = engine
        self.where = where

    @classmethod
    def open(cls, folder: Path, url: str | None = None) -> CaseDatabase:
        """Open the database of a workspace; make it when it is not there.

        Parameters
        ----------
        folder : Path
            The workspace; its ``analyst.db`` is used when no URL is given.
        url : str, optional
            SQLAlchemy URL, such as ``postgresql+psycopg://ana@db/case``.

        Raises
        ------
        StoreError
            It cannot be reached or read, or was made by a newer flowsleuth.
        """
        target = url or f"sqlite:///{(folder / FILE_NAME).resolve()}"
        try:
            engine = _engine(target)
        except (exc.ArgumentError, exc.NoSuchModuleError, ImportError) as error:
            hint = 'use a URL like postgresql+psycopg://user@host/name and: pip install "flowsleuth[postgres]"'
            raise StoreError(f"not a database that can be opened: {error}", where="case_url", hint=hint) from None
        made = cls(engine, engine.url.render_as_string(hide_password=True))
        with made._told():
            made._prepare()
        return made

    def close(self) -> None:
        """Let connections go."""
        self._engine.dispose()

    def _prepare(self) -> None:
        """Make what is missing, one process at a time; refuse what a newer flowsleuth has made."""
        with self._writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
            METADATA.create_all(connection)
            for statement in keep_statements(connection.dialect.name):
                connection.exec_driver_sql(statement)
            setting = TABLES["setting"]
            found = connection.execute(sa.select(setting.c.value).where(setting.c.name == "format")).scalar()
            if found is None:
                connection.execute(setting.insert().values(name="format", value=FORMAT))
            elif found > FORMAT:
                raise StoreError("made by a newer flowsleuth", where=self.where, hint="update flowsleuth")

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._engine.connect() as connection:
            writer = connection.execution_options(**{WRITER: True})
            with writer.begin():
                yield writer

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in our words what the database complains of."""
        try:
            yield
        except exc.DBAPIError as error:
            said = str(error.orig).strip().splitlines()
            hint = "is another program holding it? else restore the file from a copy"
            raise StoreError(said[0] if said else "refused", where=self.where, hint=hint) from error

    # reading ------------------------------------------------------------------------------------------------------

    def rows(
        self,
        table: str,
        where: Where | None = None,
        *,
        order: Sequence[str] = (),
        limit: int | None = None,
        offset: int = 0,
        columns: Sequence[str] | None = None,
    ) -> list[dict[str, Any]]:
        """Rows as dicts.

        Parameters
        ----------
        table : str
        where : mapping, optional
            Column to value; all must hold. A value may be a scalar, None (null), a list (one of) or a pair
            ``(operator, value)`` with ``=  !=  <  <=  >  >=  in``.
        order : sequence of str
            Columns; ``-made`` for the latest first. Without it the order is that of the key.
        limit, offset : int
        columns : sequence of str, optional
            Only these.
        """
        with self._told(), self._engine.connect() as connection:
            return select_rows(connection, table, where, order=order, limit=limit, offset=offset, columns=columns)

    def arrow(
        self, table: str, where: Where | None = None, *, order: Sequence[str] = (), columns: Sequence[str] | None = None
    ) -> pa.Table:
        """The same as :meth:`rows`, as a table with the declared types."""
        import pyarrow as pa

        found = self.rows(table, where, order=order, columns=columns)
        schema = declared_table(table).arrow_schema()
        if columns is not None:
            schema = pa.schema([schema.field(name) for name in columns])
        return pa.table({f.name: pa.array(_plain([row[f.name] for row in found], f.type), f.type) for f in schema})

    def count(self, table: str, where: Where | None = None) -> int:
        """How many rows."""
        found = case_table(table)
        with self._told(), self._engine.connect() as connection:
            counted = sa.select(sa.func.count()).select_from(found).where(*conditions_of(found, where))
            return int(connection.execute(counted).scalar_one())

    # writing ------------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self, analyst: str) -> Iterator[CaseTransaction]:
        """Write all or nothing.

        On SQLite there is one writer at a time, and what is read within the block cannot change until its end; on
        PostgreSQL rows that two write are waited for.

        Raises
        ------
        StoreError
            Another writer kept it for longer than :data:`WAIT_S`, or the database refused.
        """
        with self._told(), self._writing() as connection:
            yield CaseTransaction(connection, analyst)


class CaseTransaction:
    """Reads and writes of one transaction; see :meth:`CaseDatabase.transaction`."""

    def __init__(self, connection: sa.Connection, analyst: str) -> None:
        self._connection = connection
        self.analyst = analyst

    def rows(self, table: str, where: Where | None = None, *, order: Sequence[str] = ()) -> list[dict[str, Any]]:
        """See :meth:`CaseDatabase.rows`."""
        return select_rows(self._connection, table, where, order=order)

    def insert(self, table: str, row: Mapping[str, Any]) -> Any:
        """Add a row; its id."""
        done = self._connection.execute(case_table(table).insert().values(complete_row(table, row)))
        assert done.inserted_primary_key is not None
        return done.inserted_primary_key[0]

    def insert_many(self, table: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Add rows; how many. Every row has the columns of the first."""
        listed = [complete_row(table, row) for row in rows]
        if listed:
            self._connection.execute(case_table(table).insert(), listed)
        return len(listed)

    def update(self, table: str, values: Mapping[str, Any], where: Where) -> int:
        """Change rows; how many.

        Raises
        ------
        StoreError
            The table is append-only.
        """
        if CASE_TABLES[table].is_append_only:
            raise StoreError("rows of this table are never changed", where=table)
        found = case_table(table)
        changed = found.update().where(*conditions_of(found, where)).values(complete_row(table, values))
        return self._connection.execute(changed).rowcount

    def put(self, table: str, key: str, values: Mapping[str, Any]) -> None:
        """Set the row with this (text) key, whether it is there or not."""
        name = str(declared_table(table).id_column)
        if not self.update(table, values, {name: key}):
            self.insert(table, {name: key, **values})

    def delete(self, table: str, where: Where) -> int:
        """Delete rows of a table that holds nobody's work; how many.

        Raises
        ------
        StoreError
            The table's rows stay for good.
        """
        if not CASE_TABLES[table].is_disposable:
            raise StoreError("rows of this table are never deleted", where=table)
        found = case_table(table)
        return self._connection.execute(found.delete().where(*conditions_of(found, where))).rowcount

    def audit(self, verb: str, kind: str, object_id: object = None, detail: Any = None) -> None:
        """Note who did what to what, when."""
        name = None if object_id is None else str(object_id)
        row = {"at": now(), "analyst": self.analyst, "verb": verb, "object": kind, "object_id": name, "detail": detail}
        self.insert("audit", row)


def now() -> dt.datetime:
    """This moment, UTC."""
    return dt.datetime.now(dt.UTC)


def _engine(url: str) -> sa.Engine:
    made = sa.make_url(url)
    if made.get_backend_name() != "sqlite":
        return sa.create_engine(made, pool_pre_ping=True)
    engine = sa.create_engine(made, connect_args={"timeout": WAIT_S})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin when SQLAlchemy says so, not at the first write
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begin_sqlite(connection: sa.Connection) -> None:
    # a writer is one from its beginning: a reader that turns writer later may find that another was quicker
    is_writer = connection.get_execution_options().get(WRITER, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


def _plain(values: list[Any], kind: Any) -> list[Any]:
    """JSON values as text, for Arrow."""
    import json

    import pyarrow as pa

    if not pa.types.is_string(kind):
        return values
    return [v if v is None or isinstance(v, str) else json.dumps(v, sort_keys=True) for v in values]
