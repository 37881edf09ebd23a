"""Records of Azure's flow tables to flows; a record of several public addresses to a flow for each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import Mask, by_value, flat, mask_of, only
from flowsleuth.readers.conversions import convert
from flowsleuth.readers.mapping import Rule
from flowsleuth.readers.times import UTC_US, parse_times, seconds_between
from flowsleuth.schema import FLOW

Fields = Mapping[str, pa.Array]
Faults = dict[int, tuple[str, str | None]]

COUNTERS = ("src_packets", "src_bytes", "dst_packets", "dst_bytes")
_CELL = ("started", "ended", *("src_packets", "dst_packets", "src_bytes", "dst_bytes"))
_CELL_SIZE = 1 + len(_CELL)
_BETWEEN = re.compile(r"[\s,'\"\[\]]+")
_PORTAL = ("%m/%d/%Y, %I:%M:%S.%f %p", "%m/%d/%Y, %I:%M:%S %p", "%m/%d/%Y %I:%M:%S %p")
_PROTOCOLS = {"t": "tcp", "u": "udp", "i": "icmp"}
_STATUS = {"a": "allowed", "allowed": "allowed", "d": "denied", "denied": "denied"}
_ZONE = ZoneInfo("UTC")
ICMP = ("icmp", "ipv6-icmp")


@dataclass
class Flows:
    """Flows of some records.

    Attributes
    ----------
    columns : dict of str to array
        Canonical columns.
    of : array of int64
        Index of the record that each flow is of.
    faults : dict of int to (str, str or None)
        Flows with a value that does not fit: index, reason, detail.
    sensor_direction : array of string
    shared : array of bool
        The record's counters are of several addresses together.
    again : array of bool
        The same address with the same counters of its own was in the record before: no flow of its own.
    """

    columns: dict[str, Any]
    of: npt.NDArray[np.int64]
    faults: Faults
    sensor_direction: pa.Array
    shared: Mask
    again: Mask


@dataclass
class _Cells:
    """Addresses in the cells of records, with counters of their own where a cell has them."""

    of: npt.NDArray[np.int64]
    address: pa.Array
    counters: dict[str, pa.Array]
    is_first: Mask
    has_own: Mask
    is_many: Mask


def flows_of(fields: Fields, size: int, is_repeated: Mask) -> Flows:
    """Flows of records of ``AzureNetworkAnalytics_CL`` or ``NTANetAnalytics``.

    Parameters
    ----------
    fields : mapping of str to array of string
        By the names of :data:`flowsleuth.readers.azure_names.ALIASES`.
    size : int
        Number of records.
    is_repeated : array of bool
        Records that stand for a further address of the record before: their counters were counted there.
    """
    way = by_value(_text(fields, "way", size), lambda word: word.strip().upper()[:1] or None, pa.string())
    is_in = mask_of(pc.equal(way, "I"))
    src, dst = _text(fields, "src_ip", size), _text(fields, "dst_ip", size)
    vm = _text(fields, "vm_ip", size)
    public = pc.coalesce(_text(fields, "one_public", size), _text(fields, "public", size))
    src_cell, dst_cell = _text(fields, "src_public", size), _text(fields, "dst_public", size)
    named = pc.and_(pc.is_valid(src), pc.is_valid(dst))
    src_cell = pc.coalesce(src_cell, only(pa.array(is_in), pc.if_else(named, pa.scalar(None, pa.string()), public)))
    dst_cell = pc.coalesce(dst_cell, only(pa.array(~is_in), pc.if_else(named, pa.scalar(None, pa.string()), public)))
    src = pc.coalesce(src, only(pc.invert(pc.is_valid(src_cell)), vm))
    dst = pc.coalesce(dst, only(pc.invert(pc.is_valid(dst_cell)), vm))
    fill_src = mask_of(pc.and_(pc.is_null(src), pc.is_valid(src_cell)))
    fill_dst = mask_of(pc.and_(pc.is_null(dst), pc.is_valid(dst_cell))) & ~fill_src
    cell = pc.if_else(pa.array(fill_src), src_cell, only(pa.array(fill_dst), dst_cell))
    cells = _cells(flat(cell))
    rows = pa.array(cells.of)
    took_src, took_dst = pa.array(fill_src[cells.of]), pa.array(fill_dst[cells.of])
    columns: dict[str, Any] = {
        "src_ip": pc.if_else(took_src, cells.address, flat(src).take(rows)),
        "dst_ip": pc.if_else(took_dst, cells.address, flat(dst).take(rows)),
    }
    faults: Faults = {}
    _add_common(columns, faults, fields, size, rows)
    counts = pa.array((cells.is_first & ~is_repeated[cells.of]) | cells.has_own)
    is_own = pa.array(cells.has_own)
    for name in COUNTERS:
        total = _number(fields, name, size, faults, cells.of)
        columns[name] = pc.if_else(is_own, cells.counters[name], only(counts, total.take(rows)))
    flows = _record_flows(fields, size, faults, cells.of)
    columns["flow_count"] = pc.if_else(is_own, cells.counters["started"], only(counts, flows.take(rows)))
    columns["action"] = _action(fields, size, faults, cells.of).take(rows)
    _add_hosts(columns, fields, size, rows, is_in)
    sensor = by_value(way, {"I": "inbound", "O": "outbound"}.get, pa.string()).take(rows)
    shared = (cells.is_many | is_repeated[cells.of]) & ~cells.has_own
    return Flows(columns, cells.of, faults, sensor, shared, is_repeated[cells.of] & cells.has_own)


def connections_of(fields: Fields, size: int) -> Flows:
    """Flows of records of ``VMConnection``: what a machine's processes sent and received, by the minute."""
    of = np.arange(size, dtype=np.int64)
    rows = pa.array(of)
    faults: Faults = {}
    columns: dict[str, Any] = {name: _text(fields, name, size) for name in ("src_ip", "dst_ip", "uid")}
    _add_common(columns, faults, fields, size, rows)
    way = by_value(_text(fields, "way", size), lambda word: word.strip().lower(), pa.string())
    is_in = pa.array(mask_of(pc.equal(way, "inbound")))
    sent, received = (_number(fields, name, size, faults, of) for name in ("bytes_sent", "bytes_received"))
    columns["src_bytes"], columns["dst_bytes"] = pc.if_else(is_in, received, sent), pc.if_else(is_in, sent, received)
    columns["flow_count"] = _number(fields, "established", size, faults, of)
    computer = _text(fields, "computer", size)
    columns |= {"sensor": computer, "src_host": only(pc.invert(is_in), computer), "dst_host": only(is_in, computer)}
    known = by_value(way, lambda word: word if word in ("inbound", "outbound") else None, pa.string())
    nothing = np.zeros(size, dtype=bool)
    return Flows(columns, of, faults, known, nothing, nothing)


