"""Anomalies of a series: values that are far above or below what its trend and season let expect.

The season and the trend are parted by STL (R. Cleveland, W. Cleveland, J. McRae and I. Terpenning, "STL: A
Seasonal-Trend Decomposition Procedure Based on Loess", Journal of Official Statistics 6, 1990), in its robust form, so
that anomalies do not bend what is expected. What is left over is measured by the median absolute deviation: its
modified z-score is the score, positive above what was expected and negative below, as in Kusto's
``series_decompose_anomalies``. A series without a season, or too short for one, is compared with its neighbours, by the
one method that :mod:`flowsleuth.analyze.expected_volume` has for volumes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from flowsleuth.analyze.expected_volume import expect
from flowsleuth.analyze.regular_series import US_PER_S, Regular, find_period, interpolated, regular
from flowsleuth.analyze.robust_spread import FAR, OF_MAD, OF_MEAN
from flowsleuth.errors import MissingExtraError, OptionError
from flowsleuth.schema.joined_columns import with_columns
from flowsleuth.schema.tabular import like, need_columns, to_table

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Numbers = npt.NDArray[np.float64]

METHODS = ("stl", "median")
SEASONAL, LEAST_SEASONAL = 13, 7
"""Periods over which the season is smoothed, odd; and the least that STL's authors advise. With 7, which is msticpy's
default, the season follows the noise and hides small dips."""
THRESHOLD = 3.0
REFITS = 1
"""Fits after the first, of the series without what was far off."""
CYCLES = 2
"""Periods that STL needs."""
WIDE, OF_WIDE = 0.9, 1 / 1.6449
"""Robust fits follow the middle of the values closely: what is left of most is less than the noise. The spread is also
taken from this quantile of what is left, with what makes a standard deviation of it for normal values."""
LEAST = 1e-9
"""A spread is no smaller than this share of the values, so that a series without any noise has finite scores."""


def timeseries_anomalies_stl(
    data: Any,
    time_column: str | None = None,
    data_column: str | None = None,
    *,
    seasonal: int = SEASONAL,
    period: int | None = None,
    score_threshold: float = THRESHOLD,
    method: str = "stl",
    bin_s: float | None = None,
    fill: Literal["interpolate", "zero"] = "interpolate",
    combine: Literal["sum", "mean"] = "sum",
) -> Any:
    """Part a series into trend, season and the rest, and mark what is too high or too low.

    Parameters
    ----------
    data : table
        pandas (times may be the index), polars or Arrow; a row for each time, in any order. It is not changed.
    time_column, data_column : str, optional
        Found when not given: a column of the usual name or the first of times; the first column of numbers.
    seasonal : int
        Periods over which the season is smoothed; odd, 7 or more.
    period : int, optional
        Bins until the season comes again (24 for hours of days); found in the series when not given.
    score_threshold : float
        Modified z-score from which a value is an anomaly, both ways.
    method : {"stl", "median"}
        ``stl`` needs the extra ``analyze``; ``median`` compares with the same hour of other days, or with neighbours.
    bin_s : float, optional
        Width of a bin in seconds; the commonest distance of two times when not given.
    fill : {"interpolate", "zero"}
        What stands for bins without a row: the line between their neighbours, and they are not judged; or 0, and they
        are: right for counts, where silence is nothing.
    combine : {"sum", "mean"}
        What becomes of several values in one bin.

    Returns
    -------
    table of the make that was given
        A row for each bin in order of time: the two columns, then ``residual``, ``trend``, ``seasonal``, ``weights``
        (STL's, low where a value is far off), ``baseline`` (what was expected), ``score``, ``anomalies`` (1 above, -1
        below, else 0), ``low`` and ``high`` (the band that is usual), ``is_missing``, ``bin_s``, ``period`` (null
        without a season).

    Raises
    ------
    OptionError
        A column is not there, or an option is out of its range.
    MissingExtraError
        statsmodels is not installed.

    Notes
    -----
    Blind spot: what changes for good is a new trend after some periods. Nine bins are needed at least.

    Examples
    --------
    >>> import pandas
    >>> hours = pandas.date_range("2024-03-01", periods=24 * 14, freq="h", tz="UTC")
    >>> sent = 100 + 40 * np.sin(np.arange(24 * 14) * 2 * np.pi / 24) + np.random.default_rng(0).normal(0, 3, 24 * 14)
    >>> sent[[100, 200]] = 400, 5
    >>> found = timeseries_anomalies_stl(pandas.DataFrame({"TimeGenerated": hours, "Total": sent}))
    >>> found.loc[[100, 200], "anomalies"].tolist(), int(found["period"][0])
    ([1, -1], 24)
    """
    _check(method, seasonal, period, score_threshold)
    series = regular(data, time_column, data_column, bin_s=bin_s, combine=combine)
    missing = ~np.isfinite(series.values)
    values = np.where(missing, 0.0, series.values) if fill == "zero" else interpolated(series.values)
    cycle = period or (find_period(values) if method == "stl" else None)
    if cycle is not None and len(values) < CYCLES * cycle:
        if period is not None:
            needed = f"a period of {period} bins needs {CYCLES * period} of them"
            raise OptionError(needed, where=f"{series.time}: {len(values)} bins")
        cycle = None
    if cycle is None:
        found = _by_median(values, series, score_threshold)
    else:
        found = _by_stl(values, cycle, seasonal, score_threshold)
    judged = np.isfinite(found.score) & (~missing if fill == "interpolate" else True)
    table = _table(
        series, found, values=values, period=cycle, missing=missing, judged=judged, threshold=score_threshold
    )
    return like(table, data)


def set_new_anomaly_threshold(data: Any, threshold: float, threshold_low: float | None = None) -> Any:
    """The same series with other anomalies: scores above ``threshold``, and below minus ``threshold_low``.

    Parameters
    ----------
    data : table
        What :func:`timeseries_anomalies_stl` gives.
    threshold : float
    threshold_low : float, optional
        The same as ``threshold`` when not given.

    Examples
    --------
    >>> import pyarrow as pa
    >>> set_new_anomaly_threshold(pa.table({"score": [4.0, -4.0, None]}), 5, 3)["anomalies"].to_pylist()
    [0, -1, 0]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    need_columns(data, ["score"])
    score = pc.fill_null(to_table(data)["score"], 0.0).to_numpy()
    low = threshold if threshold_low is None else threshold_low
    marks = pa.array(np.select([score > threshold, score < -abs(low)], [1, -1], 0))
    return with_columns(data, {"anomalies": marks}, replace=True)


