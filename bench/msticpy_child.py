"""Runs a script with the Python that has msticpy, and one with ours, in turn; each prints one line of JSON."""

from __future__ import annotations

import importlib.util
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measure import ChildError

HERE = Path(__file__).parent


def msticpy_python() -> str | None:
    """A Python that has msticpy: named by ``MSTICPY_PYTHON``, or this one; None where there is none."""
    return os.environ.get("MSTICPY_PYTHON") or (sys.executable if importlib.util.find_spec("msticpy") else None)


def told_by(command: Sequence[object]) -> dict[str, Any]:
    """What a script says on its last line.

    Raises
    ------
    ChildError
        It failed.
    """
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ChildError(done.stderr[-2_000:])
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


def in_turn(
    ours: str, theirs: str, arguments: Sequence[object], rounds: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Both scripts in turn, so many times; the second list is empty where msticpy is not installed."""
    mine, other = [], []
    python = msticpy_python()
    for _ in range(rounds):
        mine.append(told_by([sys.executable, HERE / ours, *arguments]))
        if python is not None:
            other.append(told_by([python, HERE / theirs, *arguments]))
    return mine, other


def middle(runs: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    """The run in the middle of runs ordered by what they told."""
    return sorted(runs, key=lambda run: run[name])[len(runs) // 2]


def median(runs: Sequence[dict[str, Any]], name: str) -> float:
    """The median of what runs told."""
    return statistics.median(run[name] for run in runs)
