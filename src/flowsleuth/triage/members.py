"""The flows of suspects: asked for only where a suspect's one shown flow cannot tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.triage.conditions import AllOf, Condition, Expression
from flowsleuth.triage.fields import ADDRESSES, NUMBERS, PORTS
from flowsleuth.triage.value_tests import addresses, number, port_spans

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.store import Store

LISTED = 2_000
"""Suspects that are named one by one; more are found by a join with the queue."""
MOST_PARTS = 200_000
"""Single flows that one rating may name: beyond, whole suspects are meant."""
LABEL_COLUMNS = (
    "start", "src_ip", "src_port", "dst_ip", "dst_port", "proto", "server_name", "src_bytes", "dst_bytes",
    "src_packets", "dst_packets",
)  # fmt: skip


@dataclass(frozen=True)
class Match:
    """What conditions matched.

    Attributes
    ----------
    whole : pyarrow.Table
        Rows of the queue, matched with all their flows.
    part : pyarrow.Table
        Single flows of other suspects: ``suspect_id flow_id score surprise`` and :data:`LABEL_COLUMNS`.
    """

    whole: pa.Table
    part: pa.Table

    @property
    def suspects(self) -> int:
        """How many suspects, wholly or in part."""
        import pyarrow.compute as pc

        return len(self.whole) + int(pc.count_distinct(self.part["suspect_id"]).as_py())

    @property
    def flows(self) -> int:
        """How many flows."""
        import pyarrow.compute as pc

        return int(pc.sum(self.whole["flows"]).as_py() or 0) + len(self.part)


def match(
    store: Store, detector: str, rows: pa.Table, expression: Expression, *, most_parts: int = MOST_PARTS
) -> Match:
    """Find exactly the flows that meet conditions.

    Parameters
    ----------
    store : Store
    detector : str
    rows : pyarrow.Table
        Suspects: rows of the queue.
    expression : Expression
    most_parts : int
        Single flows that may be matched.

    Raises
    ------
    OptionError
        Single flows of large groups are matched, more than that.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(expression, AllOf) and not expression.parts:
        return Match(rows, no_flows())
    verdict = expression.judge(rows, of_groups=True)
    whole = rows.filter(pc.fill_null(verdict, False))
    asked = rows.filter(pc.is_null(verdict))
    columns = sorted({*LABEL_COLUMNS, *expression.columns} - {"score", "surprise", "suspect_id", "flow_id"})
    found = []
    for flows in member_flows(store, detector, asked, columns, narrowing=expression):
        meets = expression.judge(flows, of_groups=False)
        found.append(flows.filter(meets).select(["suspect_id", "flow_id", "score", "surprise", *LABEL_COLUMNS]))
    if not found:
        return Match(whole, no_flows())
    matched = settle(whole, asked, pa.concat_tables(found))
    if len(matched.part) > most_parts:
        hint = "rate the suspects as a whole, or narrow the criteria"
        raise OptionError(f"{len(matched.part):,} single flows of large groups match", where="criteria", hint=hint)
    return matched


def settle(whole: pa.Table, asked: pa.Table, flows: pa.Table) -> Match:
    """Suspects of which all flows were found are matched as a whole.

    Parameters
    ----------
    whole : pyarrow.Table
        Suspects that are known to match with all flows.
    asked : pyarrow.Table
        Suspects whose flows were asked.
    flows : pyarrow.Table
        Flows found.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    counted = flows.group_by("suspect_id").aggregate([("flow_id", "count_distinct")])
    at = pc.index_in(asked["suspect_id"], value_set=counted["suspect_id"].combine_chunks())
    is_all = pc.fill_null(pc.equal(counted["flow_id_count_distinct"].take(at), asked["flows"]), False)
    full = asked.filter(is_all)
    part = flows.filter(pc.invert(pc.is_in(flows["suspect_id"], full["suspect_id"].combine_chunks())))
    return Match(pa.concat_tables([whole, full]), part.combine_chunks())


@cache
def no_flows() -> pa.Table:
    """The shape of :attr:`Match.part`, empty."""
    import pyarrow as pa

    from flowsleuth.schema import FLOW, SCORE

    types = [(name, SCORE[name].arrow_type()) for name in ("suspect_id", "flow_id", "score", "surprise")]
    return pa.schema(types + [(name, FLOW[name].arrow_type()) for name in LABEL_COLUMNS]).empty_table()


def member_flows(
    store: Store, detector: str, suspects: pa.Table, columns: Sequence[str], narrowing: Expression | None = None
) -> Iterator[pa.Table]:
    """All flows of some suspects, in pieces, in no particular order.

    Parameters
    ----------
    store : Store
    detector : str
    suspects : pyarrow.Table
        ``suspect_id`` and ``first_seen``.
    columns : sequence of str
        Columns of ``flow`` to fetch besides ``suspect_id flow_id score surprise``.
    narrowing : Expression, optional
        Flows that cannot meet it may be left out.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(suspects):
        return
    ids = suspects["suspect_id"].combine_chunks()
    dates = pc.unique(pc.strftime(suspects["first_seen"], format="%Y-%m-%d")).to_pylist()
    scored = store.table("score", dates, detector).select("suspect_id", "flow_id", "score", "surprise")
    if len(ids) <= LISTED:
        scored = scored.filter(scored.suspect_id.isin(ids.to_pylist()))
    else:
        queue = store.table("queue", dates, detector)
        scored = scored.semi_join(queue.filter(queue.flows > 1), "suspect_id")
    flow = store.table("flow", dates)
    for predicate in predicates(flow, narrowing):
        flow = flow.filter(predicate)
    for batch in store.batches(scored.inner_join(flow.select("flow_id", *columns), "flow_id")):
        rows = pa.Table.from_batches([batch])
        yield rows if len(ids) <= LISTED else rows.filter(pc.is_in(rows["suspect_id"], ids))


def predicates(flow: ir.Table, expression: Expression | None) -> list[Any]:
    """Conditions that an engine can check cheaply and that must hold wherever the expression does."""
    if isinstance(expression, AllOf):
        return [one for part in expression.parts for one in predicates(flow, part)]
    if not isinstance(expression, Condition) or expression.field not in (*ADDRESSES, *PORTS, *NUMBERS):
        return []
    column, operator, value = flow[expression.field], expression.operator, expression.value
    if expression.field in ADDRESSES:
        wanted = addresses(value)
        is_short = wanted.is_plain and len(wanted.items) <= LISTED
        return [column.isin(list(wanted.items))] if is_short and operator in ("=", "in") else []
    if operator in ("<=", ">="):
        edge = number(expression.field, value)
        return [column <= edge if operator == "<=" else column >= edge]
    if expression.field in PORTS and operator in ("=", "in"):
        spans = port_spans(value)
        return [column >= min(low for low, _ in spans), column <= max(high for _, high in spans)]
    return []
