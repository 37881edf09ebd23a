"""The needle benchmark's own promises: draws keep what they hide, repeat themselves, and give nothing away."""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from flowsleuth.testing.detectors import make_flows

pytestmark = pytest.mark.slow
BENCH = Path(__file__).resolve().parents[2] / "bench"
MODULES = (
    "contenders", "draws", "edges_of_day", "hay", "injected", "needle_places", "needle_ranks", "needle_tables",
    "needles", "our_list", "outliers", "ranking", "rita_list",
)  # fmt: skip
LONG_AGO = dt.datetime(1999, 1, 1, tzinfo=dt.UTC)
C2, SCANNED = "203.0.113.5", "203.0.114.9"


@pytest.fixture(scope="module")
def bench():
    """The modules."""
    sys.path.insert(0, str(BENCH))
    try:
        return SimpleNamespace(**{name: __import__(name) for name in MODULES})
    except ImportError as error:
        pytest.skip(f"needs what the benchmarks install: {error}")
    finally:
        sys.path.remove(str(BENCH))


@pytest.fixture(scope="module")
def field(bench):
    """An office of 60 hosts."""
    day = bench.hay.of_day(make_flows(bench.injected.office(np.random.default_rng(3))))
    return bench.draws.Field(bench.hay.Hay("office", day, ("10.0.0.0/8",), ""))


@pytest.fixture(scope="module")
def needle(bench):
    """Forty calls, three neighbours scanned, four names looked up, one host inside; no states, as from a router."""
    rows = [{"dst_ip": C2, "dst_port": 1177}] * 40
    rows += [{"dst_ip": f"203.0.114.{n}", "dst_port": 23} for n in (7, 8, 9)]
    rows += [{"dst_ip": "8.8.8.8", "dst_port": 53, "proto": "udp"}] * 4
    rows += [{"dst_ip": "192.168.1.9", "dst_port": 445, "direction": "internal"}]
    usual = {"src_ip": "192.168.1.5", "proto": "tcp", "src_bytes": 60, "dst_bytes": 0, "direction": "outbound"}
    flows = make_flows(
        [{"start": LONG_AGO + dt.timedelta(seconds=9 * n), **usual, **row} for n, row in enumerate(rows)]
    )
    is_bad = np.array([row["dst_ip"] != "8.8.8.8" for row in rows])
    seen = bench.needles.seen_in(flows)
    peers = frozenset({C2, "192.168.1.9"})
    return bench.needles.Needle("made", flows, is_bad, "192.168.1.5", peers, ("192.168.0.0/16",), "", seen)


@pytest.fixture(scope="module")
def drawn(bench, field, needle):
    """A draw, busy."""
    return bench.draws.plant(field, needle, np.random.default_rng(5), is_busy=True)


def test_no_flow_is_lost_and_none_is_made(field, needle, drawn) -> None:
    assert len(drawn.day) == len(field.hay.day) + len(needle.flows)
    assert (int(drawn.is_bad.sum()), int(drawn.is_needle.sum())) == (int(needle.is_bad.sum()), len(needle.flows))
    planted = drawn.day.filter(pa.array(drawn.is_needle))
    counts = Counter(zip(planted["dst_port"].to_pylist(), planted["proto"].to_pylist(), strict=True))
    assert counts == {(1177, "tcp"): 40, (23, "tcp"): 3, (53, "udp"): 4, (445, "tcp"): 1}
    gaps = np.diff(planted["start"].cast("int64").to_numpy())
    assert (gaps == 9_000_000).all()


def test_the_hay_is_what_it_was(bench, field, drawn) -> None:
    left = drawn.day.filter(pa.array(~drawn.is_needle))
    alone = bench.draws.control(field, drawn.mask)
    names = [name for name in left.column_names if name not in ("flow_id", "source_row")]
    assert left.select(names).equals(alone.select(names))


def test_the_victim_is_a_client_of_the_hay_of_the_half_that_was_asked_for(bench, field, needle) -> None:
    quiet, busy = field.clients
    counts = dict(field.hay.day["src_ip"].value_counts().to_pylist()[0].items())
    assert counts
    for is_busy, half in ((False, quiet), (True, busy)):
        for seed in range(5):
            draw = bench.draws.plant(field, needle, np.random.default_rng(seed), is_busy=is_busy)
            assert draw.victim in half
            sources = set(draw.day.filter(pa.array(draw.is_needle))["src_ip"].to_pylist())
            assert sources == {draw.victim}
    of = Counter(field.hay.day["src_ip"].to_pylist())
    assert max(of[text] for text in quiet) <= min(of[text] for text in busy)


