"""What our hosts sent out on earlier days, as it matters for one day's transfers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flowsleuth.detect.clues.transfers import COLUMNS, SHAPES, sent_out
from flowsleuth.detect.days.flow_codes import is_group
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.pair_history import Had, PairHistory

if TYPE_CHECKING:
    import ibis.expr.types as ir

LEAST_KEPT = 10_000.0
"""Bytes in a day below which a transfer is not looked at, today or earlier: handshakes and a few requests."""


def _went_out(pairs: ir.Table, hosts: ir.Table) -> ir.Table:
    """Stored pairs of a day that may be a transfer out: large enough, not to a group, not between two of ours."""
    of_one = hosts.filter(~is_group(hosts.ip))
    src = hosts.select(src_host=hosts.host, src_home=hosts.is_home)
    dst = of_one.select(dst_host=of_one.host, dst_home=of_one.is_home)
    joined = pairs.inner_join(src, [("src", "src_host")]).inner_join(dst, [("dst", "dst_host")])
    is_large = (joined.src_bytes >= LEAST_KEPT) | (joined.dst_bytes >= LEAST_KEPT)
    return joined.filter(is_large.fill_null(False) & (joined.src_home + joined.dst_home < 2))


def upload_history(day: NetworkDay) -> PairHistory:
    """Net bytes out of the hosts of a day on the days before, by receiver and :attr:`.transfers.Transfers.shape`."""
    days = []
    for _, pairs in day.earlier(*COLUMNS, only=_went_out):
        before = sent_out(pairs, day.is_home, day.n_hosts)
        large = before.some(np.flatnonzero(before.net >= LEAST_KEPT))
        days.append(Had(large.sender, large.receiver, large.shape, large.net))
    return PairHistory(days, day.n_hosts + len(day.names), SHAPES)
