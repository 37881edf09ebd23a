"""Meetings of hosts of ours with what stored feeds list, each by the strongest way it came about."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.dense_codes import TextCodes, count_distinct, only_value, pack, places_in
from flowsleuth.detect.findings import NONE, Extent
from flowsleuth.detect.network_day import NetworkDay
from flowsleuth.detect.pair_times import as_ints
from flowsleuth.detect.queried_names import count_queries
from flowsleuth.extract.indicator_matching import Matcher, Pairs
from flowsleuth.extract.observables import CIDR

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ANSWERED, ASKED, UNANSWERED, LET_IN = WAYS = range(4)
"""It connected there and got an answer; asked DNS for the name; connected in vain; answered what came from there."""
SEVERITIES = ("unknown", "information", "warning", "high")
TOLD = ("feed", "indicator", "indicator_type", "is_exact", "severity", "threat", "valid_from", "valid_until")


@dataclass(frozen=True)
class Uses:
    """What hits rest on: a row of the day's pairs or questions, and what it meets; arrays of shape (n,).

    Attributes
    ----------
    host, is_name, thing, other, way, indicator : array of int64
        Host of ours; whether a name was met; its place among the names, or the host code of the address; host code of
        the address (-1: none); :data:`WAYS`; place among the indicators.
    flows, first_us, last_us : array of int64
    src_bytes, dst_bytes : array of float64
    """

    host: Ints
    is_name: Ints
    thing: Ints
    other: Ints
    way: Ints
    indicator: Ints
    flows: Ints
    first_us: Ints
    last_us: Ints
    src_bytes: Floats
    dst_bytes: Floats

    @classmethod
    def join(cls, parts: list[Uses]) -> Uses:
        """All of them."""
        columns = zip(*(vars(part).values() for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))


@dataclass(frozen=True)
class Hits:
    """Hits by (host, thing, feed); arrays of shape (n,).

    Attributes
    ----------
    host, is_name, thing, way : array of int64
        As in :class:`Uses`; of the ways the strongest.
    feed, indicator, severity : array of int64
        Place among the feeds; the most severe of its indicators; place in :data:`SEVERITIES`.
    peers : array of int64
        Addresses outside, or names, that the host met in any way.
    n_ours : int
        Hosts of ours that began something.
    listed_addresses, listed_domains : array of float64, shape (n_feeds,)
    indicators : pyarrow.Table
    texts : pyarrow.Array of string
        Names.
    uses : Uses
    of : array of int64
        Which hit each of `uses` is of.
    """

    host: Ints
    is_name: Ints
    thing: Ints
    way: Ints
    feed: Ints
    indicator: Ints
    severity: Ints
    peers: Ints
    n_ours: int
    listed_addresses: Floats
    listed_domains: Floats
    indicators: pa.Table
    texts: pa.Array
    uses: Uses
    of: Ints

    def extents(self, wanted: Ints) -> tuple[Extent, Ints]:
        """What some hits rest on, in their way; and the only address of each."""
        of = np.where(self.uses.way == self.way[self.of], places_in(wanted, self.host.size)[self.of], NONE)
        return Extent.of_groups(self.uses, of, wanted.size), only_value(self.uses.other, of, wanted.size)


def find_hits(day: NetworkDay) -> Hits | None:
    """What hosts of ours met of what is listed; None where nothing is listed, or nothing was met."""
    import pyarrow as pa

    indicators = _listed(day)
    if not len(indicators):
        return None
    asked = day.input.arrow(count_queries(day.input, day.date))
    names = TextCodes.distinct(pa.chunked_array([*asked["query"].chunks, day.names.texts], pa.string()))
    matcher = Matcher(indicators)
    in_addresses, in_names = matcher.addresses(day.addresses.texts), matcher.domains(names.texts)
    uses = Uses.join([
        _met_addresses(day, in_addresses), _met_names(day, names, in_names), _asked(day, asked, names, in_names),
    ])  # fmt: skip
    return _put_together(day, indicators, names, uses) if uses.host.size else None


def _listed(day: NetworkDay) -> pa.Table:
    """Indicators that held on the day, or begin later."""
    table = day.input.table("indicator")
    begin = dt.datetime.combine(day.date, dt.time(), dt.UTC)
    holds = (table.valid_until >= begin).fill_null(True)
    found = day.input.arrow(table.filter(holds).select(*TOLD))
    return found.sort_by([("feed", "ascending"), ("indicator", "ascending")]).combine_chunks()


def _rows_met(place: Ints, pairs: Pairs) -> tuple[Ints, Ints]:
    """Rows whose value, by its place among the distinct ones, is listed: once for each indicator, and that."""
    found = np.flatnonzero(place >= 0)
    low = np.searchsorted(pairs.values, place[found])
    counts = np.searchsorted(pairs.values, place[found], side="right") - low
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(found, counts), pairs.indicators[np.repeat(low, counts) + within]


def _met_addresses(day: NetworkDay, listed: Pairs) -> Uses:
    """Connections of ours with listed addresses outside."""
    pairs, is_ours = day.pairs, day.is_ours
    is_out = is_ours[pairs.src] & ~(is_ours[pairs.dst] & day.is_home.any())
    is_in = ~is_out & is_ours[pairs.dst] & ~is_ours[pairs.src]
    other = np.where(is_out, pairs.dst, pairs.src).astype(np.int64)
    talks = pairs.flows > pairs.failed
    rows, of = _rows_met(np.where(is_out | (is_in & talks), other, NONE), listed)
    way = np.where(is_in, LET_IN, np.where(talks, ANSWERED, UNANSWERED))[rows]
    host = np.where(is_in, pairs.dst, pairs.src)[rows].astype(np.int64)
    return _of_pairs(day, rows, of, host=host, thing=other[rows], is_name=False, way=way)


def _met_names(day: NetworkDay, names: TextCodes, listed: Pairs) -> Uses:
    """Connections of ours to listed names."""
    pairs = day.pairs
    code = np.append(names.of(day.names.texts), NONE)[pairs.name]
    rows, of = _rows_met(np.where(day.is_ours[pairs.src], code, NONE), listed)
    way = np.where(pairs.flows > pairs.failed, ANSWERED, UNANSWERED)[rows]
    host = pairs.src[rows].astype(np.int64)
    return _of_pairs(day, rows, of, host=host, thing=code[rows], is_name=True, way=way)


def _of_pairs(day: NetworkDay, rows: Ints, of: Ints, *, host: Ints, thing: Ints, is_name: bool, way: Ints) -> Uses:
    pairs = day.pairs
    extent = Extent.of_rows(pairs, rows)
    other = np.where(way == LET_IN, pairs.src[rows], pairs.dst[rows]).astype(np.int64)
    kind = np.full(rows.size, int(is_name))
    return Uses(host, kind, thing, other, way, of, *vars(extent).values())


def _asked(day: NetworkDay, asked: pa.Table, names: TextCodes, listed: Pairs) -> Uses:
    """Questions of ours for listed names."""
    host = day.addresses.of(asked["src_ip"])
    code = names.of(asked["query"])
    rows, of = _rows_met(np.where(np.append(day.is_ours, False)[host], code, NONE), listed)
    flows, first, last = (as_ints(asked[name])[rows] for name in ("asked", "first", "last"))
    many, untold = np.ones(rows.size, dtype=np.int64), np.full(rows.size, np.nan)
    return Uses(host[rows], many, code[rows], NONE * many, ASKED * many, of, flows, first, last, untold, untold)


def _put_together(day: NetworkDay, indicators: pa.Table, names: TextCodes, uses: Uses) -> Hits:
    import pyarrow as pa
    import pyarrow.compute as pc

    feeds = TextCodes.distinct(indicators["feed"])
    feed_of = feeds.of(indicators["feed"])
    severity_of = as_ints(pc.fill_null(pc.index_in(indicators["severity"], value_set=pa.array(SEVERITIES)), 0))
    keys = (uses.host, uses.is_name, uses.thing, feed_of[uses.indicator])
    _, first, of = np.unique(pack(*keys), return_index=True, return_inverse=True)
    order = np.lexsort((uses.indicator, -severity_of[uses.indicator], uses.way, of))
    best = order[np.unique(of[order], return_index=True)[1]]
    host, is_name, thing, feed = (key[first] for key in keys)
    pairs = day.pairs
    is_out = day.is_ours[pairs.src]
    n_ours = np.unique(pairs.src[is_out]).size
    return Hits(
        host, is_name, thing, uses.way[best], feed, uses.indicator[best], severity_of[uses.indicator[best]],
        _peers(day, is_out)[is_name, host], n_ours, *_lengths(indicators, feed_of, len(feeds)), indicators,
        names.texts, uses, of,
    )  # fmt: skip


def _peers(day: NetworkDay, is_out: Bools) -> Ints:
    """Addresses, and names, that each host connected to: shape (2, n_hosts); at least one."""
    pairs, counts = day.pairs, []
    for code in (pairs.dst, pairs.name):
        rows = np.flatnonzero(is_out & (code >= 0))
        counts.append(count_distinct(pairs.src[rows], code[rows], day.n_hosts))
    return np.maximum(np.stack(counts), 1)


def _lengths(indicators: pa.Table, feed: Ints, feeds: int) -> tuple[Floats, Floats]:
    """IPv4 addresses and domains that each feed lists."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, text = indicators["indicator_type"], indicators["indicator"]
    bits = pc.struct_field(pc.extract_regex(text, r"^[0-9.]+/(?P<bits>[0-9]+)$"), "bits")
    of_network = 2.0 ** (32.0 - pc.cast(pc.fill_null(bits, "32"), pa.float64()).to_numpy())
    sizes = np.where(_are(kind, CIDR), of_network, _are(kind, "ipv4"))
    sizes[_are(kind, CIDR) & pc.match_substring(text, ":").to_numpy()] = 0.0
    domains = _are(kind, "domain").astype(np.float64)
    found = [np.bincount(feed, weights=weight, minlength=feeds).astype(np.float64) for weight in (sizes, domains)]
    return found[0], found[1]


def _are(kind: pa.ChunkedArray, name: str) -> Bools:
    import pyarrow.compute as pc

    found: Bools = pc.equal(kind, name).to_numpy()
    return found
