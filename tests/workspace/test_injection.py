"""The self-test: attacks in a copy, the workspace as it was, ranks and shares counted by hand."""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import flowsleuth
from flowsleuth.attacks import TECHNIQUES, Scene, chosen_techniques
from flowsleuth.attacks.scene import To, answered, attempts
from flowsleuth.errors import DetectorError, OptionError
from flowsleuth.schema import DNS, LEAD
from flowsleuth.schema.addresses import HomeNetworks
from flowsleuth.schema.time_range import TimeRange
from flowsleuth.testing.detectors import make_flows
from flowsleuth.workspace import Workspace
from flowsleuth.workspace.injection.case_copy import copied, put_in
from flowsleuth.workspace.injection.guise import Habits, dress, habits, samples
from flowsleuth.workspace.injection.period import Period, period_of
from flowsleuth.workspace.injection.plan import plan
from flowsleuth.workspace.injection.ranks import Leads, middle_rank, wilson
from flowsleuth.workspace.injection.records import clock_step_us, cut, sampled
from flowsleuth.workspace.injection.self_test import _Director
from flowsleuth.workspace.injection.stage import Host, Stage

MIDNIGHT = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
HOME = HomeNetworks(["10.0.0.0/8"])
Row = dict[str, Any]
ALL_COLUMNS = (
    "duration_s", "service", "src_bytes", "dst_bytes", "src_packets", "dst_packets", "conn_state", "direction", "uid",
    "server_name", "end",
)  # fmt: skip


@pytest.fixture
def ws(tmp_path) -> Iterator[Workspace]:
    with flowsleuth.open(tmp_path / "case", create=True) as opened:
        yield opened


def flow(number: int, host: int, day: int = 0, **more: Any) -> Row:
    """A flow of one of the hosts, spread over office hours."""
    start = MIDNIGHT + dt.timedelta(days=day, hours=7, seconds=(number * 137.5) % 39_600)
    port = (443, 443, 53, 445)[number % 4]
    inside = port in (53, 445)
    return {
        "flow_id": day * 1_000_000 + number + 1, "start": start, "end": start + dt.timedelta(seconds=1),
        "duration_s": 1.0, "src_ip": f"10.0.{host // 30}.{host % 30 + 10}",
        "dst_ip": f"10.0.9.{port % 200}" if inside else f"192.0.2.{number % 40 + 1}",
        "src_port": 33_000 + number % 9_000,
        "dst_port": port, "proto": "udp" if port == 53 else "tcp", "src_bytes": 700 + number % 90,
        "dst_bytes": 4_000 + number % 700, "src_packets": 8, "dst_packets": 9, "conn_state": "SF", "service": "ssl",
        "direction": "internal" if inside else "outbound", "uid": f"C{number:016x}", "sensor": "edge",
        "server_name": None if inside else f"www{number % 40}.example", **more,
    }  # fmt: skip


def office(days: int = 1, hosts: int = 60, each: int = 30, **more: Any) -> list[list[Row]]:
    """Flows by day."""
    return [
        [flow(host * each + number, host, day, **more) for host in range(hosts) for number in range(each)]
        for day in range(days)
    ]


def keep(ws: Workspace, days: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    with ws.store.writing():
        for rows in days:
            ws.store.replace([], ws.store.write("flow", make_flows(rows)))


def state(folder: Path) -> dict[str, str]:
    """What is at rest: every file of tables by its content, and the catalogue's parts and runs."""
    files = {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("tables/**/part-*"))
    }
    with flowsleuth.open(folder) as ws:
        listed = [part.path for name in ws.store.catalog.tables() for part in ws.store.catalog.parts(name)]
        return files | {"parts": str(sorted(listed)), "runs": str(ws.store.catalog.runs())}


