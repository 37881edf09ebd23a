"""Clusters of 50,000 started processes of 40 templates and 0.5 % of one-offs: time, memory, what they are worth.

msticpy's features and ``dbcluster_events``, with the columns and distance of its documentation, run beside it where its
extra ``ml`` is installed; ``MSTICPY_PYTHON`` may name another Python that has it. Then a million events, ours alone.
Alone: ``python bench/clusters.py [EVENTS] [ROUNDS] [MANY]``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import Finding, Plan, tell
from msticpy_child import HERE, in_turn, median, told_by

EVENTS = 50_000
MANY = 1_000_000
FASTER = 10.0
SMALLER = 10.0


def measure(plan: Plan) -> Iterator[Finding]:
    """Beside msticpy, then many events."""
    yield from clusters(EVENTS, plan.rounds, MANY, plan.scratch, plan.seed)


def clusters(events: int, rounds: int, many: int, folder: Path, seed: int) -> Iterator[Finding]:
    """Make events, cluster them."""
    file = _made(folder, events, seed)
    ours, theirs = in_turn("our_clusters.py", "msticpy_clusters.py", [file], rounds)
    what, told, wall = f"cluster {events:,} events", _told(ours), median(ours, "wall_s")
    is_right = median(ours, "mixed") == 0 and median(ours, "alone") == median(ours, "one_offs")
    yield Finding(f"{what}: what they are", "", told, None, "no cluster mixed, each one-off alone", is_right)
    if theirs:
        other, peer = median(theirs, "wall_s"), f"msticpy {_told(theirs)}"
        yield Finding(what, peer, told, other / wall, f"{FASTER:g} x faster", other / wall >= FASTER)
        added = [median(runs, "added_mb") for runs in (ours, theirs)]
        smaller = added[1] / max(added[0], 1.0)
        memory = [f"{mb:,.0f} MB more than before" for mb in added]
        yield Finding(
            f"{what}: memory", f"msticpy {memory[1]}", memory[0], smaller, "a tenth of it", smaller >= SMALLER
        )
    if many:
        one = told_by([sys.executable, HERE / "our_clusters.py", _made(folder, many, seed)])
        yield Finding(f"cluster {many:,} events", "", f"{_told([one])}, {one['added_mb']:,.0f} MB more than before")


def _told(runs: list[dict[str, float]]) -> str:
    wall, found, mixed, alone, one_offs, purity = (
        median(runs, name) for name in ("wall_s", "clusters", "mixed", "alone", "one_offs", "purity")
    )
    return (
        f"{wall:.2f} s, {found:,.0f} clusters, {mixed:,.0f} of them mixed, purity {purity:.4f}, "
        f"{alone:,.0f} of {one_offs:,.0f} one-offs alone"
    )


def _made(folder: Path, events: int, seed: int) -> Path:
    file = folder / f"events-{events}.csv"
    made = [sys.executable, HERE / "process_events.py", events, file, seed]
    subprocess.run([str(word) for word in made], check=True)
    return file


if __name__ == "__main__":
    sizes = [int(word) for word in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as scratch:
        tell(clusters(*(sizes + [EVENTS, 1, MANY][len(sizes) :]), folder=Path(scratch), seed=7))
