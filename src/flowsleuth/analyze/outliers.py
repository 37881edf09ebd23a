"""Outliers: rows that are unlike the others, and the columns that made each of them so.

Three methods behind one call. ``isolation_forest``: how few random cuts part a row from the others (F. T. Liu, K. M.
Ting and Z.-H. Zhou, "Isolation Forest", ICDM 2008). ``lof``: how much thinner it is around a row than around its
neighbours (M. Breunig and others, "LOF", SIGMOD 2000). ``robust_z``: how far the oddest value of a row is from the
median of its column, by the median absolute deviation; it looks at one column at a time and needs nothing installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flowsleuth.analyze.outlier_features import Feature, learn, usable_columns
from flowsleuth.analyze.robust_spread import FAR
from flowsleuth.errors import MissingExtraError, OptionError
from flowsleuth.schema.joined_columns import with_columns
from flowsleuth.schema.tabular import need_columns, to_table

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Numbers = npt.NDArray[np.float64]
    Scorer = Callable[[Numbers], Numbers]

METHODS = ("isolation_forest", "lof", "robust_z")
SHARE = 0.05
"""Rows that are outliers, where the method tells no bound of its own."""
TREES, SAMPLE = 200, 256
NEIGHBOURS = 20
EXPLAINED = 1_000
"""Rows whose columns are told, the oddest first: each costs a look at three usual values for each column."""
USUAL = (0.25, 0.5, 0.75)
REASONS = 3
LEAST = 0.1
"""A column that made less of a row's score is not told."""
OUTLIER_COLUMNS = ("outlier_score", "outlier_rank", "is_outlier", "odd_columns", "odd_reason")


def identify_outliers(
    data: Any,
    columns: Sequence[str] | None = None,
    *,
    method: str = "isolation_forest",
    contamination: float | None = None,
    train: Any = None,
    seed: int = 7,
    explain: int = EXPLAINED,
) -> Any:
    """Score how unlike the others each row is, and tell why.

    Parameters
    ----------
    data : table
        pandas, polars or Arrow. It is not changed.
    columns : sequence of str, optional
        What to compare: numbers; texts, truths and whole numbers of few kinds by how rare they are; times by their hour
        of day. When not given, all numbers, truths and texts of few kinds.
    method : {"isolation_forest", "lof", "robust_z"}
        The first two need the extra ``analyze``.
    contamination : float, optional
        Share of rows that are outliers, above 0 and below 1; when not given 0.05, and with ``robust_z`` those beyond a
        modified z-score of 3.5.
    train : table, optional
        What is usual; ``data`` itself when not given.
    seed : int
        The same seed gives the same scores.
    explain : int
        Of how many rows, the oddest first, the columns are told.

    Returns
    -------
    table of the make that was given
        All rows in their order, with ``outlier_score`` (0 to 1, high is odd), ``outlier_rank`` (from 1),
        ``is_outlier``, ``odd_columns`` (list, the one that did most first; null beyond ``explain``) and ``odd_reason``
        (their values and what is usual).

    Raises
    ------
    OptionError
        No such column or method, a share that is none, or no rows to learn from.
    MissingExtraError
        scikit-learn is not installed.

    Notes
    -----
    Columns are told by what a row's score would be with usual values in them (the quartiles), so two columns that are
    odd only together may both be left out. A number that is not told is taken as the median.

    Examples
    --------
    >>> import pandas
    >>> flows = pandas.DataFrame({"bytes": [*range(100, 200), 9_000_000], "proto": ["tcp"] * 100 + ["icmp"]})
    >>> found = identify_outliers(flows, method="robust_z")
    >>> found.loc[found["is_outlier"], ["outlier_rank", "odd_reason"]].values.tolist()
    [[1, 'bytes 9,000,000 (median 150; above 99.0% of rows)']]
    """
    table, usual = to_table(data), to_table(data if train is None else train)
    _check(method, contamination)
    if not len(table):
        return with_columns(data, _none(), replace=True)
    chosen = usable_columns(usual) if columns is None else list(columns)
    features = learn(usual, chosen)
    learned, asked = _matrix(usual, features), _matrix(table, features)
    model = _robust(features) if method == "robust_z" else _fitted(method, learned, seed)
    score = model.score(asked)
    oddest = np.lexsort((np.arange(len(score)), -score))
    is_odd = np.zeros(len(score), dtype=bool)
    if contamination is None and model.bound is not None:
        is_odd = score > model.bound
    else:
        is_odd[oddest[: round(len(score) * (contamination or SHARE))]] = True
    rank = np.empty(len(score), dtype=np.int64)
    rank[oddest] = np.arange(1, len(score) + 1)
    told = oddest[:explain]
    reasons = _reasons(table.take(told), features, model.parts(asked[told], score[told], learned))
    return with_columns(data, _facts(score, rank, is_odd, told, reasons), replace=True)


