"""What ratings and suppressions make of leads, by the findings behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from flowsleuth.triage.set_aside import LOW, OF_LEAD, covered, held_severity, is_about_findings, keys_of
from flowsleuth.triage.standing import strength
from flowsleuth.workspace.lead_findings import addresses_of_networks

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store import Store
    from flowsleuth.triage.suppressions import Suppression
    from flowsleuth.workspace.lead_findings import Behind

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Verdicts:
    """What was decided of some leads; all arrays have a row per lead.

    Attributes
    ----------
    severity : array of int64
        1 high, 2 medium, 3 low; 0 where it is not rated.
    rating_id : array of int64
        The rating behind it; 0 where there is none.
    is_suppressed : array of bool
        Every finding is covered by a suppression, or set aside otherwise.
    set_aside : array of int64
        Findings that no longer count: covered by a suppression, or rated low here or on another day.
    """

    severity: Ints
    rating_id: Ints
    is_suppressed: Bools
    set_aside: Ints

    @classmethod
    def none(cls, size: int) -> Verdicts:
        """Nothing was decided."""
        nothing = np.zeros(size, dtype=np.int64)
        return cls(nothing, nothing, np.zeros(size, dtype=bool), nothing)

    @property
    def is_hidden(self) -> Bools:
        """Which are not in the list: suppressed, or rated low."""
        hidden: Bools = self.is_suppressed | (self.severity == LOW)
        return hidden

    def take(self, at: Ints) -> Verdicts:
        """Those of some leads."""
        return Verdicts(self.severity[at], self.rating_id[at], self.is_suppressed[at], self.set_aside[at])


@dataclass(frozen=True)
class Judgement:
    """Verdicts on leads, and which findings they leave.

    Attributes
    ----------
    verdicts : Verdicts
    is_partly : array of bool
        Leads of which some findings are set aside, not all.
    by_low : array of int64
        The latest rating that set one of a lead's findings aside; 0 where none did.
    is_aside : array of bool
        A row per finding.
    """

    verdicts: Verdicts
    is_partly: Bools
    by_low: Ints
    is_aside: Bools

    def without(self, is_gone: Bools) -> Verdicts:
        """The verdicts where nothing that is left of some leads is evidence: these are set aside as a whole."""
        had, is_gone = self.verdicts, is_gone & (self.verdicts.severity == 0)
        is_low = is_gone & (self.by_low > 0)
        return replace(
            had,
            severity=np.where(is_low, LOW, had.severity),
            rating_id=np.where(is_low, self.by_low, had.rating_id),
            is_suppressed=had.is_suppressed | (is_gone & ~is_low),
        )


def judge_leads(
    store: Store, rows: pa.Table, behind: Behind, labels: pa.Table | None, in_force: Sequence[Suppression]
) -> Judgement:
    """Judge leads by what is rated and suppressed.

    Parameters
    ----------
    store : Store
    rows : pyarrow.Table
        Rows of ``schema.LEAD``.
    behind : Behind
        Their findings.
    labels : pyarrow.Table or None
        Labels that hold, with ``by_rule``.
    in_force : sequence of Suppression
    """
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
    for said in (own, _gravest(behind, exact)):
        graver = (said.severity > 0) & (said.severity < LOW) & ((severity == 0) | (said.severity < severity))
        severity, rating_id = np.where(graver, said.severity, severity), np.where(graver, said.rating_id, rating_id)
    verdicts = Verdicts(severity, rating_id, is_suppressed, aside)
    return Judgement(verdicts, (aside > 0) & ~all_aside, by_low, is_aside)


def _largest(behind: Behind, values: Ints) -> Ints:
    """The largest value among each lead's findings; 0 without any."""
    found = np.zeros(behind.leads, dtype=np.int64)
    np.maximum.at(found, behind.lead, values[behind.finding])
    return found


def _gravest(behind: Behind, held: _Held) -> _Held:
    """For each lead the severity and rating of its gravest finding that is rated high or medium; 0 without any."""
    severity = held.severity[behind.finding]
    use = np.flatnonzero((severity > 0) & (severity < LOW))
    rating = held.rating_id[behind.finding[use]]
    order = np.lexsort((-rating, severity[use], behind.lead[use]))
    leads, first = np.unique(behind.lead[use][order], return_index=True)
    found = _Held.none(behind.leads)
    found.severity[leads], found.rating_id[leads] = severity[use][order][first], rating[order][first]
    return found


@dataclass(frozen=True)
class _Held:
    """Severity and rating that hold of each thing; 0 where there is none."""

    severity: Ints
    rating_id: Ints

    @classmethod
    def none(cls, size: int) -> _Held:
        """Nothing is rated."""
        return cls(np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64))

    @classmethod
    def of(cls, things: Any, labelled: Any, labels: pa.Table) -> _Held:
        """What labels say of things that are known by the same text or number."""
        flat = [one.combine_chunks() if hasattr(one, "combine_chunks") else one for one in (things, labelled)]
        by_person = ~np.asarray(labels["by_rule"].to_numpy(), dtype=bool)
        weight = strength(labels["label_id"].to_numpy(), by_person)
        said = labels["severity"].to_numpy().astype(np.int64), labels["rating_id"].to_numpy()
        return cls(*(held_severity(flat[0], flat[1], values, weight) for values in said))


def _held(rows: pa.Table, findings: pa.Table, labels: pa.Table | None) -> tuple[_Held, _Held, _Held]:
    """What labels say of findings by who found them between which ends, of each finding itself, and of each lead."""
    import pyarrow.compute as pc

    if labels is None or not len(labels):
        return _Held.none(len(findings)), _Held.none(len(findings)), _Held.none(len(rows))
    on_findings = labels.filter(is_about_findings(labels))
    on_leads = labels.filter(pc.starts_with(labels["detector"], OF_LEAD))
    return (
        _Held.of(keys_of(findings), keys_of(on_findings), on_findings),
        _Held.of(findings["finding_id"], on_findings["suspect_id"], on_findings),
        _Held.of(rows["lead_id"], on_leads["suspect_id"], on_leads),
    )
