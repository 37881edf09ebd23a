"""Who met what stored feeds of indicators list: asked for it, connected to it, let it in; with volume."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.indicator_hits import Hits, find_hits
from flowsleuth.detect.days.indicator_uses import (
    ADDRESS,
    ANSWERED,
    ASKED,
    CERTIFICATE,
    FINGERPRINT,
    KINDS,
    LET_IN,
    NAME,
    RESOLVED,
    UNANSWERED,
    URL,
    WAYS,
)
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.dense_codes import count_distinct, pack
from flowsleuth.detect.findings import KEPT_P, no_findings, tell
from flowsleuth.detect.kernels.p_values import least_of
from flowsleuth.detect.option_bounds import check_bounds
from flowsleuth.detect.wording import each, join, size

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TECHNIQUES = {ANSWERED: "T1071", ASKED: "T1071.004", UNANSWERED: "T1071", LET_IN: "T1190"}
OF_KIND = {URL: "T1071.001", CERTIFICATE: "T1573", FINGERPRINT: "T1573"}
PRIOR_HOSTS = 10.0
"""Hosts at the feed's chance that are assumed before any of ours is looked at."""
PUBLIC_IPV4 = 3.7e9
"""Addresses of IPv4 that anybody can have (IANA's special-purpose registry taken off)."""
DOMAINS = 3.6e8
"""Registered domains (Verisign's Domain Name Industry Brief, 2023)."""
FINGERPRINT_CHANCE = 0.02
"""Chance that a listed fingerprint of TLS is shown by something harmless: all programs that use a library share its."""
INBOUND_CHANCE = 0.5
"""Chance that a host that lets the Internet in is visited by something listed: scanners make up most of such lists."""


@dataclass(frozen=True)
class IntelligenceOptions:
    """Options of :class:`IntelligenceFinder`."""

    most_p: float = field(
        default=KEPT_P,
        metadata={"help": "hits more likely by chance are not told", "unit": "probability", "min": 1e-6, "max": 1.0},
    )

    def __post_init__(self) -> None:
        check_bounds(self)


class IntelligenceFinder:
    """Finds hosts of ours that met what a stored feed lists, on a feed that hosts do not meet by chance.

    Addresses meet listed addresses and networks, those that DNS answered with too; server names and names asked of DNS
    meet listed domains and what is below them; web requests meet listed URLs, whatever the scheme; certificates of
    servers, JA3 and JA3S meet listed hashes. Four ways, strongest first: it connected and got an answer (a request or a
    handshake is one), it asked DNS for the name or was answered with the address, it connected in vain, it was
    connected to from there and answered. Who was only scanned and did not answer met nothing. Indicators that ended
    before the day are left out.

    ``p = (k + m c) / (n + m)``: of n other hosts of ours, k met the feed in as strong a way; c is the chance that one
    with as many peers meets so long a list if it lists the Internet at random (a URL and a certificate count as a
    domain; for fingerprints of TLS, which programs share, :data:`FINGERPRINT_CHANCE`); m = :data:`PRIOR_HOSTS`. So a
    feed that hits every host says little, and one hit on a short one much. With several feeds, the least p of them
    (Sidak).

    The null: a host meets a feed as others of ours do.

    Blind spots: hashes of files (``ws.intel_match`` compares them with those of programs); what is encrypted or hidden
    from the sensor: URLs over TLS, names; feeds that are wrong or old: the reason says severity and age. Lists are
    denser where traffic goes than random ones, so that in a network of a few hosts c is too small.

    Source: own.

    Parameters
    ----------
    options : IntelligenceOptions, optional
    """

    name: ClassVar[str] = "intelligence_hits"
    summary: ClassVar[str] = "who met what a stored feed of indicators lists, on a feed that hosts seldom meet"
    family: ClassVar[str] = "intelligence"
    normal_if: ClassVar[str] = "the indicator were wrong or old"
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = IntelligenceOptions
    version: ClassVar[int] = 4
    tables: ClassVar[tuple[str, ...]] = ("indicator", "dns", "http", "tls")

    def __init__(self, options: IntelligenceOptions | None = None) -> None:
        self.options = options or IntelligenceOptions()

    def find(self, day: NetworkDay) -> pa.Table:
        """Hosts of the day that met something listed; see :class:`.findings.Finder`."""
        if not len(day.pairs):
            return no_findings()
        hits = find_hits(day)
        if hits is None:
            return no_findings()
        others = _others(hits)
        chance = _chance(hits, others)
        things = pack(hits.host, hits.kind, hits.thing, hits.way)
        _, of, feeds = np.unique(things, return_inverse=True, return_counts=True)
        order = np.lexsort((hits.feed, -hits.severity, chance, of))
        best = order[np.unique(of[order], return_index=True)[1]]
        p_value = least_of(chance[best], feeds)
        told = p_value <= self.options.most_p
        return _tell(day, hits, best[told], others[best[told]], p_value[told], most_p=self.options.most_p)


