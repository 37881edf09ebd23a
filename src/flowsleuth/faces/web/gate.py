"""Nothing passes unasked: host name, origin, who it is, what they may do, and the token that every write carries.

It stands before all routes, those of plug-ins and of later versions too: what it does not know to be public demands
login, and what it does not know to be reading demands the role of an analyst.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from flowsleuth.faces.web.answers import error_answer
from flowsleuth.faces.web.hosts import SAFE_METHODS, HostRules, cross_site
from flowsleuth.workspace.accounts import Identity, Role

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from flowsleuth.workspace.sessions import Session, Sessions

CSRF_HEADER = "x-csrf-token"
PUBLIC = frozenset({"/login", "/login/style.css", "/login/oidc", "/login/oidc/callback", "/api/login"})
"""All that answers a stranger."""
LOGINS = frozenset({"/login", "/api/login"})
"""Writes without a session, and so without its token; their origin is checked."""
PAGES = frozenset({"/", "/login", "/login/oidc/callback"})
READING = re.compile(
    r"POST /(api/(preview|rules/preview|suppressions/preview|investigations|notebooklets/[\w.]+/runs|logout)|graphql)"
    r"|DELETE /api/(jobs|runs)/[^/]+"
)
"""Requests that change nothing that is kept, though they are not GET; GraphQL looks at its mutations itself."""
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


@dataclass(frozen=True)
class Visitor:
    """Who asks, as the gate found out.

    Attributes
    ----------
    identity : Identity
    csrf : str
        What this visitor's writes must carry.
    token : str or None
        Of the session; None where no login is needed.
    """

    identity: Identity
    csrf: str
    token: str | None = None


class Gate:
    """Stands before the application.

    Parameters
    ----------
    app : ASGI application
    hosts : HostRules
    is_https : bool
    sessions : Sessions or None
        None where no login is needed.
    owner : str
        The analyst where no login is needed.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: HostRules, is_https: bool, sessions: Sessions | None, owner: str
    ) -> None:
        self.app = app
        self._hosts = hosts
        self._is_https = is_https
        self._sessions = sessions
        self._owner = Visitor(Identity(owner, Role.ADMIN), secrets.token_urlsafe(32))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            refusal = self._refuse(request)
            if refusal is None:
                visitor = await self._visitor(request)
                scope.setdefault("state", {})["visitor"] = visitor
                refusal = self._refuse_visitor(request, visitor)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _refuse(self, request: Request) -> Response | None:
        """Whatever anyone may not do."""
        if len(request.headers.getlist("host")) != 1 or not self._hosts.allows(request.headers.get("host")):
            hint = "start the server with --public-url and the name that users type"
            return error_answer("this server does not answer to that name", 421, hint=hint)
        if self._sessions is None and any(name in request.headers for name in FORWARDED):
            hint = "start it with --behind-proxy, which demands login"
            return error_answer("this server has no login and may not be published by a proxy", 403, hint=hint)
        if self._is_https and request.url.scheme != "https":
            hint = "use https; a proxy before the server must set X-Forwarded-Proto, from an address of --behind-proxy"
            return error_answer("this server is to be asked by TLS only", 403, hint=hint)
        why = cross_site(request, pages=PAGES, is_https=self._is_https)
        return None if why is None else error_answer(why, 403)

    async def _visitor(self, request: Request) -> Visitor | None:
        if self._sessions is None:
            return self._owner
        token = request.cookies.get(cookie_name(self._is_https))
        if not token or len(token) > 128:
            return None
        found: Session | None = await to_thread.run_sync(self._sessions.find, token)
        return None if found is None else Visitor(found.identity, found.csrf, token)

    def _refuse_visitor(self, request: Request, visitor: Visitor | None) -> Response | None:
        """Whatever this visitor may not do."""
        path = request.scope["path"]
        if path in PUBLIC or (visitor is not None and request.method in SAFE_METHODS):
            return None
        if visitor is None:
            is_page = path == "/" and request.method in SAFE_METHODS
            hint = "POST /api/login, or open /login in a browser"
            return RedirectResponse("/login", 303) if is_page else error_answer("log in first", 401, hint=hint)
        return self._refuse_write(request, visitor)

    def _refuse_write(self, request: Request, visitor: Visitor) -> Response | None:
        """Writes carry the session's token, and need the role."""
        given = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
            hint = "send the csrf value of GET /api/session as header X-CSRF-Token"
            return error_answer("the request carries no valid token", 403, hint=hint)
        is_reading = READING.fullmatch(f"{request.method} {request.scope['path']}") is not None
        if not is_reading and not visitor.identity.role.includes(Role.ANALYST):
            return error_answer("a viewer may not write", 403)
        return None


def cookie_name(is_https: bool) -> str:
    """Browsers send a ``__Host-`` cookie to this very host by TLS only, and let nobody else set it."""
    return "__Host-flowsleuth" if is_https else "flowsleuth"


def visitor_of(request: Request) -> Visitor | None:
    """Who asks; None for a stranger on a public page."""
    found: Visitor | None = request.scope["state"]["visitor"]
    return found
