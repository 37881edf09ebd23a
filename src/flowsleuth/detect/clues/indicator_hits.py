"""Meetings of hosts of ours with what stored feeds list, each by the strongest way it came about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.indicator_uses import (
    ADDRESS,
    ANSWERED,
    ASKED,
    KINDS,
    LET_IN,
    NAME,
    RESOLVED,
    UNANSWERED,
    URL,
    Uses,
)
from flowsleuth.detect.days.logged_meetings import Logged, answered_addresses, requested_urls, shown_fingerprints
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.pair_times import as_ints
from flowsleuth.detect.days.queried_names import count_queries
from flowsleuth.detect.dense_codes import (
    TextCodes,
    count_distinct,
    distinct,
    in_runs,
    joined,
    only_value,
    pack,
    places_in,
)
from flowsleuth.detect.findings import NONE, Extent
from flowsleuth.extract.indicator_matching import Matcher, Pairs
from flowsleuth.extract.observables import ADDRESSES, CIDR, HASHES

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SEVERITIES = ("unknown", "information", "warning", "high")
TOLD = ("feed", "indicator", "indicator_type", "is_exact", "severity", "threat", "valid_from", "valid_until")


@dataclass(frozen=True)
class Hits:
    """Hits by (host, thing, feed); arrays of shape (n,).

    Attributes
    ----------
    host, kind, thing, way : array of int64
        As in :class:`.indicator_uses.Uses`; of the ways the strongest.
    feed, indicator, severity : array of int64
        Place among the feeds; the most severe of its indicators; place in :data:`SEVERITIES`.
    peers : array of int64
        Addresses outside, or names, that the host met in any way; what else it met of the kind.
    n_ours : int
        Hosts of ours that began something.
    listed : array of float64, shape (4, n_feeds)
        IPv4 addresses, domains, URLs and hashes that each feed lists.
    indicators : pyarrow.Table
    texts : pyarrow.Array of string
        Names, and what else was met but addresses.
    uses : Uses
    of : array of int64
        Which hit each of `uses` is of.
    """

    host: Ints
    kind: Ints
    thing: Ints
    way: Ints
    feed: Ints
    indicator: Ints
    severity: Ints
    peers: Ints
    n_ours: int
    listed: Floats
    indicators: pa.Table
    texts: pa.Array
    uses: Uses
    of: Ints

    def extents(self, wanted: Ints) -> tuple[Extent, Ints, Ints]:
        """What some hits rest on, in their way; the only address of each; how often it was met."""
        of = np.where(self.uses.way == self.way[self.of], places_in(wanted, self.host.size)[self.of], NONE)
        is_of = of >= 0
        times = np.bincount(of[is_of], weights=self.uses.times[is_of], minlength=wanted.size).astype(np.int64)
        return Extent.of_groups(self.uses, of, wanted.size), only_value(self.uses.other, of, wanted.size), times


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
    met = _met_addresses(day, in_addresses)
    parts, texts = [met, _met_names(day, names, in_names), _asked(day, asked, names, in_names)], [names.texts]
    peers = np.zeros((len(KINDS), day.n_hosts), dtype=np.int64)
    peers[ADDRESS], peers[NAME] = _peers(day, day.pairs.dst), _peers(day, day.pairs.name)
    peers[URL] = peers[NAME]  # only requests of listed sites were read
    for logged, find in _logs(day, matcher):
        if logged.kind != URL:
            peers[logged.kind] += np.bincount(logged.host, minlength=day.n_hosts)
        found = _of_log(logged, find(logged.texts), sum(map(len, texts)))
        parts.append(_not_met(found, met) if logged.kind == RESOLVED else found)
        texts.append(logged.texts)
    whole = pa.concat_arrays([one.cast(pa.string()) for one in texts])
    uses = joined(parts)
    return _put_together(day, indicators, whole, uses, peers) if uses.host.size else None


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
    run, at = in_runs(low, counts)
    return found[run], pairs.indicators[at]


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
    return _of_pairs(day, rows, of, host=host, thing=other[rows], kind=ADDRESS, way=way)


def _met_names(day: NetworkDay, names: TextCodes, listed: Pairs) -> Uses:
    """Connections of ours to listed names."""
    pairs = day.pairs
    code = np.append(names.of(day.names.texts), NONE)[pairs.name]
    rows, of = _rows_met(np.where(day.is_ours[pairs.src], code, NONE), listed)
    way = np.where(pairs.flows > pairs.failed, ANSWERED, UNANSWERED)[rows]
    host = pairs.src[rows].astype(np.int64)
    return _of_pairs(day, rows, of, host=host, thing=code[rows], kind=NAME, way=way)


def _of_pairs(day: NetworkDay, rows: Ints, of: Ints, *, host: Ints, thing: Ints, kind: int, way: Ints) -> Uses:
    pairs = day.pairs
    extent = Extent.of_rows(pairs, rows)
    other = np.where(way == LET_IN, pairs.src[rows], pairs.dst[rows]).astype(np.int64)
    return Uses(host, np.full(rows.size, kind), thing, other, way, of, extent.flows, *vars(extent).values())


def _asked(day: NetworkDay, asked: pa.Table, names: TextCodes, listed: Pairs) -> Uses:
    """Questions of ours for listed names."""
    host = day.addresses.of(asked["src_ip"])
    code = names.of(asked["query"])
    rows, of = _rows_met(np.where(np.append(day.is_ours, False)[host], code, NONE), listed)
    flows, first, last = (as_ints(asked[name])[rows] for name in ("asked", "first", "last"))
    kind, other, way = (np.full(rows.size, one) for one in (NAME, NONE, ASKED))
    untold = np.full(rows.size, np.nan)
    return Uses(host[rows], kind, code[rows], other, way, of, flows, flows, first, last, untold, untold)


def _logs(day: NetworkDay, matcher: Matcher) -> Iterator[tuple[Logged, Callable[[pa.Array], Pairs]]]:
    """What logs say was met, of the kinds that are listed, and how it is compared."""
    if matcher.has(*ADDRESSES, CIDR):
        yield answered_addresses(day), matcher.addresses
    if matcher.has("url"):
        yield requested_urls(day, matcher.sites), lambda texts: matcher.urls(texts.to_pylist())
    if matcher.has(*HASHES):
        for shown in shown_fingerprints(day):
            yield shown, matcher.hashes


def _of_log(logged: Logged, listed: Pairs, before: int) -> Uses:
    """Of what logs say was met, what is listed; its texts stand behind `before` others."""
    rows, of = _rows_met(logged.thing, listed)
    names = ("host", "thing", "other", "times", "flows", "first_us", "last_us")
    host, thing, other, times, flows, first, last = (getattr(logged, name)[rows] for name in names)
    kind, untold = np.full(rows.size, logged.kind), np.full(rows.size, np.nan)
    way = np.full(rows.size, ASKED if logged.kind == RESOLVED else ANSWERED)
    return Uses(host, kind, thing + before, other, way, of, times, flows, first, last, untold, untold)


def _not_met(uses: Uses, met: Uses) -> Uses:
    """Answers without those of addresses that the same host then had to do with."""
    known = pack(np.append(met.host, uses.host), np.append(met.thing, uses.other))
    keep = np.flatnonzero(~np.isin(known[met.host.size :], known[: met.host.size]))
    return Uses(*(column[keep] for column in vars(uses).values()))


def _put_together(day: NetworkDay, indicators: pa.Table, texts: pa.Array, uses: Uses, peers: Ints) -> Hits:
    import pyarrow as pa
    import pyarrow.compute as pc

    feeds = TextCodes.distinct(indicators["feed"])
    feed_of = feeds.of(indicators["feed"])
    severity_of = as_ints(pc.fill_null(pc.index_in(indicators["severity"], value_set=pa.array(SEVERITIES)), 0))
    keys = (uses.host, uses.kind, uses.thing, feed_of[uses.indicator])
    _, first, of = np.unique(pack(*keys), return_index=True, return_inverse=True)
    order = np.lexsort((uses.indicator, -severity_of[uses.indicator], uses.way, of))
    best = order[np.unique(of[order], return_index=True)[1]]
    host, kind, thing, feed = (key[first] for key in keys)
    pairs = day.pairs
    n_ours = distinct(pairs.src[day.is_ours[pairs.src]]).size
    return Hits(
        host, kind, thing, uses.way[best], feed, uses.indicator[best], severity_of[uses.indicator[best]],
        np.maximum(peers[kind, host], 1), n_ours, _lengths(indicators, feed_of, len(feeds)), indicators, texts, uses,
        of,
    )  # fmt: skip


def _peers(day: NetworkDay, code: NDArray[np.integer]) -> Ints:
    """Addresses, or names, that each host connected to."""
    rows = np.flatnonzero(day.is_ours[day.pairs.src] & (code >= 0))
    return count_distinct(day.pairs.src[rows], code[rows], day.n_hosts)


def _lengths(indicators: pa.Table, feed: Ints, feeds: int) -> Floats:
    """IPv4 addresses, domains, URLs and hashes that each feed lists: shape (4, feeds)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, text = indicators["indicator_type"], indicators["indicator"]
    bits = pc.struct_field(pc.extract_regex(text, r"^[0-9.]+/(?P<bits>[0-9]+)$"), "bits")
    of_network = 2.0 ** (32.0 - pc.cast(pc.fill_null(bits, "32"), pa.float64()).to_numpy())
    sizes = np.where(_are(kind, CIDR), of_network, _are(kind, "ipv4"))
    sizes[_are(kind, CIDR) & pc.match_substring(text, ":").to_numpy()] = 0.0
    others = [_are(kind, *kinds) for kinds in (("domain",), ("url",), HASHES)]
    counted = [np.bincount(feed, weights=weight, minlength=feeds) for weight in (sizes, *others)]
    return np.stack(counted).astype(np.float64)


def _are(kind: pa.ChunkedArray, *names: str) -> Bools:
    import pyarrow as pa
    import pyarrow.compute as pc

    found: Bools = pc.is_in(kind, value_set=pa.array(names)).to_numpy()
    return found