def test_peers_become_who_they_should_be(field, drawn) -> None:
    planted = drawn.day.filter(pa.array(drawn.is_needle)).to_pylist()
    to = {port: {row["dst_ip"] for row in planted if row["dst_port"] == port} for port in (1177, 23, 53, 445)}
    assert to[53] == {"10.1.9.53"}  # the office's own name server
    assert len(to[23]) == 3
    assert len({text.rpartition(".")[0] for text in to[23]}) == 1  # neighbours stay neighbours
    assert {text.rpartition(".")[2] for text in to[23]} == {"7", "8", "9"}
    assert not (to[1177] | to[23]) & field.addresses
    (inside,) = to[445]
    assert inside in {text for half in field.clients for text in half} - {drawn.victim}
    assert {row["direction"] for row in planted if row["dst_port"] in (445, 53)} == {"internal"}
    assert {row["direction"] for row in planted if row["dst_port"] in (1177, 23)} == {"outbound"}
    assert drawn.pairs == {(drawn.victim, next(iter(to[1177]))), (drawn.victim, inside)}


def test_the_needle_falls_within_the_hours_of_the_hay(bench, field, needle) -> None:
    low, high = field.span_us
    starts = set()
    for seed in range(8):
        draw = bench.draws.plant(field, needle, np.random.default_rng(seed), is_busy=False)
        at = draw.day.filter(pa.array(draw.is_needle))["start"].cast("int64").to_numpy()
        assert low <= at.min()
        assert at.max() <= high
        starts.add(int(at.min()))
    assert len(starts) == 8


def test_draws_repeat_themselves(bench, field, needle, drawn) -> None:
    again = bench.draws.plant(field, needle, np.random.default_rng(5), is_busy=True)
    assert again.day.equals(drawn.day)
    assert (again.is_bad == drawn.is_bad).all()
    other = bench.draws.plant(field, needle, np.random.default_rng(6), is_busy=True)
    assert not other.day.equals(drawn.day)
    made = bench.needle_ranks.Bench({}, 7)
    one, two = (made.draw(field, needle, 3, is_busy=True) for _ in range(2))
    assert one.victim == two.victim
    assert one.day.equals(two.day)


def test_what_is_filled_in_gives_no_flow_away(drawn) -> None:
    """A pattern of filled columns that the needle has is common in the hay too, protocol by protocol."""
    names = [name for name in drawn.day.column_names if name not in ("flow_id", "source_row")]
    filled = np.stack([drawn.day[name].is_valid().to_numpy() for name in names], axis=1)
    protos = drawn.day["proto"].to_pylist()
    patterns = [(proto, *row) for proto, row in zip(protos, filled.tolist(), strict=True)]
    hay = Counter(one for one, mine in zip(patterns, drawn.is_needle, strict=True) if not mine)
    for pattern in {one for one, mine in zip(patterns, drawn.is_needle, strict=True) if mine}:
        assert hay[pattern] > 0.5 * sum(n for one, n in hay.items() if one[0] == pattern[0])


def test_ids_and_origins_give_no_flow_away(drawn) -> None:
    assert drawn.day["flow_id"].to_pylist() == list(range(1, len(drawn.day) + 1))
    start = drawn.day["start"].cast("int64").to_numpy()
    assert (np.diff(start) >= 0).all()
    for name in ("source_file", "source_kind", "sensor", "uid", "extra", "community_id"):
        assert len(pc.unique(drawn.day[name])) == 1, name


def test_states_that_a_router_does_not_tell_are_gone_on_both_sides(drawn) -> None:
    tcp = drawn.day.filter(pc.equal(drawn.day["proto"], "tcp"))
    assert tcp["conn_state"].null_count == len(tcp)
    assert ("conn_state", "tcp") in drawn.mask


