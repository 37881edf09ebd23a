"""The kit itself: a good toy reader passes, and each way to be wrong is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from flowsleuth.readers.contract import Batch, Position, ReadContext
from flowsleuth.readers.delimited import bad_row_rejects, read_delimited
from flowsleuth.readers.rows import build_rows
from flowsleuth.readers.streams import Chunk, Sample, Source
from flowsleuth.readers.times import parse_times
from flowsleuth.schema import FLOW
from flowsleuth.testing import check_reader, check_refuses, count_lines

SAMPLE = b"".join(b"2024-03-02T11:05:%02d %s 198.51.100.7 80\n" % (n, b"192.0.2.%d" % n) for n in range(40))
FIELDS = ["start", "src_ip", "dst_ip", "dst_port"]


@dataclass(frozen=True)
class ToyOptions:
    """One option."""

    depth: int = field(default=3, metadata={"help": "how deep"})


class Toy:
    """Time, two addresses and a port, parted by spaces."""

    name: ClassVar[str] = "toy"
    summary: ClassVar[str] = "toy flows"
    Options: ClassVar[type] = ToyOptions

    def sniff(self, sample: Sample) -> str | None:
        lines = sample.lines()
        return "flows (toy)" if lines and lines[0].count(" ") == 3 and lines[0].startswith("2024") else None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        for chunk in source.chunks():
            yield self.batch(chunk, context)

    def batch(self, chunk: Chunk, context: ReadContext) -> Batch:
        parsed = read_delimited(chunk, FIELDS, {"dst_port": pa.int32()}, delimiter=" ", quote=None)
        columns = {name: parsed.table[name] for name in FIELDS[1:]}
        columns["start"] = parse_times(parsed.table["start"], context.tz).values
        built = build_rows(FLOW, columns, chunk.first_line + parsed.lines, context)
        rejects = parsed.rejects + bad_row_rejects(chunk, parsed.lines, built.bad)
        end = Position(chunk.end, chunk.first_line + len(chunk) - 1)
        return Batch(end, {"flow": built.table}, sorted(rejects, key=lambda r: r.source_row), is_tail=chunk.is_tail)


class Deaf(Toy):
    def sniff(self, sample: Sample) -> str | None:
        return None


class Greedy(Toy):
    def sniff(self, sample: Sample) -> str | None:
        return "everything"


class Forgetful(Toy):
    """Loses a row."""

    def batch(self, chunk: Chunk, context: ReadContext) -> Batch:
        made = super().batch(chunk, context)
        made.tables["flow"] = made.tables["flow"].filter(pc.not_equal(made.tables["flow"]["source_row"], 7))
        return made


class ByChunk(Toy):
    """Lines counted in each chunk anew."""

    def batch(self, chunk: Chunk, context: ReadContext) -> Batch:
        return super().batch(replace(chunk, first_line=1), context)


class Silent(Toy):
    """Drops bad lines."""

    def batch(self, chunk: Chunk, context: ReadContext) -> Batch:
        made = super().batch(chunk, context)
        made.rejects.clear()
        return made


class NoTail(Toy):
    def batch(self, chunk: Chunk, context: ReadContext) -> Batch:
        return replace(super().batch(chunk, context), is_tail=False)


class Stuck(Toy):
    """Positions stay at the beginning."""

    def batch(self, chunk: Chunk, context: ReadContext) -> Batch:
        return replace(super().batch(chunk, context), end=Position())


class OffByOne(Toy):
    def batch(self, chunk: Chunk, context: ReadContext) -> Batch:
        return super().batch(replace(chunk, first_line=chunk.first_line + 1), context)


class Changed(Toy):
    """Sets columns after the rows were built."""

    column: ClassVar[str] = "sensor"
    value: ClassVar[pa.Scalar] = pa.scalar("")

    def batch(self, chunk: Chunk, context: ReadContext) -> Batch:
        made = super().batch(chunk, context)
        table = made.tables["flow"]
        values = pa.repeat(self.value, len(table))
        made.tables["flow"] = table.set_column(table.column_names.index(self.column), self.column, values)
        return made


class EmptyText(Changed):
    pass


class Epoch(Changed):
    column, value = "end", pa.scalar(0, type=pa.timestamp("us", tz="UTC"))


class Negative(Changed):
    column, value = "duration_s", pa.scalar(-1.0)


class SameIds(Changed):
    column, value = "flow_id", pa.scalar(5, type=pa.int64())


class OtherType(Changed):
    column, value = "vlan", pa.scalar(5, type=pa.int64())


class Zero(Changed):
    column, value = "src_bytes", pa.scalar(0, type=pa.int64())


class Random(Toy):
    def batch(self, chunk: Chunk, context: ReadContext) -> Batch:
        made = super().batch(chunk, context)
        table = made.tables["flow"]
        ids = pa.array(np.random.default_rng().integers(2**31, 2**52, len(table)))
        made.tables["flow"] = table.set_column(0, "flow_id", ids)
        return made


class BadOptions(Toy):
    @dataclass(frozen=True)
    class Options:  # type: ignore[no-redef]
        depth: int = 3


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "toy.log"
    path.write_bytes(SAMPLE)
    return path


def check(reader: Toy, path: Path, **more: object) -> None:
    check_reader(
        reader,
        path,
        expect_rows={"flow": 40},
        records=count_lines(),
        has_zone=False,
        null_columns={"flow": ["src_bytes"]},
        **more,  # type: ignore[arg-type]
    )


def test_a_good_reader_passes(sample: Path) -> None:
    check(Toy(), sample)
    check_refuses(Toy(), [__file__])


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        (Deaf(), "does not recognise its own sample"),
        (Forgetful(), "rows {'flow': 39}, expected {'flow': 40}"),
        (ByChunk(), "in pieces of .* bytes: flow at source_row"),
        (Silent(), "must be one reject of that source_row, not: none"),
        (NoTail(), "cut-off last line is not in a batch with is_tail"),
        (Stuck(), "continued from Position"),
        (OffByOne(), r"does not come from that line|of 41 lines"),
        (EmptyText(), "flow.sensor has {''} where null is meant"),
        (Epoch(), "flow.end is 1970-01-01"),
        (Negative(), "flow.duration_s is negative"),
        (SameIds(), "39 ids of flow are not unique"),
        (OtherType(), "not the canonical schema; differing: .'vlan: int64'"),
        (Zero(), "flow.src_bytes must be null"),
        (Random(), "ids of flow differ on a second reading"),
        (BadOptions(), "Options.depth needs metadata"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Toy) else "",
)
def test_a_broken_promise_is_named(sample: Path, reader: Toy, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check(reader, sample)


def test_another_reader_that_claims_the_sample_is_named(sample: Path) -> None:
    with pytest.raises(AssertionError, match=r"toy claims .* as 'everything'"):
        check(Toy(), sample, other_readers=[Greedy()])
    with pytest.raises(AssertionError, match="which is another reader's"):
        check_refuses(Greedy(), [sample])


def test_a_wrong_zone_is_named(sample: Path) -> None:
    with pytest.raises(AssertionError, match="names its zone, yet tz changes it"):
        check_reader(Toy(), sample, expect_rows={"flow": 40}, has_zone=True)
