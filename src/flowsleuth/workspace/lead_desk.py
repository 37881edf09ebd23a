"""Leads as they stand: what was found of hosts and pairs, with what analysts set aside, rated and taught laid over it.

Nothing of it is written back: findings and leads stay as they were found, and taking a rating back or lifting a
suppression shows them again as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from flowsleuth.triage.lead_order import order_leads
from flowsleuth.triage.set_aside import LOW, OF_LEAD, covered, held_severity, is_about_findings, keys_of
from flowsleuth.triage.standing import strength
from flowsleuth.workspace.lead_findings import addresses_of_networks, days_of, findings_of, fused_again
from flowsleuth.workspace.queue_parts import LEADS

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store import Store
    from flowsleuth.triage.suppressions import Suppression
    from flowsleuth.workspace.label_book import LabelBook
    from flowsleuth.workspace.lead_findings import Behind
    from flowsleuth.workspace.suppressions import Suppressions

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
KINDS = ("host", "pair")
KEPT = 6
"""Choices of kind and days that are kept ready."""


@dataclass(frozen=True)
class LeadView:
    """Leads of some days as they stand; all arrays have a row per lead.

    Attributes
    ----------
    rows : pyarrow.Table
        Rows of ``schema.LEAD``, least chance first; ``rank score surprise p_value q_value`` as they stand.
    severity : array of int64
        1 high, 2 medium, 3 low; 0 where it is not rated.
    rating_id : array of int64
        The rating behind it; 0 where there is none.
    is_suppressed : array of bool
        Every finding is covered by a suppression, or set aside otherwise.
    set_aside : array of int64
        Findings that no longer count: covered by a suppression, or rated low here or on another day.
    moved : array of int64
        Places in the day's list that it went up.
    taught : array of float64
        Nats that ratings teach.
    """

    rows: pa.Table
    severity: Ints
    rating_id: Ints
    is_suppressed: Bools
    set_aside: Ints
    moved: Ints
    taught: npt.NDArray[np.float64]

    @property
    def is_hidden(self) -> Bools:
        """Which are not in the list: suppressed, or rated low."""
        hidden: Bools = self.is_suppressed | (self.severity == LOW)
        return hidden


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
            self._rows[key] = in_order(found).combine_chunks()
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
        view = self._stand(rows, labels, in_force) if len(rows) else _as_found(rows)
        if len(self._views) > KEPT:
            self._views.clear()
        self._views[key] = (state, view)
        return view

    def _stand(self, rows: pa.Table, labels: pa.Table | None, in_force: list[Suppression]) -> LeadView:
        if (labels is None or not len(labels)) and not in_force:
            return _as_found(rows)
        behind = findings_of(self._store, rows)
        judged = _judge(self._store, rows, behind, labels, in_force)
        left, is_gone = _without_aside(self._store, rows, behind.rows, judged)
        return _ordered(rows, left, judged.without(is_gone), self._taught(left))

    def _taught(self, rows: pa.Table) -> npt.NDArray[np.float64]:
        """Nats that ratings teach about each lead."""
        taught = None if self._book is None else self._book.taught()
        if taught is None or taught.is_empty:
            return np.zeros(len(rows))
        return taught.effect(as_things(rows))

    def why(self, rows: pa.Table) -> list[str | None]:
        """What ratings teach about each lead, in words; None where nothing."""
        if self._book is None or not len(rows):
            return [None] * len(rows)
        return self._book.taught().why(as_things(rows))


@dataclass(frozen=True)
class _Judged:
    """What decisions make of leads; `is_aside` has a row per finding, the others one per lead.

    `by_low` is the latest rating that set one of its findings aside; 0 where none did.
    """

    severity: Ints
    rating_id: Ints
    is_suppressed: Bools
    set_aside: Ints
    is_partly: Bools
    is_aside: Bools

    by_low: Ints

    @property
    def is_hidden(self) -> Bools:
        hidden: Bools = self.is_suppressed | (self.severity == LOW)
        return hidden

    def without(self, is_gone: Bools) -> _Judged:
        """The same where nothing that is left of a lead is evidence: it is set aside as a whole."""
        is_low = is_gone & (self.by_low > 0) & (self.severity == 0)
        return replace(
            self,
            severity=np.where(is_low, LOW, self.severity),
            rating_id=np.where(is_low, self.by_low, self.rating_id),
            is_suppressed=self.is_suppressed | (is_gone & (self.by_low == 0) & (self.severity == 0)),
        )


def _judge(
    store: Store, rows: pa.Table, behind: Behind, labels: pa.Table | None, in_force: Sequence[Suppression]
) -> _Judged:
    by_ends, exact, own = _held(rows, behind.rows, labels)
    is_covered = covered(behind.rows, in_force, addresses_of_networks(store, behind.rows, in_force))
    is_aside = is_covered | (by_ends.severity == LOW)
    many, aside = behind.count(np.ones(len(behind.rows), dtype=bool)), behind.count(is_aside)
    all_aside = (many > 0) & (aside == many)
    is_suppressed = all_aside & (behind.count(is_covered) == many)
    # a lead rated low stays away only while all that was found of it is set aside
    is_low = np.where(many > 0, all_aside & ~is_suppressed, own.severity == LOW)
    by_low = _largest(behind, np.where(by_ends.severity == LOW, by_ends.rating_id, 0))
    severity = np.where(is_low, LOW, 0)
    rating_id = np.where(is_low, np.maximum(by_low, np.where(own.severity == LOW, own.rating_id, 0)), 0)
    found = _gravest(behind, exact)
    for said in (own, found):
        graver = (said.severity > 0) & (said.severity < LOW) & ((severity == 0) | (said.severity < severity))
        severity, rating_id = np.where(graver, said.severity, severity), np.where(graver, said.rating_id, rating_id)
    return _Judged(severity, rating_id, is_suppressed, aside, (aside > 0) & ~all_aside, is_aside, by_low)


def _largest(behind: Behind, values: Ints) -> Ints:
    """The largest value among each lead's findings; 0 without any."""
    found = np.zeros(behind.leads, dtype=np.int64)
    np.maximum.at(found, behind.lead, values[behind.finding])
    return found