def test_a_run_of_a_needle_is_consecutive(bench, field, needle) -> None:
    from dataclasses import replace

    short = replace(needle, most=10)
    firsts = set()
    for seed in range(12):
        draw = bench.draws.plant(field, short, np.random.default_rng(seed), is_busy=True)
        ports = draw.day.filter(pa.array(draw.is_needle))["dst_port"].to_pylist()
        assert len(ports) == 10
        firsts.add(ports.count(1177))
        assert draw.is_bad.sum() >= 3
    assert len(firsts) > 1


def test_ties_are_shared_out(bench) -> None:
    score = np.array([9.0, 5.0, 5.0, 5.0, 1.0])
    assert bench.needle_places.within(score, 1, 1) == 0
    assert bench.needle_places.within(score, 1, 2) == pytest.approx(1 / 3)
    assert bench.needle_places.within(score, 1, 4) == 1
    assert bench.ranking.hits_at(score, np.array([0, 3, 0, 0, 1.0]), 3) == pytest.approx(2 / 3 * 3)


def test_histograms_and_tails_by_hand(bench) -> None:
    """Two features; the second says nothing."""
    rows = np.array([[0.0, 4.0], [0.1, 4.0], [0.2, 4.0], [1.0, 4.0]])
    assert bench.outliers.hbos(rows) == pytest.approx([0, 0, 0, np.log(3)])
    # left tails 1/4 2/4 3/4 4/4, right tails 4/4 3/4 2/4 1/4; the long tail is to the right
    left, right = -np.log(np.array([1, 2, 3, 4]) / 4), -np.log(np.array([4, 3, 2, 1]) / 4)
    assert bench.outliers.ecod(rows) == pytest.approx(np.maximum(left, right))
    two = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [10.0, 10.0]])
    assert bench.outliers.ecod(two) == pytest.approx(2 * np.maximum(left, right))
    mixed = np.array([[1.0, -1.0], [2.0, -2.0], [3.0, -3.0], [10.0, -10.0]])  # tails on both sides: auto adds them
    assert bench.outliers.ecod(mixed) == pytest.approx(np.maximum(left + right, 2 * right))


def test_rita_leaves_out_what_stays_inside_and_knows_a_beacon(bench) -> None:
    noon = dt.datetime(2025, 3, 11, tzinfo=dt.UTC)
    usual = {"src_ip": "10.1.0.1", "direction": "outbound", "src_bytes": 500, "duration_s": 0.1}
    rows = [{**usual, "dst_ip": C2, "start": noon + dt.timedelta(minutes=5 * n)} for n in range(288)]
    rows += [{**usual, "src_ip": "10.1.0.2", "dst_ip": SCANNED, "start": noon}]
    inside = {**usual, "src_ip": "10.1.0.2", "dst_ip": "10.1.0.1", "direction": "internal"}
    rows += [{**inside, "start": noon + dt.timedelta(minutes=5 * n)} for n in range(288)]
    day = bench.contenders.Day(make_flows(rows).sort_by("start"))
    ranking = bench.contenders.BASELINES["RITA v5"](day)
    host = dict(zip(day.edges.hosts, ranking.host.tolist(), strict=True))
    assert host == {"10.1.0.1": pytest.approx(0.65), "10.1.0.2": -1.0}  # 0.8, less 0.15: half of the hosts go there
    assert ranking.pair.size == 2