# the whole of it ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_obvious_attacks_are_found_and_the_workspace_is_as_it_was(ws, tmp_path_factory, monkeypatch):
    temporary = tmp_path_factory.mktemp("temporary")  # others' copies come and go where copies usually are
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    keep(ws, office(days=2))
    before = state(ws.folder)
    found = ws.inject(["scan-vertical", "exfiltration"], draws=3, seed=4)
    assert state(ws.folder) == before
    assert not (ws.folder / "analyst.db").exists()
    assert list(temporary.iterdir()) == []
    about = found.about
    assert (about["start"], about["end"]) == (MIDNIGHT + dt.timedelta(days=1), MIDNIGHT + dt.timedelta(days=2))
    assert (about["history_days"], about["active_hosts"], about["attacks"]) == (1, 60, 9)
    assert (about["scorings"], about["most_attacks_at_once"], about["not_played"]) == (4, 3, {})
    rows = {(row["technique"], row["by"]): row for row in found.recall.table.to_pylist() if row["segment"] is None}
    assert set(rows) == {(name, by) for name in ("scan-vertical", "exfiltration", "exfiltration-drip", "all")
                         for by in ("host", "pair")}  # fmt: skip
    assert rows["all", "host"]["attacks"] == 9
    assert rows["scan-vertical", "pair"]["found_10"] == 3
    assert rows["scan-vertical", "host"]["found_250"] >= rows["scan-vertical", "host"]["control_250"]
    segments = {row["segment"] for row in found.recall.table.to_pylist()} - {None}
    assert segments <= {"10.0.0.0/24", "10.0.1.0/24"} and segments
    assert sum(row["attacks"] for row in found.recall.table.to_pylist()
               if row["segment"] and row["technique"] == "all" and row["by"] == "host") == 9  # fmt: skip


@pytest.mark.soak
def test_the_same_seed_gives_the_same_report(ws):
    keep(ws, office())
    one, same, other = (ws.inject(["new-destination"], draws=2, seed=seed).attacks.table for seed in (1, 1, 2))
    assert one == same
    assert one["victim"].to_pylist() != other["victim"].to_pylist() or one["flows"] != other["flows"]


@pytest.mark.slow
def test_a_copy_that_is_kept_is_a_workspace_with_the_attacks_in_it(ws, tmp_path):
    keep(ws, office())
    found = ws.inject(["exfiltration"], draws=1, keep=tmp_path / "kept").attacks.table.to_pylist()
    (attack,) = [row for row in found if row["technique"] == "exfiltration"]
    with flowsleuth.open(tmp_path / "kept") as kept:
        flows = kept.table("flow")
        ids = flows.filter(flows.source_file.startswith("injected exfiltration 0")).flow_id.execute().tolist()
        assert sorted(ids) == list(range(attack["first_flow_id"], attack["last_flow_id"] + 1))
        assert flows.count().execute() == 1_800 + sum(row["flows"] for row in found)
        assert len(kept.suspects(10, by="pair"))
    assert (tmp_path / "kept" / "attacks.json").exists()
    with pytest.raises(OptionError, match="not empty"):
        ws.inject(["exfiltration"], draws=1, keep=tmp_path / "kept")


def test_what_cannot_be_done_is_told(ws):
    with pytest.raises(DetectorError, match="no flows"):
        ws.inject()
    keep(ws, [[flow(1, 0, src_ip="192.0.2.1", dst_ip="198.51.100.1", direction="external")]])
    with pytest.raises(OptionError, match="no internal IPv4 address"):
        ws.inject()
    with pytest.raises(OptionError, match="no such technique"):
        ws.inject(["magic"])
    with pytest.raises(OptionError, match="draws=0"):
        ws.inject(draws=0)


def test_one_host_for_a_minute_is_too_little(ws):
    keep(ws, [[flow(number, 0, start=MIDNIGHT + dt.timedelta(seconds=number)) for number in range(60)]])
    with pytest.raises(OptionError, match="no internal address is active for"):
        ws.inject(["beacon-exact"])


