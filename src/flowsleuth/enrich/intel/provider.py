"""How a service is declared: where it is, what it is asked for each type of observable, how its answer is read.

A new service is one :class:`Provider`: a table of a dozen lines and a function from its JSON to a :class:`Verdict`.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from flowsleuth.enrich.intel.severity import Severity
from flowsleuth.errors import FlowsleuthError
from flowsleuth.extract.observables import TYPES, ObservableType

Scope = Literal["primary", "secondary"]
OK, NOT_SUPPORTED, BAD_FORMAT, FAILED, NO_DATA, NOT_ASKED, OTHER = 0, 1, 2, 3, 4, 5, 10
"""Status of a row; msticpy's numbers, and 5 for what was not asked. Larger ones are HTTP status codes."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
OF_THE_OBSERVABLE = ("value", "quoted", "base64url", "kql", "type")
"""What a template may name besides the provider's own keys and values."""


class NoVerdictError(Exception):
    """The service answered, but not with a verdict: it has nothing, or it refused.

    Parameters
    ----------
    reason : str
    status : int
        :data:`NO_DATA`, :data:`OTHER`, or an HTTP code it stands for, such as 401 for a refused key.
    """

    def __init__(self, reason: str, status: int = OTHER) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


@dataclass(frozen=True)
class Verdict:
    """What a service says.

    Attributes
    ----------
    found : bool
        It knows something about the observable, good or bad.
    severity : str
        On our scale.
    details : mapping
        What matters of the answer, small, as JSON can hold it.
    reference : str or None
        A page for people, when the answer names one.
    """

    found: bool
    severity: Severity
    details: Mapping[str, Any] = field(default_factory=dict)
    reference: str | None = None


Parser = Callable[[Any, str], Verdict]
"""From the JSON of an answer, and the value asked about. Raises :class:`NoVerdictError`."""


@dataclass(frozen=True)
class Question:
    """How one type of observable is asked about.

    Attributes
    ----------
    path : str
        Added to the provider's URL; ``{quoted}`` is the observable, percent-encoded.
    parse : callable
        See :data:`Parser`.
    method : ``GET`` or ``POST``
    params : mapping
        Query parameters; templates.
    json, form : mapping, optional
        Body of a POST; templates.
    subtype : str
        Told in ``QuerySubtype``.
    """

    path: str
    parse: Parser
    method: Literal["GET", "POST"] = "GET"
    params: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None
    subtype: str = ""


@dataclass(frozen=True)
class Provider:
    """A service, declared.

    Attributes
    ----------
    name : str
        As in ``--provider``.
    summary : str
        One line.
    url : str
        Beginning of every address; may name a value, as in ``{url}`` for servers of one's own.
    documentation : str
        Where its API is described.
    questions : mapping
        Type of observable to question.
    keys : tuple of str
        Secrets it needs.
    optional_keys : tuple of str
        Secrets it takes. Without them it is asked only when it is named or enabled.
    values : tuple of str
        Further settings it needs, such as ``url``.
    keys_of : str
        Another name the keys are looked for under; the services of abuse.ch share one key.
    headers, params : mapping
        Of every request; templates such as ``{api_key}``. What a template names and is not set is left out.
    basic : tuple of str, optional
        Names of user and password of basic authentication.
    per_minute : float
        Requests a minute; the free plan's.
    burst : int
        Of these, how many at once after a pause.
    concurrency : int
        Requests under way.
    absent : tuple of int
        HTTP codes that mean: nothing is known.
    scope : ``primary`` or ``secondary``
        Secondary ones are asked only with ``scope="secondary"`` or ``"all"``, or by name.
    reference : str
        Template of a page for people.
    """

    name: str
    summary: str
    url: str
    documentation: str
    questions: Mapping[ObservableType, Question]
    keys: tuple[str, ...] = ("api_key",)
    optional_keys: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    keys_of: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    basic: tuple[str, str] | None = None
    per_minute: float = 60.0
    burst: int = 1
    concurrency: int = 4
    absent: tuple[int, ...] = (404,)
    scope: Scope = "primary"
    reference: str = ""

    def __post_init__(self) -> None:
        wrong = sorted({str(kind) for kind in self.questions} - set(TYPES))
        known = {*self.keys, *self.optional_keys, *self.values, *OF_THE_OBSERVABLE}
        wrong += sorted(self.placeholders() - known)
        if wrong:
            raise FlowsleuthError("declares what does not exist", where=f"provider {self.name}: {', '.join(wrong)}")

    def placeholders(self) -> set[str]:
        """All names in its templates."""
        texts: list[str] = [self.url, self.reference, *self.headers.values(), *self.params.values()]
        for question in self.questions.values():
            texts += [question.path, *question.params.values(), *(question.form or {}).values()]
            texts.append(json.dumps(dict(question.json or {})))
        return {name for text in texts for name in _PLACEHOLDER.findall(text)}


def template_values(kind: str, value: str) -> dict[str, str]:
    """What templates may say of an observable.

    Examples
    --------
    >>> template_values("domain", "evil.com")["base64url"]
    'ZXZpbC5jb20'
    """
    return {
        "type": kind,
        "value": value,
        "quoted": quote(value, safe=""),
        "base64url": base64.urlsafe_b64encode(value.encode()).decode("ascii").rstrip("="),
        "kql": kql_text(value),
    }


def kql_text(value: str) -> str:
    """A text as a literal of the Kusto query language.

    Examples
    --------
    >>> print(kql_text('a" or true // \\\\'))
    "a\\" or true // \\\\"
    """
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'


def fill(template: Any, values: Mapping[str, str]) -> Any:
    """A template with its names replaced, deep in mappings and lists; None when a text names what is not set.

    Examples
    --------
    >>> fill({"hash": "{value}", "limit": 5}, {"value": "ab"})
    {'hash': 'ab', 'limit': 5}
    >>> fill("Bearer {token}", {}) is None
    True
    """
    if isinstance(template, str):
        names = _PLACEHOLDER.findall(template)
        if any(name not in values for name in names):
            return None
        return _PLACEHOLDER.sub(lambda found: values[found[1]], template)
    if isinstance(template, Mapping):
        filled = {key: fill(inner, values) for key, inner in template.items()}
        return {key: inner for key, inner in filled.items() if inner is not None}
    if isinstance(template, list | tuple):
        return [fill(inner, values) for inner in template]
    return template
