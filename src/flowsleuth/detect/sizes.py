"""How unusual a flow's bytes and duration are, for its service and for its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.dense_codes import TextCodes, look_up
from flowsleuth.detect.edges import MILLI, Edges
from flowsleuth.detect.flow_codes import FAILED
from flowsleuth.detect.scored_rows import numbers
from flowsleuth.detect.tails import Histograms, bins_of, nats

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PRIOR_FLOWS = 20.0
"""Flows of all services that a service is given, and of the service that a source is given, before its own count."""
OUT, IN, TIME = 0, 1, 2
NO_SIZE = -1


@dataclass(frozen=True)
class SizeSurprise:
    """What stands out in a batch of flows.

    Attributes
    ----------
    surprise : array of float64, shape (n,)
        Nats, of the most unusual of the three, paid for having looked at three (Bonferroni).
    kind : array of int64
        Which: :data:`OUT` (src_bytes), :data:`IN` (dst_bytes), :data:`TIME` (duration_s), or :data:`NO_SIZE`.
    below : array of float64
        Share of what it is compared with that is certainly smaller.
    """

    surprise: Floats
    kind: Ints
    below: Floats


class Sizes:
    """Tails of bytes out, bytes in and duration, from a day's counts.

    A flow's tail is taken among the answered flows of its service, drawn to all answered flows by
    :data:`PRIOR_FLOWS`; bytes out besides among all flows of its source, drawn to the service's tail. Only large
    values are surprising. Failed attempts have no size.

    Parameters
    ----------
    edges : Edges
    by_service, by_source : pyarrow.Table
        Results of :func:`.edges.count_sizes` and :func:`.edges.count_uploads`.
    """

    def __init__(self, edges: Edges, by_service: pa.Table, by_source: pa.Table) -> None:
        answered = by_service["outcome"].to_numpy() != FAILED
        service = look_up(edges.services, by_service["service"].to_numpy())
        weight = np.where(answered & (service >= 0), by_service["flows"].to_numpy(), 0).astype(float)
        names = ("out_bin", "in_bin", "time_bin")
        bins = [by_service[name].to_numpy() for name in names]
        kinds = max(1, edges.services.size)
        rows = np.maximum(service, 0)
        self._service = [Histograms.of(rows, b, weight, kinds) for b in bins]
        self._all = [Histograms(h.counts.sum(axis=0, keepdims=True)) for h in self._service]
        self._sources: TextCodes = edges.addresses
        source = edges.addresses.of(by_source["src_ip"])
        size = by_source["out_bin"].to_numpy()
        known = (source >= 0) & (size >= 0)
        self._source = Histograms.of(source[known], size[known], by_source["flows"].to_numpy()[known].astype(float), len(edges.addresses), 64)

    def judge(self, batch: pa.RecordBatch, source: Ints, service: Ints, is_failed: NDArray[np.bool_]) -> SizeSurprise:
        """Surprise of each flow of a batch."""
        columns = [numbers(batch.column(name)) for name in ("src_bytes", "dst_bytes", "duration_s")]
        columns[TIME] = columns[TIME] * MILLI
        tails, below = [], []
        for kind, values in enumerate(columns):
            has = ~np.isnan(values) & ~is_failed & (values > 0)
            bins, place = bins_of(np.where(has, values, 0.0))
            p = self._tail(kind, service, bins, place)
            share = self._service[kind].below(service, bins)
            if kind == OUT:
                above, n = self._source.beyond(source, np.minimum(bins, 63), place)
                p = (above + PRIOR_FLOWS * p) / (n + PRIOR_FLOWS)
                share = self._source.below(source, np.minimum(bins, 63))
            tails.append(np.where(has, p, 1.0))
            below.append(np.where(has, share, 0.0))
        stacked = np.stack(tails, axis=1)
        kind = stacked.argmin(axis=1)
        best = np.take_along_axis(stacked, kind[:, None], axis=1)[:, 0]
        surprise = nats(np.minimum(1.0, len(columns) * best))
        found = np.take_along_axis(np.stack(below, axis=1), kind[:, None], axis=1)[:, 0]
        return SizeSurprise(surprise, np.where(surprise > 0, kind, NO_SIZE), found)

    def _tail(self, kind: int, service: Ints, bins: Ints, place: Floats) -> Floats:
        one = np.zeros(service.size, dtype=np.int64)
        above, n = self._all[kind].beyond(one, bins, place)
        overall = (above + 1.0) / (n + 1.0)
        above, n = self._service[kind].beyond(service, bins, place)
        return (above + PRIOR_FLOWS * overall) / (n + PRIOR_FLOWS)
