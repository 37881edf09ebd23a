"""Getting at values in a service's JSON that may not be shaped as its documentation says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from flowsleuth.enrich.intel.provider import OTHER, NoVerdictError

MOST_LISTED = 20
"""Names, tags and the like that are kept of a list."""


def at(answer: Any, *path: str | int) -> Any:
    """The value at a path; None where there is none.

    Examples
    --------
    >>> at({"data": [{"id": 5}]}, "data", 0, "id"), at({"data": None}, "data", 0, "id")
    (5, None)
    """
    for step in path:
        if isinstance(answer, dict) and isinstance(step, str):
            answer = answer.get(step)
        elif isinstance(answer, list) and isinstance(step, int) and -len(answer) <= step < len(answer):
            answer = answer[step]
        else:
            return None
    return answer


def needed(answer: Any, *path: str | int) -> Any:
    """The same, where the documentation promises a value.

    Raises
    ------
    NoVerdictError
        There is none.
    """
    found = at(answer, *path)
    if found is None:
        raise NoVerdictError(f"the answer is not as documented: no {'.'.join(map(str, path))}", OTHER)
    return found


def listed(answer: Any, *path: str | int) -> list[Any]:
    """The list at a path; empty when there is none."""
    found = at(answer, *path)
    return found if isinstance(found, list) else []


def names(items: Iterable[Any], key: str | None = None) -> list[str]:
    """The distinct texts of a list, or of a key of its mappings, in order, the first :data:`MOST_LISTED`.

    Examples
    --------
    >>> names([{"name": "a"}, {"name": "a"}, {"other": 1}, 5], "name")
    ['a']
    """
    found: dict[str, None] = {}
    for item in items:
        value = at(item, key) if key is not None else item
        if value not in (None, "") and not isinstance(value, dict | list):
            found[str(value)] = None
    return list(found)[:MOST_LISTED]


def whole(value: Any) -> int:
    """A count; 0 when it is none."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def moment(value: Any) -> str | None:
    """Seconds since 1970 as ISO 8601 UTC; None when it is no time.

    Examples
    --------
    >>> moment(1622937600), moment("soon")
    ('2021-06-06T00:00:00+00:00', None)
    """
    try:
        return dt.datetime.fromtimestamp(float(value), dt.UTC).isoformat(timespec="seconds")
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def told(**details: Any) -> dict[str, Any]:
    """Details without what is empty."""
    return {name: value for name, value in details.items() if value not in (None, "", [], {})}
