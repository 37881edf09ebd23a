"""Plain lists of flows: those of an address in order of time, those between two addresses in one minute."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from flowsleuth.schema.addresses import canonical_address
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from flowsleuth.workspace import Workspace

MINUTE = dt.timedelta(minutes=1)


def flows_of(
    workspace: Workspace,
    ip: str,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    *,
    limit: int = 1_000,
    offset: int = 0,
) -> Rows:
    """Flows that an address had a part in, earliest first.

    Parameters
    ----------
    workspace : Workspace
    ip : str
    start, end : datetime, optional
        Only flows that start in this window; ``end`` is excluded.
    limit, offset : int
        Which of them.

    Raises
    ------
    ValueError
        It is no address.
    """
    address = canonical_address(ip)
    flow = _within(workspace, start, end)
    mine = flow.filter((flow.src_ip == address) | (flow.dst_ip == address))
    return Rows(workspace.store.arrow(mine.order_by(["start", "flow_id"]).limit(limit, offset=offset)))


def flows_between(workspace: Workspace, one: str, other: str, moment: dt.datetime) -> Rows:
    """Flows between two addresses, either way, that start in the minute of a moment; earliest first.

    Raises
    ------
    ValueError
        One is no address.
    """
    ends = (canonical_address(one), canonical_address(other))
    minute = moment.astimezone(dt.UTC).replace(second=0, microsecond=0)
    flow = _within(workspace, minute, minute + MINUTE)
    found = flow.filter(
        flow.src_ip.isin(ends), flow.dst_ip.isin(ends), (flow.src_ip != flow.dst_ip) | (ends[0] == ends[1])
    )
    return Rows(workspace.store.arrow(found.order_by(["start", "flow_id"])))


def _within(workspace: Workspace, start: dt.datetime | None, end: dt.datetime | None) -> ir.Table:
    """Flows that start in a window; files of other days are not opened."""
    import ibis

    low = "" if start is None else start.astimezone(dt.UTC).date().isoformat()
    high = "9999-12-31" if end is None else end.astimezone(dt.UTC).date().isoformat()
    stored = {part.date for part in workspace.store.catalog.parts("flow") if part.date}
    flow = workspace.store.table("flow", sorted(day for day in stored if low <= day <= high))
    if start is not None:
        flow = flow.filter(flow.start >= ibis.literal(start))
    if end is not None:
        flow = flow.filter(flow.start < ibis.literal(end))
    return flow
