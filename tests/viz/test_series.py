"""Values over time: what a table of numbers becomes, worked out by hand; the telling ones are kept at any number."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from flowsleuth.errors import OptionError
from flowsleuth.investigate.dossier import Dossier, Section
from flowsleuth.viz import figure
from flowsleuth.viz.canvas import THREAT, Circle, Shape, Text
from flowsleuth.viz.drawn import draw
from flowsleuth.viz.svg import svg
from flowsleuth.viz.value_rows import KEPT, SERIES, read_values

EVIL = "</script><img src=x onerror=alert(1)>"
HOURS = pa.table(
    {
        "start": ["2019-02-14 12:00", "2019-02-14 13:00", "2019-02-14 14:00", "2019-02-14 15:00"],
        "Total": [9.0, 40.0, -3.0, None],
        "baseline": [8.5, 8.0, 8.0, 8.0],
        "low": [5.0, 5.0, None, 5.0],
        "high": [12.0, 12.0, 12.0, 12.0],
        "anomalies": [0, 1, -1, 1],
    }
)
AT = 1_550_145_600_000
HOUR = 3_600_000


def spec_of(values, **own):
    named = [[name, total, None] for name, total in values.totals.items()]
    value = {"measure": "Total", "draw": ["line"], "sources": values.sources, "series": named, **own}
    return figure(Section("s", "T", "series", figure="series", note=values.note, table=values.table, value=value))


def anomalous(**own):
    band = {"expected": "baseline", "low": "low", "high": "high"}
    return spec_of(read_values(HOURS, "Total", band=band, anomalies="anomalies"), **own)


def test_values_with_band_and_anomalies_both_ways():
    spec = anomalous()
    assert spec["series"] == [
        {"name": "Total", "total": 3, "colour": None, "points": [[AT, 9.0], [AT + HOUR, 40.0], [AT + 2 * HOUR, -3.0]]}
    ]
    assert spec["band"] == [
        [AT, 8.5, 5.0, 12.0], [AT + HOUR, 8.0, 5.0, 12.0], [AT + 2 * HOUR, 8.0, None, 12.0],
    ]  # fmt: skip
    assert spec["anomalies"] == [[AT + HOUR, 40.0, "above"], [AT + 2 * HOUR, -3.0, "below"]]
    assert spec["note"] == "1 of 4 rows has no value and is left out; times without a zone are taken as UTC"


def test_the_drawing_points_to_anomalies_the_way_they_went():
    drawing = draw(anomalous())
    arrows = [shape for shape in drawing.shapes if isinstance(shape, Shape) and shape.fill == THREAT]
    tips = [shape.tip for shape in drawing.shapes if isinstance(shape, Circle) and shape.tip]
    assert [arrow.steps[2][2] < arrow.steps[0][2] for arrow in arrows] == [True, False]
    assert tips[1] == "2019-02-14 14:00:00 UTC: -3 Total, below what was expected"
    assert "2 anomalies" in drawing.said
    names = [shape.text for shape in drawing.shapes if isinstance(shape, Text)]
    assert "expected" in names and "anomaly" in names
    assert "-10" in names  # the axis goes below zero


@pytest.mark.parametrize("kinds", [["vbar"], ["circle"], ["line"], ["vbar", "circle"], ["vbar", "circle", "line"]])
def test_every_kind_is_drawn(kinds):
    page = svg(draw(anomalous(draw=kinds)))
    assert ("<rect" in page.split("</text>")[-1]) or page.count("<circle") or page.count("<path")


def test_what_was_expected_is_drawn_for_one_series_only():
    data = HOURS.append_column("g", pa.array(["a", "b", "a", "b"]))
    spec = spec_of(read_values(data, "Total", group_by=["g"], band={"expected": "baseline"}))
    assert spec["band"] == []
    assert "it is drawn for one series" in spec["note"]


def test_many_values_keep_their_first_last_smallest_and_largest():
    draw_ = np.random.default_rng(7)
    count = 200_000
    frame = pd.DataFrame(
        {
            "start": pd.Timestamp("2019-02-14", tz="UTC") + pd.to_timedelta(np.arange(count), unit="s"),
            "bytes": draw_.lognormal(8, 2, count),
            "is_odd": False,
        }
    )
    frame.loc[777, "is_odd"] = True
    values = read_values(frame, "bytes", anomalies="is_odd")
    assert len(values.table) <= KEPT + 1
    assert values.totals == {"bytes": count}
    assert f"of {count:,} values are shown: of each" in values.note
    kept = values.table["value"].to_pylist()
    assert {frame["bytes"].max(), frame["bytes"].min(), frame["bytes"].iloc[0], frame["bytes"].iloc[-1]} <= set(kept)
    assert sum(values.table["is_anomaly"].to_pylist()) == 1
    assert len(svg(draw(spec_of(values, draw=["vbar"])))) < 400_000
    assert len(svg(draw(spec_of(values, draw=["vbar", "circle"])))) < 1_000_000


def test_small_series_are_put_together():
    rows = [f"p{n}" for n in range(12) for _ in range(n + 1)]
    data = pa.table({"start": ["2019-02-14"] * len(rows), "g": rows, "v": [1] * len(rows)})
    spec = spec_of(read_values(data, "v", group_by=["g"]))
    assert [one["name"] for one in spec["series"]][-1] == "5 others"
    assert len(spec["series"]) == SERIES


def test_texts_that_are_numbers_are_read_and_others_refused():
    data = pa.table({"start": ["2019-02-14", "2019-02-15"], "v": ["7", "x"], "w": ["a", "b"], "i": [float("inf"), 1.0]})
    assert read_values(data, "v").table["value"].to_pylist() == [7.0]
    assert read_values(data, "i").table["value"].to_pylist() == [1.0]
    for name in ("w", "start"):
        with pytest.raises(OptionError, match="not a column of numbers"):
            read_values(data, name)
    with pytest.raises(OptionError, match="no such column"):
        read_values(data, "z")


def test_no_values_are_told_and_a_single_one_is_drawn():
    none = spec_of(read_values(HOURS.slice(3), "Total"))
    assert none["absent"].startswith("1 of 1 row has no value")
    one = draw(spec_of(read_values(HOURS.slice(0, 1), "Total")))
    assert any(isinstance(shape, Circle) for shape in one.shapes)
    zero = pa.table({"start": ["2019-02-14"], "v": [0]})
    assert draw(spec_of(read_values(zero, "v"))) is not None


def test_hostile_names_stay_text_and_sections_survive_json():
    data = pa.table({"start": ["2019-02-14"], "v": [1], "g": [EVIL], EVIL: [EVIL]})
    values = read_values(data, "v", group_by=["g"], sources=[EVIL])
    named = [[name, total, None] for name, total in values.totals.items()]
    value = {"measure": EVIL, "draw": ["circle"], "sources": values.sources, "series": named, "refs": [[AT, EVIL]]}
    made = Section("s", EVIL, "series", figure="series", table=values.table, value=value)
    page = svg(draw(figure(made)))
    assert "<img" not in page
    assert EVIL[:8] not in page
    again = Dossier.from_json(Dossier("t", "q", sections=(made,)).to_json()).sections[0]
    assert figure(again) == figure(made)
