"""Ways to rank flows: our detectors, and simple ones that anybody could write in an afternoon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from edges_of_day import FAILED
from flowsleuth.detect import DETECTORS
from flowsleuth.testing.detectors import MemoryDay, run_detector
from flowsleuth.workspace.injection.ranks import strengths
from labelled import as_frame
from outliers import forest

Floats = NDArray[np.float64]


def by_day(flows: pa.Table) -> dict[dt.date, pa.Table]:
    """Flows by UTC day."""
    days = pc.cast(flows["start"], pa.date32())
    return {day: flows.filter(pc.equal(days, day)) for day in sorted(pc.unique(days).to_pylist())}


def rank_by(detector: str, flows: pa.Table) -> Floats:
    """A detector's order over all days, as numbers: by score, then by surprise; options as they come.

    Flows must be in order of ``flow_id``.
    """
    days = by_day(flows)
    found = []
    for day, rows in days.items():
        earlier = {date: table for date, table in days.items() if date < day}
        with MemoryDay(rows, day, earlier) as memory:
            found.append(run_detector(DETECTORS.load(detector)(), memory)[0])
    scored = pa.concat_tables(found).sort_by("flow_id")
    return strengths(scored).astype(float)


def _newness(flows: pd.DataFrame) -> Floats:
    """Fewer flows before with the same source, destination, port and protocol: newer."""
    order = flows.sort_values("start", kind="stable").index
    before = flows.loc[order].groupby(["src_ip", "dst_ip", "dst_port", "proto"], dropna=False).cumcount()
    return -before.reindex(flows.index).to_numpy(dtype=float)


def _bytes(flows: pd.DataFrame) -> Floats:
    return (flows.src_bytes.fillna(0) + flows.dst_bytes.fillna(0)).to_numpy(dtype=float)


def _fan_out(flows: pd.DataFrame) -> Floats:
    """Distinct destinations and failures of the source on the port."""
    keys = ["src_ip", "dst_port", "proto"]
    failed = flows.assign(failed=flows.conn_state.isin(FAILED))
    groups = failed.groupby(keys, dropna=False)
    return (groups.dst_ip.transform("nunique") + groups.failed.transform("sum")).to_numpy(dtype=float)


def _isolation_forest(flows: pd.DataFrame) -> Floats:
    """On the features anyone would take."""
    sizes = flows[["src_bytes", "dst_bytes", "src_packets", "dst_packets", "duration_s"]].fillna(0).astype(float)
    clock = (flows.start.dt.hour + flows.start.dt.minute / 60) * 2 * np.pi / 24
    features = np.column_stack(
        [
            np.log1p(sizes.to_numpy()),
            flows[["src_port", "dst_port", "icmp_type"]].fillna(-1).to_numpy(dtype=float),
            flows.proto.eq("tcp"), flows.proto.eq("udp"), flows.conn_state.isin(FAILED), np.sin(clock), np.cos(clock),
        ]
    )  # fmt: skip
    return forest(features)


def _random(flows: pd.DataFrame) -> Floats:
    """All flows tie: measures take the expectation over their orders."""
    return np.zeros(len(flows))


SIMPLE: dict[str, Callable[[pd.DataFrame], Floats]] = {
    "newness": _newness,
    "fan-out+failures": _fan_out,
    "bytes": _bytes,
    "isolation forest": _isolation_forest,
    "random": _random,
}
RANKERS = ("suspicious", "spot", *SIMPLE)


def rank(name: str, flows: pa.Table) -> Floats:
    """Higher is more suspicious; one number a flow, in order of ``flow_id``."""
    return SIMPLE[name](as_frame(flows)) if name in SIMPLE else rank_by(name, flows)
