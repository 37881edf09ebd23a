"""Runs of characters that may be something encoded, and what stands around them that says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

SHORTEST = 8
"""Characters of the shortest run that is looked at where nothing around it says that it is encoded."""
_RUN = re.compile(r"[A-Za-z0-9+/_-]{6,}={0,2}")
_SHORT_RUN = re.compile(r"[A-Za-z0-9+/_-]{3,5}={0,2}(?![A-Za-z0-9+/_-])")
_ESCAPED = re.compile(r"(?:\\x[0-9A-Fa-f]{2}){4,}")
_LISTED = re.compile(r"0x[0-9A-Fa-f]{1,2}(?:\s*,\s*0x[0-9A-Fa-f]{1,2}){7,}(?![0-9A-Fa-f])")
_APART = re.compile(  # begins with the mark between two bytes: such marks are rare in long runs of base64
    r"([ :,-])(?<=(?<![0-9A-Za-z])[0-9A-Fa-f]{2}.)(?:[0-9A-Fa-f]{2}\1){6,}[0-9A-Fa-f]{2}(?![0-9A-Za-z])"
)
_MAY_BE_TOLD = re.compile(r"[-/–—][eE]|64|atob|<<<")
_SWITCH = re.compile(r"[-/–—](?<!\S.)(?:(?<!/)[eE]|[eE][cC]|[eE][nN][cC]?\w{0,20})\s+['\"]?")
_FUNCTION = re.compile(r"64(?<=[bBeE]64)(?:[sS]tring|[dD]ecode)?\W{1,4}['\"]?")
_OTHER_FUNCTION = re.compile(r"(?:atob\W{1,3}|<<<\s*)['\"]?")
_PIPE = re.compile(r"\|\s{0,9}(?:/[\w/]{1,30}/)?(?:base64\s+(?:-d|-D|--d)|openssl\s+(?:enc\s+)?-?base64\s+-d)")
_LONGEST_SHORT = 7


class Run(NamedTuple):
    """A run: where it is, and how sure its place makes it that something is encoded there.

    Attributes
    ----------
    start, end : int
    is_spelled : bool
        It is hex in a spelling that nothing else has: ``\\x41\\x42``, ``0x41,0x42``, ``41 42``.
    is_told : bool
        A switch, a function or a pipe says that it is encoded.
    is_command : bool
        It is the value of PowerShell's ``-EncodedCommand``.
    is_part : bool
        It was cut out of a longer run.
    """

    start: int
    end: int
    is_spelled: bool = False
    is_told: bool = False
    is_command: bool = False
    is_part: bool = False


def find_runs(text: str) -> Iterator[Run]:
    """Runs by their place; of two that begin at one place the longer comes first.

    Examples
    --------
    >>> [run.is_command for run in find_runs("powershell -enc dwBoAG8AYQBtAGkA")]
    [False, True]
    """
    spelled = list(_spelled(text))
    if not _MAY_BE_TOLD.search(text):
        runs: Iterator[Run] = (Run(*one.span()) for one in _RUN.finditer(text))
        return iter(sorted([*runs, *spelled], key=_place)) if spelled else runs
    return iter(sorted([*_told(text), *spelled], key=_place))


def _place(run: Run) -> tuple[int, int]:
    return run.start, -run.end


def _spelled(text: str) -> Iterator[Run]:
    if "\\x" in text:
        yield from (Run(*one.span(), True) for one in _ESCAPED.finditer(text))
    if "0x" in text:
        yield from (Run(*one.span(), True) for one in _LISTED.finditer(text))
    yield from (Run(one.start() - 2, one.end(), True) for one in _APART.finditer(text))


def _told(text: str) -> list[Run]:
    """The runs of a text in which some switch, function or pipe tells; told ones may be short."""
    commands = {one.end() for one in _SWITCH.finditer(text)}
    begins = commands | {one.end() for one in _FUNCTION.finditer(text)}
    if "atob" in text or "<<<" in text:
        begins |= {one.end() for one in _OTHER_FUNCTION.finditer(text)}
    ends = {_end_before(text, one.start()) for one in _PIPE.finditer(text)} if "|" in text else set()
    runs = []
    for one in _RUN.finditer(text):
        start, end = one.span()
        runs.append(Run(start, end, False, start in begins or end in ends, start in commands))
    return [*runs, *_short(text, begins, ends, commands)]


def _end_before(text: str, at: int) -> int:
    """Where what stands before a pipe ends, its blanks and quotes left out."""
    while at > 0 and text[at - 1] in " \t\"'":
        at -= 1
    return at


def _short(text: str, begins: set[int], ends: set[int], commands: set[int]) -> Iterator[Run]:
    for begin in begins:
        short = _SHORT_RUN.match(text, begin)
        if short:
            yield Run(*short.span(), False, True, begin in commands)
    for end in ends:
        for short in _SHORT_RUN.finditer(text, max(0, end - _LONGEST_SHORT), end):
            if short.end() == end and text[short.start() - 1 : short.start()] in ("", " ", '"', "'", "\t"):
                yield Run(*short.span(), False, True)
