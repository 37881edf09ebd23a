"""Stored rows against local feeds: distinct values are compared in memory, met ones joined back by the engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from flowsleuth.detect.days.logged_meetings import urls_on
from flowsleuth.errors import OptionError
from flowsleuth.extract.in_columns import bare_hosts, look_like_addresses
from flowsleuth.extract.indicator_matching import Matcher, Pairs
from flowsleuth.schema import TABLES, Table
from flowsleuth.schema import table as find_table
from flowsleuth.schema.addresses import canonical_address
from flowsleuth.schema.intel import MATCH, MATCHED_VALUE

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.store import Store

By = Literal["row", "value"]
NAMES = ("server_name", "query", "host", "src_host", "dst_host", "domain", "host_name", "computer", "remote_host")
HASHES = ("md5", "sha1", "sha256", "hashes", "ja3", "ja3s", "fingerprint")
URLS = ("url",)
LISTS = ("answers",)
_FOUND = "intel_value"
_REQUEST = "url"
_TOLD = (
    "indicator",
    "indicator_type",
    "feed",
    "severity",
    "threat",
    "description",
    "valid_from",
    "valid_until",
    "reference",
)


@dataclass(frozen=True)
class Compared:
    """A column, what its values are, and how it is got of the table."""

    column: str
    find: Callable[[Matcher, pa.Array], Pairs]
    needs: tuple[str, ...]


def compared_columns(table: Table) -> list[Compared]:
    """Which columns of a table are compared, by their names.

    Examples
    --------
    >>> from flowsleuth.schema import FLOW, HTTP
    >>> [one.column for one in compared_columns(FLOW)], [one.column for one in compared_columns(HTTP)][-1]
    (['src_ip', 'dst_ip', 'src_host', 'dst_host', 'server_name'], 'url')
    """
    found = []
    for name in table.names:
        kind = (
            _addresses if name.endswith("_ip") or name == "ip"
            else _names if name in NAMES
            else _hashes if name in HASHES
            else _urls if name in URLS
            else _listed if name in LISTS
            else None
        )  # fmt: skip
        if kind is not None:
            found.append(Compared(name, kind, (name,)))
    if {"host", "uri"} <= set(table.names):
        found.append(Compared(_REQUEST, _urls, ("host", "uri")))
    return found


def _addresses(matcher: Matcher, values: pa.Array) -> Pairs:
    return matcher.addresses(values)


def _hashes(matcher: Matcher, values: pa.Array) -> Pairs:
    return matcher.hashes(values)


def _urls(matcher: Matcher, values: pa.Array) -> Pairs:
    return matcher.urls(values.to_pylist())


def _names(matcher: Matcher, values: pa.Array) -> Pairs:
    """Names; also the addresses that stand in such columns, with a port or not."""
    import pyarrow as pa
    import pyarrow.compute as pc

    bare = bare_hosts(values)
    addresses = pc.if_else(look_like_addresses(bare), bare, pa.scalar(None, pa.string()))
    return Pairs.join([matcher.domains(bare), matcher.addresses(addresses)])


def _listed(matcher: Matcher, values: pa.Array) -> Pairs:
    """JSON lists of text, as DNS answers are: addresses and names."""
    import numpy as np
    import pyarrow as pa

    owners: list[int] = []
    parts: list[str] = []
    for row, text in enumerate(values.to_pylist()):
        for part in _texts(text):
            owners.append(row)
            parts.append(part)
    array = pa.array(parts, pa.string())
    found = _names(matcher, array)
    return Pairs(np.array(owners, np.int64)[found.values] if owners else found.values, found.indicators)


def _texts(text: str) -> list[str]:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return [_canonical(one) for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _canonical(text: str) -> str:
    try:
        return canonical_address(text)
    except ValueError:
        return text


def match_table(store: Store, name: str = "flow", by: By = "row", dates: Iterable[str] | None = None) -> pa.Table:
    """See :meth:`flowsleuth.Workspace.intel_match`."""
    import pyarrow as pa

    table = find_table(name)
    compared = compared_columns(table)
    if table.id_column is None or not compared:
        able = [one.name for one in TABLES.values() if one.id_column and compared_columns(one)]
        raise OptionError("nothing in it can be compared with indicators", where=name, available=able)
    if by not in ("row", "value"):
        raise OptionError("no such way", where=str(by)[:50], available=("row", "value"))
    indicators = store.arrow(store.table("indicator"))
    if not len(indicators):
        raise OptionError("there are no indicators", where="intel match", hint="add a feed: flowsleuth intel add FILE")
    matcher = Matcher(indicators)
    rows = store.table(name, dates)
    found = [_match_column(store, table, rows, one, matcher=matcher, by=by) for one in compared]
    schema = (MATCH if by == "row" else MATCHED_VALUE).arrow_schema()
    tables = [one for one in found if one is not None]
    whole = (
        pa.concat_tables([one.select(schema.names).cast(schema) for one in tables]) if tables else schema.empty_table()
    )
    first = [("start", "ascending"), ("row_id", "ascending")] if by == "row" else [("rows", "descending")]
    return whole.sort_by([*first, *((name, "ascending") for name in ("value", "column", "feed", "indicator"))])


def _match_column(
    store: Store, table: Table, rows: ir.Table, one: Compared, *, matcher: Matcher, by: By
) -> pa.Table | None:
    import numpy as np
    import pyarrow as pa

    valued = _valued(rows, one, matcher)
    if valued is None:
        return None
    distinct = store.arrow(valued.select(_FOUND).distinct())[_FOUND].combine_chunks()
    pairs = one.find(matcher, distinct)
    met = np.unique(pairs.values)
    if not len(met):
        return None
    values = distinct.take(pa.array(met))
    joined = store.arrow(_joined(table, valued, values, by))
    told = _told(joined, values, met, pairs, matcher.indicators)
    return told.append_column("column", pa.array([one.column] * len(told), pa.string()))


def _valued(rows: ir.Table, one: Compared, matcher: Matcher) -> ir.Table | None:
    """Rows that have a value in the column, as ``intel_value``; None when no indicator could meet any."""
    for name in one.needs:
        rows = rows.filter(rows[name].notnull())
    if one.column != _REQUEST or one.needs == (_REQUEST,):
        return rows.mutate(**{_FOUND: rows[one.column].cast("string")})
    sites = matcher.sites
    if not sites:
        return None
    rows = urls_on(rows, sites)
    return rows.mutate(**{_FOUND: rows.url})


def _joined(table: Table, valued: ir.Table, values: pa.Array, by: By) -> ir.Table:
    """Rows whose value was met, or one row for each such value."""
    import ibis
    import pyarrow as pa

    listed = ibis.memtable(pa.table({"intel_met": values}))
    met = valued.inner_join(listed, valued[_FOUND] == listed["intel_met"])
    start = met[table.time_column] if table.time_column else ibis.null("timestamp('UTC')")
    plain = met.select(row_id=met[str(table.id_column)], start=start, value=met["intel_met"])
    if by == "row":
        return plain
    return plain.group_by("value").aggregate(
        rows=plain.count(),
        first_seen=plain["start"].min(),
        last_seen=plain["start"].max(),
        row_id=plain["row_id"].min(),
    )


def _told(joined: pa.Table, values: pa.Array, met: Any, pairs: Pairs, indicators: pa.Table) -> pa.Table:
    """Each joined row once for every indicator that its value meets, with what the indicator says."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    order = np.argsort(pairs.values, kind="stable")
    begin = np.searchsorted(pairs.values[order], met)
    counts = np.searchsorted(pairs.values[order], met, side="right") - begin
    place = (
        pc.index_in(joined["value"].combine_chunks(), value_set=values).to_numpy(zero_copy_only=False).astype(np.int64)
    )
    each = counts[place]
    within = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
    owners = pairs.indicators[order][np.repeat(begin[place], each) + within]
    rows = joined.take(pa.array(np.repeat(np.arange(len(joined)), each)))
    said = indicators.select(_TOLD).take(pa.array(owners))
    for name in _TOLD:
        rows = rows.append_column(name, said[name])
    return rows
