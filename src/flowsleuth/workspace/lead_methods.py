"""The methods of :class:`flowsleuth.workspace.Workspace` for leads: hosts and pairs as they stand."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from flowsleuth.workspace.desk_methods import DeskMethods

if TYPE_CHECKING:
    from flowsleuth.workspace.lead_desk import LeadDesk
    from flowsleuth.workspace.lead_evidence import LeadExplanation
    from flowsleuth.workspace.lead_list import LeadFilter, LeadPage


class LeadMethods(DeskMethods):
    """Leads with ratings and suppressions laid over them."""

    @cached_property
    def _plain_leads(self) -> LeadDesk:
        from flowsleuth.workspace.lead_desk import LeadDesk

        return LeadDesk(self.store)

    @property
    def lead_desk(self) -> LeadDesk:
        """The leads as they stand, kept in memory; no analyst database is made for looking."""
        return self.desk.leads if self.has_case else self._plain_leads

    def leads(self, filter: LeadFilter | None = None, *, page: int = 1, size: int | None = 50) -> LeadPage:
        """One page of leads (hosts, or pairs), by default the open ones about hosts, least chance first.

        Parameters
        ----------
        filter : LeadFilter, optional
            Which; see :class:`flowsleuth.workspace.lead_list.LeadFilter`.
        page : int
            From 1.
        size : int or None
            At most 10,000; None for all on one page.

        Returns
        -------
        LeadPage
            While nothing is rated or suppressed it is exactly what was fused.

        Raises
        ------
        OptionError
            A filter or page that cannot be.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     ws.leads().total
        0
        """
        from flowsleuth.workspace.lead_list import LeadFilter, lead_page

        return lead_page(self.lead_desk, filter or LeadFilter(), page=page, size=size)

    def explain_lead(self, number: int, *, flows: int = 5) -> LeadExplanation | None:
        """What a lead or a finding rests on: findings with numbers and raw flows; None where none has the id.

        Parameters
        ----------
        number : int
            A ``lead_id`` or a ``finding_id``.
        flows : int
            How many flows of each finding; all of them: :meth:`lead_flows`.
        """
        from flowsleuth.workspace.lead_evidence import explain_lead

        return explain_lead(self.store, self.lead_desk, number, flows=flows)
