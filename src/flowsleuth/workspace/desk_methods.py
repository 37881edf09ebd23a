"""What the methods of triage share: the queues in memory, and what they are given checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    from flowsleuth.settings import Settings
    from flowsleuth.store import Store
    from flowsleuth.store.case import CaseDatabase
    from flowsleuth.triage.filters import Criteria, QueueFilter
    from flowsleuth.workspace.desk import Desk


class DeskMethods:
    """The desk, and whose queue, which days and which flows are meant."""

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

    @property
    def has_case(self) -> bool:
        """Whether there is an analyst database: looking makes none."""
        from flowsleuth.schema.analyst import FILE_NAME

        return bool(self.settings.case_url) or (self.folder / FILE_NAME).exists()

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