def _gravest(behind: Behind, held: Held) -> Held:
    """For each lead the severity and rating of its gravest finding that is rated high or medium; 0 without any."""
    severity = held.severity[behind.finding]
    use = np.flatnonzero((severity > 0) & (severity < LOW))
    rating = held.rating_id[behind.finding[use]]
    order = np.lexsort((-rating, severity[use], behind.lead[use]))
    leads, first = np.unique(behind.lead[use][order], return_index=True)
    found = Held.none(behind.leads)
    found.severity[leads], found.rating_id[leads] = severity[use][order][first], rating[order][first]
    return found


@dataclass(frozen=True)
class Held:
    """Severity and rating that hold of each thing; 0 where there is none."""

    severity: Ints
    rating_id: Ints

    @classmethod
    def none(cls, size: int) -> Held:
        """Nothing is rated."""
        return cls(np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64))

    @classmethod
    def of(cls, things: Any, labelled: Any, labels: pa.Table) -> Held:
        """What labels say of things that are known by the same text or number."""
        flat = [one.combine_chunks() if hasattr(one, "combine_chunks") else one for one in (things, labelled)]
        by_person = ~np.asarray(labels["by_rule"].to_numpy(), dtype=bool)
        weight = strength(labels["label_id"].to_numpy(), by_person)
        said = labels["severity"].to_numpy().astype(np.int64), labels["rating_id"].to_numpy()
        return cls(*(held_severity(flat[0], flat[1], values, weight) for values in said))


def _held(rows: pa.Table, findings: pa.Table, labels: pa.Table | None) -> tuple[Held, Held, Held]:
    """What labels say of findings by who found them between which ends, of each finding itself, and of each lead."""
    import pyarrow.compute as pc

    if labels is None or not len(labels):
        return Held.none(len(findings)), Held.none(len(findings)), Held.none(len(rows))
    on_findings = labels.filter(is_about_findings(labels))
    on_leads = labels.filter(pc.starts_with(labels["detector"], OF_LEAD))
    return (
        Held.of(keys_of(findings), keys_of(on_findings), on_findings),
        Held.of(findings["finding_id"], on_findings["suspect_id"], on_findings),
        Held.of(rows["lead_id"], on_leads["suspect_id"], on_leads),
    )


def _as_found(rows: pa.Table) -> LeadView:
    nothing = np.zeros(len(rows), dtype=np.int64)
    return LeadView(rows, nothing, nothing, np.zeros(len(rows), dtype=bool), nothing, nothing, np.zeros(len(rows)))


