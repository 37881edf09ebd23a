"""What ratings teach detectors at the next score: effects of what is shared, and the flows that were rated low."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flowsleuth.triage.feedback import FeedbackOptions, Taught, learn
from flowsleuth.triage.rated_things import FINE, latest_labels
from flowsleuth.triage.set_aside import is_about_flows

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.detect.contract import Detector
    from flowsleuth.store import Store

DISMISSED = ("start", "src_ip", "src_port", "dst_ip", "dst_port", "proto", "src_bytes", "src_packets")
"""What is told of a flow that was rated low."""


class Teaching:
    """Labels as detectors may learn from them; nothing is computed before a detector asks.

    Parameters
    ----------
    store : Store
        Holds the flows that were rated.
    labels : pyarrow.Table, optional
        Rows of ``schema.analyst.LABEL``, those that do not hold any more too.
    options : FeedbackOptions, optional
    """

    def __init__(self, store: Store, labels: pa.Table | None = None, options: FeedbackOptions | None = None) -> None:
        self._store, self._options = store, options
        self._labels = None if labels is None or not len(labels) else labels

    @cached_property
    def taught(self) -> Taught | None:
        """Effects; None where no rating teaches."""
        if self._labels is None:
            return None
        found = learn(self._labels, self._options)
        return None if found.is_empty else found

    @cached_property
    def dismissed(self) -> pa.Table | None:
        """The flows that were rated low, each once, with :data:`DISMISSED`; None where there are none.

        A suspect whose scores (or flows) are not stored any more counts as the one flow that its label describes.
        """
        import pyarrow as pa

        low = self._low
        if low is None:
            return None
        pieces, missing = [], []
        for detector in low["detector"].unique().to_pylist():
            found, gone = self._find(low.filter(_equal(low["detector"], detector)), detector)
            pieces.append(found)
            missing.append(gone)
        flows = _distinct(pa.concat_tables(pieces))
        told = pa.concat_tables([gone.select(DISMISSED).cast(flows.schema) for gone in missing])
        rows = pa.concat_tables([flows, told.filter(_has_ends(told))])
        return rows.combine_chunks() if len(rows) else None

    def digest(self, detector: Detector) -> str:
        """Short hash of what a detector learns from; the empty text when that is nothing."""
        facts: list[Any] = []
        names = getattr(detector, "learns_from", ())
        if "taught" in names and self.taught is not None:
            facts.append(self.taught.digest)
        if "dismissed" in names and self._low is not None:
            told = self._low.select(["detector", "suspect_id", "flow_id"]).to_pylist()
            versions = {date: self._store.catalog.version("flow", date) for date in self._dates(self._low)}
            facts.append([sorted(map(repr, told)), sorted(map(repr, self._spared)), sorted(versions.items())])
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16] if facts else ""

    @cached_property
    def _holding(self) -> pa.Table | None:
        return None if self._labels is None else latest_labels(self._labels)

    @cached_property
    def _low(self) -> pa.Table | None:
        """Labels of severity 3 that hold."""
        if self._holding is None:
            return None
        low = self._holding.filter(_equal(self._holding["severity"], FINE))
        low = low.filter(is_about_flows(low["detector"]))
        return low if len(low) else None

    @cached_property
    def _spared(self) -> list[int]:
        """Flows that were rated by themselves, and not low."""
        import pyarrow.compute as pc

        if self._holding is None:
            return []
        other = pc.and_(pc.is_valid(self._holding["flow_id"]), pc.not_equal(self._holding["severity"], FINE))
        return list(self._holding.filter(other)["flow_id"].to_pylist())

    def _dates(self, labels: pa.Table) -> list[str]:
        return [date for date in labels["date"].unique().to_pylist() if date is not None]

    def _find(self, low: pa.Table, detector: str) -> tuple[pa.Table, pa.Table]:
        """Stored flows of a detector's labels, and the labels that none was found for."""
        import pyarrow as pa
        import pyarrow.compute as pc

        dates = self._dates(low)
        is_whole = pc.is_null(low["flow_id"])
        suspects = low.filter(is_whole)["suspect_id"].unique().to_pylist()
        single = low.filter(pc.invert(is_whole))["flow_id"].to_pylist()
        scored = self._store.table("score", dates, tag=detector)
        members = scored.filter(scored.suspect_id.isin(suspects)).select("flow_id", "suspect_id")
        if self._spared:
            members = members.filter(members.flow_id.notin(self._spared))
        flow = self._store.table("flow", dates).select("flow_id", *DISMISSED)
        of_suspects = self._store.arrow(flow.inner_join(members, "flow_id")) if suspects else None
        of_flows = self._store.arrow(flow.filter(flow.flow_id.isin(single))) if single else None
        found = [table for table in (of_suspects, of_flows) if table is not None]
        there = of_suspects["suspect_id"].unique() if of_suspects is not None else pa.array([], pa.int64())
        flows = of_flows["flow_id"].unique() if of_flows is not None else pa.array([], pa.int64())
        is_there = pc.if_else(
            is_whole,
            pc.is_in(low["suspect_id"], value_set=there),
            pc.is_in(low["flow_id"], value_set=flows, skip_nulls=True),
        )
        return pa.concat_tables([table.select(["flow_id", *DISMISSED]) for table in found]), low.filter(
            pc.invert(is_there)
        )


def _equal(column: Any, value: Any) -> Any:
    import pyarrow.compute as pc

    return pc.fill_null(pc.equal(column, value), False)


def _has_ends(rows: pa.Table) -> Any:
    """Only what says both ends and a time can be put into a document."""
    import pyarrow.compute as pc

    known = (pc.is_valid(rows[name]) for name in ("src_ip", "dst_ip", "start"))
    return pc.and_(pc.and_(next(known), next(known)), next(known))


def _distinct(flows: pa.Table) -> pa.Table:
    """Each flow once, without its id."""
    import numpy as np
    import pyarrow as pa

    ids = flows["flow_id"].to_numpy()
    first = np.unique(ids, return_index=True)[1]
    return flows.take(pa.array(first)).select(DISMISSED)
