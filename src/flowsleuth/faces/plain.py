"""Values as JSON can hold them; every face that writes for other programs uses these."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

SAFE_INTEGER = 2**53 - 1
"""Larger whole numbers are rounded by JavaScript and by readers that keep numbers as doubles."""


def time_text(moment: dt.datetime) -> str:
    """ISO 8601, UTC, microseconds.

    Examples
    --------
    >>> time_text(dt.datetime(2021, 6, 6, tzinfo=dt.UTC))
    '2021-06-06T00:00:00.000000Z'
    """
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def plain(value: Any) -> Any:
    """A value as JSON can hold it: times as ISO 8601 UTC, no NaN.

    Examples
    --------
    >>> plain({"start": dt.datetime(2021, 6, 6, tzinfo=dt.UTC), "score": float("nan")})
    {'start': '2021-06-06T00:00:00.000000Z', 'score': None}
    """
    if isinstance(value, dt.datetime):
        return time_text(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    return value


def browser_plain(value: Any) -> Any:
    """The same for browsers: whole numbers that a double cannot hold become text.

    Examples
    --------
    >>> browser_plain([2**53 - 1, 2**53 + 1, True])
    [9007199254740991, '9007199254740993', True]
    """
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > SAFE_INTEGER:
        return str(value)
    if isinstance(value, dict):
        return {str(key): browser_plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [browser_plain(inner) for inner in value]
    return plain(value)
