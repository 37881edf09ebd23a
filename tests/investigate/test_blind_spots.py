"""Blind spots: each a hand-made case, with the rows that it must give and no other of its kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import flowsleuth
from flowsleuth.investigate.blind_spots import silence
from flowsleuth.schema import DNS, HEALTH, TLS
from flowsleuth.testing.detectors import make_flows
from flowsleuth.workspace import Workspace

NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
Row = dict[str, Any]


@pytest.fixture
def ws(tmp_path) -> Iterator[Workspace]:
    with flowsleuth.open(tmp_path / "case", create=True) as opened:
        yield opened


def keep(ws: Workspace, rows: Sequence[Mapping[str, Any]] = (), **tables: pa.Table) -> None:
    """Put rows straight into the store."""
    with ws.store.writing():
        for name, table in ({"flow": make_flows(rows)} if rows else {} | tables).items():
            ws.store.replace([], ws.store.write(name, table))


def whole(number: int, **more: Any) -> Row:
    """A flow that tells everything, the same for the same number."""
    return {
        "start": NOON + dt.timedelta(seconds=number), "src_ip": f"10.0.0.{number % 5 + 1}", "dst_ip": "192.0.2.7",
        "src_port": 40_000 + number, "dst_port": 443, "proto": "tcp", "src_bytes": 900, "dst_bytes": 700,
        "src_packets": 1 + number % 7, "dst_packets": 4, "conn_state": "SF", "direction": "outbound", "sensor": "edge",
        "server_name": "www.example.org", **more,
    }  # fmt: skip


def found(ws: Workspace, kind: str) -> list[Row]:
    rows = ws.blind_spots(now=NOW).table.to_pylist()
    return [row for row in rows if row["kind"] == kind]


def kinds(ws: Workspace) -> list[str]:
    return list(dict.fromkeys(row["kind"] for row in ws.blind_spots(now=NOW).table.to_pylist()))


def test_what_is_recorded_well_has_only_its_span_and_its_absent_tables(ws):
    keep(ws, [whole(number) for number in range(500)])
    assert kinds(ws) == ["absent table", "history", "span"]
    (span,) = found(ws, "span")
    # 499 s between the first start and the last; a test of beats needs four pauses.
    assert span["how_much"] == "the longest period that can be told is 125 s" or span["how_much"].endswith("2 min")
    assert (span["since"], span["until"]) == (NOON, NOON + dt.timedelta(seconds=499))
    assert [row["place"] for row in found(ws, "absent table")] == ["dns", "tls", "http", "logon", "indicator"]
    (history,) = found(ws, "history")
    assert history["how_much"] == "1 day of flows"


def test_nothing_stored_has_no_blind_spot_but_says_so_by_having_no_row(ws):
    assert ws.blind_spots(now=NOW).table.num_rows == 0


def test_tables_that_are_there_are_not_absent(ws):
    event = {"event_id": 1, "start": NOON, "source_kind": "made", "source_file": "made", "source_row": 1}
    keep(ws, [whole(number) for number in range(10)])
    keep(ws, dns=pa.Table.from_pylist([event], schema=DNS.arrow_schema()),
         tls=pa.Table.from_pylist([event], schema=TLS.arrow_schema()))  # fmt: skip
    assert [row["place"] for row in found(ws, "absent table")] == ["http", "logon", "indicator"]


def test_history_of_three_days_is_enough(ws):
    for day in range(3):
        keep(ws, [whole(number, start=NOON + dt.timedelta(days=day, seconds=number)) for number in range(3)])
    assert found(ws, "history") == []


def test_sampling_that_the_records_tell(ws):
    keep(ws, [whole(number, sampling_rate=100 if number < 300 else 1) for number in range(400)])
    (row,) = found(ws, "sampling")
    assert (row["place"], row["share"]) == ("sensor edge", 0.75)
    assert row["how_much"] == "1 of 100 packets in 75 % of the flows"
    assert (row["since"], row["until"]) == (NOON, NOON + dt.timedelta(seconds=399))


def test_packets_that_were_multiplied(ws):
    keep(ws, [whole(number, src_packets=512 * (1 + number % 3)) for number in range(200)])
    (row,) = found(ws, "sampling")
    assert row["how_much"] == "100 % of the packet counts are multiples of 512, though no sampling is told"


def test_short_flows_that_were_left_out(ws):
    keep(ws, [whole(number, src_packets=20 + number) for number in range(200)])
    (row,) = found(ws, "sampling")
    assert row["how_much"] == "no flow of fewer than 20 packets: sampled and scaled, or short flows left out"


def test_one_way_records_with_and_without_their_answers(ws):
    one_way = {"dst_bytes": None, "dst_packets": None, "sensor": None}
    there = [whole(number, **one_way) for number in range(400)]
    # Half of them have their answer as a row of its own.
    back = [
        {**row, "src_ip": row["dst_ip"], "dst_ip": row["src_ip"], "src_port": 443, "dst_port": row["src_port"]}
        for row in there[:200]
    ]
    keep(ws, [*there, *back])
    (row,) = found(ws, "one way")
    assert (row["place"], row["share"]) == ("all flows", 1.0)
    # Looked at: port pairs whose sum leaves 3 when divided by 16: 25 of the 400, of them 12 with an answer.
    sampled = [one for one in there if (one["src_port"] + 443) % 16 == 3]
    twins = [one for one in there[:200] if (one["src_port"] + 443) % 16 == 3]
    share = 2 * len(twins) / (len(sampled) + len(twins))
    assert (len(sampled), len(twins)) == (25, 12)
    assert row["how_much"] == (
        "100 % of the flows do not say what came back; "
        f"for {round(100 * share)} % of them the other direction is a row of its own"
    )


def test_a_sensor_that_hears_one_direction(ws):
    keep(ws, [whole(number, dst_bytes=0, dst_packets=0 if number < 190 else 3) for number in range(200)])
    (row,) = found(ws, "one way")
    assert row["share"] == 0.95
    assert row["how_much"].startswith("95 % of the TCP flows got nothing back")


def test_columns_that_a_sensor_lacks(ws):
    poor = {"src_bytes": None, "conn_state": None, "dst_packets": None, "direction": "external", "sensor": "old"}
    keep(ws, [whole(number) for number in range(100)] + [whole(number, **poor) for number in range(100, 200)])
    rows = found(ws, "missing column")
    assert [row["place"] for row in rows] == ["sensor old"] * 3
    assert [row["how_much"].partition(":")[0] for row in rows] == [
        "bytes sent", "how a connection ended (conn_state, TCP flags, packets of the other side)", "which end is ours",
    ]  # fmt: skip
    assert {row["share"] for row in rows} == {1.0}


def test_names_that_are_hidden(ws):
    keep(ws, [whole(number, server_name=None if number % 4 == 0 else "a.example") for number in range(400)])
    (row,) = found(ws, "hidden names")
    assert (row["how_much"], row["share"]) == ("25 % of 400 flows to port 443 have no server name", 0.25)
    keep(ws, [whole(number, flow_id=1_000 + number) for number in range(400, 600)])
    assert found(ws, "hidden names") == []  # 100 of 600 are fewer than a fifth


def test_encrypted_dns(ws):
    rows = [whole(number) for number in range(96)]
    rows += [whole(96, dst_port=853), whole(97, server_name="DNS.Google"), whole(98, dst_ip="1.1.1.1")]
    rows += [whole(99, dst_ip="1.1.1.1", dst_port=53, proto="udp"), whole(100, dst_port=853, proto="udp")]
    keep(ws, rows)
    (row,) = found(ws, "encrypted DNS")
    assert row["how_much"] == "1 flows of DNS over TLS, 2 to known resolvers over HTTPS"
    assert row["share"] == pytest.approx(3 / 101)


def test_an_address_that_many_hide_behind(ws):
    rows = [whole(number, src_ip="10.0.0.1" if number < 700 else f"10.0.1.{number % 10}") for number in range(1_000)]
    keep(ws, rows)
    (row,) = found(ws, "many behind one")
    assert (row["place"], row["share"]) == ("10.0.0.1", 0.7)
    assert row["how_much"] == "70 % of all outbound flows of 11 addresses come from this one"
    assert (row["since"], row["until"]) == (NOON, NOON + dt.timedelta(seconds=699))


def test_no_address_stands_out_where_few_go_out(ws):
    keep(ws, [whole(number, src_ip="10.0.0.1" if number < 990 else "10.0.0.2") for number in range(1_000)])
    assert found(ws, "many behind one") == []


def test_addresses_that_serve_many_names(ws):
    rows = [whole(number, dst_ip="198.51.100.1", server_name=f"n{number % 25}.example") for number in range(100)]
    rows += [whole(number, dst_ip="198.51.100.2", server_name=f"m{number % 19}.example") for number in range(100, 200)]
    keep(ws, rows)
    (row,) = found(ws, "shared address")
    assert row["place"] == "1 address, most at 198.51.100.1"
    assert row["how_much"] == "20 or more server names each (25 there); 50 % of the named flows"
    assert row["share"] == 0.5


def test_times_that_cannot_be(ws):
    future = NOW + dt.timedelta(seconds=1)
    rows = [whole(number) for number in range(98)]
    rows += [whole(98, start=future), whole(99, start=dt.datetime(1970, 1, 1, 0, 5, tzinfo=dt.UTC))]
    keep(ws, rows)
    assert [row["how_much"] for row in found(ws, "clock")] == [
        "1 flows after 2024-06-01 00:00 UTC (now)", "1 flows before 1990",
    ]  # fmt: skip
    keep(ws, [whole(100, start=NOW, flow_id=500)])
    assert len(found(ws, "clock")) == 2  # this very moment is not the future


def test_sensors_whose_clocks_differ(ws):
    rows = [whole(number, sensor="core") for number in range(600)]
    late = dt.timedelta(seconds=90)
    rows += [{**row, "sensor": "edge", "start": row["start"] + late} for row in rows]
    keep(ws, rows)
    (row,) = found(ws, "clock")
    looked_at = sum((40_000 + number) % 16 == 3 for number in range(600))
    assert row["place"] == "sensors core and edge"
    assert row["how_much"] == f"the second is 90 s later (median of {looked_at} connections that both saw)"


def test_sensors_with_the_same_clock_are_not_told(ws):
    rows = [whole(number, sensor="core") for number in range(600)]
    rows += [{**row, "sensor": "edge", "start": row["start"] + dt.timedelta(seconds=1)} for row in rows]
    keep(ws, rows)
    assert found(ws, "clock") == []


def test_a_sensor_that_fell_silent_and_one_with_a_gap(ws):
    minute = dt.timedelta(minutes=1)
    steady = [whole(number, start=NOON + number * minute, sensor="steady") for number in range(600)]
    silent = [whole(number, start=NOON + number * minute, sensor="silent") for number in range(300)]
    gap = [
        whole(number, start=NOON + number * minute, sensor="gap") for number in range(600) if not 200 <= number < 400
    ]
    keep(ws, [*steady, *silent, *gap])
    rows = found(ws, "silence")
    # Bins of five minutes. Rates: 300 flows in 60 bins (60 are missing); 400 in 120 (40 are missing).
    assert [(row["place"], row["how_much"]) for row in rows] == [
        ("sensor silent", "fell silent, for 5.0 h: at its own usual rate 300 flows are missing"),
        ("sensor gap", "silent for 3.3 h: at its own usual rate 133 flows are missing"),
    ]
    assert (rows[1]["since"], rows[1]["until"]) == (NOON + 200 * minute, NOON + 400 * minute)
    assert rows[0]["since"] == NOON + 300 * minute


def test_silences_of_one_day_by_hand():
    bins = np.arange(100, 200)
    assert silence.find_silences(bins, np.full(100, 10), 100, 200) == []
    (late,) = silence.find_silences(bins, np.full(100, 10), 90, 200)
    assert late == silence.Silence(90, 100, 100.0, "began late")
    # Its own rate is one flow in ten bins: forty silent bins are only four flows.
    assert silence.find_silences(np.arange(100, 200, 10), np.ones(10, np.int64), 60, 240) == []


def test_nights_and_weekends_are_no_silence_but_an_outage_by_day_is():
    day, busy = 288, np.arange(96, 216)  # from 8 to 18 o'clock
    monday = 4 * day  # 1970-01-05
    weeks = [monday + day * number for number in range(14) if number % 7 < 5]
    bins = np.concatenate([one + busy for one in weeks])
    span = (monday, monday + 14 * day)
    assert silence.find_silences(bins, np.full(bins.size, 20), *span) == []
    out = (bins >= weeks[7] + 120) & (bins < weeks[7] + 132)  # an hour of a Wednesday
    (gap,) = silence.find_silences(bins[~out], np.full(int((~out).sum()), 20), *span)
    assert gap == silence.Silence(weeks[7] + 120, weeks[7] + 132, 240.0, "gap")
    # One day alone cannot tell a night from an outage, so it is told.
    (alone,) = silence.find_silences(np.r_[0:50, 200:250], np.full(100, 20), 0, 250)
    assert (alone.since, alone.until, alone.expected) == (50, 200, 150 * 2_000 / 250)


def test_lost_records_that_the_source_tells(ws):
    keep(ws, [whole(number) for number in range(10)])
    lost = [
        {
            "event_id": number, "start": NOON + dt.timedelta(minutes=number),
            "end": NOON + dt.timedelta(minutes=number + 1),
            "sensor": "eni-1", "status": status, "word": word, "source_kind": "made", "source_file": "made",
            "source_row": number,
        }
        for number, (status, word) in enumerate([("lost", "SKIPDATA"), ("lost", "SKIPDATA"), ("no data", "NODATA")])
    ]  # fmt: skip
    keep(ws, health=pa.Table.from_pylist(lost, schema=HEALTH.arrow_schema()))
    (row,) = found(ws, "lost records")
    assert row["how_much"] == "2 times the log itself says that records are missing (SKIPDATA)"
    assert (row["since"], row["until"]) == (NOON, NOON + dt.timedelta(minutes=2))


def test_rejects_and_logs_that_nothing_reads(ws, tmp_path):
    log = tmp_path / "flows.csv"
    head = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
    line = "2023-11-14 22:13:20.500,0.250,TCP,10.0.0.5,50000,192.0.2.7,443,4,900,1\n"
    log.write_text(head + line * 3 + line.replace("192.0.2.7", "nowhere"))
    (tmp_path / "notes.txt").write_text("nothing\nof use\n")
    ws.ingest(tmp_path / "*.csv")
    (row,) = found(ws, "rejected records")
    assert (row["place"], row["how_much"], row["share"]) == (str(log), "1 of 4 records (25 %)", 0.25)


def test_a_window_looks_only_at_its_flows(ws):
    keep(ws, [whole(number, sampling_rate=10 if number < 100 else None) for number in range(200)])
    late = ws.blind_spots(time_range=(NOON + dt.timedelta(seconds=100), NOON + dt.timedelta(days=1)), now=NOW)
    assert "sampling" not in late.table["kind"].to_pylist()


def test_many_sensors_with_the_same_lack_are_counted(ws):
    keep(ws, [whole(number, sensor=f"s{number % 8}", sampling_rate=10) for number in range(800)])
    rows = found(ws, "sampling")
    assert [row["place"] for row in rows] == [*(f"sensor s{n}" for n in range(5)), "3 more"]


def test_finders_that_suffer_are_told_by_what_they_look_at(ws):
    keep(ws, [whole(number) for number in range(10)])
    (span,) = found(ws, "span")
    assert "strobes" in span["detectors"].split(", ")
