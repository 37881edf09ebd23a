"""Ratings: made on exactly the flows that match, previewed, taken back; days reset and restored."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flowsleuth.errors import OptionError
from flowsleuth.triage.filters import Criteria, check_severity
from flowsleuth.triage.members import LABEL_COLUMNS, Match, match, settle
from flowsleuth.workspace.chosen import chosen_flows, chosen_suspects
from flowsleuth.workspace.queue import shown
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from flowsleuth.store.case import CaseTransaction
    from flowsleuth.workspace.desk import Desk

PREVIEWED = 20
LONGEST_COMMENT = 10_000


@dataclass(frozen=True)
class Rating:
    """One act of rating.

    Attributes
    ----------
    rating_id, severity : int
    suspects : int
        Suspects it matched, wholly or in part.
    flows : int
        Flows it matched: exactly these are rated.
    criteria : dict
    analyst : str
    made : datetime
    """

    rating_id: int
    severity: int
    suspects: int
    flows: int
    criteria: dict[str, Any]
    analyst: str
    made: dt.datetime


@dataclass(frozen=True)
class Preview:
    """What a rating (or rule, or suppression) would match.

    Attributes
    ----------
    suspects, flows : int
    rated : int
        Of the suspects, how many have a rating already, which a new one would replace.
    rows : Rows
        The first of the suspects: rows of the queue, and single flows of others.
    """

    suspects: int
    flows: int
    rated: int
    rows: Rows


def find(desk: Desk, detector: str, criteria: Criteria, dates: Sequence[str] | None = None) -> Match:
    """The flows that criteria mean.

    Raises
    ------
    OptionError
        A chosen suspect or flow does not exist.
    """
    import pyarrow as pa

    rows = desk.rows(detector, dates)
    if criteria.filter is not None:
        view = desk.view(detector, dates)
        rows = rows.filter(pa.array(shown(view, criteria.filter)))
    expression = criteria.expression()
    if criteria.flows:
        return chosen_flows(desk.store, detector, rows, criteria, dates)
    if criteria.suspects:
        rows = chosen_suspects(desk.store, detector, rows, criteria.suspects, is_open=criteria.filter is None)
    return match(desk.store, detector, rows, expression)


def preview(desk: Desk, detector: str, criteria: Criteria, dates: Sequence[str] | None = None) -> Preview:
    """What a rating would match; nothing is changed."""
    return preview_of(desk, detector, find(desk, detector, criteria, dates), dates)


def preview_of(desk: Desk, detector: str, found: Match, dates: Sequence[str] | None = None) -> Preview:
    """A match in figures, with its first rows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    view = desk.view(detector, dates)
    ids = pa.concat_arrays(
        [column.combine_chunks() for column in (found.whole["suspect_id"], found.part["suspect_id"])]
    )
    is_meant = pc.is_in(view.rows["suspect_id"], value_set=ids).to_numpy()
    rated = int(np.count_nonzero(is_meant & (view.standing.severity > 0)))
    flows = found.part.append_column("flows", pa.repeat(pa.scalar(1, pa.int64()), len(found.part)))
    rows = pa.concat_tables([found.whole.slice(0, PREVIEWED), flows.slice(0, PREVIEWED)], promote_options="default")
    return Preview(found.suspects, found.flows, rated, Rows(rows.slice(0, PREVIEWED)))


def rate(
    desk: Desk,
    analyst: str,
    severity: int,
    detector: str,
    criteria: Criteria,
    *,
    dates: Sequence[str] | None = None,
    comment: str = "",
) -> Rating:
    """Rate exactly the flows that match.

    Raises
    ------
    OptionError
        Not a severity, nothing matches, or the comment is too long.
    """
    checked = check_severity(severity)
    check_comment(comment)
    found = find(desk, detector, criteria, dates)
    if not found.suspects:
        hint = "see what is there: flowsleuth queue"
        raise OptionError("no suspect in the queue matches", where=str(criteria.as_dict())[:300], hint=hint)
    row = act_row(checked, criteria.origin, criteria.as_dict(), detector=detector, dates=dates, comment=comment)
    with desk.case.transaction(analyst) as case:
        return record(case, row, found, detector)


