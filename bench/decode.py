"""1,000 command lines with something encoded in them, one to four layers deep; and a gzip bomb of 30 MB zeros.

msticpy, where it is installed (``MSTICPY_PYTHON`` may name another Python that has it), runs row by row, because its
call for a column raises on the first damaged one. A row is right when the text at its core is found, whole.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import encoded_commands
from measure import Finding, Plan
from msticpy_child import msticpy_python, told_by

HERE = Path(__file__).parent
ROWS = 1_000
WANTED = 0.99
BOMB_S = 1.0


def measure(plan: Plan) -> Iterator[Finding]:
    """Share of innermost texts, rate, and the bomb."""
    path = encoded_commands.write(plan.scratch / "encoded_commands.jsonl", ROWS, plan.seed)
    python = msticpy_python()
    ours, theirs = [], []
    for _ in range(plan.rounds):
        ours.append(told_by([sys.executable, HERE / "our_decode.py", path]))
        if python is not None:
            theirs.append(told_by([python, HERE / "msticpy_decode.py", path]))
    mine = _median(ours)
    other = _median(theirs) if theirs else None
    share = mine["right"] / mine["rows"]
    yield Finding(
        f"decode {ROWS:,} rows: innermost texts",
        "msticpy is not installed" if other is None else f"msticpy {other['right']:,} ({other['raised']} rows raise)",
        f"{mine['right']:,}",
        None if other is None else share / max(other["right"] / other["rows"], 1e-9),
        f"at least {WANTED:.0%}",
        share >= WANTED,
    )
    if other is not None:
        yield _rates(mine, other)
    yield Finding(
        "decode: gzip bomb of 30 MB zeros",
        "",
        f"{mine['bomb_s']:.2f} s" + (", told in a row" if mine["bomb_told"] else ""),
        None,
        f"under {BOMB_S:g} s, told",
        mine["bomb_s"] < BOMB_S and mine["bomb_told"],
    )


def _rates(mine: dict[str, Any], other: dict[str, Any]) -> Finding:
    def told(one: dict[str, Any]) -> str:
        return f"{one['cpu_s']:.2f} s CPU, {one['rows'] / one['cpu_s']:,.0f} rows/s, {one['peak_mb']:.0f} MB"

    ratio = other["cpu_s"] / mine["cpu_s"]
    return Finding(f"decode {ROWS:,} rows", f"msticpy {told(other)}", told(mine), ratio, "faster", ratio > 1)


def _median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return sorted(runs, key=lambda run: run["cpu_s"])[len(runs) // 2]
