"""Tables that a user names on the command line: CSV with its header, JSON, Parquet; compressed or not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import pyarrow as pa

PARQUET = b"PAR1"
HINT = "CSV, JSON (lines) or Parquet is read here; logs are ingested into a workspace: flowsleuth ingest"


def read_typed_table(path: str) -> pa.Table:
    """All rows of a file, numbers as numbers; times without a zone are UTC.

    Raises
    ------
    OptionError
        There is no such file, or it is of another kind.
    EngineError
        It cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "procs.csv"
    >>> _ = file.write_text("pid,ppid\\n7,1\\n")
    >>> read_typed_table(str(file)).to_pylist()
    [{'pid': 7, 'ppid': 1}]
    """
    from flowsleuth.store.file_queries import FileQueries, kind_of

    file = Path(path)
    if not file.is_file():
        raise OptionError("no such file", where=path)
    if kind_of(file) is None:
        raise OptionError("not a kind of table", where=path, hint=HINT)
    session = FileQueries({"rows": file})
    try:
        return session.run("SELECT * FROM rows", {})
    finally:
        session.close()


def read_table(name: str) -> pa.Table:
    """A file as a table; cells of CSV are text as they stand, and empty ones null. ``-`` is standard input.

    Raises
    ------
    OptionError
        There is no such file, or it is no table.
    """
    import io

    import pyarrow as pa

    data = sys.stdin.buffer.read() if name == "-" else _unpacked(name)
    try:
        if data.startswith(PARQUET):
            import pyarrow.parquet as pq

            return pq.read_table(io.BytesIO(data))
        if data.lstrip()[:1] == b"{":
            import pyarrow.json as pj

            return pj.read_json(io.BytesIO(data))
        return _read_csv(data)
    except (pa.ArrowException, ValueError) as error:
        first = str(error).splitlines()[0]
        raise OptionError(f"no table: {first}", where=name, hint="CSV with a header, Parquet, or JSON lines") from None


def _unpacked(name: str) -> bytes:
    """What a file holds; gzip, bzip2, xz and zstd are undone, whatever the file is called."""
    from flowsleuth.readers.streams import Source

    if not Path(name).is_file():
        raise OptionError("cannot be read: no such file", where=name)
    with Source(name) as source:
        return b"".join(source.blocks())


def _read_csv(data: bytes) -> pa.Table:
    """All columns as text: numbers with leading zeros, ids and times keep their spelling."""
    import io

    import pyarrow as pa
    import pyarrow.csv as pcsv

    parsing = pcsv.ParseOptions(newlines_in_values=True)
    with pcsv.open_csv(io.BytesIO(data), parse_options=parsing) as reader:
        names = reader.schema.names
    options = pcsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""], check_utf8=True
    )
    return pcsv.read_csv(io.BytesIO(data), convert_options=options, parse_options=parsing)
