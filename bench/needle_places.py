"""Where a needle came in a ranking: places, chances to be among the first, recall, and the control."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contenders import Ranking
from draws import Draw
from edges_of_day import Day
from ranking import average_precision, expected_rank, hits_at

Floats = NDArray[np.float64]

HOSTS_AT, PAIRS_AT, FLOWS_AT, LEADS_AT = (3, 10), (10, 50), (10, 50, 100), (10, 50, 250)
RECIPROCAL = "1/host"
"""One divided by the victim's place (of ties, the mean place): its mean is a mean reciprocal rank."""
MEASURES = (
    *(f"host@{k}" for k in HOSTS_AT), RECIPROCAL, *(f"pair@{k}" for k in PAIRS_AT),
    *(f"leads@{k}" for k in LEADS_AT), "AP", *(f"P@{k}" for k in FLOWS_AT),
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One contender on one draw.

    Attributes
    ----------
    hay, needle, contender, victim : str
    draw : int
    is_busy : bool
    bad : int
        Bad flows.
    values : dict of str to float
        By :data:`MEASURES`; NaN where it does not apply.
    host_rank, hosts, pair_rank, pairs : float
    control : float
        Share of the clients above the would-be victim without the needle.
    seconds : float
    """

    hay: str
    needle: str
    contender: str
    victim: str
    draw: int
    is_busy: bool
    bad: int
    values: dict[str, float]
    host_rank: float
    hosts: int
    pair_rank: float
    pairs: int
    control: float
    seconds: float

    @property
    def drawn(self) -> tuple[str, str, int, str]:
        """Which draw it is: the same for all contenders."""
        return self.hay, self.needle, self.draw, self.victim


@dataclass(frozen=True)
class Control:
    """One contender on a hay without a needle: how quiet and busy clients stand, every one of them.

    Attributes
    ----------
    hay, contender : str
    clients : int
    quiet, busy : float
        Mean share of the other clients above those of the quiet half, and of the busy half; NaN if it ranks no hosts.
    """

    hay: str
    contender: str
    clients: int
    quiet: float
    busy: float


def within(score: Floats, at: int, k: int) -> float:
    """Chance that a row is among the first k when ties fall at random.

    Examples
    --------
    >>> within(np.array([5.0, 1.0, 1.0, 1.0]), 2, 2).__round__(4)
    0.3333
    """
    above, ties = int((score > score[at]).sum()), int((score == score[at]).sum())
    return float(np.clip((k - above) / ties, 0.0, 1.0))


def measure_draw(draw: Draw, day: Day, ranking: Ranking) -> tuple[dict[str, float], float, float, int]:
    """The measures, the victim's rank, the best pair's rank, and how many pairs are listed."""
    e = day.edges
    values = dict.fromkeys(MEASURES, float("nan"))
    host_rank = pair_rank = float("nan")
    if ranking.host is not None:
        at = e.hosts.index(draw.victim)
        host_rank = expected_rank(ranking.host, at)
        values |= {f"host@{k}": within(ranking.host, at, k) for k in HOSTS_AT} | {RECIPROCAL: 1.0 / host_rank}
    pairs = 0
    if ranking.pair is not None:
        of = e.pair_of if ranking.pair_of is None else ranking.pair_of
        bad = draw.is_bad[e.rows]
        total, listed = int(bad.sum()), of >= 0
        pairs = ranking.pair.size
        held = np.asarray(np.bincount(of[listed], weights=bad[listed], minlength=pairs), dtype=float)
        values |= {f"leads@{k}": hits_at(ranking.pair, held, k) / total if pairs else 0.0 for k in LEADS_AT}
        if draw.pairs:
            pair_rank, chances = _pair_places(draw, e, ranking.pair, of)
            values |= dict(zip((f"pair@{k}" for k in PAIRS_AT), chances, strict=True))
    if ranking.flow is not None:
        reachable = int(draw.is_bad.sum())
        values["AP"] = average_precision(ranking.flow, draw.is_bad)
        values |= {f"P@{k}": hits_at(ranking.flow, draw.is_bad, k) / min(k, reachable) for k in FLOWS_AT}
    return values, host_rank, pair_rank, pairs


def _pair_places(draw: Draw, e: Any, pair: Floats, of: NDArray[np.int64]) -> tuple[float, list[float]]:
    """Rank and chances of the best-placed pair; a pair that is not listed comes after all that are."""
    rows = set()
    for source, target in draw.pairs:
        at = e.place_of_pair(source, target)
        rows |= {int(row) for row in np.unique(of[e.pair_of == at]) if row >= 0}
    if not rows:
        return float(pair.size + 1), [0.0] * len(PAIRS_AT)
    best = max(rows, key=lambda row: pair[row])
    return expected_rank(pair, best), [within(pair, best, k) for k in PAIRS_AT]


def shares_above(day: Day, ranking: Ranking, clients: list[str]) -> dict[str, float]:
    """By client, the share of the other clients above it, a tie counting half: victims are drawn from the clients."""
    if ranking.host is None:
        return {}
    place = {text: at for at, text in enumerate(day.edges.hosts)}
    host = ranking.host[[place[text] for text in clients]]
    above = (np.array([expected_rank(host, at) for at in range(host.size)]) - 1) / max(host.size - 1, 1)
    return dict(zip(clients, above.tolist(), strict=True))
