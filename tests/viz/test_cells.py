"""Cells for files that spreadsheets open."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.csv as pcsv
import pytest

from flowsleuth.faces.web.csv_file import csv_bytes
from flowsleuth.viz.cells import safe_cells

ROWS = pa.table({"name": ["=1+1", "web1", None], "n": [-1, 2, None]})
EXPECTED = b'"name","n"\n"\'=1+1",-1\n"web1",2\n,\n'


@pytest.mark.parametrize("empty_at", [0, 1, 2])
def test_an_empty_chunk_adds_nothing(empty_at: int) -> None:
    """Arrow 26 writes foreign memory for a table whose first chunk is empty."""
    parts = [ROWS.slice(0, 1), ROWS.slice(1)]
    parts.insert(empty_at, ROWS.slice(0, 0))
    sink = io.BytesIO()
    pcsv.write_csv(safe_cells(pa.concat_tables(parts)), sink)
    assert sink.getvalue() == EXPECTED
    assert csv_bytes(parts) == EXPECTED


def test_no_rows_leave_the_header() -> None:
    assert csv_bytes([ROWS.slice(0, 0)]) == b'"name","n"\n'
