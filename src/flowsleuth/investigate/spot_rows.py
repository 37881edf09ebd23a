"""Apache Spot's seven tables: its names, columns and order; counters of 64 bits, times zero-padded.

Each builder takes rows of ours and gives rows of Spot's. As in Spot, ``i…`` counters are what the source of the flow
sent and ``o…`` what came back; ``ml_score`` is small where a flow is suspicious: 1 minus our score. The partition
columns ``y``, ``m``, ``d`` come last. Addresses may be IPv6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_TIME = "%Y-%m-%d %H:%M:%S"
_DAY = ("y INT", "m INT", "d INT")
COLUMNS: dict[str, tuple[str, ...]] = {
    "flow_scores": (
        "tstart STRING", "srcip STRING", "dstip STRING", "sport INT", "dport INT", "proto STRING", "ipkt BIGINT",
        "ibyt BIGINT", "opkt BIGINT", "obyt BIGINT", "ml_score DOUBLE", "rank INT", "srcip_internal INT",
        "dstip_internal INT", "src_geoloc STRING", "dst_geoloc STRING", "src_domain STRING", "dst_domain STRING",
        "src_rep STRING", "dst_rep STRING", *_DAY,
    ),
    "flow_edge": (
        "tstart STRING", "srcip STRING", "dstip STRING", "sport INT", "dport INT", "proto STRING", "flags STRING",
        "tos INT", "ibyt BIGINT", "ipkt BIGINT", "input BIGINT", "output BIGINT", "rip STRING", "obyt BIGINT",
        "opkt BIGINT", "hh INT", "mn INT", *_DAY,
    ),
    "flow_chords": ("ip_threat STRING", "srcip STRING", "dstip STRING", "ibyt BIGINT", "ipkt BIGINT", *_DAY),
    "flow_ingest_summary": ("tdate STRING", "total BIGINT", *_DAY),
    "flow_threat_investigation": (
        "tstart STRING", "srcip STRING", "dstip STRING", "srcport INT", "dstport INT", "score INT", *_DAY,
    ),
    "flow_storyboard": ("ip_threat STRING", "title STRING", "text STRING", *_DAY),
    "flow_timeline": (
        "ip_threat STRING", "tstart STRING", "tend STRING", "srcip STRING", "dstip STRING", "proto STRING",
        "sport INT", "dport INT", "ipkt BIGINT", "ibyt BIGINT", *_DAY,
    ),
}  # fmt: skip
"""Spot's columns with their types; ours are wider where Spot's were too narrow (INT counters, FLOAT scores)."""


def spot_table(name: str, columns: dict[str, pa.Array | pa.ChunkedArray], day_of: pa.ChunkedArray) -> pa.Table:
    """Rows of one of Spot's tables.

    Parameters
    ----------
    name : str
    columns : dict
        The columns, in any order and of any type that can be cast.
    day_of : timestamps
        What the partition columns are taken from.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa
    >>> when = pa.chunked_array([pa.array([dt.datetime(2016, 7, 8, tzinfo=dt.UTC)], pa.timestamp("us", tz="UTC"))])
    >>> spot_table("flow_ingest_summary", {"tdate": time_text(when), "total": pa.array([3])}, when).to_pylist()
    [{'tdate': '2016-07-08 00:00:00', 'total': 3, 'y': 2016, 'm': 7, 'd': 8}]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kinds = {"STRING": pa.string(), "INT": pa.int32(), "BIGINT": pa.int64(), "DOUBLE": pa.float64()}
    parts = {"y": pc.year(day_of), "m": pc.month(day_of), "d": pc.day(day_of)}
    made = {}
    for declared in COLUMNS[name]:
        column, kind = declared.split()
        made[column] = pc.cast(columns.get(column, parts.get(column)), kinds[kind])
    return pa.table(made)


def time_text(times: pa.ChunkedArray) -> pa.ChunkedArray:
    """Times as Spot writes them, zero-padded, in UTC, whole seconds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.strftime(pc.cast(pc.floor_temporal(times, unit="second"), pa.timestamp("s", tz="UTC")), format=_TIME)


def timeline_rows(target: str, flows: pa.Table) -> pa.Table:
    """``flow_timeline`` of flows grouped by source, destination, protocol and ports; all of them, in order of time."""
    import pyarrow as pa

    flows = flows.sort_by(
        [("tstart", "ascending"), ("srcip", "ascending"), ("dstip", "ascending"), ("sport", "ascending")]
    )
    columns = {name: flows[name] for name in ("srcip", "dstip", "proto", "sport", "dport", "ipkt", "ibyt")}
    columns["ip_threat"] = pa.array([target] * len(flows), pa.string())
    columns |= {name: time_text(flows[name]) for name in ("tstart", "tend")}
    return spot_table("flow_timeline", columns, flows["tstart"])


def edge_rows(flows: pa.Table) -> pa.Table:
    """``flow_edge`` of flows."""
    import pyarrow.compute as pc

    flows = flows.sort_by([("start", "ascending"), ("flow_id", "ascending")])
    columns = {
        "tstart": time_text(flows["start"]),
        "srcip": flows["src_ip"],
        "dstip": flows["dst_ip"],
        "sport": flows["src_port"],
        "dport": flows["dst_port"],
        "proto": pc.utf8_upper(flows["proto"]),
        "flags": flows["tcp_flags"],
        "tos": flows["tos"],
        "ibyt": flows["src_bytes"],
        "ipkt": flows["src_packets"],
        "input": _number(flows["in_if"]),
        "output": _number(flows["out_if"]),
        "rip": flows["sensor"],
        "obyt": flows["dst_bytes"],
        "opkt": flows["dst_packets"],
        "hh": pc.hour(flows["start"]),
        "mn": pc.minute(flows["start"]),
    }
    return spot_table("flow_edge", columns, flows["start"])


def _number(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Interface numbers; null for interfaces that have names."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.cast(pc.if_else(pc.match_substring_regex(texts, r"^\d{1,18}$"), texts, None), pa.int64())


def place_text(facts: pa.Table) -> pa.ChunkedArray:
    """Spot's geography text, ``state;city owner``; empty where nothing is known."""
    import pyarrow.compute as pc

    known = {name: pc.fill_null(facts[name], "") for name in ("region", "city", "owner")}
    text = pc.binary_join_element_wise(known["region"], known["city"], ";")
    text = pc.utf8_trim_whitespace(pc.binary_join_element_wise(text, known["owner"], " "))
    return pc.if_else(pc.equal(text, ";"), "", text)
