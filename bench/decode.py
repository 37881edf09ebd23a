"""1,000 command lines with something encoded in them, one to four layers deep; and a gzip bomb of 30 MB zeros.

msticpy, where it is installed (``MSTICPY_PYTHON`` may name another Python that has it), runs row by row, because its
call for a column raises on the first damaged one. A row is right when the text at its core is found, whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import encoded_commands
from measure import Finding, Plan
from msticpy_child import in_turn, middle

ROWS = 1_000
WANTED = 0.99
BOMB_S = 1.0


def measure(plan: Plan) -> Iterator[Finding]:
    """Share of innermost texts, rate, and the bomb."""
    path = encoded_commands.write(plan.scratch / "encoded_commands.jsonl", ROWS, plan.seed)
    ours, theirs = in_turn("our_decode.py", "msticpy_decode.py", [path], plan.rounds)
    mine = middle(ours, "cpu_s")
    other = middle(theirs, "cpu_s") if theirs else None
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
