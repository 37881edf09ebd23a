"""Times as logs write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.readers.times import in_zone, parse_times, plus_seconds, scaled_times, seconds_between

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2037, 12, 31))
ZONES = ["UTC", "Europe/Prague", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati"]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2011-08-16 10:01:46.972101", "2011-08-16 08:01:46.972101+00:00"),
        ("2011/08/16 10:01:46", "2011-08-16 08:01:46+00:00"),
        ("2011-08-16T10:01:46.972101999", "2011-08-16 08:01:46.972101+00:00"),
        ("2011-08-16T10:01:46Z", "2011-08-16 10:01:46+00:00"),
        ("2011-08-16T10:01:46+02:00", "2011-08-16 08:01:46+00:00"),
        ("2011-08-16T10:01:46.5-0530", "2011-08-16 15:31:46.500000+00:00"),
        (" 2011-08-16 10:01 ", "2011-08-16 08:01:00+00:00"),
        ("2011-08-16", "2011-08-15 22:00:00+00:00"),
    ],
)
def test_ways_to_write_a_time(text: str, utc: str) -> None:
    for texts in ([text], [text, None, "2011-08-16T10:01:46Z", "soon"]):
        found = parse_times(pa.array(texts), ZoneInfo("Europe/Prague"))
        assert str(found.values[0]) == utc
        assert not found.is_bad[0]


@pytest.mark.parametrize("text", ["soon", "", "2011-13-01 00:00:00", "2011-02-30 00:00:00", "10:01:46", "1313481706"])
def test_no_time(text: str) -> None:
    found = parse_times(pa.array([text, "2011-08-16 10:01:46"]), ZoneInfo("UTC"))
    assert (found.values[0].as_py(), found.is_bad.tolist()) == (None, [True, False])


def test_null_and_zero_are_null_and_not_bad() -> None:
    found = parse_times(pa.array([None, "0000-00-00 00:00:00.000"]), ZoneInfo("UTC"))
    assert (found.values.null_count, found.is_bad.tolist()) == (2, [False, False])


@given(st.lists(MOMENTS, max_size=20), st.sampled_from(ZONES))
def test_zones_are_the_standard_librarys(moments: list[datetime], zone: str) -> None:
    tz = ZoneInfo(zone)
    naive = np.array([(m - datetime(1970, 1, 1)) // timedelta(microseconds=1) for m in moments], dtype=np.int64)
    wanted = [(m.replace(tzinfo=tz).astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) for m in moments]
    assert in_zone(naive, tz).tolist() == [w // timedelta(microseconds=1) for w in wanted]


@given(st.lists(st.integers(0, 4_000_000_000_000), max_size=20))
def test_milliseconds_are_exact(millis: list[int]) -> None:
    found = scaled_times(pa.array(millis, type=pa.int64()), 1_000).cast(pa.int64()).to_pylist()
    assert found == [n * 1_000 for n in millis]
    as_seconds = pa.array([n / 1_000 for n in millis], type=pa.float64())
    assert scaled_times(as_seconds, 1).cast(pa.int64()).to_pylist() == [n * 1_000 for n in millis]


def test_numbers_that_are_no_time() -> None:
    odd = pa.array([float("nan"), float("inf"), 1e300, None])
    assert scaled_times(odd, 1).to_pylist() == [None] * 4
    assert scaled_times(pa.array([2**63 - 1]), 1).to_pylist() == [None]


def test_seconds_there_and_back() -> None:
    start = scaled_times(pa.array([1709377509.125, None, 1709377509.0]), 1)
    end = plus_seconds(start, pa.array([2155.052, 1.0, None]))
    assert seconds_between(start, end).to_pylist() == [2155.052, None, None]
