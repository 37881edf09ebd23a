"""How results look on a terminal, and how they are written for other programs.

Logs are written by attackers too: control characters never reach the terminal.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.faces.plain import plain
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import argparse

    import pyarrow as pa
    from rich.console import Console

WIDTH_WHEN_PIPED = 200
LONGEST_TIME = 40
NARROWEST = 78
"""Columns that every terminal is taken to have."""
NARROW_TEXT = 60
"""Columns of words, however narrow the terminal."""
SHORT_FLOAT = 100_000
"""Larger numbers with a fraction, as times in seconds are, keep all their digits."""
SEVERITY_WORDS = {1: "high", 2: "medium", 3: "low", None: ""}


def console(file: IO[str] | None = None) -> Console:
    """A terminal, or a wide plain page when the output is piped."""
    from rich.console import Console

    made = Console(file=file, highlight=False, markup=False, emoji=False)
    if not made.is_terminal:
        made = Console(file=file, highlight=False, markup=False, emoji=False, width=WIDTH_WHEN_PIPED)
    return made


def print_table(
    rows: Iterable[Sequence[object]], columns: Sequence[str], *, right: Sequence[str] = (), wrap: Sequence[str] = ()
) -> None:
    """Print rows as a table; columns not in ``wrap`` keep to one line."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", no_wrap=name not in wrap, overflow="fold")
    for row in rows:
        table.add_row(*[printable_text(value) for value in row])
    console().print(table)


def say(text: str, indent: str = "") -> None:
    """Print one paragraph, safe and as wide as the terminal."""
    width = max(console().width, NARROW_TEXT)
    lines = textwrap.wrap(printable_text(text), width, initial_indent=indent, subsequent_indent=indent)
    print("\n".join(lines))


