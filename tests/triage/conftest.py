"""A small network with a group of three ports, a sweep, odd ports and names; scored."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.zeek_writer import CONN, conn_line, header

import flowsleuth

DAY = 86_400.0
START = 1_700_000_000.0  # 2023-11-14


def line(number: int, start: float, **changed: object) -> str:
    """A line of a Zeek connection log with some fields of its own."""
    names = [name for name, _ in CONN]
    fields = conn_line(number, start).rstrip("\n").split("\t")
    for name, value in changed.items():
        fields[names.index(name.replace("__", "."))] = str(value)
    return "\t".join(fields) + "\n"


def flow(number: int, start: float, src: str, dst: str, *, src_port: int, dst_port: int, **changed: object) -> str:
    """One line from one end to the other."""
    ends = {"id__orig_h": src, "id__orig_p": src_port, "id__resp_h": dst, "id__resp_p": dst_port}
    return line(number, start, **ends, **({"proto": "tcp", "conn_state": "SF"} | changed))


def lines_of_a_day(day: int = 0) -> list[str]:
    """Usual traffic; 10.9.0.66 sweeps 40 addresses; 10.9.0.7 talks from three ports; port 0; an odd small flow."""
    start = START + DAY * day
    lines = [line(n, start + n) for n in range(200)]
    vain = {"conn_state": "S0", "resp_bytes": 0, "resp_ip_bytes": 0}
    sweeps = [("10.9.0.66", f"192.0.2.{n}", 50_000 + n, 3389) for n in range(40)]
    lines += [
        flow(300 + n, start + 300 + n, src, dst, src_port=a, dst_port=b, **vain)
        for n, (src, dst, a, b) in enumerate(sweeps)
    ]
    lines += [
        flow(400 + n, start + 400 + n, "10.9.0.7", "203.0.113.9", src_port=60_000 + n, dst_port=4444) for n in range(3)
    ]
    lines.append(flow(410, start + 410, "10.9.0.8", "203.0.113.9", src_port=0, dst_port=0))
    lines.append(flow(411, start + 411, "10.9.0.9", "203.0.113.77", src_port=61_000, dst_port=6667))
    lines.append(flow(412, start + 412, "10.9.0.7", "203.0.113.77", src_port=61_001, dst_port=4444))
    return lines


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of one day, scored by both detectors; copy it."""
    folder = tmp_path_factory.mktemp("triage")
    log = folder / "conn.log"
    log.write_text(header("conn", CONN) + "".join(lines_of_a_day()))
    with flowsleuth.open(folder / "case", create=True) as ws:
        ws.ingest(log)
        ws.score("suspicious", "spot")
    return folder / "case"


@pytest.fixture
def case(scored: Path, tmp_path: Path) -> Path:
    """A copy of one's own."""
    return Path(shutil.copytree(scored, tmp_path / "case"))


@pytest.fixture
def ws(case: Path):
    """It, opened by an analyst called ana."""
    with flowsleuth.open(case, analyst="ana") as opened:
        yield opened


@pytest.fixture
def rows(ws) -> Callable[..., list[dict[str, object]]]:
    """Rows of the queue as dicts; keywords are those of a filter."""
    from flowsleuth.triage.filters import QueueFilter

    def of(sort: str = "rank", detector: str | None = None, **asked: object) -> list[dict[str, object]]:
        return ws.queue(QueueFilter(**asked), size=1000, sort=sort, detector=detector).rows.table.to_pylist()

    return of
