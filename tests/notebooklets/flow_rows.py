"""Flows for tests of notebooklets: rows written by hand, in a workspace of their own."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa

from flowsleuth.workspace.frames import open_frames

HOST = "10.0.0.5"
START = dt.datetime(2024, 3, 14, 12, tzinfo=dt.UTC)
WINDOW = {"start": "2024-03-14", "end": "2024-03-15"}


def flow(src=HOST, dst="198.51.100.7", minute=0, **more):
    """One flow; ``minute`` after noon of 14 March 2024, ``days_before`` that."""
    start = START + dt.timedelta(minutes=minute) - dt.timedelta(days=more.pop("days_before", 0))
    duration = more.get("duration_s", 1.0)
    told = {"start": start, "end": start + dt.timedelta(seconds=duration), "duration_s": duration}
    sizes = {"src_bytes": 100, "dst_bytes": 1_000, "src_packets": 2, "dst_packets": 3}
    return {**told, "src_ip": src, "dst_ip": dst, "proto": "tcp", "dst_port": 443, **sizes, **more}


def frame(rows):
    """Rows as a table."""
    import pandas

    return pandas.DataFrame(rows)


def workspace(rows, **tables):
    """A workspace of some flows."""
    return open_frames({"flow": frame(rows), **{name: frame(one) for name, one in tables.items()}})


def systems(*ranges):
    """A geography file of networks with their systems: ``(network, asn, name)``."""
    lines = ["network,asn,as_name,country_code,latitude,longitude,city"]
    return "\n".join([*lines, *(",".join(map(str, one)) for one in ranges)]) + "\n"


def sums(table, *names):
    """Sums of some columns."""
    return tuple(int(table[name].sum()) for name in names)


def empty():
    """No flow at all."""
    from flowsleuth.schema import FLOW

    return open_frames({"flow": pa.table(FLOW.arrow_schema().empty_table())})
