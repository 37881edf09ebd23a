"""Amazon VPC flow logs, versions 2 to 5 and later fields: text (S3, CloudWatch) and Parquet.

Text is told apart by its header line, or has the 14 fields of the default format; a custom order without a header is
given by the option ``format``, as in the console (``${version} ${srcaddr} …``) or as plain names.

- A record is one way of a conversation at one interface, summed up over up to 1 or 10 minutes: ``src_bytes`` is what
  ``srcaddr`` sent in that time, ``dst_bytes`` is null, and ``start`` and ``end`` have that grain. The other way, and
  the other interface, are records of their own.
- ``NODATA`` and ``SKIPDATA`` are rows of the table ``health``: no traffic, records lost.
- ``src_ip`` and ``dst_ip`` are ``srcaddr`` and ``dstaddr``; ``pkt-srcaddr`` and ``pkt-dstaddr`` (the packet's own,
  where a gateway stands between) are in ``extra``, or taken where the others are not logged. ``tcp_flags`` is the
  number that AWS gives, all flags of the time together. The instance is ``src_host`` of what goes out and ``dst_host``
  of what comes in, if ``flow-direction`` is logged.
- AWS does not log traffic to its own resolver, DHCP, metadata and time service: absence is no evidence.

Format: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flowsleuth.errors import OptionError, ReaderError
from flowsleuth.readers.arrays import flat, only
from flowsleuth.readers.aws_vpc_rows import NUMBERS, make_rows
from flowsleuth.readers.contract import MAX_RAW, Batch, Position, ReadContext, Reject
from flowsleuth.readers.conversions import as_text
from flowsleuth.readers.delimited import bad_row_rejects, lines_like, read_delimited
from flowsleuth.readers.instants import split_cast
from flowsleuth.readers.own import MAGIC, as_file, open_parquet, record_batches
from flowsleuth.readers.streams import Chunk, Sample, Source

DEFAULT = (
    "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes",
    "start", "end", "action", "log-status",
)  # fmt: skip
FIELDS = frozenset(
    {
        *DEFAULT, "vpc-id", "subnet-id", "instance-id", "tcp-flags", "type", "pkt-srcaddr", "pkt-dstaddr", "region",
        "az-id", "sublocation-type", "sublocation-id", "pkt-src-aws-service", "pkt-dst-aws-service", "flow-direction",
        "traffic-path", "ecs-cluster-arn", "ecs-cluster-name", "ecs-container-instance-arn",
        "ecs-container-instance-id", "ecs-container-id", "ecs-second-container-id", "ecs-service-name",
        "ecs-task-definition-arn", "ecs-task-arn", "ecs-task-id", "reject-reason", "resource-id",
        "encryption-status",
    }
)  # fmt: skip
"""Fields that AWS documents, version 2 to 10."""

_CLOUDWATCH = "@timestamp"
_LINE = re.compile(r"^([2-9]|1\d) (\d{12}|unknown|-) \S+ (\S+ ){10}(OK|NODATA|SKIPDATA)$")
_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT[0-9:.]+Z ")
_SPACES = re.compile(rb" {2,}")


@dataclass(frozen=True)
class AwsOptions:
    """How text without a header is read.

    Attributes
    ----------
    format : str
        The fields in order.
    """

    format: str = field(default="", metadata={"help": "fields of a custom format, when the log has no header line"})


def names_of(line: str) -> list[str] | None:
    """Fields that a header line, or a format of the console, names; None when it is neither.

    Examples
    --------
    >>> names_of("${srcaddr} ${dstaddr} ${start}")
    ['srcaddr', 'dstaddr', 'start']
    """
    names = [word.strip("${}\"'").replace("_", "-") for word in line.strip("\ufeff\r\n ").split()]
    known = FIELDS | {_CLOUDWATCH}
    is_ours = len(names) > 2 and set(names) <= known and len(set(names)) == len(names) and names[:1] != [_CLOUDWATCH]
    return names if is_ours else None


class AwsVpcReader:
    """Reads VPC flow logs."""

    name: ClassVar[str] = "aws_vpc"
    summary: ClassVar[str] = "Amazon VPC flow logs, default or custom fields, text or Parquet"
    reads_by_name: ClassVar[bool] = True
    Options: ClassVar[type] = AwsOptions

    def sniff(self, sample: Sample) -> str | None:
        """Recognise the header, the default format or the columns."""
        if sample.head.startswith(MAGIC):
            return "VPC flow log (Parquet)" if _parquet_names(sample) else None
        lines = [line for line in sample.lines()[:3] if line.strip()] if sample.is_text() else []
        if not lines:
            return None
        if _is_header(lines[0]):
            return "VPC flow log (header)"
        is_default = all(_LINE.match(" ".join(_STAMP.sub("", line).split())) for line in lines)
        return "VPC flow log (default format)" if is_default else None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read batch after batch; see :class:`~flowsleuth.readers.contract.Reader`.

        Raises
        ------
        OptionError
            ``format`` names a field that there is not.
        ReaderError
            The fields cannot be told.
        """
        if source.sample.head.startswith(MAGIC):
            return _read_parquet(source, context)
        return _read_text(source, context)


def _is_header(line: str) -> bool:
    names = names_of(line) or []
    return bool(names) and (bool({"srcaddr", "pkt-srcaddr"} & set(names)) or len(names) > 8)


