"""Flows of one busy host, as flowsleuth's own Parquet: ``host_flows.py OUT.parquet FLOWS PEERS [SEED]``.

The host has exactly FLOWS flows with PEERS peers on the last day, and some on three days before; 200 other hosts have a
tenth as many with the same peers. Beside the Parquet file is ``as.csv``, a table of networks with their systems and
places. The same seed and sizes give the same rows.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

HOST = "10.0.0.5"
DAY = dt.datetime(2026, 3, 14, tzinfo=dt.UTC)
DAY_US = 86_400_000_000
NETWORKS, SYSTEMS, OTHERS, EARLIER_DAYS = 2_000, 400, 200, 3
SERVICES = (("tcp", 443, "ssl", 0.62), ("udp", 53, "dns", 0.18), ("tcp", 80, "http", 0.08), ("udp", 123, "ntp", 0.04),
            ("tcp", 22, "ssh", 0.02), ("tcp", 8443, None, 0.03), ("udp", 443, None, 0.03))  # fmt: skip


def main(out: Path, flows: int, peers: int, seed: int = 7) -> None:
    """Write both files."""
    random = np.random.default_rng(seed)
    networks = np.sort(random.choice(public_networks(), NETWORKS, replace=False))
    addresses = peer_addresses(random, networks, peers)
    today, before, others = np.zeros(flows, int), flows // 30, flows // 10
    parts = [
        rows(random, addresses, flows, host=today, day=today),
        rows(random, addresses, before, host=today[:before], day=-random.integers(1, EARLIER_DAYS + 1, before)),
        rows(random, addresses, others, host=random.integers(1, OTHERS + 1, others), day=today[:others]),
    ]
    table = pa.concat_tables(parts)
    size = len(table)
    told = {"source_kind": "generated", "source_file": out.name}
    for name, text in told.items():
        table = table.append_column(name, pa.repeat(text, size))
    numbers = pa.array(np.arange(1, size + 1))
    pq.write_table(table.append_column("source_row", numbers).append_column("flow_id", numbers), out)
    write_systems(random, out.with_name("as.csv"), networks)


def public_networks() -> Any:
    """First two octets of addresses, as numbers, from 11.0 to 222.255, without octets that have special networks."""
    every = np.arange(0x0B00, 0xDF00)
    return every[~np.isin(every >> 8, [100, 127, 169, 172, 192, 198, 203])]


def peer_addresses(random: np.random.Generator, networks: Any, peers: int) -> pa.Array:
    """Different addresses in the networks."""
    low = random.choice(NETWORKS * 65_536, peers, replace=False)
    value = (networks[low // 65_536].astype(np.int64) << 16) | (low % 65_536)
    octets = [pa.array((value >> shift) & 255).cast(pa.string()) for shift in (24, 16, 8, 0)]
    return pc.binary_join_element_wise(*octets, ".")


def rows(random: np.random.Generator, addresses: pa.Array, size: int, *, host: Any, day: Any) -> pa.Table:
    """Flows of hosts by number with peers, of which few are met often; each peer is met if there are enough flows."""
    ranks = np.minimum(random.zipf(1.2, size) - 1, 10**9) % len(addresses)
    ranks[: min(size, len(addresses))] = np.arange(min(size, len(addresses)))
    peer = addresses.take(pa.array(ranks))
    names = pa.array([HOST, *(f"10.0.{1 + at // 250}.{at % 250 + 1}" for at in range(OTHERS))])
    mine = names.take(pa.array(host))
    is_in = pa.array(random.random(size) < 0.12)
    kind = random.choice(len(SERVICES), size, p=[one[3] for one in SERVICES])
    column = {at: pa.array([one[at] for one in SERVICES]).take(pa.array(kind)) for at in (0, 1, 2)}
    start = int(DAY.timestamp()) * 1_000_000 + day * DAY_US + random.integers(0, DAY_US - 600_000_000, size)
    length = np.minimum(random.lognormal(0, 2, size), 500.0)
    sizes = {name: random.lognormal(mean, 1.5, size).astype(np.int64) for name, mean in (("src", 6), ("dst", 8))}
    moment = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "start": pa.array(start).cast(moment),
            "end": pa.array(start + (length * 1e6).astype(np.int64)).cast(moment),
            "duration_s": pa.array(length),
            "src_ip": pc.if_else(is_in, peer, mine),
            "src_port": pa.array(random.integers(32_768, 61_000, size), pa.int32()),
            "dst_ip": pc.if_else(is_in, mine, peer),
            "dst_port": column[1].cast(pa.int32()),
            "proto": column[0],
            "service": column[2],
            **{f"{name}_bytes": pa.array(values) for name, values in sizes.items()},
            **{f"{name}_packets": pa.array(values // 700 + 1) for name, values in sizes.items()},
            "action": pc.if_else(pa.array(random.random(size) < 0.01), "denied", "allowed"),
        }
    )


def write_systems(random: np.random.Generator, path: Path, networks: Any) -> None:
    """A table of networks: system, country and place of each."""
    systems = random.integers(0, SYSTEMS, NETWORKS)
    codes = ("US", "DE", "JP", "BR", "IN", "FR", "NL", "ZA", "AU", "GB")
    places = random.uniform((-40, -120), (65, 150), (SYSTEMS, 2)).round(3)
    lines = ["network,asn,as_name,country_code,latitude,longitude,city"]
    for network, system in zip(networks.tolist(), systems.tolist(), strict=True):
        place = places[system]
        lines.append(
            f"{network >> 8}.{network & 255}.0.0/16,{64_512 + system},Example {system},{codes[system % len(codes)]},"
            f"{place[0]},{place[1]},Town {system}"
        )
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
