"""One-way records joined, and flows that two exporters saw counted once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli import main
from flowsleuth.workspace import Workspace

HEADER = "firstSeen,lastSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,flags,inPackets,inBytes,routerIP\n"
COUNTERS = ("src_bytes", "dst_bytes", "src_packets", "dst_packets")


def line(
    start: float,
    end: float,
    src: str,
    dst: str,
    *,
    flags: str = "........",
    size: int = 100,
    router: str = "192.0.2.1",
    proto: str = "TCP",
) -> str:
    (a, a_port), (b, b_port) = src.split(":"), dst.split(":")

    def clock(second: float) -> str:
        return f"2023-11-14 22:{int(second // 60):02d}:{second % 60:06.3f}"

    duration = f"{end - start:.3f}"
    return f"{clock(start)},{clock(end)},{duration},{proto},{a},{a_port},{b},{b_port},{flags},2,{size},{router}\n"


def ingested(folder: Path, *files: list[str]) -> Workspace:
    ws = flowsleuth.open(folder / "case", create=True)
    for number, lines in enumerate(files):
        log = folder / f"flows{number}.csv"
        log.write_text(HEADER + "".join(lines))
        assert ws.ingest(log).rejects == 0
    return ws


def flows(ws: Workspace) -> list[dict[str, object]]:
    return ws.table("flow").order_by("flow_id").to_pyarrow().to_pylist()


def totals(ws: Workspace) -> tuple[int, int]:
    table = ws.table("flow").to_pyarrow()
    sums = {name: pc.sum(table[name]).as_py() or 0 for name in COUNTERS}
    return sums["src_bytes"] + sums["dst_bytes"], sums["src_packets"] + sums["dst_packets"]


def test_two_directions_become_one_flow_in_full(tmp_path: Path) -> None:
    client, server = "10.0.0.5:50000", "192.0.2.7:443"
    answer = line(1.2, 9, server, client, flags="...AP.SF", size=900)
    with ingested(tmp_path, [answer, line(1.0, 8, client, server, flags="...AP.SF")]) as ws:
        before = flows(ws)
        report = ws.stitch()
        assert (report.flows, report.joined, report.twice, report.days) == (2, 1, 0, ("2023-11-14",))
        [row] = flows(ws)
        extra = json.loads(str(row["extra"]))
        assert extra["stitched"] == {
            "with": {"flow_id": before[0]["flow_id"], "source_file": before[0]["source_file"], "source_row": 2},
            "direction_by": "time",
            "confidence": 0.95,
        }
        assert row == before[1] | {
            "end": datetime(2023, 11, 14, 22, 0, 9, tzinfo=UTC),
            "duration_s": 8.0,
            "dst_bytes": 900,
            "dst_packets": 2,
            "tcp_flags": "...AP.SF/...AP.SF",
            "conn_state": "SF",
            "flow_count": 2,
            "extra": row["extra"],
        }
        aside = ws.table("stitched").order_by("record_flow_id").to_pyarrow().to_pylist()
        assert [one["record_flow_id"] for one in aside] == [one["flow_id"] for one in before]
        assert {one["reason"] for one in aside} == {"other direction"}
        assert {one["into_flow_id"] for one in aside} == {row["flow_id"]}
        for one, old in zip(aside, before, strict=True):
            assert {name: value for name, value in one.items() if name in old and name != "flow_id"} == {
                name: value for name, value in old.items() if name != "flow_id"
            }


@pytest.mark.parametrize(
    ("ours", "theirs", "told_by", "confidence"),
    [
        ({"start": 1.0, "flags": "......S."}, {"start": 0.5, "flags": "...A.R.."}, "flags", 0.99),
        ({"start": 1.0, "flags": "...AP.SF"}, {"start": 0.5, "flags": "...AP..F"}, "flags", 0.9),
        ({"start": 1.0}, {"start": 1.5}, "time", 0.95),
        ({"start": 1.05}, {"start": 1.0}, "port", 0.6),
        ({"start": 1.0}, {"start": 1.0}, "port", 0.8),
    ],
)
def test_who_began(
    tmp_path: Path, ours: dict[str, object], theirs: dict[str, object], told_by: str, confidence: float
) -> None:
    def of(told: dict[str, object], src: str, dst: str) -> str:
        start = float(str(told["start"]))
        return line(start, start + 1, src, dst, flags=str(told.get("flags", "........")))

    client, server = "10.0.0.5:50000", "192.0.2.7:443"
    with ingested(tmp_path, [of(theirs, server, client), of(ours, client, server)]) as ws:
        ws.stitch()
        [row] = flows(ws)
    extra = json.loads(str(row["extra"]))["stitched"]
    assert (row["src_ip"], extra["direction_by"], extra["confidence"]) == ("10.0.0.5", told_by, confidence)


def test_a_time_that_contradicts_the_port_by_far_is_believed_half(tmp_path: Path) -> None:
    a, b = "10.0.0.5:80", "192.0.2.7:50000"
    with ingested(tmp_path, [line(1, 9, a, b), line(2, 9, b, a)]) as ws:
        ws.stitch()
        [row] = flows(ws)
    extra = json.loads(str(row["extra"]))["stitched"]
    assert (row["src_port"], extra["direction_by"], extra["confidence"]) == (80, "time", 0.6)


def test_records_that_do_not_meet_stay_apart(tmp_path: Path) -> None:
    a, b = "10.0.0.5:50000", "192.0.2.7:443"
    lines = [line(1, 2, a, b), line(10, 11, b, a), line(20, 30, a, b), line(21, 22, b, a), line(25, 26, b, a)]
    lines += [line(1, 2, "10.0.0.5:1", "10.0.0.5:1"), line(40, 41, a, "192.0.2.8:443")]
    with ingested(tmp_path, lines) as ws:
        assert ws.stitch(dry_run=True).joined == 1
        assert len(flows(ws)) == 7
        assert (ws.stitch().joined, ws.stitch().joined) == (1, 0)
        assert [row["source_row"] for row in flows(ws)] == [2, 3, 4, 6, 7, 8]
        assert ws.stitch(tolerance_s=9).joined == 1
    with pytest.raises(OptionError, match="not between"), flowsleuth.open(tmp_path / "case") as ws:
        ws.stitch(tolerance_s=-1)


def test_a_flow_that_two_exporters_saw_counts_once(tmp_path: Path) -> None:
    a, b = "10.0.0.5:50000", "192.0.2.7:443"
    first = [line(1, 2, a, b), line(1, 2, b, a, size=900), line(5, 6, a, b), line(5.5, 6.5, a, b)]
    second = [line(1.3, 2.3, a, b, router="192.0.2.2"), line(1, 2, a, b, size=101, router="192.0.2.2")]
    third = [line(1.4, 2.4, a, b, router="192.0.2.3")]
    with ingested(tmp_path, first, second, third) as ws:
        size, packets = totals(ws)
        report = ws.stitch()
        assert (report.flows, report.twice, report.joined) == (7, 2, 1)
        assert totals(ws) == (size - 2 * 100, packets - 2 * 2)
        seen = next(json.loads(str(row["extra"])) for row in flows(ws) if "seen_twice" in str(row["extra"]))
        assert [one["sensor"] for one in seen["seen_twice"]] == ["192.0.2.2", "192.0.2.3"]
        assert "stitched" in seen
        reasons = ws.table("stitched").to_pyarrow()["reason"].to_pylist()
        assert sorted(reasons) == ["other direction"] * 2 + ["seen twice"] * 3
        again = ws.stitch()
        assert (again.twice, again.joined, again.days) == (0, 0, ())


def test_icmp_and_two_way_flows_are_left_alone(tmp_path: Path, data: Path) -> None:
    ends = "10.0.0.5:0", "192.0.2.7:2048", "192.0.2.7:0", "10.0.0.5:0"
    ping = [line(1, 2, *ends[:2], proto="ICMP"), line(1, 2, *ends[2:], proto="ICMP")]
    with ingested(tmp_path, ping) as ws:
        ws.ingest(data / "argus/ctu_15_columns/flows.binetflow")
        before = flows(ws)
        assert ws.stitch().joined == 0
        assert flows(ws) == before


RECORD = st.tuples(
    st.integers(0, 20),
    st.integers(0, 5),
    st.sampled_from([1, 2, 3]),
    st.sampled_from([1, 2, 3]),
    st.sampled_from([1, 2]),
    st.sampled_from([100, 200]),
    st.sampled_from(["192.0.2.1", "192.0.2.2"]),
    st.booleans(),
)


@settings(max_examples=6, deadline=None)
@given(st.lists(RECORD, min_size=1, max_size=30))
def test_nothing_is_lost_and_again_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[int, int, int, int, int, int, str, bool]]
) -> None:
    lines = []
    for start, length, one, other, port, size, router, is_turned in records:
        ends = f"10.0.0.{one}:{1000 + port}", f"192.0.2.{other}:{80 + port}"
        src, dst = ends[::-1] if is_turned else ends
        lines.append(line(start, start + length, src, dst, size=size, router=router))
    with ingested(tmp_path_factory.mktemp("case"), lines) as ws:
        before = {row["flow_id"]: row for row in flows(ws)}
        size, packets = totals(ws)
        report = ws.stitch()
        after = flows(ws)
        assert len(after) == len(before) - report.joined - report.twice
        aside = ws.table("stitched").to_pyarrow().to_pylist()
        dropped = {row["record_flow_id"] for row in aside} - {row["flow_id"] for row in after}
        assert {row["flow_id"] for row in after} | dropped == set(before)
        twice = [row for row in aside if row["reason"] == "seen twice" and row["record_flow_id"] != row["into_flow_id"]]
        assert totals(ws) == (size - sum(row["src_bytes"] for row in twice), packets - 2 * len(twice))
        assert (ws.stitch().joined, ws.stitch().twice) == (0, 0)
        assert flows(ws) == after


def test_groups_of_any_size_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[list[str]] = [[], []]
    for number in range(240):
        talk = number // 2
        client, server = f"10.0.{talk % 7}.{talk % 11}:{40000 + talk % 5}", f"192.0.2.{talk % 3}:443"
        ends = (server, client) if number % 2 else (client, server)
        second, size = talk * 5 % 600, 100 + number % 2
        files[number // 3 % 2].append(line(second, second + 3, *ends, size=size))
        if number % 6 == 0:
            again = line(second + 0.2, second + 3.2, *ends, size=size, router="192.0.2.9")
            files[(number // 3 + 1) % 2].append(again)
    found = []
    for name, sizes in (("whole", {}), ("parted", {"RECORDS_AT_ONCE": 20, "PAIRS_AT_ONCE": 7, "BATCH_ROWS": 13})):
        for option, size in sizes.items():
            where = "stitch_flows" if option == "PAIRS_AT_ONCE" else "stitch_records"
            monkeypatch.setattr(f"flowsleuth.workspace.{where}.{option}", size)
        (tmp_path / name).mkdir()
        for number, lines in enumerate(files):  # the same files, as ids and source_file come of them
            (tmp_path / f"flows{number}.csv").write_text(HEADER + "".join(lines))
        with flowsleuth.open(tmp_path / name / "case", create=True) as ws:
            ws.ingest(*(tmp_path / f"flows{number}.csv" for number in (0, 1)))
            dry, report = ws.stitch(dry_run=True), ws.stitch()
            aside = ws.table("stitched").order_by(["record_flow_id", "reason"]).to_pyarrow().to_pylist()
            found.append((report, flows(ws), aside))
            assert dry == report
            assert not list(ws.store.scratch.glob("stitch-*"))
    assert found[0] == found[1]
    assert found[0][0].joined > 20
    assert found[0][0].twice == 40


@pytest.mark.slow
def test_scores_are_made_again_for_joined_flows(tmp_path: Path) -> None:
    lines = [line(n, n + 1, f"10.0.0.{n}:50000", "192.0.2.7:443") for n in range(1, 9)]
    lines += [line(n, n + 1, "192.0.2.7:443", f"10.0.0.{n}:50000") for n in range(1, 9)]
    with ingested(tmp_path, lines) as ws:
        ws.score()
        assert ws.stitch().joined == 8
        assert any(day.is_new for day in ws.score())
        ids = {row["flow_id"] for row in flows(ws)}
        assert set(ws.table("score").to_pyarrow()["flow_id"].to_pylist()) <= ids


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, case = tmp_path / "flows.csv", str(tmp_path / "case")
    log.write_text(
        HEADER + line(1, 2, "10.0.0.5:50000", "192.0.2.7:443") + line(1, 2, "192.0.2.7:443", "10.0.0.5:50000")
    )
    assert main(["init", case]) == 0
    assert main(["ingest", str(log), "-w", case, "--stitch"]) == 0
    assert "of 2 flow records 2 are joined to 1 flows; 0 were seen twice" in capsys.readouterr().out
    assert main(["stitch", "-w", case, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"flows": 1, "joined": 0, "twice": 0, "days": []}
    assert main(["stitch", "-w", case, "--tolerance", "soon"]) == 2


@pytest.mark.real
def test_the_scan_of_the_data_set(shared_data: Path, tmp_path: Path) -> None:
    import shutil

    if shutil.which("nfdump") is None:
        pytest.skip("the program nfdump is not installed")
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        ws.ingest(shared_data / "nfdump/nfcapd.scan-malicious.nfdump")
        assert totals(ws) == (241_025, 4_652)
        report = ws.stitch()
        assert (report.flows, report.joined, report.twice) == (4_593, 2_195, 0)
        assert totals(ws) == (241_025, 4_652)
        refused = [row for row in flows(ws) if row["conn_state"] == "REJ"]
        assert len(refused) == 2_184
        assert {row["src_ip"] for row in refused} == {"147.32.80.119"}
