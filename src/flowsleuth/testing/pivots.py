"""The conformance kit of pivots: asked together and one by one, about nothing, and over a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.workspace.pivots.pivot import ASKED, Pivot, Question

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.workspace import Workspace


def check_pivot(
    workspace: Workspace, pivot: Pivot, values: Sequence[str], *, options: Mapping[str, Any] | None = None
) -> None:
    """Check that a pivot keeps its word; raises AssertionError with the reason where it does not.

    Parameters
    ----------
    workspace : Workspace
        Best one in which the values have answers.
    pivot : Pivot
    values : sequence of str
        At least two different ones, canonical.
    options : mapping, optional
        The pivot's own, such as ``{"offline": True}``.

    Examples
    --------
    >>> import flowsleuth, pyarrow as pa, tempfile
    >>> length = Pivot("Dns", "length", "How long a name is.",
    ...     lambda question: pa.table({"asked": list(question.values), "length": [len(v) for v in question.values]}))
    >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
    ...     check_pivot(ws, length, ["a.example", "example.org"])
    """
    assert len(set(values)) > 1, "give at least two different values"
    _check_declared(pivot)
    told = dict(options or {})
    together = pivot.answer(Question(workspace, tuple(values), limit=None, options=told)).rows
    asked = set(together[ASKED].to_pylist())
    assert asked <= set(values), f"rows about what was not asked: {sorted(map(str, asked - set(values)))}"
    for value in values:
        alone = pivot.answer(Question(workspace, (value,), limit=None, options=told)).rows
        mine = [row for row in together.to_pylist() if row[ASKED] == value]
        assert _told(alone.to_pylist()) == _told(mine), f"{value}: asked alone it has other rows than among others"
    _check_column(workspace, pivot, values, together, told)


def _check_declared(pivot: Pivot) -> None:
    from flowsleuth.investigate.asked_values import KINDS

    assert pivot.entity in KINDS, f"{pivot.entity}: only {', '.join(KINDS)} have pivots"
    assert pivot.name.isidentifier(), f"{pivot.name}: no Python name"
    assert pivot.name.islower(), f"{pivot.name}: not lower case"
    assert pivot.summary.endswith("."), f"{pivot.full_name}: the summary is no sentence"


def _told(rows: list[dict[str, Any]]) -> list[Any]:
    """Rows whatever their order and columns that tell nothing."""
    return sorted((sorted(((k, v) for k, v in row.items() if v is not None), key=repr) for row in rows), key=repr)


def _check_column(
    workspace: Workspace, pivot: Pivot, values: Sequence[str], together: pa.Table, options: Mapping[str, Any]
) -> None:
    """Over a column with repeats and nulls: every row stays, each value has its answers, the input is unchanged."""
    import pyarrow as pa

    from flowsleuth.schema.time_range import TimeRange
    from flowsleuth.workspace.pivots.tables import pivot_table

    given = pa.table({"given": pa.array([*values, None, values[0]], pa.string())})
    counts = [max(1, together[ASKED].to_pylist().count(value)) for value in [*values, values[0]]]
    before = given.to_pydict()
    joined = pivot_table(
        workspace, given, pivot, column="given", join="left", time=TimeRange(), limit=None, options=options
    )
    assert given.to_pydict() == before, "the table that was given has changed"
    assert len(joined) == sum(counts) + 1, "joined back, rows are lost or too many"
