"""An analyst who rates by the labels: a capture cut in time, the queue of its first part, labels, and the part after.

A suspect is rated high when most of its flows are bad, else low; what differs within a suspect is left out of its
label, as the queue does it. The first part is scored as a day, the following one as the next day with it as its past.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from flowsleuth.detect import DETECTORS
from flowsleuth.testing.detectors import MemoryDay, run_detector
from flowsleuth.triage.feedback import Taught
from injected import HOSTS, VICTIM, attacks, office
from labelled import Capture
from ranking import average_precision, hits_at

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FIRST, NEXT = dt.date(2025, 3, 11), dt.date(2025, 3, 12)
RATED_AT = dt.datetime(2025, 3, 12, tzinfo=dt.UTC)
HIGH, LOW = 1, 3
END = ("src_ip", "dst_ip", "proto", "service_port", "server_name")
ANOTHER_HOST = "10.1.0.44"


@dataclass(frozen=True)
class Replay:
    """A capture before and after the analyst.

    Attributes
    ----------
    name : str
    first, after : pyarrow.Table
        Flows, in order of ``flow_id``.
    is_bad, is_bad_after : array of bool
    """

    name: str
    first: pa.Table
    after: pa.Table
    is_bad: Bools
    is_bad_after: Bools


def cut(capture: Capture) -> Replay:
    """At the middle of its flows in time; where that leaves a part without bad flows, at the middle of the bad ones."""
    order = np.argsort(capture.flows["start"].cast("int64").to_numpy(), kind="stable")
    bad, half = capture.is_bad[order], len(order) // 2
    if not bad[:half].any() or not bad[half:].any():
        half = int(np.flatnonzero(bad)[bad.sum() // 2])
    sides = [np.sort(order[:half]), np.sort(order[half:])]
    first, after = (capture.flows.take(pa.array(at)).combine_chunks() for at in sides)
    return Replay(capture.name, first, after, capture.is_bad[sides[0]], capture.is_bad[sides[1]])


def load_injected(seed: int = 11) -> list[Replay]:
    """Made-up office days: an attack that goes on the next day, and an attack of another kind by another host then."""
    from flowsleuth.testing.detectors import make_flows

    good = [office(np.random.default_rng(seed + day)) for day in (0, 1)]
    bad = [attacks(np.random.default_rng(seed + day)) for day in (0, 1)]
    names = list(bad[0])
    found = []
    for place, name in enumerate(names):
        other = names[(place + 4) % len(names)]
        elsewhere = [_moved(row) for row in bad[1][other]]
        for title, after in ((f"{name}, goes on", bad[1][name]), (f"{name}, then {other} elsewhere", elsewhere)):
            rows = [[*good[0], *bad[0][name]], [*good[1], *after]]
            flows = [make_flows(day) for day in rows]
            is_bad = [np.arange(len(day)) >= len(quiet) for day, quiet in zip(rows, good, strict=True)]
            found.append(Replay(title, flows[0], flows[1], is_bad[0], is_bad[1]))
    return found


def _moved(row: dict[str, object]) -> dict[str, object]:
    """The same deed by another host, with other partners outside."""
    assert HOSTS >= 44
    ends = {}
    for end in ("src_ip", "dst_ip"):
        address = str(row[end])
        outside = address.startswith("203.0.")
        ends[end] = (
            ANOTHER_HOST if address == VICTIM else address.replace("203.0.", "192.0.", 1) if outside else address
        )
    return {**row, **ends}


class Scored:
    """A detector's run on both parts.

    Parameters
    ----------
    replay : Replay
    detector : str
    """

    def __init__(self, replay: Replay, detector: str) -> None:
        self.replay, self.detector = replay, detector
        with MemoryDay(replay.first, FIRST) as day:
            self.first = run_detector(DETECTORS.load(detector)(), day)[0]
        self.after = self.next_score()

    def next_score(self, taught: Taught | None = None, dismissed: pa.Table | None = None) -> pa.Table:
        """Scores of the following part, with what was taught."""
        past = {FIRST: self.replay.first}
        with MemoryDay(self.replay.after, NEXT, past, taught=taught, dismissed=dismissed) as day:
            return run_detector(DETECTORS.load(self.detector)(), day)[0]

    @cached_property
    def queue(self) -> Ints:
        """Rows of the strongest flow of each suspect of the first part, strongest first."""
        surprise, score = self.first["surprise"].to_numpy(), self.first["score"].to_numpy()
        order = np.lexsort((np.arange(len(score)), -surprise, -score))
        suspects = self.first["suspect_id"].to_numpy()[order]
        return order[np.sort(np.unique(suspects, return_index=True)[1])]

    @cached_property
    def _of(self) -> Ints:
        return np.unique(self.first["suspect_id"].to_numpy(), return_inverse=True)[1].reshape(-1)

    @cached_property
    def columns(self) -> pa.Table:
        """What feedback looks at, of every following flow."""
        return shared_columns(self.replay.after, self.after, self.detector)

    def rate(self, n: int, flipped: float, seed: int = 0) -> tuple[pa.Table, pa.Table]:
        """Labels of the first `n` suspects, a share of them wrong; and the flows that were rated low."""
        at = self.queue[:n]
        share = np.bincount(self._of, weights=self.replay.is_bad) / np.bincount(self._of)
        is_high = share[self._of[at]] > 0.5
        is_high ^= np.random.default_rng(seed).random(at.size) < flipped
        rows = shared_columns(self.replay.first, self.first, self.detector)
        labels = pa.table({name: self._common(rows[name], at) for name in END})
        severity = np.where(is_high, HIGH, LOW)
        for name, values in {
            "surprise": self.first["surprise"].to_numpy()[at],
            "suspect_id": self.first["suspect_id"].to_numpy()[at],
            "severity": severity,
            "flows": np.bincount(self._of)[self._of[at]],
        }.items():
            labels = labels.append_column(name, pa.array(values))
        labels = labels.append_column("made", pa.array([RATED_AT] * at.size, pa.timestamp("us", "UTC")))
        is_low = np.isin(self._of, self._of[at[~is_high]])
        return labels, self.replay.first.filter(pa.array(is_low))

    def _common(self, column: pa.ChunkedArray, at: Ints) -> pa.Array:
        """The value of each suspect, null where its flows differ."""
        codes = column.combine_chunks().dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False)
        least = np.full(int(self._of.max()) + 1, np.iinfo(np.int64).max)
        most = np.full(least.size, np.iinfo(np.int64).min)
        np.minimum.at(least, self._of, codes)
        np.maximum.at(most, self._of, codes)
        differs = (least != most)[self._of[at]]
        return pc.if_else(pa.array(differs), pa.scalar(None, column.type), column.combine_chunks().take(pa.array(at)))


def shared_columns(flows: pa.Table, scored: pa.Table, detector: str) -> pa.Table:
    """What flows share, in order of ``flow_id``, the port as the queue has it: :data:`END`."""
    from flowsleuth.workspace.queue_parts import service_port

    names = DETECTORS.load(detector).evidence_names
    owner = pa.nulls(len(flows), pa.float64())
    if "owner" in names:
        owner = pc.list_element(scored["evidence"], names.index("owner"))
    rows = flows.select(["src_ip", "dst_ip", "proto", "server_name", "src_port", "dst_port"])
    return rows.append_column("service_port", service_port(rows, owner)).select(END)


@dataclass(frozen=True)
class Measures:
    """How good a ranking of the following part is: by flows, by suspects, and by flows that nobody rated.

    Attributes
    ----------
    flow_ap, flow_p100, suspect_ap, suspect_p100 : float
    new_ap : float
        Average precision among the flows whose source, destination and service were not rated together.
    """

    flow_ap: float
    flow_p100: float
    suspect_ap: float
    suspect_p100: float
    new_ap: float


def measure_ranking(surprise: Floats, scored: Scored, is_new: Bools) -> Measures:
    """The measures of one ranking of the following flows; a suspect is as strong as its strongest flow."""
    bad = scored.replay.is_bad_after
    of = np.unique(scored.after["suspect_id"].to_numpy(), return_inverse=True)[1].reshape(-1)
    best = np.full(int(of.max()) + 1, -np.inf)
    np.maximum.at(best, of, surprise)
    is_bad = np.bincount(of, weights=bad) > 0.5 * np.bincount(of)
    return Measures(
        average_precision(surprise, bad), _at_100(surprise, bad),
        average_precision(best, is_bad), _at_100(best, is_bad),
        average_precision(surprise[is_new], bad[is_new]) if is_new.any() else float("nan"),
    )  # fmt: skip


def _at_100(score: Floats, is_bad: Bools) -> float:
    """Precision at 100, of what can be reached."""
    reachable = min(100, int(is_bad.sum()))
    return hits_at(score, is_bad, 100) / reachable if reachable else float("nan")


def is_unrated(columns: pa.Table, labels: pa.Table) -> Bools:
    """Which rows are no conversation (source, destination, service) that was rated."""
    keys = [
        pc.binary_join_element_wise(
            *(pc.fill_null(table[name].cast(pa.string()), "-") for name in END[:4]), " "
        ).combine_chunks()
        for table in (columns, labels)
    ]
    return ~np.asarray(pc.is_in(keys[0], value_set=keys[1]).to_numpy(zero_copy_only=False), dtype=bool)
