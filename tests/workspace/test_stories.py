"""Stories on a workspace: saved, replaced, exported; with hostile words in all of them."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import flowsleuth
from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.investigate.spot_rows import COLUMNS
from flowsleuth.schema import FLOW

HOSTILE = "=cmd|' /C calc'!A0</script><script>alert(1)</script><img src=x onerror=alert(2)>&\"'`{{7*7}}"
HEAD = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
LINES = """\
2024-03-14 09:59:58.000,1.000,TCP,10.0.0.5,50000,198.51.100.1,443,4,900,1
2024-03-14 09:59:59.000,1.000,TCP,10.0.0.5,50001,198.51.100.1,443,4,3000000000,1
2024-03-14 10:00:01.000,0.500,TCP,198.51.100.1,443,10.0.0.5,50001,9,8000000000,1
2024-03-14 10:00:02.000,0.000,UDP,10.0.0.5,5353,198.51.100.9,53,1,60,1
2024-03-14 10:00:03.000,0.000,TCP,203.0.113.7,40000,10.0.0.5,22,3,180,1
2024-03-15 10:00:03.000,0.000,TCP,203.0.113.7,40001,10.0.0.5,22,3,180,1
2024-03-15 10:00:04.000,0.000,TCP,10.0.0.5,40001,10.0.0.9,445,3,180,1
2024-03-15 11:00:04.000,0.000,TCP,2001:db8::7,40001,10.0.0.9,445,3,180,1
"""


@pytest.fixture
def case(tmp_path):
    """A workspace with a few flows and all three context files."""
    from flowsleuth.workspace import init

    log = tmp_path / "flows.csv"
    log.write_text(HEAD + LINES)
    folder = init(tmp_path / "case", home=["10.0.0.0/8"])
    context = folder / "context"
    context.mkdir()
    (context / "networkcontext_1.csv").write_text(
        "address,name\n198.51.100.0/24,vpn-partner.example\n10.0.0.0/24,Campus.north\n"
    )
    place = '"{}","{}","XX","Somewhere","","{}","{}","{}","{}","d.example"'
    number = {"198.51.100.0": 3325256704, "203.0.113.0": 3405803776, "10.0.0.0": 167772160}
    rows = [
        place.format(number["10.0.0.0"], number["10.0.0.0"] + 255, "Home", 50, 14, "Us"),
        place.format(number["198.51.100.0"], number["198.51.100.0"] + 255, "Far", -33, 151, "Them"),
        place.format(number["203.0.113.0"], number["203.0.113.0"] + 255, "Near", 52, 5, "Others"),
    ]
    (context / "iploc.csv").write_text("\n".join(rows))
    with flowsleuth.open(folder, analyst="ana") as ws:
        ws.ingest(log)
    return folder


@pytest.fixture
def ws(case):
    with flowsleuth.open(case, analyst="ana") as opened:
        yield opened


def test_a_story_keeps_its_evidence(ws):
    saved = ws.investigate("10.0.0.5").save_story(" Implant ", "One.\n\nTwo.")
    read = ws.story(saved.story_id)
    assert read == saved
    assert (read.title, read.target, read.analyst) == ("Implant", "10.0.0.5", "ana")
    assert read.dossier["peers"].table.num_rows == 4
    assert [row["story_id"] for row in ws.stories().table.to_pylist()] == [saved.story_id]


def test_saving_again_replaces_and_keeps_history(ws):
    """Spot appended: every save doubled the timeline."""
    first = ws.investigate("10.0.0.5").save_story("first")
    second = ws.investigate("10.0.0.5").save_story("second")
    other_window = ws.investigate("10.0.0.5", end=dt.datetime(2024, 3, 15, tzinfo=dt.UTC)).save_story("a day")
    titles = {row["story_id"]: row["title"] for row in ws.stories().table.to_pylist()}
    assert titles == {second.story_id: "second", other_window.story_id: "a day"}
    assert ws.story(first.story_id).title == "first"
    deeds = [row["detail"] for row in ws.case.rows("audit", {"object": "story"})]
    assert [deed["replaces"] for deed in deeds] == [[], [first.story_id], []]
    marks = ws.story(second.story_id).dossier["timeline"].table
    assert sum(marks["connections"].to_pylist()) == 7


def test_a_save_that_fails_leaves_the_story_there_was(ws, monkeypatch):
    kept = ws.investigate("10.0.0.5").save_story("kept")
    again = ws.investigate("10.0.0.5")
    monkeypatch.setattr("flowsleuth.store.case.CaseTransaction.audit", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        again.save_story("lost")
    assert ws.stories().table["story_id"].to_pylist() == [kept.story_id]


def test_removed_stories_stay_in_the_database(ws):
    story = ws.investigate("10.0.0.5").save_story("gone")
    ws.remove_story(story.story_id)
    assert len(ws.stories()) == 0
    assert ws.story(story.story_id).title == "gone"
    with pytest.raises(OptionError, match="no live story"):
        ws.remove_story(story.story_id)


@pytest.mark.parametrize("title", ["", "  ", "x" * 501])
def test_titles_that_are_refused(ws, title):
    with pytest.raises(OptionError):
        ws.investigate("10.0.0.5").save_story(title)


def test_no_such_story(ws):
    with pytest.raises(OptionError, match="no story has this id"):
        ws.story(99)
    with pytest.raises(OptionError, match="whole number"):
        ws.story("1; DROP TABLE story")


# exports -------------------------------------------------------------------------------------------------------------


def test_spot_files_have_spots_shapes(ws, tmp_path):
    story = ws.investigate("10.0.0.5").save_story("s")
    paths = ws.export_story(story.story_id, tmp_path / "out", "spot-json")
    assert [path.name for path in paths] == [
        "globe-10.0.0.5.json",
        "stats-10.0.0.5.json",
        "threat-dendro-10.0.0.5.json",
    ]
    globe, stats, tree = (json.loads(path.read_text()) for path in paths)
    assert stats == {
        "name": "",
        "size": 4,
        "children": [
            {"name": "Inbound Only", "size": 1, "children": [{"name": "Others", "size": 1}]},
            {
                "name": "Outbound Only",
                "size": 2,
                "children": [{"name": "Campus", "size": 1}, {"name": "VPN", "size": 1}],
            },
            {"name": "two way", "size": 1, "children": [{"name": "VPN", "size": 1}]},
        ],
    }
    assert tree == {
        "name": "10.0.0.5",
        "time": "",
        "children": [
            {"name": "Inbound Only", "impact": 1, "children": [{"name": "Others", "impact": 1}]},
            {
                "name": "Outbound Only",
                "impact": 2,
                "children": [{"name": "Campus.north", "impact": 1}, {"name": "vpn-partner.example", "impact": 1}],
            },
            {"name": "two way", "impact": 1, "children": [{"name": "vpn-partner.example", "impact": 1}]},
        ],
    }
    assert list(globe) == ["type", "sourceips", "destips"]
    assert globe["sourceips"][0] == {
        "type": "Feature",
        "properties": {"location": "Us", "ip": "10.0.0.5", "type": 1},
        "geometry": {"type": "Point", "coordinates": [14.0, 50.0]},
    }


def test_arcs_pair_by_position_for_every_way(ws, tmp_path):
    """Spot put two-way peers in one list only, so all later pairs were shifted."""
    story = ws.investigate("10.0.0.5").save_story("s")
    globe = json.loads(ws.export_story(story.story_id, tmp_path, "spot-json")[0].read_text())
    pairs = [
        (one["properties"]["ip"], other["properties"]["ip"], one["properties"]["type"])
        for one, other in zip(globe["sourceips"], globe["destips"], strict=True)
    ]
    assert sorted(pairs) == [
        ("10.0.0.5", "10.0.0.9", 3),
        ("10.0.0.5", "198.51.100.1", 1),
        ("10.0.0.5", "198.51.100.9", 3),
        ("203.0.113.7", "10.0.0.5", 2),
    ]


def test_without_places_there_is_a_globe_without_arcs(ws, case, tmp_path):
    (case / "context" / "iploc.csv").unlink()
    story = ws.investigate("10.0.0.5").save_story("s")
    globe = json.loads(ws.export_story(story.story_id, tmp_path, "spot-json")[0].read_text())
    assert globe == {"type": "FeatureCollection", "sourceips": [], "destips": []}
    assert story.figures()["places"]["absent"] == "there is no iploc.csv in the folder context"


def test_ipv6_names_of_files(ws, tmp_path):
    story = ws.investigate("2001:db8::7").save_story("six")
    assert ws.export_story(story.story_id, tmp_path, "html")[0].name == f"story-{story.story_id}-2001_db8__7.html"
    assert ws.export_story(story.story_id, tmp_path, "spot-json")[0].name == "globe-2001_db8__7.json"


def test_the_seven_tables_have_spots_names_and_columns(ws, tmp_path):
    ws.score()
    ws.rate(1, dst_ip="198.51.100.1", why="exfiltration")
    story = ws.investigate("10.0.0.5").save_story(HOSTILE, "text")
    tables = {path.stem: pq.read_table(path) for path in ws.export_story(story.story_id, tmp_path, "spot-parquet")}
    assert list(tables) == list(COLUMNS)
    for name, table in tables.items():
        assert table.column_names == [column.split()[0] for column in COLUMNS[name]]
    timeline = tables["flow_timeline"].to_pylist()
    assert len(timeline) == 7
    assert timeline[1] == {
        "ip_threat": "10.0.0.5", "tstart": "2024-03-14 09:59:59", "tend": "2024-03-14 10:00:00", "srcip": "10.0.0.5",
        "dstip": "198.51.100.1", "proto": "TCP", "sport": 50001, "dport": 443, "ipkt": 4, "ibyt": 3_000_000_000,
        "y": 2024, "m": 3, "d": 14,
    }  # fmt: skip
    assert tables["flow_timeline"]["ibyt"].type == pa.int64()
    assert tables["flow_storyboard"].to_pylist() == [
        {"ip_threat": "10.0.0.5", "title": HOSTILE, "text": "text", "y": 2024, "m": 3, "d": 14}
    ]
    assert tables["flow_scores"]["rank"].to_pylist() == list(range(len(tables["flow_scores"])))
    assert set(tables["flow_scores"]["srcip_internal"].to_pylist()) == {0, 1}
    assert 8_000_000_000 in tables["flow_scores"]["ibyt"].to_pylist()
    assert len(tables["flow_threat_investigation"]) == 1
    chords = {(r["srcip"], r["dstip"]): r["ibyt"] for r in tables["flow_chords"].to_pylist()}
    assert chords["10.0.0.5", "198.51.100.1"] == 3_000_000_900
    assert chords["198.51.100.1", "10.0.0.5"] == 8_000_000_000
    edges = [(r["srcip"], r["dstip"], r["hh"], r["mn"]) for r in tables["flow_edge"].to_pylist()]
    assert ("10.0.0.5", "198.51.100.1", 9, 59) in edges


def test_summary_times_are_zero_padded_and_in_order(ws, tmp_path):
    """Spot wrote 2024-3-14 9:59 and ordered it as text, after 10:00."""
    story = ws.investigate("10.0.0.5").save_story("s")
    path = ws.export_story(story.story_id, tmp_path, "spot-csv")[3]
    rows = list(csv.DictReader(path.open(newline="")))
    assert [(row["tdate"], row["total"]) for row in rows] == [
        ("2024-03-14 09:59:00", "2"),
        ("2024-03-14 10:00:00", "3"),
        ("2024-03-15 10:00:00", "2"),
        ("2024-03-15 11:00:00", "1"),
    ]


def test_words_of_a_story_cannot_run_in_a_spreadsheet(ws, tmp_path):
    story = ws.investigate("10.0.0.5").save_story(HOSTILE, "+1")
    paths = {path.stem: path for path in ws.export_story(story.story_id, tmp_path, "spot-csv")}
    row = next(csv.DictReader(paths["flow_storyboard"].open(newline="")))
    assert (row["title"], row["text"]) == ("'" + HOSTILE, "'+1")


def test_a_page_runs_and_fetches_nothing(ws, case, tmp_path):
    (case / "context" / "networkcontext_1.csv").write_text(
        f'address,name\n198.51.100.0/24,"{HOSTILE.replace(chr(34), "")}"\n'
    )
    story = ws.investigate("10.0.0.5").save_story(HOSTILE, HOSTILE)
    page = ws.export_story(story.story_id, tmp_path / "story.html", "html")[0].read_text()
    assert "<script" not in page.lower()
    assert "<img" not in page.lower()
    assert not re.search(r"<[^>]*\son\w+\s*=", page, re.I)
    assert not re.search(
        r"(?:src|href|url\()\s*=?\s*[\"']?(?:https?:)?//", page.replace("http://www.w3.org/2000/svg", "")
    )
    assert "default-src 'none'" in page
    assert "&lt;script&gt;alert(1)" in page
    assert page.count("<svg") == 5
    assert "3.0 GB" in page


def test_a_pdf_has_the_words_and_survives_hostile_ones(ws, tmp_path):
    pytest.importorskip("reportlab")
    story = ws.investigate("10.0.0.5").save_story(HOSTILE, "<para><b>not closed\n\x00\x07 čeština 漢字")
    content = ws.export_story(story.story_id, tmp_path / "story.pdf", "pdf")[0].read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"/JavaScript" not in content
    assert b"/URI" not in content


def test_without_reportlab_the_extra_is_named(ws, tmp_path, monkeypatch):
    story = ws.investigate("10.0.0.5").save_story("s")
    monkeypatch.setitem(__import__("sys").modules, "reportlab", None)
    with pytest.raises(FlowsleuthError, match=r"flowsleuth\[pdf\]"):
        ws.export_story(story.story_id, tmp_path / "story.pdf", "pdf")
    assert not (tmp_path / "story.pdf").exists()


def test_formats_and_places_that_are_refused(ws, tmp_path):
    story = ws.investigate("10.0.0.5").save_story("s")
    with pytest.raises(OptionError, match="no such format"):
        ws.export_story(story.story_id, tmp_path, "docx")
    (tmp_path / "file").write_text("")
    with pytest.raises(FlowsleuthError, match="cannot be written"):
        ws.export_story(story.story_id, tmp_path / "file" / "x.html", "html")


# the other questions -------------------------------------------------------------------------------------------------


def test_threats_are_ordered_as_numbers(ws):
    """Spot sorted them by their first character."""
    row = {
        "rating_id": 1,
        "made": dt.datetime(2024, 3, 16, tzinfo=dt.UTC),
        "detector": "suspicious",
        "date": "2024-03-14",
    }
    row |= {"flow_id": None, "flows": 2, "is_live": True}
    ends = [("10.0.0.10", "2.0.0.1"), ("10.0.0.9", "2.0.0.1"), ("2001:db8::1", "10.0.0.10"), ("9.9.9.9", None)]
    severities = [1, 1, 1, 3]
    labels = [
        {**row, "suspect_id": at, "severity": severity, "src_ip": src, "dst_ip": dst}
        for at, ((src, dst), severity) in enumerate(zip(ends, severities, strict=True))
    ]
    overruled = {**row, "suspect_id": 9, "src_ip": "7.7.7.7", "dst_ip": None}
    with ws.case.transaction("ana") as case:
        case.insert_many("label", [*labels, {**overruled, "severity": 1}, {**overruled, "severity": 3}])
    ws.investigate("10.0.0.9").save_story("told")
    found = [(r["address"], r["suspects"], r["flows"], r["has_story"]) for r in ws.threats().table.to_pylist()]
    assert found == [
        ("2.0.0.1", 2, 4, False),
        ("10.0.0.10", 2, 4, False),
        ("10.0.0.9", 1, 2, True),
        ("2001:db8::1", 1, 2, False),
    ]


def test_details_are_both_directions_of_that_minute(ws):
    flows = ws.store.arrow(ws.table("flow").order_by("start"))
    ids = flows["flow_id"].to_pylist()
    assert ws.details(ids[0]).table["flow_id"].to_pylist() == ids[0:2]
    assert ws.details(ids[2]).table.column_names == list(FLOW.names)
    assert ws.details(ids[2]).table["flow_id"].to_pylist() == [ids[2]]
    with pytest.raises(OptionError, match="no flow has this id"):
        ws.details(1)


def test_chord_tells_who_sent(ws):
    """Spot's page had sent and got the wrong way round."""
    ws.score()
    found = {(r["src_ip"], r["dst_ip"]): r["bytes"] for r in ws.chord("10.0.0.5").table.to_pylist()}
    assert found["10.0.0.5", "198.51.100.1"] == 3_000_000_900
    assert found["198.51.100.1", "10.0.0.5"] == 8_000_000_000
    assert set(ws.chord("10.0.0.5", date="2024-03-15").table["src_ip"].to_pylist()) <= {"10.0.0.5", "203.0.113.7"}
    assert len(ws.chord("192.0.2.1")) == 0