@dataclass(frozen=True)
class _Model:
    """What scores rows: between 0 and 1; a row's parts by column; from which score a row is odd, if the method says."""

    score: Scorer
    parts: Callable[[Numbers, Numbers, Numbers], Numbers]
    bound: float | None = None


def _check(method: str, contamination: float | None) -> None:
    if method not in METHODS:
        raise OptionError("no such method", where=method, available=METHODS)
    if contamination is not None and not 0 < contamination < 1:
        raise OptionError("a share is above 0 and below 1", where=f"contamination={contamination}")


def _matrix(table: pa.Table, features: list[Feature]) -> Numbers:
    need_columns(table, [feature.name for feature in features])
    return np.column_stack([feature.of(table[feature.name]) for feature in features])


def _robust(features: list[Feature]) -> _Model:
    def far(rows: Numbers) -> Numbers:
        return np.abs(np.column_stack([one.far(rows[:, at]) for at, one in enumerate(features)]))

    def score(rows: Numbers) -> Numbers:
        worst = far(rows).max(axis=1)
        found: Numbers = worst / (worst + FAR)
        return found

    def parts(rows: Numbers, _: Numbers, __: Numbers) -> Numbers:
        off = far(rows)
        return np.where(off > FAR, np.log1p(off), 0.0)

    return _Model(score, parts, bound=0.5)


def _fitted(method: str, learned: Numbers, seed: int) -> _Model:
    try:
        from sklearn.ensemble import IsolationForest
        from sklearn.neighbors import LocalOutlierFactor
        from sklearn.preprocessing import RobustScaler
    except ModuleNotFoundError:
        raise MissingExtraError("analyze", "scikit-learn") from None

    if method == "isolation_forest":
        forest = IsolationForest(n_estimators=TREES, max_samples=min(SAMPLE, len(learned)), random_state=seed)
        forest.fit(learned)

        def by_forest(rows: Numbers) -> Numbers:
            found: Numbers = np.clip(-forest.score_samples(rows), 0.0, 1.0)
            return found

        return _Model(by_forest, _replaced(by_forest))
    scaler = RobustScaler(quantile_range=(5.0, 95.0)).fit(learned)
    if len(learned) < 2:
        return _Model(lambda rows: np.zeros(len(rows)), lambda rows, _, __: np.zeros(rows.shape))
    near = LocalOutlierFactor(n_neighbors=min(NEIGHBOURS, len(learned) - 1), novelty=True).fit(
        scaler.transform(learned)
    )

    def by_neighbours(rows: Numbers) -> Numbers:
        factor = np.maximum(-near.score_samples(scaler.transform(rows)), 1.0)
        found: Numbers = 1 - 1 / factor
        return found

    return _Model(by_neighbours, _replaced(by_neighbours))


def _replaced(score: Scorer) -> Callable[[Numbers, Numbers, Numbers], Numbers]:
    """How much lower rows would score with usual values in each column, as an average over the quartiles."""

    def parts(rows: Numbers, scores: Numbers, learned: Numbers) -> Numbers:
        found = np.zeros(rows.shape)
        for column in range(rows.shape[1]):
            for value in np.quantile(learned[:, column], USUAL):
                changed = rows.copy()
                changed[:, column] = value
                found[:, column] += (scores - score(changed)) / len(USUAL)
        return np.maximum(found, 0.0)

    return parts


def _reasons(rows: pa.Table, features: list[Feature], parts: Numbers) -> list[tuple[list[str], str]]:
    """The columns that did most for each row, and what they tell."""
    whole = parts.sum(axis=1)
    values = [rows[feature.name].to_pylist() for feature in features]
    found = []
    for row in range(len(rows)):
        order = np.argsort(-parts[row], kind="stable")[:REASONS]
        chosen = [at for at in order.tolist() if whole[row] > 0 and parts[row, at] >= LEAST * whole[row]]
        said = "; ".join(features[at].told(values[at][row]) for at in chosen)
        found.append(([features[at].name for at in chosen], said))
    return found


def _facts(
    score: Numbers, rank: npt.NDArray[np.int64], is_odd: npt.NDArray[np.bool_],
    told: npt.NDArray[np.int64], reasons: list[tuple[list[str], str]],
) -> dict[str, pa.Array]:  # fmt: skip
    import pyarrow as pa

    columns: list[list[str] | None] = [None] * len(score)
    said: list[str | None] = [None] * len(score)
    for row, (names, why) in zip(told.tolist(), reasons, strict=True):
        columns[row], said[row] = names, why
    arrays = (
        pa.array(score), pa.array(rank), pa.array(is_odd), pa.array(columns, pa.list_(pa.string())),
        pa.array(said, pa.string()),
    )  # fmt: skip
    return dict(zip(OUTLIER_COLUMNS, arrays, strict=True))


def _none() -> dict[str, pa.Array]:
    import pyarrow as pa

    kinds = (pa.float64(), pa.int64(), pa.bool_(), pa.list_(pa.string()), pa.string())
    return {name: pa.array([], kind) for name, kind in zip(OUTLIER_COLUMNS, kinds, strict=True)}
