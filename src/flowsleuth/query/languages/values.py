"""Values on their way into a query: typed, with where they come from; and the places of a template they go to."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from flowsleuth.errors import QueryFileError, QueryParameterError
from flowsleuth.query.definitions import Parameter, QueryDefinition

Origin = Literal["default", "given", "object"]
"""From the query file, from whoever calls, or from data (an alert, an entity, a row)."""


@dataclass(frozen=True)
class Value:
    """A typed value and where it comes from."""

    value: Any
    origin: Origin = "given"


Values = Mapping[str, Value]


@dataclass(frozen=True)
class Rendered:
    """A query as it is sent.

    Attributes
    ----------
    text : str
        For people, and for drivers that send text.
    bound : mapping
        Values that the driver binds; empty where the text holds them.
    bound_text : str
        The text with places for ``bound``; the same as ``text`` where there is none.
    document : mapping, optional
        The JSON document of Elasticsearch.
    args : mapping
        What stands beside the text in the query file.
    """

    text: str
    bound: Mapping[str, Any] = field(default_factory=dict)
    bound_text: str = ""
    document: Mapping[str, Any] | None = None
    args: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def as_is(cls, text: str) -> Rendered:
        """A text that is sent as it is."""
        return cls(text, bound_text=text)


_PIECE = re.compile(r"\{\{|\}\}|\{([A-Za-z_]\w*)\}|[{}]")
_TOKEN = re.compile(r"[\w.:*/-]*", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][\w$-]*(?:\.[A-Za-z_][\w$-]*)*", re.ASCII)
_LINES = re.compile(r"\n\s*\n")


def pieces(text: str, where: str) -> Iterator[tuple[str, str | None]]:
    """A template's plain text and, after each piece of it, the parameter that follows (None at the end).

    Raises
    ------
    QueryFileError
        A brace stands alone, or holds something else than a name.

    Examples
    --------
    >>> list(pieces("T | where x == {ip} and {{}}", ""))
    [('T | where x == ', 'ip'), (' and {}', None)]
    """
    at, plain = 0, ""
    for match in _PIECE.finditer(text):
        plain += text[at : match.start()]
        at = match.end()
        if match[1]:
            yield plain, match[1]
            plain = ""
        elif len(match[0]) == 2:
            plain += match[0][0]
        else:
            raise QueryFileError("a brace that is no parameter", where=where, hint="write it twice to mean a brace")
    yield plain + text[at:], None


def slot_of(query: QueryDefinition, values: Values, name: str) -> tuple[Parameter, Value]:
    """The parameter that a place of the template is for, and its value.

    Raises
    ------
    QueryFileError
        The file declares no such parameter.
    """
    if name not in query.parameters or name not in values:
        raise QueryFileError(f"a parameter that is not declared: {name}", where=query.where)
    return query.parameters[name], values[name]


def is_query_text(parameter: Parameter) -> bool:
    """Whether a parameter is a piece of the query, as msticpy's files use ``add_query_items`` and ``query_project``.

    It is so where the file says ``type: text``, or where a ``str`` has a default that is empty or more than a word.

    Examples
    --------
    >>> is_query_text(Parameter("add_query_items", default="| take 10")), is_query_text(Parameter("host_name"))
    (True, False)
    """
    if parameter.type != "str":
        return parameter.type == "text"
    default = parameter.default
    return isinstance(default, str) and (not default.strip() or not _TOKEN.fullmatch(default))


def is_token(text: str) -> bool:
    """Whether a text is one word: letters, digits and ``_ . : * / -``, without a comment sign.

    Examples
    --------
    >>> is_token("DeviceEvents"), is_token("T | take 1"), is_token("a//b"), is_token("")
    (True, False, False, True)
    """
    return bool(_TOKEN.fullmatch(text)) and "//" not in text and "--" not in text and "/*" not in text


def is_name(text: str) -> bool:
    """Whether a text is the name of a table or column, dots between parts.

    Examples
    --------
    >>> is_name("AzureNetworkAnalytics_CL"), is_name("flow; DROP")
    (True, False)
    """
    return bool(_NAME.fullmatch(text))


def refuse(query: QueryDefinition, name: str, why: str, hint: str | None = None) -> QueryParameterError:
    """The error for a value that must not be put where its parameter stands."""
    return QueryParameterError(why, where=f"{query.name}({name}=…)", hint=hint)


def bare_text(query: QueryDefinition, parameter: Parameter, value: Value) -> str | None:
    """What is put in as it is: a piece of the query or a word; None for a value that has to be quoted.

    Raises
    ------
    QueryParameterError
        A piece of the query would come from data.
    """
    text = str(value.value)
    if value.origin == "default":
        return text
    if parameter.type == "name":
        if not is_name(text):
            raise refuse(query, parameter.name, "is no name of a table or column")
        return text
    if is_query_text(parameter):
        if value.origin == "object" and not is_token(text):
            raise refuse(query, parameter.name, "is part of the query and is not taken from data", "give it by keyword")
        return text
    return text if is_token(text) and text else None


class LastTick(dt.datetime):
    """The last moment before a border, for queries that take their end in; written with one digit more.

    Microsoft's clocks tick ten times a microsecond: a row in the last microsecond is in this part, not in none.
    """


def last_tick_before(border: dt.datetime) -> LastTick:
    """The last moment before a border.

    Examples
    --------
    >>> iso_time(last_tick_before(dt.datetime(2021, 6, 6, tzinfo=dt.UTC)))
    '2021-06-05T23:59:59.9999999Z'
    """
    at = border - dt.timedelta(microseconds=1)
    return LastTick(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, tzinfo=at.tzinfo)


def iso_time(moment: dt.datetime) -> str:
    """ISO 8601, UTC, microseconds.

    Examples
    --------
    >>> iso_time(dt.datetime(2021, 6, 6, tzinfo=dt.UTC))
    '2021-06-06T00:00:00.000000Z'
    """
    text = moment.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "")
    return f"{text}9Z" if isinstance(moment, LastTick) else f"{text}Z"


def formatted(parameter: Parameter, value: Any, plain: Callable[[Any], str]) -> str:
    """A number or time as the parameter's ``format`` has it, or as the language writes it."""
    if parameter.format == "epoch" and isinstance(value, dt.datetime):
        return f"{value.timestamp():.6f}"
    text = plain(value)
    return parameter.format.format(text) if parameter.format and parameter.format != "epoch" else text


def without_blank_lines(text: str) -> str:
    """Lines left empty by empty parameters are dropped: some languages end a query there.

    Examples
    --------
    >>> without_blank_lines("T\\n  \\n| take 1 ")
    'T\\n| take 1'
    """
    return _LINES.sub("\n", text).strip()
