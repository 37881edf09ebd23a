"""Two tables, compared in any order of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def same_rows(one: pa.Table, other: pa.Table, keys: Sequence[str], tolerance: float = 0.0) -> None:
    """Assert that two tables are equal, in any order of rows.

    Parameters
    ----------
    one, other : pyarrow.Table
    keys : sequence of str
        Columns that tell rows apart.
    tolerance : float
        How far floating-point numbers may be apart.

    Raises
    ------
    AssertionError
        With the column and the first rows that differ.
    """
    import numpy as np

    assert one.schema.equals(other.schema), f"columns differ:\n{one.schema}\n{other.schema}"
    order = [(key, "ascending") for key in keys]
    one, other = one.sort_by(order), other.sort_by(order)
    assert len(one) == len(other), f"{len(one)} rows, and {len(other)}"
    for name in one.column_names:
        left, right = one[name].combine_chunks(), other[name].combine_chunks()
        if tolerance and str(left.type) in ("double", "list<item: double>"):
            a, b = (np.asarray(c.flatten() if hasattr(c, "flatten") else c, dtype=float) for c in (left, right))
            assert a.shape == b.shape, f"{name}: {a.shape} numbers, and {b.shape}"
            far = np.flatnonzero(~(np.isclose(a, b, rtol=tolerance, atol=tolerance) | (np.isnan(a) & np.isnan(b))))
            assert not far.size, f"{name}: {far.size} differ, first {a[far[:3]]} and {b[far[:3]]}"
            continue
        assert left.equals(right), f"{name} differs: {_first_difference(left, right)}"


def _first_difference(left: Any, right: Any) -> str:
    pairs = zip(left.to_pylist(), right.to_pylist(), strict=True)
    return next((f"row {at}: {a!r} and {b!r}" for at, (a, b) in enumerate(pairs) if a != b), "types")
