"""Beacons of a day, told by what the day and the two weeks before it show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.asked_names import AskedNames
from flowsleuth.detect.clues.common_conduct import others_share, sources_of
from flowsleuth.detect.clues.pair_beats import PairBeats, say_period, say_silences
from flowsleuth.detect.clues.talks import FlowTalks
from flowsleuth.detect.days.flow_codes import RESOLVERS, SPAN
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.dense_codes import distinct
from flowsleuth.detect.findings import KEPT_P, no_findings, tell
from flowsleuth.detect.kernels.beats import LONG_SCALE_MS, SCALES_MS
from flowsleuth.detect.odds.peer_tails import peer_tail
from flowsleuth.detect.option_bounds import check_bounds
from flowsleuth.detect.wording import count, each, join, share

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_US = 86_400_000_000
LONG_SCALES = tuple(scale for scale in SCALES_MS if scale >= LONG_SCALE_MS)
CERTAIN_P = 1e-6
"""A test that says less is believed for sure: of a million pairs of a day without memory one would."""
SHORT_US = 900_000_000
LONGEST_DOUBLINGS = 10.0
"""Each doubling of how long a beat lasts beyond a quarter of an hour counts like one nat of chance: what retries or
reloads for a minute is even, too, and over soon. Ten doublings are ten days."""
POLLED = (17 * SPAN + 123,)
"""What polls by its protocol wherever it runs: NTP (RFC 5905). That it beats is no evidence, however few do it here."""


@dataclass(frozen=True)
class DailyBeaconOptions:
    """Options of :class:`DailyBeaconFinder`."""

    least: int = field(
        default=5,
        metadata={"help": "connections that a pair needs", "unit": "connections", "min": 5, "max": 10**6},
    )
    most: int = field(
        default=500_000,
        metadata={
            "help": "connections in a day above which a pair is a strobe, not a beacon",
            "unit": "connections",
            "min": 5,
            "max": 10**8,
        },
    )

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True)
class _Arrivals:
    """What both looks tell of each talk, arrays of shape (n,).

    Attributes
    ----------
    p_value : array of float64
        Chance of pauses so even; 1 where nothing was tested.
    look : array of int64
        Which look tells it.
    span_us : array of int64
        From the first connection to the last that it rests on.
    """

    looks: tuple[PairBeats, PairBeats]
    p_value: Floats
    look: Ints
    span_us: Ints

    @classmethod
    def of(cls, talks: FlowTalks | AskedNames, least: int, most: int) -> _Arrivals:
        """Look twice; the better look tells, at the price of having looked twice."""
        looks = PairBeats(talks.slow(least), LONG_SCALES), PairBeats(talks.today(least, most))
        found = cls(looks, np.ones(len(talks)), *np.zeros((2, len(talks)), dtype=np.int64))
        tries = np.zeros(len(talks))
        for number, look in enumerate(looks):
            pair, p_value = look.times.pair, look.p_value
            tries[pair] += look.beats.tests > 0
            better = np.flatnonzero(p_value < found.p_value[pair])
            found.p_value[pair[better]] = p_value[better]
            found.look[pair[better]] = number
            found.span_us[pair[better]] = look.span_us[better]
        np.minimum(found.p_value * np.maximum(tries, 1), 1.0, out=found.p_value)
        return found

    def numbers(self, rows: Ints) -> dict[str, Floats]:
        """Period, jitter and so on of some talks that were tested; `rows` ascend."""
        names = ("evenness", "beats", "period_s", "jitter", "missed", "breaks", "days")
        told = {name: np.zeros(rows.size) for name in names}
        for number, whole in enumerate(self.looks):
            mine = np.flatnonzero(self.look[rows] == number)
            places = np.searchsorted(whole.times.pair, rows[mine])
            look = PairBeats(whole.times.only(places), whole.scales_ms)
            values = (look.evenness, look.beats.beats, *vars(look.periods).values(), look.distinct(DAY_US))
            for name, value in zip(names, values, strict=True):
                told[name][mine] = value
        return told


class DailyBeaconFinder:
    """Finds pairs of the day whose connections come at regular times, over the day or over up to 15 days.

    Who connects to which service of a peer (a server's name, else an address), and who asks DNS for which name, is
    tested twice (:mod:`.kernels.beats`): by the connections of the day, and, where they are in at most 24
    quarter-hours of it, by what it and up to 14 earlier days keep of them, for pauses from a quarter of an hour to
    days. The null is arrivals without memory; where both looks could be had, the better counts double.

    Machines beat. So the p-value is the largest of three: that chance; the share of the day's pairs that are as even
    for as long, among those whose peer is known to about as many of our hosts (:func:`.peer_tails.peer_tail`); and the
    share of our other hosts that do the same (:func:`.common_conduct.others_share`). Updates and mail that everybody
    asks are therefore no findings, and a beat among many of its kind is worth as little as there are many. Chances
    below one in a million count as equal, so that a quiet beacon is worth what a loud one is. Pairs that only failed
    are compared when there is something to test, so that a scan makes nobody look rare. Time protocol is left out
    (:data:`POLLED`), and, where DNS rows tell the names, flows to resolvers.

    Blind spots: those of :class:`.beacons.BeaconFinder`; in a network of a few hosts nobody can tell what is usual;
    where many hosts are infected with the same, each vouches for the others; a person's daily round is a slow beat;
    what hides in time protocol.

    Source: own; see :mod:`.kernels.beats`.

    Parameters
    ----------
    options : DailyBeaconOptions, optional
    """

    name: ClassVar[str] = "beacons"
    summary: ClassVar[str] = "a source that connects to a peer, or asks for a name, at regular times"
    family: ClassVar[str] = "timing"
    normal_if: ClassVar[str] = "other hosts beat to the same peer"
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = DailyBeaconOptions
    version: ClassVar[int] = 2
    tables: ClassVar[tuple[str, ...]] = ("dns",)

    def __init__(self, options: DailyBeaconOptions | None = None) -> None:
        self.options = options or DailyBeaconOptions()

    def find(self, day: NetworkDay) -> pa.Table:
        """Beacons of the day; see :class:`.findings.Finder`."""
        import pyarrow as pa

        if not len(day.pairs):
            return no_findings()
        asked = AskedNames(day)
        told_by_name = RESOLVERS if len(asked) else ()  # it is the name asked for that beats, not the resolver
        return pa.concat_tables([self._tell(day, FlowTalks(day), (*POLLED, *told_by_name)), self._tell(day, asked, ())])

    def _tell(self, day: NetworkDay, talks: FlowTalks | AskedNames, excused: tuple[int, ...]) -> pa.Table:
        if not len(talks):
            return no_findings()
        found = _Arrivals.of(talks, self.options.least, self.options.most)
        sources = sources_of(talks.src, talks.peer)
        rows = np.flatnonzero(found.p_value <= KEPT_P)
        usual, others = _usual(talks, found, sources, rows)
        others[np.isin(talks.service[rows], excused)] = 1.0
        p_value = np.maximum(found.p_value[rows], np.maximum(usual, others))
        kept = p_value <= KEPT_P
        rows, p_value, usual, others = rows[kept], p_value[kept], usual[kept], others[kept]
        told = found.numbers(rows)
        evenness = told.pop("evenness")
        known = {"sources": sources[rows], "hosts": np.full(rows.size, distinct(talks.src).size)}
        return tell(
            day,
            src=talks.src[rows],
            dst=talks.dst(rows),
            name=talks.names(rows),
            service=talks.service[rows],
            p_value=p_value,
            score=evenness * (1.0 - p_value),
            technique=talks.technique,
            extent=talks.extent(rows),
            reason=_reasons(told, found.p_value[rows], usual, sources[rows] - 1),
            evidence={**told, **known, "chance": found.p_value[rows], "as_much": usual, "others": others},
        )


def _usual(talks: FlowTalks | AskedNames, found: _Arrivals, sources: Ints, rows: Ints) -> tuple[Floats, Floats]:
    """Of some talks the share of like ones that beat as much, and the share of other hosts that do the same."""
    lasts = np.clip(np.log2(np.maximum(found.span_us, SHORT_US) / SHORT_US), 0.0, LONGEST_DOUBLINGS)
    strength = np.where(found.p_value < 1, -np.log(np.maximum(found.p_value, CERTAIN_P)) + lasts, 0.0)
    votes = np.flatnonzero((found.p_value < 1) | (talks.failed < talks.connections))
    like = 2 * np.frexp(sources.astype(float))[1] + talks.is_inner
    usual = np.ones(len(talks))
    usual[votes] = peer_tail(strength[votes], like[votes])
    return usual[rows], others_share(strength, talks.src, talks.peer, talks.service, rows)


def _reasons(told: dict[str, Floats], chance: Floats, usual: Floats, others: Ints) -> pa.Array:
    """Period, jitter, beats, how even by chance, and who else knows the peer."""
    return join(
        say_period(told["period_s"], told["jitter"], told["beats"]),
        each(told["days"], lambda n: f" on {count(n)} days" if n > 1 else ""),
        say_silences(told["missed"], told["breaks"]),
        each(chance, lambda p: f"; so even by chance: {p:.1e}" if p >= CERTAIN_P else "; not by chance"),
        each(usual, lambda p: f"; as even for as long are {share(p)} of the pairs whose peer is known as well"),
        each(
            others, lambda n: f"; {count(n)} more of our hosts connect to it" if n else "; no other host of ours does"
        ),
    )
