"""The findings behind leads: which lead rests on which, and what is left of leads without some of them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from flowsleuth.errors import StoreError

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.detect.odds.calibration import Calibration
    from flowsleuth.detect.one_list.fusion import Usual
    from flowsleuth.detect.one_list.lead_words import Spoken
    from flowsleuth.detect.one_list.leads import DayLeads
    from flowsleuth.store import Store
    from flowsleuth.triage.suppressions import Suppression

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Behind:
    """Findings, and the leads that rest on them.

    Attributes
    ----------
    rows : pyarrow.Table
        Rows of ``schema.FINDING``, each once.
    lead, finding : array of int64, shape (n_links,)
        Place of a lead, and of a finding behind it.
    leads : int
        How many leads there are.
    """

    rows: pa.Table
    lead: Ints
    finding: Ints
    leads: int

    def count(self, is_meant: Bools) -> Ints:
        """How many of its findings are meant, for each lead."""
        return np.bincount(self.lead[is_meant[self.finding]], minlength=self.leads)


@dataclass(frozen=True)
class Fusion:
    """How a day was fused.

    Attributes
    ----------
    run : str
    spoken : mapping of str to Spoken
        What took part.
    population : dict
        Kind → how many of ours, and of others, could have been found.
    """

    run: str
    spoken: Mapping[str, Spoken]
    population: dict[str, tuple[int, int]]

    def tests(self, by: str) -> int:
        """How many hosts (of ours, where there are any) or pairs the day's shares of false leads are worked out for."""
        ours, others = self.population[by]
        return ours if by == "host" and ours else ours + others


def fusions(store: Store) -> dict[str, Fusion]:
    """UTC day → how it was fused."""
    from flowsleuth.workspace.fusing import spoken_detectors
    from flowsleuth.workspace.queue_parts import LEADS

    found = {}
    for run in store.catalog.runs():
        if run["detector"] == LEADS:
            detail = json.loads(run["detail"])
            population = {by: tuple(one["total"] for one in detail["counted"][by]) for by in ("host", "pair")}
            found[run["date"]] = Fusion(run["id"], spoken_detectors(set(detail["spoken"])), population)
    return found


def findings_of(store: Store, leads: pa.Table) -> Behind:
    """The findings behind leads.

    Parameters
    ----------
    store : Store
    leads : pyarrow.Table
        Rows of ``schema.LEAD``.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.schema import FINDING

    tables = [FINDING.arrow_schema().empty_table(), *_fused_findings(store, leads)]
    rows = pa.concat_tables(tables).combine_chunks()
    place, ids = listed_ids(leads["finding_ids"])
    at = pc.index_in(pa.array(ids), value_set=rows["finding_id"].combine_chunks())
    found = at.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    known = found >= 0
    return Behind(rows, place[known], found[known], len(leads))


def days_of(rows: pa.Table) -> list[str]:
    """UTC days of leads or findings, ``YYYY-MM-DD``, oldest first."""
    import pyarrow.compute as pc

    return sorted(pc.unique(pc.strftime(rows["day"], format="%Y-%m-%d")).to_pylist())


def _fused_findings(store: Store, leads: pa.Table) -> list[pa.Table]:
    """Findings of the days of leads that were fused, the strongest groups of flows among them."""
    from flowsleuth.workspace.fusing import day_findings

    fused = fusions(store)
    return [day_findings(store, date, fused[date].spoken) for date in days_of(leads)]


def listed_ids(column: pa.ChunkedArray) -> tuple[Ints, Ints]:
    """Lists of numbers in JSON as two arrays: the row of each number, and the number.

    Examples
    --------
    >>> import pyarrow as pa
    >>> [array.tolist() for array in listed_ids(pa.chunked_array([["[5, -7]", "[]", "[9]"]]))]
    [[0, 0, 2], [5, -7, 9]]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.utf8_trim(column.combine_chunks(), "[] ")
    lists = pc.split_pattern(texts, ",")
    rows, words = pc.list_parent_indices(lists).to_numpy(), pc.utf8_trim_whitespace(pc.list_flatten(lists))
    is_told = pc.not_equal(words, "")
    ids = words.filter(is_told).cast(pa.int64()).to_numpy(zero_copy_only=False)
    return rows[is_told.to_numpy(zero_copy_only=False)].astype(np.int64), ids


def fused_again(
    store: Store, date: str, spoken: Mapping[str, Spoken], findings: pa.Table, is_left: pa.Array
) -> pa.Table:
    """The leads of a day without the findings that were set aside: rows of ``schema.LEAD`` but for ``run``.

    How much evidence is usual stays as it was, so that nothing else becomes a stronger or weaker lead by it.

    Parameters
    ----------
    store : Store
    date : str
    spoken : mapping of str to Spoken
        What took part in the day's fusion.
    findings : pyarrow.Table
        Rows of ``schema.FINDING``: all that were fused.
    is_left : pyarrow.Array
        Which of them still count.

    Raises
    ------
    StoreError
        An earlier version fused the day.
    """
    from flowsleuth.detect.days.population import POPULATION
    from flowsleuth.detect.one_list.leads import DayLeads
    from flowsleuth.workspace.finding_runs import PREFIX
    from flowsleuth.workspace.fusing import usual_evidence
    from flowsleuth.workspace.stored_day import COUNTS

    day = dt.date.fromisoformat(date)
    counted = f"{COUNTS}{PREFIX}_{POPULATION}"
    if not store.catalog.parts(counted, [date]):
        raise StoreError("an earlier version fused the leads of this day", where=date, hint="score it again")
    hosts = store.arrow(store.table(counted, [date])).sort_by("ip")
    usual, _ = usual_evidence(store, date, spoken)
    whole = DayLeads(day, findings, hosts, spoken, usual)
    return DayLeads(day, findings.filter(is_left), hosts, spoken, _as_it_was(whole, usual)).rows()


def _as_it_was(whole: DayLeads, usual: Usual) -> Usual:
    """What evidence is usual: by earlier days, or else by the whole day itself."""
    from flowsleuth.detect.odds.calibration import Calibration
    from flowsleuth.detect.one_list.fusion import Usual

    fused, there = whole.fused, whole.population

    def of(surprise: npt.NDArray[np.float64], kind: Ints, totals: Ints, known: Sequence[Calibration | None]) -> Any:
        return tuple(known[n] or Calibration.of(surprise[kind == n], int(totals[n])) for n in (0, 1))

    return Usual(
        of(fused.evidence, there.pair_class, there.pairs, usual.pairs),
        of(fused.pair_surprise, there.pair_class, there.pairs, usual.listed),
        of(fused.host_surprise, there.host_class, there.hosts, usual.hosts),
    )


def addresses_of_networks(
    store: Store, findings: pa.Table, in_force: Sequence[Suppression]
) -> dict[int, frozenset[str]]:
    """The addresses of each AS that is suppressed, as the flows of these days tell."""
    numbers = sorted({int(one.value) for one in in_force if one.kind == "as"})
    if not numbers or not len(findings):
        return {}
    flow = store.table("flow", days_of(findings))
    found: dict[int, set[str]] = {number: set() for number in numbers}
    for end in ("src", "dst"):
        number = flow[f"{end}_as"]
        told = flow.filter(number.isin(numbers)).select(number=number, address=flow[f"{end}_ip"]).distinct()
        for row in store.arrow(told).to_pylist():
            found[row["number"]].add(row["address"])
    return {number: frozenset(addresses) for number, addresses in found.items()}