# the copy -----------------------------------------------------------------------------------------------------------


def test_a_copy_has_the_days_before_linked_and_of_the_window_its_flows_only(ws):
    keep(ws, office(days=4))
    dns = [{"event_id": n, "start": MIDNIGHT + dt.timedelta(days=2, hours=n), "source_kind": "made", "source_file": "m",
            "source_row": n} for n in range(24)]  # fmt: skip
    with ws.store.writing():
        ws.store.replace([], ws.store.write("dns", pa.Table.from_pylist(dns, schema=DNS.arrow_schema())))
    start, end = (MIDNIGHT + dt.timedelta(days=2, hours=hour) for hour in (9, 12))
    with copied(ws, Period(start, end)) as copy:
        assert copy.store.catalog.dates("flow") == ["2024-05-01", "2024-05-02", "2024-05-03"]
        for part in copy.store.catalog.parts("flow", ["2024-05-01", "2024-05-02"]):
            assert (copy.folder / part.path).stat().st_ino == (ws.folder / part.path).stat().st_ino
        starts = copy.store.arrow(copy.store.table("flow", ["2024-05-03"]).select("start"))["start"].to_pylist()
        wanted = [row["start"] for row in office(days=3)[2] if start <= row["start"] < end]
        assert sorted(starts) == sorted(wanted)
        assert copy.store.table("dns").count().execute() == 3
        folder = copy.folder
    assert not folder.exists()


@pytest.mark.soak
def test_what_earlier_days_say_is_usual_comes_along_and_later_days_do_not(ws):
    keep(ws, office(days=3, hosts=12))
    ws.score()
    middle = Period(MIDNIGHT + dt.timedelta(days=1), MIDNIGHT + dt.timedelta(days=2))
    with copied(ws, middle) as copy:
        assert {run["date"] for run in copy.store.catalog.runs()} == {"2024-05-01"}
        assert copy.store.catalog.dates("flow") == ["2024-05-01", "2024-05-02"]
        counts = [name for name in copy.store.catalog.tables() if name.startswith("count_")]
        assert counts
        assert not copy.store.catalog.tables().keys() & {"score", "suspect", "queue", "finding", "lead"}
        before = {part.path for name in counts for part in copy.store.catalog.parts(name, ["2024-05-01"])}
        done = copy.score(start=middle.first_moment, end=middle.after_last)
        assert {day.date for day in done} == {"2024-05-02"} and all(day.is_new for day in done)
        assert before <= copy.store.catalog.paths()  # the day before was not counted again


def test_what_was_put_in_is_taken_out_again(ws):
    keep(ws, office())
    with copied(ws, Period(MIDNIGHT, MIDNIGHT + dt.timedelta(days=1))) as copy:
        for number in (3, 5):
            put_in(copy.store, [("flow", make_flows([flow(n, 1, flow_id=10**9 + n) for n in range(number)]))])
            assert copy.store.table("flow").count().execute() == 1_800 + number
        put_in(copy.store, [])
        assert copy.store.table("flow").count().execute() == 1_800


def test_the_last_full_day_is_taken_when_none_is_asked_for(ws):
    keep(ws, [*office(days=2), office(days=3, hosts=2)[2]])
    assert period_of(ws.store, TimeRange()) == Period(MIDNIGHT + dt.timedelta(days=1), MIDNIGHT + dt.timedelta(days=2))
    assert period_of(ws.store, TimeRange(start=MIDNIGHT + dt.timedelta(hours=30))).last == "2024-05-03"
    with pytest.raises(DetectorError, match="no flows in this time range"):
        period_of(ws.store, TimeRange.of("2024-06-01"))


# victims and plans --------------------------------------------------------------------------------------------------


