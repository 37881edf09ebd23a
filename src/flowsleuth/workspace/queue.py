"""A page of the queue, the lists that narrow one another, and what is exported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from flowsleuth.errors import OptionError
from flowsleuth.triage.filters import QueueFilter
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.workspace.desk import Desk, View

LARGEST_PAGE = 10_000
LISTS = ("src_ip", "dst_ip", "src_port", "dst_port")
SORTS = (
    "rank", "severity", "score", "surprise", "adjusted", "moved", "flows", "first_seen", "last_seen", "src_ip",
    "src_port", "dst_ip", "dst_port", "proto", "service", "src_bytes", "dst_bytes", "src_packets", "dst_packets",
    "duration_s", "direction", "server_name", "reason",
)  # fmt: skip
"""``severity`` is severity, gravest first and unrated last, then rank; elsewhere equal values are in order of rank."""
UNRATED = 4
"""Sorts after the three severities."""

Places = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class QueuePage:
    """Some suspects in order.

    Attributes
    ----------
    rows : Rows
        ``rank`` (place in the whole queue, from 1), ``score``, ``surprise``, ``adjusted`` (nats, with what ratings
        teach), ``moved`` (places up by ratings), ``moved_why``, ``severity`` and ``rating_id`` (null when unrated),
        ``is_suppressed``, then the columns of ``schema.QUEUE``, the widest ones aside.
    total : int
        Suspects that the filter finds.
    page, size : int
    detector : str
        Whose queue it is; empty when nothing was scored.
    dates : list of str
        Days that have a queue.
    counts : dict
        ``unrated``, ``rated``, ``suppressed``: what the filter finds whatever its state.
    is_taught : bool
        Ratings change the order.
    """

    rows: Rows
    total: int
    page: int
    size: int
    detector: str
    dates: list[str]
    counts: dict[str, int]
    is_taught: bool


def queue_page(
    desk: Desk,
    detector: str | None,
    asked: QueueFilter,
    *,
    sort: str = "rank",
    descending: bool = False,
    page: int = 1,
    size: int = 50,
) -> QueuePage:
    """One page; see :meth:`flowsleuth.workspace.Workspace.queue`."""
    _check(sort, page, size)
    if detector is None:
        return QueuePage(Rows(_nothing()), 0, page, size, "", [], {"unrated": 0, "rated": 0, "suppressed": 0}, False)
    view = desk.view(detector, asked.dates)
    found = _found(view, asked)
    at = _sorted(view, np.flatnonzero(found.chosen), sort, descending=descending)
    wanted = at[(page - 1) * size : page * size]
    counts = {name: int(np.count_nonzero(getattr(found, name))) for name in ("unrated", "rated", "suppressed")}
    rows = Rows(_rows(desk, view, wanted))
    return QueuePage(
        rows, int(at.size), page, size, detector, desk.dates(detector), counts, not desk.book.taught().is_empty
    )


def queue_values(desk: Desk, detector: str | None, asked: QueueFilter, top: int = 250) -> dict[str, list[Any]]:
    """The most frequent values of each list; a list is narrowed by all choices but its own."""
    import pyarrow.compute as pc

    if not 1 <= top <= LARGEST_PAGE:
        raise OptionError(f"must be between 1 and {LARGEST_PAGE}", where=f"top {top}")
    if detector is None:
        return {name: [] for name in LISTS}
    view = desk.view(detector, asked.dates)
    lists = {}
    for name in LISTS:
        wider: dict[str, Any] = {name: None}
        chosen = _found(view, replace(asked, **wider)).chosen
        column = view.rows[name].filter(chosen).drop_null()
        counted = pc.value_counts(column)
        values, counts = counted.field("values").to_pylist(), counted.field("counts").to_pylist()
        ordered = sorted(zip(values, counts, strict=True), key=lambda pair: (-pair[1], pair[0]))
        lists[name] = ordered[:top]
    return lists


@dataclass(frozen=True)
class _Found:
    """What a filter finds, by state."""

    chosen: Bools
    unrated: Bools
    rated: Bools
    suppressed: Bools


def _found(view: View, asked: QueueFilter) -> _Found:
    matches = asked.expression().judge(view.rows, of_groups=False).to_numpy(zero_copy_only=False).astype(bool)
    severity = view.standing.severity
    is_rated = severity > 0
    suppressed = matches & view.is_suppressed
    listed = matches if asked.include_suppressed else matches & ~view.is_suppressed
    chosen = listed
    if asked.severities is not None:
        chosen = chosen & np.isin(severity, asked.severities)
    elif asked.state != "all":
        chosen = chosen & (is_rated if asked.state == "rated" else ~is_rated)
    return _Found(chosen, listed & ~is_rated, listed & is_rated, suppressed)


def shown(view: View, asked: QueueFilter) -> Bools:
    """Which suspects a list with this filter shows."""
    return _found(view, asked).chosen


def _check(sort: str, page: int, size: int) -> None:
    if sort not in SORTS:
        raise OptionError("cannot be sorted by", where=str(sort)[:50], available=SORTS)
    if page < 1:
        raise OptionError("pages begin at 1", where=f"page {page}")
    if not 1 <= size <= LARGEST_PAGE:
        raise OptionError(f"must be between 1 and {LARGEST_PAGE}", where=f"size {size}")


def _sorted(view: View, at: Places, sort: str, *, descending: bool) -> Places:
    """Places in order; values that are missing come last whichever way."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ranks = view.ranking.rank[at]
    if sort == "rank":
        return at[np.argsort(-ranks if descending else ranks)]
    if sort == "severity":
        severity = view.standing.severity[at]
        key = np.where(severity == 0, UNRATED, -severity if descending else severity)
        return at[np.lexsort((ranks, key))]
    column = pa.array(getattr(view.ranking, sort)[at]) if sort in ("adjusted", "moved") else view.rows[sort].take(at)
    keys = [("value", "descending" if descending else "ascending"), ("rank", "ascending")]
    rows = pa.table({"value": column, "rank": ranks})
    order: Places = pc.sort_indices(rows, sort_keys=keys).to_numpy()
    return at[order]


