"""What an analyst works at: a detector's queue as it stands, with ratings, suppressions and what ratings teach.

All of it is kept in memory and renewed only when scores or decisions change, so that a page costs milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from flowsleuth.schema import QUEUE
from flowsleuth.triage.order import Ranking, rank
from flowsleuth.triage.standing import Labels, Standing, stand
from flowsleuth.workspace.foreign_labels import as_labels, foreign_labels
from flowsleuth.workspace.label_book import LabelBook
from flowsleuth.workspace.lead_desk import LeadDesk
from flowsleuth.workspace.left_over import left_over
from flowsleuth.workspace.queue_parts import strongest, write_missing_queues
from flowsleuth.workspace.suppressions import Suppressions

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store import Store
    from flowsleuth.store.case import CaseDatabase

IN_HAND = 250_000
"""Suspects held in memory at most: of more, the strongest."""
_WIDE = (
    "uid", "community_id", "extra", "history", "in_if", "out_if", "vlan", "tos", "flow_count", "sampling_rate",
    "source_kind",
)  # fmt: skip
PAGE_COLUMNS = tuple(name for name in QUEUE.names if name not in _WIDE)
DAY_US = 86_400_000_000
NOTHING = 1e-9
"""Nats that two ways of adding up differ by."""
MOST_LEFT = 2_000
"""Partly rated suspects that are remembered."""
KEPT = 4
"""Choices of detector and days that are kept ready."""
Key = tuple[str, ...]


@dataclass(frozen=True)
class View:
    """A queue as it stands; all arrays have a row per suspect, strongest first by score.

    Attributes
    ----------
    detector : str
    rows : pyarrow.Table
        :data:`PAGE_COLUMNS`. A suspect that is rated in part is shown by what is left of it.
    standing : Standing
    ranking : Ranking
    is_suppressed : array of bool
    """

    detector: str
    rows: pa.Table
    standing: Standing
    ranking: Ranking
    is_suppressed: npt.NDArray[np.bool_]


class Desk:
    """The queues of a workspace.

    Parameters
    ----------
    store : Store
    case : CaseDatabase
    """

    def __init__(self, store: Store, case: CaseDatabase) -> None:
        self.store, self.case = store, case
        self.book = LabelBook(case)
        self.suppressions = Suppressions(store, case)
        self.leads = LeadDesk(store, self.book, self.suppressions)
        self._rows: dict[Key, pa.Table] = {}
        self._views: dict[Key, tuple[tuple[Any, ...], View]] = {}
        self._left: dict[tuple[int, int, int], pa.Table] = {}

    def dates(self, detector: str) -> list[str]:
        """Days with a queue, oldest first."""
        write_missing_queues(self.store, detector)
        return sorted({str(part.date) for part in self.store.catalog.parts("queue", tag=detector)})

    def rows(self, detector: str, dates: Sequence[str] | None = None) -> pa.Table:
        """Suspects of a detector as they were scored, strongest first.

        Parameters
        ----------
        detector : str
        dates : sequence of str, optional
            Only these days.
        """
        return self._load(detector, dates)[1]

    def _load(self, detector: str, dates: Sequence[str] | None) -> tuple[Key, pa.Table]:
        """Suspects, and the parts they are from."""
        write_missing_queues(self.store, detector)
        parts = self.store.catalog.parts("queue", dates, detector)
        key = tuple(part.path for part in parts)
        if key not in self._rows:
            if len(self._rows) > KEPT:
                self._rows.clear()
            queue = self.store.view("queue", parts).select(*PAGE_COLUMNS)
            if sum(part.rows for part in parts) > IN_HAND:
                import ibis

                queue = queue.order_by([ibis.desc("score"), ibis.desc("surprise"), ibis.asc("flow_id")]).limit(IN_HAND)
            self._rows[key] = strongest(self.store.arrow(queue), IN_HAND).combine_chunks()
        return key, self._rows[key]

    def view(self, detector: str, dates: Sequence[str] | None = None) -> View:
        """The queue as it stands now."""
        key, rows = self._load(detector, dates)
        labels = self.book.on_flows()
        in_force = self.suppressions.in_force(detector)
        state = (self.book.version, tuple(one.suppression_id for one in in_force))
        if key in self._views and self._views[key][0] == state:
            return self._views[key][1]
        standing = self._stand(detector, rows, labels)
        shown = self._with_left_over(detector, rows, standing)
        is_suppressed = self.suppressions.hide(detector, rows, in_force, standing.parts)
        view = View(detector, shown, standing, self._rank(shown, standing.severity > 0), is_suppressed)
        if len(self._views) > KEPT:
            self._views.clear()
        self._views[key] = (state, view)
        return view

    def _stand(self, detector: str, rows: pa.Table, labels: pa.Table) -> Standing:
        import pyarrow.compute as pc

        own = as_labels(labels.filter(pc.equal(labels["detector"], detector)))
        together = Labels.join([own, *foreign_labels(self.store, detector, rows, labels)])
        return stand(rows["suspect_id"].to_numpy(), rows["flows"].to_numpy(), together)

    def _with_left_over(self, detector: str, rows: pa.Table, standing: Standing) -> pa.Table:
        """Put what is left of partly rated suspects in their place."""
        import pyarrow as pa

        suspect_id = rows["suspect_id"].to_numpy()
        wanted = {at: (int(suspect_id[at]), ids.size, hash(ids.tobytes())) for at, ids in standing.parts.items()}
        missing = [at for at, key in wanted.items() if key not in self._left]
        if missing:
            if len(self._left) > MOST_LEFT:
                self._left = {key: self._left[key] for key in wanted.values() if key in self._left}
            rated = np.concatenate([standing.parts[at] for at in missing])
            found = left_over(self.store, detector, rows.take(missing), rated)
            place = {suspect: n for n, suspect in enumerate(found["suspect_id"].to_pylist())}
            for at in missing:
                n = place.get(wanted[at][0])
                self._left[wanted[at]] = rows.slice(at, 1) if n is None else found.slice(n, 1)
        if not wanted:
            return rows
        order = np.arange(len(rows))
        order[list(wanted)] = len(rows) + np.arange(len(wanted))
        return pa.concat_tables([rows, *(self._left[key] for key in wanted.values())]).take(order).combine_chunks()

    def _rank(self, rows: pa.Table, is_rated: npt.NDArray[np.bool_]) -> Ranking:
        taught = self.book.taught()
        before = rows["taught"].to_numpy()
        nats = (taught.effect(rows) if not taught.is_empty else np.zeros(len(rows))) - before
        nats[np.abs(nats) < NOTHING] = 0.0
        day = rows["first_seen"].cast("int64").to_numpy() // DAY_US
        score, surprise = (rows[name].to_numpy() for name in ("score", "surprise"))
        return rank(score, surprise, rows["flow_id"].to_numpy(), day, nats, is_rated=is_rated)
