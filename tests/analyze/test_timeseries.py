"""Anomalies of series both ways, periods found, bins missing and irregular."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from flowsleuth.analyze.anomaly_periods import (
    create_time_period_kqlfilter,
    extract_anomaly_periods,
    find_anomaly_periods,
)
from flowsleuth.analyze.regular_series import find_period, regular
from flowsleuth.analyze.timeseries import set_new_anomaly_threshold, timeseries_anomalies_stl
from flowsleuth.errors import OptionError
from flowsleuth.schema.time_range import TimeRange

DEMO = Path(__file__).resolve().parents[3] / "shared" / "data" / "timeseries" / "TimeSeriesDemo.csv"
SPIKES, DIPS = (100, 305, 512, 700), (150, 333, 480, 777)


def hours(size=840, seed=3, noise=3.0):
    at = np.arange(size)
    total = 100 + 40 * np.sin(at * 2 * np.pi / 24) + np.random.default_rng(seed).normal(0, noise, size)
    times = pd.date_range("2024-03-01", periods=size, freq="h", tz="UTC")
    return pd.DataFrame({"TimeGenerated": times, "Total": total})


def odd_hours():
    made = hours()
    made.loc[list(SPIKES), "Total"] += 120
    made.loc[list(DIPS), "Total"] -= 90
    return made


def test_dips_are_found_like_spikes():
    """MSTICPy finds 4 of 4 spikes and 0 of 4 dips: it tests the sign of the season, not of the score."""
    pytest.importorskip("statsmodels")
    given = odd_hours()
    before = given.copy(deep=True)
    found = timeseries_anomalies_stl(given)
    pd.testing.assert_frame_equal(given, before)
    assert found["anomalies"].iloc[list(SPIKES)].tolist() == [1, 1, 1, 1]
    assert found["anomalies"].iloc[list(DIPS)].tolist() == [-1, -1, -1, -1]
    assert (found["anomalies"] != 0).sum() <= 8 + 0.02 * len(found)
    assert found["period"].unique().tolist() == [24]
    assert np.allclose(found["baseline"], found["trend"] + found["seasonal"])
    assert np.allclose(found["residual"], given["Total"] - found["baseline"])
    above = found["Total"] > found["high"]
    below = found["Total"] < found["low"]
    assert above.tolist() == (found["anomalies"] == 1).tolist()
    assert below.tolist() == (found["anomalies"] == -1).tolist()


def test_by_the_same_hour_of_other_days():
    size = 24 * 10
    sent = np.where(np.arange(size) % 24 < 12, 1e5, 1e7) * np.random.default_rng(0).uniform(0.9, 1.1, size)
    sent[[100, 90]] = 2e9, 0.0
    times = pd.date_range("2024-03-01", periods=size, freq="h", tz="UTC")
    found = timeseries_anomalies_stl(pd.DataFrame({"start": times, "sent": sent}), method="median")
    assert found["anomalies"].iloc[[90, 100]].tolist() == [-1, 1]
    assert (found["anomalies"] != 0).sum() <= 6
    assert found["period"].isna().all()


def test_the_period_is_found_or_there_is_none():
    rng = np.random.default_rng(5)
    at = np.arange(900)
    assert find_period(np.sin(at * 2 * np.pi / 24) + rng.normal(0, 0.5, 900)) == 24
    assert find_period((at % 7 < 2) * 5.0 + rng.normal(0, 0.5, 900)) == 7
    assert find_period(at * 0.5 + 20 * np.sin(at * 2 * np.pi / 60)) == 60
    spikes = np.sin(at * 2 * np.pi / 24)
    spikes[[3, 400]] = 1e9
    assert find_period(spikes) == 24
    assert find_period(rng.normal(size=900)) is None
    assert find_period(np.ones(100)) is None
    assert find_period(np.array([1.0, 2.0])) is None


def test_missing_bins_are_not_judged_or_are_silence():
    pytest.importorskip("statsmodels")
    given = hours().drop(index=[200, 201, 500]).sample(frac=1, random_state=2)
    found = timeseries_anomalies_stl(given)
    assert len(found) == 840
    assert np.flatnonzero(found["is_missing"]).tolist() == [200, 201, 500]
    assert found["Total"].iloc[[200, 500]].isna().all()
    assert found["score"].iloc[[200, 201, 500]].isna().all()
    assert found["anomalies"].iloc[[200, 201, 500]].tolist() == [0, 0, 0]
    silent = timeseries_anomalies_stl(given, fill="zero")
    assert silent["Total"].iloc[[200, 500]].tolist() == [0, 0]
    assert silent["anomalies"].iloc[[200, 201, 500]].tolist() == [-1, -1, -1]


def test_irregular_times_are_binned():
    rng = np.random.default_rng(1)
    at = pd.Timestamp("2024-03-01T00:00Z") + pd.to_timedelta(np.sort(rng.uniform(0, 36_000, 500)), unit="s")
    series = regular(pd.DataFrame({"at": at, "n": 1}), bin_s=3_600)
    assert series.values.sum() == 500
    assert len(series.values) == 10
    assert series.begins()[0].as_py() == dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
    mean = regular(
        pa.table({"t": ["2024-03-01", "2024-03-01", "2024-03-02"], "n": ["1", "x", "4"]}), "t", "n", combine="mean"
    )
    assert mean.values.tolist() == [1.0, 4.0]
    indexed = pd.DataFrame({"n": [1.0, 2.0]}, index=pd.DatetimeIndex(["2024-03-01", "2024-03-02"]))
    assert regular(indexed).values.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(("options", "said"), [
    ({"method": "arima"}, "no such method"), ({"seasonal": 8}, "odd number"), ({"period": 1}, "two bins"),
    ({"period": 500}, "needs 1000"), ({"score_threshold": 0}, "above 0"), ({"data_column": "x"}, "no such column"),
    ({"bin_s": 0.0001}, "too many"), ({"bin_s": 0}, "width"),
])  # fmt: skip
def test_what_cannot_be(options, said):
    pytest.importorskip("statsmodels")
    with pytest.raises(OptionError, match=said):
        timeseries_anomalies_stl(hours(), **options)


def test_too_little_to_tell():
    with pytest.raises(OptionError, match="two times"):
        timeseries_anomalies_stl(pd.DataFrame({"start": ["2024-03-01"], "n": [1]}))
    with pytest.raises(OptionError, match="no column of numbers"):
        timeseries_anomalies_stl(pd.DataFrame({"start": ["2024-03-01"]}))
    few = timeseries_anomalies_stl(pa.table({"start": ["2024-03-01", "2024-03-02"], "n": [1, 2]}))
    assert few["anomalies"].to_pylist() == [0, 0]
    assert few["score"].null_count == 2
    flat = timeseries_anomalies_stl(pd.DataFrame({"start": hours(96)["TimeGenerated"], "n": 5.0}))
    assert not flat["anomalies"].any()


def test_a_series_without_noise_has_finite_scores():
    pytest.importorskip("statsmodels")
    given = hours(noise=0.0)
    given.loc[400, "Total"] = 0
    found = timeseries_anomalies_stl(given, period=24)
    assert np.isfinite(found["score"]).all()
    assert found["anomalies"].iloc[400] == -1


def test_periods_of_anomalies():
    pytest.importorskip("statsmodels")
    given = hours()
    given.loc[[100, 101, 103, 300], "Total"] += 200
    given.loc[[500], "Total"] -= 90
    found = set_new_anomaly_threshold(timeseries_anomalies_stl(given), 12)
    assert np.flatnonzero(found["anomalies"]).tolist() == [100, 101, 103, 300, 500]
    first, hour = pd.Timestamp("2024-03-01T00:00Z"), dt.timedelta(hours=1)
    both = find_anomaly_periods(found, period="2h")
    assert [(one.start - first) // hour for one in both] == [100, 300, 500]
    assert [(one.end - first) // hour for one in both] == [104, 301, 501]
    assert len(find_anomaly_periods(found, period="1h", pos_only=True)) == 3
    assert next(iter(extract_anomaly_periods(found, period="2h").values())) == both[0].end
    told = create_time_period_kqlfilter(both)
    assert told.startswith("| where (TimeGenerated >= datetime(2024-03-05T04:00:00Z) and TimeGenerated < datetime(")
    assert told.count(" or ") == 2
    assert find_anomaly_periods(found.assign(anomalies=0)) == []
    with pytest.raises(OptionError, match="plain name"):
        create_time_period_kqlfilter(both, "Time) | take 1 //")
    with pytest.raises(OptionError, match="no windows"):
        create_time_period_kqlfilter([])
    assert TimeRange.of(both[0].start, both[0].end) == both[0]


@pytest.mark.real
@pytest.mark.skipif(not DEMO.exists(), reason="the developer data set is not here")
def test_the_demo_series_of_msticpy():
    pytest.importorskip("statsmodels")
    demo = pd.read_csv(DEMO, encoding="utf-8-sig")
    found = timeseries_anomalies_stl(demo, "TimeGenerated", "TotalBytesSent")
    above, below = (set(np.flatnonzero(demo["anomalies"] == side)) for side in (1, -1))  # by Kusto
    assert found["period"].iloc[0] == 24 * 7
    assert set(found["score"].nlargest(3).index) == above
    assert below <= set(np.flatnonzero(found["anomalies"] == -1))
