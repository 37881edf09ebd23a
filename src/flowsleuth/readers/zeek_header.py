"""The ``#`` lines of Zeek's own text logs: separators, what null and empty look like, the fields and their types."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from flowsleuth.readers.streams import printable
from flowsleuth.readers.zeek_fields import LOGS, field_name, log_of, other_log_of

_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|\\)")


def unescape(text: str) -> str:
    """Undo Zeek's ``\\xNN`` and ``\\\\``; bytes that are no UTF-8, and NUL, stay ``\\xNN``.

    Examples
    --------
    >>> unescape(r"caf\\xc3\\xa9 \\x2d \\xff")
    'café - \\\\xff'
    """
    if "\\" not in text:
        return text
    raw = _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()) if found[1] else b"\\", text.encode())
    return printable(raw).replace("\0", "\\x00")


@dataclass(frozen=True)
class Header:
    """What the header of a text log says.

    Attributes
    ----------
    separator, set_separator : str
        Between fields, and between the elements of a set or vector.
    empty, unset : str
        What an empty and a missing value look like.
    path : str
        Name of the log; ``""`` when the header does not say.
    fields, types : tuple of str
        ``types`` may be empty.
    """

    separator: str = "\t"
    set_separator: str = ","
    empty: str = "(empty)"
    unset: str = "-"
    path: str = ""
    fields: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    def with_line(self, line: bytes) -> Header:
        """The header after one more ``#`` line; comments change nothing."""
        text = printable(line.removeprefix(b"\xef\xbb\xbf"))
        if text.startswith("#separator"):
            return replace(self, separator=unescape(text[len("#separator") :].lstrip(" \t")) or "\t", path="")
        key, found, value = text.partition(self.separator)
        if not found and key != "#path":
            return self
        if key == "#fields":
            return replace(self, fields=_unique(field_name(n) for n in value.split(self.separator)), types=())
        if key == "#types":
            types = tuple(value.split(self.separator))
            return replace(self, types=types) if len(types) == len(self.fields) else self
        names = {"#set_separator": "set_separator", "#empty_field": "empty", "#unset_field": "unset", "#path": "path"}
        changed: dict[str, Any] = {names[key]: unescape(value)} if key in names else {}
        return replace(self, **changed)

    @property
    def log(self) -> str | None:
        """The log, if there is a table for it: by its name, or without one by its fields."""
        return (self.path if self.path in LOGS else None) if self.path else log_of(self.fields)

    @property
    def name(self) -> str:
        """The log's name, for counting and showing."""
        return self.path or self.log or other_log_of(self.fields) or "other"

    def type_of(self, name: str) -> str:
        """Zeek's type of a field; text when the header gives none."""
        return dict(zip(self.fields, self.types, strict=False)).get(name, _DEFAULTS.get(name, "string"))

    def to_state(self) -> str:
        """JSON text from which :meth:`from_state` makes it again."""
        return json.dumps(asdict(self))

    @classmethod
    def from_state(cls, state: str) -> Header:
        """The header that was in force where a reading stopped."""
        if not state:
            return cls()
        values: dict[str, Any] = json.loads(state)
        made: dict[str, Any] = {k: tuple(value) if isinstance(value, list) else value for k, value in values.items()}
        return cls(**made)


_DEFAULTS = {
    "answers": "vector[string]",
    "TTLs": "vector[interval]",
    "cert_chain_fps": "vector[string]",
    "orig_mime_types": "vector[string]",
    "resp_mime_types": "vector[string]",
    "missed_bytes": "count",
    "tunnel_parents": "set[string]",
}


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    """Field names, a repeated one numbered (``label``, ``label#2``)."""
    seen: dict[str, int] = {}
    made = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        made.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(made)