def test_victims_are_internal_active_and_differ_within_a_scoring(ws):
    keep(ws, office(hosts=60, each=30))
    stage = Stage(ws.store, ["2024-05-01"], ["10.0.0.0/8"], "UTC")
    assert len(stage.hosts) == 60 and {"10.0.9.53", "10.0.9.45"} <= set(stage.internal)
    assert stage.resolvers["10.0.0.10"] == "10.0.9.53"
    rounds, absent = plan(stage, chosen_techniques(), 8, seed=0)
    assert absent == {}
    assert sum(len(one.attacks) for one in rounds) == 8 * len(TECHNIQUES)
    assert all(len(one.attacks) == len(one.victims) <= 3 for one in rounds)  # a twentieth of sixty
    assert {host for one in rounds for host in one.victims} <= {host.ip for host in stage.hosts}


def test_quiet_and_busy_hosts_are_victims_in_turn(ws):
    rows = office(hosts=20, each=30)[0]
    busy = [flow(10_000 + n, host) for host in range(10, 20) for n in range(200)]
    keep(ws, [[*rows, *busy]])
    stage = Stage(ws.store, ["2024-05-01"], ["10.0.0.0/8"], "UTC")
    rounds, _ = plan(stage, chosen_techniques(["new-destination"]), 10, seed=0)
    by_number = {attack.number: attack.host.flows for one in rounds for attack in one.attacks}
    assert [flows > 30 for _, flows in sorted(by_number.items())] == [number % 2 == 1 for number in range(10)]


def test_addresses_and_names_are_not_in_the_data(ws):
    keep(ws, office())
    stage = Stage(ws.store, ["2024-05-01"], ["10.0.0.0/8"], "UTC")
    rng = np.random.default_rng(0)
    outside, names = stage.outside(rng, 200), stage.names(rng, 50)
    flows = ws.store.arrow(ws.table("flow").select("src_ip", "dst_ip", "server_name"))
    assert len(set(outside)) == 200
    assert not set(outside) & {*flows["src_ip"].to_pylist(), *flows["dst_ip"].to_pylist()}
    assert len({name.partition(".")[2] for name in names}) == 50
    assert not set(names) & set(flows["server_name"].to_pylist())


def test_scenes_are_in_the_hours_of_the_victim(ws):
    keep(ws, office())
    stage = Stage(ws.store, ["2024-05-01"], ["10.0.0.0/8"], "Europe/Prague")
    host = Host("10.0.0.10", 5, 1_714_543_200_000_000, 1_714_586_400_000_000)  # 06:00 to 18:00 UTC, a Wednesday
    scene = stage.scene(np.random.default_rng(0), host, avoid={"10.0.0.11"})
    assert scene.span_s == 43_200.0
    assert scene.office == [(3_600.0, 32_400.0)]  # nine to five in Prague is seven to three UTC
    assert scene.victim not in scene.neighbours and scene.neighbours[-1] == "10.0.0.11"
    assert "10.0.0.200" in scene.unused and "10.0.0.10" not in scene.unused


# the guise ----------------------------------------------------------------------------------------------------------


def sample_of(rows: Sequence[Row]) -> tuple[pa.Table, Habits]:
    with tempfile.TemporaryDirectory() as folder, flowsleuth.open(folder, create=True) as ws:
        keep(ws, [rows])
        flows = ws.table("flow")
        known = habits(ws.store, flows)
        (sample,) = samples(ws.store, flows, ["10.0.0.10"]).values()
    return sample, known["made"]


SCENE = Scene(victim="10.0.0.10", span_s=36_000.0, outside=["203.0.113.9"], names=["a.evil.example"])


def attack(count: int = 40):
    at, size = np.linspace(0, 30_000, count), np.full(count, 1_000)
    to = To("203.0.113.9", 443, server_name="a.evil.example")
    return answered(SCENE, at, to, sent=size, received=size, duration_s=np.full(count, 2.0))


def dressed(rows: Sequence[Row], flows=None) -> pa.Table:
    sample, habit = sample_of(rows)
    given = attack() if flows is None else flows
    return dress(given, sample, habit, HOME, start_us=1_714_543_200_000_000, rng=np.random.default_rng(1))[0]


