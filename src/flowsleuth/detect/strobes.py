"""Strobes: a source that connects to one service of one peer without end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from flowsleuth.detect.edges import Groups
from flowsleuth.detect.findings import Extent, no_findings, tell
from flowsleuth.detect.network_day import NetworkDay
from flowsleuth.detect.option_bounds import check_bounds
from flowsleuth.detect.peer_tails import peer_tail
from flowsleuth.detect.wording import count, duration, each, join

if TYPE_CHECKING:
    import pyarrow as pa

TECHNIQUE = "T1071"
"""ATT&CK: application layer protocol, of command and control."""
DAY_S = 86_400.0


@dataclass(frozen=True)
class StrobeOptions:
    """Options of :class:`StrobeFinder`."""

    least: int = field(
        default=10_000,
        metadata={
            "help": "connections in a day from which a pair may be a strobe",
            "unit": "connections",
            "min": 100,
            "max": 10**9,
        },
    )

    def __post_init__(self) -> None:
        check_bounds(self)


class StrobeFinder:
    """Finds a source that connects to one service of one peer at least so often a day.

    The p-value is the share of pairs on the same service, drawn to that of all services, with as many connections in
    the day, the pair itself included (:func:`.peer_tails.peer_tail`): a resolver that everybody asks often is no
    strobe. RITA calls a strobe what has 86,400 connections in its data, one a second of a day; 10,000, one each nine
    seconds, is already more than anybody does by hand and a beacon test has no use for.

    Blind spots: few pairs on a service say little, so that the largest of them is worth a twentieth at best;
    connections that a proxy makes for many.

    Source: own; the threshold after RITA v5's strobe.

    Parameters
    ----------
    options : StrobeOptions, optional
    """

    name: ClassVar[str] = "strobes"
    summary: ClassVar[str] = "a source that connects to one service of one peer without end"
    family: ClassVar[str] = "timing"
    normal_if: ClassVar[str] = "it connected as often as others do"
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = StrobeOptions
    version: ClassVar[int] = 1
    tables: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: StrobeOptions | None = None) -> None:
        self.options = options or StrobeOptions()

    def find(self, day: NetworkDay) -> pa.Table:
        """Strobes of the day; see :class:`.findings.Finder`."""
        pairs = day.pairs
        if not len(pairs):
            return no_findings()
        first = Groups.by(day.by_ends.of.astype(np.int64) * (pairs.service.max() + 1) + pairs.service)
        connections = first.add_up(pairs.flows)
        at = np.unique(first.of, return_index=True)[1]
        service = pairs.service[at]
        p_value = peer_tail(connections, service)
        strobes = np.flatnonzero(connections >= self.options.least)
        of = np.full(first.keys.size, -1)
        of[strobes] = np.arange(strobes.size)
        extent = Extent.of_groups(pairs, of[first.of], strobes.size)
        rows = at[strobes]
        span_s = np.maximum((extent.last_us - extent.first_us) / 1e6, 1.0)
        return tell(
            day,
            src=pairs.src[rows],
            dst=pairs.dst[rows],
            service=service[strobes],
            p_value=p_value[strobes],
            technique=TECHNIQUE,
            extent=extent,
            reason=join(
                each(connections[strobes], count),
                " connections, one every ",
                each(span_s / connections[strobes], duration),
                "; as many have ",
                each(p_value[strobes], lambda p: f"{p:.1e}"),
                " of the pairs on the service",
            ),
            evidence={"connections": extent.flows, "span_s": span_s},
        )
