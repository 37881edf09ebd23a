"""Ingest: Zeek TSV and JSON to the canonical table, against a bare DuckDB ``COPY`` and against zat's reader.

Ours is the whole program, ``flowsleuth ingest LOG -w CASE``, with everything that a row needs: types, canonical
addresses, directions, ids, provenance, the fields without a column, and the digest of what was read.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from measure import OURS, Command, Finding, Plan, Race, make_workspace, race

HERE = Path(__file__).parent
MAX_CPU_RATIO = 2.0
MIN_ZAT_RATIO = 4.0
MAX_PEAK_GROWTH = 1.1
"""Peaks of two runs of one size differ by some 5 %; above this it is growth."""


def _ours(plan: Plan, log: Path) -> Callable[[], Command]:
    def prepare() -> Command:
        case = plan.scratch / "case"
        shutil.rmtree(case, ignore_errors=True)
        return [*OURS, "ingest", log, "-w", make_workspace(case)]

    return prepare


def _bare(plan: Plan, kind: str, log: Path, codec: str) -> Callable[[], Command]:
    return lambda: [sys.executable, HERE / "bare_duckdb.py", kind, log, plan.scratch / "bare.parquet", codec]


def _against_duckdb(kind: str, found: Race) -> Iterator[Finding]:
    for codec in ("default", "zstd"):
        ratio = found.ratio("ours", codec)
        peer = f"{found.cpu(codec):.2f} CPU-s, {found.wall(codec):.2f} s, {found.peak(codec):.0f} MB"
        ours = f"{found.cpu('ours'):.2f} CPU-s, {found.wall('ours'):.2f} s, {found.peak('ours'):.0f} MB"
        name = "snappy, its default" if codec == "default" else codec
        what = f"{kind}: CPU against bare DuckDB COPY ({name})"
        yield Finding(what, peer, ours, ratio, f"<= {MAX_CPU_RATIO:g} x", ratio <= MAX_CPU_RATIO)


def measure(plan: Plan) -> Iterator[Finding]:
    """Run everything; yield line by line."""
    tsv = plan.log("zeek-tsv", plan.small)
    yield from _duckdb_races(plan, "zeek-tsv", tsv)
    yield from _duckdb_races(plan, "zeek-json", plan.log("zeek-json", plan.small))
    yield _zat_race(plan)
    small = race({"ours": _ours(plan, tsv)}, plan.scratch, 2)
    large = _large(plan)
    growth = large.peak("ours") / small.peak("ours")
    yield Finding(
        f"zeek-tsv: peak memory at {plan.large:,} against {plan.small:,} flows",
        f"{small.peak('ours'):.0f} MB",
        f"{large.peak('ours'):.0f} MB ({large.cpu('ours'):.1f} CPU-s, {large.wall('ours'):.1f} s)",
        growth,
        "does not grow",
        growth <= MAX_PEAK_GROWTH,
    )


def _duckdb_races(plan: Plan, kind: str, log: Path) -> Iterator[Finding]:
    rivals = {codec: _bare(plan, kind, log, codec) for codec in ("default", "zstd")}
    found = race({"default": rivals["default"], "ours": _ours(plan, log), "zstd": rivals["zstd"]}, plan.scratch, plan.rounds)
    yield from _against_duckdb(f"{kind} {plan.small:,} flows", found)


def _zat_race(plan: Plan) -> Finding:
    """zat needs minutes for the full log, so both read a smaller one."""
    log = plan.log("zeek-tsv", plan.slow)
    found = race({"zat": lambda: [sys.executable, HERE / "zat_reader.py", log], "ours": _ours(plan, log)}, plan.scratch, 2)
    ratio = found.ratio("zat", "ours")
    return Finding(
        f"zeek-tsv {plan.slow:,} flows: zat's CPU against ours",
        f"{found.cpu('zat'):.2f} CPU-s, {found.wall('zat'):.2f} s",
        f"{found.cpu('ours'):.2f} CPU-s, {found.wall('ours'):.2f} s",
        ratio,
        f">= {MIN_ZAT_RATIO:g} x",
        ratio >= MIN_ZAT_RATIO,
    )
