"""The methods of :class:`flowsleuth.workspace.Workspace` that rate, and tell who rated what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.workspace.desk_methods import DeskMethods
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    from flowsleuth.triage.filters import QueueFilter
    from flowsleuth.workspace.lead_rating import LeadCriteria
    from flowsleuth.workspace.rating import Preview, Rating


class RatingMethods(DeskMethods):
    """Ratings, labels, and the trail of all that was done."""

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
        leads: Sequence[int] | None = None,
        by: str | None = None,
        name: str | None = None,
        why: str = "",
        detector: str | None = None,
        dates: Sequence[str] | None = None,
    ) -> Rating:
        """Rate suspects, or leads, 1 (high), 2 (medium) or 3 (low): exactly what meets all that is given.

        A lead is rated with the findings behind it. Rated low, these are set aside, on other days too: the lead goes,
        and others that rest on them are fused again without them.

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
        leads : sequence of int, optional
            Leads chosen by id.
        by : ``host`` or ``pair``, optional
            Leads of this kind, not suspects, that meet the criteria; `dst_port` is then the port of the service.
        name : str, optional
            Server name of a lead; ``*.example.com`` is everything below it.
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
        from flowsleuth.workspace.lead_rating import rate_leads
        from flowsleuth.workspace.rating import rate

        if (meant := _lead_criteria(locals())) is not None:
            return rate_leads(self.desk, self.analyst, severity, meant, dates=self._dates(dates, filter), comment=why)
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
        leads: Sequence[int] | None = None,
        by: str | None = None,
        name: str | None = None,
        detector: str | None = None,
        dates: Sequence[str] | None = None,
    ) -> Preview:
        """What :meth:`rate` would match with the same criteria; nothing is changed."""
        from flowsleuth.workspace.lead_rating import preview_leads
        from flowsleuth.workspace.rating import preview

        if (meant := _lead_criteria(locals())) is not None:
            return preview_leads(self.desk, meant, self._dates(dates, filter))
        criteria = self._criteria(locals())
        return preview(self.desk, self._needed_detector(detector), criteria, self._dates(dates, filter))

    def undo(self, rating_id: int | None = None) -> int:
        """Take a rating back (the analyst's latest when no number is given); what it overrode holds again."""
        from flowsleuth.workspace.rating_history import undo

        return undo(self.case, self.analyst, rating_id)

    def ratings(self, state: str = "live", limit: int | None = 250, offset: int = 0) -> Rows:
        """Ratings, the latest first: those that hold, or ``all``."""
        from flowsleuth.workspace.rating_history import ratings

        return Rows(ratings(self.case, state, limit, offset))

    def labels(self, *, every: bool = False) -> Rows:
        """What is rated: a row per suspect, or per single flow; with `every` also what was taken back."""
        from flowsleuth.workspace.label_files import labels

        return Rows(labels(self.case, every=every))

    def import_labels(self, path: str | Path) -> dict[str, int]:
        """Take labels from a file that ``flowsleuth labels export`` wrote; what holds already adds nothing."""
        from flowsleuth.workspace.label_files import import_labels

        return import_labels(self.case, self.analyst, path)

    def audit(self, limit: int | None = 250) -> Rows:
        """Who did what, the latest first; nothing is ever deleted from it."""
        from flowsleuth.workspace.rating_history import audit

        return Rows(audit(self.case, limit))

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


def _lead_criteria(given: dict[str, Any]) -> LeadCriteria | None:
    """What is asked of leads; None where suspects are meant.

    Raises
    ------
    OptionError
        Something is given that only suspects, or only leads, have.
    """
    from flowsleuth.errors import OptionError
    from flowsleuth.workspace.lead_rating import LeadCriteria

    if not given["leads"] and given["by"] is None:
        if given["name"] is not None:
            raise OptionError("leads are chosen by name", where="name", hint="say which: --by host or --by pair")
        return None
    for name in ("src_port", "suspects", "flows", "filter", "detector"):
        if given[name] is not None:
            raise OptionError("not a criterion of leads", where=name)
    names = ("by", "leads", "src_ip", "dst_ip", "dst_port", "ip", "name")
    return LeadCriteria(**{name: given[name] for name in names})