def test_simple_rankings_by_hand(bench) -> None:
    noon = dt.datetime(2025, 3, 11, 12, tzinfo=dt.UTC)
    rows = [
        ("10.1.0.1", "198.51.100.1", 10), ("10.1.0.1", "198.51.100.2", 20), ("10.1.0.2", "198.51.100.1", 30),
        ("10.1.0.2", "198.51.100.1", 40), ("10.1.0.2", "198.51.100.3", 50),
    ]  # fmt: skip
    flows = make_flows(
        [{"src_ip": s, "dst_ip": d, "direction": "outbound", "src_bytes": n, "start": noon + dt.timedelta(seconds=n)}
         for s, d, n in rows]
    )  # fmt: skip
    past = make_flows([{"src_ip": "10.1.0.2", "dst_ip": "198.51.100.3", "start": noon - dt.timedelta(days=1)}])
    day = bench.contenders.Day(flows, (past,))
    e, ranks = day.edges, bench.contenders.BASELINES

    def hosts(name: str) -> list[float]:
        return [ranks[name](day).host[e.hosts.index(text)] for text in ("10.1.0.1", "10.1.0.2")]

    def pair(name: str, source: str, target: str) -> float:
        return ranks[name](day).pair[e.place_of_pair(source, target)]

    assert hosts("activity") == [2, 3]
    assert hosts("destinations") == [2, 2]
    assert hosts("newness") == [2, 0]  # the third peer was known, the first one's first caller was 10.1.0.1
    assert hosts("rarity") == [1.5, 1.5]
    assert hosts("volume out") == pytest.approx([30, 120])
    assert pair("newness", "10.1.0.2", "198.51.100.3") == -np.inf
    assert pair("newness", "10.1.0.2", "198.51.100.1") > pair("newness", "10.1.0.1", "198.51.100.2")
    assert pair("rarity", "10.1.0.1", "198.51.100.2") > pair("rarity", "10.1.0.2", "198.51.100.1")
    assert e.place_of_pair("10.1.0.1", "198.51.100.3") == -1


def test_a_whole_draw_is_measured(bench, field, needle) -> None:
    quick = {name: bench.contenders.BASELINES[name] for name in ("rarity", "activity", "RITA v5", "chance")}
    results = list(bench.needle_ranks.Bench(quick, 7).run([field.hay], [needle], 2))
    assert len(results) == 8
    by_name = {name: [r for r in results if r.contender == name] for name in quick}
    for result in by_name["chance"]:
        assert result.values["host@3"] == pytest.approx(3 / result.hosts)
        assert result.values["1/host"] == pytest.approx(2 / (result.hosts + 1))
        assert result.control == 0.5
        assert result.host_rank == (result.hosts + 1) / 2
    assert [r.is_busy for r in by_name["rarity"]] == [True, False]
    assert all(r.values["pair@10"] == 1 for r in by_name["rarity"])  # forty calls that nobody else makes
    text = bench.needle_tables.summary(results, "rarity")
    assert "rarity minus each" in text
    assert "made" in bench.needle_tables.by(results, "needle")
    for table in bench.needle_tables.markdown(results).split("\n\n"):
        rows = table.splitlines()
        assert [row.split(" | ")[0] for row in rows[2:]] == ["| rarity", "| activity", "| RITA v5", "| chance"]
        assert len({row.count("|") for row in rows}) == 1


def test_the_control_counts_every_client(bench, field, needle) -> None:
    """Of 60, ranked as busy as they are: above the quiet ones are the 30 busy ones, and half of the other 29."""
    clients = [text for half in field.clients for text in half]

    def busiest_first(day):
        host = np.array([clients.index(text) if text in clients else -1.0 for text in day.edges.hosts])
        return bench.contenders.Ranking(host, None, None)

    none = bench.contenders.Ranking()
    ranks = {"busiest": busiest_first, "chance": bench.contenders.BASELINES["chance"], "none": lambda _: none}
    found = list(bench.needle_ranks.Bench(ranks, 7).controls(field, [needle]))
    busiest, chance, mute = found
    assert (busiest.clients, busiest.quiet, busiest.busy) == pytest.approx((60, (30 + 29 / 2) / 59, 29 / 2 / 59))
    assert (chance.quiet, chance.busy) == pytest.approx((0.5, 0.5))
    assert np.isnan([mute.quiet, mute.busy]).all()
    rows = bench.needle_tables.control_table(found, is_markdown=True).splitlines()
    assert rows[0] == "| quiet, busy | office (60) |"
    assert rows[2:] == [
        "| busiest | 0.75, 0.25 |",
        "| chance | 0.50, 0.50 |",
        "| none | –, – |",
        "| by chance | 0.5 ± 0.06 |",
    ]


def test_a_victim_that_is_drawn_twice_counts_once_in_the_control(bench) -> None:
    def result(hay: str, victim: str, control: float, *, is_busy: bool):
        fields = bench.needle_places.Result.__dataclass_fields__
        return bench.needle_places.Result(
            **dict.fromkeys(fields, 0)
            | {"hay": hay, "victim": victim, "contender": "one", "control": control, "is_busy": is_busy}
        )

    results = [result("a", "10.0.0.1", 0.2, is_busy=False)] * 5 + [
        result("a", "10.0.0.2", 0.8, is_busy=False),
        result("b", "10.0.0.1", 0.5, is_busy=True),
        result("b", "10.0.0.1", 0.7, is_busy=True),
    ]
    held = bench.needle_tables.controls(results, "one")
    assert held["quiet"].tolist() == [0.2, 0.8]
    assert held["busy"].tolist() == pytest.approx([0.6])
    assert held["all"].size == 3


