"""Logging in and out with a password: a page for people, JSON for programs."""

from __future__ import annotations

import html
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from flowsleuth.faces.web.answers import answer, error_answer, json_bytes
from flowsleuth.faces.web.gate import cookie_name, visitor_of
from flowsleuth.faces.web.inputs import Login
from flowsleuth.faces.web.throttle import Throttle
from flowsleuth.workspace.passwords import AT_ONCE

if TYPE_CHECKING:
    from flowsleuth.workspace.accounts import Accounts, Identity
    from flowsleuth.workspace.sessions import Sessions

WAITING = 32
"""Logins that may wait for a thread; more are told to come back."""
BUSY_S = 2

WRONG = "The name or the password is not right."
SLOW = "Too many failed logins. Try again in {seconds} s."


class Door:
    """Opens and ends sessions; every login, failed or not, is in the audit trail.

    Parameters
    ----------
    accounts : Accounts
    sessions : Sessions
    is_https : bool
    throttle : Throttle
    """

    def __init__(self, accounts: Accounts, sessions: Sessions, *, is_https: bool, throttle: Throttle) -> None:
        self.accounts = accounts
        self.sessions = sessions
        self._is_https = is_https
        self._throttle = throttle
        self._turn = CapacityLimiter(AT_ONCE)

    async def enter(self, name: str, password: str, address: str) -> tuple[str | None, int]:
        """The token of a new session, or None and the seconds to wait before the next try.

        Few at a time, in threads of their own, and few waiting: strangers can neither fill the memory with passwords to
        be hashed nor take the threads that sessions are looked up in.
        """
        if self._turn.statistics().tasks_waiting >= WAITING:
            return None, BUSY_S
        return await to_thread.run_sync(self._enter, name, password, address, limiter=self._turn)

    def _enter(self, name: str, password: str, address: str) -> tuple[str | None, int]:
        known = name.strip().casefold()[:64]
        wait = self._throttle.begin(known, address)
        if wait:
            return None, wait
        identity = self.accounts.check(known, password)
        if identity is None:
            self.accounts.note("login-failed", known, {"address": address})
            return None, 0
        self._throttle.succeeded(known, address)
        return self.admit(identity, address, "password"), 0

    def admit(self, identity: Identity, address: str, way: str) -> str:
        """The token of a new session for someone who has shown who they are."""
        token = self.sessions.open(identity)
        self.accounts.note("login", identity.name, {"address": address, "way": way})
        return token

    def leave(self, token: str, name: str, address: str) -> None:
        """End a session."""
        self.sessions.close(token)
        self.accounts.note("logout", name, {"address": address})

    def set_cookie(self, response: Response, token: str) -> None:
        """Give the browser its token: not for scripts, not for other sites, gone when the browser is closed."""
        name = cookie_name(self._is_https)
        response.set_cookie(name, token, path="/", httponly=True, secure=self._is_https, samesite="strict")

    def clear_cookie(self, response: Response) -> None:
        """Take the token from the browser."""
        name = cookie_name(self._is_https)
        response.delete_cookie(name, path="/", httponly=True, secure=self._is_https, samesite="strict")


def address_of(request: Request) -> str:
    """Where the request comes from; the proxy's word where there is one."""
    return request.client.host if request.client else "unknown"


def login_routes(door: Door, oidc_label: str | None) -> APIRouter:
    """The routes of logging in and out."""
    router = APIRouter()

    @router.get("/login", include_in_schema=False)
    async def show(request: Request) -> Response:
        if visitor_of(request) is not None:
            return RedirectResponse("/", 303)
        return HTMLResponse(login_page("", oidc_label))

    @router.get("/login/style.css", include_in_schema=False)
    async def style() -> Response:
        headers = {"Cache-Control": "public, max-age=300"}
        return Response(_page("login.css"), media_type="text/css", headers=headers)

    @router.post("/login", include_in_schema=False)
    async def post(request: Request) -> Response:
        if "origin" not in request.headers and "sec-fetch-site" not in request.headers:
            return error_answer("this form is for browsers", 403, hint="programs use POST /api/login")
        fields = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=8)
        name, password = (fields.get(key, [""])[0] for key in ("name", "password"))
        token, wait = await door.enter(name, password, address_of(request))
        if token is None:
            said = SLOW.format(seconds=wait) if wait else WRONG
            return HTMLResponse(login_page(said, oidc_label), 429 if wait else 401, _retry(wait))
        response = RedirectResponse("/", 303)
        door.set_cookie(response, token)
        return response

    @router.post("/api/login", tags=["session"])
    async def post_json(request: Request, given: Login) -> Response:
        """Log in; the answer sets the session's cookie. Failed logins make the next ones wait."""
        token, wait = await door.enter(given.name, given.password, address_of(request))
        if token is None:
            said = SLOW.format(seconds=wait) if wait else WRONG
            return error_answer(said, 429 if wait else 401, headers=_retry(wait))
        response = answer(json_bytes({"is_logged_in": True}))
        door.set_cookie(response, token)
        return response

    @router.post("/api/logout", tags=["session"])
    async def leave(request: Request) -> Response:
        """End this session."""
        visitor = visitor_of(request)
        if visitor is not None and visitor.token is not None:
            name, address = visitor.identity.name, address_of(request)
            await to_thread.run_sync(door.leave, visitor.token, name, address)
        response = answer(json_bytes({"is_logged_in": False}))
        door.clear_cookie(response)
        return response

    return router


def _retry(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)} if seconds else {}


def _page(name: str) -> str:
    return resources.files("flowsleuth.faces.web").joinpath("pages", name).read_text(encoding="utf-8")


def login_page(message: str, oidc_label: str | None) -> str:
    """The page that strangers see."""
    told = f'<p class="message" role="alert">{html.escape(message)}</p>' if message else ""
    other = f'<a class="other" href="/login/oidc">Log in by {html.escape(oidc_label)}</a>' if oidc_label else ""
    return _page("login.html").replace("<!-- message -->", told).replace("<!-- other -->", other)


def leaving_page() -> str:
    """Goes to the application from within our own site, so that the browser sends the strict cookie along."""
    return _page("enter.html")
