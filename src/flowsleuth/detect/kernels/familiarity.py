"""How unfamiliar what somebody met is: to the network over some days, and beside what that somebody meets anyway."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.dense_codes import distinct, order_within, placed, row_order
from flowsleuth.detect.tails import own_tail, weight_at_least

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Keys = NDArray[np.uint64]

PRIOR_CHOICES = 10.0
"""Choices at everybody's rate that each is given before its own count, as in :data:`.behaviour.PRIOR_PEERS`."""
PRIOR_FIRST = 5.0
"""Days at everybody's rate of first meetings that each is given, as :data:`.history.PRIOR_NEW`."""
MOST_USUAL = 0.25
"""What a quarter of somebody's choices are as unfamiliar as is not unfamiliar, however much it is used."""
TIERS_PER_DOUBLING = 2.0
"""Steps of familiarity within which uses are compared: half a doubling."""


@dataclass(frozen=True)
class Met:
    """What was met on one day: arrays of shape (n,), each (who, what) once.

    Attributes
    ----------
    who, what, group : array of uint64
        Hashes of who met what, and of what that belongs to (of a name: its domain; itself, where to nothing).
    """

    who: Keys
    what: Keys
    group: Keys

    def __len__(self) -> int:
        return int(self.who.size)


@dataclass(frozen=True)
class Familiarity:
    """What was met today, judged: arrays in today's order, shape (n,).

    Attributes
    ----------
    p_value : array of float64
        Of :func:`judge_met`.
    others : array of int64
        Others that met it on any of the days.
    age : array of int64
        Days since it was first met by anybody; 0: today.
    own : array of float64
        Share of what this one met else, on all the days, that is as unfamiliar; NaN where nothing else was met.
    own_met : array of int64
        Meetings of this one with other things, on all the days.
    everywhere : array of float64
        The same share over all, each of them one vote.
    use_share : array of float64
        Share of those that met something as unfamiliar today that used it as much; each of them one vote.
    """

    p_value: Floats
    others: Ints
    age: Ints
    own: Floats
    own_met: Ints
    everywhere: Floats
    use_share: Floats


def judge_met(
    today: Met, use: Floats | None, earlier: list[tuple[int, Met]], *, among: int = 0, by_days: bool = True
) -> Familiarity:
    """How likely something so unfamiliar is met, and used as much.

    A *meeting* is one (who, what, day). The familiarity of a thing is the geometric mean of its meetings and of those
    of its group: halfway, in octaves, between never met and as well known as its domain. Two chances are multiplied:

    - ``p1 = (k + m G) / (n + m)``: of who's n meetings with *other* things, over all days, k are with things as
      unfamiliar or less; G is that share over all, each who one vote, m = :data:`PRIOR_CHOICES`. With things met once
      it is Good and Turing's estimate of meeting something new. All days are looked at alike, today's meetings are as
      any other's under the null, that who's meetings of today are drawn as those of all days;
    - ``q``: the share of today's meetings with things as unfamiliar (within half a doubling), each who one vote, that
      use theirs as much: what is new is mostly tried once.

    The p-value is that of the product of two independent uniform numbers, ``t (1 - ln t)`` with ``t = p1 q`` (Fisher);
    1 where p1 is above :data:`MOST_USUAL`.

    Parameters
    ----------
    today : Met
    use : array of float64, shape (n,), optional
        How much each is used today; only the order counts. Without it the p-value is p1.
    earlier : list of tuple of int and Met
        How many days before, and what was met; one for each earlier day that is known.
    among : int
        How many could have met something: those that met nothing vote in G as well.
    by_days : bool
        False: familiarity counts who met a thing, however often, so that the visits of one to what is only his do not
        make it known.

    Examples
    --------
    >>> keys = lambda *a: np.array(a, dtype=np.uint64)
    >>> today = Met(keys(1, 1, 2, 2), keys(7, 8, 7, 9), keys(7, 8, 7, 9))
    >>> judge_met(today, np.zeros(4), []).others.tolist()
    [1, 0, 1, 0]
    """
    if not len(today):
        none, nothing = np.zeros(0), np.zeros(0, dtype=np.int64)
        return Familiarity(none, nothing, nothing, none, nothing, none, none)
    window = _Window(today, earlier, by_days=by_days)
    value = -window.familiarity[window.what]
    own, own_met = own_tail(value, window.who, window.days, window.n_who)
    votes = window.days / np.bincount(window.who, weights=window.days, minlength=window.n_who)[window.who]
    everywhere = weight_at_least(value, np.zeros(value.size, dtype=np.int64), votes, 1)[0]
    everywhere = everywhere / max(window.n_who, among)
    at = window.today
    own, own_met, everywhere, value = own[at], own_met[at], everywhere[at], value[at]
    p_met = (own + PRIOR_CHOICES * everywhere) / (own_met + PRIOR_CHOICES)
    is_odd = p_met <= MOST_USUAL
    use_share = np.ones(at.size) if use is None else _use_shares(value, window.who[at], use, is_odd)
    chance = np.clip(p_met * use_share, 1e-300, 1.0)
    p_value = p_met if use is None else np.where(is_odd, chance * (1.0 - np.log(chance)), 1.0)
    return Familiarity(
        p_value,
        window.others[window.what[at]],
        window.age[window.what[at]],
        np.divide(own, own_met, out=np.full(own.size, np.nan), where=own_met > 0),
        own_met.astype(np.int64),
        everywhere,
        use_share,
    )


