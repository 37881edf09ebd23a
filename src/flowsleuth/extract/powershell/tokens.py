"""PowerShell as tokens: strings and comments whole, so that what is in them is left alone. Never raises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

SINGLE_QUOTES = "'‘’‚‛"
DOUBLE_QUOTES = '"“”„'
"""Typographic quotes are quotes to PowerShell, too."""
_HERE = re.compile(r"@([\"'‘’‚‛“”„])[^\S\r\n]*\r?\n")
_TOKEN = re.compile(
    r"""
    (?P<newline>\r\n|\n|\r)
    | (?P<space>(?:[^\S\r\n]|`\r?\n)+)
    | (?P<comment><\#(?s:.*?)(?:\#>|\Z)|\#[^\r\n]*)
    | (?P<variable>\$\{[^}\r\n]*\}|\$(?:\w+:)?\w+|\$[$^?_]|@\w+)
    | (?P<type>\[[A-Za-z_][\w.]*(?:\[\s*,?\s*\])?\])
    | (?P<number>0[xX][0-9a-fA-F]+\b|\d+\b(?!\.\w))
    | (?P<dash>-[A-Za-z]\w*)
    | (?P<open>@\(|@\{|\$\(|[({])
    | (?P<close>[)}])
    | (?P<operator>::|&&|\|\||[+\-*/%]=|\.\.)
    | (?P<word>(?:\w|`[^\r\n])(?:[\w\\/.~?*-]|`[^\r\n]|:(?!:))*)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """One token.

    Attributes
    ----------
    kind : str
        ``newline``, ``space``, ``comment``, ``single`` and ``double`` (strings), ``here``, ``variable``, ``type``,
        ``number``, ``dash`` (``-join``), ``open``, ``close``, ``operator``, ``word`` or ``other``.
    text : str
    """

    kind: str
    text: str


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a script; put together they are the script again.

    Examples
    --------
    >>> [one.text for one in tokens("iex 'a;b' # why; not")]
    ['iex', ' ', "'a;b'", ' ', '# why; not']
    """
    at = 0
    while at < len(text):
        kind, end = _string_at(text, at)
        if not kind:
            found = _TOKEN.match(text, at)
            kind, end = (str(found.lastgroup), found.end()) if found else ("other", at + 1)
        yield Token(kind, text[at:end])
        at = end


def _string_at(text: str, at: int) -> tuple[str, int]:
    """The kind and the end of the string that begins at a place; no kind where none does."""
    character = text[at]
    if character == "@" and (here := _HERE.match(text, at)):
        quotes = SINGLE_QUOTES if here[1] in SINGLE_QUOTES else DOUBLE_QUOTES
        end = re.compile(rf"\n[{quotes}]@").search(text, here.end() - 1)
        return "here", end.end() if end else len(text)
    if character in SINGLE_QUOTES:
        return "single", _end_of_single(text, at)
    return ("double", _end_of_double(text, at)) if character in DOUBLE_QUOTES else ("", at)


def _end_of_single(text: str, at: int) -> int:
    closing = re.compile(f"[{SINGLE_QUOTES}]")
    at += 1
    while found := closing.search(text, at):
        at = found.end()
        if text[at : at + 1] not in tuple(SINGLE_QUOTES):
            return at
        at += 1
    return len(text)


def _end_of_double(text: str, at: int) -> int:
    """Past ``$( … )`` within, which may have strings of its own."""
    open_parts = ['"']
    at += 1
    while at < len(text):
        character = text[at]
        if character == "`":
            at += 2
            continue
        if open_parts[-1] == '"':
            if character in DOUBLE_QUOTES:
                if text[at + 1 : at + 2] in tuple(DOUBLE_QUOTES):
                    at += 2
                    continue
                open_parts.pop()
            elif text.startswith("$(", at):
                open_parts.append("(")
                at += 1
        elif character in SINGLE_QUOTES:
            at = _end_of_single(text, at)
            continue
        elif character in DOUBLE_QUOTES or character == "(":
            open_parts.append("(" if character == "(" else '"')
        elif character == ")":
            open_parts.pop()
        at += 1
        if not open_parts:
            return at
    return len(text)