def test_ingest_summary_in_any_range_and_width(ws):
    minutes = ws.ingest_summary().table.to_pylist()
    assert [(row["start"].isoformat(), row["rows"]) for row in minutes] == [
        ("2024-03-14T09:59:00+00:00", 2),
        ("2024-03-14T10:00:00+00:00", 3),
        ("2024-03-15T10:00:00+00:00", 2),
        ("2024-03-15T11:00:00+00:00", 1),
    ]
    day = ws.ingest_summary(start=dt.datetime(2024, 3, 15, tzinfo=dt.UTC), bins=3).table.to_pylist()
    assert sum(row["rows"] for row in day) == 3
    assert len({row["bin_s"] for row in day}) == 1
    for bins in (1, 2, 5, 100):
        rows = ws.ingest_summary(bins=bins).table
        assert len(rows) <= bins
        assert sum(rows["rows"].to_pylist()) == 8
    with pytest.raises(OptionError):
        ws.ingest_summary(bins=0)


def test_a_network_as_target(ws):
    found = ws.investigate("10.0.0.0/24")
    assert found.totals["within"] == 1
    assert found.totals["connections"] == 7
    assert found.is_internal is True
    ws.export_story(found.save_story("a network").story_id, ws.folder / "n.html")


def test_the_queue_as_a_graph(ws):
    ws.score()
    graph = ws.network(top=100)
    edges = {(edge["source"], edge["target"]) for edge in graph["edges"]}
    assert ("10.0.0.5", "198.51.100.1") in edges
    assert all(source <= target for source, target in edges)
    internal = {node["id"]: node["is_internal"] for node in graph["nodes"]}
    assert internal["10.0.0.5"] and not internal["198.51.100.1"]
    assert all(0 <= edge["weight"] <= 1 for edge in graph["edges"])


def test_only_the_days_of_a_window_are_opened(ws):
    from flowsleuth.workspace.investigation import days_of

    assert days_of(ws, "flow", dt.datetime(2024, 3, 15, tzinfo=dt.UTC), None) == ["2024-03-15"]
    assert days_of(ws, "flow", None, dt.datetime(2024, 3, 14, 12, tzinfo=dt.UTC)) == ["2024-03-14"]
