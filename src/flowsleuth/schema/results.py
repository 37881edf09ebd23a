"""Tables that flowsleuth itself makes: ``reject``, ``score``, ``suspect``, ``queue``."""

from flowsleuth.schema.columns import NEVER, Column, Table
from flowsleuth.schema.flow import FLOW

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

QUEUE = Table(
    name="queue",
    meaning="the strongest suspects of a day and detector, each with its strongest flow and its reason",
    id_column="suspect_id",
    time_column="first_seen",
    columns=(
        *SUSPECT.columns,
        Column("taught", "float64", "part of the surprise that ratings had taught when it was scored", "nats", NEVER),
        Column("reason", "string", "why, in words and numbers", null=NEVER),
        Column("service_port", "int32", "port of the side that has the service", null="the protocol has no ports"),
        Column("src_ips", "int64", "distinct sources of the group's flows", null=NEVER),
        Column("src_ports", "int64", "distinct source ports of the group's flows", null=NEVER),
        Column("dst_ips", "int64", "distinct destinations of the group's flows", null=NEVER),
        Column("dst_ports", "int64", "distinct destination ports of the group's flows", null=NEVER),
        Column("group_src_bytes", "int64", "sent by src in all flows of the group", "bytes"),
        Column("group_dst_bytes", "int64", "sent by dst in all flows of the group", "bytes"),
        *(column for column in FLOW.columns if column.name != "flow_id"),
    ),
)
