"""From a declared question and an observable to the one request that asks it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from flowsleuth.enrich.intel.access import Access
from flowsleuth.enrich.intel.cache import request_key
from flowsleuth.enrich.intel.keys import HIDDEN
from flowsleuth.enrich.intel.provider import Question, fill, template_values


@dataclass(frozen=True)
class Request:
    """What goes over the wire. Headers, address and body may hold keys, so they are not shown."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


@dataclass(frozen=True)
class Ask:
    """One observable to be asked of one service.

    Attributes
    ----------
    access : Access
    kind, value : str
        Type and safe form of the observable.
    question : Question
    """

    access: Access
    kind: str
    value: str
    question: Question

    def key(self) -> str:
        """What the answer is kept under: the request as it is, with every key hidden."""
        request = self._build(dict.fromkeys(self.access.secrets, HIDDEN))
        return request_key(self.access.name, f"{request.method} {request.url}", (request.body or b"").decode())

    def request(self) -> Request:
        """The request, keys in their places."""
        return self._build({name: secret.reveal() for name, secret in self.access.secrets.items()})

    @cached_property
    def _values(self) -> dict[str, str]:
        """What templates may name, the keys aside."""
        return {**self.access.values, **template_values(self.kind, self.value)}

    def _build(self, secrets: Mapping[str, str]) -> Request:
        provider, question = self.access.provider, self.question
        values = {**self._values, **secrets}
        path = fill(question.path, values)
        params = fill({**provider.params, **question.params}, values)
        headers = {"Accept": "application/json", **fill(dict(provider.headers), values)}
        body: bytes | None = None
        if question.json is not None:
            body = json.dumps(fill(question.json, values)).encode()
            headers["Content-Type"] = "application/json"
        elif question.form is not None:
            body = urlencode(fill(question.form, values)).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if provider.basic and all(name in values for name in provider.basic):
            pair = ":".join(values[name] for name in provider.basic)
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        url = self.access.url + path + (f"?{urlencode(params)}" if params else "")
        return Request(question.method, url, headers, body)

    def page(self) -> str | None:
        """The page for people that the provider declares."""
        found: Any = fill(self.access.provider.reference, self._values)
        return found or None
