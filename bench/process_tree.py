"""Process trees of 100,000 processes, on one host and on 25, ids used again: time, and how many parents are right.

msticpy's ``build_process_tree`` runs beside it, in turn, where it is installed; ``MSTICPY_PYTHON`` may name another
Python that has it. Alone: ``python bench/process_tree.py [PROCESSES] [ROUNDS]``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import Finding, Plan, tell
from msticpy_child import HERE, in_turn, median

PROCESSES = 100_000
HOSTS = (1, 25)
AT_MOST_S = 2.0
FASTER = 10.0


def measure(plan: Plan) -> Iterator[Finding]:
    """Both forests, then a chain: one process below another, as deep as there are."""
    yield from trees(PROCESSES, plan.rounds, plan.scratch, plan.seed)


def trees(processes: int, rounds: int, folder: Path, seed: int) -> Iterator[Finding]:
    """Make forests, build their trees."""
    for hosts in HOSTS:
        file = folder / f"forest-{processes}-{hosts}.csv"
        made = [sys.executable, HERE / "process_forest.py", processes, hosts, file, seed]
        subprocess.run([str(word) for word in made], check=True)
        ours, theirs = in_turn("our_process_tree.py", "msticpy_process_tree.py", [file], rounds)
        wall, right, depth = (median(ours, name) for name in ("wall_s", "right", "depth"))
        told = f"{wall:.2f} s, {right:,.0f} parents right, {depth:.0f} levels, {median(ours, 'peak_mb'):,.0f} MB"
        what = f"process tree, {processes:,} processes, {hosts} host{'s' if hosts > 1 else ''}"
        yield Finding(
            what, "", told, wall, f"at most {AT_MOST_S:g} s, all parents", wall <= AT_MOST_S and right == processes
        )
        if theirs:
            other, their_right = median(theirs, "wall_s"), median(theirs, "right")
            peer = f"msticpy {other:.2f} s, {their_right:,.0f} parents right, {median(theirs, 'peak_mb'):,.0f} MB"
            # on many hosts msticpy's work is less deep, and some of its parents are on other hosts
            target, met = (f"{FASTER:g} x faster", other / wall >= FASTER) if hosts == 1 else ("faster", other > wall)
            yield Finding(what, peer, told, other / wall, target, met)


if __name__ == "__main__":
    sizes = [int(word) for word in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as scratch:
        tell(trees(*(sizes + [PROCESSES, 1][len(sizes) :]), folder=Path(scratch), seed=7))
