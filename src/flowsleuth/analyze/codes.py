"""Values as small numbers, alone and together: what whole columns are grouped by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

_LARGEST = 2**62


def pairs(one: Ints, other: Ints) -> Ints:
    """Numbers that are equal where both are, ordered as the first, then the second.

    Examples
    --------
    >>> pairs(np.array([5, 5, 0]), np.array([1, 2, 9])).tolist()
    [45, 46, 8]
    """
    if not len(one):
        return one
    firsts, seconds = one - one.min(), other - other.min()
    if int(firsts.max()) >= _LARGEST // (int(seconds.max()) + 1):
        firsts, seconds = ranks(firsts), ranks(seconds)
    both: Ints = firsts * (int(seconds.max()) + 1) + seconds
    return both


def ranks(values: Ints) -> Ints:
    """The values as numbers from 0, without gaps.

    Examples
    --------
    >>> ranks(np.array([70, -2, 70])).tolist()
    [1, 0, 1]
    """
    return np.unique(values, return_inverse=True)[1].ravel()


def group_codes(*columns: Any) -> Ints:
    """One number for each combination of values that is there, from 0 as they come; null is a value like others.

    Parameters
    ----------
    *columns : pyarrow.Array of string
        All as long; at least one.

    Examples
    --------
    >>> import pyarrow as pa
    >>> group_codes(pa.array(["a", "a", None]), pa.array(["x", "x", "x"])).tolist()
    [0, 0, 1]
    """
    import pyarrow as pa

    made: Ints = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        found = column.dictionary_encode(null_encoding="encode")
        codes = found.indices.to_numpy().astype(np.int64)
        both = pa.array(made * max(len(found.dictionary), 1) + codes).dictionary_encode()
        made = both.indices.to_numpy().astype(np.int64)
    return made


def row_groups(data: Any, names: Sequence[str]) -> Ints:
    """A number for each row of a table, the same where all of some columns are; without columns all are one group.

    Examples
    --------
    >>> import pyarrow as pa
    >>> row_groups(pa.table({"host": ["a", None, "a"], "pid": [4, 4, 4]}), ["host", "pid"]).tolist()
    [0, 1, 0]
    """
    from flowsleuth.analyze.columns import text_of

    return group_codes(*(text_of(data, name) for name in names)) if names else np.zeros(len(data), dtype=np.int64)