def _rows(desk: Desk, view: View, at: Places) -> pa.Table:
    """The rows of a page with what is known of them now."""
    import pyarrow as pa

    rows = view.rows.take(at)
    severity, rating_id, moved = view.standing.severity[at], view.standing.rating_id[at], view.ranking.moved[at]
    why = desk.book.taught().why(rows) if len(at) else []
    unrated = severity == 0
    first = {
        "rank": pa.array(view.ranking.rank[at]),
        "score": rows["score"],
        "surprise": rows["surprise"],
        "adjusted": pa.array(view.ranking.adjusted[at]),
        "moved": pa.array(moved),
        "moved_why": pa.array(why, pa.string()),
        "severity": pa.array(severity, pa.int32(), mask=unrated),
        "rating_id": pa.array(rating_id, mask=unrated),
        "is_suppressed": pa.array(view.is_suppressed[at]),
    }
    return pa.table(first | {name: rows[name] for name in rows.column_names if name not in first})


def _nothing() -> pa.Table:
    import pyarrow as pa

    from flowsleuth.schema import QUEUE
    from flowsleuth.workspace.desk import PAGE_COLUMNS

    first = {
        "rank": pa.int64(), "score": pa.float64(), "surprise": pa.float64(), "adjusted": pa.float64(),
        "moved": pa.int64(), "moved_why": pa.string(), "severity": pa.int32(), "rating_id": pa.int64(),
        "is_suppressed": pa.bool_(),
    }  # fmt: skip
    rest = {name: QUEUE[name].arrow_type() for name in PAGE_COLUMNS if name not in first}
    return pa.schema(list((first | rest).items())).empty_table()


def checked_dates(dates: Sequence[str] | None) -> list[str] | None:
    """Days as ``YYYY-MM-DD``.

    Raises
    ------
    OptionError
        One is no day.

    Examples
    --------
    >>> checked_dates(["2024-05-01"])
    ['2024-05-01']
    """
    import datetime as dt

    if dates is None:
        return None
    try:
        return [str(dt.date.fromisoformat(date)) for date in dates]
    except (ValueError, TypeError):
        raise OptionError("not a day", where=str(list(dates))[:100], hint="write it like 2024-05-01") from None
