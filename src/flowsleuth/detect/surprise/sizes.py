"""How unusual a flow's bytes and duration are, for its service and for its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.day_counts import MILLI
from flowsleuth.detect.days.edges import Edges
from flowsleuth.detect.dense_codes import TextCodes
from flowsleuth.detect.scored_rows import numbers
from flowsleuth.detect.tails import Histograms, bins_of, nats

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Places = NDArray[np.int32]

PRIOR_PAIRS = 20.0
"""Pairs of all services that every service is given: a score of pairs says little of a one-in-twenty tail."""
PRIOR_FLOWS = 20.0
"""Flows of the service that every source is given."""
OUT, IN, TIME = 0, 1, 2
KINDS = 3
OWN, SERVICE, ALL = 0, 1, 2
"""Compared with the source's own flows, with the pairs on the service, with all pairs."""
NO_SIZE = -1
SMALLEST = 1e-30


@dataclass(frozen=True)
class SizeSurprise:
    """What stands out in a batch of flows.

    Attributes
    ----------
    surprise : array of float64, shape (n,)
        Nats, of the harmonic mean of the three tails: at most 3 times the smallest, whatever their dependence
        (Wilson 2019, "The harmonic mean p-value for combining dependent tests").
    kind : array of int64
        The smallest (:data:`OUT` src_bytes, :data:`IN` dst_bytes, :data:`TIME` duration_s) + 3 x compared with what
        (:data:`OWN`, :data:`SERVICE`, :data:`ALL`), or :data:`NO_SIZE`.
    below : array of float64
        Share of what it is compared with that is certainly smaller.
    """

    surprise: Floats
    kind: Ints
    below: Floats


class Sizes:
    """Tails of bytes out, bytes in and duration, from a day's counts.

    A flow's tail is taken among the (source, destination) pairs that conversed over its service, each with its largest
    value of the day, drawn to those of all services by :data:`PRIOR_PAIRS`; so a pair that repeats itself has one
    vote. Bytes out are besides taken among all flows of the source, drawn to the service's tail by
    :data:`PRIOR_FLOWS`. Only large values are surprising. Failed attempts have no size.

    Parameters
    ----------
    edges : Edges
    uploads : pyarrow.Table
        Rows of :meth:`.day_counts.DayCounts.uploads`.
    addresses : TextCodes
        The hosts of the edges.
    """

    def __init__(self, edges: Edges, uploads: pa.Table, addresses: TextCodes) -> None:
        answered = ~edges.is_failed
        self._service, self._all, self._tails = [], [], []
        for bins in edges.bins:
            has = answered & (bins > 0)
            found = Histograms.of(edges.service[has], bins[has], None, edges.n_services)
            everywhere = Histograms(found.counts.sum(axis=0, keepdims=True))
            overall = everywhere.tails / np.maximum(everywhere.above[:, :1], 1.0)
            self._tails.append((found.tails + PRIOR_PAIRS * overall) / (found.above[:, :1] + PRIOR_PAIRS))
            self._service.append(found)
            self._all.append(everywhere)
        size, source = uploads["out_bin"].to_numpy(), addresses.of(uploads["ip"])
        has = size >= 0
        flows = uploads["flows"].to_numpy()[has].astype(float)
        self._source = Histograms.of(source[has], size[has], flows, edges.n_hosts)

    def judge(self, batch: pa.RecordBatch, source: Places, service: Places, is_failed: Bools) -> SizeSurprise:
        """Surprise of each flow of a batch."""
        columns = [numbers(batch.column(name), missing=0.0) for name in ("src_bytes", "dst_bytes", "duration_s")]
        columns[TIME] = columns[TIME] * MILLI
        least, best = np.ones(service.size), np.zeros(service.size, dtype=np.int64)
        inverse = np.zeros(service.size)
        bins = []
        for kind, values in enumerate(columns):
            bin_of, place = bins_of(values)
            tail = _between(self._tails[kind], service, bin_of, place)
            if kind == OUT:
                total = self._source.above[source, 0]
                tail = _between(self._source.tails, source, bin_of, place) + PRIOR_FLOWS * tail
                tail /= total + PRIOR_FLOWS
            tail[is_failed | (values <= 0)] = 1.0
            tail = np.clip(tail, SMALLEST, 1.0)
            best[tail < least] = kind
            np.minimum(least, tail, out=least)
            inverse += 1.0 / tail
            bins.append(bin_of)
        surprise = nats(len(columns) / inverse)
        chosen, below = np.full(service.size, NO_SIZE, dtype=np.int64), np.zeros(service.size)
        for measure in range(KINDS):
            at = np.flatnonzero((best == measure) & (surprise > 0))
            chosen[at], below[at] = self._compare(measure, source[at], service[at], bins[measure][at])
        return SizeSurprise(surprise, chosen, below)

    def _compare(self, measure: int, source: Places, service: Places, bins: Ints) -> tuple[Ints, Floats]:
        """With what a value is compared in words: what has enough values, the nearest first."""
        nowhere = np.zeros(service.size, dtype=np.int64)
        scope, below = np.full(service.size, ALL), self._all[measure].below(nowhere, bins)
        candidates = [(SERVICE, self._service[measure], service, PRIOR_PAIRS)]
        if measure == OUT:
            candidates.append((OWN, self._source, source, PRIOR_FLOWS))
        for number, histograms, rows, enough in candidates:
            at = np.flatnonzero(histograms.above[rows, 0] >= enough)
            scope[at], below[at] = number, histograms.below(rows[at], bins[at])
        return measure + KINDS * scope, below


def _between(table: Floats, rows: Places, bins: Ints, place: Floats) -> Floats:
    """Values of a row at a place between two bins, half-way at most: a bin may hold one value over and over.

    So a tail is at most twice too large (0.7 nats), it falls inside a bin, and equal values never look rare.
    """
    flat, width = table.ravel(), table.shape[1]
    at = rows.astype(np.int64) * width + bins
    here = flat[at]
    found: Floats = here + 0.5 * place * (flat[at + 1] - here)
    return found
