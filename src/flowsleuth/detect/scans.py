"""Scans: a source that tries many addresses or many services in vain, and an address that many try in vain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.scan_odds import SCATTERED, Sweeps, find_sweeps, judge_counts, judge_targets, own_share
from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.first_contacts import Contacts, first_contacts, is_dead, is_ping
from flowsleuth.detect.days.flow_codes import FAILED, UNKNOWN
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.dense_codes import places_in
from flowsleuth.detect.findings import NONE, Extent, no_findings, say_service, tell
from flowsleuth.detect.option_bounds import check_bounds
from flowsleuth.detect.wording import count, duration, each, join, share

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FROM_INSIDE, PING_SWEEP, FROM_OUTSIDE = "T1046", "T1018", "T1595.001"
"""ATT&CK: network service discovery, remote system discovery, scanning IP blocks."""


@dataclass(frozen=True)
class ScanOptions:
    """Options of :class:`ScanFinder`."""

    least: int = field(
        default=5,
        metadata={
            "help": "addresses, services or sources from which something may be a scan",
            "unit": "",
            "min": 2,
            "max": 10**6,
        },
    )
    scanner_success: float = field(
        default=0.2,
        metadata={
            "help": "share of first contacts at which a scanner is taken to be answered",
            "unit": "",
            "min": 0.01,
            "max": 0.5,
        },
    )

    def __post_init__(self) -> None:
        check_bounds(self)


class ScanFinder:
    """Finds sources that try many addresses, or many services of one address, in vain, and addresses that many try.

    *Horizontal*: one service of many addresses. A threshold random walk over the first contacts of a source in order
    of time: the likelihood of their outcomes if it scanned (answered at about `scanner_success`) by that under the
    null: that it fails at a rate of its own, drawn from a Beta law about the mean of the other sources on the service,
    one vote each, and of its own other services. p is one by the ratio's highest value (Ville's inequality). Addresses
    that a source tried by services at fewer than `least` addresses each are one walk together, beside those of other
    sources. Several services of one source are one finding (Simes). Where most sources from outside fail at a service,
    p is instead the chance of so many addresses tried in vain, by a Waring law about the mean of the other sources.

    *Vertical*: many services of one address: the chance of so many tried in vain, by a Waring law about the mean of
    the other sources, one vote each, and no less than the share of the source's other addresses where it was much the
    same with services tried there only: file sharing does that, a scanner tries the same services everywhere.

    *Distributed*: one service of one of our addresses, tried in vain by many sources from outside that tried few:
    the chance of so many, by a Waring law about the mean of our other addresses, and no less than the share of our
    addresses with so many at any service, since swarms of file sharing do that, too.

    What fails for others, too (a dead server that everybody asks), counts for nothing when it is one of ours who asks;
    so do outcomes that nobody can tell.

    Blind spots: a scan that is answered nearly everywhere; fewer than `least`; in records of one way (NetFlow without
    the way back) outcomes are guessed from sizes, and where the way back is never recorded a scan looks like everybody
    else's traffic; a source port that never changes there hides the services behind it.

    Source: Jung, Paxson, Berger and Balakrishnan, "Fast portscan detection using sequential hypothesis testing" (IEEE
    S&P 2004); the peers' Beta law and the p-value by Ville's inequality are our own.

    Parameters
    ----------
    options : ScanOptions, optional
    """

    name: ClassVar[str] = "scans"
    summary: ClassVar[str] = "a source that tries many addresses or services in vain, or an address that many try"
    family: ClassVar[str] = "reach"
    normal_if: ClassVar[str] = "looking for addresses and services were its task"
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = ScanOptions
    version: ClassVar[int] = 2
    tables: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: ScanOptions | None = None) -> None:
        self.options = options or ScanOptions()

    def find(self, day: NetworkDay) -> pa.Table:
        """Scans of the day; see :class:`.findings.Finder`."""
        import pyarrow as pa

        if not len(day.pairs):
            return no_findings()
        contacts, of = first_contacts(day)
        counts = (contacts.outcome != UNKNOWN) & ~(is_dead(contacts) & day.is_home[contacts.src])
        place = np.append(np.where(counts, np.cumsum(counts) - 1, NONE), NONE)
        known, of = contacts.take(counts), place[of]
        parts = (self._horizontal, self._vertical, self._distributed)
        found = [part(day, known, of) for part in parts] if len(known) else []
        return pa.concat_tables([no_findings(), *found])

    def _horizontal(self, day: NetworkDay, known: Contacts, of: Ints) -> pa.Table:
        sweeps = find_sweeps(known, day.is_home, self.options.least, 1.0 - self.options.scanner_success)
        if not sweeps.src.size:
            return no_findings()
        row_group = _rows_of(sweeps.member, of)
        extent = Extent.of_groups(day.pairs, row_group, sweeps.src.size)
        several = sweeps.is_of_several
        return tell(
            day,
            src=sweeps.src,
            host=sweeps.src,
            service=np.where(several, NONE, sweeps.service),
            p_value=sweeps.p_value,
            technique=_techniques(day.is_home[sweeps.src], is_ping(sweeps.service) & ~several),
            extent=extent,
            reason=_horizontal_words(sweeps, extent),
            evidence={
                "services": sweeps.services,
                "first_contacts": sweeps.tried,
                "in_vain": sweeps.failed,
                "usual_failing_share": sweeps.usual,
                "span_s": (extent.last_us - extent.first_us) / 1e6,
                "guessed_outcomes": sweeps.guessed,
            },
        )

    def _vertical(self, day: NetworkDay, known: Contacts, of: Ints) -> pa.Table:
        failed = np.flatnonzero(known.outcome == FAILED)
        pairs = Groups.by(known.src[failed] * day.n_hosts + known.dst[failed])
        src, dst = np.divmod(pairs.keys, day.n_hosts)
        p_value, mean = judge_counts(pairs.size, src, day.is_home[src])
        p_value = np.maximum(p_value, own_share(known, failed, pairs, src))
        found = np.flatnonzero(pairs.size >= self.options.least)
        member = np.full(len(known), NONE)
        member[failed] = places_in(found, pairs.keys.size)[pairs.of]
        if not found.size:
            return no_findings()
        extent = Extent.of_groups(day.pairs, _rows_of(member, of), found.size)
        tried = pairs.size[found]
        return tell(
            day,
            src=src[found],
            dst=dst[found],
            host=src[found],
            p_value=p_value[found],
            technique=_techniques(day.is_home[src[found]], np.zeros(found.size, dtype=bool)),
            extent=extent,
            reason=join(
                "tried ", each(tried, count), " services of one address in vain", _within(extent),
                "; who fails at an address at all tries ", each(mean[found], lambda m: f"{m:.1f}"), " on average",
            ),
            evidence={"services": tried, "usual_services": mean[found]},
        )  # fmt: skip

    def _distributed(self, day: NetworkDay, known: Contacts, of: Ints) -> pa.Table:
        targets = judge_targets(known, day.is_home, self.options.least)
        if not targets.dst.size:
            return no_findings()
        extent = Extent.of_groups(day.pairs, _rows_of(targets.member, of), targets.dst.size)
        nobody = np.full(targets.dst.size, NONE)
        return tell(
            day,
            src=nobody,
            dst=targets.dst,
            host=targets.dst,
            service=targets.service,
            p_value=targets.p_value,
            technique=FROM_OUTSIDE,
            extent=extent,
            reason=join(
                each(targets.sources, count), " sources from outside, each of which tried little else, tried ",
                _words(targets.service), " in vain", _within(extent), "; at our other addresses ",
                each(targets.usual, lambda m: f"{m:.1f}"), " on average; so many at a service have ",
                each(targets.alike, count), " of our addresses",
            ),
            evidence={
                "sources": targets.sources,
                "usual_sources": targets.usual,
                "addresses_with_as_many": targets.alike,
            },
        )  # fmt: skip


def _rows_of(member: Ints, of: Ints) -> Ints:
    """The finding of each row of pairs: `member` is that of each contact, `of` the contact of each row."""
    return np.append(member, NONE)[of]


def _techniques(is_inside: Bools, is_pinging: Bools) -> pa.Array:
    import pyarrow as pa

    return pa.array(np.where(is_inside, np.where(is_pinging, PING_SWEEP, FROM_INSIDE), FROM_OUTSIDE).tolist())


def _words(service: Ints) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pa.array(is_ping(service)), "ping", say_service(service))


def _within(extent: Extent) -> pa.Array:
    return join(" within ", each((extent.last_us - extent.first_us) / 1e6, lambda s: duration(max(s, 1.0))))


def _horizontal_words(sweeps: Sweeps, extent: Extent) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    others = each(sweeps.services - 1, lambda n: f" and {n} other service{'s' * (n > 1)}" if n else "")
    is_scattered = pa.array(sweeps.service == SCATTERED)
    by = pc.if_else(is_scattered, "services that it hardly tried else", _words(np.maximum(sweeps.service, 0)))
    guessed = each(sweeps.guessed > 0, lambda is_so: ", as far as records of one way tell" if is_so else "")
    usual = each(sweeps.usual, share)
    by_count = join("; where nearly everybody fails, others try ", each(sweeps.usual_tried, lambda m: f"{m:.1f}"))
    by_walk = join("; usual there are failures at ", usual)
    return join(
        each(sweeps.is_of_several, lambda is_so: "made " if is_so else "tried "), each(sweeps.tried, count),
        each(sweeps.is_of_several, lambda is_so: " first contacts by " if is_so else " addresses by "), by,
        others, _within(extent), ", ", each(sweeps.failed, count), " in vain", guessed,
        pa.array(np.where(sweeps.is_by_count, by_count.to_numpy(False), by_walk.to_numpy(False)), pa.string()),
    )  # fmt: skip
