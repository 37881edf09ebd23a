"""Let the manual show docstrings written in reStructuredText: roles, tables, literal blocks (a Griffe extension)."""

from __future__ import annotations

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:class|func|mod|meth|data|attr|exc):`[~.]*([^`]+)`")
RULE = re.compile(r"^(\s*)=+(?:\s+=+)+\s*$")


def _columns(rule: str) -> list[slice]:
    spans = [match.span() for match in re.finditer(r"=+", rule)]
    return [slice(low, None if at == len(spans) - 1 else high) for at, (low, high) in enumerate(spans)]


def _table(lines: list[str], rule: str) -> list[str]:
    """A simple table of one-line cells as Markdown; a line with an empty first cell continues the one above."""
    columns = _columns(rule)
    rows: list[list[str]] = []
    for line in lines:
        cells = [line[column].strip().replace("|", "\\|") for column in columns]
        if rows and not cells[0]:
            rows[-1] = [f"{old} {new}".strip() for old, new in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
    head = "|" + " |" * len(columns)
    return ["", head, "|" + "---|" * len(columns), *["| " + " | ".join(row) + " |" for row in rows], ""]


def to_markdown(text: str) -> str:
    """The same text in Markdown.

    >>> to_markdown("see :class:`.Reader`")
    'see `Reader`'
    """
    text = ROLE.sub(r"`\1`", text)
    out: list[str] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        ends = [n for n in range(at + 1, len(lines)) if RULE.match(lines[n])] if RULE.match(line) else []
        if ends:
            last = ends[0] if len(ends) == 1 else ends[1]
            body = [row for row in lines[at + 1 : last] if not RULE.match(row)]
            out += _table(body, line)
            at = last + 1
            continue
        if line.strip() == "::":
            at += 1
            continue
        out.append(line.removesuffix("::") + ":" if line.endswith("::") else line)
        at += 1
    return "\n".join(out)


class ReadableDocstrings(griffe.Extension):
    """Rewrites every docstring before it is parsed."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called by Griffe for every object."""
        if obj.docstring is not None:
            obj.docstring.value = to_markdown(obj.docstring.value)
