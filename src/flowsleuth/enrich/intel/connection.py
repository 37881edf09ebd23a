"""One worker's connection to a service: kept open between requests, by TLS or plain, through a proxy or not.

httpcore speaks HTTP; the standard library's streams carry it. httpcore's own carrier and pool, and httpx above them,
cost more processor time than all the rest of a look-up, for what one worker with one connection needs nothing of.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import zlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore

from flowsleuth.enrich.intel.requests import Request
from flowsleuth.errors import OptionError

MOST_BYTES = 16 * 2**20
"""Longer answers are not read to their end."""
OURSELVES = {"User-Agent": "flowsleuth", "Accept-Encoding": "gzip"}
FAILURES = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
    OSError,
    ValueError,
)
"""What may come of sending. Their texts are not shown: they may hold the request, and with it the key."""
_PLAIN = re.compile(r"[!#-;=?-\[\]_a-z~]+")
"""Characters an address may have as it is (RFC 3986); others are escaped first."""
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Response:
    """What came back.

    Attributes
    ----------
    status : int
    body : str or None
        None when it is longer than :data:`MOST_BYTES`.
    retry_after : str or None
        The header of that name.
    """

    status: int
    body: str | None
    retry_after: str | None


class Connection:
    """Sends one request at a time, again and again.

    Parameters
    ----------
    url : str
        Where the service is.
    """

    def __init__(self, url: str) -> None:
        proxy = proxy_of(url)
        self._proxy = None if proxy is None else _through(proxy)
        self._direct: httpcore.AsyncHTTPConnection | None = None

    async def send(self, request: Request) -> Response:
        """Send a request, wait for the whole answer.

        Raises
        ------
        One of :data:`FAILURES`
            It could not be sent, or the answer is broken off.
        """
        headers = {**OURSELVES, **request.headers}
        if request.body is not None:
            headers["Content-Length"] = str(len(request.body))
        url = _escaped(request.url)
        named = [(b"Host", urlsplit(url).netloc.rpartition("@")[2].encode())]
        named += [(name.encode(), text.encode()) for name, text in headers.items()]
        sent = httpcore.Request(request.method, url, headers=named, content=request.body)
        response = await (self._proxy or await self._open(sent.url.origin)).handle_async_request(sent)
        try:
            told = {name.lower(): text.decode("latin-1") for name, text in response.headers}
            body = await _text(response.aiter_stream(), told.get(b"content-encoding", ""))
        finally:
            await response.aclose()
        return Response(response.status, body, told.get(b"retry-after"))

    async def _open(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        """The connection, made anew when it was closed by either side."""
        direct = self._direct
        if direct is not None and (direct.has_expired() or not direct.is_available()):
            await direct.aclose()
            direct = None
        if direct is None:
            context = tls_context() if origin.scheme == b"https" else None
            direct = httpcore.AsyncHTTPConnection(origin, context, network_backend=_Streams())
        self._direct = direct
        return direct

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(self, *_: object) -> None:
        for one in (self._proxy, self._direct):
            if one is not None:
                await one.aclose()


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for an address (``HTTPS_PROXY``, ``NO_PROXY`` …); None for none."""
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    found = getproxies()
    return found.get(parts.scheme) or found.get("all")


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """Certificates are read once, which takes longer than many a look-up."""
    import httpx

    return httpx.create_ssl_context()


def _through(proxy: str) -> httpcore.AsyncHTTPProxy | httpcore.AsyncSOCKSProxy:
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    login = (
        None
        if parts.username is None
        else (
            unquote(parts.username).encode(),
            unquote(parts.password or "").encode(),
        )
    )
    url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    options: dict[str, Any] = {"ssl_context": tls_context(), "max_connections": 1, "proxy_auth": login}
    try:
        if parts.scheme.startswith("socks5"):
            return httpcore.AsyncSOCKSProxy(url, **options)
        if parts.scheme in ("http", "https"):
            return httpcore.AsyncHTTPProxy(url, network_backend=_Streams(), **options)
    except RuntimeError:  # httpcore's word for: socksio is not installed
        pass
    hint = "http:// and https:// are; socks5:// is after pip install socksio"
    raise OptionError("this kind of proxy is not supported", where=f"proxy {parts.scheme}://", hint=hint)


def _escaped(url: str) -> str:
    """An address with what it may not have as it is escaped."""
    if _PLAIN.fullmatch(url):
        return url
    import httpx

    try:
        return str(httpx.URL(url))
    except httpx.InvalidURL:
        raise httpcore.LocalProtocolError("not an address") from None


async def _text(pieces: AsyncIterator[bytes], encoding: str) -> str | None:
    """The body, unpacked; None when there is too much of it."""
    unpack = zlib.decompressobj(_GZIP_OR_ZLIB) if encoding in ("gzip", "x-gzip", "deflate") else None
    found, size = [], 0
    async for packed in pieces:
        try:
            piece = packed if unpack is None else unpack.decompress(packed, MOST_BYTES + 1)
        except zlib.error:
            raise httpcore.RemoteProtocolError("it is not compressed as it says") from None
        size += len(piece)
        if size > MOST_BYTES:
            return None
        found.append(piece)
    return b"".join(found).decode("utf-8", "replace")


class _Streams(httpcore.AsyncNetworkBackend):
    """Connections by the standard library. Nothing here has a time limit: the caller has one for everything."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            return _Stream(*await asyncio.open_connection(host, port, happy_eyeballs_delay=0.25))
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from None


class _Stream(httpcore.AsyncNetworkStream):
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return await self._reader.read(max_bytes)
        except OSError as error:
            raise httpcore.ReadError(str(error)) from None

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        try:
            self._writer.write(buffer)
            await self._writer.drain()
        except OSError as error:
            raise httpcore.WriteError(str(error)) from None

    async def aclose(self) -> None:
        self._writer.transport.abort()  # nothing is left to be sent, and a farewell by TLS is not waited for

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except (OSError, ssl.SSLError) as error:
            raise httpcore.ConnectError(str(error)) from None
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # httpcore asks this between requests: can the other side have hung up?
            return self._reader.at_eof() or self._writer.is_closing()
        return self._writer.get_extra_info(info)
