"""Free text masked: what identifies in it is replaced, the rest stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from flowsleuth.extract.domains import has_known_end
from flowsleuth.extract.masking.kinds import kind_of_name
from flowsleuth.extract.masking.names import NameMask

_DIGITS = "|".join(f"[0-9A-Fa-f]{{{size}}}" for size in (128, 96, 64, 40, 32))
_FORMS = {
    "url": r"\b[A-Za-z][A-Za-z0-9+.-]{1,15}://[^\s\"'<>|`]+",
    "email": r"(?<![A-Za-z0-9._%+'-])[A-Za-z0-9._%+'-]{1,64}@(?:[\w-]+\.)*[\w-]+",
    "sid": r"(?<![\w-])[Ss]-1-\d+(?:-\d+)+",
    "guid": r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Fa-f])",
    "mac": r"(?<![0-9A-Za-z:.-])[0-9A-Fa-f]{2}(?P<mark>[:-])(?:[0-9A-Fa-f]{2}(?P=mark)){4}[0-9A-Fa-f]{2}"
    r"(?![0-9A-Za-z:-])",
    "v6": r"(?<![0-9A-Za-z:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4})(?:/\d{1,3})?"
    r"(?![0-9A-Za-z:])",
    "v4": r"(?<![0-9A-Za-z.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![0-9A-Za-z]|\.\d)",
    "hash": rf"(?<![0-9A-Za-z])(?:{_DIGITS})(?![0-9A-Za-z])",
    "share": r"\\\\(?P<server>[\w.$-]{1,255})",
    "folder": r"(?:[A-Za-z]:\\+(?:Users|Documents and Settings)\\+|(?<![\w.])/(?:home|Users)/)"
    r"(?P<owner>[^\\/:*?\"<>|\s]{1,64})",
    "account": r"(?<![\w\\:.$%-])(?!HK[A-Z_]{2,30}\\)[A-Z][A-Z0-9-]{1,14}\\[A-Za-z][\w.$-]{0,62}(?![\w\\])",
    "domain": r"(?<![\w.@-])(?:[A-Za-z0-9_](?:[\w-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z][A-Za-z0-9-]{1,62}\.?(?![\w-])",
}
_PARTS = re.compile("|".join(f"(?P<{name}>{form})" for name, form in _FORMS.items()), re.ASCII)
_GUID = re.compile(r"\{?[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\}?")
SHORT = 5
"""Letters of names that are replaced only where they stand alone; longer ones everywhere."""


class TextMask:
    """Masks free text by a key: addresses, names, ids in it, and the names that were found elsewhere.

    Parameters
    ----------
    names : NameMask
        What it has masked already (accounts and hosts of other columns) is known as a name here.

    Examples
    --------
    >>> from flowsleuth.extract.masking.keys import MaskKey
    >>> names = NameMask(MaskKey(b"sixteen bytes or"))
    >>> names.learn("bob")
    >>> bob = names.account("bob")
    >>> TextMask(names).text("copy report_bob.txt to 10.0.0.7").replace(bob, "B").split(" to 10.")[0]
    'copy report_B.txt'
    """

    def __init__(self, names: NameMask) -> None:
        self.names = names
        self._known: re.Pattern[str] | None = None
        self.know()

    def know(self) -> None:
        """Take up the names that were learnt since."""
        self._known = _pattern(self.names.known)

    def text(self, text: str) -> str:
        """One text masked; JSON in it stays JSON."""
        inner = _of_json(text)
        if inner is not None:
            return json.dumps(self.value(inner), ensure_ascii=False)
        out, at = [], 0
        for found in _PARTS.finditer(text):
            masked = self._part(found)
            out += [self._plain(text[at : found.start()]), masked if masked is not None else self._plain(found[0])]
            at = found.end()
        out.append(self._plain(text[at:]))
        return "".join(out)

    def value(self, value: Any) -> Any:
        """What is in a list or mapping, masked; keys say what their values are."""
        if isinstance(value, dict):
            return {key: self.of_kind(one, kind_of_name(str(key)) or "text") for key, one in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return type(value)(self.value(one) for one in value)
        return self.of_kind(value, "text")

    def of_kind(self, value: Any, kind: str) -> Any:
        """A cell of a kind; what holds several values is looked into."""
        if isinstance(value, str):
            return self.masked(value, kind)
        if isinstance(value, bytes):
            return self.names.key.digest("bytes", value, min(max(len(value), 1), 64))
        if isinstance(value, dict):
            return self.value(value)
        if isinstance(value, list | tuple | set | frozenset):
            return type(value)(self.of_kind(one, kind) for one in value)
        return value

    def masked(self, text: str, kind: str) -> str:
        """A text of a kind."""
        bare = text.strip()
        if kind == "keep" or not bare:
            return text
        if kind == "text" or bare[0] in "{[" or any(mark in bare for mark in "\n\r"):
            return self.text(text)
        return text.replace(bare, self._of_kind(bare, kind), 1)

    def _of_kind(self, text: str, kind: str) -> str:
        names = self.names
        if _GUID.fullmatch(text):
            return names.guid(text)
        if kind == "address":
            return names.addresses.text(text) or ", ".join(
                names.addresses.text(one) or self.text(one) for one in re.split(r"[,;\s]+", text)
            )
        if kind == "hash":
            return names.digest(text) if re.fullmatch(r"[0-9A-Fa-f]+", text) else names.key.token("hash", text)
        if kind == "opaque":
            return names.key.token("opaque", text)
        if kind == "host":
            return names.host(text) if not re.search(r"[\s,;]", text) else self._each(text, names.host)
        return names.account(text)

    @staticmethod
    def _each(text: str, mask: Any) -> str:
        return "".join(one if re.fullmatch(r"[\s,;]*", one) else mask(one) for one in re.split(r"([\s,;]+)", text))

    def learn(self, value: Any, kind: str) -> None:
        """Learn the names in a cell: of accounts and hosts by its kind or its keys, in texts by their form."""
        if isinstance(value, dict):
            for key, one in value.items():
                self.learn(one, kind_of_name(str(key)) or "text")
        elif isinstance(value, list | tuple | set | frozenset):
            for one in value:
                self.learn(one, kind)
        elif isinstance(value, str) and kind in ("account", "host"):
            self.names.learn(value)
        elif isinstance(value, str) and kind == "text":
            self._learn_from_text(value)

    def _learn_from_text(self, text: str) -> None:
        inner = _of_json(text)
        if inner is not None:
            self.learn(inner, "text")
            return
        for found in _PARTS.finditer(text):
            name = found["owner"] or found["account"] or found["server"]
            if name:
                self.names.learn(name)

    def _part(self, found: re.Match[str]) -> str | None:
        """What stands in place of one thing that has a form; None where it only looks so."""
        names, text = self.names, found[0]
        if found["owner"] is not None:
            return text[: -len(found["owner"])] + names.word(found["owner"])
        if found["server"] is not None:
            return f"\\\\{names.host(found['server'])}"
        if found["domain"] is not None and not has_known_end(text.rstrip(".").casefold()):
            return None
        makers: dict[str, Callable[[str], str | None]] = {
            "url": names.url, "email": names.email, "sid": names.sid, "guid": names.guid, "hash": names.digest,
            "account": names.account, "domain": names.host, "v4": names.addresses.text, "v6": names.addresses.text,
            "mac": names.mac,
        }  # fmt: skip
        return makers[str(found.lastgroup)](text)

    def _plain(self, text: str) -> str:
        """Text without anything of a form of its own: known names in it are replaced."""
        if self._known is None or not text:
            return text
        return self._known.sub(lambda found: self.names.word(found[0]), text)


def _of_json(text: str) -> Any:
    """What a text is as JSON, if it is a list or mapping; else None."""
    if text[:1] not in ("{", "[") or text[-1:] not in ("}", "]"):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """One expression for many names, as a tree of their letters, so that its time does not grow with their number."""
    long = [name for name in names if len(name) >= SHORT]
    short = [name for name in names if len(name) < SHORT]
    parts = [_tree(long)] if long else []
    if short:
        parts.append(rf"(?<![A-Za-z0-9]){_tree(short)}(?![A-Za-z0-9])")
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def _tree(names: list[str]) -> str:
    tree: dict[str, Any] = {}
    for name in names:
        node = tree
        for letter in name:
            node = node.setdefault(letter, {})
        node[""] = {}
    return _alternatives(tree)


def _alternatives(node: dict[str, Any]) -> str:
    branches = [_branch(letter, below) for letter, below in sorted(node.items()) if letter]
    inner = f"(?:{'|'.join(branches)})" if branches else ""
    return f"{inner}?" if "" in node and inner else inner


def _branch(letter: str, below: dict[str, Any]) -> str:
    """A letter and what may follow it; a chain without a fork is one word."""
    chain, node = re.escape(letter), below
    while len(node) == 1 and "" not in node:
        (following, node), *_ = node.items()
        chain += re.escape(following)
    return chain + _alternatives(node)
