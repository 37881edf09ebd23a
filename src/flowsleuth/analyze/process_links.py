"""Who started whom: the parent of each process is the latest of that id, on that host, that began before it.

Arrays only. Every step sorts or searches whole columns: the work is that of sorting, whatever the depth of the tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from flowsleuth.analyze.codes import pairs, ranks
from flowsleuth.analyze.columns import NO_TIME
from flowsleuth.analyze.process_columns import NO_ID, ProcessColumns

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]

NOBODY = -1
SAME_START_US = 1_000_000
"""What a row tells of its parent's start differs by less from what the parent's row tells; ids are not used again so
soon."""
OTHER_SOURCE_US = 5_000_000
"""Two sources that tell the start of one process - same id, name, parent and command line - differ by less: some tell
when they wrote, and not when it was."""
CUT_NAME = 15
"""Linux cuts the names of processes there (TASK_COMM_LEN, less the closing zero)."""
BY_NOTHING, BY_GUID, BY_ID = 0, 1, 2


@dataclass(frozen=True)
class Links:
    """Parents of processes.

    Attributes
    ----------
    parent : array of int64
        Row of the parent; :data:`NOBODY` where it has no row or there is none.
    by : array of int64
        :data:`BY_GUID` or :data:`BY_ID` where there is one.
    is_missing : array of bool
        The row tells of a parent that has no row.
    rejected : array of int64
        The row that has the parent's id but cannot be it (another name, another start, ended before); else
        :data:`NOBODY`. Children of the same missing parent have the same.
    """

    parent: Ints
    by: Ints
    is_missing: Bools
    rejected: Ints


def link(children: ProcessColumns, all_: ProcessColumns) -> Links:
    """Find the parents of some processes among all.

    Parameters
    ----------
    children : ProcessColumns
    all_ : ProcessColumns
        Who can be a parent; coded together with the children.
    """
    size = len(children)
    by_guid = _with_guid(children, all_)
    told_guid = children.parent_guid != NO_ID
    is_self = told_guid & (children.parent_guid == children.guid)
    latest = latest_before(all_, children.host, children.parent_pid, _asked_time(children))
    is_own_id = ~told_guid & (children.parent_pid == children.pid) & (children.pid != NO_ID)
    usable = ~told_guid & ~is_own_id & (latest != NOBODY)
    # a parent told by its guid may stand in a row that tells none: of another source
    has_no_guid = np.zeros(size, dtype=bool)
    has_no_guid[latest != NOBODY] = all_.guid[latest[latest != NOBODY]] == NO_ID
    usable |= told_guid & ~is_self & (by_guid == NOBODY) & (latest != NOBODY) & has_no_guid
    fits = np.zeros(size, dtype=bool)
    asked = np.flatnonzero(usable)
    fits[asked] = _can_be(children.take(asked), all_, latest[asked])
    parent = np.where(by_guid != NOBODY, by_guid, np.where(fits, latest, NOBODY))
    by = np.where(by_guid != NOBODY, BY_GUID, np.where(fits, BY_ID, BY_NOTHING))
    has_parent = (told_guid & ~is_self) | (~told_guid & ~is_own_id & (children.parent_pid > 0))
    is_missing = (parent == NOBODY) & has_parent
    rejected = np.where(is_missing & ~told_guid, latest, NOBODY)
    return Links(parent, by, is_missing, rejected)


def latest_before(rows: ProcessColumns, host: Ints, pid: Ints, when: Ints) -> Ints:
    """The row of each asked host and process id that began last, not after a time; :data:`NOBODY` where none did.

    Rows without a time began before all others. Of rows that began together, the last.
    """
    size = len(rows)
    keys = ranks(pairs(np.r_[rows.host, host], np.r_[rows.pid, pid]))
    times = ranks(np.r_[rows.start, when])
    placed = keys * (int(times.max(initial=0)) + 1) + times
    has_id = rows.pid != NO_ID
    order = np.flatnonzero(has_id)[np.argsort(placed[:size][has_id], kind="stable")]
    at = np.searchsorted(placed[order], placed[size:], side="right") - 1
    found = order[at.clip(0)] if len(order) else np.zeros(len(host), dtype=np.int64)
    is_of_key = (at >= 0) & (pid != NO_ID)
    is_of_key[is_of_key] = keys[found[is_of_key]] == keys[size:][is_of_key]
    return np.where(is_of_key, found, NOBODY)


def repeated(rows: ProcessColumns) -> Ints:
    """For each row the row that tells of the same process, mostly itself: rows of logs come twice.

    The same process is one with the same guid; or with the same id, name, parent and command line on the same host that
    began at the same time - within :data:`OTHER_SOURCE_US` where one of the two tells a guid and the other none,
    because that is another source.
    """
    size = len(rows)
    same = np.arange(size)
    if not size:
        return same
    with_guid = np.flatnonzero(rows.guid != NO_ID)
    _, first, which = np.unique(pairs(rows.host, rows.guid)[with_guid], return_index=True, return_inverse=True)
    same[with_guid] = with_guid[first][which]
    keyed = np.flatnonzero((rows.pid != NO_ID) & (rows.start != NO_TIME))
    what = pairs(pairs(rows.host, rows.pid), pairs(rows.name, rows.parent_pid))[keyed]
    what = pairs(what, rows.command[keyed])
    order = keyed[np.lexsort((rows.start[keyed], what))]
    what = np.sort(what)
    gap = np.diff(rows.start[order])
    near = (np.diff(what) == 0) & (gap < OTHER_SOURCE_US)
    guids = rows.guid[order]
    one_source = (guids[1:] == NO_ID) == (guids[:-1] == NO_ID)
    joined = near & np.where(one_source, (gap == 0) & (guids[1:] == guids[:-1]), True)
    group = np.r_[0, np.cumsum(~joined)] if len(order) else np.array([], dtype=np.int64)
    # in each group those with a guid come first, then those of the smallest row
    best = np.lexsort((order, guids == NO_ID, group))
    leaders = best[np.r_[True, np.diff(group[best]) != 0]] if len(order) else best
    led = order[leaders][group]
    takes = rows.guid[order] == NO_ID
    same[order[takes]] = same[led[takes]]
    return same


def _asked_time(children: ProcessColumns) -> Ints:
    """Until when the parent must have begun: until the child did, or until the parent is told to have begun."""
    latest = np.iinfo(np.int64).max
    by_child = np.where(children.start == NO_TIME, latest, children.start)
    told = children.parent_start != NO_TIME
    return np.where(told, np.minimum(children.parent_start, latest - SAME_START_US) + SAME_START_US, by_child)


def _with_guid(children: ProcessColumns, all_: ProcessColumns) -> Ints:
    """The first row with the parent's guid on the child's host."""
    size = len(all_)
    keys = pairs(np.r_[all_.host, children.host], np.r_[all_.guid, children.parent_guid])
    own = np.flatnonzero(all_.guid != NO_ID)
    known, first = np.unique(keys[own], return_index=True)
    asked = keys[size:]
    at = np.searchsorted(known, asked).clip(max=max(len(known) - 1, 0))
    is_there = (children.parent_guid != NO_ID) & (children.parent_guid != children.guid)
    if not len(known):
        return np.full(len(children), NOBODY)
    return np.where(is_there & (known[at] == asked), own[first][at], NOBODY)


def _can_be(children: ProcessColumns, all_: ProcessColumns, parent: Ints) -> Bools:
    """Whether what a row tells of its parent fits the row that has the parent's id."""
    candidates = all_.take(parent)
    told_start = (children.parent_start != NO_TIME) & (candidates.start != NO_TIME)
    is_alive = (candidates.end == NO_TIME) | (children.start == NO_TIME) | (candidates.end >= children.start)
    apart = np.abs(np.where(told_start, children.parent_start - candidates.start, 0))
    found: Bools = is_alive & (apart <= SAME_START_US) & _same_name(children, candidates.name)
    return found


def _same_name(children: ProcessColumns, name: Ints) -> Bools:
    """Whether two names, known by code, are of one program: equal, unknown, or one the other cut."""
    told = children.parent_name
    same: Bools = (told == name) | (told == NO_ID) | (name == NO_ID)
    differ = np.flatnonzero(~same)
    if len(differ):
        both, which = np.unique(np.c_[told[differ], name[differ]], axis=0, return_inverse=True)
        words = children.names
        cut = [_is_cut(words[int(one)].as_py(), words[int(other)].as_py()) for one, other in both]
        same[differ] = np.array(cut, dtype=bool)[which.ravel()]
    return same


def _is_cut(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= CUT_NAME and long.startswith(short)
