"""Lanes and histograms: what a table of bins becomes, worked out by hand; nothing is lost, nothing grows unbounded."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from flowsleuth.errors import FlowsleuthError
from flowsleuth.viz import figure
from flowsleuth.viz.binned import MARKS
from flowsleuth.viz.canvas import THREAT, Circle, Rect, Text, text_width
from flowsleuth.viz.drawn import draw
from flowsleuth.viz.drawn_lanes import MARKS as MARKS_DRAWN
from flowsleuth.viz.lanes import LANES
from flowsleuth.viz.svg import svg
from tests.viz.tables import T0_MS, binned, many_places, series

FLOWS = binned(
    [(0, "dns", 2, 100, 0), (2, "https", 7, None, 3), (0, "https", 1, 900, 0), (2, None, 4, 50, 0)],
    "flows", "bytes", "denied",
)  # fmt: skip


def test_lanes_by_hand():
    spec = figure(series(FLOWS, note="UTC"))
    assert (spec["bin_s"], spec["measures"], spec["note"]) == (60, ["flows", "bytes", "denied"], "UTC")
    assert spec["lanes"] == [
        {
            "name": "https",
            "totals": [8, 900, 3],
            "marks": [[T0_MS, 1, 900, 0], [T0_MS + 120_000, 7, None, 3]],
        },
        {"name": "unknown", "totals": [4, 50, 0], "marks": [[T0_MS + 120_000, 4, 50, 0]]},
        {"name": "dns", "totals": [2, 100, 0], "marks": [[T0_MS, 2, 100, 0]]},
    ]
    json.dumps(spec, allow_nan=False)


def test_small_lanes_are_put_together_and_the_sum_stays():
    table = binned([(0, f"p{n:02}", n + 1) for n in range(25)], "alerts")
    spec = figure(series(table, note="UTC"))
    assert spec["note"] == "UTC; the 6 smallest lanes are put together"
    assert len(spec["lanes"]) == LANES
    assert spec["lanes"][-1] == {"name": "6 others", "totals": [1 + 2 + 3 + 4 + 5 + 6], "marks": [[T0_MS, 21]]}
    assert sum(lane["totals"][0] for lane in spec["lanes"]) == 25 * 26 // 2


def test_narrow_bins_are_put_together_and_the_sum_stays():
    count = 3 * MARKS
    table = binned([(n, "dns", 2) for n in range(count)], "flows")
    spec = figure(series(table))
    assert spec["bin_s"] == 300
    assert spec["note"] == "bins of minute are put together as 5 minutes"
    marks = spec["lanes"][0]["marks"]
    assert len(marks) <= MARKS
    assert all(start % 300_000 == 0 for start, _ in marks)
    assert sum(flows for _, flows in marks) == 2 * count


def test_bins_before_1970_go_down():
    start = pa.array([-1_000_000], pa.timestamp("us", tz="UTC"))
    spec = figure(series(pa.table({"start": start, "series": ["dns"], "bin_s": [1], "flows": [1]})))
    assert spec["lanes"][0]["marks"] == [[-1000, 1]]


@pytest.mark.parametrize("kind", ["lanes", "histogram", "places", "heat", "matrix", "relations"])
def test_no_rows_are_told(kind):
    spec = figure(series(FLOWS.slice(0, 0), kind))
    assert spec["absent"] == "nothing was found"
    assert draw(spec) is None


def test_a_table_without_numbers_is_refused():
    with pytest.raises(FlowsleuthError, match="no column of numbers"):
        figure(series(FLOWS.select(["start", "series", "bin_s"])))


def test_histogram_by_hand():
    """The same table; only the first measure is drawn, and what was not told is not zero."""
    spec = figure(series(FLOWS.select(["start", "series", "bin_s", "bytes"]), "histogram"))
    assert spec["measure"] == "bytes"
    assert spec["series"] == [
        {"name": "https", "values": [[T0_MS, 900]]},
        {"name": "dns", "values": [[T0_MS, 100]]},
        {"name": "unknown", "values": [[T0_MS + 120_000, 50]]},
    ]
    assert (spec["band"], spec["anomalies"]) == ([], [])


def volume(rows=3):
    table = binned([(n, "outbound", value) for n, value in enumerate((100, 900, 3))][:rows], "bytes", bin_s=3600)
    band = {"expected": [90.0, 100.0, 110.0], "low": [50.0, 60.0, None], "high": [150.0, 160.0, float("nan")]}
    for name, values in band.items():
        table = table.append_column(name, pa.array(values[:rows], pa.float64()))
    return table.append_column("is_anomaly", pa.array([False, True, True][:rows]))


def test_band_and_anomalies_both_ways():
    spec = figure(series(volume(), "histogram"))
    hour = 3_600_000
    assert spec["band"] == [[T0_MS, 90.0, 50.0, 150.0], [T0_MS + hour, 100.0, 60.0, 160.0]]
    assert spec["anomalies"] == [[T0_MS + hour, 900, "above"], [T0_MS + 2 * hour, 3, "below"]]
    marks = [shape for shape in draw(spec).shapes if isinstance(shape, Circle) and shape.tip]
    assert [mark.tip for mark in marks] == [
        "2019-02-12 20:34:00 UTC: 900 B, above the expected range",
        "2019-02-12 21:34:00 UTC: 3 B, below the expected range",
    ]


def test_a_band_of_several_series_is_left_out_and_told():
    table = volume().set_column(1, "series", pa.array(["outbound", "inbound", "inbound"]))
    spec = figure(series(table, "histogram"))
    assert spec["band"] == []
    assert spec["note"].startswith("what was expected is left out")


def test_drawn_lanes_tell_what_they_are():
    drawing = draw(figure(series(FLOWS)))
    tips = [shape.tip for shape in drawing.shapes if isinstance(shape, Rect) and shape.tip]
    assert "2019-02-12 19:36 UTC: 7 flows, not told, 3 denied" in tips
    assert sum(shape.fill == THREAT for shape in drawing.shapes if isinstance(shape, Rect)) == 2  # one, and the legend
    texts = [shape.text for shape in drawing.shapes if isinstance(shape, Text)]
    assert {"https", "dns", "unknown", "flows", "8", "a mark: minute"} <= set(texts)
    assert drawing.said.startswith("Flows: 2019-02-12 19:34:00 to 2019-02-12 19:37:00 UTC; https: 8 flows")


def test_drawn_stacks_add_up():
    """The top of the stack is the sum of the bin: 900 + 100 bytes."""
    drawing = draw(figure(series(FLOWS.select(["start", "series", "bin_s", "bytes"]), "histogram")))
    assert "1.0 kB" in [shape.text for shape in drawing.shapes if isinstance(shape, Text)]


def test_long_names_of_a_histogram_stay_on_the_picture():
    names = [f"{at} a service with a long name" for at in range(8)]
    drawing = draw(figure(series(binned([(0, name, 5) for name in names], "flows"), "histogram")))
    texts = [one for one in drawing.shapes if isinstance(one, Text) and "service" in one.text]
    assert len(texts) == len(names)
    assert all(one.x + text_width(one.text, one.size) < drawing.width for one in texts)
    assert len({one.y for one in texts}) == 2


def test_a_drawing_stays_small_whatever_the_number_of_bins():
    table = binned([(n, f"p{n % 20}", n % 50, n) for n in range(MARKS)], "flows", "bytes")
    lanes, values = (svg(draw(figure(series(table, kind)))) for kind in ("lanes", "histogram"))
    assert lanes.count("<rect") <= MARKS_DRAWN
    assert len(lanes) < 350_000
    assert len(values) < 300_000


def test_the_figures_of_a_result_with_20_000_peers_leave_room_for_its_tables():
    """NetworkFlowSummary's at their worst: two figures of lanes, one of values, two maps; a page has 2 MB."""
    bins = binned([(n, f"p{n % 20}", n % 50, n, n % 3) for n in range(MARKS)], "flows", "bytes", "denied")
    lanes, values = (figure(series(bins, kind)) for kind in ("lanes", "histogram"))
    places = figure(series(many_places(), "places"))
    drawn = [svg(draw(spec)) for spec in (lanes, lanes, values, places, places)]
    assert sum(len(text.encode()) for text in drawn) < 1_300_000
