"""Heuristics run over the flows behind the queue, or over all flows of some days; each can be turned off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from flowsleuth.errors import OptionError
from flowsleuth.triage.heuristics import HEURISTICS, Heuristic, HeuristicFinding, HeuristicOptions
from flowsleuth.workspace.queue_parts import write_missing_queues

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from flowsleuth.store import Store
    from flowsleuth.store.case import CaseDatabase

Scope = Literal["queue", "day"]
SETTING = "heuristics_off"


def turned_off(case: CaseDatabase) -> list[str]:
    """Names of the checks that the workspace has turned off."""
    found = case.rows("setting", {"name": SETTING})
    return sorted(found[0]["value"]) if found else []


def turn(case: CaseDatabase, analyst: str, name: str, *, on: bool) -> None:
    """Turn a check on or off for the workspace.

    Raises
    ------
    OptionError
        There is no such check.
    """
    _named([name])
    with case.transaction(analyst) as transaction:
        found = transaction.rows("setting", {"name": SETTING})
        off = set(found[0]["value"]) if found else set()
        off = off - {name} if on else off | {name}
        transaction.put("setting", SETTING, {"value": sorted(off)})
        transaction.audit("turn-on" if on else "turn-off", "heuristic", name)


def run_heuristics(
    store: Store,
    names: Sequence[str],
    options: HeuristicOptions,
    *,
    detector: str | None,
    scope: Scope = "queue",
    dates: Sequence[str] | None = None,
) -> list[HeuristicFinding]:
    """Run checks.

    Parameters
    ----------
    store : Store
    names : sequence of str
        Which.
    options : HeuristicOptions
    detector : str or None
        Whose queue.
    scope : ``queue`` or ``day``
        The flows of the queue's suspects, or all flows.
    dates : sequence of str, optional
        Only these days.

    Returns
    -------
    list of HeuristicFinding
        Check by check, the widest first.
    """
    if scope not in ("queue", "day"):
        raise OptionError("no such scope", where=str(scope)[:50], available=["queue", "day"])
    flows = store.table("flow", dates).select("flow_id", *Heuristic.columns)
    if scope == "queue":
        if detector is None:
            return []
        flows = _of_queue(store, flows, detector, dates)
    found = []
    for one in _named(names):
        wide = one.expression(flows, getattr(options, one.name), options.most)
        found += [one.finding(row) for row in store.arrow(wide).to_pylist()]
    return found


def _of_queue(store: Store, flows: ir.Table, detector: str, dates: Sequence[str] | None) -> ir.Table:
    """Only the flows of suspects in the queue."""
    write_missing_queues(store, detector)
    suspects = store.table("queue", dates, detector).select("suspect_id")
    scored = store.table("score", dates, detector).select("flow_id", "suspect_id")
    return flows.semi_join(scored.semi_join(suspects, "suspect_id"), "flow_id")


def _named(names: Iterable[str]) -> list[Heuristic]:
    listed = list(names)
    if unknown := [name for name in listed if name not in HEURISTICS]:
        raise OptionError("no such heuristic", where=str(unknown[0])[:50], available=HEURISTICS)
    return [HEURISTICS[name] for name in listed]