def test_an_attack_is_written_as_the_source_writes():
    rows = dressed([flow(number, 0) for number in range(200)])
    assert rows.num_rows == 40
    first = rows.slice(0, 1).to_pylist()[0]
    assert (first["src_ip"], first["dst_ip"], first["dst_port"], first["proto"]) == (
        "10.0.0.10",
        "203.0.113.9",
        443,
        "tcp",
    )
    assert first["start"] == dt.datetime(2024, 5, 1, 6, tzinfo=dt.UTC)
    assert (first["direction"], first["service"], first["conn_state"]) == ("outbound", "ssl", "SF")
    assert (first["sensor"], first["source_kind"], first["server_name"]) == ("edge", "made", "a.evil.example")
    assert (first["src_packets"], first["src_bytes"]) == (5, 1_000 + 5 * 40)
    assert first["uid"].startswith("C") and len(first["uid"]) == 17
    assert len(set(rows["uid"].to_pylist())) == 40


@pytest.mark.parametrize("column", ALL_COLUMNS)
def test_a_column_that_the_source_never_fills_stays_empty(column):
    rows = dressed([flow(number, 0, **{column: None}) for number in range(60)])
    assert rows[column].null_count == rows.num_rows
    others = set(ALL_COLUMNS) - {column} - ({"dst_bytes", "dst_packets"} if column.startswith("dst") else set())
    assert all(rows[name].null_count == 0 for name in others)


def test_a_column_that_the_source_fills_sometimes_is_filled():
    rows = dressed([flow(number, 0, server_name=None if number else "www.example") for number in range(60)])
    assert rows["server_name"].null_count == 0


def test_a_source_of_one_way_records_gets_the_answers_as_rows():
    one_way = [flow(number, 0, dst_bytes=None, dst_packets=None) for number in range(60)]
    missed = attempts(SCENE, np.array([1.0]), To("10.0.0.77", 445), np.array([False]))
    there = dressed(one_way, attack(3))
    assert there["dst_bytes"].null_count == 6
    assert there["src_ip"].to_pylist() == ["10.0.0.10"] * 3 + ["203.0.113.9"] * 3
    assert there["direction"].to_pylist() == ["outbound"] * 3 + ["inbound"] * 3
    assert there["src_port"].to_pylist()[:3] == there["dst_port"].to_pylist()[3:]
    assert dressed(one_way, missed).num_rows == 1  # nobody answered


def test_times_are_of_the_clock_of_the_source():
    whole = [flow(number, 0, start=MIDNIGHT + dt.timedelta(hours=7, seconds=number)) for number in range(60)]
    starts = dressed(whole)["start"].cast(pa.int64()).to_numpy()
    assert np.all(starts % 1_000_000 == 0)
    assert clock_step_us(np.array([1_500, 3_000])) == 1  # two times tell nothing


def test_long_connections_are_cut_where_the_exporter_cuts():
    cut_off = [flow(number, 0, duration_s=300.0 if number % 2 else 5.0) for number in range(60)]
    long = answered(SCENE, np.zeros(1), To("203.0.113.9", 443), sent=np.array([9_000]), received=np.array([90]),
                    duration_s=np.array([1_000.0]))  # fmt: skip
    rows = dressed(cut_off, long)
    assert rows["duration_s"].to_pylist() == [300.0, 300.0, 300.0, 100.0]
    assert sum(rows["src_bytes"].to_pylist()) == int(long.src_bytes[0])
    never = [flow(number, 0, duration_s=float(number * number)) for number in range(60)]
    assert dressed(never, long)["duration_s"].to_pylist() == [1_000.0]
    assert cut(long, np.inf) is long


