"""The columns a detector hands to its sink, made of numpy arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]

BATCH_ROWS = 131_072
"""Flows judged at a time: a column of them stays in the processor's cache."""


def scored_rows(
    batch: pa.RecordBatch, score: Floats, surprise: Floats, suspect_id: NDArray[np.int64], evidence: Floats
) -> pa.Table:
    """A table for the sink.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        Has ``flow_id`` and ``start``.
    score, surprise : array of float64, shape (n,)
    suspect_id : array of int64, shape (n,)
    evidence : array of float64, shape (n, number of names)

    Returns
    -------
    pyarrow.Table
    """
    import pyarrow as pa

    rows, width = evidence.shape
    offsets = pa.array(np.arange(0, (rows + 1) * width, width, dtype=np.int32))
    values = pa.array(np.ascontiguousarray(evidence, dtype=np.float64).ravel())
    return pa.table(
        {
            "flow_id": batch.column("flow_id"),
            "start": batch.column("start"),
            "score": pa.array(np.clip(score, 0.0, 1.0)),
            "surprise": pa.array(surprise),
            "suspect_id": pa.array(suspect_id),
            "evidence": pa.ListArray.from_arrays(offsets, values),
        }
    )


def evidence_matrix(column: Any, width: int) -> Floats:
    """A column of ``evidence`` lists as float64, shape (n, width).

    Examples
    --------
    >>> import pyarrow as pa
    >>> evidence_matrix(pa.chunked_array([[[1.0, 2.0]], [[3.0, 4.0]]]), 2).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    flat: Floats = column.flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(-1, width)


def numbers(column: Any, missing: float = np.nan) -> Floats:
    """A numeric column as float64 with a number for null.

    Examples
    --------
    >>> import pyarrow as pa
    >>> numbers(pa.array([1, None]), missing=0.0).tolist()
    [1.0, 0.0]
    """
    import pyarrow as pa

    wide = column.cast(pa.float64()).fill_null(missing)
    if isinstance(wide, pa.ChunkedArray):
        wide = wide.combine_chunks()
    array: Floats = wide.to_numpy(zero_copy_only=False)
    return array


def texts(column: Any) -> list[str]:
    """A text column as a list; null is ``-``."""
    return [value if value is not None else "-" for value in column.to_pylist()]
