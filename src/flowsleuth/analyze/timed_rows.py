"""Rows with a time and a label, as logons and messages are read: which columns tell them, and the rows in order."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from flowsleuth.schema.tabular import need_columns, row_labels, to_table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    Ints = npt.NDArray[np.int64]


@dataclass
class TimedRows:
    """Rows with a time, in the order of their times.

    Attributes
    ----------
    table : pyarrow.Table
        ``start`` (UTC), and what else was read.
    label : pyarrow.Array
        What each row is called in the table that was given.
    """

    table: pa.Table
    label: pa.Array

    def __len__(self) -> int:
        return len(self.label)

    def column(self, name: str) -> pa.Array:
        """One column in one piece."""
        return self.table[name].combine_chunks()

    def take(self, rows: Ints) -> Self:
        """Only some rows."""
        return type(self)(self.table.take(rows), self.label.take(rows))


def named_table(data: Any, schema: Any) -> tuple[pa.Table, pa.Array]:
    """A table as Arrow, and the labels of its rows: the column that ``schema.label`` names, else the frame's own.

    Parameters
    ----------
    data : table
    schema : dataclass
        Its fields are names of columns; an empty one: there is none.

    Raises
    ------
    OptionError
        It is no table, or lacks a column that the schema names.
    """
    names = [getattr(schema, one.name) for one in fields(schema)]
    need_columns(data, [name for name in names if name])
    given = to_table(data)
    return given, given[schema.label].combine_chunks() if schema.label else row_labels(data)
