"""The strongest suspects of a day with their strongest flow, their evidence and what their groups span.

Like all upkeep it goes through the embedded engine whatever engine the workspace is queried with, and it reads score
parts that may not be listed yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flowsleuth.store.catalog import Part
from flowsleuth.store.duckdb_engine import connect_duckdb
from flowsleuth.store.maintenance import files

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from flowsleuth.store.store import Store

_MARGIN = 1e-9
"""More than a score loses on its way through SQL."""

_FLOWS = "SELECT f.* FROM read_parquet($flow, hive_partitioning=false) f SEMI JOIN top USING (flow_id)"

_EVIDENCE = """
SELECT flow_id, evidence FROM read_parquet($score, hive_partitioning=false) SEMI JOIN top USING (flow_id)
WHERE score >= $lowest
"""

_MEMBERS = """
CREATE TEMP TABLE member AS
SELECT suspect_id, flow_id FROM read_parquet($score, hive_partitioning=false)
SEMI JOIN (SELECT suspect_id FROM top WHERE flows > 1) USING (suspect_id)
"""

_EXTENTS = """
SELECT suspect_id, count(DISTINCT src_ip) AS src_ips, count(DISTINCT dst_ip) AS dst_ips,
    count(DISTINCT src_port) + (count(src_port) BETWEEN 1 AND count(*) - 1)::INT AS src_ports,
    count(DISTINCT dst_port) + (count(dst_port) BETWEEN 1 AND count(*) - 1)::INT AS dst_ports,
    sum(src_bytes)::BIGINT AS group_src_bytes, sum(dst_bytes)::BIGINT AS group_dst_bytes
FROM (SELECT flow_id, src_ip, src_port, dst_ip, dst_port, src_bytes, dst_bytes
      FROM read_parquet($flow, hive_partitioning=false)) JOIN member USING (flow_id)
GROUP BY suspect_id
"""


def strongest_rows(
    store: Store, suspects: pa.Table, scores: Iterable[Part], date: str
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Flows, evidence and extents of suspects, fetched with one narrow pass each.

    Parameters
    ----------
    store : Store
    suspects : pyarrow.Table
        ``suspect_id``, ``flow_id`` (the strongest flow), ``score``, ``flows``; not empty.
    scores : iterable of Part
        Score parts of the detector's run; they may not be listed yet.
    date : str
        The day, ``YYYY-MM-DD``.

    Returns
    -------
    flows : pyarrow.Table
        Rows of ``flow``; those whose flow is not stored any more are left out.
    evidence : pyarrow.Table
        ``flow_id``, ``evidence``.
    extents : pyarrow.Table
        For groups of more than one flow: ``suspect_id``, distinct ``src_ips src_ports dst_ips dst_ports`` (no port
        among ports counts as one more; no port at all is 0), ``group_src_bytes group_dst_bytes``.
    """
    import pyarrow.compute as pc

    score_files, flow_files = files(store, scores), files(store, store.catalog.parts("flow", [date]))
    connection = connect_duckdb(store.scratch)
    try:
        connection.register("top", suspects.select(["suspect_id", "flow_id", "flows"]))
        lowest = pc.min(suspects["score"]).as_py() - _MARGIN
        flows = connection.execute(_FLOWS, {"flow": flow_files}).to_arrow_table()
        evidence = connection.execute(_EVIDENCE, {"score": score_files, "lowest": lowest}).to_arrow_table()
        return flows, evidence, _extents(connection, score_files, flow_files)
    finally:
        connection.close()


def _extents(connection: duckdb.DuckDBPyConnection, scores: list[str], flows: list[str]) -> pa.Table:
    connection.execute(_MEMBERS, {"score": scores})
    return connection.execute(_EXTENTS, {"flow": flows}).to_arrow_table()
