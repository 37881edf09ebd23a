"""Ingest: Zeek TSV and JSON to the canonical table, against a bare DuckDB ``COPY`` and against zat's reader.

Ours is the whole program, ``flowsleuth ingest LOG -w CASE``, with everything that a row needs: types, canonical
addresses, directions, ids, provenance, the fields without a column, and the digest of what was read.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from measure import OURS, Command, Finding, Plan, Race, large_case, make_workspace, race

HERE = Path(__file__).parent
MAX_CPU_RATIO = 2.0
MIN_ZAT_RATIO = 4.0
ZAT = {"rows": "ZeekLogReader (a dict per record)", "frame": "LogToDataFrame (pandas)"}
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
        name = "snappy, its default" if codec == "default" else codec
        what = f"{kind}: CPU against bare DuckDB COPY ({name})"
        yield Finding(
            what, _told(found, codec), _told(found, "ours"), ratio, f"<= {MAX_CPU_RATIO:g} x", ratio <= MAX_CPU_RATIO
        )


def measure(plan: Plan) -> Iterator[Finding]:
    """Run everything; yield line by line."""
    tsv = plan.log("zeek-tsv", plan.small)
    yield from _duckdb_races(plan, "zeek-tsv", tsv)
    yield from _duckdb_races(plan, "zeek-json", plan.log("zeek-json", plan.small))
    yield from _zat_races(plan)
    small = race({"ours": _ours(plan, tsv)}, plan.scratch, 2)
    large = Race({"ours": [large_case(plan)[1]]})
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
    found = race(
        {"default": rivals["default"], "ours": _ours(plan, log), "zstd": rivals["zstd"]}, plan.scratch, plan.rounds
    )
    yield from _against_duckdb(f"{kind} {plan.small:,} flows", found)


def _zat_races(plan: Plan) -> Iterator[Finding]:
    """Against zat's readers, which store nothing: our reader alone, and our whole ingest.

    zat uses one core and we use all, so the wall says who is faster. Its LogToDataFrame has pandas read the columns:
    four times as fast would be faster than bare DuckDB's COPY, so there is no aim for it.
    """
    for how, flows in (("rows", plan.large), ("frame", plan.small)):
        log = plan.log("zeek-tsv", flows)
        found = race({"zat": _zat(how, log), "read": _read(log), "ingest": _ours(plan, log)}, plan.scratch, 2)
        for mine, name in (("read", "our reader alone"), ("ingest", "our whole ingest")):
            what = f"zeek-tsv {flows:,} flows: zat's {ZAT[how]}, wall against {name}"
            ratio = found.wall_ratio("zat", mine)
            aim = (f">= {MIN_ZAT_RATIO:g} x", ratio >= MIN_ZAT_RATIO) if how == "rows" else ()
            yield Finding(what, _told(found, "zat"), _told(found, mine), ratio, *aim)


def _told(found: Race, name: str) -> str:
    return f"{found.cpu(name):.2f} CPU-s, {found.wall(name):.2f} s, {found.peak(name):.0f} MB"


def _read(log: Path) -> Callable[[], Command]:
    return lambda: [sys.executable, HERE / "our_reader.py", log]


def _zat(how: str, log: Path) -> Callable[[], Command]:
    return lambda: [sys.executable, HERE / "zat_reader.py", how, log]
