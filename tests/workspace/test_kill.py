"""kill -9 at random moments of ingest and of score: nothing lost, nothing doubled, the workspace opens."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from tests.zeek_writer import write_conn

import flowsleuth
from flowsleuth.workspace import init

ROWS = 60_000
MOMENTS = 20
SEED = 20_261_120
COMMIT = 5_000

_RUN = """
import sys
from flowsleuth.faces.cli import main
from flowsleuth.workspace import row_writer, scoring
row_writer.ROWS_PER_COMMIT = {commit}
scoring.ROWS_PER_PART = {commit}
sys.exit(main(sys.argv[1:]))
"""


def start(*arguments: object) -> subprocess.Popen[bytes]:
    """The command line in a process of its own, committing often so that there is much to interrupt."""
    code = _RUN.format(commit=COMMIT)
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def run_whole(*arguments: object) -> float:
    began = time.monotonic()
    process = start(*arguments)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors.decode()
    return time.monotonic() - began


def kill_after(seconds: float, *arguments: object) -> float | None:
    """Start, kill; None when it was still running, else how long it ran."""
    began = time.monotonic()
    process = start(*arguments)
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    return None if process.returncode == -signal.SIGKILL else time.monotonic() - began


def listed_and_there(folder: Path) -> None:
    """Every live part is a file, and every source's rows add up."""
    with flowsleuth.open(folder) as ws:
        for name in ws.store.catalog.tables():
            for part in ws.store.catalog.parts(name):
                assert (folder / part.path).exists()
        facts = ws.info()
        stored = sum(table["rows"] for table in facts["tables"].values())
        assert stored == sum(source["rows"] for source in facts["sources"])


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_conn(tmp_path_factory.mktemp("log") / "conn.log", ROWS)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_ingest_killed_at_random_moments(tmp_path, log):
    whole = tmp_path / "whole"
    init(whole)
    seconds = run_whole("ingest", log, "-w", whole)
    case = tmp_path / "case"
    init(case)
    rng = random.Random(SEED)
    killed = 0
    for moment in range(MOMENTS):
        if moment % 5 == 0:
            case = tmp_path / f"case{moment}"
            init(case)
        took = kill_after(rng.uniform(0.1, seconds), "ingest", log, "-w", case)
        killed += took is None
        listed_and_there(case)
    assert killed >= MOMENTS // 3
    run_whole("ingest", log, "-w", case)
    listed_and_there(case)
    with flowsleuth.open(whole) as one, flowsleuth.open(case) as two:
        wanted = one.store.arrow(one.table("flow").order_by("flow_id"))
        assert len(wanted) == ROWS
        assert two.store.arrow(two.table("flow").order_by("flow_id")) == wanted


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_score_killed_at_random_moments(tmp_path, log):
    case = tmp_path / "case"
    init(case)
    run_whole("ingest", log, "-w", case)
    run_whole("score", "-w", case)
    seconds = run_whole("score", "-w", case, "--again")  # the first run of a fresh install also compiles the kernels

    def scored() -> list[pa.Table]:
        with flowsleuth.open(case) as ws:
            columns = ("flow_id", "score", "surprise", "suspect_id")
            tables = [ws.table("score").select(*columns).order_by("flow_id")]
            tables += [ws.table(name).drop("run").order_by("suspect_id") for name in ("suspect", "queue")]
            return [ws.store.arrow(table) for table in tables]

    wanted = scored()
    assert len(wanted[0]) == ROWS
    rng = random.Random(SEED + 1)
    killed = 0
    for _ in range(MOMENTS):
        took = kill_after(rng.uniform(0.1, seconds), "score", "-w", case, "--again")
        if took is None:
            killed += 1
        else:
            seconds = min(seconds, took)
        assert scored() == wanted
    assert killed >= MOMENTS // 3
    run_whole("score", "-w", case, "--again")
    assert scored() == wanted
