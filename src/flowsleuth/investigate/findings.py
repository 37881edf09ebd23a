"""One investigation: everything found about a target, from one pass over its flows where they are not too many."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.facts import AddressFacts, with_facts
from flowsleuth.errors import OptionError
from flowsleuth.investigate import queries
from flowsleuth.investigate.peers import TOPS, WAYS, kept_peers, peers_of, seen_from, top_peers, volume
from flowsleuth.investigate.sides import Inside
from flowsleuth.investigate.target import Condition, Target, condition, is_listable
from flowsleuth.investigate.timeline import Timeline, make_timeline

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

KEPT_FLOWS = 2_000_000
"""Up to so many flows of a target are kept, narrow, and asked there; for more the store is asked again."""
SEARCH_ROWS = 500_000
"""A search with more rows than this keeps those with most bytes, and says so."""
TOP = 20
LANES = 40
"""Peers that get a lane of the timeline, at most."""

Fetch = Callable[["ir.Table"], "pa.Table"]
Keep = Callable[["ir.Table"], AbstractContextManager["ir.Table"]]


@dataclass(frozen=True)
class Inquiry:
    """What is asked.

    Attributes
    ----------
    target : Target
    start, end : datetime or None
        Window of the flows' starts, UTC, ``end`` excluded; None is open.
    top : int
        How many of each kind are shown one by one.
    """

    target: Target
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    top: int = TOP

    def __post_init__(self) -> None:
        if isinstance(self.top, bool) or not isinstance(self.top, int) or self.top < 1:
            raise OptionError("must be a whole number of at least 1", where=f"--top {self.top}")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise OptionError("the window ends before it begins", where=f"--end {self.end.isoformat()}")


@dataclass(frozen=True)
class Findings:
    """What was found.

    Attributes
    ----------
    inquiry : Inquiry
    is_internal : bool or None
        Whether the target is ours; None for a network that is partly.
    search : pyarrow.Table
        Expanded search, most connections first.
    seen : pyarrow.Table
        The same, from the target's side.
    peers : pyarrow.Table
        One row per peer, most bytes first, with the facts about it.
    timeline : Timeline
    totals : dict
        ``connections``, ``peers``, ``bytes_out``, ``bytes_in``, ``first_seen``, ``last_seen``, ``within`` (connections
        between two addresses of the target) and the peers of each way.
    notes : tuple of str
        What was left out.
    absent : dict
        Facts that could not be told, with the reason.
    """

    inquiry: Inquiry
    is_internal: bool | None
    search: pa.Table
    seen: pa.Table
    peers: pa.Table
    timeline: Timeline
    totals: dict[str, Any]
    notes: tuple[str, ...]
    absent: dict[str, str]

    def top(self, kind: str) -> pa.Table:
        """One of the four tables of :data:`flowsleuth.investigate.peers.TOPS`, with the facts about each peer."""
        if kind not in TOPS:
            raise OptionError("no such table", where=kind, available=TOPS)
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = top_peers(self.seen, kind, self.inquiry.top)
        at = pc.index_in(rows["peer"], value_set=self.peers["peer"].combine_chunks())
        more = [name for name in self.peers.column_names if name not in rows.column_names]
        known = self.peers.select(more).take(at.combine_chunks())
        return pa.table(
            {name: rows[name] for name in rows.column_names}
            | {name: known[name] for name in more if name in ("way", "is_internal") or name in self.facts}
        )

    @property
    def facts(self) -> list[str]:
        """Names of the columns that sources of facts added to the peers."""
        from flowsleuth.schema.investigation import PEER

        return [name for name in self.peers.column_names if name not in PEER.names]

    def kept(self) -> pa.Table:
        """The peers that are shown one by one."""
        return kept_peers(self.peers, self.inquiry.top)


def find_condition(fetch: Fetch, flow: ir.Table, target: Target) -> Condition:
    """The condition that a target makes; asks the engine for the addresses there are only where text cannot tell."""
    import pyarrow as pa

    if is_listable(target):
        return condition(target)
    known = fetch(queries.addresses_of(flow))["address"]
    return condition(target, known.filter(pa.array(target.owns(known))).to_pylist())


def investigate(
    fetch: Fetch,
    flow: ir.Table,
    inquiry: Inquiry,
    *,
    inside: Inside,
    facts: Sequence[AddressFacts] = (),
    keep: Keep = nullcontext,
) -> Findings:
    """Find everything about a target.

    Parameters
    ----------
    fetch : callable
        Runs an Ibis expression and gives an Arrow table.
    flow : ibis table
        All flows.
    inquiry : Inquiry
    inside : Inside
        What is internal.
    facts : sequence of AddressFacts
        Who tells more about each peer.
    keep : callable
        Has an expression worked out once and its rows held for a while; by default it is asked again each time.
    """
    target = inquiry.target
    is_mine = find_condition(fetch, flow, target)
    stored = queries.flows_of(queries.within(flow, inquiry.start, inquiry.end), is_mine).select(*queries.NARROW)
    with keep(stored.limit(KEPT_FLOWS + 1)) as kept:
        is_whole = fetch(queries.how_many(kept))["flows"][0].as_py() <= KEPT_FLOWS
        flows = kept if is_whole else stored
        search, by_pair, notes = _search(fetch, flows, is_mine)
        seen = seen_from(search, target, inside)
        seen_pairs = seen if by_pair is None else seen_from(by_pair, target, inside)
        peers = with_facts(peers_of(seen_pairs, inside), "peer", [f for f in facts if f.absent is None])
        lanes = kept_peers(peers, inquiry.top).slice(0, max(LANES, inquiry.top))
        timeline = make_timeline(fetch, flows, is_mine, lanes, len(peers) - len(lanes))
        return Findings(
            inquiry,
            _is_internal(target, inside, search),
            search,
            seen if by_pair is None else seen_pairs,
            peers,
            timeline,
            _totals(search, peers) if by_pair is None else _engine_totals(fetch, flows, is_mine, peers),
            notes,
            {f.name: f.absent for f in facts if f.absent is not None},
        )


def _search(fetch: Fetch, flows: ir.Table, is_mine: Condition) -> tuple[pa.Table, pa.Table | None, tuple[str, ...]]:
    """The rows of the search; where there are too many, the strongest of them, and sums by pair of addresses."""
    rows = fetch(queries.strongest(queries.expanded_search(flows), SEARCH_ROWS))
    by_pair, notes = None, []
    if len(rows) == SEARCH_ROWS:
        by_pair = fetch(queries.pairs(flows, is_mine, SEARCH_ROWS))
        what = "the search" if len(by_pair) < SEARCH_ROWS else "the search and the peers"
        notes.append(f"only the {SEARCH_ROWS:,} rows with most bytes are in {what}")
    keys = [("connections", "descending"), ("src_ip", "ascending"), ("dst_ip", "ascending")]
    keys += [("dst_port", "ascending"), ("proto", "ascending")]
    return rows.sort_by(keys), by_pair, tuple(notes)


def _is_internal(target: Target, inside: Inside, search: pa.Table) -> bool | None:
    """By the target's addresses that were seen; a network whose addresses are on both sides has no answer."""
    import numpy as np
    import pyarrow as pa

    if target.is_address:
        return bool(inside.covers(pa.array([target.text]))[0])
    seen = [search[name].filter(pa.array(target.owns(search[name]))) for name in ("src_ip", "dst_ip")]
    answers = np.unique(np.concatenate([inside.covers(column) for column in seen]))
    return bool(answers[0]) if len(answers) == 1 else None


