"""What ratings taught, brought to the edges of a day: a number of nats to add, and the count that the reason names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.contract import Taught
from flowsleuth.detect.days.flow_codes import SPAN
from flowsleuth.detect.surprise.day_model import DayModel, Judged
from flowsleuth.schema.protocols import KEYWORDS

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TAUGHT = ("taught", "taught_by", "taught_as", "taught_alike", "taught_of", "untaught_p")
"""Evidence of ratings: nats (a part of the surprise), and, for the reason, what is shared (a place in :data:`SHARED`),
how those were rated that agree (a place in :data:`VERDICTS`), and how many of how many rated suspects; last the chance
of as much surprise without what ratings taught, 0 where none taught anything.
"""
SHARED = (
    ("src",), ("dst",), ("service",), ("src", "dst"), ("src", "service"), ("dst", "service"),
    ("src", "dst", "service"), ("name",),
)  # fmt: skip
VERDICTS = ("low", "high", "high or medium")
BLOCK = 500_000
"""Edges judged at a time."""


@dataclass(frozen=True)
class TaughtEdges:
    """Edges that share something with what was rated; all others have nothing to add.

    Attributes
    ----------
    place : array of int32, shape (n_edges,)
        Row in `evidence`; 0 for an edge that nothing was taught about.
    evidence : array of float64, shape (n, len(TAUGHT))
        The first row is all zeros.
    taught : Taught
    model : DayModel
    """

    place: NDArray[np.int32]
    evidence: Floats
    taught: Taught
    model: DayModel

    @classmethod
    def of(cls, taught: Taught, model: DayModel) -> TaughtEdges:
        """Judge every edge of a day once."""
        size = len(model.edges)
        place = np.zeros(size, dtype=np.int32)
        found = [np.zeros((1, len(TAUGHT) - 1))]
        rows = 1
        for low in range(0, size, BLOCK):
            evidence = _judge(taught, _edge_rows(model, np.arange(low, min(low + BLOCK, size))))
            at = np.flatnonzero(evidence[:, 0])
            place[low + at] = np.arange(rows, rows + at.size)
            found.append(evidence[at])
            rows += at.size
        return cls(place, np.concatenate(found), taught, model)

    def add_to(self, judged: Judged, batch: pa.RecordBatch, chance: Floats) -> Judged:
        """The same flows with what was taught: added to the surprise, its evidence in the last columns, left for it.

        `chance` is what each flow has without.
        """
        judged.evidence[:, -1] = chance
        evidence = judged.evidence[:, -len(TAUGHT) : -1]
        evidence[:] = self.evidence[self.place[judged.edge]]
        if len(self.taught.names):
            import pyarrow.compute as pc

            is_named = pc.is_in(batch.column("server_name"), value_set=self.taught.names, skip_nulls=True)
            at = np.flatnonzero(is_named.to_numpy(zero_copy_only=False))
            if at.size:
                rows = _edge_rows(self.model, judged.edge[at])
                names = batch.column("server_name").take(at)
                evidence[at] = _judge(self.taught, rows.set_column(4, "server_name", names))
        return replace(judged, surprise=judged.surprise + evidence[:, 0])


def _judge(taught: Taught, rows: pa.Table) -> Floats:
    found = taught.judge(rows)
    return np.stack([found.nats, found.factor, found.verdict, found.alike, found.of], axis=1, dtype=np.float64)


def _edge_rows(model: DayModel, at: Ints) -> pa.Table:
    """Edges in words: ``src_ip dst_ip proto service_port server_name``, the name left open."""
    import pyarrow as pa

    edges = model.edges
    proto, detail = np.divmod(edges.services[edges.service[at]], SPAN)
    keywords = pa.array([KEYWORDS.get(code) for code in range(int(proto.max(initial=0)) + 1)], type=pa.string())
    texts = model.addresses.texts
    return pa.table(
        {
            "src_ip": texts.take(pa.array(edges.src[at])),
            "dst_ip": texts.take(pa.array(edges.dst[at])),
            "proto": keywords.take(pa.array(proto)),
            "service_port": pa.array(detail.astype(np.int32), mask=detail >= SPAN // 2),
            "server_name": pa.nulls(at.size, pa.string()),
        }
    )
