"""What every engine gives back: the same Arrow types for the same expression, in batches of the size asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa


def result_schema(expression: ir.Table) -> pa.Schema:
    """The Arrow schema of a result: times in microseconds UTC, lists spelt as ``schema`` spells them, all nullable.

    Examples
    --------
    >>> import ibis
    >>> result_schema(ibis.table({"start": "timestamp('UTC')", "evidence": "array<float64>"}, name="score"))
    start: timestamp[us, tz=UTC]
    evidence: list<item: double>
      child 0, item: double
    """
    import pyarrow as pa

    def plain(kind: pa.DataType) -> pa.DataType:
        if pa.types.is_timestamp(kind):
            return pa.timestamp("us", tz="UTC")
        if pa.types.is_list(kind):
            return pa.list_(plain(kind.value_type))
        return kind

    return pa.schema([pa.field(f.name, plain(f.type)) for f in expression.schema().to_pyarrow()])


def conform(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """The same rows in a schema of the same columns; no copy where the types are the same already."""
    import pyarrow as pa

    columns: list[Any] = [rows.column(at).cast(field.type) for at, field in enumerate(schema)]
    return pa.table(columns, schema=schema)


def rebatch(pieces: Iterable[pa.RecordBatch], schema: pa.Schema, rows: int) -> Iterator[pa.RecordBatch]:
    """Put small pieces together and cut large ones: ``rows`` rows a batch, never more, order kept.

    Examples
    --------
    >>> import pyarrow as pa
    >>> pieces = [pa.record_batch({"n": [1, 2, 3]}), pa.record_batch({"n": [4]})]
    >>> [batch["n"].to_pylist() for batch in rebatch(pieces, pieces[0].schema, 2)]
    [[1, 2], [3, 4]]
    """
    import pyarrow as pa

    waiting: list[pa.Table] = []
    count = 0
    for piece in pieces:
        waiting.append(conform(pa.Table.from_batches([piece]), schema))
        count += piece.num_rows
        while count >= rows:
            together = pa.concat_tables(waiting)
            yield from _copied(together.slice(0, rows))
            count -= rows
            waiting = [together.slice(rows)] if count else []
    if count:
        yield from _copied(pa.concat_tables(waiting))


def _copied(rows: pa.Table) -> list[pa.RecordBatch]:
    """One batch, so that it does not keep alive the pieces it was cut from; more where texts fill 2 GiB."""
    batches: list[pa.RecordBatch] = rows.combine_chunks().to_batches()
    return batches
