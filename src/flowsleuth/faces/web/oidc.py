"""Logging in by an OpenID Connect provider: away and back again, bound to the browser that went."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import secrets
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from flowsleuth.errors import FlowsleuthError, RefusedError
from flowsleuth.faces.web.login import Door, address_of, leaving_page, login_page
from flowsleuth.faces.web.oidc_client import OidcClient

if TYPE_CHECKING:
    from flowsleuth.workspace.accounts import Identity

CALLBACK = "/login/oidc/callback"
GONE_S = 600
"""Seconds that a login at the provider may take."""

_log = logging.getLogger("flowsleuth.web")


@dataclass(frozen=True)
class Errand:
    """What one browser was sent away with; it keeps this itself, signed by us."""

    state: str
    nonce: str
    verifier: str
    until: float

    @classmethod
    def new(cls) -> Errand:
        """One that nobody can guess."""
        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
        return cls(state, nonce, verifier, time.time() + GONE_S)

    def sealed(self, key: bytes) -> str:
        """As a cookie's value."""
        body = base64.urlsafe_b64encode(json.dumps(asdict(self)).encode())
        return f"{body.decode()}.{_seal(body, key)}"

    @classmethod
    def opened(cls, value: str, key: bytes) -> Errand | None:
        """Of a cookie's value; None when it is not ours or too old."""
        body, _, seal = value.partition(".")
        if not hmac.compare_digest(seal.encode(), _seal(body.encode(), key).encode()):
            return None
        found = cls(**json.loads(base64.urlsafe_b64decode(body)))
        return found if found.until > time.time() else None


def _seal(body: bytes, key: bytes) -> str:
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def oidc_routes(door: Door, client: OidcClient, *, is_https: bool) -> APIRouter:
    """The two routes: away to the provider, and back."""
    router = APIRouter(include_in_schema=False)
    key = secrets.token_bytes(32)
    cookie = "__Host-flowsleuth-oidc" if is_https else "flowsleuth-oidc"

    @router.get("/login/oidc")
    async def away() -> Response:
        errand = Errand.new()
        try:
            url = await client.login_url(errand.state, errand.nonce, errand.verifier)
        except RefusedError as error:
            return _refused(error, client)
        response = RedirectResponse(url, 303)
        # Lax, not strict: the browser comes back by a link of another site
        response.set_cookie(
            cookie, errand.sealed(key), GONE_S, path="/", httponly=True, secure=is_https, samesite="lax"
        )
        return response

    @router.get(CALLBACK)
    async def back(request: Request, code: str = "", state: str = "", error: str = "") -> Response:
        errand = Errand.opened(request.cookies.get(cookie, ""), key)
        try:
            if errand is None or not hmac.compare_digest(state.encode(), errand.state.encode()):
                raise RefusedError("this login was not begun in this browser, or too long ago")
            if error or not code:
                raise RefusedError(f"the provider refused: {error[:100] or 'no code'}")
            claims = await client.who(code, errand.nonce, errand.verifier)
            token = await to_thread.run_sync(_enter, door, client, claims, address_of(request))
        except FlowsleuthError as refusal:
            response = _refused(refusal, client)
        else:
            response = HTMLResponse(leaving_page())
            door.set_cookie(response, token)
        response.delete_cookie(cookie, path="/", httponly=True, secure=is_https, samesite="lax")
        return response

    return router


def _enter(door: Door, client: OidcClient, claims: dict[str, object], address: str) -> str:
    """Open a session for whom the provider vouches."""
    name, role = client.name(claims), client.role(claims)
    if role is None:
        door.accounts.note("login-failed", name, {"address": address, "way": "oidc", "why": "no role"})
        raise RefusedError("the provider gives you no role here")
    identity: Identity = door.accounts.admit(f"{claims['iss']}|{claims['sub']}", name, role)
    return door.admit(identity, address, "oidc")


def _refused(error: FlowsleuthError, client: OidcClient) -> Response:
    """The stranger is told in general, the log in full."""
    _log.warning("login by %s refused: %s", client.options.issuer, error)
    told = "The provider did not let you in." if error.where else f"{str(error)[:1].upper()}{str(error)[1:200]}."
    return HTMLResponse(login_page(told, client.options.label), 403)
