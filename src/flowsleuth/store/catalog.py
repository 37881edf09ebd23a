"""The list of what is at rest: which Parquet parts are live, which sources they came from, how far those were read.

One SQLite file. A part that is not listed does not exist, so a writer that is killed leaves the old state or the new.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from flowsleuth.errors import StoreError

FILE_NAME = "catalog.db"
FORMAT = 1

_TABLES = """
CREATE TABLE IF NOT EXISTS part (
    id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, tbl TEXT NOT NULL, date TEXT,
    rows INTEGER NOT NULL, bytes INTEGER NOT NULL, tag TEXT NOT NULL DEFAULT '', tail_of INTEGER,
    first_us INTEGER, last_us INTEGER);
CREATE INDEX IF NOT EXISTS part_tbl ON part (tbl, date);
CREATE TABLE IF NOT EXISTS dead (path TEXT PRIMARY KEY, since REAL NOT NULL);
CREATE TABLE IF NOT EXISTS source (
    number INTEGER PRIMARY KEY, file TEXT NOT NULL, path TEXT, reader TEXT NOT NULL, kind TEXT NOT NULL,
    file_key INTEGER NOT NULL UNIQUE, head_bytes INTEGER NOT NULL, head_digest TEXT NOT NULL, offset INTEGER NOT NULL,
    line INTEGER NOT NULL, state TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER, mtime_ns INTEGER,
    records INTEGER NOT NULL, rows INTEGER NOT NULL, rejects INTEGER NOT NULL, tail_rows INTEGER NOT NULL,
    tail_rejects INTEGER NOT NULL, is_done INTEGER NOT NULL, compression TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS skipped (
    file TEXT NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, records INTEGER, PRIMARY KEY (file, kind));
CREATE TABLE IF NOT EXISTS run (id TEXT, detector TEXT NOT NULL, date TEXT NOT NULL, finished TEXT NOT NULL,
    detail TEXT NOT NULL, PRIMARY KEY (detector, date));
"""


@dataclass(frozen=True)
class Part:
    """One Parquet file of a table.

    Attributes
    ----------
    path : str
        Relative to the workspace.
    tbl : str
        Table name.
    date : str or None
        UTC day of its rows, ``YYYY-MM-DD``.
    rows, bytes : int
    tag : str
        Replaced together: the detector of scores, the version counts were built from.
    tail_of : int or None
        ``file_key`` of the source whose unfinished last record these rows are.
    first_us, last_us : int or None
        Earliest and latest time in it, microseconds since 1970.
    """

    path: str
    tbl: str
    date: str | None
    rows: int
    bytes: int
    tag: str = ""
    tail_of: int | None = None
    first_us: int | None = None
    last_us: int | None = None


@dataclass
class SourceRow:
    """What is known of one ingested file.

    Attributes
    ----------
    file : str
        As given to ingest.
    path : str or None
        Absolute path.
    reader, kind : str
        Who read it, and what it is.
    file_key : int
        Number, unique in the workspace, that ids of its rows are made of.
    head_bytes, head_digest
        How much of the beginning identifies it, and its SHA-256.
    offset, line, state, digest
        How far it was read, and the SHA-256 of that.
    size, mtime_ns
        Of the file at the time, to pass it by quickly.
    records, rows, rejects : int
    tail_rows, tail_rejects : int
        Of these, in the unfinished last record.
    is_done : bool
        It was read to its end.
    compression : str
    """

    file: str
    path: str | None
    reader: str
    kind: str
    file_key: int
    head_bytes: int
    head_digest: str
    offset: int = 0
    line: int = 0
    state: str = ""
    digest: str = ""
    size: int | None = None
    mtime_ns: int | None = None
    records: int = 0
    rows: int = 0
    rejects: int = 0
    tail_rows: int = 0
    tail_rejects: int = 0
    is_done: bool = False
    compression: str = ""

    @property
    def has_tail(self) -> bool:
        """Its last record was unfinished when it was read."""
        return bool(self.tail_rows or self.tail_rejects)


@dataclass(frozen=True)
class Skipped:
    """Something in a folder that did not become rows: a file no reader knows, or records no table exists for."""

    file: str
    kind: str
    reason: str
    records: int | None


_PART_COLUMNS = [f.name for f in fields(Part)]
_SOURCE_COLUMNS = [f.name for f in fields(SourceRow)]


class Catalog:
    """The catalogue of one workspace folder.

    Raises
    ------
    StoreError
        The file is damaged, or was made by a newer flowsleuth.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self._db = sqlite3.connect(folder / FILE_NAME, timeout=30, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version > FORMAT:
                hint = "upgrade flowsleuth"
                raise StoreError("the workspace was made by a newer version", where=str(folder), hint=hint)
            if version < FORMAT:
                self._db.executescript(f"BEGIN; {_TABLES} PRAGMA user_version={FORMAT}; COMMIT;")
        except sqlite3.Error as error:
            raise StoreError(f"the catalogue cannot be opened: {error}", where=str(folder / FILE_NAME)) from None
        self._db.row_factory = sqlite3.Row

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done inside becomes visible together, or not at all."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def parts(self, table: str, dates: Iterable[str] | None = None, tag: str | None = None) -> list[Part]:
        """Live parts of a table, oldest first."""
        sql = f"SELECT {', '.join(_PART_COLUMNS)} FROM part WHERE tbl = ?"
        values: list[Any] = [table]
        if tag is not None:
            sql += " AND tag = ?"
            values.append(tag)
        found = [Part(*row) for row in self._db.execute(sql + " ORDER BY id", values)]
        if dates is None:
            return found
        wanted = set(dates)
        return [part for part in found if part.date in wanted]

    def paths(self) -> set[str]:
        """Paths of all live parts."""
        return {row[0] for row in self._db.execute("SELECT path FROM part")}

    def tables(self) -> dict[str, dict[str, int | None]]:
        """Rows, first and last time of every table that has rows."""
        sql = """SELECT tbl, SUM(rows) AS rows, MIN(first_us) AS first_us, MAX(last_us) AS last_us
                 FROM part GROUP BY tbl HAVING SUM(rows) > 0 ORDER BY tbl"""
        return {row["tbl"]: {k: row[k] for k in ("rows", "first_us", "last_us")} for row in self._db.execute(sql)}

    def dates(self, table: str) -> list[str]:
        """Days that a table has rows of, oldest first."""
        sql = "SELECT DISTINCT date FROM part WHERE tbl = ? AND rows > 0 AND date IS NOT NULL ORDER BY date"
        return [row[0] for row in self._db.execute(sql, (table,))]

    def version(self, table: str, date: str) -> str:
        """A text that changes whenever the rows of a table's day change."""
        sql = "SELECT COUNT(*), COALESCE(SUM(rows), 0), COALESCE(MAX(id), 0) FROM part WHERE tbl = ? AND date = ?"
        return ":".join(str(value) for value in self._db.execute(sql, (table, date)).fetchone())

    def add(self, parts: Iterable[Part]) -> None:
        """List parts; call inside a transaction."""
        marks = ", ".join("?" for _ in _PART_COLUMNS)
        sql = f"INSERT INTO part ({', '.join(_PART_COLUMNS)}) VALUES ({marks})"
        self._db.executemany(sql, [tuple(asdict(part).values()) for part in parts])

    def remove(self, paths: Sequence[str]) -> None:
        """Unlist parts; their files are deleted later, when nobody reads them any more. Call inside a transaction."""
        now = time.time()
        self._db.executemany("DELETE FROM part WHERE path = ?", [(path,) for path in paths])
        self._db.executemany("INSERT OR REPLACE INTO dead VALUES (?, ?)", [(path, now) for path in paths])

    def tail_parts(self, file_key: int) -> list[Part]:
        """Parts that hold the unfinished last record of a source."""
        sql = f"SELECT {', '.join(_PART_COLUMNS)} FROM part WHERE tail_of = ?"
        return [Part(*row) for row in self._db.execute(sql, (file_key,))]

    def part_numbers(self, tables: Iterable[str]) -> dict[str, int]:
        """Number of each live part of some tables by path; later parts have larger numbers."""
        found: dict[str, int] = {}
        for name in tables:
            found |= {row[0]: row[1] for row in self._db.execute("SELECT path, id FROM part WHERE tbl = ?", (name,))}
        return found

    def retag(self, path: str, tag: str) -> None:
        """Change the tag of a part."""
        self._db.execute("UPDATE part SET tag = ? WHERE path = ?", (tag, path))

    def sources(self) -> list[SourceRow]:
        """Every source, in the order of ingest."""
        rows = self._db.execute(f"SELECT {', '.join(_SOURCE_COLUMNS)} FROM source ORDER BY number")
        found = [SourceRow(*row) for row in rows]
        for source in found:
            source.is_done = bool(source.is_done)
        return found

    def save_source(self, source: SourceRow) -> None:
        """Insert or update a source; call inside a transaction."""
        marks = ", ".join("?" for _ in _SOURCE_COLUMNS)
        sets = ", ".join(f"{name} = excluded.{name}" for name in _SOURCE_COLUMNS if name != "file_key")
        self._db.execute(
            f"INSERT INTO source ({', '.join(_SOURCE_COLUMNS)}) VALUES ({marks}) "
            f"ON CONFLICT (file_key) DO UPDATE SET {sets}",
            tuple(asdict(source).values()),
        )

    def skipped(self) -> list[Skipped]:
        """What was passed over, in order of file."""
        sql = "SELECT file, kind, reason, records FROM skipped ORDER BY file, kind"
        return [Skipped(*row) for row in self._db.execute(sql)]

    def save_skipped(self, skipped: Skipped) -> None:
        """Note something that was passed over; the latest word on a file and kind counts."""
        self._db.execute(
            "INSERT OR REPLACE INTO skipped VALUES (?, ?, ?, ?)",
            (skipped.file, skipped.kind, skipped.reason, skipped.records),
        )

    def copy_to(self, folder: Path, *, runs_before: str) -> None:
        """The list of live parts, of sources, and of runs on days before one, as it is now, in another folder.

        Parts keep their numbers, so that what was counted from the same parts counts there too.
        """
        target = sqlite3.connect(folder / FILE_NAME, isolation_level=None)
        try:
            self._db.backup(target)
            target.execute("DELETE FROM run WHERE date >= ?", (runs_before,))
            for table in ("dead", "skipped"):
                target.execute(f"DELETE FROM {table}")
        finally:
            target.close()

    def forget(self, paths: Sequence[str]) -> None:
        """Unlist parts of which there is no file here. Call inside a transaction."""
        self._db.executemany("DELETE FROM part WHERE path = ?", [(path,) for path in paths])

    def runs(self) -> list[dict[str, Any]]:
        """The latest run of each detector on each day."""
        sql = "SELECT id, detector, date, finished, detail FROM run ORDER BY date, detector"
        return [dict(row) for row in self._db.execute(sql)]

    def save_run(self, run_id: str, detector: str, date: str, finished: str, detail: str) -> None:
        """Note a detector's run on a day; call inside a transaction."""
        self._db.execute(
            "INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?)", (run_id, detector, date, finished, detail)
        )

    def dead(self, before: float) -> list[str]:
        """Unlisted files since before a time (seconds since 1970)."""
        return [row[0] for row in self._db.execute("SELECT path FROM dead WHERE since <= ?", (before,))]

    def forget_dead(self, paths: Iterable[str]) -> None:
        """Their files are gone."""
        self._db.executemany("DELETE FROM dead WHERE path = ?", [(path,) for path in paths])
