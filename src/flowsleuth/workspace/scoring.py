"""Score: run detectors over the days that are new to them, and keep scores and suspects at rest."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from flowsleuth.detect import DETECTORS, FINDERS
from flowsleuth.errors import DetectorError, OptionError
from flowsleuth.investigate.queries import within
from flowsleuth.workspace.checked_options import made_with, plain_options
from flowsleuth.workspace.finding_runs import PREFIX, default_finders, make_finder, run_finders
from flowsleuth.workspace.queue_parts import FLOWS_OF, LEADS, queue_rows
from flowsleuth.workspace.score_parts import ScoreSink, suspect_rows
from flowsleuth.workspace.scored_day import ScoredDay
from flowsleuth.workspace.stored_day import COMMON, HeldRows, StoredDay, forget_old_counts
from flowsleuth.workspace.teaching import Teaching

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.detect.contract import DayReport, Detector
    from flowsleuth.store import Store

PLAIN = "run_without_ratings"
"""In the detail of a run: the id it would have if nothing had been rated."""


@dataclass(frozen=True)
class Window:
    """A time range, start inside and end outside; either may be open."""

    start: dt.datetime | None = None
    end: dt.datetime | None = None

    def __post_init__(self) -> None:
        if self.start and self.end and self.start >= self.end:
            raise OptionError("the time range is empty", where=f"--start {self.start} --end {self.end}")

    def cut(self, flows: ir.Table) -> ir.Table:
        """Only the flows that start in the window."""
        return within(flows, self.start, self.end)

    def has(self, date: str) -> bool:
        """Whether a UTC day overlaps the window."""
        first = dt.datetime.fromisoformat(date).replace(tzinfo=dt.UTC)
        after = first + dt.timedelta(days=1)
        return (self.end is None or first < self.end) and (self.start is None or after > self.start)

    def covers(self, date: str) -> bool:
        """Whether all of a UTC day is in the window."""
        first = dt.datetime.fromisoformat(date).replace(tzinfo=dt.UTC)
        after = first + dt.timedelta(days=1)
        return (self.end is None or after <= self.end) and (self.start is None or first >= self.start)

    def text(self) -> str:
        return f"{self.start or ''}/{self.end or ''}"


def default_detectors() -> list[str]:
    """Names of the detectors that run when none is named."""
    return [name for name in DETECTORS.names() if DETECTORS.load(name).is_default]


def make_detector(name: str, options: dict[str, Any] | None = None) -> Detector:
    """A detector with options checked against its declaration.

    Raises
    ------
    OptionError
        It has no such option.
    CatalogueError
        There is no such detector.
    """
    detector: Detector = made_with(DETECTORS.load(name), options)
    return detector


def score(
    store: Store,
    detectors: list[str] | None = None,
    *,
    window: Window | None = None,
    options: dict[str, dict[str, Any]] | None = None,
    again: bool = False,
    tell: Callable[[str, str], None] | None = None,
    labels: pa.Table | None = None,
) -> list[ScoredDay]:
    """Score every day with flows that is new to a detector or finder, and fuse what they tell into leads.

    Ratings made since make only the last of the days new: the queue applies them to all days at once, and a new day
    would otherwise cost all days before it. ``again`` brings them into the scores of every day.

    Parameters
    ----------
    store : Store
    detectors : list of str, optional
        Detectors and finders; the default ones when not given.
    window : Window, optional
        Only flows that start in it; scores of other flows of these days are dropped. Finders look at whole days.
    options : dict, optional
        Options by detector.
    again : bool
        Also days whose scores are up to date.
    tell : callable, optional
        Called with detector and date before each run.
    labels : pyarrow.Table, optional
        What analysts rated, rows of ``schema.analyst.LABEL``.

    Raises
    ------
    DetectorError
        There are no flows.
    """
    window = window or Window()
    dates = store.catalog.dates("flow")
    if not dates:
        hint = "flowsleuth ingest LOGS... first"
        raise DetectorError("there are no flows to score", where=str(store.folder), hint=hint)
    wanted = [date for date in dates if window.has(date)]
    if not wanted:
        available = [dates[0], dates[-1]]
        raise DetectorError("no flows in this time range; days stored", where=window.text(), available=available)
    names = detectors or [*default_detectors(), *default_finders()]
    chosen = options or {}
    finders = [make_finder(name, chosen.get(name)) for name in names if name in FINDERS.names()]
    made = [make_detector(name, chosen.get(name)) for name in names if name not in FINDERS.names()]
    teaching = Teaching(store, labels)
    scored: dict[str, list[ScoredDay]] = {detector.name: [] for detector in made}
    found: list[ScoredDay] = []
    with store.writing():
        is_fused = bool(finders) or any(run["detector"] == LEADS for run in store.catalog.runs())
        for date in wanted:
            with closing(HeldRows(store)) as held:
                for detector in made:
                    if tell:
                        tell(detector.name, date)
                    is_last = date == wanted[-1]
                    old = None if again else _stored(store, detector, date, window, teaching, is_last=is_last)
                    scored[detector.name].append(old or _score_day(store, detector, date, window, teaching, held=held))
                if is_fused:
                    found += run_finders(store, finders, date, held, again=again, tell=tell)
        forget_old_counts(store, [COMMON, PREFIX, *map(_prefix, made)])
    return [*chain.from_iterable(scored.values()), *found]


def _prefix(detector: Detector) -> str:
    return f"{detector.name}{detector.version}"


def _earlier(store: Store, detector: Detector, date: str) -> list[str]:
    """Days with flows that the detector may learn from, newest first."""
    limit = getattr(getattr(detector, "options", None), "baseline_days", None)
    if limit:
        limit += getattr(detector, "days_beyond", 0)
    return [d for d in reversed(store.catalog.dates("flow")) if d < date][:limit]


def _stored(
    store: Store, detector: Detector, date: str, window: Window, teaching: Teaching, *, is_last: bool
) -> ScoredDay | None:
    """The day's stored scores when they are up to date; those of the last day only with the ratings of now."""
    earlier = _earlier(store, detector, date)
    plain = run_id(store, detector, date, earlier, window)
    now = run_id(store, detector, date, earlier, window, ratings=teaching.digest(detector))
    for old in store.catalog.runs():
        if old["detector"] == detector.name and old["date"] == date:
            detail = json.loads(old["detail"])
            if old["id"] == now or (not is_last and detail.get(PLAIN, old["id"]) == plain):
                return ScoredDay(detector.name, date, detail["flows"], detail["suspects"], False, detail["notes"])
    return None


