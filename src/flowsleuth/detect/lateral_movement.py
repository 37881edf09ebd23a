"""Lateral movement: new or rare ways from host to host of ours, and paths of them in order of time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.unfamiliar_words import unfamiliar_evidence
from flowsleuth.detect.days.admin_services import ADMIN, admin_service
from flowsleuth.detect.days.kept_meetings import met_before
from flowsleuth.detect.days.meetings import had_before
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.dense_codes import distinct, hash_rows, only_value, places_in
from flowsleuth.detect.findings import KEPT_P, NONE, Extent, no_findings, tell
from flowsleuth.detect.kernels.familiarity import Familiarity, Met, judge_first, judge_met
from flowsleuth.detect.kernels.p_values import least_of
from flowsleuth.detect.kernels.paths import best_paths
from flowsleuth.detect.option_bounds import check_bounds
from flowsleuth.detect.wording import each, join, share

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOUR_US = 3_600_000_000
PATH_TECHNIQUE = "T1021"


@dataclass(frozen=True)
class LateralMovementOptions:
    """Options of :class:`LateralMovementFinder`."""

    wait_h: float = field(
        default=4.0,
        metadata={
            "help": "how long after one hop the next may begin",
            "unit": "hours",
            "min": 0.1,
            "max": 24,
        },
    )
    hops: int = field(
        default=4,
        metadata={"help": "hops of the longest path", "unit": "hops", "min": 1, "max": 8},
    )

    def __post_init__(self) -> None:
        check_bounds(self)


class LateralMovementFinder:
    """Finds who works on a host of ours that hardly anybody works on, and paths of such hops.

    An *edge* is a (source, destination, administration service) between two hosts of ours that got to talk
    (:data:`.admin_services.ADMIN`). Of two p-values the larger counts:

    - rarity (:func:`.kernels.familiarity.judge_met`): of all administration of this source, over up to 14 earlier days
      and today, how much is of services of hosts that as few work on, drawn to the share of all our hosts, of which
      most work on none;
    - newness (:func:`.kernels.familiarity.judge_first`), with two earlier days or more: on how many days this source
      opens a new edge, drawn to the share of all our hosts. An edge of an earlier day is no news and not told.

    So a management server, a backup or a vulnerability scanner that reaches everybody is not surprising for one more,
    nor is who comes for the first time to a server that many work on.

    A *path* is a chain of edges a → b → c, each begun within hours after the one before: its p-value puts those of its
    edges together, each hop the best of its host's (:func:`.kernels.paths.best_paths`), and the best path of a source
    is the least of as many as it has edges. One finding for each source.

    The null: a source's choices of today are as all its choices, and what a host does next does not depend on who came.

    Blind spots: services on other ports; what goes through a gateway that hides the source; hosts that are not in the
    home networks; a path through a host that opens such edges all day; hops days apart; movement along edges that are
    used every day.

    Source: own; paths after Neil et al. 2013 (Scan statistics for the online detection of locally anomalous subgraphs),
    who model each edge's activity over weeks, where here one day and a few earlier must do.

    Parameters
    ----------
    options : LateralMovementOptions, optional
    """

    name: ClassVar[str] = "lateral_movement"
    summary: ClassVar[str] = "who works on hosts of ours that hardly anybody does, and paths from host to host"
    family: ClassVar[str] = "access"
    normal_if: ClassVar[str] = "it were its task to work on those hosts"
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = LateralMovementOptions
    version: ClassVar[int] = 1
    tables: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: LateralMovementOptions | None = None) -> None:
        self.options = options or LateralMovementOptions()

    def find(self, day: NetworkDay) -> pa.Table:
        """New or rare edges and paths of the day; see :class:`.findings.Finder`."""
        import pyarrow as pa

        if not len(day.pairs):
            return no_findings()
        edges = AdminEdges(day)
        earlier = met_before(day, "administered", edges.met, lambda then: AdminEdges(then).met)
        if not len(edges.met):
            return no_findings()
        judged = judge_met(edges.met, None, earlier, among=edges.among, by_days=False)
        first = judge_first(edges.met, earlier, among=edges.among)
        p_value = _edge_chance(edges, judged, first, earlier)
        found = _tell_edges(edges, judged, first, p_value, len(earlier))
        return pa.concat_tables([found, self._paths(edges, p_value)])

    def _paths(self, edges: AdminEdges, p_value: Floats) -> pa.Table:
        """The least likely path of each source."""
        hops = Hops.of_edges(edges, p_value)
        at, wait_us = hops.extent, int(self.options.wait_h * HOUR_US)
        paths = best_paths(
            hops.src, hops.dst, at.first_us, at.last_us, hops.p_value, wait_us=wait_us, most_hops=self.options.hops
        )
        start, counts = np.unique(hops.src, return_index=True, return_counts=True)[1:]
        best = np.lexsort((hops.dst, paths.p_value, hops.src))[start]
        chance = least_of(paths.p_value[best], counts)
        told = np.flatnonzero((chance <= KEPT_P) & (paths.hops[best] > 1))
        if not told.size:
            return no_findings()
        return _tell_paths(edges.day, hops, [paths.edges(int(edge)) for edge in best[told]], chance[told])


class AdminEdges:
    """Administration between hosts of ours on one day, by (client, server, kind of service).

    Attributes
    ----------
    day : NetworkDay
    rows, of : array of int64, shape (n_rows,)
        Rows of the day's pairs, and which edge each is of.
    client, server, kind : array of int64, shape (n_edges,)
        Host codes; place in :data:`.admin_services.ADMIN`.
    met : Met
        Who worked on which service of whom.
    among : int
        Hosts of ours that talked to anybody as clients.
    """

    def __init__(self, day: NetworkDay) -> None:
        pairs = day.pairs
        self.day = day
        kind = admin_service(pairs.service)
        is_talk = (pairs.flows > pairs.failed) & day.is_ours[pairs.client]
        self.among = distinct(pairs.client[is_talk]).size
        talks = is_talk & (kind >= 0) & day.is_ours[pairs.server]
        self.rows = np.flatnonzero(talks & ~day.is_group[pairs.server] & (pairs.client != pairs.server))
        hosts, kinds = max(day.n_hosts, 1), len(ADMIN)
        client, server = pairs.client[self.rows].astype(np.int64), pairs.server[self.rows].astype(np.int64)
        keys, of = np.unique((client * hosts + server) * kinds + kind[self.rows], return_inverse=True)
        self.of = of.reshape(-1)
        ends, self.kind = np.divmod(keys, kinds)
        self.client, self.server = np.divmod(ends, hosts)
        hashes = day.addresses.hashes()
        what = hash_rows(np.stack([hashes[self.server], self.kind.astype(np.uint64)], axis=1))
        self.met = Met(hashes[self.client], what, hashes[self.server])

    def spread(self, group: Ints) -> Ints:
        """The group of each row of the day's pairs, by that of its edge; -1 for rows of no edge."""
        found = np.full(len(self.day.pairs), NONE)
        found[self.rows] = group[self.of]
        return found

    def part(self, wanted: Ints) -> Ints:
        """Which of some edges each row of the day's pairs is of; -1 for none."""
        return self.spread(places_in(wanted, self.client.size))


