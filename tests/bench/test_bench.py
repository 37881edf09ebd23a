"""The benchmarks' own promises: the generator is deterministic and honest, and the runner runs."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

import flowsleuth

pytestmark = pytest.mark.slow
BENCH = Path(__file__).resolve().parents[2] / "bench"
ROWS = 3_000

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Run the generator as a user would; each call has a folder of its own."""

    def run(kind: str, rows: int = ROWS, seed: int = 7, folder: str = "out") -> Path:
        command = [sys.executable, BENCH / "generate.py", kind, rows, "--dir", tmp_path / folder, "--seed", seed]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
        return Path(done.stdout.strip())

    return run


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("kind", ["zeek-tsv", "zeek-json"])
def test_same_seed_same_bytes(make: Make, kind: str) -> None:
    first = digest(make(kind))
    assert digest(make(kind, folder="again")) == first
    assert digest(make(kind, seed=8, folder="other")) != first


def test_a_file_that_is_there_is_kept(make: Make) -> None:
    path = make("zeek-tsv")
    path.write_text("mine")
    assert make("zeek-tsv").read_text() == "mine"


@pytest.mark.parametrize("kind", ["zeek-tsv", "zeek-json"])
def test_rows_are_ingested_without_rejects(make: Make, tmp_path: Path, kind: str) -> None:
    with flowsleuth.open(tmp_path / "case", create=True) as workspace:
        report = workspace.ingest(make(kind))
        assert (report.rows, report.rejects, report.skipped, report.failed) == ({"flow": ROWS}, 0, [], [])
        flows = workspace.table("flow").to_pyarrow().to_pylist()
    addresses = {flow[end] for flow in flows for end in ("src_ip", "dst_ip")}
    assert all(str(ip_address(text)) == text for text in addresses)
    share = sum(":" in flow["src_ip"] for flow in flows) / ROWS
    assert 0.03 < share < 0.07
    assert {"tcp", "udp", "icmp"} <= {flow["proto"] for flow in flows}
    assert {str(flow["start"].date()) for flow in flows} == {"2025-03-11"}
    assert len({flow["uid"] for flow in flows}) == ROWS


def test_both_forms_hold_the_same_flows(make: Make, tmp_path: Path) -> None:
    found = []
    for kind in ("zeek-tsv", "zeek-json"):
        with flowsleuth.open(tmp_path / kind, create=True) as workspace:
            workspace.ingest(make(kind))
            flows = workspace.table("flow").drop("flow_id", "source_row", "source_file").order_by("uid")
            found.append(flows.to_pyarrow())
    assert found[0].equals(found[1])


@pytest.mark.skipif(shutil.which("nfcapd") is None, reason="nfcapd is not installed")
def test_nfcapd_stores_every_flow(make: Make, tmp_path: Path) -> None:
    with flowsleuth.open(tmp_path / "case", create=True) as workspace:
        report = workspace.ingest(make("nfcapd", rows=600))
        assert (report.rows, report.rejects) == ({"flow": 600}, 0)


def test_flows_of_one_host(tmp_path: Path) -> None:
    """As many flows and peers as were asked for, the same rows for the same seed."""
    made = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        file = tmp_path / folder / "flows.parquet"
        subprocess.run([sys.executable, str(BENCH / "host_flows.py"), str(file), "3000", "500"], check=True)
        made.append(file)
    assert digest(made[0]) == digest(made[1])
    with flowsleuth.open(tmp_path / "case", create=True) as workspace:
        report = workspace.ingest(made[0])
        assert (report.rows, report.rejects) == ({"flow": 3_000 + 100 + 300}, 0)
        found = workspace.notebooklet("NetworkFlowSummary").run("10.0.0.5", timespan="2026-03-14", strict=True)
    assert (found.totals["flows"], found.totals["peers"]) == (3_000, 500)
    assert found.asn_rarity["earlier_days"].max() == 3


@pytest.mark.soak
@pytest.mark.parametrize("name", ["ingest", "scoring", "queries", "web", "notebooklets"])
def test_runner(tmp_path: Path, name: str) -> None:
    """Far too small to tell speed; every benchmark must run and write its report."""
    if name == "ingest":
        pytest.importorskip("zat")
    if name == "queries" and shutil.which("nfcapd") is None:
        pytest.skip("nfcapd is not installed")
    command = [sys.executable, BENCH / "run.py", "--quick", "--only", name, "--flows", "2000", "4000", "--rounds", "1"]
    done = subprocess.run([*map(str, command), "--dir", str(tmp_path)], capture_output=True, text=True, check=False)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["failed"] == [], done.stderr
    assert len(report["findings"]) >= (3 if name == "notebooklets" else 5)
    assert "target" in done.stdout.splitlines()[0]
    assert report["machine"]["cores"] >= 1
