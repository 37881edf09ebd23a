"""The methods of :class:`flowsleuth.workspace.Workspace` for leads: hosts and pairs as they stand."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from flowsleuth.workspace.desk_methods import DeskMethods

if TYPE_CHECKING:
    import datetime as dt

    from flowsleuth.investigate.dossier import Dossier
    from flowsleuth.workspace import Workspace
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
            None for all on one page.

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

    def host_page(
        self, address: str, *, start: dt.datetime | None = None, end: dt.datetime | None = None, top: int = 20
    ) -> Dossier:
        """A host on one page: standing and role by day, findings, leads, suspects, peers, timeline, raw flows.

        Parameters
        ----------
        address : str
        start, end : datetime, optional
            Only days and flows of this window; ``end`` is excluded.
        top : int
            How many peers of each kind are shown one by one.

        Returns
        -------
        Dossier
            Sections ``standing role history days findings pairs suspects timeline volumes peers flows``, each with
            the reason where there is nothing. Any face draws it: :func:`flowsleuth.viz.figures`.

        Raises
        ------
        OptionError
            It is no address.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     ws.host_page("10.0.0.5")["standing"].absent
        'it is no lead on any of these days'
        """
        from flowsleuth.workspace.host_page import host_page

        return host_page(cast("Workspace", self), address, start=start, end=end, top=top)
