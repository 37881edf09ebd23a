"""Flat constant expressions: values and operators in a row, worked out by PowerShell's precedence.

From the tightest: casts and the unary ``-join``, the comma, ``..``, ``-f``, ``+``, then ``-join``, ``-replace`` and
``-split``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from flowsleuth.extract.powershell import constants
from flowsleuth.extract.powershell.constants import Value, is_small


@dataclass(slots=True)
class Node:
    """A token, or what several became.

    Attributes
    ----------
    kind, text : str
    value : optional
        What it is, if it is constant.
    is_changed : bool
        The text no longer says it as the script did.
    """

    kind: str
    text: str
    value: Value | None = None
    is_changed: bool = False


class Expression:
    """Some nodes read as one expression; ``value`` is None where they are none, or not constant.

    Parameters
    ----------
    nodes : list of Node
    first, last : int
        From the first to before the last.
    steps : Counter
        What was worked out is counted here, if the whole is constant.
    """

    def __init__(self, nodes: list[Node], first: int, last: int, steps: Counter[str]) -> None:
        self._nodes, self._at, self._last = nodes, first, last
        self._done: Counter[str] = Counter()
        self.operations = 0
        value = self._comparison()
        self.value = value if self._peek() is None and is_small(value) else None
        if self.value is not None:
            steps.update(self._done)

    def _peek(self) -> Node | None:
        while self._at < self._last and self._nodes[self._at].kind in ("space", "newline"):
            self._at += 1
        return self._nodes[self._at] if self._at < self._last else None

    def _takes(self, *texts: str) -> str | None:
        """The next node's text in lower case if it is one of these, which is then behind us."""
        node = self._peek()
        if node is None or node.value is not None or node.text.lower() not in texts:
            return None
        self._at += 1
        return node.text.lower()

    def _did(self, what: str) -> None:
        self._done[what] += 1
        self.operations += 1

    def _comparison(self) -> Value | None:
        left = self._sum()
        names = ("-join", "-replace", "-creplace", "-ireplace", "-split", "-isplit", "-csplit")
        while left is not None and (name := self._takes(*names)):
            right = self._sum()
            if right is None:
                return None
            if name == "-join":
                left = constants.joined(left, right)
            elif name.endswith("replace"):
                left = constants.replaced(left, right, is_cased=name == "-creplace")
            else:
                left = constants.split(left, right, is_cased=name == "-csplit")
            self._did(name.lstrip("-").removeprefix("i").removeprefix("c") + "s")
        return left

    def _sum(self) -> Value | None:
        left = self._format()
        texts: list[str] = []
        while left is not None and self._takes("+"):
            right = self._format()
            if right is None:
                return None
            if isinstance(left, str) and isinstance(right, str | int):
                texts.append(str(right))
            else:
                left = constants.added(left + "".join(texts) if isinstance(left, str) else left, right)
                texts = []
            self._did("concatenations")
        return left + "".join(texts) if isinstance(left, str) and texts else left

    def _format(self) -> Value | None:
        left = self._range()
        while left is not None and self._takes("-f"):
            right = self._range()
            left = None if right is None else constants.formatted(left, right)
            self._did("formats")
        return left

    def _range(self) -> Value | None:
        left = self._comma()
        if left is not None and self._takes(".."):
            right = self._comma()
            return None if right is None else constants.ranged(left, right)
        return left

    def _comma(self) -> Value | None:
        first = self._unary()
        if first is None:
            return None
        members = [first]
        while self._takes(","):
            more = self._unary()
            if more is None:
                return None
            members.append(more)
        return members if len(members) > 1 else first

    def _unary(self) -> Value | None:
        prefixes: list[Node] = []
        while (node := self._peek()) and (
            node.kind == "type" or (node.kind == "dash" and node.text.lower() == "-join")
        ):
            prefixes.append(node)
            self._at += 1
        value = self._one()
        for prefix in reversed(prefixes):
            if value is None:
                return None
            if prefix.kind == "type":
                value = constants.cast(prefix.text[1:-1].replace(" ", ""), value)
                self._did("casts")
            else:
                value = constants.joined(value)
                self._did("joins")
        return value

    def _one(self) -> Value | None:
        is_negative = self._takes("-") is not None
        node = self._peek()
        if node is None or node.value is None:
            return None
        self._at += 1
        if is_negative:
            return -node.value if isinstance(node.value, int) else None
        return node.value
