"""Plain lists of flows: those of an address in order of time, those between two addresses in one minute."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flowsleuth.investigate.queries import between, within
from flowsleuth.schema import FLOW
from flowsleuth.schema.addresses import canonical_address
from flowsleuth.workspace.investigation import days_of
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from flowsleuth.workspace import Workspace

MINUTE = dt.timedelta(minutes=1)
_ORDER = ("start", "flow_id")


def flows_of(
    workspace: Workspace,
    ip: str,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    *,
    columns: Sequence[str] = FLOW.names,
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
    columns : sequence of str
        Which to read; all when not given.
    limit, offset : int
        Which of them.

    Raises
    ------
    ValueError
        It is no address.
    """
    address = canonical_address(ip)
    flow = within(_stored(workspace, start, end), start, end)
    mine = flow.filter((flow.src_ip == address) | (flow.dst_ip == address))
    return _fetched(workspace, mine, columns, limit, offset)


def flows_between(
    workspace: Workspace, one: str, other: str, moment: dt.datetime, *, columns: Sequence[str] = FLOW.names
) -> Rows:
    """Flows between two addresses, either way, that start in the minute of a moment; earliest first.

    Raises
    ------
    ValueError
        One is no address.
    """
    minute = moment.astimezone(dt.UTC).replace(second=0, microsecond=0)
    flow = _stored(workspace, minute, minute + MINUTE)
    ends = canonical_address(one), canonical_address(other)
    return _fetched(workspace, between(flow, *ends, minute, minute + MINUTE), columns)


def _fetched(
    workspace: Workspace, flow: ir.Table, columns: Sequence[str], limit: int | None = None, offset: int = 0
) -> Rows:
    read = flow.select(*dict.fromkeys((*columns, *_ORDER)))
    page = read.order_by(list(_ORDER)).limit(limit, offset=offset)
    return Rows(workspace.store.arrow(page).select(list(columns)))


def _stored(workspace: Workspace, start: dt.datetime | None, end: dt.datetime | None) -> ir.Table:
    """Flows of the days that a window touches; files of other days are not opened."""
    return workspace.store.table("flow", days_of(workspace, "flow", start, end))
