"""Windows of time, however they are written; always UTC, never reversed."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.errors import OptionError
from flowsleuth.schema.moments import parse_period
from flowsleuth.schema.time_range import TimeRange

NOON = dt.datetime(2021, 6, 6, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("spec", "start", "end"),
    [
        (None, None, None),
        ("-2d", utc(2021, 6, 4, 12), NOON),
        ("-36h", utc(2021, 6, 5), NOON),
        ("now-90m", utc(2021, 6, 6, 10, 30), NOON),
        ("-1w", utc(2021, 5, 30, 12), NOON),
        ("-1.5d", utc(2021, 6, 5), NOON),
        ("-3d@d", utc(2021, 6, 3), NOON),
        (dt.timedelta(hours=2), utc(2021, 6, 6, 10), NOON),
        (dt.timedelta(hours=-2), utc(2021, 6, 6, 10), NOON),
        ("2021-06-06", utc(2021, 6, 6), utc(2021, 6, 7)),
        (dt.date(2021, 6, 6), utc(2021, 6, 6), utc(2021, 6, 7)),
        ("2021-06-06T12:00", utc(2021, 6, 6, 12), None),
        ("2021-06-06T12:00+02:00", utc(2021, 6, 6, 10), None),
        ("2021-06-06T12:00:00.5Z", utc(2021, 6, 6, 12, 0, 0, 500_000), None),
        (("2021-06-06", "2021-06-08"), utc(2021, 6, 6), utc(2021, 6, 8)),
        (["2021-06-06", dt.datetime(2021, 6, 8)], utc(2021, 6, 6), utc(2021, 6, 8)),
        (("2021-06-06", "2d"), utc(2021, 6, 6), utc(2021, 6, 8)),
        (("2021-06-06", 2 * DAY), utc(2021, 6, 6), utc(2021, 6, 8)),
        (("2d", "2021-06-06"), utc(2021, 6, 4), utc(2021, 6, 6)),
        (("-3d", "-1d"), utc(2021, 6, 3, 12), utc(2021, 6, 5, 12)),
        (("-3d", "now"), utc(2021, 6, 3, 12), NOON),
        (("-3d", "1d"), utc(2021, 6, 3, 12), utc(2021, 6, 4, 12)),
        ((None, "2021-06-06"), None, utc(2021, 6, 6)),
        ("2021-06-06/2021-06-08", utc(2021, 6, 6), utc(2021, 6, 8)),
        ("2021-06-06T00:00Z/P1DT12H", utc(2021, 6, 6), utc(2021, 6, 7, 12)),
        ("../2021-06-08", None, utc(2021, 6, 8)),
        (pd.Timestamp("2021-06-06", tz="Europe/Prague"), utc(2021, 6, 5, 22), None),
        (np.datetime64("2021-06-06T01:00"), utc(2021, 6, 6, 1), None),
        ({"start": "2021-06-06", "period": "1h"}, utc(2021, 6, 6), utc(2021, 6, 6, 1)),
        (SimpleNamespace(start=dt.datetime(2021, 6, 6), end=NOON), utc(2021, 6, 6), NOON),
    ],
    ids=repr,
)
def test_every_way_to_write_it(spec, start, end):
    found = TimeRange.of(spec, now=NOON)
    assert (found.start, found.end) == (start, end)
    assert all(type(moment) is dt.datetime for moment in found if moment is not None)


def test_start_end_and_period_by_name():
    assert TimeRange.of(start="2021-06-06") == TimeRange(utc(2021, 6, 6))  # from that day on, not that day
    assert TimeRange.of(start="-2d", now=NOON) == TimeRange(utc(2021, 6, 4, 12), NOON)
    assert TimeRange.of(start="2021-06-06", period="2d") == TimeRange(utc(2021, 6, 6), utc(2021, 6, 8))
    assert TimeRange.of(end="2021-06-06", period=DAY) == TimeRange(utc(2021, 6, 5), utc(2021, 6, 6))
    assert TimeRange.of(period="1h", now=NOON) == TimeRange(utc(2021, 6, 6, 11), NOON)
    assert TimeRange.of("2021-06-06", "2021-06-07") == TimeRange.of("2021-06-06")


def test_a_day_in_a_zone_that_changes_its_clock_has_23_hours():
    found = TimeRange.of("2021-03-28", zone="Europe/Prague")
    assert (found.start, found.period) == (utc(2021, 3, 27, 23), dt.timedelta(hours=23))
    assert found.assumed == ()


def test_nanoseconds_of_pandas_are_dropped():
    assert TimeRange.of(pd.Timestamp("2021-06-06T00:00:00.123456789Z")).start == utc(2021, 6, 6, 0, 0, 0, 123_456)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"spec": ("2021-06-08", "2021-06-06")}, "ends before or when it begins"),
        ({"spec": ("2021-06-08", "2021-06-08")}, "ends before or when it begins"),
        ({"spec": "+1d"}, "ends before or when it begins"),
        ({"spec": "2021-06-06", "period": "-1d"}, "more than nothing"),
        ({"spec": "2021-06-06", "period": "0s"}, "more than nothing"),
        ({"spec": "2021-06-06", "period": "soon"}, "not a length of time"),
        ({"spec": "2021-06-06", "end": "2021-06-07", "period": "1d"}, "give two of them"),
        ({"spec": "2021-06-06", "start": "2021-06-06"}, "given twice"),
        ({"spec": "2021-06-06", "end": DAY}, "period="),
        ({"spec": ("2021-06-06",)}, "not a pair"),
        ({"spec": "yesterday"}, "not a time"),
        ({"spec": ""}, "not a time"),
        ({"spec": "2021-13-01"}, "not a time"),
        ({"spec": 1_622_980_800}, "not a time"),
        ({"spec": pd.NaT}, "no time"),
        ({"spec": {"from": "2021-06-06"}}, "unknown parts"),
        ({"spec": "-99999999999999999999d"}, "too far away"),
        ({"spec": "2021-06-06T12:00", "zone": "Mars/Base"}, "no such time zone"),
        ({"spec": "0001-01-01T00:00+14:00"}, "out of the range"),
        ({"spec": "9999-12-31"}, "out of the range"),
        ({"spec": "2021-06-06", "period": "9999999d"}, "out of the range"),
        ({"spec": dt.timedelta(days=999_999)}, "out of the range"),
    ],
)
def test_what_is_refused_and_why(arguments, says):
    with pytest.raises(OptionError, match=says):
        TimeRange.of(now=NOON, **arguments)


def test_a_naive_time_is_utc_and_told():
    found = TimeRange.of(dt.datetime(2021, 6, 6), "2021-06-07T00:00Z")
    assert found.assumed == ("start",)
    assert str(found) == "2021-06-06T00:00:00Z to 2021-06-07T00:00:00Z (start had no zone: taken as UTC)"
    assert found == TimeRange.of("2021-06-06T00:00Z", "2021-06-07T00:00Z")
    assert TimeRange(dt.datetime(2021, 6, 6)).assumed == ("start",)
    assert str(TimeRange.of("-2d", now=NOON)) == "2021-06-04T12:00:00Z to 2021-06-06T12:00:00Z"


def test_what_is_in_it():
    found = TimeRange.of("2021-06-06")
    assert utc(2021, 6, 6) in found
    assert utc(2021, 6, 7) not in found
    assert utc(1999, 1, 1) in TimeRange()
    assert (TimeRange().period, TimeRange().is_open, found.period) == (None, True, DAY)


@given(st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2100, 1, 1)), st.integers(1, 10**9))
def test_text_and_json_and_period_round_trip(first, seconds):
    made = TimeRange.of(first, period=dt.timedelta(seconds=seconds))
    assert TimeRange.of(made.to_json()) == made
    assert TimeRange.of(f"{made.start.isoformat()}/{made.end.isoformat()}") == made
    assert made.period == parse_period(f"{seconds}s")


def test_a_workspace_has_one_and_a_call_may_have_its_own(tmp_path):
    import flowsleuth

    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        assert ws.time_range.is_open
        ws.time_range = "2021-06-06"
        assert ws.within() == TimeRange.of("2021-06-06")
        assert ws.within("-1d").period == DAY
        assert ws.within(start="2021-06-07") == TimeRange(utc(2021, 6, 7))
        with pytest.raises(OptionError, match="one or the other"):
            ws.within("-1d", start="2021-06-07")
        with pytest.raises(OptionError, match="ends before"):
            ws.time_range = ("2021-06-08", "2021-06-06")
        assert ws.time_range == TimeRange.of("2021-06-06")
