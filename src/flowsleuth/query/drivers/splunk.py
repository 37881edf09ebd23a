"""Splunk, by Splunk's splunk-sdk: results are streamed by the export search."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

from flowsleuth.errors import QueryError
from flowsleuth.query.drivers.columns import table_of_objects
from flowsleuth.query.drivers.connections import check_url, error_of, need, need_setting
from flowsleuth.query.drivers.contract import Answer, Request
from flowsleuth.query.drivers.remote import RemoteDriver

EXTRA = "splunk"
_BAD = ("ERROR", "FATAL")


class Splunk(RemoteDriver):
    """A Splunk search head.

    Parameters
    ----------
    host : str
    port : int
        Of the management interface.
    scheme : str
        ``https``; ``http`` is allowed for this machine only.
    bearer_token : str, optional
        A token made in Splunk; or
    username, password : str, optional
    app, owner : str, optional
        Whose knowledge objects are used.
    verify : bool
        Whether the certificate is checked.
    timeout_s : int
        How long to wait for the next piece of an answer.
    """

    environment: ClassVar[str] = "Splunk"
    language: ClassVar[str] = "spl"
    summary: ClassVar[str] = "Splunk, asked in SPL"
    extra: ClassVar[str] = EXTRA

    def __init__(
        self,
        host: str | None = None,
        port: int | str = 8089,
        *,
        scheme: str = "https",
        username: str | None = None,
        password: str | None = None,
        bearer_token: str | None = None,
        app: str | None = None,
        owner: str | None = None,
        verify: bool = True,
        timeout_s: int = 300,
    ) -> None:
        super().__init__(parallel=3)
        self._host = host
        self._port = int(port)
        self._scheme = scheme
        self._login = {"username": username, "password": password, "splunkToken": bearer_token}
        self._space = {"app": app, "owner": owner}
        self._verify = verify
        self._timeout_s = timeout_s

    @property
    def _where(self) -> str:
        return f"Splunk {self._host}:{self._port}"

    def _make(self) -> Any:
        """Log in."""
        host = need_setting(self._host, "host", self.environment)
        check_url(f"{self._scheme}://{host}", self.environment)
        client = need("splunklib.client", EXTRA)
        if not self._login["splunkToken"]:
            need_setting(self._login["username"], "bearer_token (or username)", self.environment)
        given = {key: value for key, value in (self._login | self._space).items() if value}
        options = {"scheme": self._scheme, "verify": self._verify, "timeout": self._timeout_s}
        with self._errors("cannot be reached"):
            return client.connect(host=host, port=self._port, **options, **given)

    @contextmanager
    def _errors(self, broken: str) -> Iterator[None]:
        """Errors of Splunk's package as ours."""
        binding = need("splunklib.binding", EXTRA)
        try:
            yield
        except binding.AuthenticationError as error:
            raise error_of(401, str(error), self._where) from None
        except binding.HTTPError as error:
            raise error_of(error.status, str(error), self._where, dict(error.headers).get("Retry-After")) from None
        except (OSError, ValueError) as error:
            raise QueryError(f"{broken}: {type(error).__name__}: {error}", where=self._where) from None

    def run(self, request: Request) -> Answer:
        """Ask; what Splunk says of a result that is not whole is its warning.

        Raises
        ------
        QueryError
        """
        text = request.query.text.strip()
        if not text.startswith("|") and not text.lower().startswith("search "):
            text = f"search {text}"
        options: dict[str, Any] = {"output_mode": "json", "preview": "false", "count": 0}
        if request.sends_window:
            for name, moment in (("earliest_time", request.start), ("latest_time", request.end)):
                if moment is not None:
                    options[name] = f"{moment.timestamp():.6f}"
        client = self._client
        with self._errors("the answer broke off"):
            rows, messages = _read(client.jobs.export(text, **options))
        bad = [text for kind, text in messages if kind in _BAD]
        if bad and not rows:
            raise QueryError("; ".join(bad), where=self._where)
        told = tuple(text for kind, text in messages if kind in (*_BAD, "WARN"))
        return Answer(table_of_objects(rows, ("_time", "_indextime")), told)

    def tables(self) -> dict[str, dict[str, str]]:
        """Indexes by name; Splunk has no columns to tell before a search."""
        client = self._client
        with self._errors("the answer broke off"):
            return {index.name: {} for index in client.indexes}

    def _close(self, client: Any) -> None:
        with suppress(QueryError), self._errors("cannot be reached"):
            client.logout()  # a session that stays open ends by itself


def _read(stream: Any) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Rows, and messages by kind, of a stream of JSON lines."""
    rows: list[dict[str, Any]] = []
    messages: list[tuple[str, str]] = []
    for line in _lines(stream):
        piece = json.loads(line)
        if not isinstance(piece, dict):
            raise ValueError("a line that is no object")
        if "result" in piece and not piece.get("preview"):
            rows.append(piece["result"])
        told = piece.get("messages") or ()
        messages.extend((str(message.get("type", "")), str(message.get("text", ""))) for message in told)
    return rows, messages


def _lines(stream: Any) -> Iterator[bytes]:
    rest = b""
    while chunk := stream.read(1 << 20):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line for line in whole if line.strip())
    if rest.strip():
        yield rest
