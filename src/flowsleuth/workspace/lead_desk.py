"""Leads as they stand: what was found of hosts and pairs, with what analysts set aside, rated and taught laid over it.

Nothing of it is written back: findings and leads stay as they were found, and taking a rating back or lifting a
suppression shows them again as they were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from flowsleuth.detect.odds.calibration import false_shares
from flowsleuth.triage.lead_order import order_leads
from flowsleuth.workspace.lead_findings import days_of, findings_of, fused_again, fusions
from flowsleuth.workspace.lead_verdicts import Verdicts, judge_leads
from flowsleuth.workspace.queue_parts import LEADS

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store import Store
    from flowsleuth.triage.suppressions import Suppression
    from flowsleuth.workspace.label_book import LabelBook
    from flowsleuth.workspace.lead_findings import Behind, Fusion
    from flowsleuth.workspace.lead_verdicts import Judgement
    from flowsleuth.workspace.suppressions import Suppressions

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
KINDS = ("host", "pair")
KEPT = 6
"""Choices of kind and days that are kept ready."""
DAYS_KEPT = 32
"""Days fused again that are kept ready."""


@dataclass(frozen=True)
class LeadView:
    """Leads of some days as they stand; all arrays have a row per lead.

    Attributes
    ----------
    rows : pyarrow.Table
        Rows of ``schema.LEAD``, least chance first; ``rank score surprise p_value q_value`` as they stand.
    verdicts : Verdicts
    moved : array of int64
        Places in the day's list that it went up.
    taught : array of float64
        Nats that ratings teach.
    """

    rows: pa.Table
    verdicts: Verdicts
    moved: Ints
    taught: Floats

    @classmethod
    def as_fused(cls, rows: pa.Table) -> LeadView:
        """Nothing was decided."""
        return cls(rows, Verdicts.none(len(rows)), np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows)))


class LeadDesk:
    """The leads of a workspace.

    Parameters
    ----------
    store : Store
    book : LabelBook, optional
        Ratings; None where nothing was ever decided.
    suppressions : Suppressions, optional
    """

    def __init__(self, store: Store, book: LabelBook | None = None, suppressions: Suppressions | None = None) -> None:
        self._store, self._book, self._suppressions = store, book, suppressions
        self._rows: dict[tuple[Any, ...], pa.Table] = {}
        self._views: dict[tuple[Any, ...], tuple[tuple[Any, ...], LeadView]] = {}
        self._again: dict[tuple[str, bytes], pa.Table] = {}

    def dates(self) -> list[str]:
        """Days that were fused, oldest first, whether or not there was a lead."""
        return sorted({run["date"] for run in self._store.catalog.runs() if run["detector"] == LEADS})

    def rows(self, by: str, dates: Sequence[str] | None = None) -> pa.Table:
        """Leads as they were fused, least chance first."""
        return self._load(by, dates)[1]

    def _load(self, by: str, dates: Sequence[str] | None) -> tuple[tuple[Any, ...], pa.Table]:
        parts = self._store.catalog.parts("lead", dates)
        key = (by, *(part.path for part in parts))
        if key not in self._rows:
            if len(self._rows) > KEPT:
                self._rows.clear()
            lead = self._store.view("lead", parts)
            found = self._store.arrow(lead.filter(lead.by == by))
            self._rows[key] = found.take(order_of(found)).combine_chunks()
        return key, self._rows[key]

    def view(self, by: str, dates: Sequence[str] | None = None) -> LeadView:
        """Leads as they stand now."""
        key, rows = self._load(by, dates)
        labels = None if self._book is None else self._book.refresh()
        in_force = [] if self._suppressions is None else self._suppressions.in_force()
        version = None if self._book is None else self._book.version
        state = (version, tuple(one.suppression_id for one in in_force))
        if key in self._views and self._views[key][0] == state:
            return self._views[key][1]
        view = self._stand(by, rows, labels, in_force) if len(rows) else LeadView.as_fused(rows)
        if len(self._views) > KEPT:
            self._views.clear()
        self._views[key] = (state, view)
        return view

    def _stand(self, by: str, rows: pa.Table, labels: pa.Table | None, in_force: list[Suppression]) -> LeadView:
        if (labels is None or not len(labels)) and not in_force:
            return LeadView.as_fused(rows)
        behind = findings_of(self._store, rows)
        judged = judge_leads(self._store, rows, behind, labels, in_force)
        fused = fusions(self._store)
        left, is_gone = self._without_aside(rows, behind, judged, fused)
        verdicts = judged.without(is_gone)
        taught = np.where(verdicts.is_hidden, 0.0, self._taught(left))
        tests = {date: fusion.tests(by) for date, fusion in fused.items()}
        return _ordered(left, verdicts, taught, judged.is_partly, tests)

    def _without_aside(
        self, rows: pa.Table, behind: Behind, judged: Judgement, fused: Mapping[str, Fusion]
    ) -> tuple[pa.Table, Bools]:
        """Leads with what is left of those that some findings of were set aside; and of which nothing is evidence."""
        import pyarrow as pa
        import pyarrow.compute as pc

        is_partly = judged.is_partly
        if not is_partly.any():
            return rows, is_partly
        dates = days_of(rows.filter(pa.array(is_partly)))
        again = pa.concat_tables([self._fused_again(date, fused[date], behind.rows, judged.is_aside) for date in dates])
        at = pc.index_in(rows["lead_id"], value_set=again["lead_id"].combine_chunks())
        is_there = np.asarray(pc.is_valid(at).to_numpy(), dtype=bool)
        meant = pa.array(is_partly & is_there)
        for name in _FUSED:
            new = pc.if_else(meant, again[name].take(at).combine_chunks(), rows[name].combine_chunks())
            rows = rows.set_column(rows.column_names.index(name), rows.schema.field(name), new)
        return rows, is_partly & ~is_there

    def _fused_again(self, date: str, fusion: Fusion, findings: pa.Table, is_aside: Bools) -> pa.Table:
        """The leads of a day without the findings that are set aside; kept, because hosts and pairs ask for both."""
        import pyarrow as pa
        import pyarrow.compute as pc

        mine = pc.equal(pc.strftime(findings["day"], format="%Y-%m-%d"), date)
        of_day, is_left = findings.filter(mine), pa.array(~is_aside[np.asarray(mine)])
        key = (fusion.run, of_day["finding_id"].filter(is_left).to_numpy().tobytes())
        if key not in self._again:
            if len(self._again) > DAYS_KEPT:
                self._again.clear()
            self._again[key] = fused_again(self._store, date, fusion.spoken, of_day, is_left)
        return self._again[key]

    def _taught(self, rows: pa.Table) -> Floats:
        """Nats that ratings teach about each lead."""
        taught = None if self._book is None else self._book.taught()
        if taught is None or taught.is_empty:
            return np.zeros(len(rows))
        return taught.effect(with_source(rows))

    def why(self, rows: pa.Table) -> list[str | None]:
        """What ratings teach about each lead, in words; None where nothing."""
        if self._book is None or not len(rows):
            return [None] * len(rows)
        return self._book.taught().why(with_source(rows))


_FUSED = (
    "score", "surprise", "p_value", "technique", "detectors", "findings", "flows", "first_seen", "last_seen",
    "src_bytes", "dst_bytes", "reason", "normal_if",
)  # fmt: skip
"""What a lead says that changes with the findings behind it."""


def _ordered(
    rows: pa.Table, verdicts: Verdicts, taught: Floats, is_partly: Bools, tests: Mapping[str, int]
) -> LeadView:
    """Rank, chance and share of false leads anew, of each day of which anything has changed."""
    import pyarrow as pa

    columns = {name: rows[name].to_numpy().copy() for name in ("rank", "surprise", "p_value", "q_value")}
    moved = np.zeros(len(rows), dtype=np.int64)
    day, is_hidden = rows["day"].cast(pa.int64()).to_numpy(), verdicts.is_hidden
    for one in np.unique(day[is_hidden | is_partly | (taught != 0.0)]).tolist():
        at = np.flatnonzero(day == one)
        before = columns["rank"][at]
        found = order_leads(columns["surprise"][at], columns["p_value"][at], taught[at], is_hidden[at], before)
        for name in ("rank", "surprise", "p_value"):
            columns[name][at] = getattr(found, name)
        moved[at] = found.moved
        shown = at[~is_hidden[at]]
        columns["q_value"][at] = 1.0
        columns["q_value"][shown] = false_shares(columns["p_value"][shown], tests[_date(one)])
    columns["score"] = 1.0 - columns["p_value"]
    for name, values in columns.items():
        rows = rows.set_column(rows.column_names.index(name), rows.schema.field(name), pa.array(values))
    order = order_of(rows).to_numpy()
    return LeadView(rows.take(order).combine_chunks(), verdicts.take(order), moved[order], taught[order])


def _date(microseconds: int) -> str:
    return str(np.datetime64(microseconds, "us").astype("datetime64[D]"))


def with_source(rows: pa.Table) -> pa.Table:
    """Leads with the host as source of those about hosts, which have many destinations."""
    import pyarrow.compute as pc

    source = pc.if_else(pc.equal(rows["by"], "host"), rows["host"], rows["src_ip"])
    return rows.set_column(rows.column_names.index("src_ip"), "src_ip", source)


def order_of(rows: pa.Table) -> pa.Array:
    """Places of leads in order: least chance first, the latest day of equals first."""
    import pyarrow.compute as pc

    keys = [("p_value", "ascending"), ("q_value", "ascending"), ("surprise", "descending"), ("day", "descending")]
    return pc.sort_indices(rows, sort_keys=[*keys, ("rank", "ascending"), ("lead_id", "ascending")])
