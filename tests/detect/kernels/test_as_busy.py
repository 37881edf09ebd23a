"""Comparison with hosts about as busy, against loops over hosts and against chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.detect.kernels.as_busy import AsBusy

ACTIVITY = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 60), st.integers(0, 5)), min_size=1, max_size=25)


def weight(busy: AsBusy, one: int, other: int) -> float:
    return float(busy.weights[busy.cell[one], busy.cell[other]])


@given(ACTIVITY)
@settings(max_examples=40, deadline=None)
def test_it_is_what_a_loop_over_hosts_gives(rows: list[tuple[int, int, int]]) -> None:
    flows, peers, values = (np.array(column) for column in zip(*rows, strict=True))
    busy, n = AsBusy.of(flows, peers), len(rows)
    found = busy.tail(values.astype(float))
    excess = busy.excess(values.astype(float))
    for host in range(n):
        others = [other for other in range(n) if other != host]
        if not others:
            assert (found[host], excess[host]) == (1.0, 0.0)
            continue
        held = np.array([weight(busy, host, other) for other in others])
        theirs = values[others]
        share = held @ ((theirs > values[host]) + 0.5 * (theirs == values[host])) / held.sum()
        assert found[host] == pytest.approx((1 + (n - 1) * share) / n)
        assert excess[host] == pytest.approx(held @ theirs / held.sum() - theirs.mean(), abs=1e-9)


def test_the_order_of_hosts_does_not_matter() -> None:
    chance = np.random.default_rng(5)
    flows, peers = chance.integers(1, 5000, 300), chance.integers(1, 90, 300)
    values, order = chance.random(300), chance.permutation(300)
    straight = AsBusy.of(flows, peers)
    mixed = AsBusy.of(flows[order], peers[order])
    assert mixed.tail(values[order]) == pytest.approx(straight.tail(values)[order], rel=1e-12)
    assert mixed.excess(values[order]) == pytest.approx(straight.excess(values)[order], abs=1e-12)


def test_busy_hosts_whose_values_are_larger_have_no_smaller_chances() -> None:
    chance = np.random.default_rng(7)
    flows = np.exp(chance.uniform(0, 9, 2000)).astype(int) + 1
    values = np.log(flows) + chance.normal(0, 1, flows.size)
    tail = AsBusy.of(flows, np.sqrt(flows)).tail(values)
    rest = values - AsBusy.of(flows, np.sqrt(flows)).excess(values)
    for some in (flows > 1500, flows < 15, (flows > 100) & (flows < 400)):
        assert abs(tail[some].mean() - 0.5) < 0.1
        assert abs(rest[some].mean() - values.mean()) < 0.8  # 3.4 apart before
    assert np.corrcoef(np.log(flows), rest)[0, 1] < 0.25 < 0.9 < np.corrcoef(np.log(flows), values)[0, 1]


def test_hosts_without_flows_and_none_at_all() -> None:
    assert AsBusy.of(np.zeros(0), np.zeros(0)).tail(np.zeros(0)).tolist() == []
    assert AsBusy.of(np.zeros(2), np.zeros(2)).excess(np.array([3.0, 1.0])).tolist() == [0.0, 0.0]