def test_sampling_leaves_few_flows_and_scales_what_is_left():
    flows = attack(4_000)
    seen, kept = sampled(flows, np.full(4_000, 100), True, np.random.default_rng(0))
    # Nine packets a flow, five there and four back: one of 100 is seen in 1 - 0.99^9 of the flows.
    assert len(seen) == len(kept) == pytest.approx(4_000 * (1 - 0.99**9), rel=0.1)
    assert set((seen.src_packets % 100).tolist()) == {0}
    assert seen.src_packets.sum() == pytest.approx(flows.src_packets.sum(), rel=0.25)
    plain, _ = sampled(flows, np.full(4_000, 100), False, np.random.default_rng(0))
    assert np.array_equal(plain.src_packets * 100, seen.src_packets)
    same, places = sampled(flows, np.ones(4_000, np.int64), True, np.random.default_rng(0))
    assert same is flows and places.size == 4_000
    assert dressed([flow(number, 0, sampling_rate=1_000) for number in range(60)]).num_rows < 10


def test_a_tunnel_has_rows_of_dns_too_where_there_are_any(ws):
    keep(ws, office())
    with copied(ws, Period(MIDNIGHT, MIDNIGHT + dt.timedelta(days=1))) as copy:
        assert _tunnel(copy).names.num_rows == 0
    answers = [
        {
            "event_id": n, "start": MIDNIGHT + dt.timedelta(hours=8), "src_ip": "10.0.0.10", "dst_ip": "10.0.9.53",
            "query": "www.example", "qtype": "A", "rcode": "NOERROR", "answers": '["192.0.2.1"]', "source_kind": "zeek",
            "source_file": "dns.log", "source_row": n,
        }
        for n in range(5)
    ]  # fmt: skip
    with ws.store.writing():
        ws.store.replace([], ws.store.write("dns", pa.Table.from_pylist(answers, schema=DNS.arrow_schema())))
    with copied(ws, Period(MIDNIGHT, MIDNIGHT + dt.timedelta(days=1))) as copy:
        played = _tunnel(copy)
        asked = played.names.to_pylist()
        assert len(asked) == played.rows.num_rows >= 500
        assert [row["start"] for row in asked] == played.rows["start"].to_pylist()
        assert {row["rcode"] for row in asked} == {"NOERROR"} and {row["answers"] for row in asked} == {"[]"}
        assert {row["source_kind"] for row in asked} == {"zeek"} and {row["uid"] for row in asked} == {None}
        assert copy.table("dns").count().execute() == 5 + len(asked)


def _tunnel(copy: Workspace):
    stage = Stage(copy.store, ["2024-05-01"], ["10.0.0.0/8"], "UTC")
    (one, *_), _ = plan(stage, chosen_techniques(["dns-tunnel"]), 1, seed=0)
    (played,) = _Director(copy, stage, 0, ["2024-05-01"]).play(one, 1)
    return played


# places and shares --------------------------------------------------------------------------------------------------


def leads(*rows: tuple[str, str | None, str | None, float, float], day: int = 1) -> list[Row]:
    """Leads of a day: source, destination, name, score, surprise."""
    return [
        {"day": dt.datetime(2024, 5, day, tzinfo=dt.UTC), "host": src, "src_ip": src, "dst_ip": dst,
         "server_name": name, "score": score, "surprise": surprise, "reason": f"{src} {surprise:g}"}
        for src, dst, name, score, surprise in rows
    ]  # fmt: skip


def table(rows: list[Row]) -> Leads:
    return Leads(pa.Table.from_pylist(rows, schema=LEAD.arrow_schema()))


