"""Long windows in parts: no row twice, no row lost at the borders."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

from flowsleuth.errors import QueryParameterError
from flowsleuth.query.definitions import QueryDefinition
from flowsleuth.query.languages.values import last_tick_before

MAX_PARTS = 1000
_WRAP = r"(?:datetime|todatetime)?\s*\(?\s*[\"']?"
_CLOSED = re.compile(rf"<=\s*{_WRAP}\{{end\}}|between\s*\([^{{}}]*\{{start\}}[^{{}}]*\.\.\s*{_WRAP}\{{end\}}", re.I)
_LTE = re.compile(r'"lte"\s*:\s*"\{end\}"|TO\s+"?\{end\}"?\s*\]')
_FROM = re.compile(rf"(\w+)\s*>=?\s*{_WRAP}\{{start\}}")
_UNTIL = re.compile(rf"(\w+)\s*<=?\s*{_WRAP}\{{end\}}")


def has_closed_end(query: QueryDefinition) -> bool:
    """Whether a row exactly at ``end`` belongs to the result, as msticpy's files have it (``<= datetime({end})``).

    Examples
    --------
    >>> one = QueryDefinition("q", (), (), "T | where TimeGenerated <= datetime({end})")
    >>> has_closed_end(one)
    True
    """
    text = query.text if isinstance(query.text, str) else json.dumps(query.text)
    return bool(_CLOSED.search(text) or _LTE.search(text))


def border_risk(query: QueryDefinition) -> str:
    """Why rows may be missing at borders; empty where there is no reason.

    Examples
    --------
    >>> border_risk(QueryDefinition("q", (), (), "T | where Begin >= datetime({start}) | where End <= datetime({end})"))
    'start is compared with Begin and end with End: rows that cross a border of two parts are missing'
    """
    text = query.text if isinstance(query.text, str) else ""
    first, last = set(_FROM.findall(text)), set(_UNTIL.findall(text))
    if len(first) == 1 and len(last) == 1 and first != last:
        columns = f"start is compared with {first.pop()} and end with {last.pop()}"
        return f"{columns}: rows that cross a border of two parts are missing"
    return ""


def parts_of(
    start: dt.datetime, end: dt.datetime, width: dt.timedelta, *, closed: bool
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Cut a window; where the query takes its end in, all but the last part end just before the next begins.

    Raises
    ------
    QueryParameterError
        That would be more than a thousand parts.

    Examples
    --------
    >>> noon = dt.datetime(2024, 1, 1, 12)
    >>> hours = parts_of(noon, noon + dt.timedelta(hours=2.5), dt.timedelta(hours=1), closed=False)
    >>> [(first.hour, last.hour, last.minute) for first, last in hours]
    [(12, 13, 0), (13, 14, 0), (14, 14, 30)]
    """
    if (end - start) / width > MAX_PARTS:
        hint = "take longer parts or a shorter window"
        raise QueryParameterError(f"more than {MAX_PARTS} parts", where=f"split_by={width}", hint=hint)
    first = start
    while first < end:
        last = min(first + width, end)
        yield first, last_tick_before(last) if closed and last < end else last
        first = last


def part_texts(first: Any, last: Any) -> tuple[str, str]:
    """A part's window for reports."""
    return tuple("" if moment is None else moment.isoformat().replace("+00:00", "Z") for moment in (first, last))  # type: ignore[return-value]
