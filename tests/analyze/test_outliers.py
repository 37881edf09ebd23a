"""Outliers by every method: found, ranked, with the columns that made them."""

from __future__ import annotations

import builtins

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from flowsleuth.analyze.outlier_features import learn
from flowsleuth.analyze.outliers import METHODS, OUTLIER_COLUMNS, identify_outliers
from flowsleuth.errors import MissingExtraError, OptionError


def flows(size=600, seed=1):
    draw = np.random.default_rng(seed)
    made = pd.DataFrame({
        "bytes": draw.lognormal(8, 1, size), "seconds": draw.exponential(20, size),
        "port": draw.choice([53, 80, 443], size), "proto": draw.choice(["tcp", "udp"], size, p=[0.8, 0.2]),
        "internal": draw.random(size) < 0.5,
    })  # fmt: skip
    made.loc[17, "bytes"] = 5e8
    made.loc[99, "proto"] = "gre"
    made.loc[300, ["seconds", "port"]] = [9_000, 31_337]
    return made.set_index(pd.Index([f"f{n}" for n in range(size)]))


@pytest.mark.parametrize("method", METHODS)
def test_odd_rows_come_first_with_their_columns(method):
    if method != "robust_z":
        pytest.importorskip("sklearn")
    given = flows()
    before = given.copy(deep=True)
    found = identify_outliers(given, method=method)
    pd.testing.assert_frame_equal(given, before)
    assert found["outlier_score"].between(0, 1).all()
    assert sorted(found["outlier_rank"]) == list(range(1, 601))
    assert (found.sort_values("outlier_rank")["outlier_score"].diff().dropna() <= 0).all()
    assert found["outlier_rank"].iloc[[17, 300]].max() <= (2 if method == "lof" else 12)
    assert found["outlier_rank"].iloc[99] <= 60
    assert found["is_outlier"].iloc[[17, 99, 300]].all()
    assert found["odd_columns"].iloc[17][0] == "bytes"
    assert set(found["odd_columns"].iloc[300]) >= {"seconds"}
    assert "proto" in found["odd_columns"].iloc[99]
    assert "proto gre (1 of 600 rows)" in found["odd_reason"].iloc[99]
    again = identify_outliers(given, method=method)
    assert again["outlier_score"].equals(found["outlier_score"])


def test_the_share_and_the_explained():
    pytest.importorskip("sklearn")
    found = identify_outliers(flows(), ["bytes", "seconds"], contamination=0.02, explain=5)
    assert found["is_outlier"].sum() == 12
    assert found["odd_reason"].notna().sum() == 5
    assert identify_outliers(flows(), method="robust_z", contamination=0.01)["is_outlier"].sum() == 6


def test_what_is_usual_can_be_told():
    usual = pd.DataFrame({"n": np.arange(100.0), "kind": ["a"] * 100})
    asked = pd.DataFrame({"n": [50.0, 5_000.0, 50.0], "kind": ["a", "a", "new"]})
    found = identify_outliers(asked, train=usual, method="robust_z")
    assert found["is_outlier"].tolist() == [False, True, True]
    assert found["odd_reason"].tolist()[2] == "kind new (0 of 100 rows)"
    with pytest.raises(OptionError, match="no such column"):
        identify_outliers(asked[["n"]], train=usual, method="robust_z")


def test_many_ids_are_no_oddity_and_nulls_are_usual():
    made = pd.DataFrame({"id": [f"i{n}" for n in range(300)], "n": [1.0, None, 3.0] * 100, "all": [None] * 300})
    found = identify_outliers(made, ["id", "n", "all"], method="robust_z")
    assert not found["is_outlier"].any()
    assert "id" not in str(found["odd_columns"].iloc[0])


def test_times_count_by_their_hour():
    at = pd.date_range("2024-03-14T09:00Z", periods=60, freq="1D").append(pd.DatetimeIndex(["2024-03-20T23:30Z"]))
    at = at + pd.to_timedelta(np.r_[np.arange(60) % 7 * 10, 0], unit="min")
    found = identify_outliers(pd.DataFrame({"at": at}), ["at"], method="robust_z")
    assert np.flatnonzero(found["is_outlier"]).tolist() == [60]
    assert found["odd_reason"].iloc[60].startswith("at 23.5 ")


def test_mistakes_and_empty_tables():
    with pytest.raises(OptionError, match="no such method"):
        identify_outliers(flows(), method="rrcf")
    with pytest.raises(OptionError, match="above 0"):
        identify_outliers(flows(), contamination=1.0)
    with pytest.raises(OptionError, match="no column of numbers"):
        identify_outliers(pd.DataFrame({"t": [f"x{n}" for n in range(99)]}))
    empty = identify_outliers(flows().head(0))
    assert set(OUTLIER_COLUMNS) <= set(empty.columns) and len(empty) == 0
    arrow = identify_outliers(pa.table({"n": [1, 2, 3, 900], "outlier_score": [9] * 4}), ["n"], method="robust_z")
    assert arrow["is_outlier"].to_pylist() == [False, False, False, True]
    one = identify_outliers(pa.table({"n": [1]}), method="robust_z")
    assert one["outlier_score"].to_pylist() == [0.0]


def test_without_scikit_learn(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith("sklearn"):
            raise ModuleNotFoundError(name=name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"flowsleuth\[analyze\]"):
        identify_outliers(flows())
    assert identify_outliers(flows(), method="robust_z")["is_outlier"].any()


def test_a_frame_keeps_its_index_and_types() -> None:
    given = flows().iloc[::-1].astype({"proto": "category"})
    found = identify_outliers(given, method="robust_z")
    pd.testing.assert_frame_equal(found[given.columns.tolist()], given)


def test_numbers_without_end_are_told() -> None:
    [feature] = learn(pa.table({"n": [1.5, 2.0, float("inf"), None, 4.0]}), ["n"])
    assert feature.told(float("inf")) == "n inf (median 2; above 100.0% of rows)"