def _without_aside(store: Store, rows: pa.Table, findings: pa.Table, judged: _Judged) -> tuple[pa.Table, Bools]:
    """Leads with what is left of those that some findings of were set aside, fused again; and of which nothing is."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not judged.is_partly.any():
        return rows, judged.is_partly
    partly = rows.filter(pa.array(judged.is_partly))
    left = findings.filter(pa.array(~judged.is_aside))
    fused = [
        fused_again(store, date, left.filter(pc.equal(pc.strftime(left["day"], format="%Y-%m-%d"), date)))
        for date in days_of(partly)
    ]
    again = pa.concat_tables(fused)
    at = pc.index_in(rows["lead_id"], value_set=again["lead_id"].combine_chunks())
    is_there = np.asarray(pc.is_valid(at).to_numpy(), dtype=bool)
    meant = pa.array(judged.is_partly & is_there)
    for name in _FUSED:
        new = pc.if_else(meant, again[name].take(at).combine_chunks(), rows[name].combine_chunks())
        rows = rows.set_column(rows.column_names.index(name), rows.schema.field(name), new)
    return rows, judged.is_partly & ~is_there


_FUSED = (
    "score", "surprise", "p_value", "technique", "detectors", "findings", "flows", "first_seen", "last_seen",
    "src_bytes", "dst_bytes", "reason", "normal_if",
)  # fmt: skip
"""What a lead says that changes with the findings behind it."""


def _ordered(rows: pa.Table, left: pa.Table, judged: _Judged, taught: npt.NDArray[np.float64]) -> LeadView:
    """Rank, chance and share of false leads of each day anew."""
    import pyarrow as pa

    stored = {name: rows[name].to_numpy() for name in ("rank", "p_value", "q_value")}
    columns = {name: left[name].to_numpy().copy() for name in ("rank", "surprise", "p_value", "q_value")}
    moved = np.zeros(len(rows), dtype=np.int64)
    day, is_hidden = rows["day"].cast(pa.int64()).to_numpy(), judged.is_hidden
    taught = np.where(is_hidden, 0.0, taught)
    for one in np.unique(day[is_hidden | judged.is_partly | (taught != 0.0)]):
        at = np.flatnonzero(day == one)
        before = {name: values[at] for name, values in stored.items()}
        found = order_leads(
            columns["surprise"][at], columns["p_value"][at], taught[at], is_hidden[at], before=before["rank"],
            tests=tests_of(before["rank"], before["p_value"], before["q_value"]),
        )  # fmt: skip
        for name, values in columns.items():
            values[at] = getattr(found, name)
        moved[at] = found.moved
    columns["score"] = 1.0 - columns["p_value"]
    for name, values in columns.items():
        left = left.set_column(left.column_names.index(name), left.schema.field(name), pa.array(values))
    order = order_of(left).to_numpy()
    arrays = (judged.severity, judged.rating_id, judged.is_suppressed, judged.set_aside, moved, taught)
    return LeadView(left.take(order).combine_chunks(), *(array[order] for array in arrays))


def tests_of(rank: Ints, p_value: npt.NDArray[np.float64], q_value: npt.NDArray[np.float64]) -> int:
    """How many hosts (pairs) a day's shares of false leads were worked out for.

    Where a share is the rank's own, not that of a later one, it is ``p * tests / rank``.

    Examples
    --------
    >>> p = np.array([0.001, 0.01, 0.4])
    >>> tests_of(np.array([1, 2, 3]), p, np.minimum(p * 50 / np.array([1, 2, 3]), 1.0))
    50
    """
    order = np.argsort(rank)
    p, q, place = p_value[order], q_value[order], np.arange(1, order.size + 1)
    is_own = (q < 1.0) & (q < np.append(q[1:], np.inf)) & (p > 0)
    if is_own.any():
        at = int(np.flatnonzero(is_own)[-1])
        return max(round(float(q[at] * place[at] / p[at])), order.size)
    return max(int(np.ceil(np.max(place / np.maximum(p, 1e-300)))), order.size) if order.size else 0


def as_things(rows: pa.Table) -> pa.Table:
    """Leads with what ratings teach about: a host's lead is a source with many destinations."""
    import pyarrow as pa
    import pyarrow.compute as pc

    source = pc.if_else(pc.equal(rows["by"], "host"), rows["host"], rows["src_ip"])
    names = ("dst_ip", "proto", "service_port", "server_name")
    return pa.table({"src_ip": source} | {name: rows[name] for name in names})


def order_of(rows: pa.Table) -> pa.Array:
    """Places of leads in order: least chance first, the latest day of equals first."""
    import pyarrow.compute as pc

    keys = [("p_value", "ascending"), ("q_value", "ascending"), ("surprise", "descending"), ("day", "descending")]
    return pc.sort_indices(rows, sort_keys=[*keys, ("rank", "ascending"), ("lead_id", "ascending")])


def in_order(rows: pa.Table) -> pa.Table:
    """Leads in order; see :func:`order_of`."""
    return rows.take(order_of(rows))
