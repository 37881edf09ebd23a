"""Who was there on a day: how busy each address was, and how much of that others did too."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from flowsleuth.detect.contract import DayInput
from flowsleuth.detect.days.day_counts import DayCounts
from flowsleuth.detect.days.network_day import NetworkDay, count_pairs

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

POPULATION = "population"
"""Name that :func:`count_population` is kept by; another one when its columns change."""
COUNTED = ("flows", "peers", "shared_flows", "shared_peers", "callers")


def count_population(day: DayInput, date: dt.date) -> ir.Table:
    """The addresses of a day, and how busy they were.

    What a host does of which others do as much is told apart, because that is how busy it is in the ordinary way: what
    is done on a host for somebody else, a scan or calls of a server that nobody else knows, does not add to it. So two
    hosts are about as busy when they do about as much of what others do too.

    Parameters
    ----------
    day : DayInput
    date : datetime.date

    Returns
    -------
    ibis.Table
        ``ip``, ``is_home``; ``flows`` that it began and ``peers`` that it called; of them ``shared_flows``, with each
        peer as many as another host of ours began with it (as another host of others, if the host is not ours), and
        ``shared_peers``, which another such host called; ``callers`` of it.

    Examples
    --------
    Two hosts have a peer in common, with which one of them began three flows and the other one:

    >>> from flowsleuth.testing.detectors import MemoryDay, make_flows
    >>> ends = [("10.0.0.1", "192.0.2.1")] * 3 + [("10.0.0.2", "192.0.2.1"), ("10.0.0.2", "192.0.2.7")]
    >>> with MemoryDay(make_flows([{"src_ip": src, "dst_ip": dst} for src, dst in ends])) as memory:
    ...     rows = memory.arrow(count_population(memory, memory.day)).sort_by("ip").slice(0, 2)
    >>> rows.select(["flows", "peers", "shared_flows", "shared_peers"]).to_pylist()[1]
    {'flows': 2, 'peers': 2, 'shared_flows': 1, 'shared_peers': 1}
    >>> rows["shared_flows"].to_pylist()
    [1, 1]
    """
    import ibis

    hosts = DayCounts(day, date).hosts
    pairs = count_pairs(day, date)

    def build(flows: ir.Table) -> ir.Table:
        kinds = hosts.select(begun_by=hosts.host, kind=hosts.is_home)
        ends = pairs.group_by("src", "dst").aggregate(flows=lambda t: t.flows.sum())
        ends = ends.inner_join(kinds, ends.src == kinds.begun_by)
        most_first = ibis.window(group_by=[ends.dst, ends.kind], order_by=ends.flows.desc())
        ends = ends.mutate(place=ibis.row_number().over(most_first), next_most=ends.flows.lead().over(most_first))
        ends = ends.mutate(shared=(ends.place == 0).ifelse(ends.next_most.coalesce(0), ends.flows))
        begun = ends.group_by("begun_by").aggregate(
            flows=lambda t: t.flows.sum(),
            peers=lambda t: t.count(),
            shared_flows=lambda t: t.shared.sum(),
            shared_peers=lambda t: (t.shared > 0).sum(),
        )
        called = pairs.group_by(called=pairs.dst).aggregate(callers=lambda t: t.src.nunique())
        joined = hosts.left_join(begun, hosts.host == begun.begun_by).left_join(called, [("host", "called")])
        return joined.select("ip", "is_home", **{name: joined[name].coalesce(0).cast("int64") for name in COUNTED})

    return day.counts(POPULATION, build, [date]).drop("date")


def population(day: NetworkDay) -> pa.Table:
    """Rows of :func:`count_population`, in order of ``ip``; ask for it with :meth:`.network_day.NetworkDay.once`."""
    return day.input.arrow(count_population(day.input, day.date)).sort_by("ip")
