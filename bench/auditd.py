"""An audit log of 100,000 lines into a frame of events, beside msticpy; what is right is known from the generator.

``MSTICPY_PYTHON`` may name another Python that has msticpy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from audit_log import LINES, write_log
from measure import Finding, Plan
from msticpy_child import in_turn, middle

TIMES = 10
"""How many times faster than msticpy is the aim."""


def measure(plan: Plan) -> Iterator[Finding]:
    """Ours and msticpy in turn, on the same file."""
    log, truth = plan.scratch / "audit.log", plan.scratch / "audit.json"
    told = write_log(log, LINES, plan.seed)
    truth.write_text(json.dumps(asdict(told)))
    ours, theirs = in_turn("our_auditd.py", "msticpy_auditd.py", [log, truth], plan.rounds)
    mine = middle(ours, "wall_s")
    other = middle(theirs, "wall_s") if theirs else None
    lines = log.read_bytes().count(b"\n")
    said = f"{lines / mine['wall_s']:,.0f} lines/s"
    what = f"read {lines:,} lines of an audit log"
    if other is not None:
        ratio = other["wall_s"] / mine["wall_s"]
        peer = f"msticpy {lines / other['wall_s']:,.0f} lines/s"
        yield Finding(what, peer, said, ratio, f"at least {TIMES} x", ratio >= TIMES)
    else:
        yield Finding(what, "msticpy is not installed", said)
    for name, all_of in (("events", len(told.events)), ("commands", len(told.commands))):
        peer = "" if other is None else f"msticpy {other[name]:,}"
        words = {"events": "events that are right", "commands": "command lines that are right"}[name]
        yield Finding(words, peer, f"{mine[name]:,} of {all_of:,}", mine[name] / all_of, "all", mine[name] == all_of)
