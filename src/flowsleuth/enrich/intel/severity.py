"""How bad, in four words: the scale that every service and feed is brought to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, cast

from flowsleuth.errors import OptionError

Severity = Literal["unknown", "information", "warning", "high"]
SEVERITIES: tuple[Severity, ...] = ("unknown", "information", "warning", "high")
"""Rising."""
_OTHER_WORDS: dict[str, Severity] = {
    "none": "information", "info": "information", "informational": "information", "safe": "information",
    "benign": "information", "low": "information", "known": "information", "medium": "warning",
    "moderate": "warning", "suspicious": "warning", "critical": "high", "malicious": "high", "severe": "high",
}  # fmt: skip


def severity_named(word: str) -> Severity:
    """One of the four by its own name.

    Raises
    ------
    OptionError
        There is no such severity.
    """
    if word not in SEVERITIES:
        raise OptionError("no such severity", where=word[:50], available=SEVERITIES)
    return word


def severity_of_word(word: object) -> Severity:
    """What others' words mean on our scale; what is not known is ``unknown``.

    Examples
    --------
    >>> [severity_of_word(word) for word in ("Critical", " medium", "low", "?", None)]
    ['high', 'warning', 'information', 'unknown', 'unknown']
    """
    plain = word.strip().lower() if isinstance(word, str) else ""
    return plain if plain in SEVERITIES else _OTHER_WORDS.get(plain, "unknown")


def severity_of_number(value: object, warning: float, high: float) -> Severity:
    """A score on our scale by where warning and high begin; ``unknown`` when it is no number.

    Examples
    --------
    >>> [severity_of_number(value, 25, 75) for value in (0, 25, "80", None)]
    ['information', 'warning', 'high', 'unknown']
    """
    try:
        number = float(cast(float, value))
    except (TypeError, ValueError):
        return "unknown"
    if number >= high:
        return "high"
    return "warning" if number >= warning else "information"


def worst(severities: Iterable[str]) -> Severity:
    """The highest of some; ``unknown`` of none.

    Examples
    --------
    >>> worst(["information", "high", "unknown"]), worst([])
    ('high', 'unknown')
    """
    return max((cast(Severity, one) for one in severities), key=SEVERITIES.index, default="unknown")
