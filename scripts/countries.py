"""Make the country tables of the package from a CSV of ``cidr,country``: ``python scripts/countries.py FILE.csv.gz``.

The source is herrbischoff/country-ip-blocks (CC0), which is made from what the five regional registries publish.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from flowsleuth.enrich.networks import halves, parse_networks

OUT = Path(__file__).resolve().parents[1] / "src" / "flowsleuth" / "enrich" / "data"


def merged(low: Any, high: Any, code: Any) -> tuple[Any, Any, Any]:
    """Neighbours of one country as one range."""
    order = np.argsort(low, kind="stable")
    low, high, code = low[order], high[order], code[order]
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
    """Read, leave out what belongs to no country, write."""
    rows = pcsv.read_csv(sys.argv[1], convert_options=pcsv.ConvertOptions(strings_can_be_null=False))
    code = np.array(rows["country"].to_pylist())
    read = parse_networks(rows["cidr"].combine_chunks())
    if len(read.bad):
        raise SystemExit(f"{len(read.bad)} rows are no networks")
    is_one = code != "ZZ"
    kept = is_one[read.four.owner]
    write("country_ipv4.parquet", read.four.low[kept], read.four.high[kept], code[read.four.owner][kept])
    kept = is_one[read.six.owner]
    (low, low_rest), (high, high_rest) = (halves(side[kept]) for side in (read.six.low, read.six.high))
    if low_rest.any() or (~high_rest).any():
        raise SystemExit("a network is longer than /64")
    write("country_ipv6.parquet", low, high, code[read.six.owner][kept])


if __name__ == "__main__":
    main()
