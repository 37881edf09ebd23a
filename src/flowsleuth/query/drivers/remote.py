"""What drivers to other machines are alike in: one client, made when it is first needed and closed once."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from flowsleuth.query.drivers.contract import Answer, Request
from flowsleuth.query.languages.values import Rendered


class RemoteDriver(ABC):
    """A :class:`~flowsleuth.query.drivers.contract.Driver` over somebody's client; a kind of its own makes that client.

    Attributes
    ----------
    extra : str
        The extra of flowsleuth that has the client's package.
    """

    environment: ClassVar[str]
    language: ClassVar[str]
    summary: ClassVar[str]
    extra: ClassVar[str]
    is_local: ClassVar[bool] = False

    def __init__(self, parallel: int) -> None:
        self.parallel = parallel
        self._made: Any = None
        self._making = threading.Lock()

    @abstractmethod
    def _make(self) -> Any:
        """The client; fails early where a package or a setting is missing."""

    @abstractmethod
    def run(self, request: Request) -> Answer:
        """Ask, and wait for the whole answer."""

    def connect(self) -> None:
        """Make the client; most other sides are asked with the first query.

        Raises
        ------
        MissingExtraError
            The client's package is not installed.
        QueryError
            A setting is missing or not safe, or the other side refuses.
        """
        with self._making:
            if self._made is None:
                self._made = self._make()

    @property
    def _client(self) -> Any:
        """The client, made when first asked for."""
        self.connect()
        return self._made

    def _rows(self, text: str) -> list[dict[str, Any]]:
        """Ask in a text of our own."""
        found: list[dict[str, Any]] = self.run(Request(Rendered.as_is(text))).rows.to_pylist()
        return found

    def close(self) -> None:
        """Let the connection go."""
        if self._made is not None:
            self._close(self._made)
            self._made = None

    def _close(self, client: Any) -> None:
        client.close()
