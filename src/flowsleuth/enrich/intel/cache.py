"""Answers kept on disk with their age: one SQLite file, JSON text inside, never a pickle, never a key."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flowsleuth.errors import StoreError

FILE_NAME = "lookups.db"
FORMAT = 1
_TABLE = """CREATE TABLE IF NOT EXISTS answer (
    request TEXT PRIMARY KEY, provider TEXT NOT NULL, type TEXT NOT NULL, observable TEXT NOT NULL,
    http INTEGER NOT NULL, body BLOB NOT NULL, asked_us INTEGER NOT NULL) WITHOUT ROWID"""
_AT_ONCE = 500
_MOST_BYTES = 64 * 2**20


NO_TIME = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
"""When an answer was asked of which nobody wrote down when."""


@dataclass(frozen=True)
class Kept:
    """An answer of a service.

    Attributes
    ----------
    http : int
        Status code: 200, or one that says that nothing is known.
    body : str
    asked : datetime
        UTC; :data:`NO_TIME` when that is not known.
    """

    http: int
    body: str
    asked: dt.datetime

    @property
    def as_of(self) -> dt.datetime | None:
        """When it was asked; None when that is not known."""
        return None if self.asked == NO_TIME else self.asked


def request_key(provider: str, url: str, body: str) -> str:
    """What an answer is kept under: who was asked what, without the key.

    Examples
    --------
    >>> len(request_key("otx", "https://otx.example/x", ""))
    64
    """
    return hashlib.sha256("\n".join((provider, url, body)).encode("utf-8", "surrogatepass")).hexdigest()


class AnswerCache:
    """The file; made when the first answer is put in.

    Parameters
    ----------
    path : Path
        Of the file. Several processes may use it at once.

    Examples
    --------
    >>> import tempfile
    >>> cache = AnswerCache(Path(tempfile.mkdtemp()) / FILE_NAME)
    >>> now = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    >>> cache.put([("k", "otx", "ipv4", "8.8.8.8", Kept(200, "{}", now))])
    >>> cache.get(["k"], since=now)["k"].body, cache.get(["k"], since=now + dt.timedelta(days=1))
    ('{}', {})
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db: sqlite3.Connection | None = None

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                made = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
                made.execute("PRAGMA journal_mode = WAL")
                made.execute("PRAGMA synchronous = NORMAL")
                if made.execute("PRAGMA user_version").fetchone()[0] > FORMAT:
                    raise StoreError("made by a newer flowsleuth", where=str(self.path), hint="delete it, or update")
                made.execute(_TABLE)
                made.execute(f"PRAGMA user_version = {FORMAT}")
            except (sqlite3.Error, OSError) as error:
                hint = "delete it: it can be made again"
                raise StoreError(f"the cache cannot be opened: {error}", where=str(self.path), hint=hint) from None
            self._db = made
        return self._db

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def get(self, requests: Sequence[str], since: dt.datetime) -> dict[str, Kept]:
        """What is kept of these requests and was asked at or after a time."""
        if self._db is None and not self.path.exists():
            return {}
        found: dict[str, Kept] = {}
        for begin in range(0, len(requests), _AT_ONCE):
            some = requests[begin : begin + _AT_ONCE]
            marks = ",".join("?" for _ in some)
            sql = f"SELECT request, http, body, asked_us FROM answer WHERE asked_us >= ? AND request IN ({marks})"
            for request, http, body, asked in self._open().execute(sql, (_micros(since), *some)):
                found[request] = Kept(http, _unpacked(body), _moment(asked))
        return found

    def every(self) -> list[tuple[str, str, str, Kept]]:
        """All that is kept: ``(provider, type, observable, answer)``, in that order."""
        if self._db is None and not self.path.exists():
            return []
        sql = "SELECT provider, type, observable, http, body, asked_us FROM answer ORDER BY provider, type, observable"
        rows = self._open().execute(sql)
        return [
            (who, kind, value, Kept(http, _unpacked(body), _moment(at))) for who, kind, value, http, body, at in rows
        ]

    def put(self, answers: Iterable[tuple[str, str, str, str, Kept]]) -> None:
        """Keep ``(request, provider, type, observable, answer)``; a later one replaces an earlier one."""
        rows = [
            (request, provider, kind, value, kept.http, zlib.compress(kept.body.encode(), 1), _micros(kept.asked))
            for request, provider, kind, value, kept in answers
        ]
        db = self._open()
        db.execute("BEGIN IMMEDIATE")
        try:
            db.executemany("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")


def _unpacked(body: bytes) -> str:
    return zlib.decompressobj().decompress(body, _MOST_BYTES).decode("utf-8", "replace")


def _micros(moment: dt.datetime) -> int:
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def _moment(micros: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=micros)
