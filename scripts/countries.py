"""Make the country tables of the package from a CSV of ``cidr,country``: ``python scripts/countries.py FILE.csv.gz``.

The source is herrbischoff/country-ip-blocks (CC0), which is made from what the five regional registries publish.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from flowsleuth.enrich.networks import halves, parse_networks

OUT = Path(__file__).resolve().parents[1] / "src" / "flowsleuth" / "enrich" / "data"


def merged(low: Any, high: Any, code: Any) -> tuple[Any, Any, Any]:
    """Neighbours of one country as one range; the input is in order and does not overlap."""
    follows = (low[1:] == high[:-1] + low.dtype.type(1)) & (code[1:] == code[:-1])
    first = np.flatnonzero(np.concatenate([[True], ~follows]))
    last = np.append(first[1:] - 1, len(low) - 1)
    return low[first], high[last], code[first]


def write(name: str, low: Any, high: Any, code: Any) -> None:
    """One family."""
    low, high, code = merged(low, high, code)
    gap = np.diff(low.astype(np.uint64), prepend=np.uint64(0))
    columns = {"gap": pa.array(gap), "width": pa.array((high - low).astype(np.uint64)), "country_code": pa.array(code)}
    pq.write_table(
        pa.table(columns),
        OUT / name,
        compression="zstd",
        compression_level=19,
        use_dictionary=True,
        write_statistics=False,
        store_schema=False,
    )
    print(f"{name}: {len(low):,} ranges, {(OUT / name).stat().st_size:,} bytes")


def main() -> None:
    """Read, cut what overlaps (the most specific network counts, a country before a region), write."""
    rows = pcsv.read_csv(sys.argv[1], convert_options=pcsv.ConvertOptions(strings_can_be_null=False))
    rows = rows.filter(pc.not_equal(rows["country"], "ZZ"))
    is_region = pc.is_in(rows["country"], value_set=pa.array(["AP", "EU"]))
    rows = pa.concat_tables([rows.filter(is_region), rows.filter(pc.invert(is_region))])
    code = np.array(rows["country"].to_pylist())
    read = parse_networks(rows["cidr"].combine_chunks())
    if len(read.bad):
        raise SystemExit(f"{len(read.bad)} rows are no networks")
    four, six = read.to_map().pieces
    write("country_ipv4.parquet", four.low, four.high, code[four.owner])
    (low, low_rest), (high, high_rest) = halves(six.low), halves(six.high)
    if low_rest.any() or (~high_rest).any():
        raise SystemExit("a network is longer than /64")
    write("country_ipv6.parquet", low, high, code[six.owner])


if __name__ == "__main__":
    main()
