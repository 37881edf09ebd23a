"""How results look on a terminal, and how they are written for other programs.

Logs are written by attackers too: control characters never reach the terminal.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.faces.plain import plain

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console

WIDTH_WHEN_PIPED = 200


def printable_text(value: object) -> str:
    """Text that is safe on a terminal: control characters as ``\\xNN``.

    Examples
    --------
    >>> printable_text("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    text = "" if value is None else str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


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


def print_json(value: Any) -> None:
    """Print JSON on standard output."""
    print(json.dumps(plain(value), indent=1, ensure_ascii=False))


@contextmanager
def _text_file(output: str | None) -> Iterator[IO[str]]:
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
    with _text_file(output) as file:
        return _write_json(tables, file) if form == "json" else _write_csv(tables, file)


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


def _write_csv(tables: Iterator[pa.Table], file: IO[str]) -> int:
    """Times as ISO 8601 UTC, floats with all their digits, null as an empty field.

    Logs are full of text that others chose: what a spreadsheet would take for a formula gets an apostrophe before it.
    JSON and Parquet hold every text as it is.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv as pcsv

    from flowsleuth.viz.cells import safe_cells

    rows = 0
    for table in tables:
        columns = {}
        for name in table.column_names:
            column = table[name]
            if pa.types.is_timestamp(column.type):
                column = pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
            columns[name] = column
        flat = safe_cells(pa.table(columns))
        if rows == 0:
            csv.writer(file, lineterminator="\n").writerow(flat.column_names)
        sink = pa.BufferOutputStream()
        pcsv.write_csv(flat, sink, pcsv.WriteOptions(include_header=False))
        file.write(sink.getvalue().to_pybytes().decode("utf-8"))
        rows += len(table)
    return rows


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
