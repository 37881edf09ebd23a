"""Run the benchmarks and print one table: ``python bench/run.py [--quick] [--only NAME ...]``. See README.md."""

from __future__ import annotations

import argparse
import compileall
import datetime as dt
import importlib
import json
import os
import platform
import shutil
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import flowsleuth
from measure import ChildError, Finding, Plan

HERE = Path(__file__).parent
NAMES = (
    "ingest", "scoring", "queries", "investigation", "topics", "detection", "beacons", "feedback", "enrichment",
    "lookups", "web", "notebooklets", "auditd", "decode", "address_types", "process_tree", "clusters", "ioc",
    "displays", "first_calls",
)  # fmt: skip
"""Each is a module beside this one with ``measure(plan)``, which yields findings."""
PACKAGES = ("flowsleuth", "duckdb", "pyarrow", "ibis-framework", "numpy", "numba", "scikit-learn", "zat")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="300,000 and 1,000,000 flows instead of 3 and 10 million")
    parser.add_argument("--only", action="append", choices=NAMES, help="run only this one; may be repeated")
    parser.add_argument("--dir", type=Path, default=HERE / "out", help="where generated logs and the report are kept")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, help="runs of each rival (3; with --quick 2)")
    parser.add_argument("--flows", type=int, nargs=2, metavar=("SMALL", "LARGE"), help="sizes of your own")
    return parser.parse_args(arguments)


def machine() -> dict[str, Any]:
    """What this ran on."""
    facts: dict[str, Any] = {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
    for name, key, file in (("cpu", "model name", "/proc/cpuinfo"), ("memory", "MemTotal", "/proc/meminfo")):
        lines = Path(file).read_text().splitlines() if Path(file).exists() else []
        facts[name] = next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "unknown")
    facts["load"] = os.getloadavg()[0]
    for package in PACKAGES:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = None
    return facts


def show(findings: list[Finding]) -> str:
    """The table as text."""
    head = ("what", "peer", "ours", "ratio", "target", "met")
    rows = [head]
    for one in findings:
        verdict = {True: "yes", False: "NO", None: ""}[one.is_met]
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        rows.append((one.what, one.peer, one.ours, ratio, one.target, verdict))
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * min(len(max(lines, key=len)), 160), *lines[1:]])


def plan_of(asked: argparse.Namespace, scratch: Path) -> Plan:
    """Sizes and places."""
    small, large = asked.flows or ((300_000, 1_000_000) if asked.quick else (3_000_000, 10_000_000))
    rounds = asked.rounds or (2 if asked.quick else 3)
    return Plan(small, large, rounds, asked.dir.resolve(), scratch, asked.seed)


def run(names: list[str], plan: Plan) -> tuple[list[Finding], list[str]]:
    """Findings of all benchmarks, and what failed."""
    findings: list[Finding] = []
    failed: list[str] = []
    for name in names:
        print(f"… {name}", file=sys.stderr, flush=True)
        try:
            for one in importlib.import_module(name).measure(plan):
                findings.append(one)
                print(f"  {one.what}: {one.ours}", file=sys.stderr, flush=True)
        except ChildError as error:
            failed.append(f"{name}: {error}")
    return findings, failed


def main(arguments: list[str] | None = None) -> int:
    """Run, print, write the report; 1 when a target was missed or something failed."""
    asked = parse(arguments)
    asked.dir.mkdir(parents=True, exist_ok=True)
    compileall.compile_dir(Path(flowsleuth.__file__).parent, quiet=1)  # as every installed package is, and the peers
    scratch = Path(tempfile.mkdtemp(prefix="scratch-", dir=asked.dir)).resolve()
    try:
        findings, failed = run(asked.only or list(NAMES), plan_of(asked, scratch))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(show(findings))
    for line in failed:
        print(f"FAILED {line}")
    report = {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "arguments": {key: str(value) for key, value in vars(asked).items() if key != "dir"},
        "findings": [one.as_dict() for one in findings],
        "failed": failed,
    }
    (asked.dir / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    return 1 if failed or any(one.is_met is False for one in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
