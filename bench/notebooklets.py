"""NetworkFlowSummary of a host with 1 M flows and 20,000 peers in a day, without online look-ups, to the page.

The peer is one step of msticnb's alone: what it does to each row before it groups them (its own function where msticnb
is installed in ``MSTICNB_PYTHON`` or here, else the step re-enacted). Its whois would add half a second an address.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from host_flows import DAY, HOST
from host_flows import main as write_flows
from measure import OURS, ChildError, Finding, Plan, make_workspace

HERE = Path(__file__).parent
FLOWS, PEERS = 1_000_000, 20_000
TARGET_S, TARGET_MB = 5.0, 2.0


def measure(plan: Plan) -> Iterator[Finding]:
    """Make the flows, ingest them, run both."""
    flows = min(FLOWS, plan.large)
    file = plan.data / f"host-{flows}-seed{plan.seed}" / "flows.parquet"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        aside = file.with_name("aside.parquet")
        write_flows(aside, flows, PEERS, plan.seed)
        aside.replace(file)
    case = make_workspace(plan.scratch / "host")
    shutil.copy(file.with_name("as.csv"), case / "as.csv")
    settings = case / "flowsleuth.toml"
    settings.write_text(settings.read_text() + 'geography = ["as.csv"]\n')
    _answer([*OURS, "ingest", file, "-w", case])
    page, day = plan.scratch / "page.html", DAY.date().isoformat()
    ours = _answer([sys.executable, HERE / "our_flow_summary.py", case, HOST, day, page])
    if ours["flows"] != flows:
        raise ChildError(f"{ours['flows']:,} flows counted, there are {flows:,}")
    python = os.environ.get("MSTICNB_PYTHON", sys.executable)
    theirs = _answer([python, HERE / "rowwise_flows.py", file, HOST, day])
    whose = "msticnb's row-wise step alone" if theirs["is_theirs"] else "msticnb's row-wise step, re-enacted, alone"
    first, again = ours["walls"]
    yield Finding(
        f"NetworkFlowSummary, {flows:,} flows, {ours['peers']:,} peers, to the page",
        f"{whose}: {theirs['wall']:.1f} s", f"{first:.1f} s wall; again without page {again:.1f} s",
        theirs["wall"] / first, f"{TARGET_S:.0f} s", first < TARGET_S,
    )  # fmt: skip
    size = ours["page"] / 1e6
    yield Finding("its page", "", f"{size:.2f} MB", None, f"{TARGET_MB:.0f} MB", size < TARGET_MB)
    slowest = sorted(ours["steps"].items(), key=lambda one: -one[1])[:5]
    yield Finding("its slowest steps", "", ", ".join(f"{name} {seconds:.2f} s" for name, seconds in slowest))


def _answer(command: list[object]) -> dict[str, Any]:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ChildError(f"{' '.join(map(str, command))[:200]}: {done.stderr[-2_000:]}")
    lines = done.stdout.strip().splitlines()
    return json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}


if __name__ == "__main__":
    import run

    sys.exit(run.main(["--only", "notebooklets", *sys.argv[1:]]))
