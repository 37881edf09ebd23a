"""PowerShell that was made hard to read, made plain where that is certain: constant expressions are worked out.

Nothing is executed, no variable is followed, and what depends on the host stays as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from flowsleuth.extract.powershell import constants
from flowsleuth.extract.powershell.constants import Value, is_small, rendered
from flowsleuth.extract.powershell.expressions import Expression, Node
from flowsleuth.extract.powershell.tokens import Token, tokens

MOST_NODES = 2_000
"""A call with more in its brackets keeps its arguments as they are."""
_NAME = re.compile(r"[A-Za-z][\w-]*(?:\.exe)?\Z")
_MEMBER = re.compile(r"[A-Za-z_]\w*\Z")
_ESCAPED = re.compile(r"`([^0abefnrtuv\s])")
"""A backtick that does nothing; before these letters it makes another character of them."""
_ENDS = frozenset({";", "|", "||", "&&"})
_CLOSES = {")": ("(", "@(", "$("), "}": ("{", "@{"), "]": ("[",)}


@dataclass(frozen=True)
class Plain:
    """A script made plain.

    Attributes
    ----------
    text : str
    steps : mapping of str to int
        What was done, and how often: ``backticks``, ``concatenations``, ``formats``, ``casts`` (character codes),
        ``joins``, ``replaces``, ``splits``, ``indexes``, ``methods``, ``base64``, ``calls`` (a command or member that
        was named by a text).
    """

    text: str
    steps: dict[str, int] = field(default_factory=dict)


def plain_powershell(code: str) -> Plain:
    """Work out what is constant in a script: pieces put together, character codes, ``-f``, ``-join``, ``-replace``, ….

    Parameters
    ----------
    code : str
        Whatever it is, nothing is raised for it, and nothing of it is executed.

    Returns
    -------
    Plain

    Notes
    -----
    Only what PowerShell itself would make of it whatever the host: values of variables, aliases, environment and the
    case of letters are left alone. Text decoded from base64 within the script is put in its place;
    ``-EncodedCommand`` is :mod:`flowsleuth.extract.decoding`'s.

    Examples
    --------
    >>> found = plain_powershell("&('{1}{0}' -f 'x','ie') (('htt'+'p:')+[char]47+\\"/evil\\").Replace('evil','a.b')")
    >>> print(found.text)
    iex 'http://a.b'
    >>> found.steps["concatenations"], found.steps["formats"]
    (3, 1)
    """
    machine = _Machine()
    for token in tokens(code):
        machine.add(token)
    return machine.finished()


class _Machine:
    """Nodes so far; whatever becomes constant when a bracket or a statement ends is worked out at once."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._open: list[tuple[int, int]] = []  # where a bracket is, and where the expression within began
        self._begin = 0
        self._steps: Counter[str] = Counter()

    def add(self, token: Token) -> None:
        """Take the next token in."""
        text = token.text
        if text in _CLOSES and token.kind in ("close", "other"):
            self._close(text)
        elif token.kind == "newline" or text in _ENDS:
            self._end_expression()
            self._push(Node(token.kind, text))
            self._begin = len(self._nodes)
        else:
            self._push(self._node(token))
            if token.kind == "open" or text == "[":
                self._open.append((len(self._nodes) - 1, self._begin))
                self._begin = len(self._nodes)
            elif text in ("=", "+=") or text.lower() == "return":
                self._begin = len(self._nodes)

    def _node(self, token: Token) -> Node:
        value: Value | None = None
        if token.kind == "single":
            value = constants.of_single(token.text) if len(token.text) > 1 else None
        elif token.kind == "double":
            value = constants.of_double(token.text) if len(token.text) > 1 else None
        elif token.kind == "number":
            value = constants.cast("int", token.text)
        elif token.kind == "word" and "`" in token.text:
            text, count = _ESCAPED.subn(r"\1", token.text)
            self._steps["backticks"] += count
            return Node("word", text, None, bool(count))
        return Node(token.kind, token.text, value if is_small(value) else None)

    def _push(self, node: Node) -> None:
        self._nodes.append(node)

    def _end_expression(self) -> None:
        """Work out what stands since the expression began."""
        nodes, first, last = self._nodes, self._begin, len(self._nodes)
        while first < last and nodes[first].kind == "space":
            first += 1
        while last > first and nodes[last - 1].kind == "space":
            last -= 1
        if first < last:
            found = Expression(nodes, first, last, self._steps)
            if found.operations and found.value is not None and not isinstance(found.value, bytes | list):
                nodes[first:last] = [_constant(found.value)]

    def _close(self, text: str) -> None:
        opened = self._nodes[self._open[-1][0]].text if self._open else ""
        if opened not in _CLOSES[text]:
            self._push(Node("close", text))
            return
        if text == "}":
            self._end_expression()
        inner = self._begin
        at, self._begin = self._open.pop()
        kept = text == "}" or not (self._index(at) if text == "]" else self._bracket(at, opened, inner))
        if kept:
            self._push(Node("close", text))

    def _index(self, at: int) -> bool:
        """``'text'[1,2]``; of anything else the index is worked out in its place."""
        subject = self._nodes[at - 1].value if at else None
        index = Expression(self._nodes, at + 1, len(self._nodes), self._steps)
        found = None if index.value is None or subject is None else constants.indexed(subject, index.value)
        if found is None and index.operations and isinstance(index.value, str | int):
            self._nodes[at + 1 :] = [_constant(index.value)]
        return self._became(at - 1, found, "indexes")

    def _bracket(self, at: int, opened: str, inner: int) -> bool:
        """What stands in round brackets: arguments of a method or a command, or an expression."""
        before = self._nodes[max(0, at - 3) : at]
        member = before[-2].text if len(before) > 1 and before[-1].kind not in ("space", "newline") else ""
        if opened == "(" and member in (".", "::") and (before[-1].kind == "word" or before[-1].value is not None):
            return self._called(at, member, before)
        value = Expression(self._nodes, at + 1, len(self._nodes), self._steps).value
        if value is None:
            self._begin, begin = inner, self._begin
            self._end_expression()
            self._begin = begin
            return False
        is_call = (
            opened == "(" and bool(before) and before[-1].kind in ("word", "variable", "close") and not _is_key(before)
        )
        if is_call or isinstance(value, bytes):
            if not isinstance(value, list | bytes):
                self._nodes[at + 1 :] = [_constant(value)]
            return False
        if opened == "@(" and not isinstance(value, list):
            value = [value]
        text = "".join(node.text for node in self._nodes[at:]) + ")" if isinstance(value, list) else rendered(value)
        self._nodes[at:] = [Node("constant", text, value, True)]
        return True

    def _called(self, at: int, member: str, before: list[Node]) -> bool:
        """``'text'.Method(…)`` and ``[Type]::Method(…)``; other calls get their arguments worked out."""
        arguments = self._arguments(at)
        name = str(before[-1].value) if isinstance(before[-1].value, str) else before[-1].text
        subject = before[0] if len(before) == 3 else None
        if arguments is None or subject is None:
            return False
        if member == "::" and subject.kind == "type":
            found = constants.called_static(subject.text[1:-1], name, arguments)
            return self._became(at - 3, found, "base64" if isinstance(found, bytes) else "methods")
        if member == "." and subject.value is not None:
            return self._became(at - 3, constants.called(subject.value, name, arguments), "methods")
        return False

    def _became(self, first: int, value: Value | None, step: str) -> bool:
        """The nodes from a place on are one constant now, if there is a value."""
        if value is None or not is_small(value):
            return False
        self._steps[step] += 1
        text = rendered(value) if not isinstance(value, bytes) else "".join(n.text for n in self._nodes[first:]) + ")"
        self._nodes[first:] = [Node("constant", text, value, True)]
        return True

    def _arguments(self, at: int) -> list[Value] | None:
        """The arguments in brackets, each worked out in its place; None where one is not constant."""
        if len(self._nodes) - at > MOST_NODES:
            return None
        pieces, values, depth = [at], [], 0
        for place in range(at + 1, len(self._nodes)):
            node = self._nodes[place]
            depth += (node.kind == "open" or node.text == "[") - (node.kind == "close")
            if not depth and node.text == "," and node.value is None:
                pieces.append(place)
        ends = [*pieces[1:], len(self._nodes)]
        for first, last in reversed(list(zip(pieces, ends, strict=True))):
            found = Expression(self._nodes, first + 1, last, self._steps)
            values.append(found.value)
            if found.operations and found.value is not None and not isinstance(found.value, bytes | list):
                self._nodes[first + 1 : last] = [_constant(found.value)]
        if len(pieces) == 1 and all(node.kind == "space" for node in self._nodes[at + 1 :]):
            return []
        known = [value for value in reversed(values) if value is not None]
        return known if len(known) == len(values) else None

    def finished(self) -> Plain:
        """The script as it is now."""
        self._end_expression()
        nodes = [node for node in self._nodes if node.text]
        out: list[str] = []
        at = 0
        while at < len(nodes):
            at += self._write(nodes, at, out)
        return Plain("".join(out), dict(self._steps))

    def _write(self, nodes: list[Node], at: int, out: list[str]) -> int:
        """Write one node, or a call by a text as the name it is; how many nodes that were."""
        node = nodes[at]
        following = nodes[at + 1 : at + 3]
        if node.text in ("&", ".") and node.value is None:
            is_member = node.text == "." and at > 0 and nodes[at - 1].kind not in ("space", "newline", "open", "other")
            skipped = 1 if following and following[0].kind == "space" and not is_member else 0
            name = following[skipped].value if len(following) > skipped else None
            if isinstance(name, str) and (_MEMBER if is_member else _NAME).match(name):
                self._steps["calls"] += 1
                out.append(f".{name}" if is_member else name)
                return 2 + skipped
        out.append(node.text)
        return 1


def _constant(value: Value) -> Node:
    return Node("constant", rendered(value), value, True)


def _is_key(before: list[Node]) -> bool:
    """The word before a bracket belongs to an expression, not to a call."""
    return before[-1].text.lower() in ("return", "in", "throw")
