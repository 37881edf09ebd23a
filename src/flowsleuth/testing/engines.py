"""The conformance kit of engines: the same verbs and expressions, one table of cases, whatever runs them.

``check_engine`` writes a few hand-made flows into a store, asks every case of its engine, and compares
rows and Arrow types with what was worked out by hand. A new operation in a detector or a use-case gets a case here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from flowsleuth.schema import FLOW, SCORE
from flowsleuth.testing.engine_relations import relation_cases
from flowsleuth.testing.engine_rows import BIG, FLOWS, ODD_TEXT, SCORES, Case, Rows, Tables
from flowsleuth.testing.engine_values import value_cases

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.store import Store

STREAMED = 250_000


def check_engine(make_store: Callable[[Path], Store], folder: Path) -> None:
    """Assert that an engine answers every case as it should, streams, and keeps out of its neighbours' way.

    Parameters
    ----------
    make_store : callable
        Gives a new :class:`flowsleuth.store.Store` on a folder, with the engine to check.
    folder : Path
        An empty folder that the engine can read.

    Raises
    ------
    AssertionError
        An answer is wrong; the message names the case.
    """
    folder.mkdir(parents=True, exist_ok=True)
    store = make_store(folder)
    try:
        fill_store(store)
        tables = Tables(store.table("flow"), store.table("score"), store.table("reject"))
        for case in (*relation_cases(), *value_cases()):
            _check_case(store, case, case.ask(tables))
        _check_days(store)
        _check_stream(store)
        _check_memtable(store)
        _check_kept(store)
        _check_neighbours(make_store, folder, store)
    finally:
        store.close()
    store.close()


def fill_store(store: Store) -> None:
    """Write :data:`FLOWS` and :data:`SCORES` into an empty store."""
    import pyarrow as pa

    flows = [{"src_port": 1, **row, "source_kind": "made", "source_file": "made", "source_row": 1} for row in FLOWS]
    starts = {row["flow_id"]: row["start"] for row in FLOWS}
    scores = [{**row, "detector": "made", "run": "r", "start": starts[row["flow_id"]]} for row in SCORES]
    with store.writing():
        for table, rows in ((FLOW, flows), (SCORE, scores)):
            schema = table.arrow_schema()
            columns = {name: [row.get(name) for row in rows] for name in table.names}
            parts = store.write(table.name, pa.table(columns, schema=schema), tag="made")
            with store.catalog.transaction():
                store.catalog.add(parts)


def _check_case(store: Store, case: Case, expression: ir.Table) -> None:
    found = store.arrow(expression)
    rows = list(zip(*(found[name].to_pylist() for name in found.column_names), strict=True))
    wanted = list(case.rows)
    if not case.is_ordered:
        rows, wanted = sorted(rows, key=repr), sorted(wanted, key=repr)
    assert rows == wanted, f"{case.name}: got {rows}, expected {wanted}"
    if case.types or case.is_ordered:
        types = tuple(str(field.type) for field in found.schema)
        assert types == (tuple(case.types) or types), f"{case.name}: types are {types}, expected {tuple(case.types)}"
        _check_batches(store, case, expression, found, rows)


def _check_batches(store: Store, case: Case, expression: ir.Table, found: pa.Table, rows: Rows) -> None:
    """The same answer in small pieces."""
    streamed = list(store.batches(expression, 2))
    assert all(batch.num_rows <= 2 for batch in streamed), f"{case.name}: a batch is larger than asked for"
    assert all(batch.schema.equals(found.schema) for batch in streamed), f"{case.name}: batches have other types"
    pieces = [row for batch in streamed for row in zip(*(c.to_pylist() for c in batch.columns), strict=True)]
    assert (pieces if case.is_ordered else sorted(pieces, key=repr)) == rows, f"{case.name}: batches say {pieces}"


def _check_days(store: Store) -> None:
    """A table of some days holds these days only, and no column that the folders' names would make."""
    day = store.table("flow", ["2021-06-06"])
    assert tuple(day.columns) == FLOW.names, f"columns of the flow table are {day.columns}"
    assert store.arrow(day).schema.equals(FLOW.arrow_schema()), (
        "the flow table has other types than it was written with"
    )
    assert sorted(store.arrow(day.select("flow_id"))["flow_id"].to_pylist()) == [2, 3], "other days were read too"


