"""DNS tunnels: a host that asks for names full of what no other name has; and one that asks for many that are not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.dns_words import Looked, Random, Tunnels
from flowsleuth.detect.clues.query_sizes import find_long_queries
from flowsleuth.detect.days.flow_codes import DNS
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.pair_history import Had, PairHistory
from flowsleuth.detect.days.queried_names import Model, New, QueriedNames, count_queries
from flowsleuth.detect.dense_codes import distinct, places_in
from flowsleuth.detect.findings import KEPT_P, NONE, Extent, no_findings, tell
from flowsleuth.detect.odds.far_tails import FarTail, drawn_tail, tail_of_days
from flowsleuth.detect.odds.peer_tails import highest_of_others
from flowsleuth.detect.option_bounds import check_bounds

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CHANNEL, LEAK, GENERATED = "T1071.004", "T1048.003", "T1568.002"
"""ATT&CK: application layer protocol DNS; exfiltration over an unencrypted protocol; domain generation algorithms."""
LEAK_BYTES = 50_000.0
"""From here on the names hold a document rather than orders."""
FEWEST_DOMAINS = 5
"""Fewer domains that are not may be typing errors and lapsed names."""


@dataclass(frozen=True)
class DnsTunnelOptions:
    """Options of :class:`DnsTunnelFinder`."""

    least: float = field(
        default=500.0,
        metadata={
            "help": "bytes that the distinct labels below one domain hold, from which they are worth a look",
            "unit": "bytes",
            "min": 50.0,
            "max": 1e9,
        },
    )
    least_generated: float = field(
        default=40.0,
        metadata={
            "help": "bytes that names of domains that are not hold, from which a source is worth a look",
            "unit": "bytes",
            "min": 10.0,
            "max": 1e9,
        },
    )

    def __post_init__(self) -> None:
        check_bounds(self)


class DnsTunnelFinder:
    """Finds sources that carry data in the names they ask for, and such as try generated domains.

    What is judged is how much the distinct labels hold that a source asked for below one registered domain: the bits
    that a model of pairs of characters needs, learned from the day's labels with one vote a domain, so that words and
    counters take 2 to 4 bits a character and hexadecimal, base32 and the like 4.5 to 5.2. A question that is repeated,
    and a label that all names share, add nothing. The p-value is the largest of

    - the share of (source, domain) pairs with as much, among domains that about as many hosts ask, drawn to all
      (:func:`.far_tails.drawn_tail`);
    - the share of the sources whose labels below this domain hold as much, if others ask there: the look-ups of a
      virus scanner, of telemetry and of a content network are everybody's;
    - the share of days on which the source asked as much below this domain or any but its regular ones.

    *Generated domains*: the same measure of the registered domains that a source asked for and of which nobody found
    any name that day, against the other sources and its own days; a finding about the host.

    *Long questions*, of sources of which no row of ``dns`` tells names: bytes of questions that are too long on
    average, for pairs of a source and a resolver (:func:`.query_sizes.find_long_queries`).

    Blind spots: less than `least` a day (25 names with 20 octets each; the 256 numbers of a block list never reach it);
    what is asked over TLS or HTTPS; data that only comes back, in answers to few names; on a day without earlier ones,
    what a lone source does by nature (a resolver that asks for everybody); hosts that have no flow on the day.

    Source: own; labels against popular ones after Born, Gustafson (2010), "Detecting DNS Tunnels Using Character
    Frequency Analysis".

    Parameters
    ----------
    options : DnsTunnelOptions, optional
    """

    name: ClassVar[str] = "dns_tunnels"
    summary: ClassVar[str] = "a host that carries data in the names it asks for, or tries generated domains"
    family: ClassVar[str] = "names"
    normal_if: ClassVar[str] = "the domain were one that is asked such names"
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = DnsTunnelOptions
    version: ClassVar[int] = 1
    tables: ClassVar[tuple[str, ...]] = ("dns",)

    def __init__(self, options: DnsTunnelOptions | None = None) -> None:
        self.options = options or DnsTunnelOptions()

    def find(self, day: NetworkDay) -> pa.Table:
        """Tunnels and generated domains of the day; see :class:`.findings.Finder`."""
        import pyarrow as pa

        if not len(day.pairs):
            return no_findings()
        names = QueriedNames(day.input.arrow(count_queries(day.input, day.date)))
        hosts = day.addresses.of(names.sources.texts)
        by_size = find_long_queries(day, hosts)
        if not len(names):
            return by_size
        return pa.concat_tables([self._tunnels(day, names, hosts), self._generated(day, names, hosts), by_size])

    def _tunnels(self, day: NetworkDay, names: QueriedNames, hosts: Ints) -> pa.Table:
        """`hosts` has the host code of each source, -1 for one without flows."""
        import pyarrow as pa

        model, least = names.labels.model, self.options.least
        by = names.by_pair
        source, domain = np.divmod(by.keys, max(len(names.domains), 1))
        new = names.new_in(model)
        asking = np.bincount(domain)[domain]
        peers = drawn_tail(new.size, source, np.frexp(asking)[1].astype(np.int64), np.zeros_like(source), least)
        there = FarTail.of(new.size, domain, least, voters=len(names.sources)).share
        peers = np.maximum(peers, np.where(asking > 1, there, 0.0))
        rows = np.flatnonzero((new.size >= least) & (peers <= KEPT_P))
        before = self._before(day, names, model, source[rows], domain[rows])
        p_value = peers[rows]
        if len(before):
            p_value = np.maximum(p_value, tail_of_days(new.size[rows], before, least))
        keep = np.flatnonzero((p_value <= KEPT_P) & (hosts[source[rows]] >= 0))
        rows = rows[keep]
        of = places_in(rows, by.keys.size)
        told = Tunnels(
            looked=Looked.of(names, of[by.of], rows.size),
            new=New(new.size[rows], new.characters[rows], new.labels[rows]),
            usual_bits=float(model.usual),
            days=len(before),
            most_before=before[:, keep].max(axis=0, initial=0.0),
            asking=asking[rows],
            sources=len(names.sources),
        )
        technique = np.where(new.size[rows] >= LEAK_BYTES, LEAK, CHANNEL)
        return _tell(
            day,
            hosts[source[rows]],
            p_value[keep],
            told,
            technique=pa.array(technique.tolist(), pa.string()),
            name=names.domains.texts.take(pa.array(domain[rows])),
        )

    def _before(self, day: NetworkDay, names: QueriedNames, model: Model, source: Ints, domain: Ints) -> Floats:
        """The most that each source's labels below one domain held on each earlier day: shape (days, n)."""
        import pyarrow as pa

        days = []
        senders = names.sources.texts.take(pa.array(distinct(source))).to_pylist()
        for date in day.earlier_days if senders else []:
            asked = count_queries(day.input, date)
            then = QueriedNames(day.input.arrow(asked.filter(asked.src_ip.isin(senders))))
            size = then.new_in(model).size
            wide = max(len(then.domains), 1)
            its = names.sources.of(then.sources.texts), names.domains.of(then.domains.texts)
            of = np.divmod(then.by_pair.keys, wide)
            days.append(Had(its[0][of[0]], its[1][of[1]], np.zeros(size.size, dtype=np.int64), size))
        return PairHistory(days, len(names.domains)).most_with_one(source, domain)

    def _generated(self, day: NetworkDay, names: QueriedNames, hosts: Ints) -> pa.Table:
        least = self.options.least_generated
        mine = _absent(names)
        total, domains = mine.size, mine.domains
        p_value = FarTail.of(total, np.zeros(total.size, dtype=np.int64), least).share
        rows = np.flatnonzero((total >= least) & (domains >= FEWEST_DOMAINS) & (hosts >= 0))
        rows = rows[(p_value[rows] <= KEPT_P) | (total.size == 1)]
        before = self._absent_before(day, names, rows)
        chance = p_value[rows]
        if len(before):
            of_days = tail_of_days(total[rows], before, least)
            chance = np.maximum(chance, of_days) if total.size > 1 else of_days
        keep = np.flatnonzero(chance <= KEPT_P)
        rows = rows[keep]
        of = places_in(rows, total.size)
        every = np.arange(total.size)
        most_of_others = np.nan_to_num(highest_of_others(domains, every, np.zeros_like(every)))
        told = Random(
            looked=Looked.of(names, np.where(mine.is_absent, of[names.source], -1), rows.size),
            domains=domains[rows],
            bits_each=total[rows] * 8.0 / np.maximum(mine.characters[rows], 1.0),
            usual_bits=mine.usual_bits,
            days=len(before),
            most_before=before[:, keep].max(axis=0, initial=0.0),
            most_of_others=most_of_others[rows].astype(np.int64),
            sources=len(names.sources),
        )
        return _tell(day, hosts[rows], chance[keep], told, technique=GENERATED)

    def _absent_before(self, day: NetworkDay, names: QueriedNames, rows: Ints) -> Floats:
        import pyarrow as pa

        found = np.zeros((len(day.earlier_days) if rows.size else 0, rows.size))
        for place, date in enumerate(day.earlier_days[: len(found)]):
            then = QueriedNames(day.input.arrow(count_queries(day.input, date)))
            at = then.sources.of(names.sources.texts.take(pa.array(rows)))
            found[place] = np.append(_absent(then).size, 0.0)[at]
        return found


