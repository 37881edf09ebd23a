"""What enrichment costs: all addresses of stored flows at once; 10 M addresses against loops of maxminddb and pyasn.

The complete country database, ipsum and the Tor list are in the developer data set beside the repository; without it
the package's own tables are used and maxminddb is left out. No complete table of autonomous systems is free to have,
so one is made: as many nested prefixes as the Internet's routing table had, the same for pyasn and us.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from measure import OURS, ChildError, Cost, Finding, Plan, large_case, run_once

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
COUNTRY = SHARED / "geo" / "GeoLite2-Country_2019-04-02.mmdb"
INTEL = (SHARED / "intel" / "ipsum_ge3.txt.gz", SHARED / "intel" / "tor-exit-nodes.lst")
LOOK_UP = Path(__file__).with_name("address_lookups.py")
PREFIXES = 490_000
TARGET_S = 30.0


def measure(plan: Plan) -> Iterator[Finding]:
    """Enrich the larger workspace, then look up as many random addresses each way."""
    table = _prefixes(plan)
    yield from _enrich(plan, table)
    addresses = _addresses(plan)
    if COUNTRY.exists():
        yield from _against(plan, "maxminddb", "country", addresses, COUNTRY)
    yield from _against(plan, "pyasn", "asn", addresses, table)


def _enrich(plan: Plan, table: Path) -> Iterator[Finding]:
    case, _ = large_case(plan)
    settings = case / "flowsleuth.toml"
    geography = [str(path) for path in (COUNTRY, table) if path.exists()]
    lists = [str(path) for path in INTEL if path.exists()]
    plain = settings.read_text()
    try:
        settings.write_text(f"{plain}geography = {geography!r}\nlists = {lists!r}\n")
        costs = [run_once([*OURS, "enrich", "-w", case], plan.scratch) for _ in range(plan.rounds + 1)]
        first, later = costs[0], sorted(costs[1:], key=lambda cost: cost.cpu_s)[plan.rounds // 2]
        what = f"enrich {plan.large:,} stored flows: country, AS, type, lists"
        yield _cost(f"{what}, the first time", first)
        yield _cost(f"{what}, again", later)
        question = (
            "import sys, flowsleuth\n"
            "with flowsleuth.open(sys.argv[1]) as ws:\n"
            "    flow = ws.flows_with_facts()\n"
            "    by = flow.group_by('dst_country_code').aggregate(flows=flow.count(), bytes=flow.src_bytes.sum())\n"
            "    print(ws.store.arrow(by).num_rows)\n"
        )
        joined = run_once([sys.executable, "-c", question, case], plan.scratch)
        yield _cost(f"{plan.large:,} flows joined with the facts of both ends, by country", joined)
    finally:
        settings.write_text(plain)


def _cost(what: str, cost: Cost) -> Finding:
    told = f"{cost.cpu_s:.1f} s CPU, {cost.wall_s:.1f} s wall, {cost.peak_mb:,.0f} MB"
    return Finding(what, "", told, None, f"{TARGET_S:.0f} s wall", cost.wall_s <= TARGET_S)


def _against(plan: Plan, rival: str, what: str, addresses: Path, table: Path) -> Iterator[Finding]:
    """Ours and a rival's loop in turn; both must find the same."""
    title = f"{plan.large:,} random addresses → {what}"
    if importlib.util.find_spec(rival) is None:
        yield Finding(f"{title}, against a loop of {rival}", f"not installed (pip install {rival})", "")
        return
    costs: dict[str, list[Cost]] = {"ours": [], rival: []}
    said: dict[str, str] = {}
    for _ in range(plan.rounds):
        for who, mine in costs.items():
            output = plan.scratch / f"{who}.txt"
            mine.append(run_once([sys.executable, LOOK_UP, who, what, addresses, table], plan.scratch, output))
            said[who] = output.read_text()
    if len(set(said.values())) != 1:
        raise ChildError(f"they found different things: {said}")
    ratio = float(np.median([b.cpu_s / a.cpu_s for a, b in zip(costs["ours"], costs[rival], strict=True)]))
    ours, theirs = (float(np.median([cost.cpu_s for cost in mine])) for mine in costs.values())
    name = f"{title}, against a loop of {rival}"
    yield Finding(name, f"{theirs:.1f} s CPU", f"{ours:.1f} s CPU", ratio, "less CPU", ratio > 1)


def _addresses(plan: Plan) -> Path:
    """As many random IPv4 addresses as the larger run has flows."""
    target = plan.data / f"addresses-{plan.large}-seed{plan.seed}.parquet"
    if not target.exists():
        values = np.random.default_rng(plan.seed).integers(1 << 24, 224 << 24, plan.large, dtype=np.uint32)
        octets = [pa.array(values >> shift & 255).cast(pa.string()) for shift in (24, 16, 8, 0)]
        import pyarrow.compute as pc

        aside = target.with_suffix(".part")
        pq.write_table(pa.table({"address": pc.binary_join_element_wise(*octets, ".")}), aside)
        aside.replace(target)
    return target


def _prefixes(plan: Plan) -> Path:
    """Made-up nested prefixes with AS numbers: a CSV for us, the same in pyasn's format."""
    target = plan.data / f"prefixes-{PREFIXES}-seed{plan.seed}.csv"
    if not target.exists():
        chance = np.random.default_rng(plan.seed)
        bits = chance.choice([12, 14, 16, 18, 19, 20, 21, 22, 23, 24], PREFIXES, p=_SHARES).astype(np.int64)
        base = chance.integers(1 << 24, 224 << 24, PREFIXES) >> (32 - bits) << (32 - bits)
        _, first = np.unique(base << 6 | bits, return_index=True)
        numbers = chance.integers(1, 400_000, PREFIXES)
        rows = [
            (f"{v >> 24}.{v >> 16 & 255}.{v >> 8 & 255}.{v & 255}/{n}", asn)
            for v, n, asn in zip(base[first].tolist(), bits[first].tolist(), numbers[first].tolist(), strict=True)
        ]
        target.with_suffix(".dat").write_text("; made up\n" + "".join(f"{net}\t{asn}\n" for net, asn in rows))
        target.write_text("network,asn\n" + "".join(f"{net},{asn}\n" for net, asn in rows))
    return target


_SHARES = (0.002, 0.008, 0.03, 0.02, 0.03, 0.05, 0.06, 0.13, 0.11, 0.56)
"""About what share of the routing table each length has."""
