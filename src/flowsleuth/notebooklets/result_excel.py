"""A result as a workbook: a sheet for each table, one for what it is about. No cell becomes a formula."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import FlowsleuthError, MissingExtraError
from flowsleuth.viz.cells import safe_cells

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.result import NotebookletResult

MOST_ROWS = 1_048_575
"""Rows of an Excel sheet, less the heading."""
MOST_LETTERS = 32_767
"""Letters in an Excel cell."""
_EXACT = 10**15
"""Excel keeps fifteen digits; longer numbers are written as text."""
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_excel(result: NotebookletResult, file: str | Path) -> Path:
    """See :meth:`NotebookletResult.to_excel`."""
    try:
        import xlsxwriter
    except ModuleNotFoundError:
        raise MissingExtraError("excel", "xlsxwriter") from None
    path = Path(file)
    never = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    try:
        with xlsxwriter.Workbook(str(path), {**never, "constant_memory": True}) as book:
            date = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
            _write(book, "summary", _summary(result), date)
            for name in result.data_properties():
                table = result.section(name).table
                assert table is not None, "only tables with rows are listed"
                _write(book, name, table, date)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        raise FlowsleuthError(f"cannot be written: {error}", where=str(path)) from None
    return path


def _summary(result: NotebookletResult) -> pa.Table:
    """What it is about, its values, and what became of each step."""
    import pyarrow as pa

    told = [
        ("description", result.description),
        ("window", str(result.timespan)),
        ("options", ", ".join(result.options)),
    ]
    told += [(name, result.section(name).text) for name in result.properties if result.section(name).kind == "text"]
    told += [(f"step {step.title or step.name}", f"{step.status} {step.why}".strip()) for step in result.steps]
    names = ("what", "is")
    return pa.table({name: pa.array([row[at] for row in told], pa.string()) for at, name in enumerate(names)})


def _write(book: Any, name: str, rows: pa.Table, date: Any) -> None:
    sheet = book.add_worksheet(_NOT_IN_NAMES.sub(" ", name)[:31])
    cut = safe_cells(rows.slice(0, MOST_ROWS))
    sheet.freeze_panes(1, 0)
    for at, title in enumerate(cut.column_names):
        sheet.write_string(0, at, _NOT_IN_XML.sub("�", _quoted(title)))
    for place, row in enumerate(zip(*(column.to_pylist() for column in cut.columns), strict=True), 1):
        for at, value in enumerate(row):
            _write_cell(sheet, place, at, value, date)


def _write_cell(sheet: Any, row: int, column: int, value: Any, date: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, dt.datetime):
        sheet.write_datetime(row, column, value.astimezone(dt.UTC).replace(tzinfo=None), date)
    elif isinstance(value, int | float) and abs(value) < _EXACT:
        sheet.write_number(row, column, value)
    else:
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        sheet.write_string(row, column, _NOT_IN_XML.sub("�", _quoted(text))[:MOST_LETTERS])


def _quoted(text: str) -> str:
    """Lists are put together here, so they are made safe here too."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
