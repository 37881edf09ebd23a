"""What a self-test found, as tables: recall by technique and segment, and each attack."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.workspace.injection.ranks import BUDGETS, Place, middle_rank, wilson
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.workspace.injection.self_test import Played

ALL = "all"
FILE_NAME = "attacks.json"


@dataclass(frozen=True)
class SelfTest:
    """What a self-test found.

    Attributes
    ----------
    recall : Rows
        A row for each technique (and ``all``), for ``by`` host and pair, and for each /24 of victims (``segment``; null
        for all of them): ``attacks``, and for each budget of leads a day ``found_N``, ``recall_N`` with Wilson's 95 %
        interval ``low_N`` to ``high_N``, and ``control_N``: how many of the victims are within the budget without any
        attack (hosts only). ``median_rank`` is null where half of the attacks are in no lead.
    attacks : Rows
        A row an attack: victim, times, flows, first and last ``flow_id``, ranks, and the reason of its lead.
    about : dict
        Window, seed, scorings, active hosts, attacks at once, techniques that could not be played and why.
    """

    recall: Rows
    attacks: Rows
    about: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {"about": self.about, "recall": self.recall.table.to_pylist(), "attacks": self.attacks.table.to_pylist()}

    def write(self, folder: Path) -> None:
        """Leave it beside a copy that is kept."""
        (folder / FILE_NAME).write_text(json.dumps(self.to_dict(), indent=1, default=str), encoding="utf-8")


def recall_rows(played: Sequence[Played]) -> Rows:
    """Recall by technique and segment, for hosts and pairs."""
    import pyarrow as pa

    rows = []
    for by in ("host", "pair"):
        for technique, segment, attacks in _groups(played):
            rows.append({"technique": technique, **_known(attacks, technique), "by": by, "segment": segment}
                        | _counted(attacks, by))  # fmt: skip
    return Rows(pa.Table.from_pylist(rows, schema=_schema()))


def _groups(played: Sequence[Played]) -> Iterator[tuple[str, str | None, list[Played]]]:
    """All attacks, each technique's, and both by segment where there are several."""
    names = list(dict.fromkeys(one.planned.technique.name for one in played))
    segments = sorted({one.planned.host.segment for one in played})
    for name in [*names, ALL]:
        mine = [one for one in played if name in (one.planned.technique.name, ALL)]
        yield name, None, mine
        for segment in segments if len(segments) > 1 else ():
            there = [one for one in mine if one.planned.host.segment == segment]
            if there:
                yield name, segment, there


def _known(attacks: Sequence[Played], technique: str) -> dict[str, str | None]:
    first = attacks[0].planned.technique if attacks and technique != ALL else None
    return {"attack_id": first.attack_id if first else None, "meaning": first.meaning if first else None}


def _counted(attacks: Sequence[Played], by: str) -> dict[str, Any]:
    places = [one.host if by == "host" else one.pair for one in attacks]
    made: dict[str, Any] = {"attacks": len(attacks), "median_rank": middle_rank([place.rank for place in places])}
    for budget in BUDGETS:
        found = _within(places, budget)
        low, high = wilson(found, len(attacks))
        made |= {f"found_{budget}": found, f"recall_{budget}": found / len(attacks) if attacks else None,
                 f"low_{budget}": low, f"high_{budget}": high}  # fmt: skip
        if by == "host":
            made[f"control_{budget}"] = _within([one.control for one in attacks], budget)
    return made


def _within(places: Sequence[Place], budget: int) -> int:
    return sum(place.rank is not None and place.rank <= budget for place in places)


def _schema() -> pa.Schema:
    import pyarrow as pa

    texts = [(name, pa.string()) for name in ("technique", "attack_id", "meaning", "by", "segment")]
    counts = [("attacks", pa.int64()), ("median_rank", pa.float64())]
    numbers = [
        (f"{name}_{budget}", pa.int64() if name in ("found", "control") else pa.float64())
        for budget in BUDGETS
        for name in ("found", "recall", "low", "high", "control")
    ]
    return pa.schema([*texts, *counts, *numbers])


def attack_rows(played: Sequence[Played]) -> Rows:
    """One row an attack."""
    import pyarrow as pa

    text, whole, part = pa.string(), pa.int64(), pa.float64()
    time = pa.timestamp("us", tz="UTC")
    schema = pa.schema([
        ("technique", text), ("number", whole), ("victim", text), ("segment", text), ("victim_flows", whole),
        ("flows", whole), ("first_flow_id", whole), ("last_flow_id", whole), ("first_seen", time), ("last_seen", time),
        ("peer", text), ("server_name", text), ("host_rank", part), ("pair_rank", part), ("control_rank", part),
        ("host_reason", text), ("pair_reason", text),
    ])  # fmt: skip
    return Rows(pa.Table.from_pylist([_attack(one) for one in played], schema=schema))


def _attack(one: Played) -> dict[str, Any]:
    rows, planned = one.rows, one.planned
    ids, starts = rows["flow_id"].to_pylist(), rows["start"].to_pylist()
    peers = sorted(set(rows["dst_ip"].to_pylist()) - one.sources)
    names = [name for name in rows["server_name"].to_pylist() if name]
    return {
        "technique": planned.technique.name, "number": planned.number, "victim": planned.host.ip,
        "segment": planned.host.segment, "victim_flows": planned.host.flows, "flows": len(rows),
        "first_flow_id": ids[0] if ids else None, "last_flow_id": ids[-1] if ids else None,
        "first_seen": min(starts, default=None), "last_seen": max(starts, default=None),
        "peer": peers[0] if len(peers) == 1 else f"{len(peers)} addresses", "server_name": names[0] if names else None,
        "host_rank": one.host.rank, "pair_rank": one.pair.rank, "control_rank": one.control.rank,
        "host_reason": one.host.reason, "pair_reason": one.pair.reason,
    }  # fmt: skip
