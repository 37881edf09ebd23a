"""A small HTTP/1.1 server on this machine, for tests of services: answers as told, and misbehaves as told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request that came.

    Attributes
    ----------
    method : str
    path : str
        Percent-decoded.
    query : mapping
    headers : mapping
        Names in lower case.
    body : bytes
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return dict(parse_qsl(self.body.decode()))

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What is sent back.

    Attributes
    ----------
    body : object
        Bytes as they are, anything else as JSON.
    status : int
    headers : mapping
    delay_s : float
        Seconds before it is sent.
    closes : bool
        The connection is closed without any answer.
    """

    body: object = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    closes: bool = False


class IntelServer:
    """Serves until the ``with`` block ends.

    Parameters
    ----------
    answer : callable
        From :class:`Asked` to :class:`Answer`.
    port : int
        0 for any that is free.

    Examples
    --------
    >>> import urllib.request
    >>> with IntelServer(lambda asked: Answer({"path": asked.path})) as server:
    ...     urllib.request.urlopen(server.url + "/a%20b").read()
    b'{"path": "/a b"}'
    """

    def __init__(self, answer: Callable[[Asked], Answer], port: int = 0) -> None:
        self._answer = answer
        self._port = port
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._failure: OSError | None = None
        self.asked: list[Asked] = []
        """Every request, in the order of arrival."""
        self.most_at_once = 0
        """Requests that were under way at the same time, at most."""
        self._under_way = 0

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> IntelServer:
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True)
        self._thread.start()
        self._ready.wait(10)
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def serve(self) -> None:
        """Serve until stopped."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            server = await asyncio.start_server(self._connection, "127.0.0.1", self._port)
        except OSError as error:
            self._failure = error
            self._ready.set()
            return
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while True:
                asked = await _read(reader)
                self.asked.append(asked)
                self._under_way += 1
                self.most_at_once = max(self.most_at_once, self._under_way)
                try:
                    answer = self._answer(asked)
                    if answer.delay_s:
                        await asyncio.sleep(answer.delay_s)
                    if answer.closes:
                        break
                    writer.write(_written(answer))
                    await writer.drain()
                finally:
                    self._under_way -= 1
        with contextlib.suppress(ConnectionError):
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    return Asked(method, unquote(parts.path), dict(parse_qsl(parts.query)), headers, body)


def _written(answer: Answer) -> bytes:
    body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} X", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