def _peer_counts(peers: pa.Table) -> dict[str, Any]:
    import pyarrow.compute as pc

    counted = {row["values"]: row["counts"] for row in pc.value_counts(peers["way"]).to_pylist()}
    external = len(peers) - pc.sum(peers["is_internal"], min_count=0).as_py()
    return {"peers": len(peers), "external_peers": external} | {way: counted.get(way, 0) for way in WAYS}


def _engine_totals(fetch: Fetch, flows: ir.Table, is_mine: Condition, peers: pa.Table) -> dict[str, Any]:
    """Sums over all flows, where not all peers are held."""
    found: dict[str, Any] = fetch(queries.totals(flows, is_mine)).to_pylist()[0]
    return _peer_counts(peers) | found


def _totals(search: pa.Table, peers: pa.Table) -> dict[str, Any]:
    import pyarrow.compute as pc

    all_connections = pc.sum(search["connections"], min_count=0).as_py()
    with_peers = pc.sum(peers["connections"], min_count=0).as_py()
    return _peer_counts(peers) | {
        "connections": with_peers,
        "within": all_connections - with_peers,
        "bytes_out": pc.sum(peers["bytes_out"]).as_py(),
        "bytes_in": pc.sum(peers["bytes_in"]).as_py(),
        "bytes": pc.sum(volume(peers)).as_py(),
        "first_seen": pc.min(search["first_seen"]).as_py(),
        "last_seen": pc.max(search["last_seen"]).as_py(),
    }
