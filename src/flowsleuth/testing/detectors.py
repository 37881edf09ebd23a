"""The conformance kit of detectors, and a day of flows held in memory to run them on."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from flowsleuth.detect.contract import DayInput, DayReport, Detector, Taught
from flowsleuth.schema import TABLES
from flowsleuth.store.engine import Engine, connect

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

TOLERANCE = 1e-9
"""Engines and row orders may differ by this much."""
SCORED = ("flow_id", "start", "score", "surprise", "suspect_id", "evidence")


class MemoryDay:
    """Flows as a detector sees them (:class:`flowsleuth.detect.contract.DayInput`), without a workspace.

    Parameters
    ----------
    flows : pyarrow.Table
        Rows of ``schema.FLOW`` of one day.
    day : datetime.date, optional
        Their day; the UTC day of the first row when not given, 1970-01-01 without rows.
    earlier : mapping of datetime.date to pyarrow.Table, optional
        Flows of earlier days.
    engine : str or Engine
        Engine URL, or an open engine, which stays open.
    taught : Taught, optional
        What ratings taught.
    dismissed : pyarrow.Table, optional
        Flows that were rated low.
    tables : mapping of str to pyarrow.Table, optional
        Rows of other tables (``dns``, ``tls``, …) of the day; a table that is not given is empty.
    earlier_tables : mapping of datetime.date to mapping, optional
        The same of earlier days.

    Examples
    --------
    >>> with MemoryDay(make_flows([{"src_ip": "10.0.0.1", "dst_ip": "10.0.0.2"}])) as day:
    ...     day.arrow(day.flows.select("src_ip"))["src_ip"].to_pylist()
    ['10.0.0.1']
    """

    def __init__(
        self,
        flows: pa.Table,
        day: dt.date | None = None,
        earlier: Mapping[dt.date, pa.Table] | None = None,
        engine: str | Engine = "duckdb",
        *,
        taught: Taught | None = None,
        dismissed: pa.Table | None = None,
        tables: Mapping[str, pa.Table] | None = None,
        earlier_tables: Mapping[dt.date, Mapping[str, pa.Table]] | None = None,
    ) -> None:
        self.taught, self.dismissed = taught, dismissed
        self._folder = Path(tempfile.mkdtemp(prefix="flowsleuth-day-"))
        self._owns_engine = isinstance(engine, str)
        self._engine: Engine = connect(engine, self._folder) if isinstance(engine, str) else engine
        self._tables: dict[tuple[str, dt.date], ir.Table] = {}
        self._made: dict[str, pa.Table] = {}
        self.shared: dict[str, ir.Table] = {}
        if day is None:
            day = flows["start"][0].as_py().date() if len(flows) else dt.date(1970, 1, 1)
        self.day = day
        self.baseline: list[dt.date] = sorted(earlier or {}, reverse=True)
        for date, rows in {**(earlier or {}), day: flows}.items():
            self._keep("flow", date, rows)
        for date, others in {**(earlier_tables or {}), day: tables or {}}.items():
            for name, rows in others.items():
                self._keep(name, date, rows)
        self.flows = self._tables["flow", day]
        self.is_whole = True

    def __enter__(self) -> MemoryDay:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Drop the flows."""
        if self._owns_engine:
            self._engine.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _keep(self, name: str, date: dt.date, rows: pa.Table) -> None:
        import pyarrow.parquet as pq

        path = self._folder / f"{name}-{date}.parquet"
        pq.write_table(rows, path)
        self._tables[name, date] = self._engine.view(name, [path])

    def table(self, name: str) -> ir.Table:
        """Another table of the day."""
        return self._rows(name, self.day)

    def _rows(self, name: str, date: dt.date) -> ir.Table:
        if (name, date) not in self._tables:
            self._keep(name, date, TABLES[name].arrow_schema().empty_table())
        return self._tables[name, date]

    def counts(
        self,
        name: str,
        build: Callable[[ir.Table], ir.Table],
        days: list[dt.date],
        table: str = "flow",
        *,
        is_common: bool = False,
    ) -> ir.Table:
        """Mergeable counts, each day built once."""
        import ibis

        kept = f"count_{name}"
        for date in days:
            if (kept, date) not in self._tables:
                dated = build(self._rows(table, date)).mutate(date=ibis.literal(str(date)))
                self._keep(kept, date, self.arrow(dated))
        tables = [self._tables[kept, date] for date in days]
        return ibis.union(*tables) if len(tables) > 1 else tables[0]

    def made(
        self, name: str, make: Callable[[], pa.Table], days: list[dt.date], options: Mapping[str, Any]
    ) -> pa.Table:
        """A table made of several days, made once."""
        kept = f"made_{name}_{sorted(options.items())}_{days}"
        if kept not in self._made:
            self._made[kept] = make()
        return self._made[kept]

    def keep(self, expression: ir.Table) -> ir.Table:
        """The rows of an expression, worked out once."""
        return self._engine.keep(expression)

    def arrow(self, expression: ir.Table) -> pa.Table:
        """Fetch a whole result."""
        return self._engine.arrow(expression)

    def batches(self, expression: ir.Table, rows: int = 131_072) -> Iterator[pa.RecordBatch]:
        """Stream a result."""
        return self._engine.batches(expression, rows)


