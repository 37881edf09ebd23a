"""OpenID Connect, authorization code with PKCE: ask the provider who somebody is, and believe only what it signed.

Specifications: OpenID Connect Core 1.0 (3.1), Discovery 1.0, RFC 7636 (PKCE), RFC 9700 (best current practice).
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from flowsleuth.errors import RefusedError
from flowsleuth.faces.serving import OidcOptions, is_loopback_name
from flowsleuth.workspace.accounts import Role

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""Signatures by a private key; never ``none``, never an HMAC under a secret that others know."""
TIMEOUT_S = 10.0
KEPT_S = 3_600.0
LEEWAY_S = 60
LARGEST_BYTES = 1_000_000


class OidcClient:
    """Talks to one provider.

    Parameters
    ----------
    options : OidcOptions
    redirect_uri : str
        Where the provider sends browsers back to.
    """

    def __init__(self, options: OidcOptions, redirect_uri: str) -> None:
        self.options = options
        self.redirect_uri = redirect_uri
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}

    async def login_url(self, state: str, nonce: str, verifier: str) -> str:
        """Where the browser is sent to."""
        metadata = await self._metadata()
        uri: str = prepare_grant_uri(
            self._endpoint(metadata, "authorization_endpoint"),
            self.options.client_id,
            "code",
            self.redirect_uri,
            self.options.scopes,
            state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return uri

    async def who(self, code: str, nonce: str, verifier: str) -> dict[str, Any]:
        """The claims that the provider signed about who came back with this code.

        Raises
        ------
        RefusedError
            The provider refused, or what it says does not hold.
        """
        metadata = await self._metadata()
        token = await self._token(metadata, code, verifier)
        text = token.get("id_token")
        if not isinstance(text, str):
            raise RefusedError("the provider sent no ID token")
        allowed = [a for a in metadata.get("id_token_signing_alg_values_supported", ["RS256"]) if a in ALGORITHMS]
        try:
            decoded = await self._decode(metadata, text, allowed)
            wanted: Any = {
                "iss": {"essential": True, "value": metadata["issuer"]},
                "aud": {"essential": True, "value": self.options.client_id},
            }
            facts = {"nonce": nonce, "client_id": self.options.client_id, "access_token": token.get("access_token")}
            claims = CodeIDToken(decoded.claims, decoded.header, wanted, facts)
            claims.validate(leeway=LEEWAY_S)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise RefusedError(f"the provider's ID token does not hold: {error}") from None
        return dict(claims)

    async def _decode(self, metadata: dict[str, Any], text: str, allowed: list[str]) -> jwt.Token:
        """Check the signature; the provider may have a new key since its keys were fetched."""
        uri = self._endpoint(metadata, "jwks_uri")
        try:
            return jwt.decode(text, _keys(await self._get(uri)), algorithms=allowed)
        except InvalidKeyIdError:
            self._kept.pop(uri, None)
            return jwt.decode(text, _keys(await self._get(uri)), algorithms=allowed)

    async def _token(self, metadata: dict[str, Any], code: str, verifier: str) -> dict[str, Any]:
        secret = self.options.client_secret
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self.options.client_id,
            "code_verifier": verifier,
        }
        methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        auth = None
        if secret is not None and "client_secret_basic" in methods:
            auth = httpx.BasicAuth(self.options.client_id, secret)
        elif secret is not None:
            form["client_secret"] = secret
        url = self._endpoint(metadata, "token_endpoint")
        return await _fetch("POST", url, data=form, auth=auth)

    async def _metadata(self) -> dict[str, Any]:
        found = await self._get(f"{self.options.issuer}/.well-known/openid-configuration")
        if str(found.get("issuer", "")).rstrip("/") != self.options.issuer:
            raise RefusedError("the provider calls itself by another name", where=str(found.get("issuer"))[:200])
        return found

    async def _get(self, url: str) -> dict[str, Any]:
        kept = self._kept.get(url)
        if kept is None or time.monotonic() - kept[0] > KEPT_S:
            kept = self._kept[url] = (time.monotonic(), await _fetch("GET", url))
        return kept[1]

    def _endpoint(self, metadata: dict[str, Any], name: str) -> str:
        """An address that the provider tells: TLS, or loopback where the provider itself is."""
        url = str(metadata.get(name, ""))
        parts = urlsplit(url)
        is_local = self.options.issuer.startswith("http://") and is_loopback_name(parts.hostname or "")
        if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
            raise RefusedError(f"the provider's {name} is not https", where=url[:200])
        return url

    def role(self, claims: dict[str, Any]) -> Role | None:
        """The highest role that the claims give; None when they give none."""
        value = _claim(claims, self.options.role_claim)
        has = {str(v) for v in value} if isinstance(value, list) else {str(value)} if value is not None else set()
        for role in reversed(Role):
            wanted = set(self.options.roles.get(role.value, ()))
            if "*" in wanted or has & wanted:
                return role
        return None

    def name(self, claims: dict[str, Any]) -> str:
        """The analyst's name.

        Raises
        ------
        RefusedError
            The claims do not tell one, or it is an e-mail address that nobody has verified.
        """
        claim = self.options.name_claim
        value = _claim(claims, claim)
        if not isinstance(value, str) or not value:
            raise RefusedError("the provider does not tell a name", where=f"claim {claim}")
        if claim == "email" and claims.get("email_verified") is not True:
            raise RefusedError("the e-mail address is not verified", where=f"claim {claim}")
        return value


async def _fetch(method: str, url: str, **form: Any) -> dict[str, Any]:
    """A JSON object from the provider."""
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
            got = await client.request(method, url, headers={"Accept": "application/json"}, **form)
        value = got.json() if len(got.content) <= LARGEST_BYTES else None
    except (httpx.HTTPError, ValueError) as error:
        raise RefusedError(f"the provider cannot be asked: {type(error).__name__}", where=url[:200]) from None
    if got.status_code != 200 or not isinstance(value, dict):
        why = value.get("error") if isinstance(value, dict) else None
        raise RefusedError(f"the provider refused: {why or got.status_code}", where=url[:200])
    return value


def _keys(jwks: Any) -> KeySet:
    return KeySet.import_key_set(jwks)


def _claim(claims: dict[str, Any], path: str) -> Any:
    """A claim by its name; ``realm_access.roles`` looks inside an object."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
