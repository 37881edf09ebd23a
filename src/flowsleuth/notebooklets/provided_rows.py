"""Rows that a query provider has about a host or an account, as rows of our tables; each query for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.notebooklets.at_once import ask_at_once, library_query, one_table, reason, window_of
from flowsleuth.notebooklets.exports import stored_rows
from flowsleuth.notebooklets.step import SkipStep
from flowsleuth.schema.tabular import to_table

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Question, Run

UNANSWERED = "unanswered queries"
"""Foreign table of the queries that could not be asked: query → why."""


@dataclass(frozen=True)
class Query:
    """A query of the library.

    Attributes
    ----------
    name : str
        ``Group.query``; a provider whose library has none of that name is not asked.
    parameter : str
        What it is asked about.
    options : tuple of str
        Options that read its rows; none: always.
    table : str
        The table of ours that its rows become, for providers whose rows are ours already.
    """

    name: str
    parameter: str
    table: str
    options: tuple[str, ...] = ()


def ask_queries(
    provider: Any, queries: Sequence[Query], values: Mapping[str, Any], question: Question, home: Sequence[str]
) -> dict[str, Any]:
    """Ask those queries that the chosen options need; one that fails spoils no other.

    Parameters
    ----------
    values : mapping
        Parameter → value; a query whose parameter has none is not asked.

    Returns
    -------
    dict
        Table name → rows, and :data:`UNANSWERED`.

    Raises
    ------
    OptionError
        The provider's library has none of the queries.
    """
    calls = {one: library_query(provider, one.name) for one in queries if values.get(one.parameter)}
    known = {one: given[1] for one, given in calls.items() if given is not None}
    if not known:
        hint = "ingest the rows, or give them as data="
        raise OptionError("it has no query for this", where=str(provider.environment), hint=hint)
    chosen = [one for one in known if not one.options or set(one.options) & set(question.options)]
    window = window_of(question)

    def ask(number: int, one: Query) -> dict[str, pa.Table]:
        found = to_table(known[one](**{one.parameter: values[one.parameter]}, **window))
        return stored_rows(one.table, found.replace_schema_metadata(None), home, number)

    asks = [partial(ask, number, one) for number, one in enumerate(chosen, 1)]
    return _together(chosen, ask_at_once(asks, question))


def _together(chosen: Sequence[Query], answers: Sequence[dict[str, pa.Table] | Exception | None]) -> dict[str, Any]:
    """Rows of the same table together, numbered anew; and what could not be asked."""
    import pyarrow as pa

    parts: dict[str, list[pa.Table]] = {}
    failed: dict[str, str] = {}
    for one, answer in zip(chosen, answers, strict=True):
        if isinstance(answer, Exception):
            failed[one.name] = reason(answer)
            continue
        for name, rows in (answer or {}).items():
            parts.setdefault(name, []).append(rows)
    found: dict[str, Any] = {name: one_table(name, some) for name, some in parts.items()}
    if failed:
        columns = {"query": list(failed), "why": list(failed.values())}
        found[UNANSWERED] = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return found


def read_tables(data: Any, table: str, home: Sequence[str]) -> dict[str, Any]:
    """What was given as ``data``: a frame, or frames by name; their columns are ours, or Sentinel's."""
    given = data if isinstance(data, Mapping) else {table: data}
    parts: dict[str, list[pa.Table]] = {}
    for number, (name, rows) in enumerate(given.items(), 1):
        for ours, made in stored_rows(str(name), rows, home, number).items():
            parts.setdefault(ours, []).append(made)
    return {name: one_table(name, some) for name, some in parts.items()}


def tell_unanswered(run: Run) -> dict[str, Any]:
    """Queries that a provider could not be asked, and why."""
    found = run.foreign(UNANSWERED)
    if found is None:
        raise SkipStep("every query that was asked was answered")
    return {"unanswered": found}
