"""Destinations and services that hardly anybody met, or nobody before, and that are used as new ones never are."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.client_marks import MARKS, find_marks
from flowsleuth.detect.clues.unfamiliar_words import say_unfamiliar, unfamiliar_evidence
from flowsleuth.detect.days.flow_codes import OTHER_PROTO, SPAN
from flowsleuth.detect.days.kept_meetings import met_before
from flowsleuth.detect.days.meetings import ADDRESS, KINDS, NAME, SERVICE, AsNumbers, DayMeetings, Meetings, in_earnest
from flowsleuth.detect.days.network_day import NetworkDay, count_hours
from flowsleuth.detect.dense_codes import only_value, places_in
from flowsleuth.detect.findings import KEPT_P, Extent, no_findings, say_service, tell
from flowsleuth.detect.kernels.familiarity import Familiarity, Met, judge_met
from flowsleuth.detect.option_bounds import check_bounds
from flowsleuth.detect.surprise.expected_services import expected_codes
from flowsleuth.detect.wording import join

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TECHNIQUES = {NAME: "T1071", ADDRESS: "T1071", SERVICE: "T1571"}
"""ATT&CK: application layer protocol and non-standard port, of command and control."""


@dataclass(frozen=True)
class NewRareOptions:
    """Options of :class:`NewRareFinder`."""

    days: int = field(
        default=14,
        metadata={
            "help": "earlier days that are looked at, of those there are",
            "unit": "days",
            "min": 0,
            "max": 14,
        },
    )

    def __post_init__(self) -> None:
        check_bounds(self)


class NewRareFinder:
    """Finds who meets what is new or rare to the network, and uses it in earnest.

    Looks at destinations by name, else by address with the autonomous system that it belongs to; at services; at TLS
    clients' fingerprints, programs' user agents and servers' certificates, where they were recorded. Each is judged by
    :func:`.kernels.familiarity.judge_met`: how often does this host, in up to 14 earlier days and today, meet anything
    so little known, drawn to how often everybody does; and of what is so little known, how much is used in as many
    hours with as many connections. A browser or mail relay meets strangers all day and is not surprising for one more.

    The null: the host's meetings of today are drawn as all its meetings, and what is new to it is used as what is new
    to others.

    Blind spots: what many hosts met (a subdomain of a well-known domain is only half as new); a service that nearly
    every network has is not told, nor one of a protocol that the records do not name; a host that everybody only met
    in vain; whatever was met for weeks. A host with few meetings, on a network without earlier days, is judged by
    everybody's.

    Source: own; Good and Turing's estimate (Good 1953) of meeting something new, per source as in the detector
    ``suspicious``; prevalence and first seen as in RITA v5, which counts neither sources' habits nor uses.

    Parameters
    ----------
    options : NewRareOptions, optional
    """

    name: ClassVar[str] = "new_rare"
    summary: ClassVar[str] = "who meets destinations, services, programs that are new or rare here, and uses them"
    family: ClassVar[str] = "newness"
    normal_if: ClassVar[str] = "the destination were known"
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = NewRareOptions
    version: ClassVar[int] = 2
    tables: ClassVar[tuple[str, ...]] = ("tls", "http", "fact")

    def __init__(self, options: NewRareOptions | None = None) -> None:
        self.options = options or NewRareOptions()

    def find(self, day: NetworkDay) -> pa.Table:
        """What was met today and is odd; see :class:`.findings.Finder`."""
        import pyarrow as pa

        if not len(day.pairs):
            return no_findings()
        dates = day.earlier_days[: self.options.days]
        numbers = AsNumbers(day.input, [day.date, *dates])
        today = DayMeetings(day)
        found = []
        for kind in KINDS:
            meetings = today.of(kind)
            met = meetings.met
            earlier = met_before(day, f"met_{kind}", met, partial(_met, kind), dates)
            if kind == ADDRESS:
                met, earlier = numbers.group(met), [(age, numbers.group(before)) for age, before in earlier]
            judged = judge_met(met, _use(day, meetings), earlier)
            found.append(_tell(day, kind, meetings, judged, len(dates)))
        found += [find_marks(day, mark, dates) for mark in MARKS]
        return pa.concat_tables(found)


def _met(kind: str, day: NetworkDay) -> Met:
    return DayMeetings(day).of(kind).met


def _hours(day: NetworkDay, meetings: Meetings) -> Ints:
    """In how many hours of the day each was met."""
    return count_hours(day.pairs.hours[meetings.rows], meetings.of, len(meetings.met))


def _use(day: NetworkDay, meetings: Meetings) -> Floats:
    """How much each thing that was met is used."""
    flows = np.bincount(meetings.of, weights=day.pairs.flows[meetings.rows], minlength=len(meetings.met))
    return in_earnest(_hours(day, meetings), flows)


def _tell(day: NetworkDay, kind: str, meetings: Meetings, judged: Familiarity, days: int) -> pa.Table:
    """Findings of a kind."""
    import pyarrow as pa

    pairs, p_value = day.pairs, judged.p_value
    if kind == SERVICE:
        says_nothing = np.isin(meetings.code, expected_codes()) | (meetings.code >= OTHER_PROTO * SPAN)
        p_value = np.where(says_nothing, 1.0, p_value)
    told = np.flatnonzero(p_value <= KEPT_P)
    of = np.full(len(pairs), -1)
    of[meetings.rows] = places_in(told, len(meetings.met))[meetings.of]
    extent = Extent.of_groups(pairs, of, told.size)
    hours = _hours(day, meetings)[told]
    reason = say_unfamiliar(judged, told, days, hours=hours, uses=extent.flows, unit="connections")
    return tell(
        day,
        src=meetings.client[told],
        dst=only_value(pairs.server, of, told.size),
        name=day.names.texts.take(pa.array(meetings.code[told])) if kind == NAME else None,
        service=only_value(pairs.service, of, told.size),
        p_value=p_value[told],
        technique=TECHNIQUES[kind],
        extent=extent,
        reason=reason if kind != SERVICE else join("asks for ", say_service(meetings.code[told]), ": ", reason),
        evidence=unfamiliar_evidence(judged, told) | {"hours": hours},
    )
