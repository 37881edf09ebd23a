"""A page of leads as they stand: those that are open, rated, or set aside, narrowed by address, detector and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from flowsleuth.errors import OptionError
from flowsleuth.triage.filters import LONGEST_TEXT
from flowsleuth.triage.networks import AddressSet
from flowsleuth.workspace.lead_desk import KINDS
from flowsleuth.workspace.queue import checked_dates
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.workspace.lead_desk import LeadDesk, LeadView

Bools = npt.NDArray[np.bool_]
By = Literal["host", "pair"]
State = Literal["open", "rated", "all"]
STATES = ("open", "rated", "all")
_SEARCHED = ("host", "role", "src_ip", "dst_ip", "server_name", "reason", "detectors", "technique")


@dataclass(frozen=True)
class LeadFilter:
    """Which leads; what is not given does not narrow.

    Attributes
    ----------
    by : ``host`` or ``pair``
    state : ``open``, ``rated`` or ``all``
        Open is what is neither rated low nor suppressed: a lead rated high or medium stays. All has what is set aside
        too.
    dates : sequence of str, optional
        UTC days, ``YYYY-MM-DD``.
    ip : str, optional
        The host or the other end: address, CIDR, or several with commas.
    detector : str, optional
        One of those that found it.
    technique : str, optional
        ATT&CK technique, such as ``T1071``; those below it too.
    role : str, optional
        What the host is.
    text : str, optional
        Part of host, role, other end, reason, detectors or technique; whatever the case.
    most_q : float, optional
        Only leads down to this expected share of false ones.

    Raises
    ------
    OptionError
        A value that cannot be.

    Examples
    --------
    >>> LeadFilter("pair", ip="10.0.0.0/8", technique="T1071").state
    'open'
    """

    by: By = "host"
    state: State = "open"
    dates: Sequence[str] | None = None
    ip: str | None = None
    detector: str | None = None
    technique: str | None = None
    role: str | None = None
    text: str | None = None
    most_q: float | None = None

    def __post_init__(self) -> None:
        if self.by not in KINDS:
            raise OptionError("not a kind of lead", where=str(self.by)[:50], available=KINDS)
        if self.state not in STATES:
            raise OptionError("no such state", where=str(self.state)[:50], available=STATES)
        for name in ("detector", "technique", "role", "text"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or len(value) > LONGEST_TEXT):
                raise OptionError(f"not a text of at most {LONGEST_TEXT} characters", where=name)
        if self.most_q is not None and not 0 <= self.most_q <= 1:
            raise OptionError("a share is between 0 and 1", where=f"most_q {self.most_q}")
        if self.ip is not None:
            AddressSet.parse(self.ip)
        object.__setattr__(self, "dates", checked_dates(self.dates))

    def matches(self, rows: pa.Table) -> Bools:
        """Which leads it is about, whatever their state."""
        import pyarrow.compute as pc

        found = np.ones(len(rows), dtype=bool)
        if self.ip is not None:
            wanted = AddressSet.parse(self.ip)
            ends = (wanted.contains(rows[name].combine_chunks()) for name in ("host", "src_ip", "dst_ip"))
            found &= np.logical_or.reduce([np.asarray(end, dtype=bool) for end in ends])
        if self.detector is not None:
            found &= _listed(rows["detectors"], self.detector)
        if self.technique is not None:
            found &= _listed(rows["technique"], self.technique, also_below=True)
        if self.role is not None:
            found &= _flags(pc.equal(pc.utf8_lower(rows["role"]), self.role.lower()))
        if self.text is not None:
            parts = [_flags(pc.match_substring(rows[name], self.text, ignore_case=True)) for name in _SEARCHED]
            found &= np.logical_or.reduce(parts)
        if self.most_q is not None:
            found &= rows["q_value"].to_numpy() <= self.most_q
        return found


def _listed(column: Any, word: str, *, also_below: bool = False) -> Bools:
    """Where a word is in a list with commas; with what is below it after a dot."""
    import re

    import pyarrow.compute as pc

    below = r"(\.[^,]*)?" if also_below else ""
    return _flags(pc.match_substring_regex(column, rf"(^|, ){re.escape(word)}{below}(,|$)", ignore_case=True))


def _flags(column: Any) -> Bools:
    import pyarrow.compute as pc

    return np.asarray(pc.fill_null(column, False).to_numpy(), dtype=bool)


@dataclass(frozen=True)
class LeadPage:
    """Some leads in order.

    Attributes
    ----------
    rows : Rows
        The columns of ``schema.LEAD`` as they stand, then ``severity`` and ``rating_id`` (null when unrated),
        ``is_suppressed``, ``is_hidden`` (suppressed or rated low), ``set_aside`` (findings that do not count),
        ``moved`` (places up in its day), ``taught`` (nats) and ``moved_why``.
    total : int
        Leads that the filter finds.
    page, size : int
    by : str
    dates : list of str
        Days that have leads.
    counts : dict
        ``open``, ``rated`` (whatever the severity), ``suppressed``: what the filter finds whatever its state.
    hidden : int
        Of these, how many are rated low or suppressed.
    down_to : int
        All leads down to the last of this page, day by day, that are not hidden.
    expected_false : float
        How many of these are expected to be false.
    """

    rows: Rows
    total: int
    page: int
    size: int
    by: str
    dates: list[str]
    counts: dict[str, int]
    hidden: int
    down_to: int
    expected_false: float


def lead_page(desk: LeadDesk, asked: LeadFilter, *, page: int = 1, size: int | None = 50) -> LeadPage:
    """One page of leads; all of them on one where `size` is None.

    Raises
    ------
    OptionError
        A page that cannot be.
    """
    if page < 1:
        raise OptionError("pages begin at 1", where=f"page {page}")
    if size is not None and size < 1:
        raise OptionError("must be at least 1", where=f"size {size}")
    view = desk.view(asked.by, asked.dates)
    matches = asked.matches(view.rows)
    is_hidden, is_rated = view.verdicts.is_hidden, view.verdicts.severity > 0
    chosen = {"open": ~is_hidden, "rated": is_rated, "all": np.ones(len(view.rows), dtype=bool)}[asked.state]
    at = np.flatnonzero(matches & chosen)
    size = max(int(at.size), 1) if size is None else size
    wanted = at[(page - 1) * size : page * size]
    counts = {
        "open": int(np.count_nonzero(matches & ~is_hidden)),
        "rated": int(np.count_nonzero(matches & is_rated)),
        "suppressed": int(np.count_nonzero(matches & view.verdicts.is_suppressed)),
    }
    rows, hidden = standing_rows(desk, view, wanted), int(np.count_nonzero(matches & is_hidden))
    return LeadPage(Rows(rows), int(at.size), page, size, asked.by, desk.dates(), counts, hidden, *expected_false(rows))


def standing_rows(desk: LeadDesk, view: LeadView, at: npt.NDArray[np.int64]) -> pa.Table:
    """Some leads of a view, with what is known of them now."""
    import pyarrow as pa

    rows = view.rows.take(pa.array(at, pa.int64()))
    said = view.verdicts.take(at)
    unrated = said.severity == 0
    now = {
        "severity": pa.array(said.severity.astype(np.int32), mask=unrated),
        "rating_id": pa.array(said.rating_id, mask=unrated),
        "is_suppressed": pa.array(said.is_suppressed),
        "is_hidden": pa.array(said.is_hidden),
        "set_aside": pa.array(said.set_aside),
        "moved": pa.array(view.moved[at]),
        "taught": pa.array(view.taught[at]),
        "moved_why": pa.array(desk.why(rows), pa.string()),
    }
    for name, column in now.items():
        rows = rows.append_column(name, column)
    return rows


def expected_false(rows: pa.Table) -> tuple[int, float]:
    """Of each day all leads down to the last that is here: how many, and how many of them are expected to be false."""
    import pyarrow.compute as pc

    shown = rows.filter(pc.invert(rows["is_hidden"]))
    last = shown.group_by("day").aggregate([("rank", "max"), ("q_value", "max")])
    wrong = pc.sum(pc.multiply(last["rank_max"], last["q_value_max"])).as_py()
    return pc.sum(last["rank_max"]).as_py() or 0, wrong or 0.0
