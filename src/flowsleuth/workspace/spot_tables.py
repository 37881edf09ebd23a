"""The seven Spot tables of a story: its window's scores and ratings, and its target's edges, chords and timeline."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.facts import with_facts
from flowsleuth.investigate import queries
from flowsleuth.investigate.findings import find_condition
from flowsleuth.investigate.spot_rows import edge_rows, place_text, spot_table, time_text, timeline_rows
from flowsleuth.investigate.target import Target
from flowsleuth.triage.set_aside import is_about_flows
from flowsleuth.viz.cells import safe_cells
from flowsleuth.workspace.ingest_summary import summarize_ingest
from flowsleuth.workspace.investigation import context_of, days_of, suspicious_peers

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.workspace.casework import Casework
    from flowsleuth.workspace.stories import Story

SCORES = 3_000
"""Rows of ``flow_scores``: what Spot's operational analytics took by default of a day."""


def spot_tables(workspace: Casework, story: Story) -> Iterator[tuple[str, pa.Table]]:
    """The tables, one after another, by name."""
    scores = _top_suspects(workspace, story)
    yield "flow_scores", _scores(workspace, scores)
    yield "flow_edge", edge_rows(workspace.store.arrow(_edges(workspace, story, scores)))
    yield "flow_chords", _chords(workspace, story)
    yield "flow_ingest_summary", _ingest(workspace, story)
    yield "flow_threat_investigation", _ratings(workspace, story)
    yield "flow_storyboard", _storyboard(story)
    yield "flow_timeline", timeline_rows(story.target, workspace.store.arrow(_timeline(workspace, story)))


def table_bytes(rows: pa.Table, form: str) -> bytes:
    """A table as CSV (cells that a spreadsheet would run are defused) or Parquet (exact)."""
    sink = io.BytesIO()
    if form == "parquet":
        import pyarrow.parquet as pq

        pq.write_table(rows, sink, compression="zstd")
    else:
        import pyarrow.csv as pcsv

        pcsv.write_csv(safe_cells(rows), sink)
    return sink.getvalue()


def _flow(workspace: Casework, story: Story) -> ir.Table:
    days = days_of(workspace, "flow", story.start, story.end)
    return queries.within(workspace.store.table("flow", days), story.start, story.end)


def _top_suspects(workspace: Casework, story: Story) -> pa.Table:
    """The strongest suspects of the window, in order."""
    import pyarrow as pa

    from flowsleuth.workspace.suspects import Question, find_suspects

    # the window is asked of the rows, because a suspect is a group that may begin before it
    found = list(find_suspects(workspace.store, Question("group", SCORES)))
    if not found:
        return pa.table({})
    rows = pa.concat_tables(found)
    return rows.filter(_in_window(rows["start"], story))


def _in_window(times: pa.ChunkedArray, story: Story) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    kept = pc.is_valid(times)
    if story.start is not None:
        kept = pc.and_(kept, pc.greater_equal(times, pa.scalar(story.start, times.type)))
    if story.end is not None:
        kept = pc.and_(kept, pc.less(times, pa.scalar(story.end, times.type)))
    return kept


def _scores(workspace: Casework, rows: pa.Table) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.schema import FLOW

    if not len(rows):
        rows = FLOW.arrow_schema().empty_table().append_column("score", pa.array([], pa.float64()))
    context = context_of(workspace)
    columns: dict[str, Any] = {"tstart": time_text(rows["start"]), "proto": pc.utf8_upper(rows["proto"])}
    columns |= {"rank": pa.array(range(len(rows)), pa.int32()), "ml_score": pc.subtract(1.0, rows["score"])}
    for ours, theirs in (("src", "src"), ("dst", "dst")):
        address = rows[f"{ours}_ip"]
        facts = with_facts(pa.table({"ip": address}), "ip", context.facts)
        empty = pa.array([""] * len(rows), pa.string())
        columns |= {
            f"{theirs}ip": address,
            f"{theirs}ip_internal": pa.array(context.inside.covers(address)).cast(pa.int32()),
            f"{theirs}_geoloc": place_text(facts),
            f"{theirs}_domain": pc.fill_null(facts["domain"], ""),
            f"{theirs}_rep": empty,
        }
    columns |= {"sport": rows["src_port"], "dport": rows["dst_port"]}
    columns |= {"ipkt": rows["src_packets"], "ibyt": rows["src_bytes"]}
    columns |= {"opkt": rows["dst_packets"], "obyt": rows["dst_bytes"]}
    return spot_table("flow_scores", columns, rows["start"])


