"""Bursts of denied connections: a source that runs into the firewall as neither its peers nor its own days do."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.log_peers import most_of_days, others_log_mean, unusual
from flowsleuth.detect.days.denials import HOUR_S, Denials, denials
from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.dense_codes import group_starts, places_in
from flowsleuth.detect.findings import NONE, Extent, no_findings, say_service, tell
from flowsleuth.detect.kernels.p_values import simes
from flowsleuth.detect.option_bounds import check_bounds
from flowsleuth.detect.wording import count, each, itself_before, join

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FROM_INSIDE, FROM_OUTSIDE = "T1046", "T1595.001"
"""ATT&CK: network service discovery, scanning IP blocks: of who is denied at many. Of a burst at few, none fits."""
TARGETS, SERVICES, HOUR = range(3)
"""The three tests."""


@dataclass(frozen=True)
class DeniedBurstOptions:
    """Options of :class:`DeniedBurstFinder`."""

    least: int = field(
        default=10,
        metadata={
            "help": "denied connections of a source in a day from which they may be a burst",
            "unit": "connections",
            "min": 2,
            "max": 10**6,
        },
    )

    def __post_init__(self) -> None:
        check_bounds(self)


class DeniedBurstFinder:
    """Finds sources that are denied more than others are, and more than they themselves were on earlier days.

    Three counts of a source are tested: addresses that it was denied at by one service (the strongest of its services,
    by Simes), services that it was denied at, and denied connections in its densest clock hour. p is three times the
    smallest chance of so many: by a Waring law about the mean logarithm of the other sources of its side that were
    denied (on that service), one vote each; and no less than on a day like the busiest of its own earlier ones. So
    what every host is denied (a policy that breaks a program), and a program that is denied each day, is no burst.

    Denied is what the source of records calls so; where it does not decide (Zeek, Suricata), what was refused by a
    reset (``REJ``), which may be a closed port as well as a firewall.

    Blind spots: a firewall that drops without a record; peers that all began today; where few are denied, little is
    known of what is usual.

    Source: own; counts by a beta-geometric (Waring) law.

    Parameters
    ----------
    options : DeniedBurstOptions, optional
    """

    name: ClassVar[str] = "denied_bursts"
    summary: ClassVar[str] = "a source that is denied more than others, and more than on its earlier days"
    family: ClassVar[str] = "reach"
    normal_if: ClassVar[str] = "what it was denied were known to be a fault"
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = DeniedBurstOptions
    version: ClassVar[int] = 1
    tables: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: DeniedBurstOptions | None = None) -> None:
        self.options = options or DeniedBurstOptions()

    def find(self, day: NetworkDay) -> pa.Table:
        """Bursts of the day; see :class:`.findings.Finder`."""
        if not day.n_hosts:
            return no_findings()
        found = denials(day, day.date)
        sources = Groups.by(found.src)
        if not sources.keys.size:
            return no_findings()
        earlier = [denials(day, date) for date in day.earlier_days]
        values, usual, before, p_value, top = _test(day, found, sources, earlier)
        strongest = np.argmin(p_value, axis=1)
        flows = sources.add_up(found.flows)
        told = np.flatnonzero(flows >= self.options.least)
        chosen = (told, strongest[told])
        services = sources.size[told]
        return tell(
            day,
            src=sources.keys[told],
            host=sources.keys[told],
            dst=np.where(services == 1, found.dst[top[told]], NONE),
            service=np.where(services == 1, found.service[top[told]], NONE),
            p_value=np.minimum(3.0 * p_value[chosen], 1.0),
            technique=_techniques(day.is_home[sources.keys[told]], strongest[told]),
            extent=_extent(found, sources, told),
            reason=join(
                _said(found, values[told], strongest[told], top[told], found.hour[sources.keys[told]]),
                "; others ", each(usual[chosen], lambda n: f"{n:.1f}"), " (geometric mean)",
                itself_before(before[chosen]),
            ),
            evidence={
                "denied": flows[told],
                "services": services,
                "most_targets_of_a_service": values[told, TARGETS],
                "densest_hour": values[told, HOUR],
                "most_earlier": before[chosen],
            },
        )  # fmt: skip


def _test(
    day: NetworkDay, found: Denials, sources: Groups, earlier: list[Denials]
) -> tuple[Floats, Floats, Floats, Floats, Ints]:
    """Values, what is usual, what was most before, p of each source in each test; and the row that stands out most."""
    side = day.is_home[found.src]
    targets = found.targets.astype(np.float64)
    usual = others_log_mean(targets, found.src, found.service * 2 + side)
    before = most_of_days(_keys(day, found), [(_keys(day, one), one.targets) for one in earlier])
    p_row = unusual(targets, usual, before)
    order = np.lexsort((found.service, -targets, p_row, found.src))
    top = order[group_starts(found.src[order])]
    values, means, most, p_value = (np.zeros((sources.keys.size, 3)) for _ in range(4))
    values[:, TARGETS], means[:, TARGETS], most[:, TARGETS] = targets[top], np.exp(usual[top]), before[top]
    p_value[:, TARGETS] = simes(p_row[order], group_starts(found.src[order]))[0]
    home = day.is_home[sources.keys].astype(np.int64)
    services = [Groups.by(one.src) for one in earlier]
    hours = [(np.arange(day.n_hosts), one.densest) for one in earlier]
    whole = {
        SERVICES: (sources.size.astype(np.float64), [(one.keys, one.size) for one in services]),
        HOUR: (np.maximum(found.densest[sources.keys], 1).astype(np.float64), hours),
    }
    for test, (now, then) in whole.items():
        log_mean = others_log_mean(now, sources.keys, home)
        values[:, test], means[:, test] = now, np.exp(log_mean)
        most[:, test] = most_of_days(sources.keys, then)
        p_value[:, test] = unusual(now, log_mean, most[:, test])
    return values, means, most, p_value, top


def _keys(day: NetworkDay, found: Denials) -> Ints:
    """One integer for a service and a source."""
    return found.service * day.n_hosts + found.src


def _extent(found: Denials, sources: Groups, told: Ints) -> Extent:
    return Extent.of_groups(found, places_in(told, sources.keys.size)[sources.of], told.size)


def _techniques(is_inside: NDArray[np.bool_], test: Ints) -> pa.Array:
    import pyarrow as pa

    of_many = np.where(is_inside, FROM_INSIDE, FROM_OUTSIDE)
    return pa.array(of_many.tolist(), mask=test == HOUR, type=pa.string())


def _said(found: Denials, values: Floats, test: Ints, top: Ints, hour: Ints) -> pa.Array:
    import pyarrow as pa

    targets = each(values[:, TARGETS], count)
    by_targets = join("denied or refused ", say_service(found.service[top]), " of ", targets, " addresses")
    by_services = join("denied or refused ", each(values[:, SERVICES], count), " services")
    by_hour = join(
        "denied or refused ", each(values[:, HOUR], count), " times in the hour from ",
        each(hour, lambda h: f"{dt.datetime.fromtimestamp(h * HOUR_S, dt.UTC):%H:%M}"), " UTC",
    )  # fmt: skip
    pieces = [piece.to_numpy(zero_copy_only=False) for piece in (by_targets, by_services, by_hour)]
    return pa.array(np.choose(test, pieces).tolist(), pa.string())
