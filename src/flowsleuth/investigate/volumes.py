"""Who sent how much to whom, as chords."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowsleuth.schema.investigation import CHORD

if TYPE_CHECKING:
    import pyarrow as pa


def directed(rows: pa.Table) -> pa.Table:
    """Sums by source and destination of *flows* turned into sums by who *sent*: both ends of a flow send.

    Parameters
    ----------
    rows : pyarrow.Table
        ``src_ip``, ``dst_ip``, ``total_src_bytes``, ``total_src_packets``, ``total_dst_bytes``, ``total_dst_packets``.

    Returns
    -------
    pyarrow.Table
        The columns of :data:`flowsleuth.schema.investigation.CHORD`, most bytes first; pairs that sent nothing are
        left out.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    halves = [
        pa.table(
            {
                "src_ip": rows[f"{sender}_ip"],
                "dst_ip": rows[f"{getter}_ip"],
                "bytes": rows[f"total_{sender}_bytes"],
                "packets": rows[f"total_{sender}_packets"],
            }
        )
        for sender, getter in (("src", "dst"), ("dst", "src"))
    ]
    sums = pa.concat_tables(halves).group_by(["src_ip", "dst_ip"]).aggregate([("bytes", "sum"), ("packets", "sum")])
    sums = sums.rename_columns(list(CHORD.names)).cast(CHORD.arrow_schema())
    said = sums.filter(
        pc.or_(pc.greater(pc.fill_null(sums["bytes"], 0), 0), pc.greater(pc.fill_null(sums["packets"], 0), 0))
    )
    return said.sort_by([("bytes", "descending"), ("src_ip", "ascending"), ("dst_ip", "ascending")])


def volumes_of(target: str, is_internal: bool | None, peers: pa.Table, shown: int) -> tuple[pa.Table, pa.Table]:
    """Nodes and edges between the target and its peers; peers beyond ``shown`` are one node together.

    Parameters
    ----------
    peers : pyarrow.Table
        All peers, most bytes first.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    head, rest = peers.slice(0, shown), peers.slice(shown)
    columns = ("bytes_out", "bytes_in", "packets_out", "packets_in")
    rows = {name: head[name].to_pylist() for name in ("peer", "is_internal", *columns)}
    if len(rest):
        rows["peer"].append(f"{len(rest):,} other peers")
        rows["is_internal"].append(bool(pc.all(rest["is_internal"]).as_py()))
        for name in columns:
            rows[name].append(pc.sum(rest[name]).as_py())
    nodes = pa.table({"name": [target, *rows["peer"]], "is_internal": [bool(is_internal), *rows["is_internal"]]})
    links = [
        pa.table(
            {
                "source": pa.array([target] * len(rows["peer"]) if way == "out" else rows["peer"], pa.string()),
                "target": pa.array(rows["peer"] if way == "out" else [target] * len(rows["peer"]), pa.string()),
                "bytes": pa.array(rows[f"bytes_{way}"], pa.int64()),
                "packets": pa.array(rows[f"packets_{way}"], pa.int64()),
            }
        )
        for way in ("out", "in")
    ]
    edges = pa.concat_tables(links)
    return nodes, edges.filter(pc.greater(pc.fill_null(edges["bytes"], 0), 0))
