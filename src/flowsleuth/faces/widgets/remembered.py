"""Last values of widgets, by an id that the user chooses; nothing is remembered without one, and nothing on disk."""

from __future__ import annotations

from typing import Any

_VALUES: dict[tuple[str, str], Any] = {}


def remembered(kind: str, id: str | None, otherwise: Any = None) -> Any:
    """The last value of a widget of this kind and id in this Python.

    Examples
    --------
    >>> remember("GetText", "case", "web1")
    >>> remembered("GetText", "case"), remembered("GetText", None, "x")
    ('web1', 'x')
    >>> forget("case")
    >>> remembered("GetText", "case") is None
    True
    """
    return otherwise if id is None else _VALUES.get((kind, id), otherwise)


def remember(kind: str, id: str | None, value: Any) -> None:
    """Keep a value until this Python ends; without an id it is not kept."""
    if id is not None:
        _VALUES[kind, id] = value


def forget(id: str | None = None) -> None:
    """Forget what was kept under an id, or everything."""
    for key in [key for key in _VALUES if id is None or key[1] == id]:
        del _VALUES[key]
