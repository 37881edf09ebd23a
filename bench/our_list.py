"""Our own list of a day, as a user gets it: flows in a workspace, ``score()``, the leads by host and by pair."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

import flowsleuth
from edges_of_day import Day
from flowsleuth.workspace import init
from flowsleuth.workspace.injection.ranks import strengths

Floats = NDArray[np.float64]
Key = tuple[tuple[str, ...], dt.date, tuple[int, ...]]


class Scored:
    """Leads and findings of a day; of the last day asked for they are kept, because several contenders ask.

    One workspace is kept for each site, so that its past is counted once; a draw's flows replace those of the last.
    """

    def __init__(self) -> None:
        self._cases: dict[Key, tuple[tempfile.TemporaryDirectory[str], Any, tuple[pa.Table, ...]]] = {}
        self._last: tuple[Day, dict[str, pa.Table]] | None = None

    def tables(self, day: Day) -> dict[str, pa.Table]:
        """``host`` and ``pair``: rows of ``schema.LEAD``; ``finding``: rows of ``schema.FINDING``."""
        if self._last is None or self._last[0] is not day:
            self._last = (day, self._score(day))
        return self._last[1]

    def _score(self, day: Day) -> dict[str, pa.Table]:
        case = self._case(day)
        date = day.date.isoformat()
        with case.store.writing():
            old = case.store.catalog.parts("flow", [date])
            case.store.replace(old, case.store.write("flow", day.flows))
        begin = dt.datetime.combine(day.date, dt.time(), dt.UTC)
        case.score(start=begin, end=begin + dt.timedelta(days=1))
        found = {by: case.suspects(None, by=by).table for by in ("host", "pair")}
        found["finding"] = case.store.arrow(case.store.table("finding", [date]))
        return found

    def _case(self, day: Day) -> Any:
        key = (day.home, day.date, tuple(id(one) for one in day.past))
        if key not in self._cases:
            folder = tempfile.TemporaryDirectory(prefix="needles-")
            init(Path(folder.name) / "case", home=day.home)
            case = flowsleuth.open(Path(folder.name) / "case")
            with case.store.writing():
                for one in day.past:
                    case.store.replace([], case.store.write("flow", one))
            self._cases[key] = (folder, case, day.past)  # who holds the past keeps its ids from being used again
        return self._cases[key][1]

    def close(self) -> None:
        """Close and delete the workspaces."""
        for folder, case, _ in self._cases.values():
            case.close()
            folder.cleanup()
        self._cases.clear()


SCORED = Scored()
"""Of this process."""


def placed(rows: pa.Table, by: tuple[str, ...]) -> dict[tuple[Any, ...], float]:
    """The strength of each end, or ends: how early its best row comes; 1 for the last, equal rows equal."""
    strength = strengths(rows) + 1.0
    found: dict[tuple[Any, ...], float] = {}
    ends = zip(*(rows[name].to_pylist() for name in by), strict=True)
    for end, value in zip(ends, strength.tolist(), strict=True):
        found[end] = max(value, found.get(end, 0.0))
    return found


def fused(day: Day) -> tuple[Floats, Floats]:
    """Strength of each host and of each pair of the day's edges; 0 where there is no lead."""
    tables = SCORED.tables(day)
    return _on_edges(day, placed(tables["host"], ("host",)), placed(tables["pair"], ("src_ip", "dst_ip")))


def finder(name: str) -> Callable[[Day], tuple[Floats, Floats]]:
    """The same of one finder's findings alone: the least likely of each host, and of each pair."""

    def rank(day: Day) -> tuple[Floats, Floats]:
        rows = SCORED.tables(day)["finding"]
        rows = rows.filter(pc.equal(rows["detector"], name))
        strength = -np.log(np.maximum(rows["p_value"].to_numpy(), 1e-300))
        host: dict[tuple[Any, ...], float] = {}
        pair: dict[tuple[Any, ...], float] = {}
        ends = zip(*(rows[one].to_pylist() for one in ("host", "src_ip", "dst_ip")), strict=True)
        for (who, source, target), value in zip(ends, strength.tolist(), strict=True):
            host[(who,)] = max(value, host.get((who,), 0.0))
            pair[(source, target)] = max(value, pair.get((source, target), 0.0))
        return _on_edges(day, host, pair)

    return rank


def _on_edges(
    day: Day, host: dict[tuple[Any, ...], float], pair: dict[tuple[Any, ...], float]
) -> tuple[Floats, Floats]:
    e = day.edges
    ends = zip(e.pair_host.tolist(), e.pair_peer.tolist(), strict=True)
    hosts = np.array([host.get((text,), 0.0) for text in e.hosts])
    return hosts, np.array([pair.get((e.hosts[h], e.peers[p]), 0.0) for h, p in ends])
