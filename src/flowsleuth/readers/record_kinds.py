"""Records of several kinds in one source: parted by kind, and put together again in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import Mask, mask_of
from flowsleuth.readers.contract import Batch, Position, ReadContext
from flowsleuth.readers.fields import in_order
from flowsleuth.readers.records import Kind, Records

Split = tuple[list[tuple[Kind, Mask]], dict[str, int]]
"""Kinds with the records of each, and how many records there are of kinds without a table, by name."""


def read_kinds(records: Records, split: Split, context: ReadContext) -> Batch:
    """Rows of records of several kinds, in the order of the records."""
    tables: dict[str, list[pa.Table]] = {}
    batch = Batch(Position(), skipped=split[1])
    for kind, mask in split[0]:
        rows, rejects = kind.rows(records.some(mask), context)
        tables.setdefault(kind.table.name, []).append(rows)
        batch.rejects += rejects
    batch.tables = {name: in_order(name, parts) for name, parts in tables.items()}
    return batch


def split_by(ids: pa.Array, kinds: Mapping[str, Kind], word: Callable[[str | None], str]) -> Split:
    """Records by the id of their event; those of other ids are counted."""
    found: list[tuple[Kind, Mask]] = []
    others: dict[str, int] = {}
    for one in pc.unique(ids).to_pylist():
        mask = mask_of(pc.is_null(ids) if one is None else pc.equal(ids, one))
        if one in kinds:
            found.append((kinds[one], mask))
        else:
            others[word(one)] = int(mask.sum())
    return found, others
