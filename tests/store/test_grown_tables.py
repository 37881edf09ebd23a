"""Tables that gained columns: a workspace of an earlier version opens, and is merged with new rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import flowsleuth
from flowsleuth.schema import ALERT
from flowsleuth.store.maintenance import merge_small_parts

NEW = ("end", "alert_id", "provider", "description", "host", "tactics", "entities")


def _rows(event_id: int, **values: object) -> pa.Table:
    row = dict.fromkeys(ALERT.names) | {
        "event_id": event_id, "start": datetime(2024, 5, 1, tzinfo=UTC), "name": "ET SCAN", "source_kind": "suricata",
        "source_file": "eve.json", "source_row": event_id, **values,
    }  # fmt: skip
    return pa.Table.from_pylist([row], schema=ALERT.arrow_schema())


def _written_by_the_first_version(folder: Path, ws: flowsleuth.Workspace, event_id: int) -> None:
    """A part without the new columns, and the empty file of that time."""
    [part] = ws.store.write("alert", _rows(event_id))
    for path in (part.path, ws.store.empty("alert")):
        old = pq.read_table(folder / path, partitioning=None).drop_columns(list(NEW))
        pq.write_table(old, folder / path)
    ws.store.replace([], [part])


def test_an_older_part_has_nulls_in_the_new_columns(tmp_path: Path) -> None:
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        _written_by_the_first_version(tmp_path / "case", ws, 1)
        only_old = ws.table("alert").to_pyarrow()
        assert (only_old.column_names, only_old["entities"].to_pylist()) == (list(ALERT.names), [None])
        ws.store.replace([], ws.store.write("alert", _rows(2, entities="[]")))
        both = ws.table("alert").order_by("event_id").to_pyarrow()
        assert both["entities"].to_pylist() == [None, "[]"]
        for event_id in (3, 4):
            ws.store.replace([], ws.store.write("alert", _rows(event_id, alert_id="a")))
        merge_small_parts(ws.store, "alert")
        assert len(ws.store.catalog.parts("alert")) == 1
        merged = ws.table("alert").order_by("event_id").to_pyarrow()
        assert merged["alert_id"].to_pylist() == [None, None, "a", "a"]
