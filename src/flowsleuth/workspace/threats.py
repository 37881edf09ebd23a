"""Addresses that an analyst rated high."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.investigate.target import address_order
from flowsleuth.triage.set_aside import OF_FINDING

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store.case import CaseDatabase

HIGH = 1
_COLUMNS = ("label_id", "severity", "detector", "suspect_id", "flow_id", "src_ip", "dst_ip", "flows", "made")


def rated_high(case: CaseDatabase) -> pa.Table:
    """See :meth:`flowsleuth.Workspace.threats`. Of two live labels of the same thing the later one counts."""
    import pyarrow as pa

    latest: dict[tuple[Any, ...], dict[str, Any]] = {}
    for label in case.rows("label", {"is_live": True}, order=["label_id"], columns=_COLUMNS):
        latest[label["detector"], label["suspect_id"], label["flow_id"]] = label
    found: dict[str, dict[str, Any]] = {}
    for label in latest.values():
        if label["severity"] != HIGH or label["detector"].startswith(OF_FINDING):
            continue
        for address in {label["src_ip"], label["dst_ip"]} - {None}:
            row = found.setdefault(address, {"suspects": set(), "flows": 0, "last_rated": label["made"]})
            row["suspects"].add((label["detector"], label["suspect_id"]))
            row["flows"] += label["flows"]
            row["last_rated"] = max(row["last_rated"], label["made"])
    told = {story["target"] for story in case.rows("story", {"replaced": None}, columns=("target",))}
    order = sorted(found, key=lambda address: (-len(found[address]["suspects"]), address_order(address)))
    return pa.table(
        {
            "address": pa.array(order, pa.string()),
            "suspects": pa.array([len(found[a]["suspects"]) for a in order], pa.int64()),
            "flows": pa.array([found[a]["flows"] for a in order], pa.int64()),
            "last_rated": pa.array([found[a]["last_rated"] for a in order], pa.timestamp("us", tz="UTC")),
            "has_story": pa.array([a in told for a in order], pa.bool_()),
        }
    )
