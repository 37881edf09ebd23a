"""Which names this server answers to, and which pages may make a browser ask it.

Host names: a page of another site can make its own name point to this machine (DNS rebinding) and would then be
same-origin with us; it cannot choose the Host header. Origins: a page of another site can make the browser send us
requests with our cookies; it cannot choose Origin and Sec-Fetch-Site.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.requests import Request

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class HostRules:
    """Names to answer to.

    Parameters
    ----------
    listening : str
        The address the server is bound to.
    public_url : str or None
        What users type.

    Examples
    --------
    >>> rules = HostRules("127.0.0.1")
    >>> rules.allows("localhost:8765"), rules.allows("[::1]:8765"), rules.allows("evil.example:8765")
    (True, True, False)
    """

    def __init__(self, listening: str, public_url: str | None = None) -> None:
        self._names = {"localhost", _bare(listening)}
        if public_url:
            self._names.add(_bare(urlsplit(public_url).hostname or ""))
        self._is_everywhere = False
        address = _address(listening)
        if address is None or not address.is_loopback:
            self._names |= {socket.gethostname().casefold(), socket.getfqdn().casefold()}
            self._is_everywhere = address is not None and address.is_unspecified

    def allows(self, host: str | None) -> bool:
        """Whether a Host header names us; its port may be a tunnel's."""
        name = _host_name(host)
        if not name:
            return False
        address = _address(name)
        if address is not None and (address.is_loopback or self._is_everywhere):
            return True  # a literal address cannot be rebound
        return name in self._names


def cross_site(request: Request, *, pages: Iterable[str], is_https: bool) -> str | None:
    """Why a request is refused as another site's, or None.

    Parameters
    ----------
    request : Request
    pages : iterable of str
        Paths that links of other sites may lead to.
    is_https : bool
        Browsers speak TLS to us, so our pages do.
    """
    fetch_site = request.headers.get("sec-fetch-site", "none")
    if request.method in SAFE_METHODS:
        if fetch_site in ("none", "same-origin"):
            return None
        is_visit = request.headers.get("sec-fetch-mode") == "navigate" and request.method == "GET"
        is_page = request.url.path in pages and request.headers.get("sec-fetch-dest", "document") == "document"
        return None if is_visit and is_page else "asked for by a page of another site"
    origin = request.headers.get("origin")
    host = request.headers.get("host", "").casefold()
    ours = [f"https://{host}"] if is_https else [f"http://{host}", f"https://{host}"]
    if origin is not None and origin.casefold() not in ours:
        return "sent by a page of another site"
    if fetch_site not in ("none", "same-origin"):
        return "sent by a page of another site"
    return None


def _host_name(host: str | None) -> str:
    """The name in a Host header, without port; empty when it is none."""
    if not host or any(c in host for c in "/\\@?# \t"):
        return ""
    try:
        return _bare(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return ""


def _bare(name: str) -> str:
    return name.strip("[]").rstrip(".").casefold()


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(_bare(name).partition("%")[0])
    except ValueError:
        return None
