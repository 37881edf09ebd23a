"""SPL (Splunk). Values are quoted wherever they are not one plain word.

Quoting as https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Search describes it: a backslash before
backslash and double quote; ``*`` stays a wildcard (SPL cannot escape it), so data that holds one is refused; macros are
written between backticks, so a backtick is refused.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flowsleuth.query.definitions import Parameter, QueryDefinition
from flowsleuth.query.languages.values import (
    Rendered,
    Value,
    Values,
    bare_text,
    formatted,
    pieces,
    refuse,
    slot_of,
    without_blank_lines,
)


def quote(text: str) -> str:
    """An SPL string.

    Examples
    --------
    >>> print(quote('a" | delete'))
    "a\\" | delete"
    """
    return f'"{escape(text)}"'


def escape(text: str) -> str:
    """The inside of an SPL string."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def splunk_time(moment: dt.datetime) -> str:
    """As msticpy's Splunk files read it with their ``timeformat``: UTC, in quotes.

    Examples
    --------
    >>> splunk_time(dt.datetime(2021, 6, 6, tzinfo=dt.UTC))
    '"2021-06-06 00:00:00.000000"'
    """
    return moment.astimezone(dt.UTC).strftime('"%Y-%m-%d %H:%M:%S.%f"')


@dataclass
class _Place:
    kind: str = ""

    def read(self, text: str) -> None:
        skip = False
        for c in text:
            if skip:
                skip = False
            elif self.kind and c == "\\":
                skip = True
            elif self.kind:
                self.kind = "" if c == self.kind else self.kind
            elif c in "\"'":
                self.kind = c


def render(query: QueryDefinition, values: Values) -> Rendered:
    """The query with its values.

    Raises
    ------
    QueryParameterError
        A value must not be put where its parameter stands.
    """
    place, written = _Place(), []
    for plain, name in pieces(str(query.text), query.where):
        place.read(plain)
        written.append(plain)
        if name is not None:
            text = _put(query, *slot_of(query, values, name), place.kind)
            if not place.kind:
                place.read(text)
                if place.kind:
                    raise refuse(query, name, "leaves a string open")
            written.append(text)
    text = without_blank_lines("".join(written))
    return Rendered(text, bound_text=text, args=query.args)


def _put(query: QueryDefinition, parameter: Parameter, value: Value, kind: str) -> str:
    if isinstance(value.value, str):
        _check(query, parameter, value)
        bare = None if kind else bare_text(query, parameter, value)
        if bare is not None:
            return formatted(parameter, bare, str)
    if kind == '"':
        return escape(formatted(parameter, value.value, _plain))
    if kind == "'":
        text = formatted(parameter, value.value, _plain)
        if any(c in text for c in "'\\\r\n"):
            raise refuse(query, parameter.name, "is no name of a field")
        return text
    if isinstance(value.value, list):
        for one in value.value:
            _check(query, parameter, Value(one, value.origin))
    return formatted(parameter, value.value, _literal)


def _check(query: QueryDefinition, parameter: Parameter, value: Value) -> None:
    if value.origin == "default" or not isinstance(value.value, str):
        return
    if "`" in value.value:
        raise refuse(query, parameter.name, "has a backtick, where Splunk would look for a macro")
    if "\0" in value.value:
        raise refuse(query, parameter.name, "has a NUL character")
    if value.origin == "object" and "*" in value.value:
        raise refuse(
            query, parameter.name, "has a *, which Splunk reads as a wildcard", "give it by keyword to mean so"
        )


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(map(_plain, value))
    return _literal(value).strip('"')


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_literal(one) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dt.datetime):
        return splunk_time(value)
    return quote(str(value))