def test_the_place_of_an_attack_leaves_out_the_others_and_halves_ties():
    found = table(leads(
        ("10.0.0.1", None, None, 1.0, 9.0), ("10.0.0.2", None, None, 1.0, 7.0), ("10.0.0.3", None, None, 1.0, 7.0),
        ("10.0.0.4", None, None, 1.0, 7.0), ("10.0.0.5", None, None, 0.9, 8.0),
    ))  # fmt: skip
    mine, nobody = found.of_hosts({"10.0.0.3"}), found.of_hosts(())
    place = found.place(mine, nobody)
    assert (place.rank, place.reason) == (3.0, "10.0.0.3 7")  # one before it, two beside it
    assert found.place(mine, found.of_hosts({"10.0.0.1", "10.0.0.2"})).rank == 1.5
    assert found.place(found.of_hosts({"10.0.0.9"}), nobody).rank is None
    assert found.place(found.of_hosts({"10.0.0.5", "10.0.0.4"}), nobody).rank == 3.0  # its best lead


def test_the_best_day_counts():
    found = table([*leads(("10.0.0.1", None, None, 1.0, 9.0), ("10.0.0.2", None, None, 1.0, 7.0)),
                   *leads(("10.0.0.2", None, None, 0.5, 1.0), day=2)])  # fmt: skip
    assert found.place(found.of_hosts({"10.0.0.2"}), found.of_hosts(())).rank == 1.0


def test_pairs_are_known_by_address_or_name():
    found = table(leads(
        ("10.0.0.1", "192.0.2.1", None, 1.0, 9.0), ("10.0.0.1", None, "a.evil.example", 1.0, 8.0),
        ("10.0.0.2", None, None, 1.0, 7.0),
    ))  # fmt: skip
    assert found.of_pairs({("10.0.0.1", "192.0.2.1")}).tolist() == [True, False, False]
    assert found.of_pairs({("10.0.0.1", "a.evil.example")}).tolist() == [False, True, False]
    assert found.of_pairs({("10.0.0.2", None)}).tolist() == [False, False, True]


def test_no_leads_no_place():
    none = table([])
    assert none.place(none.of_hosts({"10.0.0.1"}), none.of_pairs(())).rank is None


def test_intervals_by_hand():
    # Newcombe (1998), table I: 81/263 by Wilson's method without correction is 0.2553 to 0.3662.
    assert [round(end, 4) for end in wilson(81, 263)] == [0.2553, 0.3662]
    assert [round(end, 4) for end in wilson(0, 20)] == [0.0, 0.1611]
    assert [round(end, 4) for end in wilson(29, 29)] == [0.8830, 1.0]
    assert middle_rank([]) is None


def test_shares_by_hand():
    from flowsleuth.workspace.injection.ranks import Place
    from flowsleuth.workspace.injection.report import recall_rows

    def played(ip: str, host: float | None, pair: float | None, control: float | None):
        planned = SimpleNamespace(technique=TECHNIQUES["exfiltration"], host=Host(ip, 1, 0, 0), number=0)
        return SimpleNamespace(planned=planned, host=Place(host), pair=Place(pair), control=Place(control))

    rows = recall_rows([
        played("10.0.0.1", 10.0, 10.5, None), played("10.0.0.2", 51.0, 250.0, 5.0),
        played("10.0.1.1", None, None, 250.5),
    ]).table.to_pylist()  # fmt: skip
    whole, here, there = [row for row in rows if row["technique"] == "exfiltration" and row["by"] == "host"]
    assert (whole["segment"], here["segment"], there["segment"]) == (None, "10.0.0.0/24", "10.0.1.0/24")
    assert [whole[f"found_{budget}"] for budget in (10, 50, 250)] == [1, 1, 2]
    assert [whole[f"control_{budget}"] for budget in (10, 50, 250)] == [1, 1, 1]
    assert (whole["recall_250"], whole["median_rank"], whole["attack_id"]) == (2 / 3, 51.0, "T1048")
    assert (here["attacks"], there["attacks"], there["median_rank"]) == (2, 1, None)
    (pair, *_) = [row for row in rows if row["technique"] == "all" and row["by"] == "pair"]
    assert [pair[f"found_{budget}"] for budget in (10, 50, 250)] == [0, 1, 2]
    assert pair["control_10"] is None
