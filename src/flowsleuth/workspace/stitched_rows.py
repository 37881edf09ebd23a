"""Rows of flows that are made of two records, or that name who else saw them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.json_text import strings_as_json
from flowsleuth.readers.mapped_json import as_json_text, join_objects
from flowsleuth.readers.suricata_columns import conn_state
from flowsleuth.schema.flow import FLOW
from flowsleuth.workspace.stitch_records import flag_bits
from flowsleuth.workspace.stitching import Pairs

_TWICE_KEY, _JOINED_KEY = "seen_twice", "stitched"


def with_seers(staying: pa.Table, others: pa.Table, starts: list[int]) -> pa.Table:
    """Flows that stay, with who else saw them in ``extra``; the others from each start on are those of one flow."""
    told = pc.binary_join(pa.ListArray.from_arrays(pa.array(starts, pa.int32()), _seers(others)), ",")
    at = staying.column_names.index("extra")
    return staying.set_column(at, "extra", _longer(staying["extra"], told))


def _seers(rows: pa.Table) -> pa.Array:
    """Which record of which exporter each row is, as JSON."""
    return pc.binary_join_element_wise(
        '{"flow_id":',
        _texts(rows["flow_id"]),
        ',"sensor":',
        pc.coalesce(strings_as_json(_texts(rows["sensor"])), "null"),
        ',"source_file":',
        strings_as_json(_texts(rows["source_file"])),
        ',"source_row":',
        _texts(rows["source_row"]),
        "}",
        "",
    )


def _longer(extra: pa.ChunkedArray, told: pa.Array) -> pa.Array:
    """JSON objects with who else saw a flow; those that name others already, from a stitching before, name more."""
    import json

    known = _texts(extra)
    lists = pc.binary_join_element_wise(f'{{"{_TWICE_KEY}":[', told, "]}", "")
    made = join_objects(known, lists)
    longer = pc.fill_null(pc.match_substring(known, f'"{_TWICE_KEY}"'), False)
    if not pc.any(longer).as_py():
        return made
    again = []
    for text, more in zip(known.filter(longer).to_pylist(), lists.filter(longer).to_pylist(), strict=True):
        old, new = json.loads(text), json.loads(more)
        again.append(as_json_text(old | {_TWICE_KEY: [*old.get(_TWICE_KEY, []), *new[_TWICE_KEY]]}))
    return pc.replace_with_mask(made, longer, pa.array(again, pa.string()))


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
        conn_state("/".join(f"{flag_bits(side):02x}" for side in text.split("/"))) for text in
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


def _texts(column: pa.ChunkedArray) -> pa.Array:
    whole = column.cast(pa.string()).combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) and whole.num_chunks else whole
