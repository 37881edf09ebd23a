"""What is done to rows at rest after an ingest: small parts merged, server names brought to their flows.

Both go through the embedded engine whatever engine the workspace is queried with, because the files are local to the
writer; both replace parts in one catalogue step.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flowsleuth.schema import TABLES
from flowsleuth.store.catalog import Part
from flowsleuth.store.duckdb_engine import connect_duckdb

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store.store import Store

SMALL_ROWS = 100_000
MERGE_FROM = 4
MERGED_ROWS = 1_000_000
NAMED = "named:"


def tidy(store: Store) -> None:
    """Merge small parts, then give flows the server names that http and tls rows tell."""
    for name in TABLES:
        merge_small_parts(store, name)
    fill_server_names(store)


def files(store: Store, parts: Iterable[Part]) -> list[str]:
    """Absolute paths of parts."""
    return [str(store.folder / part.path) for part in parts]


def merge_small_parts(store: Store, name: str) -> None:
    """Merge parts of one table and day when there are at least ``MERGE_FROM`` small ones."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    groups: dict[tuple[str | None, str], list[Part]] = {}
    for part in store.catalog.parts(name):
        if part.tail_of is None and part.rows < SMALL_ROWS:
            tag = NAMED if part.tag.startswith(NAMED) else part.tag
            groups.setdefault((part.date, tag), []).append(part)
    for (_, tag), parts in groups.items():
        while len(parts) >= MERGE_FROM:
            taken, rows = [], 0
            while parts and rows + parts[0].rows <= MERGED_ROWS:
                rows += parts[0].rows
                taken.append(parts.pop(0))
            schema = TABLES[name].arrow_schema()
            merged = pa.concat_tables(
                [pq.read_table(path, schema=schema, partitioning=None) for path in files(store, taken)]
            )
            tag_of_all = min(taken, key=names_seen).tag if tag == NAMED else tag
            store.replace(taken, store.write(name, merged, tag=tag_of_all))


def names_seen(part: Part) -> int:
    """Up to which http and tls parts a flow part was looked at."""
    return int(part.tag.removeprefix(NAMED)) if part.tag.startswith(NAMED) else 0


_NAMES = """
SELECT source_kind, uid, arg_min(name, rank) AS name FROM (
    SELECT source_kind, uid, server_name AS name, (0, start, event_id) AS rank
    FROM read_parquet($tls, hive_partitioning=false)
    WHERE server_name IS NOT NULL AND server_name <> '' AND uid IS NOT NULL
    UNION ALL
    SELECT source_kind, uid, host AS name, (1, start, event_id) AS rank
    FROM read_parquet($http, hive_partitioning=false)
    WHERE host IS NOT NULL AND host <> '' AND uid IS NOT NULL)
GROUP BY source_kind, uid
"""


def fill_server_names(store: Store) -> None:
    """Give flows of the same ``uid`` the TLS server name, or else the HTTP host.

    Each flow part remembers, in its tag, up to which http and tls parts it was looked at, so only what is new is
    joined. A name may be logged on the day of its flow's start or on any later day that the flow lasted into; a day
    before and a week after are looked at.
    """
    numbers = store.catalog.part_numbers(("tls", "http"))
    if not numbers:
        return
    newest = max(numbers.values())
    named = {table: store.catalog.parts(table) for table in ("tls", "http")}
    for part in store.catalog.parts("flow"):
        seen = names_seen(part)
        if seen >= newest or part.date is None:
            continue
        near = _days_around(part.date)
        fresh = {t: [p for p in parts if numbers[p.path] > seen and p.date in near] for t, parts in named.items()}
        if any(fresh.values()) and (rows := _with_names(store, part, fresh)) is not None:
            new = store.write("flow", rows, tag=f"{NAMED}{newest}", tail_of=part.tail_of)
            store.replace([part], new)
        else:
            store.catalog.retag(part.path, f"{NAMED}{newest}")


