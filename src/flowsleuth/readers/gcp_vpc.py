"""Google Cloud VPC flow logs: entries of Cloud Logging as JSON lines, or as an array.

- A record is one way of a connection as one end (``reporter``) saw it, summed up over the aggregation interval:
  ``src_bytes`` is what was sent from source to destination, ``dst_bytes`` is null. Both ends may report the same
  packets; the other way is a record of its own.
- Google samples packets and scales the counters; the rate is not in the record, so ``sampling_rate`` is null. What it
  adds about machines and places may be wrong or missing.
- Names of the virtual machines are ``src_host`` and ``dst_host``, AS numbers ``src_as`` and ``dst_as``, the subnetwork
  is ``sensor``, the entry's id ``uid``. All else is in ``extra``, by its name below ``jsonPayload``.
- Entries of other logs in the same export are counted by the name of their log.

Format: https://cloud.google.com/vpc/docs/about-flow-logs-records
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import by_value, flat, only
from flowsleuth.readers.contract import Batch, ReadContext, Reject
from flowsleuth.readers.fields import in_order
from flowsleuth.readers.instants import instants_of_text
from flowsleuth.readers.json_plan import Part, Plan
from flowsleuth.readers.json_shape import Path, Shape
from flowsleuth.readers.json_source import JsonBatch, first_records, read_json
from flowsleuth.readers.json_text import as_json, pack_object
from flowsleuth.readers.rows import build_rows
from flowsleuth.readers.streams import CHUNK, Sample, Source
from flowsleuth.readers.times import seconds_between
from flowsleuth.schema import FLOW
from flowsleuth.schema.protocols import protocol_keyword

KIND = "vpc_flows"
FIELDS = {
    "connection.src_ip": "text", "connection.src_port": "int64", "connection.dest_ip": "text",
    "connection.dest_port": "int64", "connection.protocol": "text", "bytes_sent": "int64", "packets_sent": "int64",
    "start_time": "text", "end_time": "text", "reporter": "text", "src_instance.vm_name": "text",
    "dest_instance.vm_name": "text", "src_location.asn": "int64", "dest_location.asn": "int64", "@insertId": "text",
    "@resource.labels.subnetwork_name": "text", "@timestamp": "text", "@logName": "text",
}  # fmt: skip
"""Fields with a type, by their name below ``jsonPayload``; those of the entry itself have an ``@`` before."""

_PAYLOAD = "jsonPayload"
_OPENED = frozenset(
    {
        (_PAYLOAD,), ("resource",), ("resource", "labels"),
        *((_PAYLOAD, name) for name in ("connection", "src_instance", "dest_instance")),
        *((_PAYLOAD, name) for name in ("src_location", "dest_location")),
    }
)  # fmt: skip
_KEPT = ("reporter", "@timestamp")
_WAYS = {"SRC": "outbound", "SRC_GATEWAY": "outbound", "DEST": "inbound", "DEST_GATEWAY": "inbound"}
_WITH_PORTS = ("tcp", "udp", "sctp", "dccp", "udplite")
_UTC = ZoneInfo("UTC")
_FINER = r"(\.[0-9]{6})[0-9]+"
"""Digits behind the microsecond."""
NOT_A_TIME = "not a time"


@dataclass(frozen=True)
class GcpOptions:
    """Flow logs describe themselves, so there is nothing to set."""


def name_of(path: Path) -> str:
    """A field's name: below the payload, or with ``@`` for the entry's own.

    Examples
    --------
    >>> name_of(("jsonPayload", "connection", "src_ip")), name_of(("insertId",))
    ('connection.src_ip', '@insertId')
    """
    return ".".join(path[1:]) if path[0] == _PAYLOAD and len(path) > 1 else "@" + ".".join(path)


def classify(record: Mapping[str, Any]) -> tuple[str | None, str]:
    """Whether an entry is a flow; others go by the name of their log."""
    payload = record.get(_PAYLOAD)
    if isinstance(payload, dict) and isinstance(payload.get("connection"), dict):
        return KIND, KIND
    log = record.get("logName")
    return None, unquote(log).rpartition("/")[2] if isinstance(log, str) else ""


class GcpVpcReader:
    """Reads VPC flow logs of Cloud Logging.

    Parameters
    ----------
    chunk_size : int
        Bytes handled at a time.
    """

    name: ClassVar[str] = "gcp_vpc"
    summary: ClassVar[str] = "Google Cloud VPC flow logs (Cloud Logging JSON, lines or array)"
    Options: ClassVar[type] = GcpOptions

    def __init__(self, chunk_size: int = CHUNK) -> None:
        self._chunk_size = chunk_size

    def sniff(self, sample: Sample) -> str | None:
        """Recognise an entry with a connection in its payload."""
        records = first_records(sample) if sample.is_text() else []
        is_ours = any(classify(record)[0] and _has_ends(record) for record in records)
        return "VPC flow log (Cloud Logging JSON)" if is_ours else None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read batch after batch; see :class:`~flowsleuth.readers.contract.Reader`."""
        shape = Shape(FIELDS, _OPENED, frozenset({"connection.src_ip", "connection.dest_ip"}), name_of=name_of)
        for batch in read_json(source, Plan({KIND: shape}, classify, KIND), context, self._chunk_size):
            tables, rejects = [], list(batch.rejects)
            for part in batch.parts:
                table, bad = _rows(part, batch, context)
                tables.append(table)
                rejects += bad
            made = {"flow": in_order("flow", tables)} if tables else {}
            rejects.sort(key=lambda reject: reject.source_row)
            yield Batch(batch.end, made, rejects, batch.skipped, batch.is_tail)


