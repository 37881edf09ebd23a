"""What a route gets in hand: who asks, and the way to do work on the workspace in their name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from anyio import to_thread
from fastapi import Depends, Request
from starlette.responses import Response

from flowsleuth.errors import RefusedError
from flowsleuth.faces.web.answers import answer, json_bytes
from flowsleuth.faces.web.gate import Visitor, visitor_of
from flowsleuth.faces.web.jobs import Job, Jobs
from flowsleuth.faces.web.pool import WorkspacePool
from flowsleuth.faces.web.runs import KeptRuns

if TYPE_CHECKING:
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.accounts import Identity, Role


@dataclass(frozen=True)
class Asked:
    """One request.

    Attributes
    ----------
    visitor : Visitor
    pool : WorkspacePool
    jobs : Jobs
    runs : KeptRuns
    workspace_name : str
        Of its folder.
    """

    visitor: Visitor
    pool: WorkspacePool
    jobs: Jobs
    runs: KeptRuns
    workspace_name: str

    @property
    def who(self) -> Identity:
        """Who asks."""
        return self.visitor.identity

    def needs(self, role: Role) -> None:
        """Go on only for those with this role.

        Raises
        ------
        RefusedError
            The visitor has a lesser one.
        """
        if not self.who.role.includes(role):
            raise RefusedError(f"this needs the role {role.value}")

    async def answer(self, work: Callable[[Workspace], Any], status: int = 200) -> Response:
        """Do short work and answer with what it gives, as JSON (made in the worker thread, too)."""
        return answer(await self.pool.run(self.who, lambda ws: json_bytes(work(ws))), status)

    async def made(self, make: Callable[[], Any]) -> Response:
        """Answer with something that is there already; large ones are written in a thread, too."""
        return answer(await to_thread.run_sync(lambda: json_bytes(make())))

    def start(self, kind: str, work: Callable[[Workspace, Job], Any]) -> Response:
        """Begin long work; the answer names the job."""
        return answer(json_bytes(self.jobs.start(self.who, kind, work).told()), 202)


def _asked(request: Request) -> Asked:
    visitor = visitor_of(request)
    assert visitor is not None  # the gate lets strangers to public paths only
    state = request.app.state
    return Asked(visitor, state.pool, state.jobs, state.runs, state.workspace_name)


Asking = Annotated[Asked, Depends(_asked)]
"""The type of a route's first parameter."""
