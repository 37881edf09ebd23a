"""Tables that flowsleuth itself makes: ``reject``, ``score``, ``suspect``."""

from flowsleuth.schema.columns import NEVER, Column, Table

REJECT = Table(
    name="reject",
    meaning="one row per record that could not become a row, with its raw text",
    time_column=None,
    id_column=None,
    columns=(
        Column("source_kind", "string", "the reader that refused it", null=NEVER),
        Column("source_file", "string", "the file, as it was given to ingest", null=NEVER),
        Column("source_row", "int64", "1-based line or record number; 0 for the file as a whole", null=NEVER),
        Column("reason", "string", "what is wrong, the same words for the same fault", null=NEVER),
        Column("detail", "string", "the field and value, or the library's words"),
        Column("raw", "string", "the record as read, undecodable bytes as \\xNN, cut at 64 KiB"),
    ),
)

SCORE = Table(
    name="score",
    meaning="one row per scored flow and detector",
    id_column="flow_id",
    columns=(
        Column("detector", "string", "which detector", null=NEVER),
        Column("run", "string", "which run of it: detector, options and input, as one short hash", null=NEVER),
        Column("flow_id", "int64", "the flow", null=NEVER),
        Column("start", "timestamp", "the flow's start", "UTC", NEVER),
        Column("score", "float64", "in [0, 1], high = suspicious", null=NEVER),
        Column("surprise", "float64", "unbounded evidence behind the score; orders equal scores", "nats", NEVER),
        Column("suspect_id", "int64", "the group of near-identical flows", null=NEVER),
        Column("evidence", "floats", "numbers the reason is written from, in the detector's declared order"),
    ),
)

SUSPECT = Table(
    name="suspect",
    meaning="one row per group of near-identical flows and detector",
    id_column="suspect_id",
    time_column="first_seen",
    columns=(
        Column("detector", "string", "which detector", null=NEVER),
        Column("run", "string", "which run of it", null=NEVER),
        Column("suspect_id", "int64", "stable for the same group of flows", null=NEVER),
        Column("score", "float64", "highest score of its flows", null=NEVER),
        Column("surprise", "float64", "highest surprise of its flows", "nats", NEVER),
        Column("flow_id", "int64", "the flow with that score", null=NEVER),
        Column("flows", "int64", "near-identical flows in the group", null=NEVER),
        Column("first_seen", "timestamp", "start of the earliest flow", "UTC", NEVER),
        Column("last_seen", "timestamp", "start of the latest flow", "UTC", NEVER),
    ),
)
