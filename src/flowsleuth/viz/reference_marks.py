"""Moments that a timeline is read against: an alert, an incident, the change of a password."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flowsleuth.errors import OptionError
from flowsleuth.schema.tabular import column_names, is_table, need_columns, text_column
from flowsleuth.viz.moments import moment_ms, moments_of, time_column
from flowsleuth.viz.tips import shortened

MARKS = 40
"""Reference marks, at most; more would hide what they refer to."""
LETTERS = 60
TIMES = ("TimeGenerated", "StartTimeUtc", "TimeCreatedUtc", "start", "time", "first_seen")
"""Where an alert or event keeps its time."""
NAMES = ("AlertDisplayName", "AlertName", "title", "name")
Mark = list[Any]


def reference_marks(
    *,
    ref_time: Any = None,
    ref_label: str | None = None,
    ref_times: Iterable[Any] = (),
    ref_event: Any = None,
    alert: Any = None,
    ref_events: Any = None,
    ref_time_col: str | None = None,
    ref_col: str | None = None,
    data_time_col: str | None = None,
) -> tuple[list[Mark], str]:
    """All that was asked for, in order of time, and what was left out.

    The parameters are those of :func:`flowsleuth.faces.views.timelines.display_timeline`; ``data_time_col`` is the
    column of times of the data, which is taken in a table of references, too, where none is named and it is there.

    Returns
    -------
    tuple
        ``[[milliseconds since 1970, label], …]`` and a note.

    Raises
    ------
    OptionError
        Something is no time, or has none.

    Examples
    --------
    >>> reference_marks(ref_times=[("1970-01-01 00:00:02", "later"), "1970-01-01 00:00:01"])
    ([[1000, 'reference'], [2000, 'later']], '')
    """
    found: list[Mark] = []
    if ref_time is not None:
        found.append([moment_ms(ref_time), ref_label or "reference"])
    found += [_of_pair(one, ref_label) for one in ref_times or ()]
    for thing, word in ((ref_event, "event"), (alert, "alert")):
        if thing is not None:
            found.append([_time_of(thing, word), ref_label or _name_of(thing) or word])
    if ref_events is not None:
        found += _of_rows(ref_events, ref_time_col, ref_col, data_time_col)
    found = sorted(([at, shortened(label, LETTERS)] for at, label in found), key=lambda mark: (mark[0], mark[1]))
    lost = len(found) - MARKS
    return found[:MARKS], f"only the first {MARKS} of {len(found):,} reference marks are shown" if lost > 0 else ""


def _of_pair(one: Any, label: str | None) -> Mark:
    if isinstance(one, tuple | list) and len(one) == 2:
        return [moment_ms(one[0]), str(one[1])]
    return [moment_ms(one), label or "reference"]


def _of_rows(rows: Any, time: str | None, label: str | None, usual: str | None) -> list[Mark]:
    if not is_table(rows):
        raise OptionError("not a table", where="ref_events", hint="for single times there is ref_times")
    if label is not None:
        need_columns(rows, [label])
    time = time or (usual if usual in column_names(rows) else None)
    micros = moments_of(rows, time_column(rows, time)).micros.to_pylist()
    labels = text_column(rows, label).to_pylist() if label else ["reference"] * len(micros)
    return [[at // 1000, word or "reference"] for at, word in zip(micros, labels, strict=True) if at is not None]


def _time_of(thing: Any, word: str) -> int:
    for name in TIMES:
        moment = _value(thing, name)
        if moment is not None:
            return moment_ms(moment)
    raise OptionError("has no time", where=word, available=TIMES, hint="ref_time gives a time itself")


def _name_of(thing: Any) -> str | None:
    return next((str(found) for name in NAMES if (found := _value(thing, name))), None)


def _value(thing: Any, name: str) -> Any:
    """What a row, a dict or an object has under a name; absent is None."""
    if isinstance(thing, Mapping) or (hasattr(thing, "index") and hasattr(thing, "get")):
        found = thing.get(name)
    else:
        found = getattr(thing, name, None)
        properties = getattr(thing, "properties", None)
        if found is None and isinstance(properties, Mapping):
            found = properties.get(name)
    if isinstance(found, Sequence) and not isinstance(found, str):
        return None
    return found
