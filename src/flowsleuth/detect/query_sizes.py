"""Long questions to name servers, where flows are all there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.dense_codes import look_up
from flowsleuth.detect.edges import Groups
from flowsleuth.detect.findings import KEPT_P, Extent, no_findings, tell
from flowsleuth.detect.flow_codes import SPAN
from flowsleuth.detect.network_day import NetworkDay, Pairs
from flowsleuth.detect.peer_tails import peer_tail
from flowsleuth.detect.wording import count, each, join, size

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SERVICE = 17 * SPAN + 53
TECHNIQUE = "T1071.004"
FEWEST_PACKETS = 20.0
FEWEST_RECORDS = 3.0
"""A mean of fewer says little: one long name more or less decides, or one packet of a thousand that was sampled."""
COLUMNS = ("src", "dst", "service", "owner", "flows", "src_bytes", "src_packets")
LONG = 100.0
"""Bytes of a question below which it is as long as any: IP and UDP headers 28, DNS 12 + 5, EDNS 11, a name of 40."""


def find_long_queries(day: NetworkDay) -> pa.Table:
    """Pairs of a source and a resolver with unusually large packets to port 53 on average.

    The p-value is the share of such pairs with as large a mean, by rank (:func:`.peer_tails.peer_tail`): a tunnel has
    longer questions, however few; a busy host has more, but not longer. What was as long on an earlier day is usual.

    Parameters
    ----------
    day : NetworkDay

    Returns
    -------
    pyarrow.Table
        As :func:`.findings.tell`.
    """
    means = _means(day.pairs, day.n_hosts)
    p_value = peer_tail(means.mean, np.zeros(means.mean.size, dtype=np.int64))
    rows = np.flatnonzero((means.mean >= LONG) & (p_value <= KEPT_P))
    if not rows.size:
        return no_findings()
    ends, mean, packets = means.ends[rows], means.mean[rows], means.packets[rows]
    pairs = day.pairs
    asks = np.flatnonzero((pairs.service == SERVICE) & (pairs.owner == 0))
    group = np.full(len(pairs), -1)
    group[asks] = look_up(ends, pairs.src[asks].astype(np.int64) * day.n_hosts + pairs.dst[asks])
    src, dst = np.divmod(ends, day.n_hosts)
    asking = np.bincount(means.ends % day.n_hosts, minlength=day.n_hosts)[dst]
    return tell(
        day,
        src=src,
        dst=dst,
        service=np.full(rows.size, SERVICE),
        p_value=np.maximum(p_value[rows], _share_of_days(day, ends, mean)),
        technique=TECHNIQUE,
        extent=Extent.of_groups(pairs, group, rows.size),
        reason=join(
            each(packets, lambda n: f"asked names in {count(n)} packets"),
            each(mean, lambda n: f" of {size(n)} on average"),
            f", usual is {size(float(np.median(means.mean)))}",
            each(asking, lambda n: f"; {count(n)} source{'s' * (n > 1)} ask{'s' * (n == 1)} this resolver so often"),
            "; the names are not told",
        ),
        evidence={"mean_bytes": mean.round(1), "packets": packets, "sources_there": asking},
    )


@dataclass(frozen=True)
class _Means:
    """Pairs that ask names often enough: ``src * n_hosts + dst``, mean bytes of a packet sent, packets."""

    ends: Ints
    mean: Floats
    packets: Floats


def _means(pairs: Pairs, n_hosts: int) -> _Means:
    is_known = (pairs.src >= 0) & (pairs.dst >= 0) & np.isfinite(pairs.src_packets) & np.isfinite(pairs.src_bytes)
    asks = np.flatnonzero(is_known & (pairs.service == SERVICE) & (pairs.owner == 0))
    by = Groups.by(pairs.src[asks].astype(np.int64) * n_hosts + pairs.dst[asks])
    packets = by.add_up(pairs.src_packets[asks])
    enough = np.flatnonzero((packets >= FEWEST_PACKETS) & (by.add_up(pairs.flows[asks]) >= FEWEST_RECORDS))
    return _Means(by.keys[enough], by.add_up(pairs.src_bytes[asks])[enough] / packets[enough], packets[enough])


def _share_of_days(day: NetworkDay, ends: Ints, mean: Floats) -> Floats:
    """Share of days with as large a mean, where one of the earlier days had it; else 0."""
    larger = np.zeros(ends.size)
    for _, pairs in day.earlier(*COLUMNS, only=_asks):
        then = _means(pairs, day.n_hosts)
        larger += np.append(then.mean, 0.0)[look_up(then.ends, ends)] >= mean
    return np.where(larger > 0, (larger + 1.0) / (len(day.earlier_days) + 1.0), 0.0)


def _asks(pairs: ir.Table, hosts: ir.Table) -> ir.Table:
    return pairs.filter(pairs.service == SERVICE)
