"""Familiarity of what was met: by hand, under the null, and in any order."""

from __future__ import annotations

import numpy as np
import pytest

from flowsleuth.detect.kernels.familiarity import Met, judge_met

NONE = np.zeros(0, dtype=np.uint64)


def met(who: list[int], what: list[int], group: list[int] | None = None) -> Met:
    return Met(*(np.array(x, dtype=np.uint64) for x in (who, what, what if group is None else group)))


def test_one_of_four_hosts_meets_what_nobody_else_does() -> None:
    today = met([1, 2, 3, 4, 4], [7, 7, 7, 7, 9])
    found = judge_met(today, np.array([1.0, 1.0, 1.0, 1.0, 5.0]), [])
    assert found.others.tolist() == [3, 3, 3, 3, 0]
    assert found.age.tolist() == [0] * 5
    assert found.own_met.tolist() == [0, 0, 0, 1, 1]
    assert found.everywhere[4] == 0.5 / 4  # half of the meetings of one of four hosts
    chance = (0 + 10 * 0.125) / (1 + 10)  # of its one other meeting none; alone with it, so its use says nothing
    assert found.use_share[4] == 1.0
    assert found.p_value[4] == pytest.approx(chance * (1 - np.log(chance)))
    assert found.p_value[:4].tolist() == [1.0] * 4


def test_earlier_days_count_the_own_meetings_and_the_age() -> None:
    usual = met([1, 2], [7, 7])
    found = judge_met(met([1, 2, 2], [7, 7, 9]), np.zeros(3), [(1, usual), (3, usual)])
    assert found.age.tolist() == [3, 3, 0]
    assert found.own_met.tolist() == [0, 1, 3]  # three days with 7, and 9 itself left out
    assert found.own[2] == 0.0
    assert found.everywhere[2] == (1 / 4) / 2
    chance = 10 * 0.125 / 13
    assert found.p_value[2] == pytest.approx(chance * (1 - np.log(chance)))


def test_a_new_name_of_a_known_domain_is_half_as_new() -> None:
    who, what = [1, 2, 3, 1, 2], [7, 7, 7, 8, 9]
    found = judge_met(met(who, what, [70, 70, 70, 70, 90]), np.zeros(5), [])
    # meetings of 7, 8, 9: 3, 1, 1; of the domains 3 hosts and 1: familiarity 3, sqrt 3, 1
    assert found.everywhere.tolist() == pytest.approx([1.0, 1.0, 1.0, (0.5 + 0.5) / 3, 0.5 / 3])


def test_what_is_used_more_than_new_things_are_is_less_likely() -> None:
    who = list(range(40)) + list(range(40))
    what = [1000] * 40 + list(range(40))
    use = np.concatenate([np.ones(40), np.arange(40.0)])
    found = judge_met(met(who * 1, what), use, [(n, met(list(range(40)), [1000] * 40)) for n in range(1, 15)])
    assert found.use_share[-1] == 1 / 40
    assert found.use_share[40] == 1.0
    assert np.all(np.diff(found.p_value[40:]) < 0)


def test_nothing_met() -> None:
    assert judge_met(Met(NONE, NONE, NONE), np.zeros(0), []).p_value.size == 0


def test_the_order_of_rows_does_not_matter() -> None:
    chance = np.random.default_rng(3)
    pairs = np.unique(chance.integers(0, [30, 200], size=(600, 2)), axis=0)
    before = np.unique(chance.integers(0, [30, 200], size=(600, 2)), axis=0)
    use = chance.integers(0, 50, size=len(pairs)).astype(float)
    mixed = chance.permutation(len(pairs))
    earlier = [(2, met(before[:, 0].tolist(), before[:, 1].tolist(), (before[:, 1] // 4).tolist()))]
    one = judge_met(met(pairs[:, 0].tolist(), pairs[:, 1].tolist(), (pairs[:, 1] // 4).tolist()), use, earlier)
    pairs = pairs[mixed]
    two = judge_met(met(pairs[:, 0].tolist(), pairs[:, 1].tolist(), (pairs[:, 1] // 4).tolist()), use[mixed], earlier)
    assert np.allclose(one.p_value[mixed], two.p_value, rtol=0, atol=1e-12)


@pytest.mark.slow
def test_the_chance_under_the_null_is_not_smaller_than_told() -> None:
    """Hosts that meet strangers at rates of their own, and use new things as others do."""
    chance = np.random.default_rng(7)
    told = {0.05: 0, 0.01: 0, 0.002: 0}
    tested = 0
    for _ in range(60):
        rates = chance.beta(0.5, 4.0, size=80)
        size = chance.integers(3, 120, size=80)
        who = np.repeat(np.arange(80), size)
        is_new = chance.random(who.size) < rates[who]
        known = chance.zipf(1.3, size=who.size) % 300
        what = np.where(is_new, 1000 + np.arange(who.size), known)
        pairs = np.unique(np.stack([who, what], axis=1), axis=0)
        use = chance.pareto(1.0, size=len(pairs))
        found = judge_met(met(pairs[:, 0].tolist(), pairs[:, 1].tolist()), use, [])
        tested += len(pairs)
        for level in told:
            told[level] += int(np.sum(found.p_value <= level))
    for level, number in told.items():
        assert number / tested <= level, level
