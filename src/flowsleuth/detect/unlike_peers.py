"""How unlike the day of each host of ours is to those of hosts that are about as busy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.host_days import NOTED, HostDays
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.population import population
from flowsleuth.detect.dense_codes import places_in
from flowsleuth.detect.findings import NONE, Extent, no_findings, tell
from flowsleuth.detect.kernels.as_busy import AsBusy
from flowsleuth.detect.kernels.histograms import bin_nats
from flowsleuth.detect.option_bounds import check_bounds
from flowsleuth.detect.wording import each, join, share

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TOLD = 2
"""Of what is unusual in a day, so much is told."""
MOST_TOLD = 5_000
"""Hosts that are told at most, the most unusual: as many leads of hosts are kept of a day."""


@dataclass(frozen=True)
class UnlikePeersOptions:
    """Options of :class:`UnlikePeersFinder`."""

    most_p: float = field(
        default=1.0,
        metadata={
            "help": "largest chance that is told; with 1 every host has its place",
            "unit": "probability",
            "min": 0.0001,
            "max": 1.0,
        },
    )

    def __post_init__(self) -> None:
        check_bounds(self)


class UnlikePeersFinder:
    """Says of each host of ours where its day stands among those of hosts that are about as busy.

    Ten plain numbers of a day (flows, peers, services, failures, their share, bytes both ways, mean duration, shares of
    flows that left and that asked DNS) give a histogram-based outlier score (:func:`.kernels.histograms.bin_nats`): how
    much rarer each number is, among hosts, than the commonest. The p-value is the share of hosts with as high a score,
    of which those count most that began about as many flows, to about as many peers, of which another host began as
    many (:mod:`.population`, :class:`.kernels.as_busy.AsBusy`). So it says nothing of how busy a host is, and who scans
    is not compared with the busiest servers.

    Unlike other finders it tells the likely too: a host of which nothing else is told still has its place in the list
    of hosts, by this, unless its day is as most are. Of networks of more than 5,000 hosts the 5,000 most unusual are
    told.

    The null: a host's score is drawn as those of hosts as busy are.

    Blind spots: what does not change a day's totals, such as a quiet channel; in networks of a few hosts the smallest
    chance is one of as many; hosts of few flows are all alike; addresses of a link (``fe80::/10``, ``169.254.0.0/16``)
    or of the host itself, which a host has besides its own, are not compared.

    Source: own; the score of Goldstein and Dengel 2012, comparison with the like as in Bolton and Hand 2001,
    "Unsupervised profiling methods for fraud detection" (peer group analysis).

    Parameters
    ----------
    options : UnlikePeersOptions, optional
    """

    name: ClassVar[str] = "unlike_peers"
    summary: ClassVar[str] = "how unlike the day of a host of ours is to those of hosts about as busy"
    family: ClassVar[str] = "rarity"
    normal_if: ClassVar[str] = "hosts as busy had such days"
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = UnlikePeersOptions
    version: ClassVar[int] = 3
    tables: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: UnlikePeersOptions | None = None) -> None:
        self.options = options or UnlikePeersOptions()

    def find(self, day: NetworkDay) -> pa.Table:
        """The place of every host of ours that began flows; see :class:`.findings.Finder`."""
        import pyarrow as pa

        days = HostDays.of_day(day)
        if not days.host.size:
            return no_findings()
        nats, alike = bin_nats(days.features())
        score = nats.sum(axis=1)
        p_value = _as_busy(day, days.host).tail(score)
        told = _most_unlikely(p_value, self.options.most_p)
        of = np.append(places_in(told, score.size), NONE)[days.of]
        numbers = {"outlier_nats": score, "hosts": np.full(score.size, score.size)} | days.as_told()
        return tell(
            day,
            src=days.host[told],
            host=days.host[told],
            p_value=p_value[told],
            technique=pa.nulls(told.size, pa.string()),
            extent=Extent.of_groups(day.pairs, of, told.size),
            reason=join(
                each(p_value[told], share),
                " of hosts about as busy had a day as unusual",
                _most_unusual(days, nats, alike, told),
            ),
            evidence={name: values[told] for name, values in numbers.items()},
            most_p=self.options.most_p,
        )


def _as_busy(day: NetworkDay, host: Ints) -> AsBusy:
    """Which hosts do about as much of what others do too."""
    rows = day.once(population)
    of = day.addresses.of(rows["ip"])
    place = np.empty(of.size, dtype=np.int64)
    place[of] = np.arange(of.size)
    return AsBusy.of(*(rows[name].to_numpy()[place[host]] for name in ("shared_flows", "shared_peers")))


def _most_unlikely(p_value: Floats, most_p: float) -> Ints:
    """Hosts that are told; of those that are alike at the end of so many, none."""
    is_told = p_value <= most_p
    if p_value.size > MOST_TOLD:
        is_told &= p_value < np.partition(p_value, MOST_TOLD)[MOST_TOLD]
    return np.flatnonzero(is_told)


def _most_unusual(days: HostDays, nats: Floats, alike: Ints, told: Ints) -> pa.Array:
    """``: 812 failed flows (2 of 342 hosts), …``; nothing of a day that is in all as most."""
    import pyarrow as pa

    order = np.argsort(-nats[told], axis=1, kind="stable")[:, :TOLD]
    texts = np.full(order.shape, "", dtype=object)
    for at, (name, say) in enumerate(NOTED.items()):
        row, place = np.nonzero((order == at) & (nats[told, at] > 0.0)[:, None])
        host = told[row]
        hosts = each(alike[host, at], lambda n: f" ({n:,} of {len(nats):,} hosts)")
        before = pa.array(np.where(place == 0, ": ", ", "))
        texts[row, place] = join(before, each(days.noted[name][host], say), hosts).to_pylist()
    return join(*(pa.array(column, pa.string()) for column in texts.T))
