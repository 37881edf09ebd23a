"""Four days of an office of forty; on the last two some call servers of their own without end; scored."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

import flowsleuth
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.findings import finding_ids
from flowsleuth.schema import FINDING
from flowsleuth.testing.detectors import make_flows
from flowsleuth.workspace.finding_runs import _day, _earlier
from flowsleuth.workspace.fusing import fuse_day
from flowsleuth.workspace.stored_day import HeldRows

DAY = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
THIRD, FOURTH = "2024-05-03", "2024-05-04"
FAR, NEAR = "203.0.113.9", "203.0.113.10"
STROBES = {
    THIRD: [("10.0.0.7", FAR, "Far.Example", 443, 12_000)],
    FOURTH: [
        ("10.0.0.7", FAR, "Far.Example", 443, 12_500),
        ("10.0.0.7", NEAR, "near.example", 8443, 11_000),
        ("10.0.0.9", FAR, "Far.Example", 443, 20_000),
    ],
}
"""Day → who calls whom how often."""


def office(day: dt.datetime) -> pa.Table:
    """Forty hosts with some of the same servers, and the strobes of the day."""
    rows = [
        {
            "src_ip": f"10.0.0.{host}", "dst_ip": f"192.0.2.{1 + (host * n) % 9}", "dst_port": 443, "proto": "tcp",
            "direction": "outbound", "start": day + dt.timedelta(minutes=host + 20 * n), "src_bytes": 900 + host,
            "dst_bytes": 5000, "conn_state": "SF", "server_name": None, "source_file": "office.log",
        }
        for host in range(1, 41)
        for n in range(1, 12)
    ]  # fmt: skip
    for src, dst, name, port, many in STROBES.get(day.date().isoformat(), []):
        usual = dict(rows[0], src_ip=src, dst_ip=dst, server_name=name, dst_port=port, src_bytes=100)
        rows += [dict(usual, start=day + dt.timedelta(seconds=4 * n)) for n in range(many)]
    flows = make_flows([row | {"source_row": at + 1} for at, row in enumerate(rows)])
    base = int(day.timestamp())
    return flows.set_column(0, "flow_id", pa.array([base * 100_000 + at for at in range(len(flows))]))


@pytest.fixture(scope="session")
def scored_office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of four days, scored by the detector of flows and the finder of strobes; copy it."""
    folder = tmp_path_factory.mktemp("leads") / "case"
    with flowsleuth.open(folder, create=True) as ws, ws.store.writing():
        for days in range(4):
            ws.store.replace([], ws.store.write("flow", office(DAY + dt.timedelta(days=days))))
    with flowsleuth.open(folder) as ws:
        ws.score("suspicious", "strobes")
        with ws.store.writing():
            for date in (THIRD, FOURTH):
                fuse_told(ws.store, date)
    return folder


def fuse_told(store, date: str) -> None:
    """Put findings of strobes that are written here in the place of the finder's, and fuse the day again.

    What the finder tells of these flows is its own tests' matter, and may change; the numbers here do not.
    """
    rows = told_strobes(date)
    parts = store.write("finding", rows, tag="strobes")
    store.replace(store.catalog.parts("finding", [date], "strobes"), parts)
    detail = {"flows": 0, "suspects": len(rows), "version": 1, "options": {}, "window": "", "baseline": [], "notes": {}}
    with store.catalog.transaction():
        store.catalog.save_run(f"told {date}", "strobes", date, "2024-05-05T00:00:00+00:00", json.dumps(detail))
    with closing(HeldRows(store)) as held:
        fuse_day(store, NetworkDay(_day(store, date, _earlier(store, date), held)))


def told_strobes(date: str) -> pa.Table:
    """Rows of the finding table: all strobes of the day but the one on port 8443."""
    day = dt.datetime.fromisoformat(date).replace(tzinfo=dt.UTC)
    rows = [
        {
            "day": day, "detector": "strobes", "run": "told", "host": src, "src_ip": src, "dst_ip": dst,
            "server_name": name.lower(), "proto": "tcp", "service_port": port, "p_value": 1e-6, "score": 1 - 1e-6,
            "technique": "T1071", "flows": many, "first_seen": day,
            "last_seen": day + dt.timedelta(seconds=4 * (many - 1)), "src_bytes": 100 * many, "dst_bytes": 5000 * many,
            "reason": f"{many:,} connections, one every 4 s", "evidence": json.dumps({"connections": many}),
            "finding_id": 0,
        }
        for src, dst, name, port, many in STROBES[date]
        if port == 443
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=FINDING.arrow_schema())
    return table.set_column(table.column_names.index("finding_id"), "finding_id", finding_ids(table, "strobes"))


@pytest.fixture
def case(scored_office: Path, tmp_path: Path) -> Path:
    """A copy of one's own."""
    return Path(shutil.copytree(scored_office, tmp_path / "case"))


@pytest.fixture
def ws(case: Path):
    """It, opened by an analyst called ana."""
    with flowsleuth.open(case, analyst="ana") as opened:
        yield opened