def _parquet_names(sample: Sample) -> list[str] | None:
    if sample.path is None or sample.compression:
        return None
    try:
        names = pq.read_schema(sample.path).names
    except (pa.ArrowException, OSError):
        return None
    plain = {name.replace("_", "-") for name in names}
    return names if len(plain & FIELDS) > len(plain) // 2 and plain >= {"srcaddr", "dstaddr", "start"} else None


def _asked_names(context: ReadContext) -> list[str]:
    asked = context.options.format if context.options else ""
    if not asked:
        return []
    names = names_of(asked.replace(",", " "))
    if names is None:
        raise OptionError("not fields of a VPC flow log", where=f"--option format={asked}", available=sorted(FIELDS))
    return names


def _read_text(source: Source, context: ReadContext) -> Iterator[Batch]:
    state: dict[str, Any] = json.loads(source.start.state or "{}")
    header, names = state.get("header", ""), state.get("names", [])
    for chunk in source.chunks():
        if not names:
            line = chunk.line(0).decode("utf-8", errors="replace")
            header = line if _is_header(line) else ""
            names = names_of(line) if header else _asked_names(context) or _default_names(line, context)
        skip = lines_like(chunk, [header.encode()]) if header else None
        batch = _text_batch(chunk, names or [], skip, context)
        said = json.dumps({"header": header, "names": names})
        batch.end = Position(chunk.end, chunk.first_line + len(chunk) - 1, said)
        yield batch


def _default_names(line: str, context: ReadContext) -> list[str]:
    if _STAMP.match(line):
        return [_CLOUDWATCH, *DEFAULT]
    if len(line.split()) != len(DEFAULT):
        hint = "name its fields: --reader aws_vpc --option format='version account-id …'"
        raise ReaderError(
            "no header line, and not the 14 fields of the default format", where=context.source_file, hint=hint
        )
    return list(DEFAULT)


def _text_batch(chunk: Chunk, names: Sequence[str], skip: npt.NDArray[np.bool_] | None, context: ReadContext) -> Batch:
    words = pa.dictionary(pa.int32(), pa.string())
    types = {name: pa.int64() if name in NUMBERS else words for name in names}
    data = chunk
    if b"  " in chunk.data or b" \n" in chunk.data:
        tidy = b"\n".join(line.rstrip(b" ") for line in _SPACES.sub(b" ", chunk.data).split(b"\n"))
        data = Chunk(tidy, chunk.first_line, chunk.start, chunk.is_tail)
    parsed = read_delimited(data, names, types, delimiter=" ", null_values=("-",), quote=None, skip=skip)
    fields = {name: flat(parsed.table[name]) for name in names}
    rows = chunk.first_line + parsed.lines
    flows, health = make_rows(fields, rows, context)
    rejects = list(parsed.rejects)
    for at, built in (flows, health):
        rejects += bad_row_rejects(chunk, parsed.lines[at], built.bad)
    rejects.sort(key=lambda reject: reject.source_row)
    tables = {"flow": flows[1].table, "health": health[1].table}
    return Batch(Position(), tables, rejects, is_tail=chunk.is_tail)


def _read_parquet(source: Source, context: ReadContext) -> Iterator[Batch]:
    done = source.start.line
    with as_file(source) as path, open_parquet(path, context.source_file) as file:
        for found in record_batches(file, done):
            if isinstance(found, Reject):
                yield Batch(Position(done, done), {}, [found])
                return
            before, table = found
            fields, rejects, keep = _typed(table, before)
            numbers = before + 1 + np.flatnonzero(keep).astype(np.int64)
            for_rows = {name: column.filter(pa.array(keep)) for name, column in fields.items()}
            flows, health = make_rows(for_rows, numbers, context)
            for at, built in (flows, health):
                for bad in built.bad:
                    row = int(numbers[at][bad.index])
                    raw = str(table.slice(row - before - 1, 1).to_pylist()[0])[:MAX_RAW]
                    rejects.append(Reject(row, bad.reason, bad.detail, raw))
            done = before + len(table)
            rejects.sort(key=lambda reject: reject.source_row)
            yield Batch(Position(done, done), {"flow": flows[1].table, "health": health[1].table}, rejects)


def _typed(table: pa.Table, before: int) -> tuple[dict[str, pa.Array], list[Reject], npt.NDArray[np.bool_]]:
    """Columns of a Parquet file by AWS' names, numbers as numbers, and the records whose numbers are none."""
    keep = np.ones(len(table), dtype=bool)
    rejects: list[Reject] = []
    fields: dict[str, pa.Array] = {}
    for given in table.column_names:
        name, column = given.replace("_", "-"), flat(table[given])
        if name not in NUMBERS:
            text = as_text(column)
            fields[name] = only(pc.invert(pc.is_in(text, value_set=pa.array(["", "-"]))), text)
            continue
        if pa.types.is_timestamp(column.type):
            column = pc.divide(column.cast(pa.timestamp("us")).cast(pa.int64()), 1_000_000)
        elif pa.types.is_string(column.type):
            column = only(pc.not_equal(column, "-"), column)
        fields[name], is_bad = split_cast(column, pa.int64())
        for at in np.flatnonzero(is_bad & keep).tolist():
            raw = str(table.slice(at, 1).to_pylist()[0])[:MAX_RAW]
            rejects.append(Reject(before + 1 + at, "not a number", f"{given}={column[at].as_py()!r}"[:300], raw))
        keep &= ~is_bad
    return fields, rejects, keep
