"""One text unpacked to its last layer: what was encoded in it, what was encoded in that, and what archives hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from flowsleuth.extract.decoding.archives import CONTAINERS, KNOWN_ONLY, members_of
from flowsleuth.extract.decoding.candidates import find_encoded
from flowsleuth.extract.decoding.contents import TEXT, Content, content_of
from flowsleuth.extract.decoding.limits import Budget, DecodeLimits
from flowsleuth.extract.decoding.streams import Unpacked

BINARY = "binary"
LIMIT = "limit"
DECODED = "decoded"


@dataclass(slots=True)
class Decoded:
    """One thing that was found: an encoded text, an archive, or a member of one.

    Attributes
    ----------
    index : str
        Its place in the tree: ``1``, ``1.2``, ``1.2.1``.
    depth : int
        The level, from 1.
    offset : int
        Where the outermost encoded text begins in the input, in characters.
    start, end : int
        Where it stands in the text right above it; both 0 for members of archives.
    source : str
        The encoded text.
    name : str
        Of the file, as its archive has it; empty where it has none.
    kind : str
        ``string``, a kind of file, or ``bin``; empty where a limit or a fault left nothing to look at.
    path : tuple of str
        How one comes to it: ``("base64", "gz", "utf-8")``.
    data : bytes
    text, encoding : str or None
    status : str
        ``decoded`` (a text, or an archive that is unpacked), ``binary``, ``limit``, ``damaged``, ``password`` or
        ``unsupported``.
    note : str
        What is to be said about that.
    children : list of Decoded
    """

    index: str
    depth: int
    offset: int
    start: int
    end: int
    source: str
    name: str
    kind: str
    path: tuple[str, ...]
    data: bytes
    text: str | None = None
    encoding: str | None = None
    status: str = DECODED
    note: str = ""
    children: list[Decoded] = field(default_factory=list)

    def walk(self) -> Iterator[Decoded]:
        """This one and all below it, in the order in which they stand."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def is_file(self) -> bool:
        """It has bytes of its own to be hashed: a file or archive, all of it."""
        return bool(self.data) and (self.kind != TEXT or bool(self.name)) and self.status != LIMIT

    def hashes(self) -> dict[str, str]:
        """MD5, SHA-1 and SHA-256 of its bytes."""
        return {
            "md5": hashlib.md5(self.data, usedforsecurity=False).hexdigest(),
            "sha1": hashlib.sha1(self.data, usedforsecurity=False).hexdigest(),
            "sha256": hashlib.sha256(self.data).hexdigest(),
        }


@dataclass(frozen=True)
class Unpacking:
    """What one input holds.

    Attributes
    ----------
    text : str
        The input; for bytes the text that they are, if they are one.
    found : list of Decoded
        The outermost, from left to right.
    spent : int
        Bytes that all of it became.
    """

    text: str
    found: list[Decoded]
    spent: int

    def walk(self) -> Iterator[Decoded]:
        """All that was found, each before what is in it."""
        for one in self.found:
            yield from one.walk()

    @property
    def full_text(self) -> str:
        """The input with each encoded text replaced by what it decodes to."""
        return render(self.text, self.found)


def unpack_text(text: str, limits: DecodeLimits | None = None, *, call_left: int | None = None) -> Unpacking:
    """Unpack one text. Nothing in it makes this raise, take long, or take much memory.

    Parameters
    ----------
    text : str
    limits : DecodeLimits, optional
    call_left : int, optional
        Bytes that are left of ``max_call_bytes``.

    Returns
    -------
    Unpacking

    Examples
    --------
    >>> found = unpack_text("powershell -enc dwBoAG8AYQBtAGkA")
    >>> [(one.text, one.path, one.offset) for one in found.walk()]
    [('whoami', ('base64', 'utf-16-le'), 16)]
    """
    budget = Budget(limits or DecodeLimits(), call_left)
    found = _Walk(budget).in_text(text, "", 1, None, ())
    return Unpacking(text, found, budget.spent)


def unpack_bytes(data: bytes, name: str = "", limits: DecodeLimits | None = None) -> Unpacking:
    """Unpack a file's bytes: an archive is opened, a text is searched.

    Examples
    --------
    >>> import gzip
    >>> [one.text for one in unpack_bytes(gzip.compress(b"echo aGVsbG8gd29ybGQ="), "a.gz").walk()]
    [None, 'echo aGVsbG8gd29ybGQ=', 'hello world']
    """
    budget = Budget(limits or DecodeLimits())
    content = content_of(data)
    if content is not None and content.kind == TEXT and content.text is not None:
        found = _Walk(budget).in_text(content.text, "", 1, None, ())
        return Unpacking(content.text, found, budget.spent)
    top = Decoded("1", 1, 0, 0, 0, "", name, content.kind if content else "bin", (), data)
    _Walk(budget).fill(top, content)
    return Unpacking("", [top], budget.spent)