def act_row(
    severity: int,
    origin: str,
    criteria: dict[str, Any],
    *,
    detector: str,
    dates: Sequence[str] | None,
    comment: str,
    rule_id: int | None = None,
) -> dict[str, Any]:
    """What an act of rating says of itself, but for when, by whom and what it matched."""
    return {
        "severity": severity, "origin": origin, "criteria": criteria, "detector": detector,
        "dates": None if dates is None else list(dates), "comment": comment or None, "rule_id": rule_id,
    }  # fmt: skip


def check_comment(comment: str) -> None:
    """Refuse a comment that is too long."""
    if len(comment) > LONGEST_COMMENT:
        raise OptionError(f"a comment has at most {LONGEST_COMMENT:,} characters", where="why")


def record(case: CaseTransaction, row: dict[str, Any], found: Match, detector: str) -> Rating:
    """Write a rating of suspects and flows, its labels and the deed."""
    labels = [{"detector": detector} | label for label in _whole_labels(found.whole) + _part_labels(found.part)]
    return record_labels(case, row, labels, suspects=found.suspects, flows=found.flows)


def record_labels(
    case: CaseTransaction, row: dict[str, Any], labels: list[dict[str, Any]], *, suspects: int, flows: int
) -> Rating:
    """Write a rating, its labels and the deed; each label has its detector."""
    now = dt.datetime.now(dt.UTC)
    rating_id = case.insert(
        "rating", row | {"made": now, "analyst": case.analyst, "suspects": suspects, "flows": flows}
    )
    common = {"rating_id": rating_id, "made": now, "severity": row["severity"], "is_live": True}
    case.insert_many("label", [common | label for label in labels])
    told = {name: row[name] for name in ("severity", "origin", "criteria", "rule_id") if row.get(name) is not None}
    case.audit("rate", "rating", rating_id, told | {"suspects": suspects, "flows": flows})
    return Rating(rating_id, row["severity"], suspects, flows, row["criteria"], case.analyst, now)


_SPANNED = {"src_ip": "src_ips", "src_port": "src_ports", "dst_ip": "dst_ips", "dst_port": "dst_ports"}
_TAKEN = (
    "suspect_id",
    "flows",
    "proto",
    "server_name",
    "src_bytes",
    "dst_bytes",
    "src_packets",
    "dst_packets",
    "score",
)
_READ = (*_TAKEN, *_SPANNED, *_SPANNED.values(), "first_seen", "surprise", "taught", "service_port")


def _whole_labels(rows: pa.Table) -> list[dict[str, Any]]:
    """One label per suspect; what differs within it is null."""
    return [_whole_label(row) for row in rows.select(_READ).to_pylist()]


def _whole_label(row: dict[str, Any]) -> dict[str, Any]:
    label = {name: row[name] for name in _TAKEN}
    label |= {name: row[name] if row[count] <= 1 else None for name, count in _SPANNED.items()}
    # the service's port is that of one of the ends: it is one for the suspect when that end's is
    is_one = row["service_port"] in (label["src_port"], label["dst_port"])
    return label | {
        "flow_id": None,
        "date": row["first_seen"].date().isoformat(),
        "start": row["first_seen"],
        "surprise": row["surprise"] - row["taught"],
        "service_port": row["service_port"] if is_one else None,
    }


def _part_labels(flows: pa.Table) -> list[dict[str, Any]]:
    """One label per flow."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.workspace.queue_parts import service_port

    if not len(flows):
        return []
    columns = {name: flows[name] for name in ("suspect_id", "flow_id", "score", "surprise", *LABEL_COLUMNS)}
    columns |= {
        "flows": pa.repeat(1, len(flows)),
        "date": pc.strftime(flows["start"], format="%Y-%m-%d"),
        "service_port": service_port(flows, pa.nulls(len(flows), pa.float64())),
    }
    found: list[dict[str, Any]] = pa.table(columns).to_pylist()
    return found


__all__ = ["PREVIEWED", "Preview", "Rating", "find", "preview", "preview_of", "rate", "record", "settle"]
