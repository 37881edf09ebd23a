"""Timelines of frames: what a table of events becomes, worked out by hand; bounded at any number."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from flowsleuth.errors import OptionError
from flowsleuth.investigate.dossier import Dossier, Section
from flowsleuth.viz import figure
from flowsleuth.viz.canvas import Circle, Rect, Text
from flowsleuth.viz.drawn import draw
from flowsleuth.viz.drawn_events import MARKS
from flowsleuth.viz.event_bins import BINS
from flowsleuth.viz.event_rows import ALONE, LANES, POINTS, lanes_of, read_events
from flowsleuth.viz.moments import moment_ms, moments_of, said_of
from flowsleuth.viz.reference_marks import reference_marks
from flowsleuth.viz.svg import svg
from flowsleuth.viz.tips import TOTAL

EVIL = "</script><img src=x onerror=alert(1)>"
START = pd.Timestamp("2019-02-14T12:00:00Z")


def logons(count, accounts=6, seed=7):
    """Made-up logons of a week; one account has five of them only."""
    draw_ = np.random.default_rng(seed)
    names = [f"user{n}" for n in range(accounts)]
    frame = pd.DataFrame(
        {
            "TimeGenerated": START + pd.to_timedelta(np.sort(draw_.integers(0, 7 * 86_400, count)), unit="s"),
            "Account": draw_.choice(names, count),
            "Computer": [f"host{n % 900:03}.example.org" for n in range(count)],
        }
    )
    frame.loc[frame.index[:: count // 5][:5], "Account"] = "rare"
    return frame


def section(lanes, **value):
    named = [[name, total, None] for name, total in lanes.totals.items()]
    own = {"sources": lanes.sources, "lanes": named, "bin_ms": lanes.bin_ms, **value}
    return Section("t", "Events", "series", figure="events", note=lanes.note, table=lanes.table, value=own)


def spec_of(data, sources=(), group_by=(), **value):
    return figure(section(lanes_of([read_events(data, None, sources, group_by=group_by)]), **value))


def test_events_by_hand():
    data = pa.table(
        {
            "TimeGenerated": [
                "2019-02-14 12:00:00",
                "2019-02-14T13:00:00+01:00",
                None,
                "2019-02-14 12:30:00Z",
                "never",
            ],
            "Severity": ["Low", None, "Low", "High", "Low"],
            "Name": ["a", "b", "c", None, "d"],
        }
    )
    spec = spec_of(data, ["Name"], ["Severity"])
    at = START.value // 1_000_000
    assert spec["lanes"] == [
        {"name": "High", "total": 1, "colour": None, "span": None, "marks": [[at + 1_800_000, 0, 1, None]]},
        {"name": "Low", "total": 1, "colour": None, "span": None, "marks": [[at, 0, 1, 0]]},
        {"name": "unknown", "total": 1, "colour": None, "span": None, "marks": [[at, 0, 1, 1]]},
    ]
    assert spec["note"] == "2 of 5 rows have no time and are left out; times without a zone are taken as UTC"
    assert (spec["tips"], spec["texts"], spec["bin_ms"]) == (["Name"], [["a", "b"]], None)


@pytest.mark.parametrize("make", ["pandas", "naive", "arrow", "polars", "objects"])
def test_every_make_of_table_gives_the_same(make):
    frame = logons(40)
    given = frame
    if make == "naive":
        given = frame.assign(TimeGenerated=frame["TimeGenerated"].dt.tz_localize(None))
    if make == "objects":
        given = frame.assign(TimeGenerated=[moment.to_pydatetime() for moment in frame["TimeGenerated"]])
    if make == "arrow":
        given = pa.Table.from_pandas(frame)
    if make == "polars":
        given = pytest.importorskip("polars").from_pandas(frame)
    before = given.copy(deep=True) if make != "arrow" and hasattr(given, "iloc") else None
    spec = spec_of(given, ["Computer"], ["Account"])
    assert spec["lanes"] == spec_of(frame, ["Computer"], ["Account"])["lanes"]
    assert ("without a zone" in spec["note"]) == (make == "naive")
    if before is not None:
        pd.testing.assert_frame_equal(given, before)


def test_many_events_are_put_together_and_no_event_is_lost():
    frame = logons(60_000)
    spec = spec_of(frame, ["Account", "Computer"], ["Account"])
    assert sum(lane["total"] for lane in spec["lanes"]) == 60_000
    assert sum(mark[2] for lane in spec["lanes"] for mark in lane["marks"]) == 60_000
    marks = sum(len(lane["marks"]) for lane in spec["lanes"])
    assert marks <= BINS + ALONE
    assert spec["bin_ms"] == 1_800_000
    assert spec["note"] == (
        "60,000 events are put together in bins of 30 minutes; those of 1 small lane are shown one by one"
    )
    rare = spec["lanes"][-1]
    assert rare["name"] == "rare"
    assert [mark[2] for mark in rare["marks"]] == [1] * 5


def test_a_bin_tells_its_first_its_last_and_its_most_common_text():
    frame = logons(POINTS + 2_000, accounts=1)
    spec = spec_of(frame, ["Computer"], ["Account"])
    lane = spec["lanes"][0]
    start, lasts, events, (place, often, of) = max(lane["marks"], key=lambda mark: mark[2])
    width = spec["bin_ms"]
    times = frame.loc[frame["Account"] == lane["name"], "TimeGenerated"].astype("int64")
    times = times // 10 ** (3 * {"ns": 2, "us": 1, "ms": 0}[frame["TimeGenerated"].dt.unit])
    of_bin = frame.loc[times.index[times // width == start // width]]
    assert events == len(of_bin)
    assert start == times[of_bin.index].min()
    assert start + lasts == times[of_bin.index].max()
    counts = of_bin["Computer"].value_counts()
    assert often == counts.max()
    assert of == len(counts)
    assert spec["texts"][0][place] in counts[counts == often].index


def test_small_groups_are_put_together_and_the_sum_stays():
    rows = [f"g{n:03}" for n in range(60) for _ in range(n + 1)]
    data = pa.table({"TimeGenerated": ["2019-02-14"] * len(rows), "group": rows})
    spec = spec_of(data, (), ["group"])
    assert len(spec["lanes"]) == LANES
    assert spec["lanes"][-1]["name"] == "21 others"
    assert sum(lane["total"] for lane in spec["lanes"]) == len(rows)
    assert "the 21 smallest groups are put together" in spec["note"]


def test_an_end_before_the_start_is_the_start_and_a_missing_start_is_the_end():
    data = pa.table(
        {
            "start": ["2019-02-14 12:00", "2019-02-14 12:00", None],
            "end": ["2019-02-14 12:01", "2019-02-13", "2019-02-15"],
        }
    )
    spec = figure(section(lanes_of([read_events(data, "start", end="end")])))
    at = START.value // 1_000_000
    assert spec["lanes"][0]["marks"] == [[at, 60_000, 1], [at, 0, 1], [at + 43_200_000, 0, 1]]


def test_events_within_a_second_have_bins_of_milliseconds():
    count = POINTS + 1
    data = pa.table({"start": pa.array(np.arange(count) * 50, pa.timestamp("us", tz="UTC"))})
    spec = spec_of(data)
    assert spec["bin_ms"] == 1
    assert sum(mark[2] for mark in spec["lanes"][0]["marks"]) == count


def test_texts_of_marks_are_bounded_whatever_they_are():
    count = POINTS
    long = [f"{n} " + "x" * 3_000 for n in range(count)]
    data = pa.table({"start": ["2019-02-14"] * count, **{f"c{n}": long for n in range(14)}})
    spec = spec_of(data, [f"c{n}" for n in range(14)])
    assert sum(len(text) for texts in spec["texts"] for text in texts) <= TOTAL
    assert "texts longer than 20 letters are cut" in spec["note"]
    assert "13 source columns did not fit" in spec["note"]
    assert len(json.dumps(spec)) < 1_200_000


def test_drawings_are_bounded_and_say_what_they_show():
    spec = spec_of(logons(60_000), ["Computer"], ["Account"], refs=[[START.value // 1_000_000, EVIL]])
    drawing = draw(spec)
    assert sum(isinstance(shape, Circle | Rect) for shape in drawing.shapes) <= MARKS + 60
    assert "; and 2 more lanes" in drawing.said
    page = svg(drawing)
    assert len(page) < 400_000
    assert "<img" not in page and "</script" not in page


def test_labels_of_reference_marks_do_not_cover_one_another():
    at = START.value // 1_000_000
    data = pa.table({"start": ["2019-02-14 12:00", "2019-02-15 12:00"]})
    drawing = draw(spec_of(data, refs=[[at + n * 1000, f"alert {n}"] for n in range(6)]))
    rows = [shape.y for shape in drawing.shapes if isinstance(shape, Text) and shape.text.startswith("alert")]
    assert len(rows) == len(set(rows)) == 4


def test_hostile_names_stay_text():
    data = pa.table({"start": ["2019-02-14"], EVIL: [EVIL], "group": [EVIL]})
    spec = figure(Section("t", EVIL, "series", figure="events", **vars_of(data)))
    page = svg(draw(spec))
    assert "<img" not in page
    assert "&lt;img" in page


def vars_of(data):
    lanes = lanes_of([read_events(data, "start", [EVIL], group_by=["group"])])
    return {"table": lanes.table, "value": {"sources": lanes.sources}}


def test_a_section_survives_json():
    made = section(lanes_of([read_events(logons(50), None, ["Computer"], group_by=["Account"])]), refs=[[1, "a"]])
    again = Dossier.from_json(Dossier("t", "q", sections=(made,)).to_json()).sections[0]
    assert figure(again) == figure(made)


def test_no_rows_and_no_times_are_told():
    empty = spec_of(pa.table({"start": pa.array([], pa.string())}))
    assert empty["absent"] == "nothing was found"
    none = spec_of(pd.DataFrame({"start": [None, None]}))
    assert none["absent"] == "2 of 2 rows have no time and are left out"
    assert draw(none) is None


def test_what_is_no_time_is_refused():
    with pytest.raises(OptionError, match="not a column of times"):
        moments_of(pa.table({"n": [1, 2]}), "n")
    with pytest.raises(OptionError, match=r"no such column.*did you mean TimeGenerated"):
        read_events(logons(5), "TimeGenerate")
    with pytest.raises(OptionError, match="no column of times is named"):
        read_events(pa.table({"host": ["a"]}), None)
    for moment in ("soon", None, 7, True, EVIL):
        with pytest.raises(OptionError, match="not a time"):
            moment_ms(moment)


def test_times_that_no_axis_can_name_are_left_out():
    found = moments_of(pa.table({"at": pa.array([0, 2**62], pa.timestamp("us"))}), "at")
    assert (found.micros.to_pylist(), found.missing, found.is_naive) == ([0, None], 1, True)
    assert said_of(2, found).startswith("1 of 2 rows has no time")


def test_reference_marks_of_every_kind():
    class Alert:
        AlertDisplayName = "Logon"
        TimeGenerated = pd.Timestamp("1970-01-01T00:00:03Z")

    rows = pd.DataFrame({"StartTimeUtc": ["1970-01-01 00:00:04", None], "name": ["four", "lost"]})
    found, note = reference_marks(
        ref_time="1970-01-01T00:00:02", ref_event=rows.iloc[0], alert=Alert(), ref_events=rows, ref_col="name",
        ref_times=[("1970-01-01T02:00:01+02:00", "one"), np.datetime64("1970-01-01T00:00:05")],
    )  # fmt: skip
    assert found == [
        [1000, "one"],
        [2000, "reference"],
        [3000, "Logon"],
        [4000, "four"],
        [4000, "four"],
        [5000, "reference"],
    ]
    assert note == ""
    many, note = reference_marks(ref_times=["1970-01-01"] * 59)
    assert len(many) == 40
    assert note == "only the first 40 of 59 reference marks are shown"
    with pytest.raises(OptionError, match="alert: has no time"):
        reference_marks(alert={"name": "x"})
