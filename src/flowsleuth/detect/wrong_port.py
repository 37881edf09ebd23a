"""Protocols on the wrong port: what a sensor recognised where it does not belong, or did not where it should have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.carried import OTHER, UNKNOWN, Carried, carried, carried_by_source
from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.flow_codes import SPAN
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.service_ports import CARRIERS, PORTS
from flowsleuth.detect.dense_codes import distinct, group_starts, pack
from flowsleuth.detect.findings import Extent, no_findings, say_service, tell
from flowsleuth.detect.odds.peer_tails import PRIOR_PEERS
from flowsleuth.detect.option_bounds import check_bounds
from flowsleuth.detect.wording import count, each, join

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

WRONG_PORT, UNRECOGNISED = "T1571", "T1095"
"""ATT&CK: non-standard port; non-application layer protocol, of what nobody recognises on a port of a known one."""
NAMES = np.array([*PORTS, "", ""])
"""By the codes of :mod:`.carried`."""


@dataclass(frozen=True)
class WrongPortOptions:
    """Options of :class:`WrongPortFinder`."""

    least: int = field(
        default=5,
        metadata={
            "help": "sources that carried what belongs on a port, from which something unrecognised there is odd",
            "unit": "sources",
            "min": 1,
            "max": 10**6,
        },
    )

    def __post_init__(self) -> None:
        check_bounds(self)


class WrongPortFinder:
    """Finds pairs that speak an application protocol on a port that it does not belong on.

    What the sensor recognised (Zeek, Suricata, PAN-OS) is compared with the ports that the protocol is registered for
    or that products use as a rule. p is the share of sources that speak the protocol, of this and earlier days, one
    vote each, that do so on a wrong port as few others use as this one; :data:`.PRIOR_PEERS` are taken to use the
    right ones. So a product of the house that many speak with on a port of its own is not odd.

    On ports of well-known protocols (443, 80, 53, 22, 25, 445, 3389 by TCP), also pairs whose every conversation was
    not recognised: p is the share of sources on the port with such a conversation; where at least `least` sources, and
    more than half of them, were recognised.

    Blind spots: a sensor that names protocols by port; what it recognises falsely; protocols that agree on any port;
    the right protocol on its port, whatever is in it; with n sources p is never below ``1 / (n + 20)``. One that was
    odd on earlier days stays so.

    Source: own; a rank among peers.

    Parameters
    ----------
    options : WrongPortOptions, optional
    """

    name: ClassVar[str] = "wrong_port"
    summary: ClassVar[str] = "an application protocol on a port that it does not belong on"
    family: ClassVar[str] = "rarity"
    normal_if: ClassVar[str] = "the service were known to be on that port"
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = WrongPortOptions
    version: ClassVar[int] = 2
    tables: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: WrongPortOptions | None = None) -> None:
        self.options = options or WrongPortOptions()

    def find(self, day: NetworkDay) -> pa.Table:
        """Wrong ports of the day; see :class:`.findings.Finder`."""
        import pyarrow as pa

        if not day.n_hosts:
            return no_findings()
        today = carried(day)
        if not today.src.size:
            return no_findings()
        days = [carried_by_source(day, date) for date in (day.date, *day.earlier_days)]
        odd = _odd_rows(today)
        silent = _silent_pairs(today)
        found = [self._wrong(day, today, odd, days), self._silent(day, today, silent, days)]
        return pa.concat_tables([no_findings(), *found])

    def _wrong(self, day: NetworkDay, today: Carried, odd: Ints, days: list[Carried]) -> pa.Table:
        p_value, users, speakers = _rarity(today, odd, days)
        return tell(
            day,
            src=today.src[odd],
            dst=today.dst[odd],
            service=today.service[odd],
            p_value=p_value,
            technique=WRONG_PORT,
            extent=Extent.of_rows(today, odd),
            reason=join(
                each(NAMES[today.protocol[odd]], str), " on ", say_service(today.service[odd]), ", where it does "
                "not belong: as ", each(users, count), " of ", each(speakers, count), " sources that speak it",
            ),
            evidence={"sources_on_the_port": users, "sources_that_speak_it": speakers},
        )  # fmt: skip

    def _silent(self, day: NetworkDay, today: Carried, silent: Ints, days: list[Carried]) -> pa.Table:
        p_value, silent_sources, sources = _silence(today, silent, days, self.options.least)
        expected = each(today.service[silent] % SPAN, CARRIERS.__getitem__)
        return tell(
            day,
            src=today.src[silent],
            dst=today.dst[silent],
            service=today.service[silent],
            p_value=p_value,
            technique=UNRECOGNISED,
            extent=Extent.of_rows(today, silent),
            reason=join(
                "nothing on ", say_service(today.service[silent]), " was recognised as ", expected,
                ", or as anything: so it is with ", each(silent_sources, count), " of ", each(sources, count),
                " sources there",
            ),
            evidence={"sources_unrecognised": silent_sources, "sources_on_the_port": sources},
        )  # fmt: skip


def _odd_rows(today: Carried) -> Ints:
    """Rows of protocols on wrong ports, one a source, destination and service."""
    odd = np.flatnonzero(today.is_odd & (today.protocol != UNKNOWN))
    return odd[group_starts(pack(today.src[odd], today.dst[odd], today.service[odd]))]


def _voters(days: list[Carried], which: list[Bools]) -> tuple[Ints, Ints, Ints]:
    """Protocol, service and source of some rows of days, each once.

    Sources of an earlier day that today does not have are taken together for one.
    """
    parts = []
    for age, (day, rows) in enumerate(zip(days, which, strict=True)):
        src = np.where(day.src >= 0, day.src, -1 - age)
        parts.append(np.stack([day.protocol, day.service, src])[:, rows])
    found = np.concatenate(parts, axis=1)
    protocol, service, source = found[:, np.unique(pack(*found), return_index=True)[1]]
    return protocol, service, source


def _rarity(today: Carried, odd: Ints, days: list[Carried]) -> tuple[Floats, Ints, Ints]:
    """Of each odd row: p, sources that speak the protocol on the port, and sources that speak it at all."""
    protocol, service, src = _voters(days, [one.is_odd & (one.protocol != UNKNOWN) for one in days])
    width = int(max((int(one.service.max(initial=0)) for one in days), default=0)) + 1
    ports = Groups.by(protocol * width + service)
    speaks, _, who = _voters(days, [one.protocol != UNKNOWN for one in days])
    speakers = speaks[np.unique(pack(speaks, who), return_index=True)[1]]
    n = np.bincount(speakers, minlength=OTHER + 1)
    users = ports.size[np.searchsorted(ports.keys, today.protocol[odd] * width + today.service[odd])]
    own = ports.size[ports.of]
    rare = np.zeros(odd.size, dtype=np.int64)
    _, first, at = np.unique(pack(today.protocol[odd], users), return_index=True, return_inverse=True)
    for place, row in enumerate(first.tolist()):
        as_rare = (protocol == today.protocol[odd[row]]) & (own <= users[row])
        rare[at.reshape(-1) == place] = distinct(src[as_rare]).size
    speak = n[today.protocol[odd]]
    return np.asarray(rare / (speak + PRIOR_PEERS)), users, speak


def _silent_pairs(today: Carried) -> Ints:
    """Rows of pairs of which no conversation on the port was recognised."""
    starts = group_starts(pack(today.src, today.dst, today.service))
    is_silent = np.logical_and.reduceat(today.protocol == UNKNOWN, starts)
    return np.flatnonzero(np.repeat(is_silent, np.diff(np.append(starts, today.src.size))))


def _silence(today: Carried, silent: Ints, days: list[Carried], least: int) -> tuple[Floats, Ints, Ints]:
    """Of each silent row: p, sources with something unrecognised on the port, and sources on the port."""
    services = distinct(today.service[silent])
    p_value, quiet, total = np.ones(silent.size), np.zeros(silent.size, np.int64), np.zeros(silent.size, np.int64)
    for service in services.tolist():
        protocol, _, src = _voters(days, [one.service == service for one in days])
        is_unknown = protocol == UNKNOWN
        unheard, heard, every = (distinct(who).size for who in (src[is_unknown], src[~is_unknown], src))
        at = today.service[silent] == service
        quiet[at], total[at] = unheard, every
        if heard >= least and 2 * heard > every:
            p_value[at] = unheard / (every + PRIOR_PEERS)
    return p_value, quiet, total
