"""What stitching asks of stored flows, in groups of flat size in which no two records that could meet are apart."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flowsleuth.schema.flow import FLOW
from flowsleuth.workspace.stitching import FlowRecords, Integers

RECORDS_AT_ONCE = 262_144
"""Records of a group: so many need some 100 MB."""
MOST_GROUPS = 512
"""Files open at once; days of more than 134 million records have larger groups."""
BATCH_ROWS = 65_536
_FLAG_LETTERS = "FSRPAU"
_ICMP = ("icmp", "ipv6-icmp")
_CODED = ("src_ip", "dst_ip", "proto", "sensor", "source_file", "tcp_flags")
_NUMBERS = ("flow_id", "src_port", "dst_port", "src_packets", "src_bytes", "dst_packets", "dst_bytes")
_NAMES = (*_NUMBERS, "start", "end", *_CODED)
_SPREAD = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(31))
"""Multipliers and shift of splitmix64 (Steele, Lea, Flood 2014), which make near numbers far."""


def record_groups(paths: list[Path], rows: int, scratch: Path | None) -> Iterator[FlowRecords]:
    """Records of some files, so many at a time; those between the same two ends (address and port) are in one group.

    Parameters
    ----------
    paths : list of Path
        Parquet files of table ``flow``.
    rows : int
        How many rows they have.
    scratch : Path, optional
        Folder on the disk for what is set aside (some 60 bytes a record); the system's when not given.
    """
    groups = min(MOST_GROUPS, -(-rows // RECORDS_AT_ONCE))
    if groups <= 1:
        schema = pa.schema([FLOW.arrow_schema().field(name) for name in _NAMES])
        read = [pq.read_table(path, columns=list(_NAMES), partitioning=None) for path in paths]
        yield as_records(pa.concat_tables([schema.empty_table(), *read]))
        return
    if scratch is not None:
        scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="stitch-", dir=scratch) as folder:
        files = [Path(folder, f"{number}.arrow") for number in range(groups)]
        _set_aside(paths, files)
        for file in files:
            with pa.OSFile(str(file)) as source:
                group = pa.ipc.open_stream(source).read_all()
            file.unlink()
            yield as_records(group)


def _set_aside(paths: list[Path], files: list[Path]) -> None:
    schema = pa.schema([FLOW.arrow_schema().field(name) for name in _NAMES])
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with ExitStack() as stack:
        writers = [
            stack.enter_context(
                pa.ipc.new_stream(stack.enter_context(pa.OSFile(str(file), "wb")), schema, options=options)
            )
            for file in files
        ]
        for batch in batches(paths, _NAMES):
            group = _group_of(batch, len(files))
            order = np.argsort(group, kind="stable")
            ordered = batch.take(pa.array(order))
            bounds = np.searchsorted(group[order], np.arange(len(files) + 1)).tolist()
            for number, writer in enumerate(writers):
                if size := bounds[number + 1] - bounds[number]:
                    writer.write_table(ordered.slice(bounds[number], size))


def batches(paths: list[Path], names: tuple[str, ...]) -> Iterator[pa.Table]:
    """Rows of flow files with some columns, few at a time."""
    schema = pa.schema([FLOW.arrow_schema().field(name) for name in names])
    for path in paths:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=list(names)):
                yield pa.Table.from_batches([batch]).select(list(names)).cast(schema)


def _group_of(rows: pa.Table, groups: int) -> Integers:
    """A number that is the same for both directions: a sum of what is made of each end."""
    (src, dst), texts = _codes(rows["src_ip"], rows["dst_ip"])
    sums = np.array([*(zlib.crc32((text or "").encode()) for text in texts), 0], dtype=np.uint64)
    ends = (_spread(sums[ip], _numbers(rows[port])) for ip, port in ((src, "src_port"), (dst, "dst_port")))
    whole: npt.NDArray[np.uint64] = sum(ends, start=np.zeros(len(rows), dtype=np.uint64))
    return (whole % np.uint64(groups)).astype(np.int64)


def _spread(sums: npt.NDArray[np.uint64], ports: Integers) -> npt.NDArray[np.uint64]:
    first, second, shift = _SPREAD
    mixed = (sums << np.uint64(17) ^ ports.astype(np.uint64)) * first
    mixed = (mixed ^ (mixed >> shift)) * second
    return mixed ^ (mixed >> shift)


def as_records(table: pa.Table) -> FlowRecords:
    """Rows as columns of numbers."""
    numbers = {name: _numbers(table[name]) for name in _NUMBERS}
    start = _numbers(table["start"])
    (src, dst), _ = _codes(table["src_ip"], table["dst_ip"])
    (sensor, file), _ = _codes(table["sensor"], table["source_file"])
    (proto,), protocols = _codes(table["proto"])
    (flags,), spellings = _codes(table["tcp_flags"])
    return FlowRecords(
        start=start,
        end=np.maximum(start, _numbers(table["end"])),
        src=src,
        dst=dst,
        proto=proto,
        exporter=np.where(sensor >= 0, sensor, file),
        flags=np.array([*map(flag_bits, spellings), 0], dtype=np.int64)[flags],
        is_icmp=np.array([*(one in _ICMP for one in protocols), False])[proto],
        **numbers,
    )


def _numbers(column: pa.ChunkedArray) -> Integers:
    return np.asarray(pc.fill_null(column.cast(pa.int64()), -1).to_numpy(), dtype=np.int64)


def _codes(*columns: pa.ChunkedArray) -> tuple[list[Integers], list[str]]:
    """Columns of text as codes of one and the same list of texts, and that list; -1 is null."""
    chunks = [chunk for column in columns for chunk in column.chunks]
    coded = pa.chunked_array(chunks, type=pa.string()).dictionary_encode()
    texts = coded.chunk(0).dictionary.to_pylist() if coded.num_chunks else []
    indices = pa.chunked_array([chunk.indices for chunk in coded.chunks], type=pa.int32())
    return np.split(_numbers(indices), np.cumsum([len(one) for one in columns])[:-1]), texts


def flag_bits(text: str) -> int:
    """Flags written as letters (``...A..S.``) or in hexadecimal (``12``, ``0x12``); 0 where they are neither."""
    if set(text) <= set(_FLAG_LETTERS + "CE."):
        return sum(1 << bit for bit, letter in enumerate(_FLAG_LETTERS) if letter in text)
    try:
        return int(text, 16) & 0x3F
    except ValueError:
        return 0
