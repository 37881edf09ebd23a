"""Columns of records on their way to rows: those with a type, and those that only go to ``extra``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.json_text import strings_as_json
from flowsleuth.readers.rows import BadRow, Built
from flowsleuth.schema import table as schema_table

Column: TypeAlias = pa.Array | pa.ChunkedArray


@dataclass
class Fields:
    """Columns of some records of one kind, all of one length.

    Attributes
    ----------
    typed : dict of str to array
        Fields with a type, by the source's name.
    extra : dict of str to array of string
        JSON text of the fields that go to ``extra``.
    source_row : array of int64
    more : list of dict, optional
        Further fields of single records, as JSON text by name.
    """

    typed: dict[str, Column]
    extra: dict[str, Column]
    source_row: npt.NDArray[np.int64]
    more: list[dict[str, str]] | None = None

    def __len__(self) -> int:
        return len(self.source_row)

    def get(self, name: str) -> Column | None:
        """A typed column, or None when it is absent or has no value at all."""
        column = self.typed.get(name)
        return None if column is None or column.null_count == len(column) else column

    def copy(self, columns: dict[str, Column], names: Mapping[str, str]) -> None:
        """Add typed columns under their canonical names (canonical name to the source's name)."""
        for canonical, name in names.items():
            column = self.typed.get(name)
            if column is not None:
                columns[canonical] = column

    def leave(self, name: str, text: Column) -> None:
        """Put JSON text that no column could take into ``extra``, unless it is there already."""
        if text.null_count < len(text):
            self.extra[name] = pc.coalesce(self.extra[name], text) if name in self.extra else text

    def drop_no_numbers(self) -> None:
        """NaN and infinity are no numbers: null in the column, text in ``extra``."""
        for name, column in self.typed.items():
            if not pa.types.is_floating(column.type) or pc.all(pc.is_finite(column)).as_py() is not False:
                continue
            is_odd = pc.invert(pc.is_finite(column))
            text = strings_as_json(column.cast(pa.string()))
            self.leave(name, pc.if_else(is_odd, text, pa.scalar(None, pa.string())))
            self.typed[name] = pc.if_else(is_odd, pa.scalar(None, column.type), column)


def without(built: Built, bad: list[BadRow], source_row: npt.NDArray[np.int64]) -> Built:
    """Take out rows that were found bad outside of ``build_rows``."""
    known = {row.index for row in built.bad}
    added = [row for row in bad if row.index not in known]
    numbers = pa.array([source_row[row.index] for row in added], type=pa.int64())
    keep = pc.invert(pc.is_in(built.table["source_row"], value_set=numbers))
    return Built(built.table.filter(keep), sorted([*built.bad, *added], key=lambda row: row.index))


def lower(texts: Column) -> Column:
    """Lower case, at the price of the distinct values."""
    if all(text is None or text == text.lower() for text in pc.unique(texts).to_pylist()):
        return texts
    return pc.utf8_lower(texts)


def in_order(table: str, parts: Sequence[pa.Table]) -> pa.Table:
    """Rows of one table from several parts of a chunk together, in the order of their records."""
    if len(parts) == 1:
        return parts[0]
    whole = pa.concat_tables(parts)
    return whole.take(pc.sort_indices(whole[schema_table(table).id_column]))
