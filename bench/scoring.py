"""Scoring: ``flowsleuth score`` of a day of stored flows, whole process, for the default detector and for ``spot``.

Words, model, all scores, grouping and ranking, everything written to the workspace; then how long the best 250 take to
be shown. There is no peer: the targets are absolute.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from measure import OURS, Cost, Finding, Plan, large_case, run_once

DETECTORS = ("suspicious", "spot")
MAX_CPU_S = 60.0
MAX_PEAK_MB = 4_000.0
FULL_SIZE = 10_000_000
"""The targets are set for so many flows."""


def _told(cost: Cost) -> str:
    return f"{cost.cpu_s:.1f} CPU-s, {cost.wall_s:.1f} s, {cost.peak_mb:.0f} MB"


def measure(plan: Plan) -> Iterator[Finding]:
    """Score, then ask."""
    case, _ = large_case(plan)
    limit = MAX_CPU_S * plan.large / FULL_SIZE
    for detector in DETECTORS:
        cost = run_once([*OURS, "score", "-w", case, detector], plan.scratch)
        what = f"score {detector}, {plan.large:,} flows"
        is_met = cost.cpu_s <= limit if plan.large == FULL_SIZE else None
        yield Finding(f"{what}: CPU", "", _told(cost), None, f"<= {limit:g} CPU-s", is_met)
        is_small = cost.peak_mb < MAX_PEAK_MB
        yield Finding(f"{what}: peak memory", "", f"{cost.peak_mb:.0f} MB", None, "< 4 GB", is_small)
    yield from _suspects(plan, case)


def _suspects(plan: Plan, case: Path) -> Iterator[Finding]:
    """The questions of the morning after."""
    questions = {"best 250 groups": [], "best 250 flows": ["--by", "flow"]}
    for name, words in questions.items():
        cost = run_once([*OURS, "suspects", "-w", case, "--top", "250", "--format", "json", *words], plan.scratch)
        yield Finding(f"suspects, {name} of {plan.large:,} flows", "", _told(cost))
