"""Beacons in stored flows: by name and by address, what is left out, the same on every reading."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

import flowsleuth
from flowsleuth.detect.beacons import BeaconOptions, longest_period_s
from flowsleuth.detect.days import pair_times
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli import main
from flowsleuth.workspace import init

FIELDS = ["start", "end", "src_ip", "src_port", "dst_ip", "dst_port", "proto", "src_bytes", "dst_bytes", "server_name"]
BEGIN = 1_700_000_000


def rows(src, dst, seconds, port=443, proto="tcp", name=""):
    return [
        (BEGIN + at, BEGIN + at + 0.2, src, 40_000 + n % 20_000, dst, port, proto, 300, 500, name)
        for n, at in enumerate(seconds)
    ]


def write_log(folder: Path) -> Path:
    rng = np.random.default_rng(4)
    every = lambda period, jitter=0.1: np.cumsum(period * (1 + rng.uniform(-jitter, jitter, int(86_400 / period))))  # noqa: E731
    found = rows("10.0.0.5", "192.0.2.7", every(300))
    found += rows("10.0.0.6", "198.51.100.1", every(600), name="Cdn.Example.ORG")[::2]
    found += rows("10.0.0.6", "198.51.100.2", every(600), name="cdn.example.org")[1::2]
    found += rows("10.0.0.7", "198.51.100.9", np.sort(rng.uniform(0, 86_400, 400)))
    found += rows("10.0.0.8", "239.255.255.250", every(120), port=1900, proto="udp")
    found += rows("203.0.113.4", "10.0.0.9", every(900), port=80)
    found += rows("10.0.0.9", "192.0.2.7", every(400), port="", proto="esp")
    found += rows("10.0.0.10", "192.0.2.8", [0, 900, 1800, 2700])
    path = folder / "flows.jsonl"
    keys = dict(zip(FIELDS, FIELDS, strict=True))
    lines = [json.dumps({k: v for k, v in zip(keys, row, strict=True) if v != ""}) for row in found]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = init(tmp_path_factory.mktemp("beacons") / "case", home=["10.0.0.0/8"])
    log = write_log(folder)
    mapping = folder / "mapping.toml"
    times = "".join(f'{name} = {{ column = "{name}", unit = "s" }}\n' for name in FIELDS[:2])
    others = "".join(f'{name} = {{ column = "{name}", optional = true }}\n' for name in FIELDS[2:])
    mapping.write_text(f'[file]\nformat = "json"\n[flow]\n{times}{others}')
    with flowsleuth.open(folder) as ws:
        report = ws.ingest(log, reader="table", options={"mapping": mapping})
        assert report.failed == [] and report.rows["flow"] > 1_000
    return folder


def told(ws, **options):
    found = ws.beacons(BeaconOptions(**options)).table
    return {(row["src_ip"], row["peer"]): row for row in found.to_pylist()}


def test_beacons_by_address_and_by_name_are_found_and_nothing_else(case):
    with flowsleuth.open(case) as ws:
        found = told(ws)
    assert set(found) == {("10.0.0.5", "192.0.2.7"), ("10.0.0.6", "cdn.example.org"), ("10.0.0.9", "192.0.2.7")}
    row = found["10.0.0.5", "192.0.2.7"]
    assert row["period_s"] == pytest.approx(300, rel=0.02) and row["jitter"] == pytest.approx(0.1, abs=0.03)
    assert row["p_value"] < 1e-50 and row["q_value"] < 1e-40 and 0.8 < row["score"] <= 1
    assert (row["connections"], row["sources"], row["port"], row["is_name"], row["hours"]) == (288, 2, 443, False, 24)
    assert row["reason"].startswith("every 5 min ± ") and "2 sources connect to it" in row["reason"]
    named = found["10.0.0.6", "cdn.example.org"]
    assert named["is_name"] and named["connections"] == 144  # two addresses behind one name
    plain = found["10.0.0.9", "192.0.2.7"]
    assert (plain["port"], plain["proto"]) == (None, "esp")


def test_sources_that_are_not_ours_when_asked_for(case):
    with flowsleuth.open(case) as ws:
        assert ("203.0.113.4", "10.0.0.9") in told(ws, inbound=True)


def test_portions_give_what_the_whole_gives(case, monkeypatch):
    with flowsleuth.open(case) as ws:
        whole = ws.beacons().table
        monkeypatch.setattr(pair_times, "ROWS_AT_ONCE", 200)
        assert ws.beacons().table.equals(whole)


def test_a_window_and_too_few(case):
    with flowsleuth.open(case) as ws:
        from datetime import UTC, datetime, timedelta

        begin = datetime.fromtimestamp(BEGIN, UTC)
        short = ws.beacons(time_range=(begin, begin + timedelta(minutes=20))).table
        assert len(short) == 0 and short.schema.equals(ws.beacons().table.schema)  # of the same types
        assert ws.beacons(BeaconOptions(least=1_000)).table.num_rows == 0


def test_nothing_stored(tmp_path):
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        assert len(ws.beacons().table) == 0


def test_options():
    for wrong in ({"least": 2}, {"false_share": 1.5}, {"most": 1}):
        with pytest.raises(OptionError):
            BeaconOptions(**wrong)


def test_the_longest_period_is_a_quarter_of_the_span():
    assert longest_period_s(400.0) == 100.0


def test_the_command(case, capsys):
    assert main(["beacons", "-w", str(case)]) == 0
    shown = capsys.readouterr().out
    assert "10.0.0.5" in shown and "every 5 min" in shown and "tested" in shown and "longest period" in shown
    assert "443/tcp" in shown  # as leads are shown
    assert main(["beacons", "-w", str(case), "--most-sources", "1", "--format", "csv"]) == 0
    listed = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["src_ip"] for row in listed] == ["10.0.0.6"] and listed[0]["technique"] == "T1071"


@pytest.mark.real
def test_software_of_a_quiet_desk_beats(shared_data, tmp_path):
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        ws.ingest(shared_data / "labelled" / "zeek_ctu_normal40_day1")
        found = ws.beacons().table
    peers = found["peer"].to_pylist()
    assert "v10.events.data.microsoft.com" in peers and "pico.eset.com" in peers  # software that asks every so often
    assert len(found) < 20
