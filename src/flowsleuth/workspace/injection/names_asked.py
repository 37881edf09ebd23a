"""DNS rows for the questions of an attack, in the guise of those that are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flowsleuth.attacks.scene import AttackFlows
from flowsleuth.schema import DNS

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE = 200
ORIGIN = ("event_id", "source_file", "source_row", "extra")
DRAWN = ("source_kind", "sensor", "qclass", "rcode", "is_rejected")
"""Columns that are taken from a stored row."""


def asked(flows: AttackFlows, rows: pa.Table, sample: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Rows of ``schema.DNS``, without ids and origin, for the flows of an attack that ask for a name.

    Parameters
    ----------
    flows : AttackFlows
    rows : pyarrow.Table
        The same flows as rows of ``schema.FLOW``, which give times, ports and uid.
    sample : pyarrow.Table
        Stored rows of ``dns`` that were answered; a column that none of them fills stays empty.
    rng : numpy Generator
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    schema = pa.schema([field for field in DNS.arrow_schema() if field.name not in ORIGIN])
    places = np.flatnonzero([name is not None for name in flows.query.tolist()])
    if not len(sample) or not places.size:
        return schema.empty_table()
    mine = rows.take(pa.array(places))
    like = sample.take(pa.array(rng.integers(0, len(sample), places.size)))
    told = {
        "query": flows.query[places].tolist(),
        "qtype": flows.qtype[places].tolist(),
        "rtt_s": flows.duration_s[places].tolist(),
        "trans_id": rng.integers(0, 65_536, places.size).tolist(),
    }
    made = {}
    for field in schema:
        if field.name in told:
            column = pa.array(told[field.name], field.type)
        else:
            column = (like if field.name in DRAWN or field.name not in rows.column_names else mine)[field.name]
        is_used = sample[field.name].null_count < len(sample)
        made[field.name] = column if is_used else pa.nulls(places.size, field.type)
    table = pa.table(made, schema=schema)
    answers = pc.if_else(pc.is_null(table["answers"]), None, "[]")
    return table.set_column(table.column_names.index("answers"), schema.field("answers"), answers)