def _days_around(date: str) -> set[str]:
    day = dt.date.fromisoformat(date)
    return {str(day + dt.timedelta(days=offset)) for offset in range(-1, 8)}


def _with_names(store: Store, part: Part, fresh: dict[str, list[Part]]) -> pa.Table | None:
    """The rows of a flow part with names filled in; None when there is nothing to fill."""
    values: dict[str, object] = {"flow": [str(store.folder / part.path)]}
    for table, parts in fresh.items():
        values[table] = files(store, parts) or [str(store.folder / store.empty(table))]
    connection = connect_duckdb(store.scratch)
    try:
        connection.execute(f"CREATE TEMP TABLE names AS {_NAMES}", {k: values[k] for k in ("tls", "http")})
        found = connection.execute(
            "SELECT count(*) FROM read_parquet($flow, hive_partitioning=false) f "
            "SEMI JOIN names n USING (source_kind, uid) WHERE f.server_name IS NULL",
            {"flow": values["flow"]},
        ).fetchone()
        if not found or not found[0]:
            return None
        return connection.execute(
            "SELECT f.* REPLACE (coalesce(f.server_name, n.name) AS server_name) "
            "FROM read_parquet($flow, hive_partitioning=false) f "
            "LEFT JOIN names n USING (source_kind, uid) ORDER BY f.flow_id",
            {"flow": values["flow"]},
        ).to_arrow_table()
    finally:
        connection.close()


_SCORED = "read_parquet($score, hive_partitioning=false)"
_GROUPED = f"""
CREATE TEMP TABLE grouped AS
SELECT suspect_id, max(score) AS score, max(surprise) AS surprise, min(flow_id) AS flow_id, count(*) AS flows,
    min(start) AS first_seen, max(start) AS last_seen
FROM {_SCORED} GROUP BY suspect_id
"""
_STRONGEST = f"""
CREATE TEMP TABLE strongest AS
SELECT suspect_id, surprise, min(s.flow_id) AS flow_id
FROM {_SCORED} s JOIN (SELECT suspect_id, score, surprise FROM grouped WHERE flows > 1)
USING (suspect_id, score, surprise) GROUP BY suspect_id, surprise
"""
_DIVIDED = f"""
INSERT INTO strongest
SELECT suspect_id, best.surprise, -best.minus_id FROM (
    SELECT suspect_id, max(struct_pack(surprise := s.surprise, minus_id := -s.flow_id)) AS best
    FROM {_SCORED} s JOIN
        (SELECT suspect_id, score FROM grouped ANTI JOIN strongest USING (suspect_id) WHERE flows > 1)
    USING (suspect_id, score) GROUP BY suspect_id)
"""
"""Structs are compared field by field, which is slow: only of groups where no flow has both the highest score and the
highest surprise."""
_GROUPS = """
SELECT suspect_id, score, coalesce(s.surprise, g.surprise) AS surprise, coalesce(s.flow_id, g.flow_id) AS flow_id,
    flows, first_seen, last_seen
FROM grouped g LEFT JOIN strongest s USING (suspect_id)
"""


def group_scores(store: Store, parts: Iterable[Part]) -> pa.Table:
    """Suspects of score parts that may not be listed yet: one row per ``suspect_id`` with its strongest flow.

    The strongest flow has the highest score, then the highest surprise, then the smallest ``flow_id``.
    """
    connection = connect_duckdb(store.scratch)
    try:
        scored = {"score": files(store, parts)}
        connection.execute(_GROUPED, scored)
        connection.execute(_STRONGEST, scored)
        missing = "SELECT count(*) FILTER (flows > 1) > (SELECT count(*) FROM strongest) FROM grouped"
        if connection.execute(missing).fetchall()[0][0]:
            connection.execute(_DIVIDED, scored)
        return connection.execute(_GROUPS).to_arrow_table()
    finally:
        connection.close()
