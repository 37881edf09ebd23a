"""Questions about 10 M flows: top talkers and one address's flows, asked of our store and of nfdump.

Both hold the same flows: those that nfcapd received and wrote (LZ4), and what ``flowsleuth ingest`` made of that very
file. Ours is asked as a whole process, ``flowsleuth sql --format csv`` with interpreter, imports and connection, and
within one, as in a notebook; the wall decides, processor seconds are told beside it.
Answers must be equal: the talkers with their flows, packets and bytes, and the number and bytes of the address's flows.
"""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from measure import OURS, ChildError, Cost, Finding, Plan, make_workspace, race, run_once
from our_queries import question

ASK = Path(__file__).with_name("our_queries.py")
PLACE = 20
"""The address whose flows are listed is the one at this place among the talkers: busy, not extreme."""


def measure(plan: Plan) -> Iterator[Finding]:
    """Ingest the nfcapd file, check the answers, run both in turn."""
    if shutil.which("nfdump") is None:
        yield Finding("queries against nfdump", "not installed (Debian package nfdump)", "")
        return
    file = plan.log("nfcapd", plan.large)
    case = make_workspace(plan.scratch / "netflow")
    cost = run_once([*OURS, "ingest", file, "-w", case], plan.scratch)
    yield Finding(f"ingest nfcapd, {plan.large:,} flows (nfdump's own share included)", "", _told(cost))
    address = _check_talkers(plan, file, case)
    _check_address(plan, file, case, address)
    theirs = {
        "top 20 talkers": ["nfdump", "-r", file, "-s", "srcip/bytes", "-n", "20"],
        "flows of one address": ["nfdump", "-r", file, f"host {address}"],
    }
    ours = {"top 20 talkers": ["talkers"], "flows of one address": ["address", address]}
    for what, command in theirs.items():
        yield from _compare(plan, f"{what} of {plan.large:,}", command, case, ours[what])


def _compare(plan: Plan, what: str, nfdump: Sequence[str | Path], case: Path, words: list[str]) -> Iterator[Finding]:
    text, values = question(words)
    bound = [word for name, value in values.items() for word in ("--value", f"{name}={value}")]
    ask = [*OURS, "sql", text, *bound, "--format", "csv", "-w", case]
    found = race({"nfdump": lambda: nfdump, "ours": lambda: ask}, plan.scratch, 2 * plan.rounds + 1)
    inside_cpu, inside_wall = map(float, _answer([sys.executable, ASK, case, *words, "--timed"]).split())
    peer = f"{found.cpu('nfdump'):.2f} CPU-s, {found.wall('nfdump'):.2f} s"
    whole = found.wall_ratio("nfdump", "ours")
    told = f"{found.cpu('ours'):.2f} CPU-s, {found.wall('ours'):.2f} s"
    yield Finding(f"{what}: nfdump's wall against our whole process", peer, told, whole, "faster", whole > 1)
    inside = found.wall("nfdump") / inside_wall
    told = f"{inside_cpu:.2f} CPU-s, {inside_wall:.2f} s"
    yield Finding(f"{what}: nfdump's wall against ours in a notebook", peer, told, inside, "faster", inside > 1)


def _told(cost: Cost) -> str:
    return f"{cost.cpu_s:.1f} CPU-s, {cost.wall_s:.1f} s, {cost.peak_mb:.0f} MB"


def _answer(command: Sequence[str | Path]) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ChildError(done.stderr[-2_000:])
    return done.stdout


def _check_talkers(plan: Plan, file: Path, case: Path) -> str:
    """Compare the talkers; the address at :data:`PLACE`."""
    said = _answer(["nfdump", "-r", file, "-s", "srcip/bytes", "-n", "20", "-o", "csv"]).split("\n\n")[0]
    theirs = [(r["val"], int(r["fl"]), int(r["pkt"]), int(r["byt"])) for r in csv.DictReader(io.StringIO(said))]
    rows = csv.DictReader(io.StringIO(_answer([sys.executable, ASK, case, "talkers"])))
    ours = [(r["src_ip"], int(r["flows"]), int(r["packets"]), int(r["bytes"])) for r in rows]
    if sorted(theirs) != sorted(ours):
        raise ChildError(f"nfdump and our store name different talkers: {theirs[:3]} … {ours[:3]}")
    return ours[PLACE - 1][0]


def _check_address(plan: Plan, file: Path, case: Path, address: str) -> None:
    said = _answer(["nfdump", "-r", file, "-q", "-N", "-o", "fmt:%byt", f"host {address}"])
    theirs = [int(line) for line in said.split()]
    rows = csv.DictReader(io.StringIO(_answer([sys.executable, ASK, case, "address", address])))
    ours = [int(r["src_bytes"]) for r in rows]
    if (len(theirs), sum(theirs)) != (len(ours), sum(ours)):
        raise ChildError(
            f"flows of {address} differ: nfdump {len(theirs)}, {sum(theirs)}; ours {len(ours)}, {sum(ours)}"
        )
