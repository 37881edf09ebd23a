"""Long work: started by one request, asked after by others, cancelled by another."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from flowsleuth.errors import CatalogueError, FlowsleuthError
from flowsleuth.faces.web.answers import plain_error
from flowsleuth.faces.web.pool import BusyError, Lease, WorkspacePool
from flowsleuth.workspace.accounts import Role

if TYPE_CHECKING:
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.accounts import Identity

State = Literal["waiting", "running", "done", "failed", "cancelled"]
PER_PERSON = 4
"""Jobs that one person may have waiting or running."""
KEPT = 64
"""Finished jobs whose results are kept, of all persons."""
KEPT_S = 900.0

_log = logging.getLogger("flowsleuth.web")


class CancelledError(Exception):
    """Raised in the work when somebody cancelled it."""


@dataclass
class Job:
    """One piece of long work.

    Attributes
    ----------
    job_id : str
        Random, so that nobody guesses another's.
    owner : str
    kind : str
    state : str
    doing : str
        What it is at, in words.
    progress : float or None
        In [0, 1]; None while nobody knows.
    result : Any
        Plain values; None until it is done.
    error : FlowsleuthError or None
    steps : list of dict
        Of work in named steps: what became of each so far.
    keeps_partial : bool
        Whether what there is stays its result when it is cancelled.
    """

    job_id: str
    owner: str
    kind: str
    state: State = "waiting"
    doing: str = ""
    progress: float | None = None
    result: Any = None
    error: FlowsleuthError | None = None
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    lease: Lease = field(default_factory=Lease)
    steps: list[dict[str, Any]] = field(default_factory=list)
    keeps_partial: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(self) -> None:
        """Its work begins."""
        with self._lock:
            if self.ended is None:
                self.state = "running"

    def end(self, state: State, result: Any = None, error: FlowsleuthError | None = None) -> None:
        """Its work has ended; the first end counts, and one that was stopped is cancelled whatever came of it."""
        with self._lock:
            if self.ended is not None:
                return
            if self.lease.is_stopped:
                self.state, self.result = "cancelled", result if self.keeps_partial else None
            else:
                self.state, self.result, self.error = state, result, error
            self.ended = time.monotonic()

    def tell(self, doing: str, progress: float | None = None) -> None:
        """Say how far it is; the work calls this now and then.

        Raises
        ------
        CancelledError
            Somebody cancelled it.
        """
        if self.lease.is_stopped:
            raise CancelledError
        self.doing, self.progress = doing, progress

    def told(self) -> dict[str, Any]:
        """What is said about it to who asks, all of one moment; of one that failed, also its error."""
        with self._lock:
            seconds = (self.ended or time.monotonic()) - self.began
            said = {
                "job": self.job_id,
                "kind": self.kind,
                "state": "running" if self.state == "waiting" else self.state,
                "is_waiting": self.state == "waiting",
                "doing": self.doing,
                "progress": 1.0 if self.state == "done" else self.progress,
                "seconds": round(seconds, 3),
                "steps": list(self.steps),
                "result": self.result,
            }
            return said if self.error is None else said | {"error": plain_error(self.error)}


class Jobs:
    """All jobs of the server; they have workers of their own, so that they never hold up short questions."""

    def __init__(self, pool: WorkspacePool) -> None:
        self._pool = pool
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def start(self, who: Identity, kind: str, work: Callable[[Workspace, Job], Any]) -> Job:
        """Queue a job.

        Raises
        ------
        BusyError
            This person has too many already.
        """
        job = Job(secrets.token_urlsafe(16), who.name, kind)
        with self._lock:
            self._forget()
            open_jobs = [j for j in self._jobs.values() if j.owner == who.name and j.ended is None]
            if len(open_jobs) >= PER_PERSON:
                raise BusyError(f"{PER_PERSON} of your jobs run already", hint="wait for one, or cancel it")
            self._jobs[job.job_id] = job

        def do(workspace: Workspace) -> None:
            job.begin()
            job.end("done", work(workspace, job))

        self._pool.submit(job.lease, who, do).add_done_callback(lambda future: self._ended(job, future))
        return job

    @staticmethod
    def _ended(job: Job, future: Future[None]) -> None:
        """Whatever went wrong, in the work or before it began, is the job's end, not the server's."""
        error = CancelledError() if future.cancelled() else future.exception()
        if isinstance(error, CancelledError):
            job.end("cancelled")
        elif isinstance(error, FlowsleuthError):
            job.end("failed", error=error)
        elif error is not None:
            if not job.lease.is_stopped:
                _log.error("job %s failed", job.kind, exc_info=error)
            job.end("failed", error=FlowsleuthError("an error of the server itself; its log says more"))

    def get(self, who: Identity, job_id: str) -> Job:
        """A job of one's own; an admin sees all.

        Raises
        ------
        CatalogueError
            There is none of that id, or it is someone else's.
        """
        with self._lock:
            job = self._jobs.get(job_id)
        if job is None or (job.owner != who.name and not who.role.includes(Role.ADMIN)):
            raise CatalogueError("no such job", where=job_id[:64])
        return job

    def cancel(self, who: Identity, job_id: str) -> Job:
        """Stop a job; one that has ended stays as it is.

        Raises
        ------
        CatalogueError
            There is none of that id, or it is someone else's.
        """
        job = self.get(who, job_id)
        if job.ended is None:
            job.lease.stop()
            if job.state == "waiting":
                job.end("cancelled")
        return job

    def _forget(self) -> None:
        """Drop results that nobody fetched for long, and the oldest of too many."""
        ended = sorted((j for j in self._jobs.values() if j.ended is not None), key=lambda j: j.ended or 0.0)
        moment = time.monotonic()
        for at, job in enumerate(ended):
            if len(ended) - at > KEPT or moment - (job.ended or moment) > KEPT_S:
                del self._jobs[job.job_id]

    def stop(self) -> None:
        """The server goes down."""
        for job in list(self._jobs.values()):
            if job.ended is None:
                job.lease.stop()
