"""KQL (Microsoft Sentinel, Log Analytics, Defender XDR, Kusto).

What a value becomes depends on where its parameter stands: in a string, in a verbatim string, in a comment, or bare.
String literals as https://learn.microsoft.com/kusto/query/scalar-data-types/string describes them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flowsleuth.query.definitions import Parameter, QueryDefinition
from flowsleuth.query.languages.values import (
    Rendered,
    Value,
    Values,
    bare_text,
    formatted,
    iso_time,
    pieces,
    refuse,
    slot_of,
    without_blank_lines,
)

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\u0000"}
_COMPARED = re.compile(
    r"(?:[=!]=|[=!]~|\b(?:has\w*|in~?|contains\w*|startswith\w*|endswith\w*))\s*\(?\s*$", re.IGNORECASE
)
"""What comes before a value, and never before a piece of a query: there, a value that is no word is quoted."""

_OTHER_LINE_ENDS = {"\u2028": "\\u2028", "\u2029": "\\u2029", "\x85": "\\u0085"}


def quote(text: str) -> str:
    """A KQL string literal.

    Examples
    --------
    >>> print(quote('a" | take 1 //'))
    "a\\" | take 1 //"
    """
    return f'"{escape(text)}"'


def escape(text: str, quote_sign: str = '"') -> str:
    """The inside of a KQL string literal; only the quote it has is escaped, because JSON literals know no other."""
    return "".join(f"\\{c}" if c == quote_sign else _ESCAPES.get(c) or _OTHER_LINE_ENDS.get(c, c) for c in text)


@dataclass
class Place:
    """Where in the text we are: bare, or within a string or comment."""

    kind: str = ""

    def read(self, text: str) -> None:
        """Go on over plain text.

        Examples
        --------
        >>> place = Place()
        >>> place.read('T | where a == @"C:\\\\')
        >>> place.kind
        '@"'
        >>> place.read('" | where b == "say \\\\"')
        >>> place.kind
        '"'
        """
        at = 0
        while at < len(text):
            at += self._bare(text, at) if not self.kind else self._within(text, at)

    def _bare(self, text: str, at: int) -> int:
        for start, kind in (("//", "//"), ("```", "```"), ('@"', '@"'), ("@'", "@'"), ('"', '"'), ("'", "'")):
            if text.startswith(start, at):
                self.kind = kind
                return len(start)
        return 1

    def _within(self, text: str, at: int) -> int:
        kind = self.kind
        if kind == "//":
            if text[at] in "\r\n":
                self.kind = ""
            return 1
        if kind == "```":
            if text.startswith(kind, at):
                self.kind = ""
                return 3
            return 1
        if kind[0] == "@":
            if text.startswith(kind[1] * 2, at):
                return 2
        elif text[at] == "\\":
            return 2
        if text[at] == kind[-1]:
            self.kind = ""
        return 1


def render(query: QueryDefinition, values: Values) -> Rendered:
    """The query with its values.

    Raises
    ------
    QueryParameterError
        A value must not be put where its parameter stands.
    QueryFileError
        The text has a brace that is no parameter, or is no text.
    """
    place, written = Place(), []
    for plain, name in pieces(str(query.text), query.where):
        place.read(plain)
        written.append(plain)
        if name is not None:
            text = _put(query, *slot_of(query, values, name), place, is_compared=bool(_COMPARED.search(plain)))
            if not place.kind:
                place.read(text)
                if place.kind not in ("", "//"):
                    raise refuse(query, name, "leaves a string open")
            written.append(text)
    text = without_blank_lines("".join(written))
    return Rendered(text, bound_text=text, args=query.args)


def _put(query: QueryDefinition, parameter: Parameter, value: Value, place: Place, *, is_compared: bool) -> str:
    if place.kind:
        inner = ", ".join(map(_plain, value.value)) if isinstance(value.value, list) else _plain(value.value)
        return _inside(query, parameter, formatted(parameter, inner, str), place.kind)
    if isinstance(value.value, str):
        bare = bare_text(query, parameter, value)
        if bare is None and is_compared and not parameter.format:
            return quote(value.value)
        if bare is None:
            raise refuse(query, parameter.name, "stands outside quotes here, where only a name or a number may stand")
        return formatted(parameter, bare, str)
    return formatted(parameter, value.value, _literal)


def _inside(query: QueryDefinition, parameter: Parameter, text: str, kind: str) -> str:
    if kind == "//":
        return " ".join(text.split())
    if kind == "```":
        if "`" in text:
            raise refuse(query, parameter.name, "has a backtick, which would end the string it stands in")
        return text
    if kind[0] == "@":
        if any(c in text for c in "\r\n\0"):
            raise refuse(query, parameter.name, "has a line end, which a verbatim string cannot hold")
        return text.replace(kind[1], kind[1] * 2)
    return escape(text, kind)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else _literal(value)


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(quote(one) if isinstance(one, str) else _literal(one) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if hasattr(value, "astimezone"):
        return iso_time(value)
    return quote(str(value))
