"""Flows for tests, written as short rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import pyarrow as pa

from flowsleuth.schema import FLOW

DAY = dt.datetime(2024, 3, 14, tzinfo=dt.UTC)


def flow(at: float, src: str, dst: str, port: int | None = 443, proto: str = "tcp", **more: Any) -> dict[str, Any]:
    """One flow, ``at`` seconds after the day's beginning; what is not given is null."""
    start = DAY + dt.timedelta(seconds=at)
    lasts = more.pop("lasts", None)
    end = None if lasts is None else start + dt.timedelta(seconds=lasts)
    return {"start": start, "end": end, "src_ip": src, "dst_ip": dst, "dst_port": port, "proto": proto, **more}


def table(rows: list[dict[str, Any]]) -> pa.Table:
    """The rows as a table of the flow schema, numbered."""
    numbered = [{"flow_id": at, "src_port": 50_000, **row} for at, row in enumerate(rows, 1)]
    return pa.Table.from_pylist(numbered, schema=FLOW.arrow_schema())


def ask(expression: Any) -> pa.Table:
    """Run an expression about tables in memory."""
    return expression.to_pyarrow()


def in_memory(rows: list[dict[str, Any]]) -> Any:
    """The rows as an Ibis table."""
    return ibis.memtable(table(rows))
