"""Orders and distinct values: what numpy gives, whichever way is taken to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from flowsleuth.detect.days.pair_times import PairTimes
from flowsleuth.detect.dense_codes import distinct, order_of, order_within, placed, row_order


@pytest.mark.parametrize("span", [3, 70_000, 2**40])
@pytest.mark.parametrize("rows", [0, 1, 500])
def test_orders_are_those_of_lexsort(span: int, rows: int) -> None:
    draw = np.random.default_rng(7)
    first, second = (draw.integers(-span // 2, span // 2 + 1, rows) for _ in range(2))
    values = draw.integers(0, 4, rows).astype(float)
    assert order_within(first, values).tolist() == np.lexsort((values, first)).tolist()
    columns = (first, second, np.arange(rows))
    assert order_of(*columns).tolist() == np.lexsort(columns[::-1]).tolist()
    assert distinct(first).tolist() == np.unique(first).tolist()


@pytest.mark.parametrize("late", [0, 2**62])
def test_connections_that_begin_together_are_in_order_of_their_ends(late: int) -> None:
    """Whether pair and start fit in one number of 64 bits or not."""
    draw = np.random.default_rng(3)
    pair, start = draw.integers(0, 5, 400), draw.integers(0, 20, 400)
    end = start + draw.integers(0, 9, 400)
    pair, start, end = np.append(pair, 9), np.append(start, late), np.append(end, late)
    found = PairTimes.of_rows(pair, start, end)
    order = np.lexsort((end, start, pair))
    assert found.start_us.tolist() == start[order].tolist()
    assert found.end_us.tolist() == end[order].tolist()
    assert found.pair.tolist() == [0, 1, 2, 3, 4, 9]


def some(*kinds: type) -> st.SearchStrategy[np.ndarray]:
    """Few different numbers, and any."""
    return st.sampled_from(kinds).flatmap(
        lambda kind: arrays.arrays(
            kind, st.integers(0, 40), elements=st.integers(0, 1) | arrays.from_dtype(np.dtype(kind)), fill=st.nothing()
        )
    )


@given(some(np.bool_, np.int8, np.uint16, np.int32, np.int64, np.uint64, np.float32, np.float64))
def test_rows_are_in_order_and_equal_ones_as_they_came(numbers) -> None:
    """NaN, infinities and both zeros among them."""
    assert row_order(numbers).tolist() == np.argsort(numbers, kind="stable").tolist()


@given(some(np.int8, np.int32, np.int64))
def test_distinct_numbers_and_each_ones_place(numbers) -> None:
    known, at = np.unique(numbers, return_inverse=True)
    assert [found.tolist() for found in placed(numbers)] == [known.tolist(), at.tolist()]


def test_numbers_too_wide_to_hold_their_row_are_in_order_too() -> None:
    ends = np.array([2**63 - 1, -(2**63), 0, 2**63 - 1, -(2**63)])
    assert row_order(ends).tolist() == [1, 4, 2, 0, 3]
    assert row_order(np.array([0.0, -1.0, np.inf, -0.0, -np.nan, 0.0])).tolist() == [1, 0, 3, 5, 2, 4]
