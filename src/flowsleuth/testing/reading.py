"""Read a file with one reader, as ingest would, into plain tables: for tests and for a quick look."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flowsleuth.readers.contract import Batch, Position, ReadContext, Reader, Reject
from flowsleuth.readers.streams import CHUNK, Chunk, Source
from flowsleuth.schema.addresses import HomeNetworks
from flowsleuth.settings import DEFAULT_HOME

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class ReadResult:
    """Everything a reader gave for one file.

    Attributes
    ----------
    tables : dict of str to pyarrow.Table
        All rows by table name, in the order read.
    rejects : list of Reject
    skipped : dict of str to int
        Records of kinds that no table exists for.
    batches : list of Batch
        The batches as they came.
    fault : str or None
        What broke the archive off, in the words of ``Source.fault``.
    """

    tables: dict[str, pa.Table] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    fault: str | None = None

    @property
    def rows(self) -> dict[str, int]:
        """Rows by table name, tables without rows left out."""
        return {name: len(table) for name, table in self.tables.items() if len(table)}

    def row(self, table: str, source_row: int) -> dict[str, Any]:
        """The first row of a table that was made of a line or record, as a dictionary.

        Raises
        ------
        LookupError
            No row was made of it.
        """
        for row in self.tables[table].to_pylist() if table in self.tables else []:
            if row["source_row"] == source_row:
                return dict(row)
        raise LookupError(f"no {table} row comes from source_row {source_row}")


class PiecewiseSource(Source):
    """A source that hands out its content in pieces of a few bytes, to find readers that depend on chunk borders.

    Parameters
    ----------
    name : str
        The path.
    size : int
        Bytes of a piece; a chunk ends at the first line end after it.
    """

    def __init__(self, name: str, size: int) -> None:
        super().__init__(name)
        self._piece = max(1, size)

    def blocks(self) -> Iterator[bytes]:
        for block in super().blocks():
            for at in range(0, len(block), self._piece):
                yield block[at : at + self._piece]

    def chunks(self, size: int = CHUNK) -> Iterator[Chunk]:
        return super().chunks(min(size, self._piece))


def read_all(
    reader: Reader,
    path: str | os.PathLike[str],
    *,
    source_file: str | None = None,
    file_key: int = 1,
    home: Sequence[str] = DEFAULT_HOME,
    tz: str = "UTC",
    options: object = None,
    start: Position | None = None,
    chunk_size: int | None = None,
) -> ReadResult:
    """Read a file with a reader, as ingest would.

    Parameters
    ----------
    reader : Reader
    path : path
    source_file : str, optional
        What goes into the rows; the path by default.
    file_key : int
        What ids are made of.
    home : sequence of str
        Home networks.
    tz : str
        Zone of times that name none.
    options : object, optional
        The reader's options; ``reader.Options()`` by default.
    start : Position, optional
        Continue from here.
    chunk_size : int, optional
        Hand the content out in pieces of this many bytes.

    Returns
    -------
    ReadResult

    Raises
    ------
    ReaderError
        Nothing at all can be read from the file.
    """
    name = os.fspath(path)
    context = ReadContext(
        source_file=source_file or name,
        source_kind=reader.name,
        file_key=file_key,
        home=HomeNetworks(home),
        tz=ZoneInfo(tz),
        options=reader.Options() if options is None else options,
    )
    with Source(name) if chunk_size is None else PiecewiseSource(name, chunk_size) as source:
        if start is not None:
            source.start = start
            if source.sample.is_text() and source.skip(start.offset) is None:
                raise ValueError(f"{name} is shorter than the position to continue from: {start}")
        result = join_batches(reader.read(source, context))
        return replace(result, fault=source.fault)


def join_batches(batches: Iterator[Batch] | Sequence[Batch]) -> ReadResult:
    """Put the tables, rejects and counts of some batches together."""
    import pyarrow as pa

    result = ReadResult(batches=list(batches))
    parts: dict[str, list[pa.Table]] = {}
    for batch in result.batches:
        for name, table in batch.tables.items():
            parts.setdefault(name, []).append(table)
        result.rejects.extend(batch.rejects)
        for kind, count in batch.skipped.items():
            result.skipped[kind] = result.skipped.get(kind, 0) + count
    result.tables = {name: pa.concat_tables(tables) for name, tables in parts.items()}
    return result
