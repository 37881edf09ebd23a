"""One-way records joined as flows of both directions, and flows that two exporters saw counted once, at rest.

Each day is done by itself, so many pairs in one catalogue step. Every record that was joined or dropped is kept as it
was in the table ``stitched``, so nothing is lost and what became of it can be told. Doing it again changes nothing.
Records that may still change (the unfinished last one of a growing file) are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flowsleuth.errors import OptionError
from flowsleuth.readers.json_text import strings_as_json
from flowsleuth.readers.mapped_json import as_json_text, join_objects
from flowsleuth.readers.suricata_columns import conn_state
from flowsleuth.schema.flow import FLOW
from flowsleuth.schema.stitched import STITCHED
from flowsleuth.store.catalog import Part
from flowsleuth.workspace.stitching import TURNED, TWICE, FlowRecords, Pairs, find_pairs, find_twice

if TYPE_CHECKING:
    from flowsleuth.store import Store

TOLERANCE_S = 2.0
LONGEST_TOLERANCE_S = 3_600.0
_US = 1_000_000
PAIRS_AT_ONCE = 250_000
"""Pairs joined in one catalogue step: so many need some 600 MB."""
_AT_ONCE = 65_536
"""Pairs made at a time."""
_FLAG_LETTERS = "FSRPAU"
_CODED = ("src_ip", "dst_ip", "proto", "sensor", "source_file", "tcp_flags")
_NUMBERS = ("flow_id", "src_port", "dst_port", "src_packets", "src_bytes", "dst_packets", "dst_bytes")
_TWICE_KEY, _JOINED_KEY = "seen_twice", "stitched"


@dataclass(frozen=True)
class StitchReport:
    """What was joined.

    Attributes
    ----------
    flows : int
        Flows looked at.
    joined : int
        Pairs of one-way records that are one flow now.
    twice : int
        Records of flows that another exporter had seen already.
    days : tuple of str
        Days that changed, or would change.
    """

    flows: int = 0
    joined: int = 0
    twice: int = 0
    days: tuple[str, ...] = ()


def stitch_flows(store: Store, tolerance_s: float = TOLERANCE_S, *, dry_run: bool = False) -> StitchReport:
    """See :meth:`flowsleuth.Workspace.stitch`."""
    if not 0 <= tolerance_s <= LONGEST_TOLERANCE_S:
        raise OptionError(f"not between 0 and {LONGEST_TOLERANCE_S:,.0f} seconds", where=f"tolerance {tolerance_s}")
    tolerance = int(tolerance_s * _US)
    if dry_run:
        return _look(store, tolerance)
    with store.writing():
        return _look(store, tolerance, is_to_write=True)


def _look(store: Store, tolerance: int, *, is_to_write: bool = False) -> StitchReport:
    flows = joined = twice = 0
    changed = []
    for day in sorted({part.date for part in store.catalog.parts("flow") if part.date}):
        records = read_records(store, _parts(store, day))
        again, kept = find_twice(records, tolerance)
        flows, twice = flows + len(records), twice + len(again)
        if is_to_write and len(again):
            _drop_twice(store, day, again, kept)
            records = read_records(store, _parts(store, day))
        elif len(again):
            records = records.some(~np.isin(records.flow_id, again))
        pairs = find_pairs(records, tolerance)
        joined += len(pairs.began)
        if is_to_write:
            by_id = pairs.some(np.argsort(pairs.began))  # neighbours in the files, so that few parts are opened at once
            for at in range(0, len(pairs.began), PAIRS_AT_ONCE):
                _join(store, day, by_id.some(slice(at, at + PAIRS_AT_ONCE)))
        if len(again) or len(pairs.began):
            changed.append(day)
    return StitchReport(flows, joined, twice, tuple(changed))


def _parts(store: Store, day: str) -> list[Part]:
    return [part for part in store.catalog.parts("flow", [day]) if part.tail_of is None]


def read_records(store: Store, parts: list[Part]) -> FlowRecords:
    """What stitching asks of the flows of some parts."""
    names = [*_NUMBERS, "start", "end", *_CODED]
    read = [
        pq.read_table(store.folder / part.path, columns=names, read_dictionary=list(_CODED), partitioning=None)
        for part in parts
    ]
    schema = pa.schema([FLOW.arrow_schema().field(name) for name in names])
    table = pa.concat_tables(read).unify_dictionaries() if read else schema.empty_table()
    numbers = {name: _numbers(table[name]) for name in _NUMBERS}
    start = _numbers(table["start"])
    addresses = pa.concat_arrays([_texts(table["src_ip"]), _texts(table["dst_ip"])]).dictionary_encode()
    codes = addresses.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    proto = _texts(table["proto"])
    return FlowRecords(
        start=start,
        end=np.maximum(start, _numbers(table["end"])),
        src=codes[: len(table)],
        dst=codes[len(table) :],
        proto=_codes(proto),
        exporter=_codes(pc.coalesce(_texts(table["sensor"]), _texts(table["source_file"]))),
        flags=_flag_bits(_texts(table["tcp_flags"])),
        is_icmp=np.asarray(pc.fill_null(pc.is_in(proto, pa.array(["icmp", "ipv6-icmp"])), False)),
        **numbers,
    )


def _numbers(column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.asarray(pc.fill_null(column.cast(pa.int64()), -1).to_numpy(), dtype=np.int64)


def _texts(column: pa.ChunkedArray) -> pa.Array:
    whole = column.cast(pa.string()).combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) and whole.num_chunks else whole


def _codes(column: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    indices = column.dictionary_encode().indices
    return np.asarray(pc.fill_null(indices, -1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _bits_of(text: str) -> int:
    """Flags written as letters (``...A..S.``) or in hexadecimal (``12``, ``0x12``); 0 where they are neither."""
    if set(text) <= set(_FLAG_LETTERS + "CE."):
        return sum(1 << bit for bit, letter in enumerate(_FLAG_LETTERS) if letter in text)
    try:
        return int(text, 16) & 0x3F
    except ValueError:
        return 0


def _flag_bits(column: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Flags in bits; 0 where they are not known."""
    encoded = column.dictionary_encode()
    bits = pa.array([_bits_of(text) for text in encoded.dictionary.to_pylist()], pa.int64())
    return _numbers(pa.chunked_array([pc.fill_null(bits.take(encoded.indices), 0)]))