@dataclass(frozen=True)
class _Parts:
    """What a method tells of each bin; NaN where it tells nothing."""

    trend: Numbers
    seasonal: Numbers
    weights: Numbers
    baseline: Numbers
    score: Numbers
    low: Numbers
    high: Numbers


def _check(method: str, seasonal: int, period: int | None, threshold: float) -> None:
    if method not in METHODS:
        raise OptionError("no such method", where=method, available=METHODS)
    if seasonal < LEAST_SEASONAL or seasonal % 2 == 0:
        raise OptionError(f"an odd number of {LEAST_SEASONAL} or more", where=f"seasonal={seasonal}")
    if period is not None and period < 2:
        raise OptionError("a period has two bins at least", where=f"period={period}")
    if not threshold > 0:
        raise OptionError("a threshold is above 0", where=f"score_threshold={threshold}")


def _by_stl(values: Numbers, period: int, seasonal: int, threshold: float) -> _Parts:
    try:
        from statsmodels.tsa.seasonal import STL
    except ModuleNotFoundError:
        raise MissingExtraError("analyze", "statsmodels") from None
    fitted = STL(values, period=period, seasonal=seasonal, robust=True).fit()
    baseline = fitted.trend + fitted.seasonal
    middle, spread = _usual(values - baseline, values)
    for _ in range(REFITS):  # what is far off bends the season of the other periods a little: without it, once more
        far = np.abs(values - baseline - middle) > threshold * spread
        if not far.any():
            break
        fitted = STL(np.where(far, baseline, values), period=period, seasonal=seasonal, robust=True).fit()
        baseline = fitted.trend + fitted.seasonal
        middle, spread = _usual(values - baseline, values)
    rest = values - baseline
    reach = threshold * spread
    return _Parts(
        fitted.trend, fitted.seasonal, np.asarray(fitted.weights), baseline, (rest - middle) / spread,
        baseline + middle - reach, baseline + middle + reach,
    )  # fmt: skip


def _usual(rest: Numbers, values: Numbers) -> tuple[float, float]:
    """The middle of what is left over, and its spread as of a standard deviation."""
    middle = float(np.median(rest))
    off = np.abs(rest - middle)
    middling = max(OF_MAD * float(np.median(off)), OF_WIDE * float(np.quantile(off, WIDE)))
    spread = middling or OF_MEAN * float(np.mean(off))
    return middle, max(spread, LEAST * float(np.median(np.abs(values))), float(np.finfo(float).tiny))


def _by_median(values: Numbers, series: Regular, threshold: float) -> _Parts:
    """As volumes are judged: by the same hour of other days, or by neighbours; on the scale of cube roots."""
    whole = series.bin_us // US_PER_S
    lowest = min(0.0, float(values.min(initial=0.0)))  # cube roots are of what is not negative
    found = expect(values - lowest, int(whole), series.begin_us // US_PER_S)
    root, centre, high = (np.cbrt(part) for part in (values - lowest, found.expected, found.high))
    unit = np.where(np.isfinite(high), (high - centre) / FAR, np.nan)
    score = np.divide(root - centre, unit, out=np.full(len(values), np.nan), where=unit > 0)
    reach = threshold * unit
    band = [np.maximum(centre + sign * reach, 0.0) ** 3 + lowest for sign in (-1, 1)]
    nothing = np.full(len(values), np.nan)
    return _Parts(found.expected + lowest, nothing, nothing, found.expected + lowest, score, *band)


def _table(
    series: Regular, found: _Parts, *, values: Numbers, period: int | None, missing: npt.NDArray[np.bool_],
    judged: npt.NDArray[np.bool_], threshold: float,
) -> pa.Table:  # fmt: skip
    import pyarrow as pa

    def known(numbers: Numbers) -> pa.Array:
        return pa.array(numbers, pa.float64(), mask=~np.isfinite(numbers))

    score = np.where(judged, found.score, np.nan)
    marks = np.select([judged & (score > threshold), judged & (score < -threshold)], [1, -1], 0)
    shown = np.where(missing & ~judged, np.nan, values)
    size = len(values)
    return pa.table(
        {
            series.time: series.begins(),
            series.value: known(shown),
            "residual": known(values - found.baseline),
            "trend": known(found.trend),
            "seasonal": known(found.seasonal),
            "weights": known(found.weights),
            "baseline": known(found.baseline),
            "score": known(score),
            "anomalies": pa.array(marks),
            "low": known(found.low),
            "high": known(found.high),
            "is_missing": pa.array(missing),
            "bin_s": pa.array(np.full(size, series.bin_us / US_PER_S)),
            "period": pa.nulls(size, pa.int64()) if period is None else pa.array(np.full(size, period)),
        }
    )
