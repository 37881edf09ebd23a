"""An OpenID Connect provider on loopback that does what the specification says, or what a test makes it do wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT, SECRET = "flowsleuth", "not much of a secret"


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


class FakeProvider:
    """Keys, codes and tokens.

    Attributes
    ----------
    claims : dict
        Of the ID tokens to come; a value of None takes a claim away.
    asked : list of dict
        Token requests seen.
    """

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "1", "use": "sig", "alg": "ES256"})
        self.signs_with: Any = self.key
        self.header: dict[str, Any] = {"alg": "ES256", "kid": "1"}
        self.claims: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def authorize(self, url: str) -> str:
        """What the provider's login page does: a code for the request in the URL; the query to come back with."""
        query = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
        assert url.startswith(f"{self.issuer}/authorize?")
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return f"code={code}&state={query['state']}"

    def new_key(self, kid: str) -> None:
        """Sign with another key from now on."""
        self.key = self.signs_with = ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})
        self.header = {"alg": "ES256", "kid": kid}

    def _discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        } | self.metadata

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        self.asked.append(form)
        asked = self.codes.pop(form.get("code", ""), None)
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode() if authorization else ""
        if asked is None or given != f"{CLIENT}:{SECRET}" or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        moment = int(time.time())
        claims = {"iss": self.issuer, "sub": "4711", "aud": CLIENT, "iat": moment, "exp": moment + 300}
        claims |= {"nonce": asked["nonce"], "preferred_username": "Ana", "groups": ["staff", "soc"]}
        claims = {key: value for key, value in (claims | self.claims).items() if value is not None}
        if self.header["alg"] in ("none", "HS256"):
            parts = b".".join(_base64(json.dumps(part).encode()) for part in (self.header, claims))
            key = self.key.as_pem(private=False)
            seal = b"" if self.header["alg"] == "none" else _base64(hmac.digest(key, parts, "sha256"))
            return 200, {"access_token": "a", "token_type": "Bearer", "id_token": (parts + b"." + seal).decode()}
        token = jwt.encode(self.header, claims, self.signs_with, algorithms=[self.header["alg"]])
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": token}

    def public_key_as_secret(self) -> None:
        """The classic forgery: an HMAC under the public key, which everyone knows."""
        self.header = {"alg": "HS256", "kid": "1"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/.well-known/openid-configuration":
                    self.say(200, provider._discovery())
                elif self.path == "/keys":
                    self.say(200, {"keys": [provider.key.as_dict(private=False)]})
                else:
                    self.say(404, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {key: values[0] for key, values in parse_qs(body).items()}
                self.say(*provider._token(form, self.headers.get("Authorization", "")))

            def say(self, status: int, value: dict[str, Any]) -> None:
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
