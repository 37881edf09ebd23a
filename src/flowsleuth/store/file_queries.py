"""SQL over files as they are: CSV, JSON and Parquet as tables, nothing copied, nothing else within reach."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import EngineError
from flowsleuth.store.duckdb_engine import connect_duckdb
from flowsleuth.store.duckdb_questions import ask, identifier, said, shut

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SNIFFED_ROWS = 100_000
"""How many rows of a CSV file are looked at to find its types."""

_ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}
_PACKED = (".gz", ".zst")


def kind_of(path: Path) -> str | None:
    """``csv``, ``json`` or ``parquet`` by the file's name; None for another.

    Examples
    --------
    >>> kind_of(Path("flows.csv.gz")), kind_of(Path("flows.pkl"))
    ('csv', None)
    """
    name = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    return _ENDINGS.get(Path(name).suffix)


def table_name(path: Path) -> str:
    """What a file is called in SQL: its name without its endings.

    Examples
    --------
    >>> table_name(Path("data/SecurityAlert.csv.gz"))
    'SecurityAlert'
    """
    stem = path.name
    while Path(stem).suffix.lower() in (*_ENDINGS, *_PACKED):
        stem = Path(stem).stem
    return stem


class FileQueries:
    """A private session over some files; it can open no other file and no network.

    Parameters
    ----------
    tables : mapping of str to Path
        Name in SQL → file.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "flows.csv"
    >>> _ = file.write_text("src_ip,n\\n10.0.0.1,2\\n10.0.0.2,3\\n")
    >>> session = FileQueries({"flows": file})
    >>> session.run("SELECT n FROM flows WHERE src_ip = $ip", {"ip": "10.0.0.2"}).to_pylist()
    [{'n': 3}]
    """

    def __init__(self, tables: Mapping[str, Path]) -> None:
        self._tables = {name: path.resolve() for name, path in tables.items()}
        self._known = {name.casefold(): name for name in self._tables}
        self._made: set[str] = set()
        self._lock = threading.Lock()
        self._connection = connect_duckdb()
        self._fence()

    def _fence(self) -> None:
        """From here on these files and nothing else, rows in the order of the file."""
        self._connection.execute("SET preserve_insertion_order = true")
        shut(self._connection, self._tables.values())

    def run(self, text: str, bound: Mapping[str, Any]) -> pa.Table:
        """Ask in SQL; ``$name`` stands for bound values; times without a zone come back as UTC.

        Raises
        ------
        EngineError
            The SQL is not right, a file is not readable, or names no table that is there.
        """
        for name in self._named(text):
            self._make(name)
        with self._connection.cursor() as cursor:
            return ask(cursor, text, bound)

    def columns(self, name: str) -> dict[str, str]:
        """Columns of a table with their types.

        Raises
        ------
        EngineError
            Its file is not readable.
        """
        self._make(name)
        with self._connection.cursor() as cursor:
            rows = cursor.execute(f"DESCRIBE {identifier(name)}").fetchall()
        return {row[0]: row[1] for row in rows}

    def close(self) -> None:
        """Let the session go."""
        self._connection.close()

    def _named(self, text: str) -> list[str]:
        """Tables of ours that an SQL names."""
        import sqlglot
        from sqlglot import exp
        from sqlglot.errors import SqlglotError

        try:
            parsed = sqlglot.parse_one(text, dialect="duckdb")
        except SqlglotError as error:
            raise EngineError(f"not understood as SQL: {said(error)}", where="SQL") from None
        named = {table.name.casefold() for table in parsed.find_all(exp.Table)}
        return sorted(self._known[name] for name in named if name in self._known)

    def _make(self, name: str) -> None:
        import duckdb

        with self._lock:
            if name in self._made:
                return
            path = self._tables[name]
            try:
                self._relation(path).create_view(name)
            except duckdb.Error as error:
                raise EngineError(f"cannot be read: {said(error)}", where=str(path)) from None
            self._made.add(name)

    def _relation(self, path: Path) -> duckdb.DuckDBPyRelation:
        kind = kind_of(path)
        if kind == "parquet":
            return self._connection.read_parquet(str(path), hive_partitioning=False)
        if kind == "json":
            return self._connection.read_json(str(path))
        found = self._connection.read_csv(str(path), sample_size=SNIFFED_ROWS, header=True)
        separator = _separator_within(found.columns)
        return found if separator is None else self._connection.from_arrow(_quoted_rows(path, separator))


def _quoted_rows(path: Path, separator: str) -> pa.Table:
    """A file that the engine finds no dialect for: quotes as RFC 4180 has them, lines within quotes."""
    import pyarrow as pa
    import pyarrow.csv as pacsv

    try:
        found = pacsv.read_csv(path, parse_options=pacsv.ParseOptions(delimiter=separator, newlines_in_values=True))
    except pa.ArrowInvalid as error:
        raise EngineError(f"cannot be read as CSV: {said(error)}", where=str(path)) from None
    columns = [c.cast(pa.timestamp("us")) if pa.types.is_timestamp(c.type) else c for c in found.columns]
    return pa.table(columns, names=found.column_names)


def _separator_within(columns: list[str]) -> str | None:
    """What separates the names in the only column's name: the engine's guess was led astray by quotes in the text.

    Examples
    --------
    >>> [_separator_within(names) for names in (["Computer,CommandLine"], ["line"], ["a,b", "c"])]
    [',', None, None]
    """
    if len(columns) > 1:
        return None
    counts = {separator: columns[0].count(separator) for separator in ",;\t|"}
    best = max(counts, key=lambda separator: counts[separator])
    return best if counts[best] else None