def _text(fields: Fields, name: str, size: int) -> pa.Array:
    column = fields.get(name)
    if column is None:
        return pa.nulls(size, pa.string())
    text = pc.utf8_trim_whitespace(flat(column).cast(pa.string()))
    return only(pc.not_equal(text, ""), text)


def _number(fields: Fields, name: str, size: int, faults: Faults, of: npt.NDArray[np.int64]) -> pa.Array:
    """Whole numbers, also as spreadsheets write them (``443.0``)."""
    text = _text(fields, name, size)
    found = convert(text, FLOW["src_bytes"], Rule(), _ZONE)
    if found.is_bad.any():
        for at in np.flatnonzero(found.is_bad[of]).tolist():
            faults.setdefault(at, (found.reason, f"{name}={text[int(of[at])].as_py()!r}"[:200]))
    return flat(found.values)


def instants(text: pa.Array) -> tuple[pa.Array, Mask]:
    """Times of Log Analytics, which are UTC: ISO 8601, or as the portal's CSV writes them."""
    found = parse_times(text, _ZONE)
    if not found.is_bad.any():
        return found.values, found.is_bad
    values = by_value(only(pa.array(found.is_bad), text), _portal_time, UTC_US)
    return pc.coalesce(found.values, values), found.is_bad & mask_of(pc.is_null(values))


def _portal_time(text: str) -> datetime | None:
    for form in _PORTAL:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _add_common(columns: dict[str, Any], faults: Faults, fields: Fields, size: int, rows: pa.Array) -> None:
    """Times, port and protocols."""
    times: dict[str, pa.Array] = {}
    of = rows.to_numpy()
    for name in ("start", "interval_start", "time", "end"):
        text = _text(fields, name, size)
        times[name], is_bad = instants(text)
        for at in np.flatnonzero(is_bad[of]).tolist() if name in ("start", "end", "time") else ():
            faults.setdefault(at, ("not a time", f"{name}={text[int(of[at])].as_py()!r}"[:200]))
    start = pc.coalesce(times["start"], times["interval_start"], times["time"])
    end = only(pc.and_(pc.is_valid(times["start"]), pc.greater_equal(times["end"], start)), times["end"])
    columns["start"], columns["end"] = flat(start).take(rows), flat(end).take(rows)
    columns["duration_s"] = seconds_between(columns["start"], columns["end"])
    proto = by_value(_text(fields, "proto", size), lambda word: _PROTOCOLS.get(word.lower(), word), pa.string())
    columns["proto"] = flat(convert(proto, FLOW["proto"], Rule(), _ZONE).values).take(rows)
    has_ports = pc.invert(pc.fill_null(pc.is_in(columns["proto"], value_set=pa.array(ICMP)), False))
    columns["dst_port"] = only(has_ports, _number(fields, "dst_port", size, faults, of).take(rows))
    service = _text(fields, "service", size)
    unknown = pc.fill_null(pc.equal(pc.utf8_lower(service), "unknown"), False)
    columns["service"] = pc.utf8_lower(only(pc.invert(unknown), service)).take(rows)


