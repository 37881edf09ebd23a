"""Results of notebooklets that somebody may still look at or download: few, for a while, each its owner's."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flowsleuth.errors import CatalogueError, OptionError
from flowsleuth.workspace.accounts import Role

if TYPE_CHECKING:
    from flowsleuth.notebooklets import NotebookletResult
    from flowsleuth.workspace.accounts import Identity

PER_PERSON = 8
"""Results kept of one person; the oldest goes first."""
MOST_BYTES = 512 * 1024 * 1024
"""Of all persons' results together."""
KEPT_S = 3_600.0
"""Since somebody looked at it."""


@dataclass
class KeptRun:
    """One result.

    Attributes
    ----------
    run_id : str
        Random, so that nobody guesses another's.
    owner : str
    result : NotebookletResult
        Of no workspace: it is given one when something is asked of it.
    size : int
        Bytes of its tables.
    made : datetime
        UTC.
    lock : threading.Lock
        Held by what changes it.
    """

    run_id: str
    owner: str
    result: NotebookletResult
    size: int
    made: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    seen: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)


class KeptRuns:
    """All results of the server."""

    def __init__(self, most_bytes: int = MOST_BYTES, per_person: int = PER_PERSON) -> None:
        self._runs: dict[str, KeptRun] = {}
        self._lock = threading.Lock()
        self._most_bytes = most_bytes
        self._per_person = per_person

    def keep(self, who: Identity, result: NotebookletResult) -> KeptRun:
        """Keep a result; older ones make room.

        Raises
        ------
        OptionError
            It alone is too large.
        """
        size = size_of(result)
        if size > self._most_bytes:
            hint = "ask for fewer rows or a shorter time, or run it from the command line"
            raise OptionError(f"the result has {size:,} bytes, too many to keep", where=result.description, hint=hint)
        made = KeptRun(secrets.token_urlsafe(16), who.name, result, size)
        with self._lock:
            self._runs[made.run_id] = made
            self._make_room(made)
        return made

    def _make_room(self, newest: KeptRun) -> None:
        """Drop what nobody looked at for long, then the oldest of too many, of this person and of all."""
        moment = time.monotonic()
        for run in [run for run in self._runs.values() if moment - run.seen > KEPT_S]:
            del self._runs[run.run_id]
        others = [run for run in self._runs.values() if run is not newest]
        mine = [run for run in others if run.owner == newest.owner]
        for run in mine[: max(0, len(mine) + 1 - self._per_person)]:
            del self._runs[run.run_id]
        for run in others:
            if sum(one.size for one in self._runs.values()) <= self._most_bytes:
                break
            self._runs.pop(run.run_id, None)

    def get(self, who: Identity, run_id: str) -> KeptRun:
        """A result of one's own; an admin sees all.

        Raises
        ------
        CatalogueError
            There is none of that id any more, or it is someone else's.
        """
        with self._lock:
            run = self._runs.get(run_id)
            if run is not None and may_see(who, run) and time.monotonic() - run.seen <= KEPT_S:
                run.seen = time.monotonic()
                return run
        raise CatalogueError("no such run, or it is not kept any more", where=run_id[:64], hint="run it again")

    def of(self, who: Identity) -> list[KeptRun]:
        """One's own, the latest first."""
        moment = time.monotonic()
        with self._lock:
            return [
                run for run in reversed(self._runs.values()) if run.owner == who.name and moment - run.seen <= KEPT_S
            ]

    def changed(self, run: KeptRun) -> None:
        """A follow-up has filled more of a result."""
        run.size = size_of(run.result)
        with self._lock:
            if run.run_id in self._runs:
                self._make_room(run)

    def drop(self, who: Identity, run_id: str) -> None:
        """Forget a result of one's own."""
        run = self.get(who, run_id)
        with self._lock:
            self._runs.pop(run.run_id, None)


def may_see(who: Identity, run: KeptRun) -> bool:
    """Whether it is theirs, or they see everything."""
    return run.owner == who.name or who.role.includes(Role.ADMIN)


def size_of(result: NotebookletResult) -> int:
    """Bytes of its tables and texts."""
    sections = [result.section(name) for name in result.attributes]
    tables = [table for one in sections for table in (one.table, one.nodes, one.edges) if table is not None]
    size: int = sum(table.nbytes for table in tables) + sum(len(one.text) for one in sections)
    return size
