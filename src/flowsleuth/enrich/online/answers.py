"""Answers of others, and the file that keeps them: asked once, told again with their age."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

OK, NO_DATA, TIMED_OUT, NOT_ASKED, FAILED = "ok", "no data", "timed out", "not asked", "failed"
WORTH_KEEPING = (OK, NO_DATA)
FILE_NAME = "answers.db"
DAY_S = 86_400.0
_AT_A_TIME = 500

_TABLE = """CREATE TABLE IF NOT EXISTS answer (service TEXT NOT NULL, observable TEXT NOT NULL, status TEXT NOT NULL,
    facts TEXT NOT NULL, as_of REAL NOT NULL, PRIMARY KEY (service, observable)) WITHOUT ROWID"""


@dataclass(frozen=True)
class Answer:
    """What a service said about one observable.

    Attributes
    ----------
    observable, service : str
    status : ``ok``, ``no data``, ``timed out``, ``not asked`` or ``failed``
    facts : dict
        Plain JSON values; empty unless ``ok``.
    reason : str
        Why there is no answer.
    as_of : datetime
        When it was said, UTC.
    from_cache : bool
        It was said before and kept.
    """

    observable: str
    service: str
    status: str = OK
    facts: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    as_of: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    from_cache: bool = False


class KeptAnswers:
    """Answers on disk, by service and observable. A damaged file is begun anew: nothing in it is lost for good.

    Parameters
    ----------
    folder : Path
        Where the file is; made when the first answer is kept.

    Examples
    --------
    >>> import tempfile
    >>> kept = KeptAnswers(Path(tempfile.mkdtemp()))
    >>> kept.keep([Answer("192.0.2.1", "who", facts={"asn": 64496})])
    >>> kept.find("who", ["192.0.2.1", "192.0.2.2"], 3600)["192.0.2.1"].facts
    {'asn': 64496}
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME

    def find(self, service: str, observables: Iterable[str], age_s: float) -> dict[str, Answer]:
        """Answers no older than ``age_s`` seconds."""
        wanted = list(observables)
        oldest = dt.datetime.now(dt.UTC).timestamp() - age_s
        found: dict[str, Answer] = {}
        for at in range(0, len(wanted), _AT_A_TIME):
            for observable, status, facts, as_of in self._rows(service, oldest, wanted[at : at + _AT_A_TIME]):
                found[observable] = _answer(observable, service, status, facts, as_of)
        return found

    def all_of(self, service: str, age_s: float) -> list[Answer]:
        """Every answer of a service that is no older."""
        oldest = dt.datetime.now(dt.UTC).timestamp() - age_s
        return [
            _answer(observable, service, status, facts, as_of)
            for observable, status, facts, as_of in self._rows(service, oldest)
        ]

    def _rows(self, service: str, oldest: float, only: list[str] | None = None) -> list[tuple[str, str, str, float]]:
        if not self._path.exists():
            return []
        sql = "SELECT observable, status, facts, as_of FROM answer WHERE service = ? AND as_of >= ?"
        if only is not None:
            sql += f" AND observable IN ({', '.join('?' * len(only))})"
        try:
            with closing(sqlite3.connect(self._path, timeout=5)) as db:
                return list(db.execute(sql, (service, oldest, *(only or ()))))
        except sqlite3.DatabaseError:
            return []

    def keep(self, answers: Iterable[Answer]) -> None:
        """Keep those that say something; what could not be asked will be asked again."""
        rows = [
            (one.service, one.observable, one.status, json.dumps(dict(one.facts)), one.as_of.timestamp())
            for one in answers
            if one.status in WORTH_KEEPING and not one.from_cache
        ]
        if not rows:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._write(rows)
        except sqlite3.OperationalError:
            return  # another process writes: it is only a cache
        except sqlite3.DatabaseError:
            self._path.unlink(missing_ok=True)
            self._write(rows)

    def _write(self, rows: list[tuple[Any, ...]]) -> None:
        with closing(sqlite3.connect(self._path, timeout=5)) as db:
            db.execute(_TABLE)
            db.executemany("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?)", rows)
            db.commit()


def _answer(observable: str, service: str, status: str, facts: str, as_of: float) -> Answer:
    said = dt.datetime.fromtimestamp(as_of, dt.UTC)
    return Answer(observable, service, status, json.loads(facts), as_of=said, from_cache=True)


def not_asked(observable: str, service: str, reason: str) -> Answer:
    """An answer that was not sought.

    Examples
    --------
    >>> not_asked("10.0.0.1", "rdap", "a private address").status
    'not asked'
    """
    return Answer(observable, service, NOT_ASKED, reason=reason)


def renamed(answer: Answer, observable: str) -> Answer:
    """The same answer for another observable it holds for."""
    return replace(answer, observable=observable)
