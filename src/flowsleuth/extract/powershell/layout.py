"""PowerShell indented by its blocks."""

from __future__ import annotations

from flowsleuth.errors import OptionError
from flowsleuth.extract.powershell.plain import plain_powershell
from flowsleuth.extract.powershell.tokens import Token, tokens

DEEPEST = 40
"""Blocks within blocks that are indented further; deeper ones are not, that hostile text does not grow by it."""
_STAYS_BEHIND_BLOCK = frozenset({")", "}", "]", ",", ".", "|", ";", "::"})
_GOES_ON = frozenset({"else", "elseif", "catch", "finally", "while", "until"})


def format_powershell(code: str, *, indent: int = 4, plain: bool = False) -> str:
    """Break a script into lines and indent it by its blocks; strings and comments stay as they are.

    Parameters
    ----------
    code : str
        A script, as often in one line. Whatever it is, it is not executed and nothing is raised for it.
    indent : int
        Blanks per block, 0 to 16.
    plain : bool
        Work out constant expressions first: see :func:`~flowsleuth.extract.powershell.plain.plain_powershell`.

    Returns
    -------
    str

    Raises
    ------
    OptionError
        The indent is out of bounds.

    Examples
    --------
    >>> print(format_powershell("if($a){foreach($b in $a){iex $b;'x;y'}}else{exit}"))
    if($a) {
        foreach($b in $a) {
            iex $b
            'x;y'
        }
    } else {
        exit
    }
    """
    if not 0 <= indent <= 16:
        raise OptionError("0 to 16", where=f"indent={indent}")
    return _Lines(indent).laid_out(list(tokens(plain_powershell(code).text if plain else code)))


class _Lines:
    """Lines that are being written."""

    def __init__(self, indent: int) -> None:
        self._indent = indent
        self._lines: list[str] = []
        self._line: list[str] = []
        self._open: list[str] = []
        self._depth = 0
        self._line_depth = 0
        self._is_after_newline = True

    def laid_out(self, given: list[Token]) -> str:
        following = _following(given)
        for at, token in enumerate(given):
            self._add(token, following[at])
            self._is_after_newline = token.kind == "newline" or (token.kind == "space" and self._is_after_newline)
        self._end_line()
        return "\n".join(self._lines).rstrip("\n")

    def _add(self, token: Token, following: Token | None) -> None:
        if token.kind == "newline":
            self._end_line()
            if self._is_after_newline and self._lines and self._lines[-1]:
                self._lines.append("")
        elif token.kind == "space":
            if self._line and self._line[-1] != " ":
                self._line.append(" ")
        elif token.text in ("{", "@{"):
            self._begin_block(token, following)
        elif token.text == "}":
            self._end_block(following)
        elif token.text == ";" and not self._is_in_brackets():
            self._end_line()
        else:
            is_remark = token.text.startswith("#")
            self._write(token.text.rstrip(" \t") if is_remark else token.text)
            self._track(token)
            if is_remark:
                self._end_line()

    def _write(self, text: str) -> None:
        if not self._line:
            self._line_depth = self._depth
        self._line.append(text)

    def _is_in_brackets(self) -> bool:
        return bool(self._open) and self._open[-1] == "("

    def _track(self, token: Token) -> None:
        if token.kind == "open":
            self._open.append("(")
        elif token.text == ")" and self._is_in_brackets():
            self._open.pop()

    def _begin_block(self, token: Token, following: Token | None) -> None:
        if token.text == "{" and self._line and self._line[-1][-1:] not in (" ", "(", "@", "$", "{"):
            self._write(" ")
        self._write(token.text)
        self._open.append("{")
        self._depth += 1
        if not (following and following.text == "}"):
            self._end_line()

    def _end_block(self, following: Token | None) -> None:
        while self._is_in_brackets():
            self._open.pop()
        if not (self._line and self._line[-1] in ("{", "@{")):
            self._end_line()
        if self._open:
            self._open.pop()
            self._depth -= 1
        self._write("}")
        text = following.text.casefold() if following else ""
        if text in _GOES_ON or text == "|":
            self._write(" ")
        elif text not in _STAYS_BEHIND_BLOCK and not (following and following.kind == "comment"):
            self._end_line()

    def _end_line(self) -> None:
        while self._line and self._line[-1] == " ":
            self._line.pop()
        text = "".join(self._line)
        self._line = []
        if text:
            self._lines.append(" " * (self._indent * min(self._line_depth, DEEPEST)) + text)


def _following(given: list[Token]) -> list[Token | None]:
    """The next token after each that is neither blank nor line end."""
    found: list[Token | None] = [None] * len(given)
    following: Token | None = None
    for at in range(len(given) - 1, -1, -1):
        found[at] = following
        if given[at].kind not in ("space", "newline"):
            following = given[at]
    return found