def make_flows(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Canonical flows from what matters of them.

    ``flow_id`` is the place from 1 on, ``start`` 2024-05-01 12:00 UTC plus as many seconds, both addresses those of a
    documentation network, and everything else null, unless a row says otherwise.

    Examples
    --------
    >>> make_flows([{"dst_port": 443}, {"dst_port": None}])["dst_port"].to_pylist()
    [443, None]
    """
    import pyarrow as pa

    from flowsleuth.schema import FLOW

    noon = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
    whole = []
    for place, row in enumerate(rows):
        usual = {"flow_id": place + 1, "start": noon + dt.timedelta(seconds=place % 3600)}
        origin = {"src_ip": "192.0.2.1", "dst_ip": "198.51.100.1", "source_kind": "made", "source_file": "made"}
        whole.append({**usual, **origin, "source_row": place + 1, **row})
    return pa.Table.from_pylist(whole, schema=FLOW.arrow_schema())


def run_detector(detector: Detector, day: DayInput) -> tuple[pa.Table, DayReport]:
    """All scored rows in order of ``flow_id``, and the report."""
    import pyarrow as pa

    from flowsleuth.schema import SCORE

    taken: list[pa.Table] = []
    report = detector.score(day, taken.append)
    names = [f for f in SCORE.arrow_schema() if f.name in SCORED]
    empty = pa.schema(names).empty_table()
    rows = pa.concat_tables([empty, *(t.select(empty.column_names).cast(empty.schema) for t in taken)])
    return rows.sort_by("flow_id").combine_chunks(), report


def explain(detector: Detector, flows: pa.Table, scored: pa.Table) -> list[str]:
    """The reason of every scored flow, in order of ``flow_id``."""
    rows = flows.sort_by("flow_id").combine_chunks()
    for name in ("score", "surprise", "evidence"):
        rows = rows.append_column(name, scored[name])
    reasons: list[str] = detector.reasons(rows).to_pylist()
    return reasons


def check_detector(
    make: Callable[[], Detector],
    flows: pa.Table,
    *,
    earlier: Mapping[dt.date, pa.Table] | None = None,
    engines: Sequence[str | Engine] = ("duckdb",),
    taught: Taught | None = None,
    dismissed: pa.Table | None = None,
) -> pa.Table:
    """Hold a detector to its contract on some flows of one day.

    Score in [0, 1], every flow once; evidence as declared; a reason for each row; another row order, another run and
    another engine give the same; empty in, empty out.

    Parameters
    ----------
    make : callable
        Gives a new detector, ready to run.
    flows : pyarrow.Table
        Rows of ``schema.FLOW``, at least one.
    earlier : mapping of datetime.date to pyarrow.Table, optional
        Flows of earlier days.
    engines : sequence of str or Engine
        Engines that must agree; the first one's scores are returned.
    taught : Taught, optional
        What ratings taught.
    dismissed : pyarrow.Table, optional
        Flows that were rated low.

    Returns
    -------
    pyarrow.Table
        The scored rows, in order of ``flow_id``.

    Raises
    ------
    AssertionError
        The detector breaks the contract; the text says where.
    """
    rated: dict[str, Any] = {"taught": taught, "dismissed": dismissed}
    with MemoryDay(flows, earlier=earlier, engine=engines[0], **rated) as day:
        detector = make()
        scored, report = run_detector(detector, day)
        _check_rows(detector, flows, scored, report)
        same_texts = explain(detector, flows, scored)
        _check_same("a second run", scored, run_detector(make(), day)[0])
    assert all(text.strip() for text in same_texts), "a flow has no reason"
    shuffled = flows.take(np.random.default_rng(1).permutation(len(flows)))
    for engine in engines:
        with MemoryDay(shuffled, earlier=earlier, engine=engine, **rated) as day:
            again = run_detector(make(), day)[0]
            _check_same(f"another row order on {engine}", scored, again)
            assert explain(make(), shuffled, again) == same_texts, "the row order changes a reason"
    with MemoryDay(flows.slice(0, 0)) as day:
        nothing, report = run_detector(make(), day)
        assert len(nothing) == 0, "empty in, but something out"
        assert report.scored == 0, "empty in, but flows scored"
    assert make().reasons(_joined(flows, scored).slice(0, 0)).to_pylist() == []
    return scored


def _joined(flows: pa.Table, scored: pa.Table) -> pa.Table:
    rows = flows.sort_by("flow_id")
    for name in ("score", "surprise", "evidence"):
        rows = rows.append_column(name, scored[name])
    return rows


def _check_rows(detector: Detector, flows: pa.Table, scored: pa.Table, report: DayReport) -> None:
    ids = sorted(flows["flow_id"].to_pylist())
    assert scored["flow_id"].to_pylist() == ids, "not every flow was scored once"
    assert report.scored == len(ids), f"reports {report.scored} of {len(ids)} flows"
    assert scored["start"].to_pylist() == flows.sort_by("flow_id")["start"].to_pylist(), "the start is not the flow's"
    score, surprise = scored["score"].to_numpy(), scored["surprise"].to_numpy()
    assert np.all((score >= 0) & (score <= 1)), "a score is outside [0, 1]"
    assert np.all(np.isfinite(surprise)), "a surprise is not finite"
    order = np.argsort(surprise, kind="stable")
    assert np.all(np.diff(score[order]) >= -TOLERANCE), "a higher surprise has a lower score"
    widths = {len(evidence) for evidence in scored["evidence"].to_pylist()}
    assert len(widths) <= 1, f"evidence of {widths} numbers"
    assert max(widths, default=0) <= len(detector.evidence_names), "evidence without a name"
    assert scored["suspect_id"].null_count == 0, "a flow has no suspect"


def _check_same(what: str, one: pa.Table, other: pa.Table) -> None:
    assert one["flow_id"].to_pylist() == other["flow_id"].to_pylist(), f"{what}: other flows"
    assert one["suspect_id"].to_pylist() == other["suspect_id"].to_pylist(), f"{what}: other groups"
    for name in ("score", "surprise"):
        gap = np.abs(one[name].to_numpy() - other[name].to_numpy()).max(initial=0.0)
        assert gap <= TOLERANCE, f"{what}: {name} differs by {gap}"
    before, after = (np.array(table["evidence"].to_pylist(), dtype=float) for table in (one, other))
    assert np.allclose(before, after, rtol=0, atol=TOLERANCE, equal_nan=True), f"{what}: other evidence"
