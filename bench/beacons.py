"""Beacons of many kinds, and traffic that only looks like them, put to our test and to RITA's formula.

Each kind is drawn many times from a seed. Ours says *beacon* at p <= 0.01; RITA v5 at the score that it calls medium,
0.9 (and at 0.8, which its users also look at). RITA looks at the 24 hours before the newest connection, as it does.
Then the time that the whole detector takes over generated flows, which have no beacon in them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from arrivals import BEACONS, DAY, OTHERS, Draw
from flowsleuth.detect.kernels.beats import find_beats, pauses, spans
from flowsleuth.detect.kernels.rita import rita_scores
from measure import OURS, Finding, Plan, make_workspace, run_once

DRAWS = 200
P_VALUE = 0.01
MEDIUM, NOTED = 0.9, 0.8
BYTES = 500


def measure(plan: Plan) -> Iterator[Finding]:
    """Shares of draws that each calls a beacon; then the cost over flows."""
    for kinds, wanted in ((BEACONS, True), (OTHERS, False)):
        ours_all, rita_all = [], []
        for name, draw in kinds.items():
            ours, medium, noted = judge(draw, plan.seed)
            ours_all.append(ours)
            rita_all.append(medium)
            told = f"RITA v5: {medium:.0%} at {MEDIUM}, {noted:.0%} at {NOTED}"
            verdict = ours >= 0.8 if wanted else ours <= 0.02
            aim = "found in 80 %" if wanted else "in at most 2 %"
            yield Finding(f"{'beacon' if wanted else 'no beacon'}: {name}", told, f"{ours:.1%}", None, aim, verdict)
        what = "kinds of beacon, mean share found" if wanted else "other kinds, mean share called a beacon"
        ours, rita = float(np.mean(ours_all)), float(np.mean(rita_all))
        verdict = ours > rita if wanted else ours < rita
        yield Finding(what, f"RITA v5: {rita:.0%}", f"{ours:.1%}", None, "more" if wanted else "less", verdict)
    case = make_workspace(plan.scratch / "beacons")
    run_once([*OURS, "ingest", plan.log("zeek-tsv", plan.large), "-w", case], plan.scratch)
    cost = run_once([*OURS, "beacons", "-w", case, "--format", "csv"], plan.scratch)
    told = f"{cost.cpu_s:.1f} CPU-s, {cost.wall_s:.1f} s, {cost.peak_mb:.0f} MB"
    yield Finding(f"beacons of {plan.large:,} flows, whole process", "", told, None, "60 CPU-s", cost.cpu_s <= 60)


def judge(draw: Draw, seed: int) -> tuple[float, float, float]:
    """Share of draws that ours calls a beacon, and RITA at both scores."""
    rng = np.random.default_rng(seed)
    drawn = [draw(rng) for _ in range(DRAWS)]
    offsets = np.concatenate([[0], np.cumsum([at.size for at in drawn])]).astype(np.int64)
    start = np.floor(np.concatenate(drawn) * 1_000).astype(np.int64)
    end = start + np.floor(rng.exponential(300, start.size)).astype(np.int64)
    p_value = find_beats(
        offsets, pauses(offsets, start, end), spans(offsets, start, end), np.ones(DRAWS, np.int64)
    ).p_value
    rita = np.array([_rita(at) for at in drawn])
    return float(np.mean(p_value <= P_VALUE)), float(np.mean(rita >= MEDIUM)), float(np.mean(rita >= NOTED))


def _rita(at: np.ndarray) -> float:
    """RITA's score of the last day; 0 where it gives none."""
    if not at.size:
        return 0.0
    begin = max(int(at.max() - DAY), 0)
    held = np.floor(at[at >= begin]).astype(np.int64)
    sizes = np.full(held.size, BYTES, dtype=np.int64)
    found = rita_scores(np.array([0, held.size]), held, sizes, begin, begin + int(DAY)).beacon[0]
    return float(np.nan_to_num(found))


if __name__ == "__main__":
    for kinds in (BEACONS, OTHERS):
        for name, draw in kinds.items():
            ours, medium, noted = judge(draw, int(sys.argv[1]) if sys.argv[1:] else 7)
            print(f"{name:40} ours {ours:6.1%}   RITA v5 {medium:6.1%} at {MEDIUM}, {noted:6.1%} at {NOTED}")
