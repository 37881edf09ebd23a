"""What hosts met by the logs beside flows: addresses that DNS answered with, URLs, certificates, TLS fingerprints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.indicator_uses import CERTIFICATE, FINGERPRINT, RESOLVED, URL
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.pair_times import as_ints
from flowsleuth.detect.days.queried_names import LOCAL_PORTS
from flowsleuth.detect.dense_codes import TextCodes, in_runs
from flowsleuth.extract.in_columns import list_parts, look_like_addresses
from flowsleuth.extract.urls import parse_url
from flowsleuth.schema.addresses import HomeNetworks, canonical_addresses

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Logged:
    """What a log says that hosts met; arrays of shape (n,).

    Attributes
    ----------
    kind : int
        :data:`.indicator_uses.KINDS`.
    texts : pyarrow.Array of string
        The distinct things.
    host, thing, other, times, flows, first_us, last_us : array of int64
        Host code of the source; place in `texts`; host code of the other end (-1: not seen in flows); how often, in how
        many connections, and when.
    """

    kind: int
    texts: pa.Array
    host: Ints
    thing: Ints
    other: Ints
    times: Ints
    flows: Ints
    first_us: Ints
    last_us: Ints


def answered_addresses(day: NetworkDay) -> Logged:
    """Addresses in the answers to the day's questions: they, not the resolver, are the other end."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def build(rows: ir.Table) -> ir.Table:
        wide = rows.filter(rows.answers.notnull() & ~rows.dst_port.isin(LOCAL_PORTS).fill_null(False))
        return _count(wide, "src_ip", value=wide.answers)

    rows = day.input.arrow(day.input.counts("answers", build, [day.date], "dns").drop("date"))
    lists = TextCodes.distinct(rows["value"])
    parts = list_parts(lists.texts)
    text = pc.list_flatten(parts)
    is_address = look_like_addresses(text)
    text = canonical_addresses(text.filter(is_address), HomeNetworks(())).text
    of_list = pc.list_parent_indices(parts).filter(is_address).to_numpy().astype(np.int64)
    known = TextCodes.distinct(pa.chunked_array([text]))
    code = known.of(text)
    keep = code >= 0
    code, of_list = code[keep], of_list[keep]  # list by list
    low = np.searchsorted(of_list, np.arange(len(lists) + 1))
    of_row = lists.of(rows["value"])
    row, at = in_runs(low[of_row], np.diff(low)[of_row])
    thing = code[at]
    return _logged(day, RESOLVED, rows.take(pa.array(row)), known, thing, other=day.addresses.of(known.texts)[thing])


def requested_urls(day: NetworkDay, sites: Iterable[str]) -> Logged:
    """URLs on some sites that were asked for."""
    wanted = urls_on(day.input.table("http"), sites)
    told = wanted.mutate(src_port=wanted.src_port.fill_null(0))  # where ports are not told: one connection
    rows = day.input.arrow(_count(told, "src_ip", "dst_ip", value=told.url, flows=told.src_port.nunique()))
    known = TextCodes.distinct(rows["value"])
    return _logged(day, URL, rows, known, known.of(rows["value"]), other=day.addresses.of(rows["dst_ip"]))


def urls_on(http: ir.Table, sites: Iterable[str]) -> ir.Table:
    """Requests with their ``url`` (without a scheme of its own: ``http``), only those to some sites.

    Parameters
    ----------
    http : ibis table
        Rows of ``schema.HTTP``.
    sites : iterable of str
        Hosts, with their port where it is not the usual one.
    """
    import ibis
    import pyarrow as pa

    named = {name for site in sites for name in (site, parse_url(f"http://{site}").host)}
    listed = ibis.memtable(pa.table({"listed_site": pa.array(sorted(named), pa.string())}))
    rows = http.filter(http.host.notnull() & http.uri.notnull())
    rows = rows.semi_join(listed, rows.host.lower() == listed.listed_site)
    is_whole = rows.uri.startswith("http://") | rows.uri.startswith("https://")
    return rows.mutate(url=ibis.ifelse(is_whole, rows.uri, ibis.literal("http://") + rows.host + rows.uri))


def shown_fingerprints(day: NetworkDay) -> list[Logged]:
    """Certificates of servers, and JA3 and JA3S, of the day's TLS handshakes."""
    found = []
    for name, kind in (("fingerprint", CERTIFICATE), ("ja3", FINGERPRINT), ("ja3s", FINGERPRINT)):

        def build(rows: ir.Table, name: str = name) -> ir.Table:
            marked = rows.filter(rows[name].notnull())
            return _count(marked, "src_ip", "dst_ip", value=marked[name])

        rows = day.input.arrow(day.input.counts(f"shown_{name}", build, [day.date], "tls").drop("date"))
        known = TextCodes.distinct(rows["value"])
        found.append(_logged(day, kind, rows, known, known.of(rows["value"]), other=day.addresses.of(rows["dst_ip"])))
    return found


def _count(rows: ir.Table, *ends: str, value: ir.Value, **more: ir.Value) -> ir.Table:
    """How often each source met a value, when, and what else is asked."""
    grouped = rows.filter(rows.src_ip.notnull()).group_by(*ends, value=value)
    return grouped.aggregate(
        times=lambda t: t.count(), first=lambda t: t.start.min(), last=lambda t: t.start.max(), **more
    )


def _logged(day: NetworkDay, kind: int, rows: pa.Table, known: TextCodes, thing: Ints, *, other: Ints) -> Logged:
    """Only what hosts of ours met."""
    host = day.addresses.of(rows["src_ip"])
    at = np.flatnonzero(np.append(day.is_ours, False)[host])
    names = ("times", "flows" if "flows" in rows.column_names else "times", "first", "last")
    times, flows, first, last = (as_ints(rows[name])[at] for name in names)
    return Logged(kind, known.texts, host[at], thing[at], other[at], times, flows, first, last)
