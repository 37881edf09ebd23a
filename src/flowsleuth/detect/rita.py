"""RITA v5's scores of a day: a baseline that its users know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.rita_pairs import read_rita_pairs
from flowsleuth.detect.clues.rita_signs import RitaDomain, RitaSigns
from flowsleuth.detect.days.flow_codes import DNS
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.pair_times import as_ints
from flowsleuth.detect.findings import NONE, Extent, no_findings, tell
from flowsleuth.detect.kernels.rita import STROBE_CONNECTIONS
from flowsleuth.detect.kernels.rita_threat import MODIFIER, rita_severity, rita_threat
from flowsleuth.detect.tails import at_least
from flowsleuth.detect.wording import count, duration, each, join

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TECHNIQUE, DNS_TECHNIQUE = "T1071", "T1071.004"
LEAST_SCORE = 0.2
"""RITA's severity Low; what is below is None."""
MISSING_HOST = 0.1
LISTED_BYTES = 25_000_000
"""RITA's threat_intel_datasize_threshold: 25 MB."""


@dataclass(frozen=True)
class RitaOptions:
    """Options of :class:`RitaFinder`: none, so that it stays what its users know."""


class RitaFinder:
    """Gives each outbound pair the score that RITA v5 gives it, and tells those from severity Low on.

    Of the 24 hours before the day's newest connection (as far as they are in the day, from its oldest one), for each
    source and server name, and for each source and address that no scored name used up: the largest of the indicators
    beacon, long connection, strobe, intelligence hit, and names below one registered domain (C2 over DNS), moved by
    prevalence among internal hosts, first seen, rare signature of the source, missing host header, media type against
    URI, 25 MB to what is listed, and a domain that nobody connects to but those who asked. Connections that do not go
    out are left out, as RITA's default filter does, but for those that name a server to an internal proxy.

    The score is a heuristic without a null: ``p_value`` is the rank, the share of the day's pairs with at least that
    score. All pairs from severity Low on are told, whatever their rank. Leads are not made of it.

    Where it differs: media types and their extensions are Python's table, not RITA's; registered domains are those of
    :func:`flowsleuth.extract.registered_domains.registered_domains`; first seen looks as far back as 14 days, so
    nothing is 30 days old; a tunnel through a proxy has the name that TLS gives, where RITA takes the proxy's; internal
    hosts that only ask DNS do not count as the network's; connections that are still open, and several sensors' address
    spaces, are not told apart.

    Blind spots: those of :func:`.kernels.rita.rita_scores`.

    Source: RITA v5 (activecm/rita), ``analysis/``, ``modifier/`` and ``default_config.hjson``, written anew.

    Parameters
    ----------
    options : RitaOptions, optional
    """

    name: ClassVar[str] = "rita"
    summary: ClassVar[str] = "RITA v5's score of each outbound pair, a baseline that its users know"
    family: ClassVar[str] = "timing"
    normal_if: ClassVar[str] = "most hosts connected to the destination"
    is_default: ClassVar[bool] = False
    Options: ClassVar[type] = RitaOptions
    version: ClassVar[int] = 2
    tables: ClassVar[tuple[str, ...]] = ("dns", "http", "tls", "indicator")

    def __init__(self, options: RitaOptions | None = None) -> None:
        self.options = options or RitaOptions()

    def find(self, day: NetworkDay) -> pa.Table:
        """RITA's list of the day; see :class:`.findings.Finder`."""
        import pyarrow as pa

        pairs = read_rita_pairs(day.input, day.input.flows, day.input.keep)
        if pairs is None:
            return no_findings()
        signs = RitaSigns(day.input, pairs)
        rows = pairs.rows
        listed, since = signs.intel(), signs.first_seen_days()
        connections = as_ints(rows["connections"])
        shown = {
            "beacon": pairs.beacon,
            "duration_s": rows["duration_s"].to_numpy(),
            "prevalence": signs.prevalence(),
            "first_seen_days": since,
            "listed": listed.astype(float),
            "rare_signature": signs.has_rare_signature().astype(float),
            "missing_host": signs.misses_host_header().astype(float),
            "media_mismatch": signs.has_other_media().astype(float),
        }
        threat = rita_threat(
            pairs.beacon, shown["duration_s"], np.zeros(len(rows)), connections, listed,
            prevalence=shown["prevalence"], first_seen_days=since,
        )  # fmt: skip
        threat += MODIFIER * (
            shown["rare_signature"] + shown["media_mismatch"] + (listed & (sum(_sizes(rows)) >= LISTED_BYTES))
        )
        threat += MISSING_HOST * shown["missing_host"]
        below = _domain_threats(signs, signs.domains())
        p_value = _ranks(np.concatenate([threat, below.threat]))
        found = _tell_pairs(day, rows, threat, p_value[: threat.size], shown)
        return pa.concat_tables([found, below.tell(day, p_value[threat.size :])])


def _sizes(rows: pa.Table) -> tuple[Floats, Floats]:
    """Bytes each way."""
    return (rows["src_bytes"].to_numpy().astype(np.float64), rows["dst_bytes"].to_numpy().astype(np.float64))