def _check_stream(store: Store) -> None:
    """A long result comes in order and in pieces, and can be left off in the middle."""
    import ibis

    flow = store.table("flow")
    numbers = ibis.range(STREAMED // 5).unnest().name("n").as_table()
    long = flow.select("flow_id").cross_join(numbers).order_by(["n", "flow_id"])
    seen, batches = 0, 0
    for batch in store.batches(long, 40_000):
        if not batches:
            assert len(store.arrow(flow.select("flow_id"))) == len(FLOWS), "no answer in the middle of a stream"
            assert batch.column("n").to_pylist()[:6] == [0, 0, 0, 0, 0, 1], "a stream is out of order"
        first = batch.column("n")[0].as_py()
        assert first == seen // 5, f"a stream is out of order: row {seen} has {first}"
        seen += batch.num_rows
        batches += 1
        assert batch.num_rows <= 40_000, "a batch is larger than asked for"
    assert seen == STREAMED, f"a stream has {seen} rows, expected {STREAMED}"
    assert batches >= STREAMED // 40_000, f"a stream came in {batches} batches"
    left = store.batches(long, 1000)
    next(iter(left))
    left.close()  # type: ignore[attr-defined]
    assert len(store.arrow(flow.select("flow_id"))) == len(FLOWS), "the engine does not answer after a stream was left"


def _check_memtable(store: Store) -> None:
    """A table held in memory can be joined."""
    import ibis

    mine = ibis.memtable({"flow_id": [1, 3], "mark": ["a", ODD_TEXT]})
    marked = store.arrow(store.table("flow").inner_join(mine, "flow_id").select("flow_id", "mark").order_by("flow_id"))
    assert marked.to_pydict() == {"flow_id": [1, 3], "mark": ["a", ODD_TEXT]}, f"a memory table was changed: {marked}"


def _check_kept(store: Store) -> None:
    """What is kept is a table like any other, to ask, to stream and to join, until it is let go."""
    import ibis

    flow = store.table("flow")
    mine = ibis.memtable({"flow_id": [1, 3], "mark": ["a", ODD_TEXT]})
    with (
        store.kept(flow.filter(flow.flow_id < BIG).select("flow_id", "src_ip")) as few,
        store.kept(flow.inner_join(mine, "flow_id").select("flow_id", "mark")) as marked,
    ):
        asked = sorted(store.arrow(few.select("flow_id"))["flow_id"].to_pylist())
        assert asked == [1, 2, 3, 4], f"kept rows are {asked}"
        streamed = sorted(n for batch in store.batches(few, 2) for n in batch.column("flow_id").to_pylist())
        assert streamed == asked, f"kept rows are {asked} when asked and {streamed} when streamed"
        joined = store.arrow(few.inner_join(marked, "flow_id").select("flow_id", "mark").order_by("flow_id"))
        assert joined.to_pydict() == {"flow_id": [1, 3], "mark": ["a", ODD_TEXT]}, f"kept tables join to {joined}"
    try:
        store.arrow(few.select("flow_id"))
    except Exception:  # each engine has an error of its own for a table that is not there
        return
    raise AssertionError("rows stay in the engine after they were let go")


def _check_neighbours(make_store: Callable[[Path], Store], folder: Path, store: Store) -> None:
    """Another store on the same engine, opened and closed in between, changes nothing."""
    flow = store.table("flow").select("flow_id")
    stream = store.batches(flow, 1)
    next(stream)
    beside = folder.parent / f"{folder.name} [beside] it's"
    beside.mkdir(exist_ok=True)
    other = make_store(beside)
    assert len(other.arrow(other.table("flow"))) == 0, "a new workspace sees another's rows"
    other.close()
    assert sum(batch.num_rows for batch in stream) == len(FLOWS) - 1, "closing a workspace stopped another's stream"
    assert len(store.arrow(flow)) == len(FLOWS), "closing a workspace changed another's tables"
