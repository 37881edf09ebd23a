"""Threat investigation on 10 M flows: everything about one address, in a running process, against nfdump.

nfdump does less: it groups the address's flows by source, destination, port and protocol, which is our expanded search;
ours also makes peers, ways, top lists and a timeline. Both must tell the same flows and bytes.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from measure import OURS, ChildError, Finding, Plan, make_workspace, run_once

ASK = Path(__file__).with_name("our_investigation.py")
ROUNDS = 20
TARGET_S = 2.0
PLACES = {"the busiest": 1, "a busy": 20, "an ordinary": 200}
"""Addresses by their place among those with most flows."""


def measure(plan: Plan) -> Iterator[Finding]:
    """Ingest the nfcapd file unless another benchmark has, then ask about some addresses and a network."""
    if shutil.which("nfdump") is None:
        yield Finding("investigation against nfdump", "not installed (Debian package nfdump)", "")
        return
    file = plan.log("nfcapd", plan.large)
    case = plan.scratch / "netflow"
    if not case.exists():
        run_once([*OURS, "ingest", file, "-w", make_workspace(case)], plan.scratch)
    addresses = _busiest(file)
    for name, place in PLACES.items():
        if place <= len(addresses):
            yield from _one(plan, file, case, name + " address", addresses[place - 1])
    network = ".".join(addresses[0].split(".")[:2]) + ".0.0/16"
    yield from _one(plan, file, case, "a /16", network)


def _answer(command: list[object]) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ChildError(done.stderr[-2_000:])
    return done.stdout


def _busiest(file: Path) -> list[str]:
    """IPv4 addresses at either end, those with most flows first."""
    said = _answer(["nfdump", "-r", file, "-s", "ip/flows", "-n", "400", "-o", "csv"]).split("\n\n")[0]
    found = [row["val"] for row in csv.DictReader(io.StringIO(said))]
    return [address for address in found if ":" not in address]


def _one(plan: Plan, file: Path, case: Path, name: str, target: str) -> Iterator[Finding]:
    about = f"net {target}" if "/" in target else f"host {target}"
    grouped = ["nfdump", "-r", file, "-A", "srcip,dstip,dstport,proto", "-o", "csv", "-n", "0", about]
    ours = json.loads(_answer([sys.executable, ASK, case, target, 0]))
    _check(about, file, ours)
    theirs = [run_once([str(word) for word in grouped], plan.scratch).wall_s for _ in range(max(3, plan.rounds))]
    told = json.loads(_answer([sys.executable, ASK, case, target, ROUNDS]))
    half, most = statistics.median(told["walls"]), sorted(told["walls"])[int(0.95 * (ROUNDS - 1))]
    peer = statistics.median(theirs)
    what = f"investigation of {name} ({ours['flows']:,} of {plan.large:,} flows, {told['peers']:,} peers)"
    mine = f"p50 {half:.2f} s, p95 {most:.2f} s, {statistics.median(told['costs']):.2f} CPU-s"
    limit = f"p95 under {TARGET_S:g} s" if "/" not in target else ""
    yield Finding(what, f"{peer:.2f} s", mine, peer / half, limit, most < TARGET_S if limit else None)


def _check(about: str, file: Path, ours: dict[str, int]) -> None:
    """Flows and bytes as nfdump tells them."""
    said = _answer(["nfdump", "-r", file, "-q", "-N", "-o", "fmt:%byt", about]).split()
    theirs = (len(said), sum(map(int, said)))
    if theirs != (ours["flows"], ours["bytes"]):
        raise ChildError(f"{about}: nfdump tells {theirs}, ours {ours}")
