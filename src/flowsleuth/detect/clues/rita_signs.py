"""What moves RITA's scores: prevalence, first seen, rare signatures, headers, media types, names below a domain."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.rita_pairs import RitaPairs
from flowsleuth.detect.contract import DayInput
from flowsleuth.detect.days.flow_codes import told_name
from flowsleuth.detect.days.pair_times import as_ints
from flowsleuth.detect.dense_codes import TextCodes
from flowsleuth.extract.in_columns import hosts_in_lists
from flowsleuth.extract.registered_domains import registered_domains
from flowsleuth.store.portable import epoch_seconds

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FEWEST_SUBDOMAINS = 100
_EXTENSION = r"^[^?#]*\.([A-Za-z0-9]{1,8})($|[?#])"
_MEDIA = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")
_PEERS_KEPT = "rita_peers"


@dataclass(frozen=True)
class RitaDomain:
    """A registered domain with many names below it.

    Attributes
    ----------
    name : str
    subdomains : int
    askers : list of str
    is_direct_by_others : bool
        Whether others than those that asked connected to what it resolves to.
    """

    name: str
    subdomains: int
    askers: list[str]
    is_direct_by_others: bool


class RitaSigns:
    """What a day tells about the pairs of its window.

    Parameters
    ----------
    day : DayInput
    pairs : RitaPairs
    """

    def __init__(self, day: DayInput, pairs: RitaPairs) -> None:
        self._day, self._pairs = day, pairs
        self._is_name: Bools = np.asarray(pairs.rows["is_name"].to_numpy(zero_copy_only=False), dtype=bool)

    def _rows(self, name: str) -> ir.Table:
        rows = self._day.table(name)
        return rows.filter(epoch_seconds(rows.start) >= self._pairs.since_s)

    @cached_property
    def network_size(self) -> int:
        """Internal addresses that the window's connections have."""
        import ibis

        met = self._pairs.connections
        ends = ibis.union(met.select(ip="src_ip"), met.filter(~met.is_out).select(ip="dst_ip"))
        return int(self._day.arrow(ends.aggregate(n=lambda t: t.ip.nunique()))["n"][0].as_py())

    @cached_property
    def _names_met(self) -> pa.Table:
        """Who met which name, by connections or questions: ``src_ip``, ``name``."""
        import ibis

        met, asked = self._pairs.connections, self._rows("dns")
        asked = asked.select("src_ip", name=asked["query"].lower())
        both = ibis.union(met.filter(met.name.notnull()).select("src_ip", "name"), asked.filter(asked.name.notnull()))
        return self._day.arrow(both.distinct())

    def prevalence(self) -> Floats:
        """Share of internal hosts that contacted each pair's peer; of a name also by asking for it."""
        met = self._pairs.connections
        by_ip = self._day.arrow(met.group_by("dst_ip").aggregate(n=lambda t: t.src_ip.nunique()))
        by_name = self._names_met.group_by("name").aggregate([("src_ip", "count")])
        peer = self._pairs.rows["peer"]
        hosts = np.where(
            self._is_name,
            _counted(by_name["name"], by_name["src_ip_count"], peer),
            _counted(by_ip["dst_ip"], by_ip["n"], peer),
        )
        return hosts / max(self.network_size, 1)

    def first_seen_days(self) -> Floats:
        """Days from each peer's first day to this one, by the flows of this and the earlier days."""
        return self._first_seen(self._pairs.rows["peer"], lambda peers: peers)

    def domains_first_seen_days(self, domains: pa.ChunkedArray) -> Floats:
        """The same of registered domains, by the names that were connected to."""
        return self._first_seen(domains, registered_domains)

    def _first_seen(self, wanted: pa.ChunkedArray, as_wanted: Callable[[pa.Array], pa.Array]) -> Floats:
        import pyarrow as pa

        found = np.zeros(len(wanted))
        for date in sorted(self._day.baseline, reverse=True):
            kept = self._day.arrow(self._day.counts(_PEERS_KEPT, _count_peers, [date]))
            peers = pa.chunked_array([as_wanted(kept["peer"].combine_chunks())])
            found[TextCodes.distinct(peers).of(wanted) >= 0] = (self._day.day - date).days
        return found

    def has_rare_signature(self) -> Bools:
        """Pairs whose source showed a JA3 or user agent to one destination only; all its pairs, as in RITA."""
        import ibis

        tls, http = self._rows("tls"), self._rows("http")
        shown = ibis.union(
            tls.select("src_ip", "dst_ip", name=tls.server_name, signature=tls.ja3),
            http.select("src_ip", "dst_ip", name=http.host, signature=http.user_agent),
        )
        shown = shown.filter(shown.signature.notnull() & (shown.signature != ""))
        used = shown.group_by("src_ip", "signature").aggregate(
            peers=lambda t: t.dst_ip.nunique(), names=lambda t: t.name.nunique()
        )
        rare = self._day.arrow(used.filter((used.peers == 1) | (used.names == 1)).select("src_ip").distinct())
        return TextCodes.distinct(rare["src_ip"]).of(self._pairs.rows["src_ip"]) >= 0

    def misses_host_header(self) -> Bools:
        """Pairs of addresses with an HTTP request that has no Host header."""
        http = self._rows("http")
        bare = http.filter(http.host.coalesce("") == "").select("src_ip", peer="dst_ip").distinct()
        return self._are(self._day.arrow(bare)) & ~self._is_name

    def has_other_media(self) -> Bools:
        """Pairs with an answer of a known media type whose URI ends otherwise than that type's files do."""
        import pyarrow as pa

        http = self._rows("http")
        told = http.filter(http.response_mime.notnull() & http.uri.notnull())
        ended = told.select(
            "src_ip",
            "response_mime",
            peer=told_name(told.host).coalesce(told.dst_ip),
            extension=told.uri.re_extract(_EXTENSION, 1),
        ).distinct()
        rows = self._day.arrow(ended)
        kinds = rows.group_by(["response_mime", "extension"]).aggregate([])
        both = zip(kinds["response_mime"].to_pylist(), kinds["extension"].to_pylist(), strict=True)
        wrong = kinds.filter(pa.array([is_other_media(*one) for one in both], pa.bool_()))
        return self._are(rows.join(wrong, ["response_mime", "extension"], join_type="left semi"))

    def _are(self, rows: pa.Table) -> Bools:
        """Which pairs are among rows of ``src_ip`` and ``peer``."""
        mine = self._pairs.rows
        return TextCodes.distinct(_key(rows)).of(_key(mine)) >= 0

    def intel(self) -> Bools:
        """Pairs whose peer an indicator names exactly."""
        return self.is_listed(self._pairs.rows["peer"])

    def is_listed(self, peers: pa.Array) -> Bools:
        """Which addresses or names an indicator names exactly."""
        listed = self._day.table("indicator")
        exact = listed.filter(listed.indicator_type.isin(["ipv4", "ipv6", "domain"])).select("indicator")
        return TextCodes.distinct(self._day.arrow(exact)["indicator"]).of(peers) >= 0

    def domains(self) -> list[RitaDomain]:
        """Registered domains that so many names were asked below; reverse names are none."""
        import pyarrow.compute as pc

        asked = self._rows("dns")
        named = asked.select("src_ip", name=asked["query"].lower())
        rows = self._day.arrow(named.filter(named.src_ip.notnull() & named.name.notnull()).distinct())
        rows = rows.filter(pc.invert(pc.ends_with(rows["name"], ".arpa")))
        rows = rows.append_column("domain", registered_domains(rows["name"].combine_chunks()))
        below = rows.group_by("domain").aggregate([("name", "count_distinct"), ("src_ip", "distinct")])
        below = below.rename_columns(["domain", "subdomains", "askers"])
        many = below.filter(pc.greater_equal(below["subdomains"], FEWEST_SUBDOMAINS)).sort_by("domain")
        if not len(many):
            return []
        direct = self._direct(rows.filter(pc.is_in(rows["domain"], value_set=many["domain"].combine_chunks())))
        return [
            RitaDomain(
                one["domain"], one["subdomains"], sorted(one["askers"]), bool(direct[one["domain"]] - {*one["askers"]})
            )
            for one in many.to_pylist()
        ]

    def _direct(self, names: pa.Table) -> dict[str, set[str]]:
        """For each ``domain``, the sources that connected to an address that its names resolve to."""
        import ibis
        import pyarrow.compute as pc

        asked, met = self._rows("dns"), self._pairs.connections
        answered = asked.filter(asked.answers.notnull()).select("answers", name=asked["query"].lower())
        below = ibis.memtable(names.group_by(["name", "domain"]).aggregate([]))
        answers = self._day.arrow(answered.join(below, "name").select("domain", "answers").distinct())
        pairs = self._day.arrow(met.select("src_ip", "dst_ip").distinct())
        pairs = pairs.filter(pc.is_in(pairs["dst_ip"], value_set=_addresses(answers)))
        found = {}
        for domain in names["domain"].unique().to_pylist():
            mine = _addresses(answers.filter(pc.equal(answers["domain"], domain)))
            found[domain] = {*pairs["src_ip"].filter(pc.is_in(pairs["dst_ip"], value_set=mine)).to_pylist()}
        return found


