"""Flows that nothing in the network prepares for: rare for their hosts, their service, their outcome and their size."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from flowsleuth.detect.contract import DayInput, DayReport
from flowsleuth.detect.days.day_counts import CODED
from flowsleuth.detect.scored_rows import BATCH_ROWS, scored_rows
from flowsleuth.detect.surprise.day_model import FACTS, PARTS, DayModel, Judged
from flowsleuth.detect.surprise.reasons import write_reasons
from flowsleuth.detect.surprise.taught_edges import TAUGHT, TaughtEdges
from flowsleuth.detect.tails import Reference

if TYPE_CHECKING:
    import pyarrow as pa

REFERENCE_FLOWS = 250_000
"""Flows that say which surprise is usual, about: tails down to one in a hundred thousand are counted, not guessed."""


@dataclass(frozen=True)
class SuspiciousOptions:
    """Options of :class:`SuspiciousDetector`."""

    topics: int = field(
        default=20, metadata={"help": "kinds of hosts to tell apart", "unit": "topics", "min": 1, "max": 500}
    )
    seed: int = field(default=0, metadata={"help": "seed of the topic model", "unit": "", "min": 0, "max": 2**31})
    baseline_days: int = field(
        default=7, metadata={"help": "earlier days to learn from", "unit": "days", "min": 0, "max": 365}
    )
    half_life_days: float = field(
        default=7.0,
        metadata={"help": "age at which an earlier day counts half", "unit": "days", "min": 0.1, "max": 3650.0},
    )


class SuspiciousDetector:
    """Tells flows that are rare for their hosts, their service, their outcome and their size, and says why.

    A flow's surprise is the sum of its parts, all but the last the ``-ln`` of a tail probability (nats):

    ========  ==========================================================================================
    service   a host of this kind using or offering this service, the less usual end (:mod:`.habits`)
    port      a port so few hosts ask for (:func:`.habits.port_rarity`)
    peer      a destination so few talk to, among the source's own (:func:`.behaviour.judge_peers`)
    outcome   an attempt that failed where others succeed (:func:`.behaviour.judge_outcome`)
    sweep     so many addresses or services tried in vain (:func:`.behaviour.judge_sweeps`)
    new       a first contact, by earlier days (:meth:`.history.History.judge_new`)
    size      bytes out, bytes in or duration so large (:mod:`.sizes`)
    hour      an hour at which the source sleeps, by three or more earlier days (:mod:`.history`)
    taught    what analysts' ratings say of its addresses, service and name; may be negative (:mod:`.taught_edges`)
    ========  ==========================================================================================

    Hosts and pairs are counted, not flows, and attempts that got no answer hardly count as habit: a flood cannot make
    itself normal. Which end has the service is learnt (:func:`.flow_codes.service_end`).

    ``score = 1 - p`` with p the share of reference flows that are at least as surprising: about
    :data:`REFERENCE_FLOWS` flows of the day before, as they were scored then, or of the day itself when there
    is no earlier one. Each group of near-identical flows has one vote, so that a flood does not lower its own score
    (:class:`.tails.Reference`). Parts depend on one another, so their sum is no log-probability;
    the reference makes it one. The reference is judged without what ratings taught: a flow that ratings raise by some
    nats is scored as rare as one that is as surprising without them.

    Blind spots: what looks like everyone's traffic (command and control over the usual web server); what never changes
    from the first day on; content. Regular timing is not looked at. Without earlier days nothing is known to be new,
    and a host's habit is what its kind does.
    """

    name: ClassVar[str] = "suspicious"
    summary: ClassVar[str] = (
        "rare for its hosts, service, outcome and size; learns ports, kinds of hosts and earlier days"
    )
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = SuspiciousOptions
    version: ClassVar[int] = 4
    days_beyond: ClassVar[int] = 1
    learns_from: ClassVar[tuple[str, ...]] = ("taught",)
    evidence_names: ClassVar[tuple[str, ...]] = (*PARTS, *FACTS, *TAUGHT)

    def __init__(self, options: SuspiciousOptions | None = None) -> None:
        self.options = options or SuspiciousOptions()

    def score(self, day: DayInput, sink: Callable[[pa.Table], None]) -> DayReport:
        """Learn the day, then score its flows; see :class:`flowsleuth.detect.contract.Detector`."""
        if not len(day.arrow(day.flows.select("flow_id").limit(1))):
            return DayReport()
        earlier = day.baseline[: self.options.baseline_days]
        named = ("server_name",) if day.taught is not None and len(day.taught.names) else ()
        model = self._learn(day, day.day, earlier)
        sample = _Sample(model)
        reference = self._reference(day, model, earlier)
        taught = None if day.taught is None else TaughtEdges.of(day.taught, model)
        scored = 0
        for batch in day.batches(model.counts.flows_to_judge().select(*CODED, *named), BATCH_ROWS):
            if not batch.num_rows:
                continue
            found = model.judge(batch, spare=len(TAUGHT) if taught else 0)
            sample.take(batch, found)
            found = taught.add_to(found, batch, reference.tail(found.surprise)) if taught else found
            score = 1.0 - reference.tail(found.surprise)
            sink(scored_rows(batch, score, found.surprise, found.suspect_id, found.evidence))
            scored += batch.num_rows
        if day.is_whole:  # what tomorrow is compared with
            self._kept(day, [day.day, *earlier], sample.reference)
        notes = self._notes(model, reference, earlier)
        return DayReport(scored, notes | ({} if taught is None else {"edges_taught": len(taught.evidence) - 1}))

    def reasons(self, rows: pa.Table) -> pa.Array:
        """What was rare, the strongest parts first; see :mod:`.reasons`."""
        return write_reasons(rows)

    def _learn(self, day: DayInput, date: dt.date, earlier: list[dt.date]) -> DayModel:
        o = self.options
        return DayModel(day, date, earlier, topics=o.topics, seed=o.seed, half_life_days=o.half_life_days)

    def _reference(self, day: DayInput, model: DayModel, earlier: list[dt.date]) -> Reference:
        """Usual surprise: that of a sample of the day before under its own model, or of the day itself."""
        if not earlier:
            return self._kept(day, [day.day], lambda: _judge_sample(day, model))
        before, *own = day.baseline[: self.options.baseline_days + self.days_beyond]
        return self._kept(day, [before, *own], lambda: _judge_sample(day, self._learn(day, before, own)))

    def _kept(self, day: DayInput, days: list[dt.date], make: Callable[[], Reference]) -> Reference:
        """The reference that the first of some days is for the next, the others being what it learnt; made once."""
        options = asdict(self.options) | {"flows": REFERENCE_FLOWS}
        return Reference.of_rows(day.made("reference", lambda: make().rows(), days, options))

    def _notes(self, model: DayModel, reference: Reference, earlier: list[dt.date]) -> dict[str, Any]:
        return {
            **asdict(self.options),
            "addresses": len(model.addresses),
            "services": int(model.edges.services.size),
            "edges": len(model.edges),
            "words": model.words,
            "log_likelihood": float(model.topic_model.log_likelihood[-1]),
            "converged": model.topic_model.is_converged,
            "baseline": [str(date) for date in earlier],
            "reference": str(earlier[0]) if earlier else "the day itself",
            "surprise_1_in_1000": reference.at(1e-3),
        }


class _Sample:
    """About :data:`REFERENCE_FLOWS` flows of a day, and how surprising each was."""

    def __init__(self, model: DayModel) -> None:
        self.stride = max(1, model.n_flows // REFERENCE_FLOWS)
        self._surprise, self._weight = [np.zeros(0)], [np.zeros(0)]

    def take(self, batch: pa.RecordBatch, judged: Judged) -> None:
        """Add what of a batch is in the sample."""
        at = np.flatnonzero(np.asarray(batch.column("flow_id")) % self.stride == 0)
        self._surprise.append(judged.surprise[at])
        self._weight.append(1.0 / judged.group_flows[at])

    def reference(self) -> Reference:
        """What surprise is usual, by the sample; each group of near-identical flows has one vote."""
        return Reference.of(np.concatenate(self._surprise), np.concatenate(self._weight))


def _judge_sample(day: DayInput, model: DayModel) -> Reference:
    sample = _Sample(model)
    for batch in day.batches(model.counts.sample(sample.stride)):
        if batch.num_rows:
            sample.take(batch, model.judge(batch))
    return sample.reference()
