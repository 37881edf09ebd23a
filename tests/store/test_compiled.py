"""Questions are written once, and what is remembered is nobody else's answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowsleuth.store import compiled as module
from flowsleuth.store.compiled import compiled
from flowsleuth.store.duckdb_engine import DuckDBEngine


class Counting:
    """A backend that counts how often it writes a question."""

    def __init__(self, name: str = "duckdb") -> None:
        self.name, self.written = name, 0

    def compile(self, expression: ir.Table) -> str:
        self.written += 1
        return str(ibis.to_sql(expression, dialect=self.name))


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_known", type(module._known)())


def flows() -> Any:
    return ibis.table({"src_ip": "string", "bytes": "int64"}, name="flow")


def test_an_equal_question_is_written_once() -> None:
    backend: Any = Counting()
    first = compiled(flows().filter(flows().bytes > 7).limit(3), backend)
    assert compiled(flows().filter(flows().bytes > 7).limit(3), backend) is first
    assert backend.written == 1


@pytest.mark.parametrize(
    "other",
    [
        flows().filter(flows().bytes > 8),
        flows().filter(flows().bytes >= 7),
        flows().filter(flows().src_ip > "7"),
        ibis.table({"src_ip": "string", "bytes": "int64"}, name="flows").filter(lambda t: t.bytes > 7),
        ibis.table({"src_ip": "string", "bytes": "float64"}, name="flow").filter(lambda t: t.bytes > 7),
    ],
)
def test_what_differs_is_another_question(other: ir.Table) -> None:
    backend: Any = Counting()
    asked = compiled(flows().filter(flows().bytes > 7), backend)
    assert compiled(other, backend) != asked
    assert backend.written == 2


def test_engines_do_not_share_words() -> None:
    duckdb: Any = Counting()
    spark: Any = Counting("pyspark")
    assert compiled(flows(), duckdb).sql != compiled(flows(), spark).sql
    assert spark.written == 1


def test_no_more_is_remembered_than_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    backend: Any = Counting()
    for most in (1, 2, 3, 1, 4):  # 2 is the one asked longest ago
        compiled(flows().limit(most), backend)
    assert (len(module._known), backend.written) == (3, 4)
    compiled(flows().limit(1), backend)
    assert backend.written == 4
    compiled(flows().limit(2), backend)
    assert backend.written == 5


def test_a_table_in_memory_is_not_remembered(tmp_path: Path) -> None:
    engine = DuckDBEngine("duckdb", tmp_path)
    for value in (1, 2):
        held = ibis.memtable(pa.table({"n": [value]}))
        assert engine.arrow(held.mutate(m=held.n + 1))["m"].to_pylist() == [value + 1]
        assert [batch["n"].to_pylist() for batch in engine.batches(held, 10)] == [[value]]
        kept = engine.keep(held)
        assert engine.arrow(kept)["n"].to_pylist() == [value]
        engine.forget(kept)
    assert not any(question.holds_memory for question in module._known.values())
    engine.close()


def test_two_engines_with_tables_of_the_same_name_give_their_own_rows(tmp_path: Path) -> None:
    engines = [DuckDBEngine("duckdb", tmp_path) for _ in range(2)]
    answers = []
    for number, engine in enumerate(engines):
        path = tmp_path / f"{number}.parquet"
        pq.write_table(pa.table({"n": [number]}), path)
        table = engine.view("flow", [path])
        answers.append(engine.arrow(table.mutate(m=table.n * 10))["m"].to_pylist())
    assert answers == [[0], [10]]
    assert len(module._known) == 1
    for engine in engines:
        engine.close()
