"""Hosts of ours that offer today what they never offered, and what hosts of their role do not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.unfamiliar_words import say_unfamiliar, unfamiliar_evidence
from flowsleuth.detect.days.flow_codes import SPAN, is_icmp_service
from flowsleuth.detect.days.kept_meetings import met_before
from flowsleuth.detect.days.meetings import had_before, in_earnest
from flowsleuth.detect.days.network_day import NetworkDay, count_hours
from flowsleuth.detect.days.role_ports import OFFERS, TCP
from flowsleuth.detect.days.roles import UNTOLD, infer_roles
from flowsleuth.detect.dense_codes import hash_rows, look_up, only_value, places_in, to_signed
from flowsleuth.detect.findings import KEPT_P, NONE, Extent, no_findings, say_service, tell
from flowsleuth.detect.kernels.familiarity import Familiarity, Met, judge_met
from flowsleuth.detect.option_bounds import check_bounds
from flowsleuth.detect.wording import join

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

REMOTE = [TCP * SPAN + port for port in (*OFFERS["terminal"][0], 445, 139, 135)]
"""Services by which a host is worked on from afar."""
PROXIES = [TCP * SPAN + port for port in OFFERS["proxy"][0]]


@dataclass(frozen=True)
class RoleChangeOptions:
    """Options of :class:`RoleChangeFinder`."""

    days: int = field(
        default=3,
        metadata={
            "help": "earlier days on which the host was seen, at least",
            "unit": "days",
            "min": 1,
            "max": 14,
        },
    )

    def __post_init__(self) -> None:
        check_bounds(self)


class RoleChangeFinder:
    """Finds a host that offers a service that it never did, and that hosts of its role do not offer either.

    An offer is a (host, service) on which at least one client got to talk. It is judged as what hosts meet is
    (:func:`.kernels.familiarity.judge_met`): how many of this host's offers, over up to 14 earlier days and today, are
    as rare among hosts of its role (:mod:`.roles`), drawn to everybody's; and how many so rare offers are used by as
    many clients, as often. Hosts that open another port each day (file sharing, remote procedure calls) are not
    surprising for one more.

    The null: the host's offers of today are drawn as all its offers.

    Blind spots: without enough earlier days nothing is told; what the host offered before in those days; a service that
    is offered but that nobody got to use; roles are those of today, so that a host that changed wholly is compared with
    what it became.

    Source: own.

    Parameters
    ----------
    options : RoleChangeOptions, optional
    """

    name: ClassVar[str] = "role_change"
    summary: ClassVar[str] = "a host of ours that offers what neither it nor its like ever did"
    family: ClassVar[str] = "newness"
    normal_if: ClassVar[str] = "it were meant to offer that"
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = RoleChangeOptions
    version: ClassVar[int] = 1
    tables: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: RoleChangeOptions | None = None) -> None:
        self.options = options or RoleChangeOptions()

    def find(self, day: NetworkDay) -> pa.Table:
        """Offers of the day that are new for their host and its role; see :class:`.findings.Finder`."""
        if not len(day.pairs):
            return no_findings()
        offers = Offers(day)
        before = met_before(day, "offers", offers.met, lambda then: Offers(then).met)
        if len(before) < self.options.days:
            return no_findings()
        today, earlier = _by_role(day, offers.met), [(age, _by_role(day, met)) for age, met in before]
        judged = judge_met(today, offers.use(), earlier)
        known, days = np.unique(np.concatenate([np.unique(met.who) for _, met in earlier]), return_counts=True)
        is_known = np.isin(today.who, known[days >= self.options.days])
        told = np.flatnonzero(is_known & ~had_before(today, earlier) & (judged.p_value <= KEPT_P))
        return _tell(offers, judged, told, len(earlier))


class Offers:
    """Services that hosts of ours offered on a day, and somebody got to use.

    Attributes
    ----------
    day : NetworkDay
    rows, of : array of int64
        Rows of the day's pairs, and which offer each is of.
    host, service : array of int64, shape (n,)
    met : Met
        Who offered what: the code of the service.
    """

    def __init__(self, day: NetworkDay) -> None:
        pairs, self.day = day.pairs, day
        talks = (pairs.flows > pairs.failed) & day.is_ours[pairs.server] & ~is_icmp_service(pairs.service)
        self.rows = np.flatnonzero(talks & ~day.is_group[pairs.server])
        span = int(pairs.service.max(initial=0)) + 1
        keys = pairs.server[self.rows].astype(np.int64) * span + pairs.service[self.rows]
        distinct, of = np.unique(keys, return_inverse=True)
        self.of = of.reshape(-1)
        self.host, self.service = np.divmod(distinct, span)
        what = self.service.astype(np.uint64)
        self.met = Met(day.addresses.hashes()[self.host], what, what)

    def use(self) -> Floats:
        """How much each offer is used."""
        flows = np.bincount(self.of, weights=self.day.pairs.flows[self.rows], minlength=self.host.size)
        return in_earnest(self.hours(), flows)

    def hours(self) -> Ints:
        """In how many hours each offer was used."""
        return count_hours(self.day.pairs.hours[self.rows], self.of, self.host.size)


def _by_role(day: NetworkDay, met: Met) -> Met:
    """The same offers, a service by the host's role on the day that is judged; roles that are not told are one."""
    hosts = to_signed(day.addresses.hashes())
    order = np.argsort(hosts)
    place = np.append(order, day.n_hosts)[look_up(hosts[order], to_signed(met.who))]
    role = np.append(day.once(infer_roles).code, UNTOLD)[place] + 1
    what = hash_rows(np.stack([role, to_signed(met.what)], axis=1))
    return Met(met.who, what, what)


def _tell(offers: Offers, judged: Familiarity, told: Ints, days: int) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    day, pairs = offers.day, offers.day.pairs
    of = np.full(len(pairs), NONE)
    of[offers.rows] = places_in(told, offers.host.size)[offers.of]
    client, service = only_value(pairs.client, of, told.size), offers.service[told]
    extent = Extent.of_groups(pairs, of, told.size)
    role = pc.fill_null(day.once(infer_roles).names().take(pa.array(offers.host[told])), "host of no role")
    is_outside = np.append(~day.is_home, False)[client] & (client >= 0)
    technique = np.where(
        np.isin(service, PROXIES), "T1090", np.where(np.isin(service, REMOTE) & is_outside, "T1133", "T1571")
    )
    return tell(
        day,
        src=client,
        dst=offers.host[told],
        host=offers.host[told],
        service=service,
        p_value=judged.p_value[told],
        technique=pa.array(technique.tolist(), pa.string()),
        extent=extent,
        reason=join(
            "this ",
            role,
            " offers ",
            say_service(service),
            f", which it did not in {days} earlier days; ",
            say_unfamiliar(judged, told, days, hours=offers.hours()[told], uses=extent.flows, unit="connections"),
        ),
        evidence=unfamiliar_evidence(judged, told),
    )