def _ranks(threat: Floats) -> Floats:
    """Share of all that have at least the score; what has no score counts as having none."""
    if not threat.size:
        return np.ones(0)
    larger, n = at_least(np.nan_to_num(threat, nan=-1.0).round(6), np.zeros(threat.size, dtype=np.int64), 1)
    return np.asarray(larger / n, dtype=np.float64)


def _tell_pairs(day: NetworkDay, rows: pa.Table, threat: Floats, p_value: Floats, shown: dict[str, Floats]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    at = np.flatnonzero(np.nan_to_num(threat, nan=-1.0) >= LEAST_SCORE)
    told = rows.take(pa.array(at))
    is_name = told["is_name"].combine_chunks()
    numbers = {name: values[at] for name, values in shown.items()}
    connections = as_ints(told["connections"])
    extent = Extent(connections, as_ints(told["first"]), as_ints(told["last"]), *_sizes(told))
    peer = told["peer"].combine_chunks()
    return tell(
        day,
        src=day.addresses.of(told["src_ip"]),
        dst=np.where(is_name.to_numpy(zero_copy_only=False), NONE, day.addresses.of(peer)),
        name=pc.if_else(is_name, peer, None),
        p_value=p_value[at],
        score=threat[at],
        technique=TECHNIQUE,
        extent=extent,
        reason=_reasons(threat[at], connections, numbers),
        evidence={"threat": threat[at], **numbers},
        most_p=1.0,
    )


def _reasons(threat: Floats, connections: Ints, shown: dict[str, Floats]) -> pa.Array:
    """RITA's severity and score, its indicators, and what moved it."""
    import pyarrow as pa

    marks = {
        "listed": "; listed by intelligence", "rare_signature": "; the source has a signature for one destination only",
        "missing_host": "; HTTP without Host", "media_mismatch": "; answers that are not what the URI says",
    }  # fmt: skip
    return join(
        pa.array(rita_severity(threat).tolist(), pa.string()),
        each(threat, lambda score: f" {score:.2f} by RITA"),
        each(shown["beacon"], lambda score: "" if np.isnan(score) else f": beacon {score:.3f}"),
        each(connections, lambda n: f", {count(n)} connections" + (", a strobe" if n >= STROBE_CONNECTIONS else "")),
        each(shown["duration_s"], lambda s: f", {duration(s)} connected" if s >= 3_600 else ""),
        each(shown["prevalence"], lambda part: f"; {part:.0%} of internal hosts know the peer"),
        each(shown["first_seen_days"], lambda days: f", first seen {count(days)} days ago" if days else ", new today"),
        *(pa.array(np.where(shown[name] > 0, text, ""), pa.string()) for name, text in marks.items()),
    )


@dataclass(frozen=True)
class _DomainThreats:
    """A row for each asker of a domain with many names below it."""

    askers: list[str]
    names: list[str]
    subdomains: Ints
    threat: Floats

    def tell(self, day: NetworkDay, p_value: Floats) -> pa.Table:
        import pyarrow as pa

        src = day.addresses.of(pa.array(self.askers, pa.string()))
        mine = np.flatnonzero((src >= 0) & (self.threat >= LEAST_SCORE))
        n = mine.size
        begin = day.pairs.first_us.min() if n else 0
        untold = np.full(n, np.nan)
        extent = Extent(
            self.subdomains[mine], np.full(n, begin), np.full(n, day.pairs.last_us.max(initial=0)), untold, untold
        )
        return tell(
            day,
            src=src[mine],
            name=pa.array(self.names, pa.string()).take(pa.array(mine)),
            service=np.full(n, DNS),
            p_value=p_value[mine],
            score=self.threat[mine],
            technique=DNS_TECHNIQUE,
            extent=extent,
            reason=join(
                pa.array(rita_severity(self.threat[mine]).tolist(), pa.string()),
                each(self.threat[mine], lambda score: f" {score:.2f} by RITA: "),
                each(self.subdomains[mine], count),
                " names were asked below the domain",
            ),
            evidence={"threat": self.threat[mine], "subdomains": self.subdomains[mine]},
            most_p=1.0,
        )


def _domain_threats(signs: RitaSigns, domains: list[RitaDomain]) -> _DomainThreats:
    import pyarrow as pa

    names = pa.chunked_array([pa.array([one.name for one in domains], pa.string())])
    many: Any = np.array([one.subdomains for one in domains], dtype=np.int64)
    none = np.zeros(many.size)
    threat = rita_threat(
        np.full(many.size, np.nan), none, many, none, signs.is_listed(names) if many.size else none,
        prevalence=np.array([len(one.askers) for one in domains]) / max(signs.network_size, 1),
        first_seen_days=signs.domains_first_seen_days(names) if many.size else none,
    )  # fmt: skip
    threat += MODIFIER * np.array([not one.is_direct_by_others for one in domains], dtype=float)
    of = np.repeat(np.arange(many.size), [len(one.askers) for one in domains]).astype(np.int64)
    askers = [asker for one in domains for asker in one.askers]
    return _DomainThreats(askers, [domains[n].name for n in of.tolist()], many[of], threat[of])
