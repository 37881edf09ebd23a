"""A day's findings and strongest flows fused into leads, and kept at rest."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from flowsleuth.detect import DETECTORS, FINDERS
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.population import population
from flowsleuth.detect.days.roles import infer_roles
from flowsleuth.detect.findings import KEPT_P
from flowsleuth.detect.odds.calibration import Calibration, count_evidence
from flowsleuth.detect.one_list.fusion import Usual
from flowsleuth.detect.one_list.lead_words import Spoken
from flowsleuth.detect.one_list.leads import FLOW_DETECTOR, FLOW_FAMILY, FLOW_NORMAL_IF, DayLeads
from flowsleuth.detect.scored_rows import evidence_matrix
from flowsleuth.schema import FINDING, LEAD
from flowsleuth.workspace.queue_parts import LEADS as NAME
from flowsleuth.workspace.scored_day import ScoredDay

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store import Store

VERSION = 9
USUAL_DAYS = 14
"""Earlier days that say what evidence is usual."""
KINDS = ("pair", "listed", "host")


def fuse_day(
    store: Store, network: NetworkDay, roles: Mapping[str, str] | None = None, *, again: bool = False
) -> ScoredDay:
    """Fuse what the detectors told of a day, unless it was fused already; the caller holds ``store.writing()``.

    Parameters
    ----------
    store : Store
    network : NetworkDay
    roles : mapping of str to str, optional
        What hosts are, by address; what their flows tell when not given.
    again : bool
        Also when nothing has changed.
    """
    date = str(network.date)
    runs = {run["detector"]: run for run in store.catalog.runs() if run["date"] == date}
    spoken = spoken_detectors(set(runs))
    usual, days = usual_evidence(store, date, spoken)
    facts = [VERSION, sorted((name, runs[name]["id"]) for name in spoken), days]
    run = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    if NAME in runs and runs[NAME]["id"] == run and not again:
        detail = json.loads(runs[NAME]["detail"])
        return ScoredDay(NAME, date, detail["flows"], detail["suspects"], False, unit=NAME)
    leads = DayLeads(network.date, day_findings(store, date, spoken), network.once(population), spoken, usual)
    rows = leads.rows(network.once(infer_roles).by_address(network) if roles is None else roles)
    _write(store, date, run, rows, _detail(store, leads, rows, date, spoken))
    return ScoredDay(NAME, date, _flows(store, date), len(rows), True, unit=NAME)


def spoken_detectors(ran: set[str]) -> dict[str, Spoken]:
    """What is fused of the detectors that ran: the default finders, and the detector of flows."""
    found = {}
    for name in FINDERS.names():
        finder = FINDERS.load(name)
        if name in ran and finder.is_default:
            found[name] = Spoken(finder.family, finder.normal_if)
    if FLOW_DETECTOR in ran:
        found[FLOW_DETECTOR] = Spoken(FLOW_FAMILY, FLOW_NORMAL_IF)
    return found


def day_findings(store: Store, date: str, spoken: Mapping[str, Spoken]) -> pa.Table:
    """Findings of a day that are fused, the strongest groups of flows among them, in order of their ids."""
    import pyarrow as pa

    finding = store.table("finding", [date])
    told = store.arrow(finding.filter(finding.detector.isin(sorted(spoken) or [""])))
    tables = [told.select(list(FINDING.names)).cast(FINDING.arrow_schema())]
    if FLOW_DETECTOR in spoken:
        tables.append(_flow_findings(store, date))
    return pa.concat_tables(tables).sort_by([("finding_id", "ascending")]).combine_chunks()


def _flow_findings(store: Store, date: str) -> pa.Table:
    """The strongest groups of near-identical flows, as findings: their chance is the share of flows as surprising.

    What differs within a group is null, as in a label on it: by that a rating of the one holds for the other.
    """
    import ibis
    import pyarrow as pa
    import pyarrow.compute as pc

    queue, least = store.table("queue", [date], FLOW_DETECTOR), 1.0 - KEPT_P
    rows = store.arrow(queue.filter((queue.score >= ibis.literal(least)) | (queue.taught != 0.0)))
    rows = _without_ratings(store, date, rows)
    rows = rows.filter(pc.and_(pc.greater_equal(rows["score"], least), pc.equal(rows["src_ips"], 1)))
    one_peer = pc.equal(rows["dst_ips"], 1)
    one_port = [
        pc.and_(pc.less_equal(rows[f"{end}_ports"], 1), pc.equal(rows[f"{end}_port"], rows["service_port"]))
        for end in ("src", "dst")
    ]
    midnight = pa.scalar(dt.datetime.fromisoformat(date).replace(tzinfo=dt.UTC), pa.timestamp("us", tz="UTC"))
    columns: dict[str, Any] = {
        "day": pa.repeat(midnight, len(rows)),
        "finding_id": rows["suspect_id"],
        "host": rows["src_ip"],
        "src_ip": rows["src_ip"],
        "dst_ip": pc.if_else(one_peer, rows["dst_ip"], pa.scalar(None, pa.string())),
        "server_name": pc.if_else(one_peer, pc.utf8_lower(rows["server_name"]), pa.scalar(None, pa.string())),
        "service_port": pc.if_else(pc.or_kleene(*one_port), rows["service_port"], pa.scalar(None, pa.int32())),
        "p_value": pa.array(np.clip(1.0 - rows["score"].to_numpy(), 1e-12, 1.0)),
        "technique": pa.nulls(len(rows), pa.string()),
        "src_bytes": rows["group_src_bytes"],
        "dst_bytes": rows["group_dst_bytes"],
        "evidence": pa.repeat("{}", len(rows)),
    }
    same = ("detector", "run", "proto", "score", "flows", "first_seen", "last_seen", "reason")
    columns |= {name: rows[name] for name in same}
    schema = FINDING.arrow_schema()
    return pa.table([columns[one.name].cast(one.type) for one in schema], schema=schema)


def _without_ratings(store: Store, date: str, rows: pa.Table) -> pa.Table:
    """Groups of flows with the score that they have without what ratings taught.

    Ratings are laid over leads when they are looked at; what they had taught the detector would count a second time.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pc.any(pc.not_equal(rows["taught"], 0.0)).as_py():
        return rows
    queue, score = (store.table(name, [date], FLOW_DETECTOR) for name in ("queue", "score"))
    told = store.arrow(score.semi_join(queue.filter(queue.taught != 0.0), "flow_id").select("flow_id", "evidence"))
    names = DETECTORS.load(FLOW_DETECTOR).evidence_names
    chance = evidence_matrix(told["evidence"], len(names))[:, names.index("untaught_p")]
    at = pc.index_in(rows["flow_id"], value_set=told["flow_id"].combine_chunks())
    own = pa.array(np.where(chance > 0.0, 1.0 - chance, np.nan), from_pandas=True).take(at)
    return rows.set_column(rows.column_names.index("score"), "score", pc.coalesce(own, rows["score"]))


