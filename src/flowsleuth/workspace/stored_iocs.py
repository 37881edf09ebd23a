"""Indicators of compromise in the text of a stored table, its distinct texts looked at once each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from flowsleuth.errors import OptionError, suggestion
from flowsleuth.extract.ioc.columns import DEFAULT_OPTIONS, find
from flowsleuth.extract.ioc.engine import ScanOptions
from flowsleuth.extract.ioc.kinds import type_names
from flowsleuth.schema import Table
from flowsleuth.schema import table as table_named

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store import Store

BATCH = 262_144
"""Distinct texts at a time."""
OF_NAMES = ("query", "answers", "server_name", "host", "src_host", "dst_host", "hostname", "domain")
"""Columns that hold names and nothing else, whatever these end with."""
NAME_OPTIONS = ScanOptions(file_endings=frozenset(), local_names=True)
TEXT_TYPES = ("string", "json")
_KEYS = ["ioc_type", "observable", "column"]


def stored_iocs(
    store: Store,
    name: str,
    columns: str | Sequence[str] | None,
    *,
    ioc_types: str | Iterable[str] | None,
    include_paths: bool,
    options: ScanOptions | None,
) -> pa.Table:
    """As :meth:`flowsleuth.Workspace.extract_iocs`."""
    declared = table_named(name)
    types = type_names(ioc_types, include_paths=include_paths)
    chosen = _chosen(declared, columns)
    kept = _empty()
    if name not in store.catalog.tables():
        return kept
    for column in chosen:
        look = options or (NAME_OPTIONS if column in OF_NAMES else DEFAULT_OPTIONS)
        for batch in _texts(store, declared, column):
            kept = _merged(kept, _counted(batch, column, types, look))
    return kept.sort_by([("rows", "descending"), ("ioc_type", "ascending"), ("observable", "ascending")])


def _chosen(declared: Table, columns: str | Sequence[str] | None) -> list[str]:
    there = [one.name for one in declared.columns if one.type in TEXT_TYPES]
    chosen = there if columns is None else [columns] if isinstance(columns, str) else list(columns)
    for name in chosen:
        if name not in there:
            raise OptionError("no such column of text", where=name, available=there, hint=suggestion(name, there))
    return chosen


def _texts(store: Store, declared: Table, column: str) -> Iterator[pa.Table]:
    """Distinct texts of a column with the number of their rows, and the times of the first and the last."""
    import ibis
    import pyarrow as pa

    rows = store.table(declared.name)
    time = declared.time_column
    when = rows[time] if time in rows.columns else ibis.null("timestamp('UTC')")
    texts = rows.filter(rows[column].notnull() & (rows[column] != "")).mutate(text=rows[column], moment=when)
    grouped = texts.group_by("text").aggregate(
        rows=texts.count(), first_seen=texts["moment"].min(), last_seen=texts["moment"].max()
    )
    for batch in store.batches(grouped, BATCH):
        yield pa.table(batch) if isinstance(batch, dict) else pa.Table.from_batches([batch])


def _counted(texts: pa.Table, column: str, types: Sequence[str], options: ScanOptions) -> pa.Table:
    import pyarrow as pa

    found = find(texts["text"].cast(pa.string()), types, options)
    found = found.group_by(["type", "observable", "row"]).aggregate([("found", "min")])
    at = found["row"]
    moment = pa.timestamp("us", tz="UTC")
    held = pa.table({
        "ioc_type": found["type"], "observable": found["observable"],
        "column": pa.repeat(pa.scalar(column), len(found)), "found": found["found_min"],
        "rows": texts["rows"].take(at).cast(pa.int64()), "first_seen": texts["first_seen"].take(at).cast(moment),
        "last_seen": texts["last_seen"].take(at).cast(moment),
    })  # fmt: skip
    return _grouped(held)


def _merged(kept: pa.Table, more: pa.Table) -> pa.Table:
    import pyarrow as pa

    return _grouped(pa.concat_tables([kept, more])) if len(kept) else more


def _grouped(rows: pa.Table) -> pa.Table:
    sums = [("found", "min"), ("rows", "sum"), ("first_seen", "min"), ("last_seen", "max")]
    found = rows.group_by(_KEYS).aggregate(sums)
    return found.select([*_KEYS, *(f"{name}_{how}" for name, how in sums)]).rename_columns(_empty().column_names)


def _empty() -> pa.Table:
    import pyarrow as pa

    moment = pa.timestamp("us", tz="UTC")
    kinds = {
        "ioc_type": pa.string(), "observable": pa.string(), "column": pa.string(), "found": pa.string(),
        "rows": pa.int64(), "first_seen": moment, "last_seen": moment,
    }  # fmt: skip
    return pa.schema(kinds).empty_table()