def judge_first(today: Met, earlier: list[tuple[int, Met]], *, among: int) -> Floats:
    """How likely it is to meet something for the first time on a day: shape (n,); 1 for what was met before.

    ``p = (k + m r) / (n + m)``: on k of n earlier days, the oldest left out, this who met something for the first time;
    r is that share over all who could have and days, today's among them; m = :data:`PRIOR_FIRST`. 1 with fewer than two
    earlier days.

    Parameters
    ----------
    today : Met
    earlier : list of tuple of int and Met
        As for :func:`judge_met`.
    among : int
        How many could have met something on a day.

    Examples
    --------
    >>> keys = lambda *a: np.array(a, dtype=np.uint64)
    >>> usual = Met(keys(1, 2), keys(7, 7), keys(7, 7))
    >>> today = Met(keys(1, 2, 2), keys(7, 7, 9), keys(7, 7, 9))
    >>> judge_first(today, [(1, usual), (2, usual)], among=10).round(3).tolist()
    [1.0, 1.0, 0.042]
    """
    if len(earlier) < 2 or not len(today):
        return np.ones(len(today))
    window = _Window(today, earlier)
    n = len(earlier) - 1
    is_new = window.is_first & (window.ages < max(age for age, _ in earlier))
    on_days = distinct(window.ages[is_new] * window.n_who + window.row_who[is_new])
    rate = on_days.size / (max(window.n_who, among) * (n + 1))
    before = np.bincount(on_days[on_days >= window.n_who] % window.n_who, minlength=window.n_who)
    mine = slice(0, len(today))
    p = (before[window.row_who[mine]] + PRIOR_FIRST * rate) / (n + PRIOR_FIRST)
    return np.where(window.is_first[mine], p, 1.0)


class _Window:
    """Meetings of all days: rows are the distinct (who, what), with the number of days on which they met."""

    def __init__(self, today: Met, earlier: list[tuple[int, Met]], *, by_days: bool = True) -> None:
        days = [today, *(met for _, met in earlier)]
        self.n_who, who = _codes([day.who for day in days])
        n_what, what = _codes([day.what for day in days])
        rows = [len(day) for day in days]
        pairs, of = placed(who * n_what + what)
        self.who, self.what = np.divmod(pairs, n_what)
        self.days = np.bincount(of, minlength=pairs.size).astype(np.float64)
        self.today = of[: rows[0]]
        self.row_who, self.ages = who, np.repeat([0, *(age for age, _ in earlier)], rows)
        oldest = np.zeros(pairs.size, dtype=np.int64)
        np.maximum.at(oldest, of, self.ages)
        self.is_first = oldest[of] == self.ages
        self.others = np.bincount(self.what, minlength=n_what) - 1
        self.age = np.zeros(n_what, dtype=np.int64)
        np.maximum.at(self.age, what, self.ages)
        n_groups, group = _codes([day.group for day in days])
        of_what = np.empty(n_what, dtype=np.int64)
        of_what[what[::-1]] = group[::-1]  # today's group is written last
        day = np.repeat(np.arange(len(days)), rows) * by_days
        groups_met = distinct((day * self.n_who + who) * n_groups + of_what[what]) % n_groups
        in_group = np.bincount(groups_met, minlength=n_groups)[of_what]
        met = np.bincount(what, minlength=n_what) if by_days else self.others + 1
        self.familiarity = np.sqrt(met * in_group)


def _codes(keys: list[Keys]) -> tuple[int, Ints]:
    """How many distinct keys there are, and each key's place among them."""
    known, of = np.unique(np.concatenate(keys), return_inverse=True)
    return known.size, of.reshape(-1).astype(np.int64)


def _use_shares(value: Floats, who: Ints, use: Floats, is_wanted: Bools) -> Floats:
    """For each wanted row the share of those that met something as unfamiliar and used it as much; 1 for others.

    ``(1 + sum of the others' shares) / number of all``: each who one vote, shared by what it met; this one's is whole.
    `value` is minus the familiarity.
    """
    tier = np.floor(TIERS_PER_DOUBLING * np.log2(-value))
    found = np.ones(value.size)
    by_use, by_who = row_order(use), order_within(who, use)
    for low in distinct(tier[is_wanted]):
        is_as_odd = tier <= low
        as_odd, place = np.flatnonzero(is_as_odd), np.cumsum(is_as_odd) - 1
        of = who[as_odd]
        votes = 1.0 / np.bincount(of)[of]
        overall, own = (place[order[is_as_odd[order]]] for order in (by_use, by_who))
        everybody, total = weight_at_least(use[as_odd], np.zeros(of.size, dtype=np.int64), votes, 1, overall)
        mine, _ = weight_at_least(use[as_odd], of, votes, int(of.max()) + 1, own)
        share = (everybody - mine + 1.0) / total
        is_mine = is_wanted[as_odd] & (tier[as_odd] == low)
        found[as_odd[is_mine]] = np.minimum(share, 1.0)[is_mine]
    return found
