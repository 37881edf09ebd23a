"""What the faces behind one server share: how it is to be served, and where each of them is found.

The faces do not know one another; the server mounts them by these names.
"""

from __future__ import annotations

import ipaddress
import socket
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

from flowsleuth.catalogue import Catalogue
from flowsleuth.errors import MissingExtraError, OptionError

if TYPE_CHECKING:
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.accounts import Identity

SERVED = Catalogue(
    "flowsleuth.served",
    {"web": "flowsleuth.faces.web.serve:serve", "graphql": "flowsleuth.faces.graphql.endpoint:build"},
)
DEFAULT_PORT = 8765
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")

T = TypeVar("T")


class Runner(Protocol):
    """Does work on a workspace in a thread of its own, in the name of who asked."""

    def __call__(self, who: Identity, work: Callable[[Workspace], T]) -> Awaitable[T]: ...


def load_served(name: str) -> Any:
    """A face that is served.

    Raises
    ------
    MissingExtraError
        The packages of the extra ``web`` are not installed.
    """
    try:
        return SERVED.load(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "flowsleuth":
            raise
        raise MissingExtraError("web", error.name or "") from None


@dataclass(frozen=True)
class ServeOptions:
    """How the application is served.

    Attributes
    ----------
    host : str
        Address or name to listen on.
    port : int
        0 for any that is free.
    tls_cert, tls_key : Path or None
        PEM files; both or none.
    behind_proxy : str
        Addresses of the proxy that speaks TLS before it, separated by commas; what these say in ``X-Forwarded-For``
        and ``X-Forwarded-Proto`` is believed. Empty for none.
    insecure_http : bool
        Passwords may cross the network in the clear.
    login : bool
        Demand login on loopback too.
    public_url : str or None
        What users type, such as ``https://flows.example.org``.
    oidc : OidcOptions or None
        Where else users may log in.
    workers : int
        Questions answered at the same time.
    session_hours, idle_hours : float
        A login ends after so long, or after so long without a request.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    tls_cert: Path | None = None
    tls_key: Path | None = None
    behind_proxy: str = ""
    insecure_http: bool = False
    login: bool = False
    public_url: str | None = None
    oidc: OidcOptions | None = None
    workers: int = 4
    session_hours: float = 12.0
    idle_hours: float = 2.0

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise OptionError("not a port", where=f"--port {self.port}")
        if not 1 <= self.workers <= 64:
            raise OptionError("must be 1 to 64", where=f"--workers {self.workers}")
        if not 0 < self.idle_hours <= self.session_hours <= 24 * 30:
            raise OptionError("must be more than 0 and at most 720", where=f"--session-hours {self.session_hours:g}")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise OptionError("TLS needs both", where="--tls-cert, --tls-key")
        for path in (self.tls_cert, self.tls_key):
            if path is not None and not path.is_file():
                raise OptionError("no such file", where=str(path))
        for address in filter(None, self.behind_proxy.split(",")):
            _check_network(address)
        if self.public_url is not None:
            object.__setattr__(self, "public_url", _checked_url(self.public_url))
        if self.oidc is not None and self.public_url is None:
            raise OptionError("OIDC needs it to know where users come back to", where="--public-url")
        if self.needs_login and not (self.is_https or self.is_loopback or self.insecure_http):
            hint = "give --tls-cert and --tls-key, or --behind-proxy if one speaks TLS, or say --insecure-http"
            raise OptionError("passwords would cross the network in the clear", where=f"--host {self.host}", hint=hint)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)

    @property
    def is_https(self) -> bool:
        """Whether browsers speak TLS to it."""
        return self.tls_cert is not None or bool(self.behind_proxy)

    @property
    def needs_login(self) -> bool:
        """Whether users must say who they are."""
        return self.login or bool(self.behind_proxy) or self.oidc is not None or not self.is_loopback


@dataclass(frozen=True)
class OidcOptions:
    """An OpenID Connect provider.

    Attributes
    ----------
    issuer : str
        Its URL; https, or loopback.
    client_id : str
    client_secret : str or None
        None for a public client.
    roles : mapping of str to list of str
        ``viewer``, ``analyst``, ``admin`` → values of the role claim; ``*`` is everyone.
    name_claim, role_claim : str
        Which claims tell the analyst's name and the roles; ``a.b`` looks inside objects.
    scopes : str
    label : str
        Text of the button.
    """

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    roles: Mapping[str, list[str]] = field(default_factory=dict)
    name_claim: str = "preferred_username"
    role_claim: str = "roles"
    scopes: str = "openid profile"
    label: str = "single sign-on"

    def __post_init__(self) -> None:
        _checked_url(self.issuer, "issuer")
        unknown = sorted(set(self.roles) - {"viewer", "analyst", "admin"})
        if unknown:
            raise OptionError("no such role", where=unknown[0], available=["viewer", "analyst", "admin"])
        if not self.roles:
            raise OptionError("nobody would have a role", where="[roles]", hint='write: analyst = ["group"]')
        if "openid" not in self.scopes.split():
            raise OptionError("must hold openid", where=f"scopes = {self.scopes!r}")

    @classmethod
    def load(cls, path: Path) -> OidcOptions:
        """Read the TOML file that ``--oidc`` names.

        Raises
        ------
        OptionError
            It is not there or says something unknown.
        """
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
            secret = values.pop("client_secret_file", None)
            if secret is not None:
                values["client_secret"] = (path.parent / str(secret)).read_text(encoding="utf-8").strip()
            return cls(**values)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as error:
            raise OptionError(f"cannot be used: {error}", where=str(path)) from None


def is_loopback(host: str) -> bool:
    """Whether an address or name is this machine only.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if is_loopback_name(host):
        return True
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except OSError:
        raise OptionError("no address of that name", where=f"--host {host}") from None
    return all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for address in found)


def is_loopback_name(host: str) -> bool:
    """Whether a name means this machine without asking anyone.

    Examples
    --------
    >>> is_loopback_name("localhost"), is_loopback_name("[::1]"), is_loopback_name("idp.example")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def _check_network(text: str) -> None:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise OptionError(f"not an address: {error}", where=f"--behind-proxy {text}") from None


def _checked_url(url: str, where: str = "--public-url") -> str:
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and bool(parts.hostname))
    if not is_safe or parts.hostname is None or parts.query or parts.fragment or parts.username:
        raise OptionError("not a URL like https://flows.example.org", where=f"{where} {url}")
    if where == "issuer" and parts.scheme == "http" and not is_loopback_name(parts.hostname):
        raise OptionError("must be https", where=f"{where} {url}")
    return url.rstrip("/")