def _addresses(answers: pa.Table) -> pa.Array:
    """The addresses that DNS answered."""
    return hosts_in_lists(answers["answers"].combine_chunks()).addresses


def is_other_media(types: str, extension: str | None) -> bool:
    """Whether an extension is none of those that a media type's files have; False where the type is not known.

    Parameters
    ----------
    types : str
        Media types in any text, as a JSON list of them.
    extension : str or None

    Examples
    --------
    >>> is_other_media('["image/png"]', "exe"), is_other_media('["image/png"]', "PNG"), is_other_media("x/y", "exe")
    (True, False, False)
    """
    if not extension:
        return False
    ends = {end for kind in _MEDIA.findall(types.lower()) for end in _known_media().guess_all_extensions(kind)}
    return bool(ends) and f".{extension.lower()}" not in ends


@lru_cache(maxsize=1)
def _known_media() -> mimetypes.MimeTypes:
    return mimetypes.MimeTypes()


def _count_peers(flows: ir.Table) -> ir.Table:
    """Names and addresses that were connected to from inside."""
    import ibis

    out = flows.filter(flows.direction == "outbound")
    names = out.select(peer=told_name(out.server_name))
    return ibis.union(names.filter(names.peer.notnull()), out.select(peer="dst_ip")).distinct()


def _counted(texts: pa.ChunkedArray, counts: pa.ChunkedArray, wanted: pa.ChunkedArray) -> Ints:
    """The count of each wanted text; 0 where there is none."""
    at = TextCodes(texts.combine_chunks()).of(wanted)
    return np.append(as_ints(counts), 0)[at]


def _key(rows: pa.Table) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(rows["src_ip"], rows["peer"], " ")