@dataclass(frozen=True)
class _Absent:
    """Domains of each source of which nobody found a name: bytes, characters, how many; and whether a row is of one."""

    size: Floats
    characters: Floats
    domains: Ints
    usual_bits: float
    is_absent: NDArray[np.bool_]


def _absent(names: QueriedNames) -> _Absent:
    """What is in the names of domains that are not there: of which somebody was told so, and nobody found any."""
    n_domains, n_sources = len(names.domains), len(names.sources)
    refused = np.bincount(names.domain, weights=names.refused, minlength=n_domains) > 0
    found = np.bincount(names.domain, weights=names.found, minlength=n_domains) > 0
    is_absent = (refused & ~found)[names.domain]
    key = distinct(names.source[is_absent] * max(n_domains, 1) + names.domain[is_absent])
    source, domain = np.divmod(key, max(n_domains, 1))
    bits, characters, usual = names.domain_bits
    size, length = (_sums(source, one[domain], n_sources) for one in (bits / 8.0, characters))
    return _Absent(size, length, np.bincount(source, minlength=n_sources), usual, is_absent)


def _sums(group: Ints, values: Floats, groups: int) -> Floats:
    return np.bincount(group, weights=values, minlength=groups).astype(np.float64)


def _tell(
    day: NetworkDay,
    src: Ints,
    p_value: Floats,
    told: Tunnels | Random,
    *,
    technique: str | pa.Array,
    name: pa.Array | None = None,
) -> pa.Table:
    looked, untold = told.looked, np.full(src.size, np.nan)
    return tell(
        day,
        src=src,
        service=np.full(src.size, DNS if name is not None else NONE),
        name=name,
        p_value=p_value,
        technique=technique,
        extent=Extent(looked.asked, looked.first_us, looked.last_us, untold, untold),
        reason=told.reasons(),
        evidence=told.evidence(),
    )
