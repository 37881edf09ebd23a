"""What an engine is asked for an expression: Ibis takes tens of milliseconds to write it, so it is written once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from flowsleuth.store.arrow_results import result_schema

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from ibis.backends.sql import SQLBackend
    from ibis.expr.operations import Node

KEPT = 512
"""Questions that are remembered, those asked last."""

_known: OrderedDict[tuple[str, Node], Question] = OrderedDict()
_turn = threading.Lock()


class Question(NamedTuple):
    """An expression in an engine's words.

    Attributes
    ----------
    sql : str
    schema : pyarrow.Schema
        Of the answer; see :func:`.arrow_results.result_schema`.
    holds_memory : bool
        Whether it is about a table in memory, which the engine has to be given first.
    """

    sql: str
    schema: pa.Schema
    holds_memory: bool


def compiled(expression: ir.Table, backend: SQLBackend) -> Question:
    """Write an expression in an engine's SQL; remembered by the whole process, for equal expressions.

    Two expressions are equal where their operations, columns, values and names of tables are. Those about tables in
    memory are not remembered, for that would keep the tables.

    Examples
    --------
    >>> import ibis
    >>> flows = ibis.table({"src_ip": "string"}, name="flow")
    >>> compiled(flows.distinct(), ibis.duckdb.connect()).sql
    'SELECT DISTINCT * FROM "flow" AS "t0"'
    """
    from ibis.expr.operations import InMemoryTable

    key = (backend.name, expression.op())
    with _turn:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    holds_memory = bool(expression.op().find(InMemoryTable))
    question = Question(backend.compile(expression), result_schema(expression), holds_memory)
    if not holds_memory:
        with _turn:
            _known[key] = question
            if len(_known) > KEPT:
                _known.popitem(last=False)
    return question
