"""What is known of many addresses: by files, lists, and what enrich() kept."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

import flowsleuth


@pytest.fixture
def ws(tmp_path):
    with flowsleuth.open(tmp_path / "case", create=True) as made:
        yield made


def test_one_row_each_in_order(ws):
    found = ws.known_addresses(["203.0.113.9", None, "1.1.1.1", "2606:4700::1", "10.0.0.5", "1.1.1.1", "ff02::1"])
    told = {row["address"]: row for row in found.table.to_pylist()}
    assert list(told) == sorted(told) == ["1.1.1.1", "10.0.0.5", "203.0.113.9", "2606:4700::1", "ff02::1"]
    assert (told["2606:4700::1"]["operator"], told["2606:4700::1"]["lists"]) == ("Cloudflare", "cloudflare")
    assert (told["1.1.1.1"]["lists"], told["1.1.1.1"]["operator"]) == ("public-dns-v4", None)
    assert [row["address_type"] for row in told.values()] == [
        "global",
        "private",
        "documentation",
        "global",
        "multicast",
    ]
    assert [row["is_internal"] for row in told.values()] == [False, True, False, False, True]
    assert found.has_systems is False
    assert found.notes[0].startswith("no source tells autonomous systems")


def test_nothing_asked(ws):
    assert ws.known_addresses([]).table.num_rows == 0
    assert ws.known_addresses(pa.chunked_array([pa.array([None], pa.string())])).table.num_rows == 0


def test_systems_of_a_geography_file_and_what_enrich_kept(ws):
    (ws.folder / "as.csv").write_text("network,asn,as_name,city\n203.0.113.0/24,64501,Two,Tokyo\n")
    kept = ws.settings
    ws.settings = replace(kept, geography=("as.csv",))
    row = ws.known_addresses(["203.0.113.9"]).table.to_pylist()[0]
    assert (row["asn"], row["as_name"], row["city"]) == (64501, "Two", "Tokyo")
    import pandas

    from flowsleuth.workspace.frames import open_frames

    flow = pandas.DataFrame([{"start": "2024-03-14T00:00Z", "src_ip": "10.0.0.5", "dst_ip": "203.0.113.9"}])
    with open_frames({"flow": flow}, ws) as other:
        other.enrich()
        other.settings = kept
        found = other.known_addresses(["203.0.113.9", "8.8.8.8"])
    assert found.table["as_name"].to_pylist() == ["Two", None]
    assert found.has_systems is True