@pytest.mark.parametrize("clients", [9, 21, 226])
def test_how_far_from_a_half_chance_gets(bench, clients: int) -> None:
    shares, rng = np.arange(clients) / (clients - 1), np.random.default_rng(1)
    means = [rng.permutation(shares)[: clients // 2].mean() for _ in range(4000)]
    far = np.abs(np.array(means) - 0.5) > bench.needle_tables.by_chance(clients)
    assert far.mean() == pytest.approx(0.1, abs=0.025)


def test_what_the_hay_hardly_ever_tells_is_told_of_no_flow(bench, field, needle) -> None:
    """An Argus file names the application of one flow in a thousand; a needle whose every flow has one would show."""
    from dataclasses import replace

    def named(table: pa.Table, which: np.ndarray) -> pa.Table:
        place = table.column_names.index("service")
        return table.set_column(place, "service", pa.array(np.where(which, "ssl", None), pa.string()))

    hay = replace(field.hay, day=named(field.hay.day, np.arange(len(field.hay.day)) % 1000 == 0))
    flows = named(needle.flows, np.ones(len(needle.flows), dtype=bool))
    telling = replace(needle, flows=flows, seen=bench.needles.seen_in(flows))
    draw = bench.draws.plant(bench.draws.Field(hay), telling, np.random.default_rng(5), is_busy=True)
    assert draw.day["service"].null_count == len(draw.day)


def test_our_list_is_the_leads_of_a_workspace(bench, field, needle, drawn) -> None:
    day = bench.contenders.Day(drawn.day, (), field.hay.home)
    ranking = bench.contenders.CONTENDERS["fused"](day)
    assert ranking.host.size == len(day.edges.hosts)
    assert ranking.pair.size == day.edges.n_pairs
    leads = bench.our_list.SCORED.tables(day)
    first = leads["host"].sort_by("rank")["host"][0].as_py()
    assert day.edges.hosts[int(np.argmax(ranking.host))] == first
    unlisted = set(day.edges.hosts) - set(leads["host"]["host"].to_pylist())
    assert {ranking.host[day.edges.hosts.index(text)] for text in unlisted} <= {0.0}
    again = bench.contenders.Day(drawn.day.slice(0, 500), (), field.hay.home)  # other flows take their place
    bench.contenders.CONTENDERS["fused"](again)
    assert bench.our_list.SCORED.tables(again)["host"]["flows"].to_numpy().max(initial=0) <= 500
    bench.our_list.SCORED.close()


def test_equal_leads_are_equally_strong(bench) -> None:
    rows = pa.table({"score": [0.9, 0.9, 0.9, 0.1], "surprise": [3.0, 2.0, 2.0, 1.0], "host": list("abcd")})
    assert bench.our_list.placed(rows, ("host",)) == {("a",): 3, ("b",): 2, ("c",): 2, ("d",): 1}


def test_results_are_read_as_written_and_joined_on_the_same_draws(bench, field, needle, tmp_path) -> None:
    ranks, tables = bench.needle_ranks, bench.needle_tables

    def run(*names: str, seed: int = 7) -> list:
        chosen = {name: bench.contenders.BASELINES[name] for name in names}
        return list(ranks.Bench(chosen, seed).run([field.hay], [needle], 2))

    before = run("rarity", "activity")
    tables.write(before, tmp_path / "before.json", {"seed": 7})
    held = tables.read_results(tmp_path / "before.json")
    assert str(held) == str(before)
    whole = tables.joined(run("chance", "activity"), held)
    assert [r.contender for r in whole] == ["chance", "activity", "rarity"] * 2
    assert [r.draw for r in whole] == [0, 0, 0, 1, 1, 1]
    assert {r.contender for r in tables.joined(run("chance", seed=8), held)} == {"chance"}
