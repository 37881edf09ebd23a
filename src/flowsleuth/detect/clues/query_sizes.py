"""Long questions to name servers, where flows are all there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.flow_codes import DNS
from flowsleuth.detect.days.network_day import NetworkDay, Pairs
from flowsleuth.detect.dense_codes import look_up
from flowsleuth.detect.findings import KEPT_P, Extent, no_findings, tell
from flowsleuth.detect.odds.far_tails import FarTail, tail_of_days
from flowsleuth.detect.wording import count, each, earlier_days, join, size

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TECHNIQUE = "T1071.004"
LONG = 100.0
"""Bytes of a question up to which it is as long as any: IP and UDP headers 28, DNS 12 + 5, EDNS 11, a name of 44."""
LEAST = 2_000.0
"""Bytes beyond that in a day from which they are worth a look: twenty names of full length."""
FEWEST_RECORDS = 3.0
"""Fewer flows may be one packet that stands for a thousand, where packets are sampled."""
COLUMNS = ("src", "dst", "service", "owner", "flows", "src_bytes", "src_packets")


def find_long_queries(day: NetworkDay, named: Ints) -> pa.Table:
    """Pairs of a source and a resolver whose questions are too long on average.

    What is judged is the bytes of a day to port 53 beyond :data:`LONG` a packet (a flow, where packets are not told): a
    busy host asks more, but not longer; a tunnel asks longer, however seldom. The p-value is the share of such pairs
    with as much (:class:`.far_tails.FarTail`), or that of days, if that is larger.

    Parameters
    ----------
    day : NetworkDay
    named : array of int64
        Host codes of sources whose names are told elsewhere, and not judged by size.

    Returns
    -------
    pyarrow.Table
        As :func:`.findings.tell`.
    """
    means = _means(day.pairs, day.n_hosts)
    p_value = FarTail.of(means.beyond, np.zeros(means.beyond.size, dtype=np.int64), LEAST).share
    is_named = np.isin(means.ends // max(day.n_hosts, 1), named)
    rows = np.flatnonzero((means.beyond >= LEAST) & (p_value <= KEPT_P) & ~is_named)
    if not rows.size:
        return no_findings()
    ends, mean, questions = means.ends[rows], means.mean[rows], means.questions[rows]
    before = _before(day, ends)
    if len(before):
        p_value[rows] = np.maximum(p_value[rows], tail_of_days(means.beyond[rows], before, LEAST))
    pairs = day.pairs
    asks = np.flatnonzero((pairs.service == DNS) & (pairs.owner == 0))
    group = np.full(len(pairs), -1)
    group[asks] = look_up(ends, pairs.src[asks].astype(np.int64) * day.n_hosts + pairs.dst[asks])
    src, dst = np.divmod(ends, day.n_hosts)
    asking = np.bincount(means.ends % day.n_hosts, minlength=day.n_hosts)[dst]
    return tell(
        day,
        src=src,
        dst=dst,
        service=np.full(rows.size, DNS),
        p_value=p_value[rows],
        technique=TECHNIQUE,
        extent=Extent.of_groups(pairs, group, rows.size),
        reason=join(
            each(questions, lambda n: f"asked names in {count(n)} {means.unit}s"),
            each(mean, lambda n: f" of {size(n)} on average"),
            f", usual is {size(float(np.median(means.mean)))}",
            each(asking, lambda n: f"; {count(n)} source{'s' * (n > 1)} ask{'s' * (n == 1)} this resolver so often"),
            earlier_days(len(before), before.max(axis=0, initial=0.0), lambda n: f"{size(n)} too long at most"),
            "; the names are not told",
        ),
        evidence={"mean_bytes": mean.round(1), f"{means.unit}s": questions, "sources_there": asking},
    )


@dataclass(frozen=True)
class _Means:
    """Pairs that ask names: ``src * n_hosts + dst``, mean bytes of a question, questions; what one is taken for."""

    ends: Ints
    mean: Floats
    questions: Floats
    unit: str

    @property
    def beyond(self) -> Floats:
        """Bytes beyond what is usual."""
        return np.maximum(self.mean - LONG, 0.0) * self.questions


def _means(pairs: Pairs, n_hosts: int) -> _Means:
    is_known = (pairs.src >= 0) & (pairs.dst >= 0) & np.isfinite(pairs.src_bytes) & (pairs.owner == 0)
    asks = np.flatnonzero(is_known & (pairs.service == DNS))
    has_packets = bool(np.isfinite(pairs.src_packets[asks]).any())
    if has_packets:
        asks = asks[np.isfinite(pairs.src_packets[asks])]
    by = Groups.by(pairs.src[asks].astype(np.int64) * n_hosts + pairs.dst[asks])
    questions = by.add_up((pairs.src_packets if has_packets else pairs.flows)[asks])
    enough = np.flatnonzero((questions > 0) & (by.add_up(pairs.flows[asks]) >= FEWEST_RECORDS))
    mean = by.add_up(pairs.src_bytes[asks])[enough] / questions[enough]
    return _Means(by.keys[enough], mean, questions[enough], "packet" if has_packets else "flow")


def _before(day: NetworkDay, ends: Ints) -> Floats:
    """Bytes of too long questions of each pair on each earlier day: shape (days, n)."""
    days = []
    for _, pairs in day.earlier(*COLUMNS, only=_asks):
        then = _means(pairs, day.n_hosts)
        days.append(np.append(then.beyond, 0.0)[look_up(then.ends, ends)])
    return np.array(days).reshape(len(days), ends.size)


def _asks(pairs: ir.Table, hosts: ir.Table) -> ir.Table:
    del hosts
    return pairs.filter(pairs.service == DNS)