def _has_ends(record: Mapping[str, Any]) -> bool:
    connection = record[_PAYLOAD]["connection"]
    return "src_ip" in connection or "dest_ip" in connection


def _rows(part: Part, batch: JsonBatch, context: ReadContext) -> tuple[pa.Table, list[Reject]]:
    size = len(part.rows)
    fields = {name: flat(part.columns[name]) for name in part.columns}
    columns, faults = _columns(fields, size)
    others = [name for name in fields if name not in FIELDS or name in _KEPT]
    extra = {name: as_json(fields[name], FIELDS.get(name, "json")) for name in others}
    columns["extra"] = pack_object(extra, size, part.more)
    keep = np.ones(size, dtype=bool)
    keep[list(faults)] = False
    good = pa.array(keep)
    numbers = part.rows[keep]
    direction = columns.pop("direction").filter(good)
    kept = {name: flat(column).filter(good) for name, column in columns.items()}
    lines = batch.line_of(numbers)
    built = build_rows(FLOW, kept, lines, context, ordinal=numbers, sensor_direction=direction)
    rejects = [batch.reject(int(part.rows[at]), NOT_A_TIME, detail) for at, detail in faults.items()]
    rejects += [batch.reject(int(numbers[bad.index]), bad.reason, bad.detail) for bad in built.bad]
    return built.table, rejects


def _columns(fields: Mapping[str, pa.Array], size: int) -> tuple[dict[str, Any], dict[int, str]]:
    """Canonical columns, and the records whose time is none."""
    faults: dict[int, str] = {}
    times: dict[str, pa.Array] = {}
    for name in ("start_time", "end_time", "@timestamp"):
        text = _given(fields, name, size)
        times[name], is_bad = instants_of_text(pc.replace_substring_regex(text, _FINER, r"\1"), _UTC)
        for at in np.flatnonzero(is_bad).tolist():
            faults.setdefault(at, f"{name}={text[at].as_py()!r}"[:300])
    start = pc.coalesce(times["start_time"], times["@timestamp"])
    end = only(pc.and_(pc.is_valid(times["start_time"]), pc.greater_equal(times["end_time"], start)), times["end_time"])
    proto = by_value(_given(fields, "connection.protocol", size), lambda w: protocol_keyword(w) or None, pa.string())
    has_ports = pc.fill_null(by_value(proto, lambda word: word in _WITH_PORTS, pa.bool_()), True)
    columns: dict[str, Any] = {
        "start": start,
        "end": end,
        "duration_s": seconds_between(start, end),
        "src_ip": _given(fields, "connection.src_ip", size),
        "dst_ip": _given(fields, "connection.dest_ip", size),
        "src_port": only(has_ports, _given(fields, "connection.src_port", size)),
        "dst_port": only(has_ports, _given(fields, "connection.dest_port", size)),
        "proto": proto,
        "src_bytes": _given(fields, "bytes_sent", size),
        "src_packets": _given(fields, "packets_sent", size),
        "src_host": _given(fields, "src_instance.vm_name", size),
        "dst_host": _given(fields, "dest_instance.vm_name", size),
        "src_as": _given(fields, "src_location.asn", size),
        "dst_as": _given(fields, "dest_location.asn", size),
        "sensor": _given(fields, "@resource.labels.subnetwork_name", size),
        "uid": _given(fields, "@insertId", size),
        "direction": by_value(_given(fields, "reporter", size), _WAYS.get, pa.string()),
    }
    return columns, faults


def _given(fields: Mapping[str, pa.Array], name: str, size: int) -> pa.Array:
    kind = pa.int64() if FIELDS[name] == "int64" else pa.string()
    return fields.get(name, pa.nulls(size, kind))
