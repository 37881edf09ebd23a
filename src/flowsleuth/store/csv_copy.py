"""Answers as CSV that DuckDB writes itself: to load Arrow and numpy takes as long as a short question."""

from __future__ import annotations

import csv
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from flowsleuth.errors import EngineError
from flowsleuth.store.duckdb_questions import literal, run_bound, said

if TYPE_CHECKING:
    import duckdb

_TEXT, _TIME, _ZONED = "VARCHAR", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"
_QUOTED = (_TEXT, _TIME, _ZONED)
_AS_THEY_ARE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "DOUBLE", "BOOLEAN", "DATE")
_FORMULA = tuple(map(ord, "=+-@\t\r"))
"""First characters of what a spreadsheet takes for a formula."""
_APOSTROPHE = "'"
_PIECE = 1 << 20
"""Characters handed on at a time."""


@contextmanager
def pipe_to(file: IO[str]) -> Iterator[str]:
    """A path that DuckDB can write UTF-8 to, once; it goes to an open text file, whatever that is.

    Not ``/dev/stdout``: opened anew, a file that the shell made for standard output is emptied.

    Raises
    ------
    OSError
        The file took no more.
    """
    reading, writing = os.pipe()
    failures: list[OSError] = []

    def pump() -> None:
        try:
            with os.fdopen(reading, encoding="utf-8", newline="") as text:
                shutil.copyfileobj(text, file, _PIECE)
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=pump, name="csv")
    thread.start()
    try:
        yield f"/dev/fd/{writing}"
    finally:
        os.close(writing)
        thread.join()
        if failures:  # DuckDB's complaint about a broken pipe is only what follows from it
            raise failures[0]


def copy_csv(
    connection: duckdb.DuckDBPyConnection, text: str, bound: Mapping[str, Any], file: IO[str], path: str
) -> int | None:
    """Write an answer as CSV: the header to ``file``, all rows to ``path``, which leads there.

    Texts and times are quoted, a text that would be a formula gets a ``'`` before it, times are ISO 8601 UTC with
    microseconds, null is an empty field.

    Returns
    -------
    int or None
        Rows. None, and nothing is written, where the text is not one question that is right, or a column is of
        another kind (lists, structures).

    Raises
    ------
    EngineError
        The question failed on the way, or a value cannot be bound.

    Examples
    --------
    >>> import sys
    >>> from flowsleuth.store.duckdb_engine import connect_duckdb
    >>> with pipe_to(sys.stdout) as path:
    ...     rows = copy_csv(connect_duckdb(), "SELECT $ip AS ip, '=1' AS name, 7 AS n", {"ip": "::1"}, sys.stdout, path)
    ip,name,n
    "::1","'=1",7
    """
    import duckdb

    columns = _columns(connection, text, bound)
    names = [f"c{at}" for at in range(len(columns))]
    kinds = dict(zip(names, (kind for _, kind in columns), strict=True))
    if not kinds or not set(kinds.values()) <= {*_QUOTED, *_AS_THEY_ARE}:
        return None
    csv.writer(file, lineterminator="\n").writerow(name for name, _ in columns)
    cells = ", ".join(f"{_cell(name, kind)} AS {name}" for name, kind in kinds.items())
    quoted = ", ".join(name for name, kind in kinds.items() if kind in _QUOTED)
    rows = f"SELECT {cells} FROM ({_bare(text)}\n) AS answer({', '.join(names)})"
    options = "FORMAT csv, HEADER false" + (f", FORCE_QUOTE ({quoted})" if quoted else "")
    try:
        (count,) = run_bound(connection, f"COPY ({rows}) TO {literal(path)} ({options})", bound).fetchall()[0]
    except duckdb.Error as error:
        raise EngineError(said(error), where="SQL") from None
    return int(count)


def _bare(text: str) -> str:
    return text.rstrip("; \t\r\n")


def _columns(connection: duckdb.DuckDBPyConnection, text: str, bound: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and kind of each column of an answer; none where the text is not one question, or not right."""
    import duckdb

    try:
        if [one.type for one in duckdb.extract_statements(text)] != [duckdb.StatementType.SELECT]:
            return []
        found = run_bound(connection, f"DESCRIBE SELECT * FROM ({_bare(text)}\n)", bound)
        return [(name, kind) for name, kind, *_ in found.fetchall()]
    except duckdb.Error:
        return []


def _cell(column: str, kind: str) -> str:
    """What is written of a column."""
    if kind == _TEXT:
        return f"CASE WHEN ascii({column}) IN {_FORMULA} THEN {literal(_APOSTROPHE)} || {column} ELSE {column} END"
    if kind == _ZONED:  # without the calendar of its zone, which takes longer than all else
        column = f"make_timestamp(epoch_us({column}))"
    elif kind != _TIME:
        return column
    return f"strftime({column}, '%Y-%m-%dT%H:%M:%S.%fZ')"
