"""Small verbs on whole Arrow columns that several readers need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]


def flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """A column as one array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def by_value(column: pa.Array, convert: Callable[[str], Any], kind: pa.DataType) -> pa.Array:
    """Convert a text column by its distinct values; null stays null.

    Examples
    --------
    >>> by_value(pa.array(["TCP", None, "TCP"]), str.lower, pa.string()).to_pylist()
    ['tcp', None, 'tcp']
    """
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    distinct = [None if value is None else convert(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(distinct, type=kind).take(encoded.indices)


def only(condition: pa.Array, values: pa.Array) -> pa.Array:
    """The values where a condition holds, else null."""
    return pc.if_else(pc.fill_null(condition, False), values, pa.scalar(None, values.type))


def unless(condition: pa.Array, values: pa.Array) -> pa.Array:
    """The values where a condition does not hold, else null."""
    return only(pc.invert(pc.fill_null(condition, False)), values)


def not_zero(values: pa.Array) -> pa.Array:
    """Numbers without the zeros."""
    return only(pc.not_equal(values, 0), values)


def swapped(condition: pa.Array, ours: pa.Array, theirs: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Two columns, exchanged where a condition holds."""
    return pc.if_else(condition, theirs, ours), pc.if_else(condition, ours, theirs)


def mask_of(condition: pa.Array) -> Mask:
    """A condition as numpy booleans; null is False."""
    return np.asarray(pc.fill_null(condition, False).to_numpy(zero_copy_only=False), dtype=bool)


def stripped(column: pa.Array) -> pa.Array:
    """A text column of few distinct values without spaces around; empty is null."""
    return by_value(column, lambda text: text.strip() or None, pa.string())