def _others(hits: Hits) -> Ints:
    """Other hosts of ours that met each hit's feed in as strong a way."""
    feeds = hits.listed.shape[1]
    found = np.zeros(hits.host.size, dtype=np.int64)
    for way in WAYS:
        as_strong = hits.way <= way
        met = count_distinct(hits.feed[as_strong], hits.host[as_strong], feeds)
        found = np.where(hits.way == way, met[hits.feed] - 1, found)
    return found


def _chance(hits: Hits, others: Ints) -> Floats:
    """P-value of each hit."""
    random = np.where(hits.way == LET_IN, INBOUND_CHANCE, _random_chance(hits))
    p = (others + PRIOR_HOSTS * random) / (max(hits.n_ours - 1, 0) + PRIOR_HOSTS)
    return np.clip(p, 1e-300, 1.0)


def _random_chance(hits: Hits) -> Floats:
    """Chance that as many random peers, or names, meet as long a list."""
    addresses, domains, urls, hashes = hits.listed
    covered = np.zeros((len(KINDS), addresses.size))
    covered[ADDRESS] = covered[RESOLVED] = addresses / PUBLIC_IPV4
    covered[NAME], covered[URL], covered[CERTIFICATE] = domains / DOMAINS, urls / DOMAINS, hashes / DOMAINS
    random = least_of(np.minimum(covered[hits.kind, hits.feed], 1.0), hits.peers)
    return np.where(hits.kind == FINGERPRINT, FINGERPRINT_CHANCE, random)


def _tell(day: NetworkDay, hits: Hits, wanted: Ints, others: Ints, p_value: Floats, *, most_p: float) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    way, kind = hits.way[wanted], hits.kind[wanted]
    extent, other, times = hits.extents(wanted)
    is_inbound = way == LET_IN
    listed = hits.indicators.take(pa.array(hits.indicator[wanted]))
    words = [_did(*row) for row in zip(kind.tolist(), way.tolist(), times.tolist(), strict=True)]
    texts = hits.texts.take(pa.array(hits.thing[wanted], mask=kind == ADDRESS))
    is_in_network = pc.and_(pa.array(kind == RESOLVED), pc.fill_null(pc.not_equal(texts, listed["indicator"]), False))
    sent = each(np.nan_to_num(extent.src_bytes, nan=-1.0), lambda n: f", {size(n)} there" if n >= 0 else "")
    got = each(np.nan_to_num(extent.dst_bytes, nan=-1.0), lambda n: f", {size(n)} back" if n >= 0 else "")
    return tell(
        day,
        src=np.where(is_inbound, other, hits.host[wanted]),
        dst=np.where(is_inbound, hits.host[wanted], other),
        host=hits.host[wanted],
        name=pc.if_else(pa.array(kind == NAME), texts, pa.scalar(None, pa.string())),
        p_value=p_value,
        technique=pa.array([OF_KIND.get(k) or TECHNIQUES[w] for k, w in zip(kind.tolist(), way.tolist(), strict=True)]),
        extent=extent,
        reason=join(
            pa.array(words, pa.string()),
            " ",
            pc.if_else(is_in_network, join(texts, ", in "), ""),
            listed["indicator"],
            " of the feed ",
            listed["feed"],
            " (",
            pc.fill_null(listed["threat"], "no threat named"),
            ", severity ",
            listed["severity"],
            _since(listed["valid_from"], day.date),
            ")",
            sent,
            got,
            "; ",
            each(others, lambda n: f"{n:,}"),
            f" of {max(hits.n_ours - 1, 0):,} other hosts of ours met that feed so",
        ),
        evidence={"others": others, "feed": np.array(listed["feed"].to_pylist(), dtype=object)},
        most_p=most_p,
    )


def _did(kind: int, way: int, times: int) -> str:
    many, more = f"{times:,}", "" if times == 1 else "s"
    logged = {
        RESOLVED: f"{many} question{more} to DNS, answered with",
        URL: f"{many} request{more} for",
        CERTIFICATE: f"{many} TLS handshake{more} with a server whose certificate is",
        FINGERPRINT: f"{many} TLS handshake{more} with the fingerprint",
    }
    connected = {
        ANSWERED: f"{many} connection{more}, answered, to",
        ASKED: f"{many} question{more} to DNS for",
        UNANSWERED: f"{many} connection{more}, never answered, to",
        LET_IN: f"answered {many} connection{more} from",
    }
    return logged.get(kind) or connected[way]


def _since(moments: pa.ChunkedArray, date: dt.date) -> pa.Array:
    """Since when it is listed; nothing where the feed does not say."""
    import pyarrow as pa

    ages = [None if m is None else (date - m.date()).days for m in moments.to_pylist()]
    return pa.array(["" if age is None else f", listed {_days(age)}" for age in ages], pa.string())


def _days(age: int) -> str:
    return f"for {age:,} day{'' if age == 1 else 's'}" if age >= 0 else f"only {-age:,} days later"
