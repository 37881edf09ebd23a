"""Tables of a workspace: read through an engine, written as Parquet, listed in the catalogue."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flowsleuth.errors import StoreError
from flowsleuth.schema import GROWN, TABLES
from flowsleuth.schema import table as find_table
from flowsleuth.store.catalog import Catalog, Part
from flowsleuth.store.engine import Engine, connect

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

LOCK = "write.lock"
GRACE_S = 600.0
"""How long a replaced file stays for those who are still reading it."""


class Store:
    """The rows of one workspace folder.

    Parameters
    ----------
    folder : Path
        The workspace.
    engine : str
        Engine URL; connected when first asked.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> store = Store(pathlib.Path(tempfile.mkdtemp()))
    >>> int(store.table("flow").count().execute())
    0
    >>> store.close()
    """

    def __init__(self, folder: Path, engine: str = "duckdb") -> None:
        self.folder = folder
        self.catalog = Catalog(folder)
        self.scratch = folder / "scratch"
        self._url = engine
        self._engine: Engine | None = None
        self._views: dict[tuple[str, ...], ir.Table] = {}
        self._writing = False
        self._turn = threading.RLock()

    def close(self) -> None:
        """Close catalogue and engine."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        self._views.clear()
        self.catalog.close()

    def interrupt(self) -> None:
        """Stop what another thread is asking; its question fails. Does nothing while no engine is connected."""
        if self._engine is not None:
            self._engine.interrupt()

    @property
    def is_embedded(self) -> bool:
        """Whether the engine is DuckDB, in this process."""
        return self._url.partition(":")[0] == "duckdb"

    @property
    def engine(self) -> Engine:
        """The engine, connected on first use."""
        with self._turn:
            if self._engine is None:
                self._engine = connect(self._url, self.scratch)
            return self._engine

    # reading ------------------------------------------------------------------------------------------------------

    def table(self, name: str, dates: Iterable[str] | None = None, tag: str | None = None) -> ir.Table:
        """An Ibis table of the rows that are live now.

        Parameters
        ----------
        name : str
            Table name, or ``count_…`` for kept counts.
        dates : iterable of str, optional
            Only these days (other files are not opened).
        tag : str, optional
            Only parts of this tag.
        """
        return self.view(name, self.catalog.parts(name, dates, tag))

    def days(self, name: str, start: dt.datetime | None, end: dt.datetime | None) -> list[str] | None:
        """The stored days of a table that a window touches, so that other files are not opened; None for all."""
        if start is None and end is None:
            return None
        first = "" if start is None else start.astimezone(dt.UTC).date().isoformat()
        last = "9999-12-31" if end is None else end.astimezone(dt.UTC).date().isoformat()
        return sorted({part.date for part in self.catalog.parts(name) if part.date and first <= part.date <= last})

    def view(self, name: str, parts: Iterable[Part]) -> ir.Table:
        """An Ibis table over given parts; with no part, an empty table of the right columns."""
        paths = self.files(name, parts)
        key = (name, *map(str, paths))
        with self._turn:
            if key not in self._views:
                if len(self._views) > 256:
                    self._views.clear()
                self._views[key] = self.engine.view(name, paths)
            return self._views[key]

    def files(self, name: str, parts: Iterable[Part]) -> list[Path]:
        """The Parquet files to read for given parts: those with rows, else one that has the columns, so never none."""
        listed = list(parts)
        paths = [part.path for part in listed if part.rows] or [part.path for part in listed[:1]]
        if name in GROWN or not paths:
            paths.insert(0, self.empty(name))  # it has all columns, which older parts lack
        return [self.folder / path for path in paths]

    def empty(self, name: str) -> str:
        """Path of an empty Parquet file with a table's columns."""
        import pyarrow.parquet as pq

        path = f"tables/{name}/empty.parquet"
        target = self.folder / path
        if not target.exists() or (name in GROWN and pq.read_schema(target).names != list(find_table(name).names)):
            if name not in TABLES:
                raise StoreError("nothing is stored under this name", where=name)
            target.parent.mkdir(parents=True, exist_ok=True)
            aside = target.with_suffix(f".{uuid.uuid4().hex}")
            pq.write_table(find_table(name).arrow_schema().empty_table(), aside)
            aside.replace(target)
        return path

    def arrow(self, expression: ir.Table) -> pa.Table:
        """Fetch a whole result."""
        return self.engine.arrow(expression)

    def batches(self, expression: ir.Table, rows: int = 131_072) -> Iterator[pa.RecordBatch]:
        """Stream a result."""
        return self.engine.batches(expression, rows)

    @contextmanager
    def kept(self, expression: ir.Table) -> Iterator[ir.Table]:
        """The rows of an expression that is asked more than once, worked out once and held by the engine meanwhile."""
        held = self.engine.keep(expression)
        try:
            yield held
        finally:
            self.engine.forget(held)

    # writing ------------------------------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer of the workspace; clears away what a killed writer left.

        Raises
        ------
        StoreError
            Another process writes to this workspace.
        """
        if self._writing:
            yield
            return
        with (self.folder / LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                hint = "wait until it is done"
                raise StoreError(
                    "another process is writing to this workspace", where=str(self.folder), hint=hint
                ) from None
            self._writing = True
            try:
                self._clear()
                yield
            finally:
                self._writing = False

    def _clear(self) -> None:
        """Delete files that are not listed: left by a killed writer, or replaced a while ago."""
        self.delete_dead(time.time() - GRACE_S)
        kept = self.catalog.paths() | set(self.catalog.dead(float("inf")))
        for folder, _, names in os.walk(self.folder / "tables"):
            place = Path(folder).relative_to(self.folder)
            for name in names:
                path = str(place / name)
                if name.startswith("part-") and path not in kept:
                    (self.folder / path).unlink(missing_ok=True)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def delete_dead(self, before: float = float("inf")) -> None:
        """Delete the files that were replaced before a time (seconds since 1970), whoever may still read them."""
        dead = self.catalog.dead(before)
        for path in dead:
            (self.folder / path).unlink(missing_ok=True)
        self.catalog.forget_dead(dead)

    def write(self, name: str, rows: pa.Table, *, tag: str = "", tail_of: int | None = None) -> list[Part]:
        """Write rows as Parquet, a file a day; list them in a catalogue transaction to make them count."""
        from flowsleuth.store.parquet import split_days, write_part

        table = find_table(name)
        days: list[tuple[str | None, pa.Table]] = (
            list(split_days(rows, table.time_column)) if table.time_column else [(None, rows)]
        )
        like = Part("", name, None, 0, 0, tag, tail_of)
        return [write_part(self.folder, table, day, part, like) for day, part in days if len(part)]

    def write_counts(self, name: str, date: str, rows: pa.Table, tag: str) -> Part:
        """Write kept counts of a day."""
        from flowsleuth.schema import Table
        from flowsleuth.store.parquet import write_part

        table = Table(name, "kept counts", (), time_column=None)
        return write_part(self.folder, table, date, rows, Part("", name, date, 0, 0, tag), is_counts=True)

    def replace(self, old: Iterable[Part], new: Iterable[Part]) -> None:
        """Put parts in the place of others, in one step."""
        with self.catalog.transaction():
            self.catalog.remove([part.path for part in old])
            self.catalog.add(new)
