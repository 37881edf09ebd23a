"""The methods of :class:`flowsleuth.workspace.Workspace` that triage is done with; each delegates to a use-case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.workspace.rating_methods import RatingMethods
from flowsleuth.workspace.rule_methods import RuleMethods

if TYPE_CHECKING:
    from flowsleuth.triage.filters import QueueFilter
    from flowsleuth.triage.heuristics import HeuristicFinding
    from flowsleuth.workspace.heuristics import Scope
    from flowsleuth.workspace.queue import QueuePage


class TriageMethods(RatingMethods, RuleMethods):
    """Queue and heuristics, and with them ratings, rules, suppressions and the trail of all that was done."""

    def queue(
        self,
        filter: QueueFilter | None = None,
        *,
        detector: str | None = None,
        sort: str = "rank",
        descending: bool = False,
        page: int = 1,
        size: int = 50,
    ) -> QueuePage:
        """One page of suspects, by default the unrated ones in order of rank.

        Parameters
        ----------
        filter : QueueFilter, optional
            Which suspects.
        detector : str, optional
            Whose queue; else that of the default detector that has scores.
        sort : str
            ``rank``, ``severity`` (then rank), or a column such as ``src_bytes``; see
            :data:`flowsleuth.workspace.queue.SORTS`.
        descending : bool
        page, size : int
            From 1; at most 10,000 rows.

        Returns
        -------
        QueuePage
            With no ratings the order is exactly that of :meth:`Workspace.suspects`.

        Raises
        ------
        OptionError
            A filter, sort or page that cannot be.
        """
        from flowsleuth.workspace.queue import queue_page

        asked = self._filter(filter)
        return queue_page(
            self.desk, self._detector(detector), asked, sort=sort, descending=descending, page=page, size=size
        )

    def queue_values(
        self,
        filter: QueueFilter | None = None,
        detector: str | None = None,
        top: int = 250,
    ) -> dict[str, list[tuple[Any, int]]]:
        """Source and destination addresses and ports in the queue with how many suspects have them.

        The lists narrow one another: each is of the suspects that meet all of the filter but its own field.
        """
        from flowsleuth.workspace.queue import queue_values

        return queue_values(self.desk, self._detector(detector), self._filter(filter), top)

    # heuristics ---------------------------------------------------------------------------------------------------

    def heuristics(
        self,
        names: Sequence[str] | None = None,
        *,
        scope: Scope = "queue",
        detector: str | None = None,
        dates: Sequence[str] | None = None,
        **options: int,
    ) -> list[HeuristicFinding]:
        """Fan-out, fan-in and port sweeps, by distinct peers (or ports), the widest first.

        Parameters
        ----------
        names : sequence of str, optional
            ``fan_out``, ``fan_in``, ``port_sweep``; else all that are not turned off.
        scope : ``queue`` or ``day``
            The flows of the queue's suspects, or all flows.
        detector : str, optional
            Whose queue.
        dates : sequence of str, optional
            Only these days.
        **options : int
            ``fan_out=20, fan_in=20, port_sweep=20, most=100``: see
            :class:`flowsleuth.triage.heuristics.HeuristicOptions`.

        Raises
        ------
        OptionError
            No such check, scope or option.
        """
        from dataclasses import fields

        from flowsleuth.triage.heuristics import HEURISTICS, HeuristicOptions
        from flowsleuth.workspace.heuristics import run_heuristics, turned_off
        from flowsleuth.workspace.queue import checked_dates

        declared = [option.name for option in fields(HeuristicOptions)]
        if unknown := sorted(set(options) - set(declared)):
            raise OptionError("no such option", where=unknown[0], available=declared)
        wanted = list(names) if names else [name for name in HEURISTICS if name not in turned_off(self.case)]
        chosen = HeuristicOptions(**options)
        days = checked_dates(dates)
        return run_heuristics(self.store, wanted, chosen, detector=self._detector(detector), scope=scope, dates=days)

    def heuristics_off(self) -> list[str]:
        """Names of the checks that do not run when none is named."""
        from flowsleuth.workspace.heuristics import turned_off

        return turned_off(self.case)

    def turn_heuristic(self, name: str, *, on: bool) -> None:
        """Have a check run, or not, when none is named."""
        from flowsleuth.workspace.heuristics import turn

        turn(self.case, self.analyst, name, on=on)
