"""One way to look up many addresses, as a process of its own: ``WHO WHAT ADDRESSES.parquet TABLE``.

WHO is ours, maxminddb or pyasn; WHAT is country or asn. Prints how many were found and a sum that must be the same.
"""

from __future__ import annotations

import sys
import zlib
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq


def ours(what: str, addresses: Path, table: Path) -> None:
    """Whole columns, from the file as it is: nothing kept from an earlier run."""
    import pyarrow.compute as pc

    from flowsleuth.enrich.geography import read_geography

    column = pq.read_table(addresses)["address"].combine_chunks()
    found = read_geography(table).look_up(column)["country_code" if what == "country" else "asn"]
    counted = pc.value_counts(found.drop_null())
    tell({row["values"]: row["counts"] for row in counted.to_pylist()})


def maxminddb(what: str, addresses: Path, table: Path) -> None:
    """Its C reader, in a loop, as everybody does it."""
    import maxminddb as library

    assert what == "country"
    found: Counter[str] = Counter()
    with library.open_database(str(table), library.MODE_MMAP_EXT) as base:
        get = base.get
        for address in pq.read_table(addresses)["address"].to_pylist():
            record = get(address)
            if record is not None:
                country = record.get("country") or record.get("registered_country")
                if country is not None:
                    found[country["iso_code"]] += 1
    tell(found)


def pyasn(what: str, addresses: Path, table: Path) -> None:
    """Its radix tree, in a loop."""
    import pyasn as library

    assert what == "asn"
    base = library.pyasn(str(table.with_suffix(".dat")))
    lookup = base.lookup
    found: Counter[int] = Counter()
    for address in pq.read_table(addresses)["address"].to_pylist():
        number = lookup(address)[0]
        if number is not None:
            found[number] += 1
    tell(found)


def tell(counts: dict[object, int]) -> None:
    """How many, and a sum of what and how often."""
    listed = sorted((str(value), count) for value, count in counts.items())
    print(sum(count for _, count in listed), zlib.crc32(repr(listed).encode()))


if __name__ == "__main__":
    who, asked, *files = sys.argv[1:]
    {"ours": ours, "maxminddb": maxminddb, "pyasn": pyasn}[who](asked, *map(Path, files))
