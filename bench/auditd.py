"""An audit log of 100,000 lines into a frame of events, beside msticpy; what is right is known from the generator.

``MSTICPY_PYTHON`` may name another Python that has msticpy.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from audit_log import LINES, write_log
from measure import Finding, Plan
from msticpy_child import msticpy_python, told_by

HERE = Path(__file__).parent
TIMES = 10
"""How many times faster than msticpy is the aim."""


def measure(plan: Plan) -> Iterator[Finding]:
    """Ours and msticpy in turn, on the same file."""
    log, truth = plan.scratch / "audit.log", plan.scratch / "audit.json"
    told = write_log(log, LINES, plan.seed)
    truth.write_text(json.dumps(asdict(told)))
    python = msticpy_python()
    ours, theirs = [], []
    for _ in range(plan.rounds):
        ours.append(told_by([sys.executable, HERE / "our_auditd.py", log, truth]))
        if python is not None:
            theirs.append(told_by([python, HERE / "msticpy_auditd.py", log, truth]))
    mine = _median(ours)
    lines = log.read_bytes().count(b"\n")
    said = f"{lines / mine['wall_s']:,.0f} lines/s"
    what = f"read {lines:,} lines of an audit log"
    if theirs:
        other = _median(theirs)
        ratio = other["wall_s"] / mine["wall_s"]
        peer = f"msticpy {lines / other['wall_s']:,.0f} lines/s"
        yield Finding(what, peer, said, ratio, f"at least {TIMES} x", ratio >= TIMES)
    else:
        yield Finding(what, "msticpy is not installed", said)
    for name, all_of in (("events", len(told.events)), ("commands", len(told.commands))):
        peer = f"msticpy {_median(theirs)[name]:,}" if theirs else ""
        words = {"events": "events that are right", "commands": "command lines that are right"}[name]
        yield Finding(words, peer, f"{mine[name]:,} of {all_of:,}", mine[name] / all_of, "all", mine[name] == all_of)


def _median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return sorted(runs, key=lambda run: run["wall_s"])[len(runs) // 2]
