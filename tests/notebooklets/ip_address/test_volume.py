"""Outbound volume: what is expected, anomalies both ways, and to whom."""

from __future__ import annotations

import numpy as np
import pandas as pd

from flowsleuth.analyze.expected_volume import expect
from flowsleuth.notebooklets.ip_address import IpAddressSummary
from tests.notebooklets.ip_address.tables import OURS, PUBLIC, THEIRS


def hourly(days, *, loud=None, silent=None):
    """Flows of an address that sends 1 MB an hour by night and 20 MB by day."""
    hours = pd.date_range("2024-05-01", periods=24 * days, freq="h", tz="UTC")
    sent = np.where((hours.hour >= 8) & (hours.hour < 18), 20_000_000, 1_000_000)
    sent = (sent * np.random.default_rng(7).uniform(0.85, 1.15, len(hours))).astype(int)
    rows = pd.DataFrame({"start": hours, "src_ip": OURS, "dst_ip": THEIRS, "src_bytes": sent, "dst_bytes": 10})
    if loud is not None:
        more = pd.DataFrame(
            {"start": [hours[loud]], "src_ip": OURS, "dst_ip": PUBLIC, "src_bytes": 25_000_000, "dst_bytes": 1}
        )
        rows = pd.concat([rows, more])
    return rows if silent is None else rows[rows["start"] != hours[silent]]


def test_anomalies_of_the_hour_both_ways():
    """25 MB are usual by day and far too much by night; nothing by day is far too little."""
    loud, silent = 24 * 4 + 3, 24 * 5 + 12
    result = IpAddressSummary().run(
        OURS, data={"flow": hourly(8, loud=loud, silent=silent)}, options=["outbound_volume"]
    )
    found = result.outbound_anomalies
    assert sorted(zip(found["start"], found["deviation"], strict=True)) == [
        (pd.Timestamp("2024-05-05T03:00Z"), "more"),
        (pd.Timestamp("2024-05-06T12:00Z"), "less"),
    ]
    by_night = found[found["deviation"] == "more"].iloc[0]
    assert by_night["peers"][0] == f"{PUBLIC} (25,000,000 bytes)"
    assert 850_000 < by_night["expected"] < 1_150_000
    assert "same hour on other days" in result.section("outbound_volume").note
    table = result.section("outbound_volume_timeline").table
    assert table.column_names == ["start", "series", "bin_s", "bytes", "expected", "low", "high", "is_anomaly"]
    assert len(table) == 24 * 8, "no gaps"
    assert table["bytes"].to_pylist()[silent] == 0
    assert result.outbound_volume["bytes"].sum() == hourly(8, loud=loud, silent=silent)["src_bytes"].sum()
    assert "<svg" in result.outbound_volume_timeline.to_svg()


def test_history_before_the_window_is_compared_with():
    rows = hourly(8, loud=24 * 7 + 2)
    result = IpAddressSummary().run(
        OURS, data={"flow": rows}, options=["outbound_volume"], start="2024-05-08", end="2024-05-09"
    )
    assert len(result.outbound_volume) == 24
    assert result.outbound_anomalies["start"].tolist() == [pd.Timestamp("2024-05-08T02:00Z")]


def test_short_spans_are_compared_with_their_neighbours():
    minutes = pd.date_range("2024-05-01", periods=120, freq="min", tz="UTC")
    sent = np.full(120, 200_000) + np.arange(120) * 100
    sent[60] = 40_000_000
    rows = pd.DataFrame({"start": minutes, "src_ip": PUBLIC, "dst_ip": OURS, "src_bytes": 1, "dst_bytes": sent})
    result = IpAddressSummary().run(OURS, data={"flow": rows}, options=["outbound_volume"])
    assert "neighbouring" in result.section("outbound_volume").note
    assert result.outbound_anomalies["start"].tolist() == [minutes[60]], "what it sent as the answering side counts"


def test_too_little_to_compare_with_is_said():
    rows = pd.DataFrame({"start": ["2024-05-01T00:00Z"], "src_ip": [OURS], "dst_ip": [PUBLIC], "src_bytes": [10**9]})
    result = IpAddressSummary().run(OURS, data={"flow": rows}, options=["outbound_volume"])
    assert result.outbound_volume["expected"].isna().all()
    assert result.section("outbound_anomalies").absent == "too little history for an expectation"
    unknown = rows.assign(src_bytes=None)
    result = IpAddressSummary().run(OURS, data={"flow": unknown}, options=["outbound_volume"])
    assert result.section("outbound_volume").absent == "no flow tells how many bytes it sent in this window"


def test_whoever_speaks_rarely_is_not_strange_each_time():
    volume = np.zeros(24 * 10)
    volume[[30, 77, 140]] = 5e6
    assert not expect(volume, 3_600, 0).is_anomaly.any()


def test_small_volumes_and_small_factors_are_no_anomalies():
    volume = np.full(24 * 10, 1_000.0)
    volume[50], volume[51] = 50_000.0, 1_900.0
    assert np.flatnonzero(expect(volume, 3_600, 0).is_anomaly).tolist() == [50]
    assert not expect(volume, 3_600, 0, least=100_000).is_anomaly.any()
