"""Flows that nothing in the network prepares for: rare for their hosts, their service, their size and their outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.behaviour import judge_outcome, judge_peers, judge_sweeps
from flowsleuth.detect.contract import DayInput, DayReport
from flowsleuth.detect.dense_codes import hash_rows, to_signed
from flowsleuth.detect.edges import Edges, code_flows, count_edges, count_sizes, count_uploads
from flowsleuth.detect.habits import learn_habits, make_vocabulary, port_rarity
from flowsleuth.detect.scored_rows import scored_rows
from flowsleuth.detect.sizes import Sizes
from flowsleuth.detect.tails import Reference

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class SuspiciousOptions:
    """Options of :class:`SuspiciousDetector`."""

    topics: int = field(default=20, metadata={"help": "kinds of hosts to tell apart", "unit": "topics", "min": 1, "max": 500})
    seed: int = field(default=0, metadata={"help": "seed of the topic model", "unit": "", "min": 0, "max": 2**31})
    baseline_days: int = field(default=7, metadata={"help": "earlier days to learn from", "unit": "days", "min": 0, "max": 365})
    half_life_days: float = field(
        default=7.0, metadata={"help": "age at which an earlier day counts half", "unit": "days", "min": 0.1, "max": 3650.0}
    )


PARTS = ("service", "port", "peer", "outcome", "sweep", "size")
WANTED = ("flow_id", "start", "src_ip", "dst_ip", "service", "owner", "outcome", "src_bytes", "dst_bytes", "duration_s")


class SuspiciousDetector:
    name: ClassVar[str] = "suspicious"
    summary: ClassVar[str] = "flows that are rare for their hosts, service, size and outcome, with reasons"
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = SuspiciousOptions
    version: ClassVar[int] = 1
    evidence_names: ClassVar[tuple[str, ...]] = PARTS

    def __init__(self, options: SuspiciousOptions | None = None) -> None:
        self.options = options or SuspiciousOptions()

    def score(self, day: DayInput, sink: Callable[[pa.Table], None]) -> DayReport:
        edges = Edges(day.arrow(day.counts("edges", count_edges, [day.day])))
        sizes = Sizes(edges, day.arrow(day.counts("sizes", count_sizes, [day.day])), day.arrow(day.counts("uploads", count_uploads, [day.day])))
        vocabulary, clients = make_vocabulary(edges)
        habits = learn_habits(edges, vocabulary, self.options.topics, self.options.seed)
        parts = np.stack([np.maximum(habits.client, habits.server), port_rarity(clients)[edges.service], judge_peers(edges).surprise, judge_outcome(edges), judge_sweeps(edges).surprise], 1)
        self.debug = (edges, habits, parts)
        tables = []
        for batch in day.batches(code_flows(day.flows).select(*WANTED)):
            at = edges.find(batch)
            s = sizes.judge(batch, edges.src[at].astype(np.int64), edges.service[at].astype(np.int64), edges.is_failed[at])
            tables.append((batch, at, np.concatenate([parts[at], s.surprise[:, None]], axis=1)))
        ref = Reference.of(np.concatenate([p.sum(axis=1) for _, _, p in tables]))
        n = 0
        for batch, at, p in tables:
            total = p.sum(axis=1)
            sid = to_signed(hash_rows(np.stack([edges.src[at], edges.dst[at], edges.service[at], edges.outcome[at]], 1)))
            sink(scored_rows(batch, 1 - ref.tail(total), total, sid, p))
            n += batch.num_rows
        return DayReport(n, {})

    def reasons(self, rows):
        import pyarrow as pa
        from flowsleuth.detect.scored_rows import evidence_matrix
        e = evidence_matrix(rows["evidence"], len(self.evidence_names))
        return pa.array([" ".join(f"{n}={v:.1f}" for n, v in zip(PARTS, r)) for r in e])
