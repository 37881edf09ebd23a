"""Text that others chose, made safe to print."""

from __future__ import annotations


def printable_text(value: object) -> str:
    """Text that is safe on a terminal: control characters, and what turns the direction of writing, as ``\\xNN``.

    Examples
    --------
    >>> printable_text("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    text = "" if value is None else str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