@dataclass(frozen=True)
class Hops:
    """Edges by their two ends, all services together; arrays of shape (n,), in order of (src, dst).

    Attributes
    ----------
    src, dst : array of int64
    p_value : array of float64
        That of the least likely of its services, of as many as there are (Sidak).
    kind : array of int64
        Its service, the first of equals.
    extent : Extent
    """

    src: Ints
    dst: Ints
    p_value: Floats
    kind: Ints
    extent: Extent

    @classmethod
    def of_edges(cls, edges: AdminEdges, p_value: Floats) -> Hops:
        """Put together what goes from one host to another."""
        hosts = edges.day.n_hosts
        ends, start, of, counts = np.unique(
            edges.client * hosts + edges.server, return_index=True, return_inverse=True, return_counts=True
        )
        of = of.reshape(-1)
        best = np.lexsort((edges.kind, p_value, of))[start]
        src, dst = np.divmod(ends, hosts)
        extent = Extent.of_groups(edges.day.pairs, edges.spread(of), ends.size)
        return cls(src, dst, least_of(p_value[best], counts), edges.kind[best], extent)


def _edge_chance(edges: AdminEdges, judged: Familiarity, first: Floats, earlier: list[tuple[int, Met]]) -> Floats:
    """P-value of each edge; 1 for one of an earlier day."""
    if not earlier:
        return judged.p_value
    p_value = np.maximum(judged.p_value, first) if len(earlier) > 1 else judged.p_value
    return np.where(had_before(edges.met, earlier), 1.0, p_value)


