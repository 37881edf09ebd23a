"""What msticnb does to every flow before it groups them, alone: ``rowwise_flows.py FLOWS.parquet HOST DAY``.

Where msticnb is installed it is its own function, called on a frame of its columns; else the same step is re-enacted
with ``DataFrame.apply``: two functions of a row, which choose source and destination. Prints which, and wall seconds.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from collections.abc import Callable

import pandas as pd
import pyarrow.parquet as pq


def frame_of(path: str, host: str, day: str) -> pd.DataFrame:
    """The host's flows of a day as msticnb's query would have given them; public peers outside the record's ends."""
    start = dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC)
    rows = pq.read_table(path, columns=["start", "src_ip", "dst_ip", "dst_port", "proto", "service"]).to_pandas()
    is_day = (rows["start"] >= start) & (rows["start"] < start + dt.timedelta(days=1))
    rows = rows[is_day & ((rows["src_ip"] == host) | (rows["dst_ip"] == host))]
    is_out = rows["src_ip"] == host
    peer = rows["dst_ip"].where(is_out, rows["src_ip"])
    told = {
        "VMName": "host", "VMIPAddress": host, "PublicIPs": peer, "SrcIP": "", "DestIP": "",
        "L4Protocol": rows["proto"], "L7Protocol": rows["service"].fillna("unknown"), "DestPort": rows["dst_port"],
        "FlowDirection": is_out.map({True: "O", False: "I"}), "AllExtIPs": peer, "TotalAllowedFlows": 1,
    }  # fmt: skip
    return pd.DataFrame(told)


def of_msticnb() -> Callable[[pd.DataFrame], object] | None:
    """Its own step, where it is installed."""
    try:
        from msticnb.nb.azsent.network import network_flow_summary
    except Exception:  # it fails in many ways where something it wants is not there
        return None
    found: Callable[[pd.DataFrame], object] | None = getattr(network_flow_summary, "_extract_flow_ips", None)
    return found


def re_enacted(flows: pd.DataFrame) -> pd.DataFrame:
    """Source and destination of every row, a row at a time."""

    def own(row: pd.Series) -> object:
        return row.VMIPAddress or row.SrcIP

    def other(row: pd.Series) -> object:
        return row.AllExtIPs or row.DestIP

    made = flows.copy()
    made["source"] = made.apply(lambda row: own(row) if row.FlowDirection == "O" else other(row), axis=1)
    made["dest"] = made.apply(lambda row: other(row) if row.FlowDirection == "O" else own(row), axis=1)
    return made


def main(path: str, host: str, day: str) -> None:
    """Measure one of them."""
    flows = frame_of(path, host, day)
    theirs = of_msticnb()
    begin = time.perf_counter()
    (theirs or re_enacted)(flows)
    wall = time.perf_counter() - begin
    print(json.dumps({"flows": len(flows), "wall": wall, "is_theirs": theirs is not None}))


if __name__ == "__main__":
    main(*sys.argv[1:])
