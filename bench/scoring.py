"""Scoring: ``flowsleuth score`` of a day of stored flows, whole process: each detector of flows, then all defaults.

Words, model, all scores, grouping and ranking, everything written to the workspace; then how long the best 250 take to
be shown. All default detectors together (findings and leads too) on a workspace where nothing was scored before; and
day after day as they come, where a new day must cost a day. There is no peer: the targets are absolute.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import flowsleuth
from draws import canonical, numbered
from hay import site_days
from measure import FULL_SIZE, OURS, Cost, Finding, Plan, large_case, make_workspace, run_once
from traffic import Site

DETECTORS = ("suspicious", "spot")
MAX_CPU_S = 60.0
MAX_PEAK_MB = 4_000.0
MAX_ALL_CPU_S, MAX_ALL_PEAK_MB = 180.0, 6_000.0
"""Of all default detectors together."""
DAYS, QUICK_DAYS, MAX_DAY_RATIO = 6, 3, 1.5
"""Days as they come, at full size and below; what the last may cost, by the second's: the first has no history."""


def _told(cost: Cost) -> str:
    return f"{cost.cpu_s:.1f} CPU-s, {cost.wall_s:.1f} s, {cost.peak_mb:.0f} MB"


def measure(plan: Plan) -> Iterator[Finding]:
    """Score, then ask."""
    case, _ = large_case(plan)
    yield from _all_defaults(plan, case)
    limit = MAX_CPU_S * plan.large / FULL_SIZE
    for detector in DETECTORS:
        cost = run_once([*OURS, "score", "-w", case, detector], plan.scratch)
        what = f"score {detector}, {plan.large:,} flows"
        is_met = cost.cpu_s <= limit if plan.large == FULL_SIZE else None
        yield Finding(f"{what}: CPU", "", _told(cost), None, f"<= {limit:g} CPU-s", is_met)
        is_small = cost.peak_mb < MAX_PEAK_MB
        yield Finding(f"{what}: peak memory", "", f"{cost.peak_mb:.0f} MB", None, "< 4 GB", is_small)
    yield from _suspects(plan, case)


def _all_defaults(plan: Plan, case: Path) -> Iterator[Finding]:
    """Everything that runs when nothing is named, where nothing was kept; then a day at a time."""
    fresh = plan.scratch / "large-fresh"
    shutil.copytree(case, fresh)
    cost = run_once([*OURS, "score", "-w", fresh, "--quiet"], plan.scratch)
    shutil.rmtree(fresh)
    what = f"score, all default detectors, {plan.large:,} flows"
    is_full = plan.large == FULL_SIZE
    met = cost.cpu_s <= MAX_ALL_CPU_S if is_full else None
    yield Finding(f"{what}: CPU", "", _told(cost), None, f"<= {MAX_ALL_CPU_S:g} CPU-s", met)
    small = cost.peak_mb < MAX_ALL_PEAK_MB
    yield Finding(f"{what}: peak memory", "", f"{cost.peak_mb:.0f} MB", None, "< 6 GB", small)
    yield from _day_by_day(plan)


def _day_by_day(plan: Plan) -> Iterator[Finding]:
    folder = make_workspace(plan.scratch / "days")
    costs = []
    days = DAYS if plan.large >= FULL_SIZE else QUICK_DAYS
    for number, day in enumerate(site_days(Site(plan.seed), days, plan.large // 20)):
        flows = numbered(canonical(day, frozenset()), number * plan.large)
        with flowsleuth.open(folder) as ws, ws.store.writing():
            ws.store.replace([], ws.store.write("flow", flows))
        costs.append(run_once([*OURS, "score", "-w", folder, "--quiet"], plan.scratch))
    ratio = costs[-1].cpu_s / costs[1].cpu_s
    told = ", ".join(f"{cost.cpu_s:.1f}" for cost in costs) + " CPU-s"
    what = f"score as days come, {plan.large // 20:,} flows a day: day {days} by day 2"
    yield Finding(what, "", told, ratio, f"<= {MAX_DAY_RATIO:g}", ratio <= MAX_DAY_RATIO)


def _suspects(plan: Plan, case: Path) -> Iterator[Finding]:
    """The questions of the morning after."""
    questions = {"best 250 groups": [], "best 250 flows": ["--by", "flow"]}
    for name, words in questions.items():
        cost = run_once([*OURS, "suspects", "-w", case, "--top", "250", "--format", "json", *words], plan.scratch)
        yield Finding(f"suspects, {name} of {plan.large:,} flows", "", _told(cost))