def _edges(workspace: Casework, story: Story, scores: pa.Table) -> ir.Table:
    """All flows between the target and its suspects' other ends, in the minutes of these suspects, in one question."""
    import ibis
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.store.portable import time_bin

    flow = _flow(workspace, story)
    target = Target.parse(story.target)
    if not len(scores):
        return flow.limit(0)
    mine = scores.filter(pa.array(target.owns(scores["src_ip"]) | target.owns(scores["dst_ip"])))
    minute = pc.divide(mine["start"].cast(pa.int64()), 60_000_000)
    both = [
        {"one": mine[a], "other": mine[b], "minute": minute} for a, b in (("src_ip", "dst_ip"), ("dst_ip", "src_ip"))
    ]
    wanted = (
        pa.concat_tables([pa.table(columns) for columns in both]).group_by(["one", "other", "minute"]).aggregate([])
    )
    listed = ibis.memtable(wanted)
    numbered = flow.mutate(_minute=time_bin(flow.start, 60))
    keys = [numbered.src_ip == listed.one, numbered.dst_ip == listed.other, numbered._minute == listed.minute]
    return numbered.semi_join(listed, keys).drop("_minute")


def _chords(workspace: Casework, story: Story) -> pa.Table:
    import pyarrow as pa

    flow = _flow(workspace, story)
    if Target.parse(story.target).is_address:
        peers = suspicious_peers(workspace, story.target, days_of(workspace, "flow", story.start, story.end))
        rows = workspace.store.arrow(queries.volume_with(flow, story.target, peers or [""]))
    else:
        rows = workspace.store.arrow(queries.volume_with(flow, "", [""]))
    columns = {
        "ip_threat": pa.array([story.target] * len(rows), pa.string()),
        "srcip": rows["src_ip"],
        "dstip": rows["dst_ip"],
        "ibyt": rows["total_src_bytes"],
        "ipkt": rows["total_src_packets"],
    }
    made = spot_table("flow_chords", columns, _days(story, len(rows)))
    return made.sort_by([("srcip", "ascending"), ("dstip", "ascending")])


def _days(story: Story, rows: int) -> pa.ChunkedArray:
    """The story's day: the beginning of its window, or else the day its first flow was seen."""
    import pyarrow as pa

    facts = story.dossier["facts"].table
    seen = None if facts is None else facts["first_seen"][0].as_py()
    day = story.start or seen or story.made
    return pa.chunked_array([pa.array([day] * rows, pa.timestamp("us", tz="UTC"))])


def _ingest(workspace: Casework, story: Story) -> pa.Table:
    import pyarrow.compute as pc

    rows = summarize_ingest(workspace, story.start, story.end).table
    flows = rows.filter(pc.equal(rows["table"], "flow"))
    columns = {"tdate": time_text(flows["start"]), "total": flows["rows"]}
    return spot_table("flow_ingest_summary", columns, flows["start"])


def _ratings(workspace: Casework, story: Story) -> pa.Table:
    rows = workspace.case.arrow("label", {"is_live": True}, order=["label_id"])
    rows = rows.filter(is_about_flows(rows["detector"]))
    rows = rows.filter(_in_window(rows["start"], story))
    columns = {"tstart": time_text(rows["start"]), "srcip": rows["src_ip"], "dstip": rows["dst_ip"]}
    columns |= {"srcport": rows["src_port"], "dstport": rows["dst_port"], "score": rows["severity"]}
    return spot_table("flow_threat_investigation", columns, rows["start"])


def _storyboard(story: Story) -> pa.Table:
    import pyarrow as pa

    texts = {"ip_threat": story.target, "title": story.title, "text": story.text}
    columns = {name: pa.array([text], pa.string()) for name, text in texts.items()}
    return spot_table("flow_storyboard", columns, _days(story, 1))


def _timeline(workspace: Casework, story: Story) -> ir.Table:
    """The target's flows with the peers that the story shows, by source, destination, protocol and ports."""
    import ibis

    flow = _flow(workspace, story)
    is_mine = find_condition(workspace.store.arrow, flow, Target.parse(story.target))
    peers = story.dossier["peers"].table
    kept = [] if peers is None else peers["peer"].to_pylist()
    flows = queries.flows_of(flow, is_mine)
    flows = flows.filter(flows.src_ip.isin(kept or [""]) | flows.dst_ip.isin(kept or [""]))
    grouped = flows.group_by("src_ip", "dst_ip", "proto", "src_port", "dst_port").aggregate(
        tstart=flows.start.min(),
        tend=ibis.coalesce(flows.end, flows.start).max(),
        ipkt=flows.src_packets.sum(),
        ibyt=flows.src_bytes.sum(),
    )
    return grouped.select(
        "tstart", "tend", "ipkt", "ibyt", srcip="src_ip", dstip="dst_ip", proto=grouped.proto.upper(), sport="src_port",
        dport="dst_port",
    )  # fmt: skip
