"""What a column and a table are; every table module in this room is made of these two."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

ColumnType = Literal["int64", "int32", "int16", "float64", "string", "bool", "timestamp", "floats", "json"]


@dataclass(frozen=True)
class Column:
    """One column: its name, type, unit, meaning, and what a null says.

    ``timestamp`` is microseconds since 1970-01-01, UTC. Integers are signed, because Spark has no unsigned ones.
    ``floats`` is a list of float64; ``json`` is text in Arrow.
    """

    name: str
    type: ColumnType
    meaning: str
    unit: str = ""
    null: str = "not given by the source"

    def arrow_type(self) -> pa.DataType:
        """The Arrow type this column is stored as."""
        import pyarrow as pa

        types: dict[str, pa.DataType] = {
            "int64": pa.int64(),
            "int32": pa.int32(),
            "int16": pa.int16(),
            "float64": pa.float64(),
            "string": pa.string(),
            "json": pa.string(),
            "bool": pa.bool_(),
            "timestamp": pa.timestamp("us", tz="UTC"),
            "floats": pa.list_(pa.float64()),
        }
        return types[self.type]


NEVER = "never null"


@dataclass(frozen=True)
class Table:
    """One table of the store: named columns, the column that dates a row, and the column that identifies it.

    ``time_column`` is ``None`` for a table that is not partitioned by date.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    time_column: str | None = "start"
    id_column: str | None = "event_id"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema rows of this table are stored with."""
        import pyarrow as pa

        return pa.schema([pa.field(c.name, c.arrow_type()) for c in self.columns])


def provenance() -> tuple[Column, ...]:
    """The last columns of every table that readers fill: from any finding back to the raw line."""
    return (
        Column("source_kind", "string", "the reader that made the row", null=NEVER),
        Column("source_file", "string", "the file, as it was given to ingest", null=NEVER),
        Column(
            "source_row",
            "int64",
            "1-based line in the decompressed text, header lines counted; record number in binary files",
            null=NEVER,
        ),
        Column("extra", "string", "every other field of the record, as a JSON object", null="no other field"),
    )


def endpoints() -> tuple[Column, ...]:
    """When, and between which two endpoints; the first columns of every event table."""
    return (
        Column("start", "timestamp", "when it was seen first", "UTC", NEVER),
        Column("src_ip", "string", "address of who sent the first packet, canonical text (IPv6 as in RFC 5952)"),
        Column("src_port", "int32", "its port", null="the protocol has no ports"),
        Column("dst_ip", "string", "address of the other side"),
        Column("dst_port", "int32", "its port", null="the protocol has no ports"),
        Column("proto", "string", "IANA transport keyword, lower case"),
        Column("uid", "string", "the source's own id of the connection"),
        Column("community_id", "string", "Community ID of the connection"),
        Column("sensor", "string", "which exporter or sensor saw it"),
    )
