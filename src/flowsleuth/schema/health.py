"""The ``health`` table: what sources say about their own logs, so that silence is not taken for calm."""

from flowsleuth.schema.columns import NEVER, Column, Table, provenance

HEALTH = Table(
    name="health",
    meaning="one row per time of which a source says that it saw nothing, or that it lost records",
    columns=(
        Column("event_id", "int64", "stable: the same file content and row give the same id", null=NEVER),
        Column("start", "timestamp", "when it began", "UTC", NEVER),
        Column("end", "timestamp", "when it ended", "UTC"),
        Column("sensor", "string", "which exporter, sensor or interface says so"),
        Column("status", "string", "no data: there was no traffic; lost: records are missing", null=NEVER),
        Column("word", "string", "the source's own word for it"),
        *provenance(),
    ),
)
