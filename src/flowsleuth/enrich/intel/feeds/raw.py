"""What a format's reader hands on: indicators as they are written, and what is none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from flowsleuth.enrich.intel.severity import Severity


@dataclass(frozen=True)
class Raw:
    """An indicator as a feed writes it.

    Attributes
    ----------
    text : str
        The value.
    row : int
        1-based line, or number of the object.
    type : str, optional
        What the feed says it is; only then names without a known top-level domain are taken.
    is_exact : bool
        A domain without its subdomains.
    severity : str, optional
        When the feed says how bad it is.
    confidence : float, optional
        0 to 100.
    threat, description, reference : str, optional
    tags : tuple of str
    valid_from, valid_until : datetime, optional
        UTC.
    """

    text: str
    row: int
    type: str | None = None
    is_exact: bool = False
    severity: Severity | None = None
    confidence: float | None = None
    threat: str | None = None
    description: str | None = None
    reference: str | None = None
    tags: tuple[str, ...] = ()
    valid_from: dt.datetime | None = None
    valid_until: dt.datetime | None = None


@dataclass(frozen=True)
class Refused:
    """Something in a feed that is no indicator we can match.

    Attributes
    ----------
    row : int
    reason : str
    text : str
    """

    row: int
    reason: str
    text: str = ""


Read = Iterator[Raw | Refused]


def moment(text: object) -> dt.datetime | None:
    """A time as feeds write it, UTC when it names no zone; None when it is none.

    Examples
    --------
    >>> moment("2016-06-29 07:47:34 UTC").isoformat(), moment("2026-01-02T03:04:05.678Z").isoformat(), moment("n/a")
    ('2016-06-29T07:47:34+00:00', '2026-01-02T03:04:05.678000+00:00', None)
    """
    try:
        found = dt.datetime.fromisoformat(str(text).strip().removesuffix("UTC").strip())
    except ValueError:
        return None
    return (found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found).astimezone(dt.UTC)


def number(text: object) -> float | None:
    """A confidence from 0 to 100; None when it is none.

    Examples
    --------
    >>> number("70.0"), number(170), number(None)
    (70.0, None, None)
    """
    try:
        found = float(str(text))
    except ValueError:
        return None
    return found if 0 <= found <= 100 else None


def text_or_none(value: object) -> str | None:
    """A text without blanks around it; None when nothing is left of it.

    Examples
    --------
    >>> text_or_none(" a "), text_or_none("-"), text_or_none(None)
    ('a', None, None)
    """
    found = "" if value is None else str(value).strip()
    return None if found in ("", "-", "[]", "None", "null", "n/a", "N/A") else found
