"""URLs: taken apart, put together canonically, made safe for sending, and keyed for matching."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from flowsleuth.extract.domains import canonical_domain
from flowsleuth.extract.refang import SCHEMES
from flowsleuth.schema.addresses import canonical_address

Query = Literal["keep", "strip"]
_PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 990, "sftp": 22}
_NUMBERED = re.compile(r"[\d.]+\Z")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\u2028\u2029]")


@dataclass(frozen=True)
class Url:
    """A URL's parts, canonical: lower-case scheme and host, no default port, never an empty path.

    ``user`` is what stands before the ``@``, a password with it.
    """

    scheme: str
    host: str
    port: int | None = None
    path: str = "/"
    query: str | None = None
    user: str | None = None

    @property
    def is_address(self) -> bool:
        """The host is an IP address."""
        return ":" in self.host or bool(_NUMBERED.match(self.host))

    @property
    def site(self) -> str:
        """Host, brackets around IPv6, and the port when it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def target(self) -> str:
        """Path and query."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    def __str__(self) -> str:
        user = "" if self.user is None else f"{self.user}@"
        return f"{self.scheme}://{user}{self.site}{self.target}"


def parse_url(text: str) -> Url:
    """Take a URL apart; the fragment, which never goes over a wire, is dropped.

    Raises
    ------
    ValueError
        No URL, no host, an unknown scheme, or blanks and control characters inside.

    Examples
    --------
    >>> str(parse_url("HTTP://User:pw@EVIL.example.com:80/A b".replace(" ", "%20") + "?q=1#top"))
    'http://User:pw@evil.example.com/A%20b?q=1'
    >>> parse_url("https://[2001:DB8::1]:8443").site
    '[2001:db8::1]:8443'
    """
    if _UNSAFE.search(text):
        raise ValueError("no URL: a blank or control character inside")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"no URL: {error}") from None
    scheme = SCHEMES.get(parts.scheme.lower())
    if scheme is None:
        raise ValueError(f"no URL of a kind that is asked about: {parts.scheme[:20]!r}")
    host = _host(parts)
    user = parts.netloc.rpartition("@")[0] or None
    return Url(
        scheme,
        host,
        None if port == _PORTS[scheme] else port,
        parts.path or "/",
        parts.query if "?" in text.partition("#")[0] else None,
        user,
    )


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if not host:
        raise ValueError("no URL: no host")
    if ":" in host or _NUMBERED.match(host):
        return canonical_address(host)
    return canonical_domain(host)


def safe_url(text: str, query: Query = "keep") -> str:
    """A URL as it may be sent to a service: without user and password, and without its query when so configured.

    Raises
    ------
    ValueError
        As :func:`parse_url`.

    Examples
    --------
    >>> safe_url("http://ana:secret@evil.example.com/a?token=1"), safe_url("http://evil.example.com/a?t=1", "strip")
    ('http://evil.example.com/a?token=1', 'http://evil.example.com/a')
    """
    url = replace(parse_url(text), user=None)
    return str(replace(url, query=None) if query == "strip" else url)


def url_key(text: str) -> str | None:
    """What two spellings of one address on the web share: site and target, whatever the scheme; None for no URL.

    Examples
    --------
    >>> url_key("https://Evil.example.com:443/a?b") == url_key("http://evil.example.com/a?b")
    True
    """
    try:
        url = parse_url(text)
    except ValueError:
        return None
    return url.site + url.target
