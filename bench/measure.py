"""Whole processes run in turn and weighed: processor seconds, wall time, peak memory.

Processor seconds (user and system, of the process and its children) are what counts, because wall times of a shared
machine are noise. Rivals run alternately (A B A B …), and ratios are taken round by round, so that a busy minute hits
both. The measuring process must stay small: a child's peak is never below what its parent had when it forked.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Command = Sequence[str | Path]
FULL_SIZE = 10_000_000
"""Targets are set for so many flows; smaller runs take one draw of each needle."""


@dataclass(frozen=True)
class Cost:
    """What one run took.

    Attributes
    ----------
    cpu_s, wall_s : float
    peak_mb : float
        Highest resident memory of the process (not of its children), in MB of 10^6 bytes.
    """

    cpu_s: float
    wall_s: float
    peak_mb: float


class ChildError(RuntimeError):
    """A measured process failed; the text is the end of what it said."""


def run_once(command: Command, folder: Path, output: Path | None = None) -> Cost:
    """Run a process to its end.

    Raises
    ------
    ChildError
        It ended with another exit code than 0.
    """
    said = folder / "stderr"
    with said.open("wb") as errors, (output or Path(os.devnull)).open("wb") as out:
        begin = time.perf_counter()
        child = subprocess.Popen([str(word) for word in command], cwd=folder, stdout=out, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        tail = said.read_text(errors="replace")[-2_000:]
        raise ChildError(f"{' '.join(map(str, command))[:300]} ended with {child.returncode}: {tail}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024 / 1e6)


@dataclass
class Race:
    """Rounds of several rivals, run in turn.

    Attributes
    ----------
    costs : dict of str to list of Cost
        By rival, one for each round.
    """

    costs: dict[str, list[Cost]]

    def cpu(self, name: str) -> float:
        """Median processor seconds."""
        return statistics.median(cost.cpu_s for cost in self.costs[name])

    def wall(self, name: str) -> float:
        """Median wall seconds."""
        return statistics.median(cost.wall_s for cost in self.costs[name])

    def peak(self, name: str) -> float:
        """Highest peak memory, MB."""
        return max(cost.peak_mb for cost in self.costs[name])

    def ratio(self, name: str, other: str) -> float:
        """Median over the rounds of one rival's processor seconds by another's."""
        pairs = zip(self.costs[name], self.costs[other], strict=True)
        return statistics.median(mine.cpu_s / theirs.cpu_s for mine, theirs in pairs)

    def wall_ratio(self, name: str, other: str) -> float:
        """The same of wall seconds."""
        pairs = zip(self.costs[name], self.costs[other], strict=True)
        return statistics.median(mine.wall_s / theirs.wall_s for mine, theirs in pairs)


def race(rivals: Mapping[str, Callable[[], Command]], folder: Path, rounds: int) -> Race:
    """Run the rivals alternately; each command is made, unmeasured, just before it runs."""
    costs: dict[str, list[Cost]] = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, prepare in rivals.items():
            costs[name].append(run_once(prepare(), folder))
    return Race(costs)


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes
    ----------
    what, peer, ours : str
        What was done, and the two figures as text.
    ratio : float or None
    target : str
    is_met : bool or None
        None where no target is set.
    """

    what: str
    peer: str
    ours: str
    ratio: float | None = None
    target: str = ""
    is_met: bool | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Plan:
    """What a benchmark is asked to do.

    Attributes
    ----------
    small, large : int
        Flows of the smaller and the larger run.
    rounds : int
    data : Path
        Where generated files are kept.
    scratch : Path
        Where workspaces are made; emptied by who made them.
    seed : int
    """

    small: int
    large: int
    rounds: int
    data: Path
    scratch: Path
    seed: int

    def log(self, kind: str, rows: int) -> Path:
        """A generated file, made in a process of its own when it is not there."""
        maker = Path(__file__).with_name("generate.py")
        command = [sys.executable, maker, kind, rows, "--dir", self.data, "--seed", self.seed]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ChildError(done.stderr[-2_000:])
        return Path(done.stdout.strip())


OURS: tuple[str, ...] = (sys.executable, "-m", "flowsleuth")
"""Our program, as whoever installed it starts it."""


def make_workspace(folder: Path) -> Path:
    """A new, empty workspace."""
    subprocess.run([*OURS, "init", str(folder)], check=True, capture_output=True)
    return folder


def large_case(plan: Plan) -> tuple[Path, Cost]:
    """A workspace with the larger log ingested, made once in a run, and what that took."""
    case = plan.scratch / "large"
    noted = plan.scratch / "large.json"
    if not noted.exists():
        log = plan.log("zeek-tsv", plan.large)
        cost = run_once([*OURS, "ingest", log, "-w", make_workspace(case)], plan.scratch)
        noted.write_text(json.dumps(asdict(cost)))
    return case, Cost(**json.loads(noted.read_text()))


def tell(findings: Iterable[Finding]) -> None:
    """Print findings as they come, a line each, where a benchmark is run alone."""
    for one in findings:
        print(one.what, one.peer, one.ours, one.ratio, one.target, one.is_met, sep=" | ", flush=True)
