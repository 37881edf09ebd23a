"""Which rows ``view_events`` shows; the widget itself is a face's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.notebooklets.picture import WIDGETS
from flowsleuth.schema.tabular import to_table

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.result import NotebookletResult

COLUMNS = 6


def view_events(result: NotebookletResult, columns: list[str] | None, attribute: str | None, data: Any) -> Any:
    """See :meth:`NotebookletResult.view_events`."""
    rows = _rows(result, attribute, data)
    if unknown := sorted(set(columns or ()) - set(rows.column_names)):
        raise OptionError(f"no columns {unknown}", where="view_events", available=rows.column_names)
    return WIDGETS.load("events")(rows, columns or rows.column_names[:COLUMNS])


def _rows(result: NotebookletResult, attribute: str | None, data: Any) -> pa.Table:
    if (attribute is None) == (data is None):
        raise OptionError("attrib or data, one of them", where="view_events", available=result.data_properties())
    rows = to_table(data) if attribute is None else result.section(attribute).table
    if rows is None or not len(rows):
        raise OptionError("there are no rows", where=f"view_events {attribute}", available=result.data_properties())
    return rows