def rows_of_words(rows: Sequence[Sequence[str]], right: Sequence[int]) -> list[str]:
    """Cells side by side, every column as wide as its longest; those in ``right`` end at one edge, others begin there.

    Examples
    --------
    >>> rows_of_words([["rank", "host"], ["1", "10.0.0.5"]], right=[0])
    ['rank  host', '   1  10.0.0.5']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def terminal_text(value: Any, *, whole_seconds: bool = False) -> str:
    """A value as a cell of a table: times in UTC, fractions of eight digits, lists and objects as JSON, null empty.

    Examples
    --------
    >>> terminal_text(dt.datetime(2021, 6, 6, 12, 0, 0, 500_000, dt.UTC)), terminal_text(["a", 1]), terminal_text(None)
    ('2021-06-06 12:00:00.500000', '["a", 1]', '')
    >>> terminal_text(2 / 3), terminal_text(1617000000.25), terminal_text(5.0)
    ('0.66666667', '1617000000.25', '5.0')
    """
    if isinstance(value, float) and abs(value) < SHORT_FLOAT:
        return str(float(f"{value:.8g}"))
    if isinstance(value, dt.datetime):
        told = value.isoformat(sep=" ", timespec="seconds" if whole_seconds else "auto")
        return told.removesuffix("+00:00")
    if isinstance(value, list | dict):
        return json.dumps(plain(value), ensure_ascii=False)
    return "" if value is None else str(value)


def print_rows(table: pa.Table, most: int) -> None:
    """The first rows as a table where the terminal is wide enough; else a line per value, as no cell could be read."""
    rows = [
        {name: printable_text(terminal_text(row[name])) for name in row} for row in table.slice(0, most).to_pylist()
    ]
    names = [printable_text(name) for name in table.column_names]
    widths = [
        max([len(name), *(len(row[key]) for row in rows)]) + 2
        for name, key in zip(names, table.column_names, strict=True)
    ]
    if sum(widths) <= max(console().width, NARROWEST):
        print_table([tuple(row.values()) for row in rows], names)
        return
    left = max(map(len, names))
    for row in rows:
        told = zip(names, row.values(), strict=True)
        print("\n".join(f"{name:{left}}  {value}" for name, value in told if value), end="\n\n")


def print_json(value: Any, output: str | None = None) -> None:
    """Print JSON on standard output, or into a file."""
    with text_file(output) as file:
        print(json.dumps(plain(value), indent=1, ensure_ascii=False), file=file)


@contextmanager
def text_file(output: str | None) -> Iterator[IO[str]]:
    """A file that takes its name only when it is whole; standard output where none is named."""
    if output is None:
        yield sys.stdout
        return
    with _aside(output) as path, path.open("w", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def _aside(output: str) -> Iterator[Path]:
    """A file that takes its name only when it is whole."""
    target = Path(output)
    path = target.with_name(f".{target.name}.part")
    try:
        yield path
        path.replace(target)
    except OSError as error:
        raise FlowsleuthError(f"cannot be written: {error.strerror}", where=output) from None
    finally:
        path.unlink(missing_ok=True)


def give(table: pa.Table, parsed: argparse.Namespace, on_terminal: Callable[[pa.Table], None] | None = None) -> int:
    """A table in the form that was asked for: shown, or written as JSON, CSV or Parquet; the exit code.

    A table that goes to a file, or that nothing can show, is CSV.
    """
    if parsed.format == "table" and parsed.output is None and on_terminal is not None:
        on_terminal(table)
        return 0
    tell_written(
        write_tables(iter([table]), "csv" if parsed.format == "table" else parsed.format, parsed.output), parsed
    )
    return 0


def tell_written(rows: int, parsed: argparse.Namespace) -> None:
    """Say how many rows are in the file, where one was asked for."""
    if parsed.output:
        print(f"{rows:,} rows in {parsed.output}", file=sys.stderr)


def write_tables(tables: Iterator[pa.Table], form: str, output: str | None) -> int:
    """Write a stream of tables as JSON, CSV or Parquet; the number of rows.

    Raises
    ------
    OptionError
        Parquet needs a file.
    """
    if form == "parquet":
        if output is None:
            raise OptionError("Parquet goes to a file", where="--format parquet", hint="give --output FILE")
        return _write_parquet(tables, output)
    with text_file(output) as file:
        return _write_json(tables, file) if form == "json" else write_csv(tables, file)


def _write_json(tables: Iterator[pa.Table], file: IO[str]) -> int:
    rows = 0
    file.write("[")
    for table in tables:
        for row in table.to_pylist():
            file.write(",\n " if rows else "\n ")
            file.write(json.dumps(plain(row), ensure_ascii=False))
            rows += 1
    file.write("\n]\n")
    return rows


def write_csv(tables: Iterator[pa.Table], file: IO[str]) -> int:
    """Times as ISO 8601 UTC, floats with all their digits, lists as JSON, null as an empty field.

    Logs are full of text that others chose: what a spreadsheet would take for a formula gets an apostrophe before it.
    JSON and Parquet hold every text as it is.
    """
    import pyarrow as pa
    import pyarrow.csv as pcsv

    from flowsleuth.viz.cells import safe_cells

    rows = 0
    for table in tables:
        columns = {}
        for name in table.column_names:
            column = table[name]
            if pa.types.is_timestamp(column.type):
                column = _iso_times(column)
            elif pa.types.is_nested(column.type):
                column = _json_cells(column)
            columns[name] = column
        flat = safe_cells(pa.table(columns))
        if rows == 0:
            csv.writer(file, lineterminator="\n").writerow(flat.column_names)
        sink = pa.BufferOutputStream()
        pcsv.write_csv(flat, sink, pcsv.WriteOptions(include_header=False))
        file.write(sink.getvalue().to_pybytes().decode("utf-8"))
        rows += len(table)
    return rows


def _json_cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Lists and structures as JSON."""
    import pyarrow as pa

    texts = (None if one is None else json.dumps(plain(one), ensure_ascii=False) for one in column.to_pylist())
    return pa.chunked_array([pa.array(list(texts), pa.string())])


def _iso_times(times: pa.ChunkedArray) -> pa.ChunkedArray:
    """Times as ISO 8601 UTC. Plain cuts of text: ``strftime`` takes ten times as long, and joins import pandas."""
    import pyarrow as pa
    import pyarrow.compute as pc

    micros = times.cast(pa.timestamp("us", tz=times.type.tz)).cast(pa.int64())
    text = pc.utf8_replace_slice(micros.cast(pa.timestamp("us")).cast(pa.string()), 10, 11, "T")
    return pc.utf8_replace_slice(text, LONGEST_TIME, LONGEST_TIME, "Z")


def _write_parquet(tables: Iterator[pa.Table], output: str) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = 0
    with _aside(output) as path:
        writer = None
        for table in tables:
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
            rows += len(table)
        if writer is None:
            writer = pq.ParquetWriter(path, pa.schema([]))
        writer.close()
    return rows


def human_bytes(count: int | None) -> str:
    """Bytes in words.

    Examples
    --------
    >>> human_bytes(3_100_000), human_bytes(None), human_bytes(812)
    ('3.1 MB', '', '812 B')
    """
    if count is None:
        return ""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError


def endpoint(ip: str | None, port: int | None) -> str:
    """Address and port as one text.

    Examples
    --------
    >>> endpoint("2001:db8::1", 443), endpoint("10.0.0.5", None)
    ('[2001:db8::1]:443', '10.0.0.5')
    """
    if ip is None:
        return ""
    if port is None:
        return ip
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
