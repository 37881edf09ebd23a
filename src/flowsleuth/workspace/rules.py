"""Rules at work: every declared rule applied, to what is there and to what comes, each with what it matched and when.

Rules rate like people do, with three differences: they give way to any rating by a person, whichever came first; what a
person takes back of a rule's ratings the rule does not rate again; and when a rule is changed or removed, its ratings
are taken back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flowsleuth.errors import OptionError
from flowsleuth.triage.members import Match, match
from flowsleuth.triage.rules import FILE_NAME, Rule, load_rules
from flowsleuth.workspace.lead_rating import findings_meeting, labels_of_findings
from flowsleuth.workspace.queue_parts import LEADS, detectors_with_scores
from flowsleuth.workspace.rating import Preview, act_row, preview_of, record, record_labels
from flowsleuth.workspace.rating_history import take_back

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store.case import CaseTransaction
    from flowsleuth.workspace.desk import Desk

PAGE, FILE = "page", "file"


@dataclass(frozen=True)
class RuleReport:
    """What one rule did in one application.

    Attributes
    ----------
    rule_id : int
    name : str
    severity : int
    suspects, flows : int
        New ones that it rated now; findings of leads that it rated besides are not counted.
    matched : int
        Suspects it has rated in all.
    at : datetime
    problem : str or None
        Why it could not be applied.
    """

    rule_id: int
    name: str
    severity: int
    suspects: int
    flows: int
    matched: int
    at: dt.datetime
    problem: str | None = None


class Rules:
    """The rules of a workspace: those of ``rules.yaml`` in its folder, and those in the analyst database.

    Parameters
    ----------
    desk : Desk
    folder : Path
        The workspace.
    """

    def __init__(self, desk: Desk, folder: Path) -> None:
        self._desk, self._case = desk, desk.case
        self.file = folder / FILE_NAME

    def rows(self) -> pa.Table:
        """Live rules in order of their number; those of the file that were never applied come last, without one."""
        import json

        import pyarrow as pa

        from flowsleuth.schema.analyst import RULE

        found = self._case.rows("rule", {"removed": None})
        declared = {rule.name: rule for rule in load_rules(self.file)}
        known = {row["name"] for row in found if row["origin"] == FILE and _is_same(row, declared.get(row["name"]))}
        found = [row for row in found if row["origin"] != FILE or row["name"] in known]
        found += [_row(rule, FILE, "") for name, rule in declared.items() if name not in known]
        plain = [row | {"conditions": json.dumps(row["conditions"])} for row in found]
        schema = RULE.arrow_schema()
        return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in plain], schema=schema)

    def add(self, analyst: str, rule: Rule) -> int:
        """Keep a rule made in the application; apply it with :meth:`apply`.

        Raises
        ------
        OptionError
            There is a rule of this name.
        """
        if rule.name in {one.name for one in load_rules(self.file)}:
            raise OptionError("there is a rule of this name", where=f"{rule.name} in {self.file}")
        with self._case.transaction(analyst) as case:
            if case.rows("rule", {"name": rule.name, "removed": None}):
                raise OptionError("there is a rule of this name", where=rule.name)
            return _insert(case, rule, PAGE)

    def remove(self, analyst: str, rule_id: int) -> int:
        """Remove a rule and take back what it rated; how many ratings that were.

        Raises
        ------
        OptionError
            There is no such rule, or it is one of the file's.
        """
        with self._case.transaction(analyst) as case:
            found = case.rows("rule", {"rule_id": rule_id, "removed": None})
            if not found:
                raise OptionError("there is no rule of this number", where=str(rule_id), hint="see: flowsleuth rules")
            if found[0]["origin"] == FILE and found[0]["name"] in {one.name for one in load_rules(self.file)}:
                raise OptionError("is declared in a file", where=str(self.file), hint="take it out there")
            return _remove(case, found[0])

    def preview(self, detector: str, rule: Rule, dates: Sequence[str] | None = None) -> Preview:
        """What a rule would match in the queue as it is."""
        found = match(self._desk.store, detector, self._desk.rows(detector, dates), rule.expression())
        return preview_of(self._desk, detector, found, dates)

    def apply(self, analyst: str, dates: Sequence[str] | None = None) -> list[RuleReport]:
        """Apply every enabled rule to the queues of all detectors; the file is read again first."""
        self._read_file(analyst)
        reports = []
        for row in self._case.rows("rule", {"removed": None, "is_enabled": True}):
            rule = Rule.parse({k: row[k] for k in ("name", "severity", "conditions", "comment")})
            reports.append(self._apply(analyst, row, rule, dates))
        return reports

    def _read_file(self, analyst: str) -> None:
        """Have the database follow the file: new rules in, changed and vanished ones out with their ratings."""
        declared = {rule.name: rule for rule in load_rules(self.file)}
        kept = self._case.rows("rule", {"removed": None, "origin": FILE})
        if len(kept) == len(declared) and all(_is_same(row, declared.get(row["name"])) for row in kept):
            return
        with self._case.transaction(analyst) as case:
            live = case.rows("rule", {"removed": None})
            same = {row["name"] for row in live if row["origin"] == FILE and _is_same(row, declared.get(row["name"]))}
            for row in live:
                if row["origin"] == FILE and row["name"] not in same:
                    _remove(case, row)
            pages = {row["name"] for row in live if row["origin"] == PAGE}
            if both := sorted(pages & set(declared)):
                raise OptionError("there is a rule of this name", where=f"{self.file}: {both[0]}")
            for name, rule in declared.items():
                if name not in same:
                    _insert(case, rule, FILE)

    def _apply(self, analyst: str, row: dict[str, Any], rule: Rule, dates: Sequence[str] | None) -> RuleReport:
        now = dt.datetime.now(dt.UTC)
        done: list[tuple[str, Match]] = []
        problem, findings = None, None
        try:
            for detector in detectors_with_scores(self._desk.store):
                rows = self._desk.rows(detector, dates)
                found = match(self._desk.store, detector, rows, rule.expression())
                done.append((detector, found))
            findings = findings_meeting(self._desk, rule, dates)
        except OptionError as error:
            problem = str(error)
        suspects, flows, has_matched = 0, 0, False
        with self._case.transaction(analyst) as case:
            for detector, found in done:
                new = _unknown(case, row["rule_id"], detector, found)
                if new.suspects:
                    record(case, _act(row, rule, detector, dates), new, detector)
                    suspects, flows, has_matched = suspects + new.suspects, flows + new.flows, True
            if findings is not None and (labels := _new_findings(case, row["rule_id"], findings)):
                many = sum(label["flows"] for label in labels)
                record_labels(case, _act(row, rule, LEADS, dates), labels, suspects=len(labels), flows=many)
                has_matched = True
            seen: dict[str, Any] = {"last_run": now, "matched": row["matched"] + suspects}
            case.update("rule", seen | ({"last_match": now} if has_matched else {}), {"rule_id": row["rule_id"]})
        return RuleReport(
            row["rule_id"], rule.name, rule.severity, suspects, flows, row["matched"] + suspects, now, problem
        )


def _act(row: dict[str, Any], rule: Rule, detector: str, dates: Sequence[str] | None) -> dict[str, Any]:
    return act_row(
        rule.severity, "rule", {"rule": rule.name}, detector=detector, dates=dates, comment=rule.comment,
        rule_id=row["rule_id"],
    )  # fmt: skip


def _new_findings(case: CaseTransaction, rule_id: int, findings: pa.Table) -> list[dict[str, Any]]:
    """Labels on findings that the rule has not labelled before; what was taken back of it counts as labelled."""
    known = set(_labelled(case, rule_id, LEADS)[0])
    return [label for label in labels_of_findings(findings) if label["suspect_id"] not in known]


def _row(rule: Rule, origin: str, analyst: str) -> dict[str, Any]:
    return {
        "name": rule.name, "origin": origin, "conditions": rule.plain(), "severity": rule.severity,
        "comment": rule.comment or None, "is_enabled": rule.is_enabled, "analyst": analyst,
        "made": dt.datetime.now(dt.UTC), "matched": 0,
    }  # fmt: skip


def _is_same(row: dict[str, Any], rule: Rule | None) -> bool:
    if rule is None:
        return False
    new = _row(rule, FILE, "")
    return all(row[name] == new[name] for name in ("conditions", "severity", "comment", "is_enabled"))


def _insert(case: CaseTransaction, rule: Rule, origin: str) -> int:
    row = _row(rule, origin, case.analyst)
    rule_id = int(case.insert("rule", row))
    case.audit("add-rule", "rule", rule_id, {name: row[name] for name in ("name", "origin", "conditions", "severity")})
    return rule_id


def _remove(case: CaseTransaction, row: dict[str, Any]) -> int:
    case.update("rule", {"removed": dt.datetime.now(dt.UTC)}, {"rule_id": row["rule_id"]})
    made = case.rows("rating", {"rule_id": row["rule_id"], "undone": None})
    for rating in made:
        take_back(case, rating["rating_id"], because=f"rule {row['name']} was removed or changed")
    case.audit("remove-rule", "rule", row["rule_id"], {"name": row["name"], "ratings": len(made)})
    return len(made)


def _unknown(case: CaseTransaction, rule_id: int, detector: str, found: Match) -> Match:
    """What the rule has not labelled before; what was taken back of it counts as labelled."""
    import pyarrow as pa

    whole, flows = _labelled(case, rule_id, detector)
    is_new = ~np.isin(found.whole["suspect_id"].to_numpy(), whole)
    part = found.part
    is_new_flow = ~np.isin(part["flow_id"].to_numpy(), flows) & ~np.isin(part["suspect_id"].to_numpy(), whole)
    return Match(found.whole.filter(pa.array(is_new)), part.filter(pa.array(is_new_flow)))


def _labelled(case: CaseTransaction, rule_id: int, detector: str) -> tuple[list[int], list[int]]:
    acts = [row["rating_id"] for row in case.rows("rating", {"rule_id": rule_id, "detector": detector})]
    whole: list[int] = []
    flows: list[int] = []
    for some in _chunks(acts):
        for label in case.rows("label", {"rating_id": some}):
            (whole if label["flow_id"] is None else flows).append(
                label["suspect_id" if label["flow_id"] is None else "flow_id"]
            )
    return whole, flows


def _chunks(ids: list[int], size: int = 5_000) -> Iterable[list[int]]:
    return (ids[at : at + size] for at in range(0, len(ids), size))
