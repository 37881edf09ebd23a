"""The application: routes behind a gate, over one workspace."""

from __future__ import annotations

import contextlib
import datetime as dt
import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response

import flowsleuth
from flowsleuth import __version__
from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.faces.serving import ServeOptions, load_served
from flowsleuth.faces.web.answers import error_answer, told
from flowsleuth.faces.web.asked import Asking
from flowsleuth.faces.web.assets import Assets
from flowsleuth.faces.web.gate import Gate
from flowsleuth.faces.web.headers import Headers
from flowsleuth.faces.web.hosts import HostRules
from flowsleuth.faces.web.jobs import Jobs
from flowsleuth.faces.web.login import Door, login_routes
from flowsleuth.faces.web.oidc import CALLBACK, oidc_routes
from flowsleuth.faces.web.oidc_client import OidcClient
from flowsleuth.faces.web.pool import Lease, WorkspacePool
from flowsleuth.faces.web.runs import KeptRuns
from flowsleuth.faces.web.throttle import Throttle
from flowsleuth.workspace import Workspace
from flowsleuth.workspace.accounts import Accounts, Identity, Role
from flowsleuth.workspace.passwords import is_password
from flowsleuth.workspace.sessions import Sessions

GROUPS = (
    "session", "facts", "queue", "ratings", "rules", "suppressions", "leads", "heuristics", "investigations", "jobs",
    "stories", "notebooklets", "runs",
)  # fmt: skip
"""Modules of :mod:`flowsleuth.faces.web.routes`, each with its ``router``."""
BODY_BYTES = 1_000_000
GZIP_FROM = 1_000
JOB_WORKERS = 2


def create_app(
    folder: str | Path,
    options: ServeOptions | None = None,
    *,
    engine: str | None = None,
    case: str | None = None,
    is_warmed: bool = False,
) -> FastAPI:
    """The application over one workspace, ready for any ASGI server.

    Parameters
    ----------
    folder : path
        The workspace.
    options : ServeOptions, optional
        What the server is told, so that the application knows names, TLS and whether to demand login.
    engine, case : str, optional
        As for :func:`flowsleuth.open`.
    is_warmed : bool
        Load the queue as soon as the server runs, so that the first page is there at once.

    Raises
    ------
    WorkspaceError
        The folder is no workspace.
    OptionError
        Login is demanded and nobody could log in.
    """
    options = options or ServeOptions()
    open_one = partial(flowsleuth.open, folder, engine=engine, case=case)
    desk = open_one()
    door = _door(desk, options) if options.needs_login else None
    app = FastAPI(
        title="flowsleuth",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=_running,
        middleware=_layers(options, door),
        redirect_slashes=False,
    )
    app.state.desk = desk
    app.state.pool = WorkspacePool(open_one, options.workers)
    app.state.job_pool = WorkspacePool(open_one, JOB_WORKERS)
    app.state.jobs = Jobs(app.state.job_pool)
    app.state.runs = KeptRuns()
    app.state.workspace_name = desk.folder.resolve().name
    app.state.is_warmed = is_warmed
    _add_errors(app)
    _add_routes(app, options, door)
    return app


def _door(desk: Workspace, options: ServeOptions) -> Door:
    """Where people come in; somebody must be able to."""
    accounts = Accounts(desk.case)
    if options.oidc is None and not accounts.has_any():
        hint = f"make an account: flowsleuth user add NAME --role admin -w {desk.folder}"
        raise OptionError("this server demands login, and nobody has an account", where=options.host, hint=hint)
    is_password("", None)  # so that the first stranger's unknown name takes no longer than the second's
    longest, idle = dt.timedelta(hours=options.session_hours), dt.timedelta(hours=options.idle_hours)
    return Door(accounts, Sessions(desk.case, longest, idle), is_https=options.is_https, throttle=Throttle())


def _layers(options: ServeOptions, door: Door | None) -> list[Middleware]:
    """Outermost first."""
    return [
        Middleware(Headers, is_https=options.is_https),
        Middleware(RequestBodyLimitMiddleware, max_body_size=BODY_BYTES),
        Middleware(GZipMiddleware, minimum_size=GZIP_FROM, compresslevel=5),
        Middleware(
            Gate,
            hosts=HostRules(options.host, options.public_url),
            is_https=options.is_https,
            sessions=None if door is None else door.sessions,
            owner=getpass.getuser(),
        ),
    ]


def _add_routes(app: FastAPI, options: ServeOptions, door: Door | None) -> None:
    for name in GROUPS:
        app.include_router(import_module(f"flowsleuth.faces.web.routes.{name}").router)
    app.include_router(_pages(Assets.installed()))
    app.include_router(_graphql(app.state.pool))
    if door is None:
        return
    oidc = options.oidc
    app.include_router(login_routes(door, oidc.label if oidc else None))
    if oidc is not None:
        client = OidcClient(oidc, f"{options.public_url}{CALLBACK}")
        app.include_router(oidc_routes(door, client, is_https=options.is_https))


def _pages(assets: Assets) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def page() -> Response:
        return assets.answer_page()

    @router.get("/static/{name:path}")
    async def file(request: Request, name: str) -> Response:
        return assets.answer_file(request, name)

    return router


def _graphql(pool: WorkspacePool) -> APIRouter:
    """GraphQL is a face of its own; here it gets the same gate and the same workers."""
    router = APIRouter(tags=["graphql"])
    endpoint = load_served("graphql")(pool.run)

    @router.post("/graphql")
    async def graphql(request: Request, asked: Asking) -> Response:
        """A GraphQL request as JSON: query, variables, operationName."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip()
        if media_type != "application/json":
            return error_answer("send application/json", 415)
        status, body = await endpoint(asked.who, await request.body())
        return Response(body, status, media_type="application/json")

    return router


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(FlowsleuthError)
    async def ours(_: Request, error: FlowsleuthError) -> Response:
        return told(error)

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> Response:
        return error_answer(str(error.detail), error.status_code, headers=dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def wrong_input(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return error_answer(str(first["msg"]), 422, where=where[:200])


def _warm(workspace: Workspace) -> None:
    with contextlib.suppress(FlowsleuthError):  # whoever asks next is told
        workspace.queue(size=1)


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    if app.state.is_warmed:
        app.state.pool.submit(Lease(), Identity(getpass.getuser(), Role.VIEWER), _warm)
    yield
    app.state.jobs.stop()
    app.state.job_pool.close()
    app.state.pool.close()
    app.state.desk.close()
