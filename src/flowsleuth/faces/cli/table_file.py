"""A file as a table: CSV, JSON or Parquet, compressed or not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import pyarrow as pa

HINT = "CSV, JSON (lines) or Parquet is read here; logs are ingested into a workspace: flowsleuth ingest"


def read_table(path: str) -> pa.Table:
    """All rows of a file; times without a zone are UTC.

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
    >>> read_table(str(file)).to_pylist()
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