def _take_out(
    store: Store, day: str, ids: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[list[Part], list[Part], pa.Table]:
    """The parts that have some flows, the same parts without them, and those flows by id."""
    old: list[Part] = []
    new: list[Part] = []
    taken: list[pa.Table] = []
    wanted = pa.array(ids)
    for part in _parts(store, day):
        known = pq.read_table(store.folder / part.path, columns=["flow_id"], partitioning=None)["flow_id"]
        has = pc.is_in(known, value_set=wanted)
        if not pc.any(has).as_py():
            continue
        rows = pq.read_table(store.folder / part.path, schema=FLOW.arrow_schema(), partitioning=None)
        old.append(part)
        taken.append(rows.filter(has))
        rest = rows.filter(pc.invert(has))
        if len(rest):
            new += store.write("flow", rest, tag=part.tag)
    return old, new, pa.concat_tables(taken).sort_by("flow_id")


def _rows_of(rows: pa.Table, ids: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Table:
    """Rows by their ids, in the order asked for; ``rows`` are sorted by id."""
    return rows.take(pa.array(np.searchsorted(rows["flow_id"].to_numpy(), ids)))


def _as_stitched(rows: pa.Table, into: np.ndarray[tuple[int], np.dtype[np.int64]], reason: str) -> pa.Table:
    made = rows.rename_columns(["record_flow_id" if name == "flow_id" else name for name in rows.column_names])
    made = made.append_column("into_flow_id", pa.array(into))
    return made.append_column("reason", pa.repeat(reason, len(rows))).select(list(STITCHED.names))


def _drop_twice(
    store: Store,
    day: str,
    again: np.ndarray[tuple[int], np.dtype[np.int64]],
    kept: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> None:
    """Take out what was seen before; the flow that stays names who else saw it."""
    stay = np.unique(kept)
    old, new, rows = _take_out(store, day, np.concatenate([again, stay]))
    others = _rows_of(rows, again)
    told: dict[int, list[dict[str, object]]] = {}
    names = ("flow_id", "sensor", "source_file", "source_row")
    for into, row in zip(kept.tolist(), others.select(list(names)).to_pylist(), strict=True):
        told.setdefault(into, []).append(row)
    staying = _rows_of(rows, stay)
    extra = _with_key(staying["extra"], _TWICE_KEY, [told[one] for one in stay.tolist()])
    changed = staying.set_column(staying.column_names.index("extra"), "extra", extra)
    aside = [_as_stitched(others, kept, TWICE), _as_stitched(staying, stay, TWICE)]
    _replace(store, old, new, changed, pa.concat_tables(aside))


def _with_key(extra: pa.ChunkedArray, key: str, values: list[list[dict[str, object]]]) -> pa.Array:
    """JSON objects with one more list under a key, or with a longer one."""
    import json

    made = []
    for text, value in zip(extra.to_pylist(), values, strict=True):
        known = json.loads(text) if text else {}
        made.append(as_json_text(known | {key: [*known.get(key, []), *value]}))
    return pa.array(made, pa.string())


def _join(store: Store, day: str, pairs: Pairs) -> None:
    """Make one flow of two records."""
    old, new, rows = _take_out(store, day, np.concatenate([pairs.began, pairs.answered]))
    began, answered = _rows_of(rows, pairs.began), _rows_of(rows, pairs.answered)
    made = pa.concat_tables(
        joined_rows(began.slice(at, _AT_ONCE), answered.slice(at, _AT_ONCE), pairs.some(slice(at, at + _AT_ONCE)))
        for at in range(0, len(began), _AT_ONCE)
    )
    aside = [_as_stitched(began, pairs.began, TURNED), _as_stitched(answered, pairs.began, TURNED)]
    _replace(store, old, new, made, pa.concat_tables(aside))


def _replace(store: Store, old: list[Part], new: list[Part], flows: pa.Table, aside: pa.Table) -> None:
    tag = min((part.tag for part in old), default="")
    written = store.write("flow", flows.sort_by("flow_id"), tag=tag)
    store.replace(old, [*new, *written, *store.write("stitched", aside)])


def joined_rows(began: pa.Table, answered: pa.Table, pairs: Pairs) -> pa.Table:
    """Flows of both directions; all that the answering record says of itself is turned round."""
    start = pc.min_element_wise(*(rows["start"].cast(pa.int64()) for rows in (began, answered)))
    end = pc.max_element_wise(*(rows["end"].cast(pa.int64()) for rows in (began, answered)))
    span = pc.subtract(end, start)
    records = [pc.fill_null(rows["flow_count"], 1) for rows in (began, answered)]
    columns = {
        "start": start.cast(FLOW["start"].arrow_type()),
        "end": end.cast(FLOW["end"].arrow_type()),
        "duration_s": pc.divide(span.cast(pa.float64()), 1e6),
        "dst_bytes": answered["src_bytes"],
        "dst_packets": answered["src_packets"],
        "tcp_flags": pc.binary_join_element_wise(began["tcp_flags"], answered["tcp_flags"], "/"),
        "flow_count": pc.add(*records),
        "extra": _joined_extra(began, answered, pairs),
    }
    columns["conn_state"] = pc.coalesce(began["conn_state"], _states(began["tcp_flags"], answered["tcp_flags"]))
    for ours, theirs in (("src_host", "dst_host"), ("dst_host", "src_host"), ("src_as", "dst_as"), ("dst_as", "src_as"),
                         ("server_name", "server_name"), ("service", "service"), ("sensor", "sensor")):  # fmt: skip
        columns[ours] = pc.coalesce(began[ours], answered[theirs])
    schema = FLOW.arrow_schema()
    return pa.table([columns.get(name, began[name]) for name in schema.names], names=schema.names).cast(schema)


def _states(ours: pa.ChunkedArray, theirs: pa.ChunkedArray) -> pa.Array:
    both = pc.binary_join_element_wise(ours, theirs, "/").combine_chunks()
    encoded = _texts(pa.chunked_array([both]) if isinstance(both, pa.Array) else both).dictionary_encode()
    states = [
        conn_state("/".join(f"{_bits_of(side):02x}" for side in text.split("/"))) for text in
        encoded.dictionary.to_pylist()
    ]  # fmt: skip
    return pa.array(states, pa.string()).take(encoded.indices)


def _joined_extra(began: pa.Table, answered: pa.Table, pairs: Pairs) -> pa.Array:
    """``extra`` of who began, with where the other record is, and how sure it is who began."""
    told = pc.binary_join_element_wise(
        f'{{"{_JOINED_KEY}":{{"with":{{"flow_id":',
        _texts(answered["flow_id"]),
        ',"source_file":',
        strings_as_json(_texts(answered["source_file"])),
        ',"source_row":',
        _texts(answered["source_row"]),
        '},"direction_by":"',
        pa.array(pairs.told_by, pa.string()),
        '","confidence":',
        pa.array(pairs.confidence).cast(pa.string()),
        "}}",
        "",
    )
    return join_objects(_texts(began["extra"]), told)