def _record_flows(fields: Fields, size: int, faults: Faults, of: npt.NDArray[np.int64]) -> pa.Array:
    """Flows that a record stands for: allowed and denied, in and out."""
    total = _number(fields, "flows", size, faults, of)
    for name in ("allowed_in", "allowed_out", "denied_in", "denied_out"):
        part = _number(fields, name, size, faults, of)
        total = pc.if_else(pc.is_null(total), part, pc.add(total, pc.fill_null(part, 0)))
    return flat(total)


def _action(fields: Fields, size: int, faults: Faults, of: npt.NDArray[np.int64]) -> pa.Array:
    """The record's status; or by its counts, where all were allowed or all denied."""
    said = by_value(_text(fields, "status", size), lambda word: _STATUS.get(word.strip().lower()), pa.string())
    sums: list[pa.Array] = []
    for verdict in ("allowed", "denied"):
        parts = [_number(fields, f"{verdict}_{way}", size, faults, of) for way in ("in", "out")]
        sums.append(pc.add(pc.fill_null(parts[0], 0), pc.fill_null(parts[1], 0)))
    allowed, denied = (pc.greater(total, 0) for total in sums)
    counted = pc.if_else(
        pc.and_(allowed, pc.invert(denied)),
        "allowed",
        pc.if_else(pc.and_(denied, pc.invert(allowed)), "denied", pa.scalar(None, pa.string())),
    )
    return flat(pc.coalesce(said, counted))


def _add_hosts(columns: dict[str, Any], fields: Fields, size: int, rows: pa.Array, is_in: Mask) -> None:
    """Machines by name: of either side, or the one that the record is of."""
    src, dst, own = (_host(_text(fields, name, size)) for name in ("src_vm", "dst_vm", "vm"))
    inward = pa.array(is_in)
    columns["src_host"] = flat(pc.coalesce(src, only(pc.invert(inward), own))).take(rows)
    columns["dst_host"] = flat(pc.coalesce(dst, only(inward, own))).take(rows)


def _host(names: pa.Array) -> pa.Array:
    """``group/machine`` to ``machine``."""
    return by_value(names, lambda word: word.rstrip("/").rpartition("/")[2] or None, pa.string())


def _cells(cell: pa.Array) -> _Cells:
    """A row for each address of each cell, one for a record without a cell."""
    encoded = cell.dictionary_encode()
    parsed = [[[""]], *(_tokens(text) for text in encoded.dictionary.to_pylist())]
    codes = encoded.indices.fill_null(-1).to_numpy() + 1
    sizes = np.array([len(tokens) for tokens in parsed], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    of = np.repeat(np.arange(len(cell), dtype=np.int64), sizes[codes])
    place = np.arange(len(of), dtype=np.int64) - np.repeat(np.cumsum(sizes[codes]) - sizes[codes], sizes[codes])
    at = offsets[codes][of] + place
    flat_tokens = [token for tokens in parsed for token in tokens]
    own = np.array([len(token) == _CELL_SIZE for token in flat_tokens], dtype=bool)
    counters = {
        name: pa.array([_count(token, at) for token in flat_tokens], pa.int64()) for at, name in enumerate(_CELL, 1)
    }
    address = pa.array([token[0] or None for token in flat_tokens], type=pa.string())
    rows = pa.array(at)
    taken = {name: column.take(rows) for name, column in counters.items()}
    return _Cells(of, address.take(rows), taken, place == 0, own[at], sizes[codes][of] > 1)


def _count(token: list[str], at: int) -> int | None:
    return int(token[at]) if len(token) == _CELL_SIZE and token[at].isdecimal() else None


def _tokens(text: str | None) -> list[list[str]]:
    """``a|1|0|…`` or plain addresses, however they are parted.

    Examples
    --------
    >>> _tokens("['192.0.2.1', '192.0.2.2']"), _tokens("192.0.2.1|3|3|9|8|900|800")
    ([['192.0.2.1'], ['192.0.2.2']], [['192.0.2.1', '3', '3', '9', '8', '900', '800']])
    """
    found = [token.split("|") for token in _BETWEEN.split(text or "") if token]
    return found or [[""]]