def usual_evidence(store: Store, date: str, spoken: Mapping[str, Spoken]) -> tuple[Usual, list[str]]:
    """What evidence earlier days had, of which the same detectors spoke; and which days, newest first."""
    days = []
    for run in store.catalog.runs():
        if run["detector"] == NAME and run["date"] < date:
            detail = json.loads(run["detail"])
            if detail["version"] == VERSION and detail["spoken"] == sorted(spoken):
                days.append((run["date"], run["id"], detail["counted"]))
    days = sorted(days, reverse=True)[:USUAL_DAYS]
    pooled: dict[str, list[Calibration | None]] = {kind: [None, None] for kind in KINDS}
    for kind in KINDS:
        for number in (0, 1):
            told = [counted[kind][number] for _, _, counted in days]
            total = sum(one["total"] for one in told)
            if total:
                counts = np.sum([one["counts"] for one in told], axis=0)
                pooled[kind][number] = Calibration.of_counts(counts, total)
    return Usual(pooled["pair"], pooled["listed"], pooled["host"]), [run for _, run, _ in days]


def _flows(store: Store, date: str) -> int:
    return sum(part.rows for part in store.catalog.parts("flow", [date]))


def _detail(store: Store, leads: DayLeads, rows: pa.Table, date: str, spoken: Mapping[str, Spoken]) -> dict[str, Any]:
    fused, population = leads.fused, leads.population
    of_kind = {
        "pair": (fused.evidence, population.pair_class, population.pairs),
        "listed": (fused.pair_surprise, population.pair_class, population.pairs),
        "host": (fused.host_surprise, population.host_class, population.hosts),
    }
    counted = {
        kind: [
            {"total": int(totals[number]), "counts": count_evidence(surprise[classes == number]).tolist()}
            for number in (0, 1)
        ]
        for kind, (surprise, classes, totals) in of_kind.items()
    }
    detail = {"flows": _flows(store, date), "suspects": len(rows), "version": VERSION, "options": {}, "window": ""}
    return detail | {"baseline": [], "notes": {}, "spoken": sorted(spoken), "counted": counted}


def _write(store: Store, date: str, run: str, rows: pa.Table, detail: dict[str, Any]) -> None:
    import pyarrow as pa

    schema = LEAD.arrow_schema()
    columns = {name: rows[name] for name in rows.column_names} | {"run": pa.repeat(run, len(rows))}
    parts = store.write("lead", pa.table([columns[one.name] for one in schema], schema=schema), tag=NAME)
    old = store.catalog.parts("lead", [date], NAME)
    with store.catalog.transaction():
        store.catalog.remove([part.path for part in old])
        store.catalog.add(parts)
        finished = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        store.catalog.save_run(run, NAME, date, finished, json.dumps(detail))
