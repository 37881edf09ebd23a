"""The forest of processes is the same for the same seed, and the tree built of it has its parents."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parents[2] / "bench"


def run(*words: object) -> str:
    command = [sys.executable, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_parents_of_a_forest(tmp_path: Path) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    for file in (one, other):
        run(BENCH / "process_forest.py", 3_000, 3, file, 5)
    assert one.read_bytes() == other.read_bytes()
    told = json.loads(run(BENCH / "our_process_tree.py", one))
    assert (told["right"], told["rows"]) == (3_000, 3_000)
    assert told["depth"] > 12
