"""Rows of the stored tables that are about asked values, for any number of values at once.

Which spellings of a column mean which value is settled first, from the different texts of that column; the engine then
filters by exactly those texts, bound as values, and reads no other columns than it is asked for.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.investigate.queries import within
from flowsleuth.investigate.target import LISTED, Target, condition, is_listable
from flowsleuth.workspace.investigation import days_of
from flowsleuth.workspace.pivots.pivot import ASKED, Found, Question

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Meaning = Mapping[str, Sequence[str]]
"""Text in a column → the asked values it means."""
FEW = 50
"""Up to so many values are looked for in the engine; for more, all different texts are fetched."""


def rows_within(question: Question, table: str) -> ir.Table:
    """Rows of a table that start in the asked window; files of other days are not opened."""
    start, end = question.time
    stored = question.workspace.store.table(table, days_of(question.workspace, table, start, end))
    return within(stored, start, end)


def one_of(column: ir.StringColumn, texts: Iterable[str]) -> ir.BooleanValue:
    """Whether a column is one of some texts; many are joined, not written into the query."""
    listed = sorted(set(texts))
    if len(listed) <= LISTED:
        return column.isin(listed or [""])
    import ibis
    import pyarrow as pa

    table = ibis.memtable(pa.table({"text": pa.array(listed, pa.string())}))
    return column.isin(table.text)


def any_of(conditions: Iterable[ir.BooleanValue]) -> ir.BooleanValue:
    """Whether one of them holds; of none, no."""
    import ibis

    return functools.reduce(operator.or_, list(conditions) or [ibis.literal(False)])


# which texts mean which value ---------------------------------------------------------------------------------------


def addresses_meant(question: Question, rows: ir.Table, *columns: str) -> Meaning:
    """Addresses that mean the asked ones: themselves, and for a network those of its addresses that are stored."""
    targets = [Target(value) for value in question.values]
    meaning: dict[str, list[str]] = {one.text: [one.text] for one in targets if one.is_address}
    networks = [one for one in targets if not one.is_address]
    if networks:
        wanted = any_of(_may_be(rows[column], one) for column in columns for one in networks)
        for column in columns:
            pieces = rows.filter(wanted).select(address=rows[column]).distinct()
            _assign(meaning, question.workspace.store.arrow(pieces)["address"].drop_null(), networks)
    return meaning


def _may_be(column: ir.StringColumn, network: Target) -> ir.BooleanValue:
    return condition(network)(column) if is_listable(network) else column.contains(":")


def _assign(meaning: dict[str, list[str]], addresses: pa.ChunkedArray, networks: Sequence[Target]) -> None:
    import pyarrow as pa

    for network in networks:
        for address in addresses.filter(pa.array(network.owns(addresses))).to_pylist():
            if network.text not in meaning.setdefault(address, []):
                meaning[address].append(network.text)


def texts_meant(
    question: Question,
    rows: ir.Table,
    columns: Sequence[str],
    meant: Callable[[str], Sequence[str]],
    hints: Sequence[str] = (),
) -> Meaning:
    """Texts of some columns that mean asked values.

    Parameters
    ----------
    question : Question
    rows : ibis table
    columns : sequence of str
    meant : callable
        The asked values that a text means.
    hints : sequence of str
        Lower-case parts, one of which is in every text that means something; few are looked for in the engine.
    """
    meaning: dict[str, Sequence[str]] = {}
    for column in columns:
        texts = rows.select(text=rows[column]).filter(lambda t: t.text.notnull())
        if 0 < len(hints) <= FEW:
            texts = texts.filter(any_of(texts.text.lower().contains(hint) for hint in hints))
        for text in question.workspace.store.arrow(texts.distinct())["text"].to_pylist():
            if text not in meaning and (found := meant(text)):
                meaning[text] = found
    return meaning


# rows that mean them ------------------------------------------------------------------------------------------------


def rows_about(
    question: Question,
    rows: ir.Table,
    meanings: Mapping[str, Meaning],
    *,
    order: Sequence[str],
    columns: Sequence[str] = (),
) -> Found:
    """Rows in which a column means an asked value.

    Parameters
    ----------
    question : Question
        Its limit counts rows of the table.
    rows : ibis table
    meanings : mapping
        Column → what its texts mean; a row counts when one of them does.
    order : sequence of str
        Without ties.
    columns : sequence of str
        Which to read; all when not given.

    Returns
    -------
    Found
        With the column ``asked``; a row that means two values is there twice.
    """
    meanings = {column: meaning for column, meaning in meanings.items() if meaning}
    found = rows.filter(any_of(one_of(rows[column], meaning) for column, meaning in meanings.items()))
    if columns:
        found = found.select(*dict.fromkeys((*columns, *meanings, *order)))
    found = found.order_by(list(order))
    if not meanings:
        found = rows.select(found.columns).limit(0)
    elif question.limit is not None:
        found = found.limit(question.limit + 1)
    fetched = question.workspace.store.arrow(found)
    notes: tuple[str, ...] = ()
    if question.limit is not None and len(fetched) > question.limit:
        fetched = fetched.slice(0, question.limit)
        notes = (f"only the first {question.limit:,} rows in order of {order[0]}: limit=None gives all",)
    about = with_asked(fetched, meanings)
    return Found(about.select([ASKED, *columns]) if columns else about, notes)


def with_asked(rows: pa.Table, meanings: Mapping[str, Meaning]) -> pa.Table:
    """Rows with the value each is about; in their order, once for each value."""
    import numpy as np
    import pyarrow as pa

    codes: dict[str, int] = {}
    pairs = [np.zeros((0, 2), dtype=np.int64)]
    for column, meaning in meanings.items():
        pairs.append(_pairs(rows[column], meaning, codes))
    distinct = np.unique(np.concatenate(pairs), axis=0)
    names = pa.array(list(codes), pa.string())
    return rows.take(pa.array(distinct[:, 0])).add_column(0, ASKED, names.take(pa.array(distinct[:, 1])))


def _pairs(column: pa.ChunkedArray, meaning: Meaning, codes: dict[str, int]) -> Any:
    """Row numbers with the numbers of the values they mean."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = list(meaning)
    lists = [[codes.setdefault(value, len(codes)) for value in meaning[text]] for text in texts]
    place = pc.index_in(column, value_set=pa.array(texts, pa.string()))
    at = place.to_numpy() if isinstance(place, pa.ChunkedArray) else place.to_numpy(zero_copy_only=False)
    row = np.flatnonzero(~np.isnan(at)) if at.dtype.kind == "f" else np.arange(len(at))
    text = at[row].astype(np.int64)
    sizes = np.array([len(values) for values in lists], dtype=np.int64)
    starts = np.r_[0, np.cumsum(sizes)[:-1]] if len(sizes) else np.zeros(0, dtype=np.int64)
    flat = np.array([value for values in lists for value in values], dtype=np.int64)
    repeats = sizes[text]
    inner = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return np.column_stack([np.repeat(row, repeats), flat[np.repeat(starts[text], repeats) + inner]])
