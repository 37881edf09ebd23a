"""Tables that a user names on the command line: CSV with its header, Parquet, JSON lines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import pyarrow as pa

PARQUET = b"PAR1"


def read_table(name: str) -> pa.Table:
    """A file as a table; cells of CSV are text as they stand, and empty ones null. ``-`` is standard input.

    Raises
    ------
    OptionError
        There is no such file, or it is no table.
    """
    import io

    import pyarrow as pa

    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise OptionError(f"cannot be read: {error.strerror}", where=name) from None
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
