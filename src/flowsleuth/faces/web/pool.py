"""Workspaces for several analysts at once: each worker thread has a workspace, and so an engine, of its own.

DuckDB connections and their Ibis back ends answer one question at a time; threads that share one would mix results up.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from flowsleuth.errors import WorkspaceError
from flowsleuth.workspace.accounts import Role

if TYPE_CHECKING:
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.accounts import Identity

T = TypeVar("T")
WAITING = 64
"""Questions that may wait for a worker; more are refused at once."""
LONGEST_S = 60.0
"""After this a question is stopped; longer work is a job."""
PATIENCE_S = 0.05
CLOSING_S = 5.0


class BusyError(WorkspaceError):
    """Too many questions at once, or one that took too long."""


class Lease:
    """One piece of work on a workspace; may be stopped from another thread."""

    def __init__(self) -> None:
        self._workspace: Workspace | None = None
        self._lock = threading.Lock()
        self.stopped = threading.Event()
        self.is_done = threading.Event()

    @property
    def is_stopped(self) -> bool:
        """Whether it is to end."""
        return self.stopped.is_set()

    def hold(self, workspace: Workspace) -> None:
        """The work begins."""
        with self._lock:
            self._workspace = workspace

    def drop(self) -> None:
        """The work is over."""
        with self._lock:
            self._workspace = None
        self.is_done.set()

    def stop(self) -> None:
        """Interrupt what runs now and whatever the work asks next, until it is over."""
        self.stopped.set()
        threading.Thread(target=self._interrupt, name="flowsleuth-stop", daemon=True).start()

    def _interrupt(self) -> None:
        while not self.is_done.is_set():
            with self._lock:
                if self._workspace is not None:
                    with contextlib.suppress(Exception):  # the engine's own words; there may be nothing to interrupt
                        self._workspace.interrupt()
            self.is_done.wait(PATIENCE_S)


class WorkspacePool:
    """Worker threads, each with its workspace.

    Parameters
    ----------
    open_one : callable
        Opens a workspace.
    workers : int
        Questions answered at the same time.
    waiting : int
        How many more may wait.
    """

    def __init__(self, open_one: Callable[[], Workspace], workers: int, waiting: int = WAITING) -> None:
        self._open = open_one
        self._mine = threading.local()
        self._opened: list[Workspace] = []
        self._lock = threading.Lock()
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="flowsleuth-web")
        self._limit = workers + waiting
        self._under_way = 0

    async def run(self, who: Identity, work: Callable[[Workspace], T], *, longest_s: float = LONGEST_S) -> T:
        """Do a short piece of work in the name of who asked.

        Raises
        ------
        BusyError
            Too many wait already, or it took too long and was stopped.
        """
        if self._under_way >= self._limit:
            raise BusyError("too many questions at once", hint="try again in a moment")
        self._under_way += 1
        lease = Lease()
        future = asyncio.get_running_loop().run_in_executor(self._executor, self.do, lease, who, work)
        future.add_done_callback(self._finished)
        try:
            return await asyncio.wait_for(asyncio.shield(future), longest_s)
        except TimeoutError:
            lease.stop()
            hint = "ask for less: a shorter time range, fewer rows"
            raise BusyError(f"no answer within {longest_s:g} s; stopped", hint=hint) from None

    def _finished(self, future: asyncio.Future[T]) -> None:
        self._under_way -= 1
        if not future.cancelled():
            future.exception()  # seen, even when nobody waits any more

    def do(self, lease: Lease, who: Identity, work: Callable[[Workspace], T]) -> T:
        """Do the work in this thread, with the thread's workspace."""
        try:
            if lease.is_stopped:
                raise BusyError("stopped before it began")
            workspace = self._workspace()
            workspace.analyst = who.name
            workspace.is_offline = not who.role.includes(Role.ANALYST)  # a viewer sends nothing to others
            lease.hold(workspace)
            return work(workspace)
        finally:
            lease.drop()

    def submit(self, lease: Lease, who: Identity, work: Callable[[Workspace], None]) -> Future[None]:
        """Queue a long piece of work; what becomes of it is the business of who asked."""
        return self._executor.submit(self.do, lease, who, work)

    def _workspace(self) -> Workspace:
        workspace: Workspace | None = getattr(self._mine, "workspace", None)
        if workspace is None:
            workspace = self._open()
            self._mine.workspace = workspace
            with self._lock:
                self._opened.append(workspace)
        return workspace

    def close(self) -> None:
        """Stop what runs, wait a moment, and let the workspaces go."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        until = time.monotonic() + CLOSING_S
        threads = list(self._executor._threads)
        while any(thread.is_alive() for thread in threads) and time.monotonic() < until:
            for workspace in self._opened:
                with contextlib.suppress(Exception):
                    workspace.interrupt()
            for thread in threads:
                thread.join(PATIENCE_S)
        for workspace in self._opened:
            with contextlib.suppress(Exception):  # a server that goes down has nobody to tell
                workspace.close()
        self._opened.clear()
