"""The methods of :class:`flowsleuth.workspace.Workspace` for what decides by itself: rules and suppressions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.workspace.desk_methods import DeskMethods
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    from flowsleuth.triage.rules import Rule
    from flowsleuth.triage.suppressions import Suppression
    from flowsleuth.workspace.rating import Preview
    from flowsleuth.workspace.rules import RuleReport, Rules


class RuleMethods(DeskMethods):
    """Rules that rate, and suppressions that keep out of sight."""

    @property
    def _rules(self) -> Rules:
        from flowsleuth.workspace.rules import Rules

        return Rules(self.desk, self.folder)

    def rules(self) -> Rows:
        """All rules, of ``rules.yaml`` and made in the application, with what they matched and when."""
        return Rows(self._rules.rows())

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
        from flowsleuth.triage.rules import FILE_NAME

        if not dates or not (self.has_case or (self.folder / FILE_NAME).exists()):
            return []
        return self.apply_rules(dates)

    # suppressions -------------------------------------------------------------------------------------------------

    def suppressions(self, *, every: bool = False) -> Rows:
        """What is kept out of sight; with `every` also what was lifted or has ended."""
        return Rows(self.desk.suppressions.rows(every=every))

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
            Only in this one's queue; or only what this finder found.
        """
        only = None if detector is None else self._of_detector_or_finder(detector)
        return self.desk.suppressions.suppress(
            self.analyst, kind, value, reason=reason, until=until, days=days, detector=only
        )

    def preview_suppression(self, kind: str, value: str, *, detector: str | None = None) -> Preview:
        """What a suppression would keep out of sight; nothing is changed."""
        from flowsleuth.detect import FINDERS
        from flowsleuth.workspace.rating import preview_of

        name = self._needed_detector(None if detector in FINDERS.names() else detector)
        found = self.desk.suppressions.preview(name, self.desk.rows(name), kind, value)
        return preview_of(self.desk, name, found)

    def _of_detector_or_finder(self, name: str) -> str:
        from flowsleuth.detect import FINDERS

        return name if name in FINDERS.names() else self._needed_detector(name)

    def lift(self, suppression_id: int) -> None:
        """Show again what a suppression hid."""
        self.desk.suppressions.lift(self.analyst, suppression_id)
