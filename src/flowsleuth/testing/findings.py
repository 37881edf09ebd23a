"""The conformance kit of finders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.findings import FAMILIES, KEPT_P, Finder, finding_ids, no_findings
from flowsleuth.store.engine import Engine
from flowsleuth.testing.detectors import TOLERANCE, MemoryDay

if TYPE_CHECKING:
    import pyarrow as pa

Tables = Mapping[str, "pa.Table"]
ORDER = [
    (name, "ascending") for name in ("host", "src_ip", "dst_ip", "server_name", "proto", "service_port", "technique")
]


def run_finder(
    finder: Finder,
    flows: pa.Table,
    *,
    earlier: Mapping[dt.date, pa.Table] | None = None,
    tables: Tables | None = None,
    earlier_tables: Mapping[dt.date, Tables] | None = None,
    engine: str | Engine = "duckdb",
) -> pa.Table:
    """Findings of a day held in memory, in order of their ends.

    Parameters
    ----------
    finder : Finder
    flows : pyarrow.Table
        Rows of ``schema.FLOW`` of one day.
    earlier : mapping of datetime.date to pyarrow.Table, optional
        Flows of earlier days.
    tables : mapping of str to pyarrow.Table, optional
        Rows of other tables of the day.
    earlier_tables : mapping of datetime.date to mapping, optional
        The same of earlier days.
    engine : str or Engine

    Examples
    --------
    >>> from flowsleuth.detect.strobes import StrobeFinder
    >>> from flowsleuth.testing.detectors import make_flows
    >>> len(run_finder(StrobeFinder(), make_flows([{"dst_port": 443}])))
    0
    """
    with MemoryDay(flows, earlier=earlier, engine=engine, tables=tables, earlier_tables=earlier_tables) as day:
        return finder.find(NetworkDay(day)).sort_by(ORDER).combine_chunks()


def check_finder(
    make: Callable[[], Finder],
    flows: pa.Table,
    *,
    earlier: Mapping[dt.date, pa.Table] | None = None,
    tables: Tables | None = None,
    earlier_tables: Mapping[dt.date, Tables] | None = None,
    engines: Sequence[str | Engine] = ("duckdb",),
) -> pa.Table:
    """Hold a finder to its contract on some flows of one day, in which it finds something.

    p-values in (0, 0.05], scores in [0, 1], a reason, a time range and an id of its own for each row; another row
    order, another run and another engine give the same; empty in, empty out.

    Parameters
    ----------
    make : callable
        Gives a new finder.
    flows, earlier, tables, earlier_tables
        As for :func:`run_finder`.
    engines : sequence of str or Engine
        Engines that must agree; the first one's findings are returned.

    Returns
    -------
    pyarrow.Table
        The findings, in order of their ends.

    Raises
    ------
    AssertionError
        The finder breaks the contract; the text says where.
    """
    finder = make()
    assert finder.family in FAMILIES, f"no such family: {finder.family}"
    assert finder.summary, "no summary"
    assert finder.normal_if, "does not say what would be normal"
    history = {"earlier": earlier, "earlier_tables": earlier_tables}
    found = run_finder(finder, flows, tables=tables, engine=engines[0], **history)
    _check_rows(finder, found)
    again = run_finder(make(), flows, tables=tables, engine=engines[0], **history)
    _check_same("a second run", found, again)
    chance = np.random.default_rng(1)
    shuffled = {name: rows.take(chance.permutation(len(rows))) for name, rows in {"": flows, **(tables or {})}.items()}
    mixed = shuffled.pop("")
    for engine in engines:
        other = run_finder(make(), mixed, tables=shuffled, engine=engine, **history)
        _check_same(f"another row order on {engine}", found, other)
    nothing = run_finder(make(), flows.slice(0, 0))
    assert nothing.schema.equals(no_findings().schema), "empty in, other columns out"
    assert len(nothing) == 0, "empty in, but something out"
    return found


def _check_rows(finder: Finder, found: pa.Table) -> None:
    assert len(found), "nothing was found"
    assert found.schema.equals(no_findings().schema), f"other columns: {found.schema}"
    p_value, score = found["p_value"].to_numpy(), found["score"].to_numpy()
    assert np.all((p_value > 0) & (p_value <= KEPT_P)), "a p-value is outside (0, 0.05]"
    assert np.all((score >= 0) & (score <= 1)), "a score is outside [0, 1]"
    for name in ("day", "host", "flows", "first_seen", "last_seen", "reason", "evidence"):
        assert found[name].null_count == 0, f"{name} is null"
    assert all(text.strip() for text in found["reason"].to_pylist()), "a finding has no reason"
    assert np.all(found["flows"].to_numpy() > 0), "a finding rests on no flow"
    assert np.all(found["first_seen"].to_numpy() <= found["last_seen"].to_numpy()), "time runs backwards"
    ids = finding_ids(found, finder.name).to_pylist()
    assert len(set(ids)) == len(ids), "two findings of the same ends and technique"


def _check_same(what: str, one: pa.Table, other: pa.Table) -> None:
    assert len(one) == len(other), f"{what}: {len(one)} findings, then {len(other)}"
    for name in one.column_names:
        before, after = one[name].to_pylist(), other[name].to_pylist()
        if name in ("p_value", "score"):
            gap = np.abs(np.array(before) - np.array(after)).max(initial=0.0)
            assert gap <= TOLERANCE, f"{what}: {name} differs by {gap}"
        else:
            assert before == after, f"{what}: other {name}"
