"""100,000 log lines of eleven kinds with the indicators in them known: rate, precision and recall.

msticpy, where it is installed (``MSTICPY_PYTHON`` may name another Python that has it), runs once on the same lines.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from measure import Finding, Plan, tell
from msticpy_child import HERE, msticpy_python, told_by

LINES = 100_000
LINES_QUICK = 20_000
FULL_SIZE = 1_000_000
"""Flows of the full plan; a smaller plan takes fewer lines."""
RATE_MB_S, TIMES_FASTER, PRECISION, RECALL = 100.0, 100.0, 0.97, 0.99


def measure(plan: Plan) -> Iterator[Finding]:
    """Ours compiled and plain, then beside msticpy."""
    count = LINES if plan.large > FULL_SIZE else LINES_QUICK
    runs = [told_by([sys.executable, HERE / "our_ioc.py", count, plan.seed]) for _ in range(plan.rounds)]
    mine = min(runs, key=lambda run: run["engine_s"])
    python = msticpy_python()
    other = None if python is None else told_by([python, HERE / "msticpy_ioc.py", count, plan.seed])
    megabytes = mine["bytes"] / 1e6
    rate = megabytes / mine["engine_s"]
    what = f"find indicators in {count:,} log lines, {megabytes:.1f} MB"
    told = f"{rate:.0f} MB/s, {megabytes / mine['cpu_s']:.0f} MB a CPU-second"
    plain = f"; without numba {megabytes / mine['plain_s']:.2f} MB/s"
    yield Finding(f"{what}: Arrow column", "", told + plain, None, f"{RATE_MB_S:g} MB/s", rate >= RATE_MB_S)
    yield _frames(what, mine, other, megabytes)
    yield _quality(what, mine, other)
    yield Finding(
        "find indicators: first call, 100 lines",
        "" if other is None else f"msticpy {other['first_s']:.2f} s",
        f"{mine['first_s']:.2f} s",
        None if other is None else other["first_s"] / mine["first_s"],
    )


def _frames(what: str, mine: dict[str, Any], other: dict[str, Any] | None, megabytes: float) -> Finding:
    told = f"{mine['frame_s']:.2f} s, {megabytes / mine['frame_s']:.0f} MB/s, {mine['peak_mb']:.0f} MB"
    if other is None:
        return Finding(f"{what}: pandas frame to frame", "msticpy is not installed", told)
    ratio = other["frame_s"] / mine["frame_s"]
    theirs = f"msticpy {other['frame_s']:.1f} s, {megabytes / other['frame_s']:.2f} MB/s, {other['peak_mb']:.0f} MB"
    name = f"{what}: pandas frame to frame"
    return Finding(name, theirs, told, ratio, f"{TIMES_FASTER:g} x faster", ratio >= TIMES_FASTER)


def _quality(what: str, mine: dict[str, Any], other: dict[str, Any] | None) -> Finding:
    def told(one: dict[str, Any]) -> str:
        return f"precision {one['precision']:.3f}, recall {one['recall']:.3f}"

    is_met = mine["precision"] >= PRECISION and mine["recall"] >= RECALL
    theirs = "msticpy is not installed" if other is None else f"msticpy {told(other)}"
    return Finding(f"{what}: quality", theirs, told(mine), None, f"precision {PRECISION}, recall {RECALL}", is_met)


if __name__ == "__main__":
    from pathlib import Path

    lines = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    LINES = LINES_QUICK = lines
    tell(measure(Plan(1, FULL_SIZE + 1, 1, Path(), Path(), 7)))