def _tell_edges(edges: AdminEdges, judged: Familiarity, first: Floats, p_value: Floats, days: int) -> pa.Table:
    """Findings of single edges."""
    import pyarrow as pa

    told = np.flatnonzero(p_value <= KEPT_P)
    pairs, of = edges.day.pairs, edges.part(told)
    kinds = pa.array(edges.kind[told])
    since = f", for the first time in {days + 1} days" if days else ""
    own = np.where(judged.own_met > 0, np.nan_to_num(judged.own), -1.0)[told]
    return tell(
        edges.day,
        src=edges.client[told],
        dst=edges.server[told],
        service=only_value(pairs.service, of, told.size),
        p_value=p_value[told],
        technique=pa.array([one.technique for one in ADMIN]).take(kinds),
        extent=Extent.of_groups(pairs, of, told.size),
        reason=join(
            pa.array([one.name for one in ADMIN]).take(kinds),
            f" to a host of ours{since}; ",
            each(judged.others[told], _others),
            " there; ",
            each(
                judged.own_met[told], lambda n: f"of its {n:,} other such meeting{'' if n == 1 else 's'} " if n else ""
            ),
            each(own, _like_it),
            ", of all our hosts' ",
            each(judged.everywhere[told], share),
        ),
        evidence=unfamiliar_evidence(judged, told) | {"first_p_value": first[told]},
    )


def _others(number: int) -> str:
    return f"{number:,} other host{'' if number == 1 else 's'} did so" if number else "nobody else did so"


def _like_it(part: float) -> str:
    if part < 0:
        return "it worked on no other"
    return f"{share(part) if part else 'none'} were as rare"


def _tell_paths(day: NetworkDay, hops: Hops, paths: list[list[int]], chance: Floats) -> pa.Table:
    """One finding for each path."""
    import pyarrow as pa

    texts = day.addresses.texts
    words = []
    for path in paths:
        steps = [
            f" → {texts[int(hops.dst[hop])]} ({ADMIN[hops.kind[hop]].name} at {_clock(hops.extent.first_us[hop])} UTC, "
            f"p {hops.p_value[hop]:.2g})"
            for hop in path
        ]
        words.append(f"path of {len(path)} hops: {texts[int(hops.src[path[0]])]}{''.join(steps)}")
    return tell(
        day,
        src=hops.src[[path[0] for path in paths]],
        p_value=chance,
        technique=PATH_TECHNIQUE,
        extent=_path_extents(hops.extent, paths),
        reason=pa.array(words, pa.string()),
        evidence={"hops": np.array([len(path) for path in paths])},
    )


def _clock(us: int) -> str:
    """Hour and minute, UTC."""
    minutes = int(us) // 60_000_000 % 1440
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _path_extents(edges: Extent, steps: list[list[int]]) -> Extent:
    """What the flows of each path's edges add up to."""
    starts = np.cumsum([0, *(len(path) for path in steps[:-1])])
    at = np.concatenate([np.array(path, dtype=np.int64) for path in steps])
    return Extent(
        np.add.reduceat(edges.flows[at], starts),
        np.minimum.reduceat(edges.first_us[at], starts),
        np.maximum.reduceat(edges.last_us[at], starts),
        np.add.reduceat(edges.src_bytes[at], starts),
        np.add.reduceat(edges.dst_bytes[at], starts),
    )
