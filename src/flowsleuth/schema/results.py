"""Tables that flowsleuth itself makes: ``reject``, ``score``, ``suspect``, ``queue``, ``finding``, ``lead``."""

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

_ENDS = (
    Column("src_ip", "string", "the end that began it"),
    Column("dst_ip", "string", "the other end", null="several, or told by name"),
    Column("server_name", "string", "name of the other end (TLS SNI, HTTP host, DNS)", null="none, or told by address"),
    Column("proto", "string", "IANA transport keyword", null="several"),
    Column("service_port", "int32", "port of the end that has the service", null="several, or none"),
)
_EXTENT = (
    Column("flows", "int64", "flows that it rests on", "flows", NEVER),
    Column("first_seen", "timestamp", "start of the earliest of them", "UTC", NEVER),
    Column("last_seen", "timestamp", "start of the latest of them", "UTC", NEVER),
    Column("src_bytes", "int64", "sent by src in them", "bytes"),
    Column("dst_bytes", "int64", "sent by dst in them", "bytes"),
)

FINDING = Table(
    name="finding",
    meaning="one row per thing that a finder tells of a day: who, with whom, how likely by chance, why",
    time_column="day",
    id_column="finding_id",
    columns=(
        Column("day", "timestamp", "the UTC day that it is about, its first moment", "UTC", NEVER),
        Column("detector", "string", "which finder", null=NEVER),
        Column("run", "string", "which run of it: finder, options and input, as one short hash", null=NEVER),
        Column("finding_id", "int64", "stable for the same finder, day and ends", null=NEVER),
        Column("host", "string", "the address whose conduct it is: one of ours where one is known to be", null=NEVER),
        *_ENDS,
        Column("p_value", "float64", "chance of something as extreme under the finder's null", "in (0, 1]", NEVER),
        Column("score", "float64", "in [0, 1], high = suspicious", null=NEVER),
        Column("technique", "string", "ATT&CK technique", null="none fits"),
        *_EXTENT,
        Column("reason", "string", "why, in words and numbers", null=NEVER),
        Column("evidence", "json", "the numbers of the reason, an object", null=NEVER),
    ),
)

LEAD = Table(
    name="lead",
    meaning="one row per host, and per pair, of a day: all evidence in one calibrated rank",
    time_column="day",
    id_column="lead_id",
    columns=(
        Column("day", "timestamp", "the UTC day, its first moment", "UTC", NEVER),
        Column("by", "string", "host or pair", null=NEVER),
        Column("rank", "int64", "place in the day's list of its kind, from 1", null=NEVER),
        Column("lead_id", "int64", "stable for the same day and ends", null=NEVER),
        Column("run", "string", "which fusion: findings and scores it was made of, as one short hash", null=NEVER),
        Column("score", "float64", "1 - p_value", null=NEVER),
        Column(
            "surprise", "float64", "-ln of the fused p-value before calibration; orders equal scores", "nats", NEVER
        ),
        Column("p_value", "float64", "share of usual hosts (pairs) with as much evidence", "in (0, 1]", NEVER),
        Column("q_value", "float64", "expected share of false leads in the list down to this one", "in [0, 1]", NEVER),
        Column("host", "string", "the address that it is about: one of ours where one is known to be", null=NEVER),
        Column("role", "string", "what the host is, by its flows", null="not told by its flows"),
        *_ENDS,
        Column(
            "technique", "string", "ATT&CK techniques, of the strongest finding first, with commas", null="none fits"
        ),
        Column("detectors", "string", "what found it, strongest first, with commas", null=NEVER),
        Column("findings", "int64", "findings behind it", null=NEVER),
        *_EXTENT,
        Column("reason", "string", "why, in words and numbers, strongest first", null=NEVER),
        Column("normal_if", "string", "what would make it normal: its rank without its strongest evidence"),
        Column("finding_ids", "json", "the findings, strongest first, a list of numbers", null=NEVER),
    ),
)
