"""The methods of :class:`flowsleuth.workspace.Workspace` that triage is done with; each delegates to a use-case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.settings import Settings
    from flowsleuth.store import Store
    from flowsleuth.store.case import CaseDatabase
    from flowsleuth.triage.filters import Criteria, QueueFilter
    from flowsleuth.triage.heuristics import HeuristicFinding
    from flowsleuth.triage.rules import Rule
    from flowsleuth.triage.suppressions import Suppression
    from flowsleuth.workspace.desk import Desk
    from flowsleuth.workspace.heuristics import Scope
    from flowsleuth.workspace.queue import QueuePage
    from flowsleuth.workspace.rating import Preview, Rating
    from flowsleuth.workspace.results import Rows
    from flowsleuth.workspace.rules import RuleReport, Rules


class TriageMethods:
    """Queue, ratings, rules, suppressions, heuristics and the trail of all that was done."""

    folder: Path
    analyst: str
    settings: Settings
    _desk: Desk | None = None
    _default: str | None = None

    if TYPE_CHECKING:

        @property
        def store(self) -> Store: ...

        @property
        def case(self) -> CaseDatabase: ...

    @property
    def desk(self) -> Desk:
        """The queues as they stand, kept in memory."""
        if self._desk is None:
            from flowsleuth.workspace.desk import Desk

            self._desk = Desk(self.store, self.case)
        return self._desk

    # queue --------------------------------------------------------------------------------------------------------

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

    # ratings ------------------------------------------------------------------------------------------------------

    def rate(
        self,
        severity: int,
        *,
        src_ip: str | None = None,
        dst_ip: str | None = None,
        src_port: str | int | None = None,
        dst_port: str | int | None = None,
        ip: str | None = None,
        suspects: Sequence[int] | None = None,
        flows: Sequence[int] | None = None,
        filter: QueueFilter | None = None,
        why: str = "",
        detector: str | None = None,
        dates: Sequence[str] | None = None,
    ) -> Rating:
        """Rate suspects 1 (high), 2 (medium) or 3 (low): exactly the flows that meet all that is given.

        Parameters
        ----------
        severity : int
        src_ip, dst_ip : str, optional
            Address, CIDR, or several with commas.
        src_port, dst_port : str or int, optional
            Port, range, or several with commas; 0 is a port.
        ip : str, optional
            Either end, together with the other criteria.
        suspects, flows : sequence of int, optional
            Chosen by id.
        filter : QueueFilter, optional
            Only among what the queue shows with this filter, its state included.
        why : str
            A comment.
        detector : str, optional
            In whose queue the criteria are looked for. The rating holds for the same flows in every queue.
        dates : sequence of str, optional
            Only these days.

        Returns
        -------
        Rating
            What it matched, and its number for :meth:`undo`.

        Raises
        ------
        OptionError
            No criterion is given, a value cannot be, or nothing matches.
        """
        from flowsleuth.workspace.rating import rate

        criteria = self._criteria(locals())
        name, days = self._needed_detector(detector), self._dates(dates, filter)
        return rate(self.desk, self.analyst, severity, name, criteria, dates=days, comment=why)

    def preview(
        self,
        *,
        src_ip: str | None = None,
        dst_ip: str | None = None,
        src_port: str | int | None = None,
        dst_port: str | int | None = None,
        ip: str | None = None,
        suspects: Sequence[int] | None = None,
        flows: Sequence[int] | None = None,
        filter: QueueFilter | None = None,
        detector: str | None = None,
        dates: Sequence[str] | None = None,
    ) -> Preview:
        """What :meth:`rate` would match with the same criteria; nothing is changed."""
        from flowsleuth.workspace.rating import preview

        criteria = self._criteria(locals())
        return preview(self.desk, self._needed_detector(detector), criteria, self._dates(dates, filter))

    def undo(self, rating_id: int | None = None) -> int:
        """Take a rating back (the analyst's latest when no number is given); what it overrode holds again."""
        from flowsleuth.workspace.rating_history import undo

        return undo(self.case, self.analyst, rating_id)

    def ratings(self, state: str = "live", limit: int | None = 250, offset: int = 0) -> Rows:
        """Ratings, the latest first: those that hold, or ``all``."""
        from flowsleuth.workspace.rating_history import ratings

        return _rows(ratings(self.case, state, limit, offset))

    def labels(self, *, every: bool = False) -> Rows:
        """What is rated: a row per suspect, or per single flow; with `every` also what was taken back."""
        from flowsleuth.workspace.label_files import labels

        return _rows(labels(self.case, every=every))

    def import_labels(self, path: str | Path) -> dict[str, int]:
        """Take labels from a file that ``flowsleuth labels export`` wrote; what holds already adds nothing."""
        from flowsleuth.workspace.label_files import import_labels

        return import_labels(self.case, self.analyst, path)

    def audit(self, limit: int | None = 250) -> Rows:
        """Who did what, the latest first; nothing is ever deleted from it."""
        from flowsleuth.workspace.rating_history import audit

        return _rows(audit(self.case, limit))

    def reset_day(self, date: str, detector: str | None = None) -> int:
        """Take back all ratings of a day, of no other; the number for :meth:`restore_day`."""
        from flowsleuth.workspace.queue import checked_dates
        from flowsleuth.workspace.rating_history import reset_day

        (day,) = checked_dates([date]) or [date]
        return reset_day(self.case, self.analyst, day, detector)

    def restore_day(self, reset_id: int) -> int:
        """Bring back what a reset took; how many ratings hold again."""
        from flowsleuth.workspace.rating_history import restore_day

        return restore_day(self.case, self.analyst, reset_id)

    # rules --------------------------------------------------------------------------------------------------------

    @property
    def _rules(self) -> Rules:
        from flowsleuth.workspace.rules import Rules

        return Rules(self.desk, self.folder)

    def rules(self) -> Rows:
        """All rules, of ``rules.yaml`` and made in the application, with what they matched and when."""
        return _rows(self._rules.rows())

    def add_rule(self, rule: Rule) -> int:
        """Keep a rule; its number. It is applied by :meth:`apply_rules` and after each score."""
        return self._rules.add(self.analyst, rule)

    def remove_rule(self, rule_id: int) -> int:
        """Remove a rule and take back its ratings; how many that were."""
        return self._rules.remove(self.analyst, rule_id)

    def preview_rule(self, rule: Rule, *, detector: str | None = None, dates: Sequence[str] | None = None) -> Preview:
        """What a rule would match; nothing is changed."""
        from flowsleuth.workspace.queue import checked_dates

        return self._rules.preview(self._needed_detector(detector), rule, checked_dates(dates))

    def apply_rules(self, dates: Sequence[str] | None = None) -> list[RuleReport]:
        """Apply every enabled rule; what each matched that it had not rated before."""
        from flowsleuth.workspace.queue import checked_dates

        return self._rules.apply(self.analyst, checked_dates(dates))

    def rate_by_rules(self, dates: Sequence[str]) -> list[RuleReport]:
        """Apply the rules to days that were just scored, if there are any rules."""
        from flowsleuth.store.case import FILE_NAME as CASE_FILE
        from flowsleuth.triage.rules import FILE_NAME

        has_case = bool(self.settings.case_url) or (self.folder / CASE_FILE).exists()
        if not dates or not (has_case or (self.folder / FILE_NAME).exists()):
            return []
        return self.apply_rules(dates)

    # suppressions -------------------------------------------------------------------------------------------------

    def suppressions(self, *, every: bool = False) -> Rows:
        """What is kept out of sight; with `every` also what was lifted or has ended."""
        return _rows(self.desk.suppressions.rows(every=every))

    def suppress(
        self,
        kind: str,
        value: str,
        *,
        reason: str,
        until: Any = None,
        days: float | None = None,
        detector: str | None = None,
    ) -> Suppression:
        """Keep suspects out of sight: those of which every flow is covered. In force from the next page on.

        Parameters
        ----------
        kind, value : str
            ``address``, ``cidr``, ``pair``, ``port``, ``name`` (``*.example.com`` is all below it), ``as``,
            ``detector``.
        reason : str
        until : datetime or str, optional
            When it ends by itself; or `days` from now.
        detector : str, optional
            Only in this one's queue.
        """
        only = None if detector is None else self._needed_detector(detector)
        return self.desk.suppressions.suppress(
            self.analyst, kind, value, reason=reason, until=until, days=days, detector=only
        )

    def preview_suppression(self, kind: str, value: str, *, detector: str | None = None) -> Preview:
        """What a suppression would keep out of sight; nothing is changed."""
        from flowsleuth.workspace.rating import preview_of

        name = self._needed_detector(detector)
        found = self.desk.suppressions.preview(name, self.desk.rows(name), kind, value)
        return preview_of(self.desk, name, found)

    def lift(self, suppression_id: int) -> None:
        """Show again what a suppression hid."""
        self.desk.suppressions.lift(self.analyst, suppression_id)

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

    # what is given ------------------------------------------------------------------------------------------------

    def _detector(self, name: str | None) -> str | None:
        from flowsleuth.workspace.queue_parts import detectors_with_scores
        from flowsleuth.workspace.suspects import Question, chosen_detector

        if name is None and self._default in detectors_with_scores(self.store):
            return self._default
        found = chosen_detector(self.store, Question(detector=name))
        if name is None:
            self._default = found  # asking for the installed detectors takes longer than a page
        return found

    def _needed_detector(self, name: str | None) -> str:
        found = self._detector(name)
        if found is None:
            raise OptionError("nothing was scored yet", where=str(self.folder), hint="flowsleuth score first")
        return found

    def _filter(self, asked: QueueFilter | None) -> QueueFilter:
        from dataclasses import replace

        from flowsleuth.triage.filters import QueueFilter
        from flowsleuth.workspace.queue import checked_dates

        return QueueFilter() if asked is None else replace(asked, dates=checked_dates(asked.dates))

    def _dates(self, dates: Sequence[str] | None, asked: QueueFilter | None) -> list[str] | None:
        from flowsleuth.workspace.queue import checked_dates

        return checked_dates(dates if dates is not None or asked is None else asked.dates)

    def _criteria(self, given: dict[str, Any]) -> Criteria:
        from flowsleuth.triage.filters import CRITERIA, Criteria

        return Criteria(**{name: given[name] for name in (*CRITERIA, "suspects", "flows", "filter")})


def _rows(table: pa.Table) -> Rows:
    from flowsleuth.workspace.results import Rows

    return Rows(table)
