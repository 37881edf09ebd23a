"""Look-ups of 1,000 observables at four services of 50 ms each, against a server on this machine.

Two floors: the services' rate (100 requests a second each: 1,000 take 10 s), and the connections (20 under way at each:
50 rounds of 50 ms take 2.5 s). msticpy's TILookup, where it is installed, asks for 40 observables: it has one request
under way at each service, so it takes about 40 times the answer's time. ``MSTICPY_PYTHON`` may name another Python that
has it.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measure import ChildError, Finding, Plan
from msticpy_child import msticpy_python

HERE = Path(__file__).parent
PROVIDERS = ("virustotal", "otx", "abuseipdb", "crowdsec")
THEIRS = ("VirusTotal", "OTX", "AbuseIPDB", "CrowdSec")
OBSERVABLES = 1_000
FEW = 40
DELAY_S = 0.05
PER_MINUTE = 6_000
CONCURRENCY = 20
NEAR = 1.1
"""Times the floor that is still near it."""
NO_RATE = 10_000_000


def measure(plan: Plan) -> Iterator[Finding]:
    """Ours at the rate's floor and at the connections', then beside msticpy."""
    with _server() as url:
        yield _at_floor(
            plan, url, "its rate: 100 a second at each service", PER_MINUTE, (OBSERVABLES - 1) * 60 / PER_MINUTE
        )
        rounds = OBSERVABLES / CONCURRENCY
        yield _at_floor(plan, url, "its connections: 20 at each service", NO_RATE, rounds * DELAY_S, near=None)
        yield from _beside_msticpy(plan, url)


def _at_floor(plan: Plan, url: str, limit: str, per_minute: float, floor: float, near: float | None = NEAR) -> Finding:
    took = _ours(plan, url, OBSERVABLES, per_minute)
    complete = took["answered"] == OBSERVABLES * len(PROVIDERS)
    ratio = took["wall_s"] / (floor + DELAY_S)
    told = f"{took['wall_s']:.2f} s, {took['cpu_s']:.1f} s CPU, {took['answered']:,} answers"
    told += f"; again from the cache {took['again_s']:.2f} s"
    return Finding(
        f"look up 1,000 addresses at 4 services of 50 ms; limit: {limit}",
        f"floor {floor + DELAY_S:.2f} s",
        told,
        ratio,
        "" if near is None else f"at most {near:g} x the floor",
        None if near is None else ratio <= near and complete,
    )


def _beside_msticpy(plan: Plan, url: str) -> Iterator[Finding]:
    python = msticpy_python()
    what = "look up 40 addresses at 4 services of 50 ms"
    if python is None:
        yield Finding(what, "msticpy is not installed", "")
        return
    ours, theirs = [], []
    for _ in range(plan.rounds):
        ours.append(_ours(plan, url, FEW, NO_RATE))
        theirs.append(_run([python, HERE / "msticpy_lookups.py", url, FEW, plan.scratch, *THEIRS]))
    mine, other = (sorted(runs, key=lambda run: run["wall_s"])[len(runs) // 2] for runs in (ours, theirs))
    yield Finding(
        what,
        f"msticpy {other['wall_s']:.2f} s ({other['answered']} of {FEW * len(THEIRS)} answered)",
        f"{mine['wall_s']:.2f} s ({mine['answered']} answered)",
        other["wall_s"] / mine["wall_s"],
        "faster",
        mine["wall_s"] < other["wall_s"],
    )


def _ours(plan: Plan, url: str, count: int, per_minute: float) -> dict[str, Any]:
    folder = plan.scratch / "lookups"
    shutil.rmtree(folder, ignore_errors=True)
    return _run([sys.executable, HERE / "our_lookups.py", url, count, per_minute, CONCURRENCY, folder, *PROVIDERS])


def _run(command: list[object]) -> dict[str, Any]:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ChildError(done.stderr[-2_000:])
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


@contextlib.contextmanager
def _server() -> Iterator[str]:
    """The server in a process of its own, as a service is."""
    command = [sys.executable, str(HERE / "serve_intel.py"), str(DELAY_S)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
