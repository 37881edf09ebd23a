"""Whatever the cells of a frame hold, a display is made, is sound, counts every row, and changes nothing."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowsleuth.errors import OptionError
from flowsleuth.toolkit import (
    display_timeline,
    display_timeline_duration,
    display_timeline_values,
    plot_map,
    plot_matrix,
    plot_network,
)

CELLS = st.one_of(
    st.none(), st.text(max_size=12), st.integers(-(2**70), 2**70), st.floats(), st.booleans(), st.binary(max_size=6),
    st.just(pd.NaT), st.just(pd.NA), st.lists(st.integers(), max_size=2), st.just("<img src=x>"), st.just("\ud800"),
)  # fmt: skip
TIMES = st.one_of(
    st.none(), st.just(pd.NaT), st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)),
    st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC)),
    st.sampled_from(["2019-02-14", "never", "", "2/17/2019 1:23:45 PM", "2019-02-14T12:00:00+05:30", "9999-99-99"]),
)  # fmt: skip
ROWS = st.lists(st.tuples(TIMES, TIMES, CELLS, CELLS), max_size=12)
CALM = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def frame_of(rows):
    return pd.DataFrame(rows, columns=["start", "end", "who", "what"], dtype=object)


def sound(shown):
    assert "<img" not in shown.to_html()
    if shown.spec["absent"] is None:
        ElementTree.fromstring(shown.to_svg())
    return shown.spec


@CALM
@given(ROWS)
def test_timelines_of_any_content(rows):
    frame = frame_of(rows)
    before = frame.copy(deep=True)
    spec = sound(display_timeline(frame, "start", ["what"], group_by="who"))
    shown = sum(lane["total"] for lane in spec["lanes"])
    assert shown == sum(mark[2] for lane in spec["lanes"] for mark in lane["marks"])
    lost = (spec["absent"] or spec["note"]).partition(" of ")[0]
    assert shown + (int(lost.replace(",", "")) if lost.isdigit() else 0) == len(rows)
    sound(display_timeline_duration(frame, ["who", "what"], "start", "end"))
    pd.testing.assert_frame_equal(frame, before)


@CALM
@given(ROWS)
def test_matrix_and_network_of_any_content(rows):
    frame = frame_of(rows)
    spec = sound(plot_matrix(frame, "who", "what"))
    assert sum(cell[2] for cell in spec["cells"]) == len(rows)
    sound(plot_matrix(frame, "who", "what", "what", dist_count=True, invert=True))
    sound(plot_network(frame, "who", "what", source_attrs="start", edge_attrs="end"))


@CALM
@given(ROWS)
def test_values_and_degrees_of_any_content(rows):
    """Numbers where there are some; else a clear refusal."""
    frame = frame_of(rows)
    refused: list[str] = []
    for call in (
        lambda: display_timeline_values(frame, "what", "start", ["who"], kind=["vbar", "line"]),
        lambda: plot_matrix(frame, "who", "start", "what"),
        lambda: plot_map(frame, "who", lat_column="what", long_column="what"),
    ):
        try:
            sound(call())
        except OptionError as error:
            refused.append(error.message)
    assert set(refused) <= {"not a column of numbers"}
