"""Timelines of 10,000, 100,000 and 1,000,000 logons by account, as one HTML file: time, size, memory.

msticpy's ``display_timeline`` runs beside it, in turn, up to 100,000, where it is installed; ``MSTICPY_PYTHON`` may
name another Python that has it. Alone: ``python bench/displays.py [ROUNDS]``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import Finding, Plan, tell
from msticpy_child import HERE, in_turn, median, told_by

SIZES = (10_000, 100_000)
LARGE = 1_000_000
AT_MOST = 1_000_000
"""Bytes of the page, library and all."""


def measure(plan: Plan) -> Iterator[Finding]:
    """Ours and msticpy's, then a size that only ours is asked for."""
    yield from timelines(plan.rounds, plan.scratch, plan.seed)


def timelines(rounds: int, folder: Path, seed: int) -> Iterator[Finding]:
    """Make logons, draw them, weigh the pages."""
    page = folder / "timeline.html"
    for events in SIZES:
        ours, theirs = in_turn("our_displays.py", "msticpy_displays.py", [_logons(events, folder, seed), page], rounds)
        what = f"timeline of {events:,} events by account"
        told = _told(ours)
        whole = median(ours, "events") == events and median(ours, "bytes") <= AT_MOST
        yield Finding(f"{what}: size", "", told, None, f"at most {AT_MOST:,} bytes, no event lost", whole)
        if theirs:
            size, wall = median(theirs, "bytes"), median(theirs, "wall_s")
            peer = (
                f"msticpy {wall:.2f} s, {size / 1e6:.2f} MB, without its library {median(theirs, 'bare') / 1e6:.2f} MB"
            )
            peer += f", {median(theirs, 'peak_mb'):,.0f} MB of memory"
            yield Finding(
                f"{what}: size", peer, told, size / median(ours, "bytes"), "smaller", size > median(ours, "bytes")
            )
            faster = wall / median(ours, "wall_s")
            yield Finding(f"{what}: time", peer, told, faster, "faster", faster > 1)
    file = _logons(LARGE, folder, seed)
    large = [told_by([sys.executable, HERE / "our_displays.py", file, page])]
    whole = median(large, "events") == LARGE and median(large, "bytes") <= AT_MOST
    yield Finding(
        f"timeline of {LARGE:,} events by account: size", "", _told(large), None, f"at most {AT_MOST:,} bytes", whole
    )


def _told(runs: list[dict[str, float]]) -> str:
    size, wall, peak = (median(runs, name) for name in ("bytes", "wall_s", "peak_mb"))
    return f"{wall:.2f} s, {size / 1e6:.2f} MB, {peak:,.0f} MB of memory"


def _logons(events: int, folder: Path, seed: int) -> Path:
    file = folder / f"logons-{events}.csv"
    subprocess.run([sys.executable, str(HERE / "logon_events.py"), str(events), str(file), str(seed)], check=True)
    return file


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        tell(timelines(int(sys.argv[1]) if len(sys.argv) > 1 else 1, Path(scratch), seed=7))