def _score_day(
    store: Store, detector: Detector, date: str, window: Window, teaching: Teaching, *, held: HeldRows
) -> ScoredDay:
    earlier = _earlier(store, detector, date)
    digest = teaching.digest(detector)
    run = run_id(store, detector, date, earlier, window, ratings=digest)
    baseline = [dt.date.fromisoformat(d) for d in earlier]
    is_whole = window.covers(date)
    flows = store.table("flow", [date])
    flows = flows if is_whole else window.cut(flows)
    day = StoredDay(
        store,
        dt.date.fromisoformat(date),
        flows,
        is_whole=is_whole,
        baseline=baseline,
        prefix=_prefix(detector),
        held=held,
        teaching=teaching,
    )
    sink = ScoreSink(store, detector.name, run)
    report: DayReport = detector.score(day, sink.take)
    parts = sink.finish()
    groups = suspect_rows(store, detector.name, run, parts)
    suspects = store.write("suspect", groups, tag=detector.name)
    queue = store.write("queue", queue_rows(store, detector, date, groups, parts), tag=detector.name)
    detail = {
        "flows": report.scored,
        "suspects": len(groups),
        "version": detector.version,
        "options": plain_options(detector),
        "window": window.text(),
        "baseline": earlier,
        "notes": report.notes,
        FLOWS_OF: store.catalog.version("flow", date),
        PLAIN: run_id(store, detector, date, earlier, window),
        "ratings": digest,
    }
    catalog = store.catalog
    old_parts = [
        part for table in ("score", "suspect", "queue") for part in catalog.parts(table, [date], detector.name)
    ]
    with catalog.transaction():
        catalog.remove([part.path for part in old_parts])
        catalog.add([*parts, *suspects, *queue])
        finished = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        catalog.save_run(run, detector.name, date, finished, json.dumps(detail, default=str))
    return ScoredDay(detector.name, date, report.scored, len(groups), True, report.notes)


def run_id(
    store: Store, detector: Detector, date: str, earlier: list[str], window: Window, *, ratings: str = ""
) -> str:
    """One short hash of all that scores depend on: detector, version, options, flows, ratings."""
    versions = [(day, store.catalog.version("flow", day)) for day in [date, *earlier]]
    facts = [detector.name, detector.version, plain_options(detector), versions, window.text()]
    facts += [ratings] if ratings else []
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:16]