class _Walk:
    """The way through one input, with what is left of its budget."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def in_text(self, text: str, above: str, depth: int, offset: int | None, path: tuple[str, ...]) -> list[Decoded]:
        """What is encoded in a text."""
        nodes: list[Decoded] = []
        for found in find_encoded(text):
            index = f"{above}.{len(nodes) + 1}" if above else str(len(nodes) + 1)
            at = found.start if offset is None else offset
            source = text[found.start : found.end]
            kind, way = found.content.kind, (*path, found.encoding)
            node = Decoded(index, depth, at, found.start, found.end, source, "", kind, way, found.data)
            nodes.append(node)
            if not self._may_go_on(node, depth):
                break
            self.fill(node, found.content)
        return nodes

    def _may_go_on(self, node: Decoded, depth: int) -> bool:
        """Take one row and its bytes off the budget; a row for which there is nothing left says so."""
        budget = self._budget
        budget.items_left -= 1
        if depth > budget.limits.max_depth:
            self._stop(node, f"encoded more than {budget.limits.max_depth} levels deep")
            return True
        if budget.items_left <= 0:
            self._stop(node, f"more than {budget.limits.max_items:,} things in it")
            return False
        if len(node.data) > budget.bytes_left:
            self._stop(node, budget.why_no_bytes())
            return False
        budget.spend(len(node.data))
        return True

    @staticmethod
    def _stop(node: Decoded, note: str) -> None:
        node.status, node.note, node.data, node.kind = LIMIT, note, b"", ""

    def fill(self, node: Decoded, content: Content | None) -> None:
        """Say what a node is, and find what is in it."""
        if node.status == LIMIT and not node.data:
            return
        if content is None:
            self._as_binary(node)
        elif content.kind == TEXT:
            self._as_text(node, content)
        elif content.kind in CONTAINERS:
            self._as_archive(node, content.kind)
        else:
            self._as_binary(node, content.kind)

    @staticmethod
    def _as_binary(node: Decoded, kind: str = "bin") -> None:
        node.kind, node.encoding = kind, BINARY
        if node.status == DECODED:
            node.status = "unsupported" if kind in KNOWN_ONLY else BINARY
            node.note = f"{kind} archives are not unpacked" if kind in KNOWN_ONLY else ""

    def _as_text(self, node: Decoded, content: Content) -> None:
        node.kind, node.text, node.encoding = TEXT, content.text, content.encoding
        node.path = (*node.path, content.encoding or "")
        node.children = self.in_text(content.text or "", node.index, node.depth + 1, node.offset, node.path)

    def _as_archive(self, node: Decoded, kind: str) -> None:
        node.kind, node.encoding = kind, BINARY
        node.path = (*node.path, kind)
        for member in members_of(node.data, kind, self._budget):
            if not member.name and not member.unpacked.data and member.unpacked.status != DECODED:
                if node.status == DECODED:
                    node.status, node.note = member.unpacked.status, member.unpacked.note
                return
            if not self._member(node, member.name, member.unpacked):
                return

    def _member(self, above: Decoded, name: str, unpacked: Unpacked) -> bool:
        """One file of an archive; False when no more may follow."""
        index = f"{above.index}.{len(above.children) + 1}"
        node = Decoded(index, above.depth, above.offset, 0, 0, above.source, name, "", above.path, unpacked.data)
        node.status, node.note = unpacked.status, unpacked.note
        above.children.append(node)
        budget = self._budget
        budget.items_left -= 1
        if budget.items_left <= 0:
            self._stop(node, f"more than {budget.limits.max_items:,} things in it")
            return False
        content = content_of(unpacked.data) if unpacked.data else None
        if content is None and not unpacked.data:
            node.kind = "" if unpacked.status != DECODED else "empty"
            return unpacked.status != LIMIT
        if content is not None and content.kind in CONTAINERS:
            node.depth += 1
            if node.depth > budget.limits.max_depth:
                self._stop(node, f"archives more than {budget.limits.max_depth} levels deep")
                return True
        self.fill(node, content)
        return budget.bytes_left > 0


_MARK = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&apos;"}


def _quoted(text: str) -> str:
    return "".join(_MARK.get(c) or (c if c.isprintable() else f"\\x{ord(c):02x}") for c in text)


def render(text: str, found: list[Decoded]) -> str:
    """A text with each encoded part replaced by ``<decoded …>what it means</decoded>``.

    Values of the tag are escaped; what stands between the tags is left as it was decoded, so that addresses in it are
    found as they are. It is therefore not to be read as XML.
    """
    pieces, at = [], 0
    for one in found:
        pieces += [text[at : one.start], tagged(one)]
        at = one.end
    pieces.append(text[at:])
    return "".join(pieces)


def tagged(one: Decoded) -> str:
    """One thing and what is in it, as it stands in the full text."""
    if one.text is not None:
        inside = render(one.text, one.children)
    elif one.children:
        inside = "".join(map(tagged, one.children))
    elif one.status == LIMIT and one.end:
        inside = one.source
    else:
        inside = f"[{one.note}]" if one.note else f"[{len(one.data):,} bytes]"
    words = f"type='{_quoted(one.kind or 'none')}' name='{_quoted(one.name) or '[None]'}'"
    words += f" index='{one.index}' depth='{one.depth}'"
    if one.status not in (DECODED, BINARY):
        words += f" status='{one.status}'"
    if one.text is not None and one.status == LIMIT:
        inside += f"[{one.note}]"
    return f"<decoded {words}>{inside}</decoded>"
