"""The methods of :class:`flowsleuth.workspace.Workspace` that score, rank and explain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from flowsleuth.errors import OptionError
from flowsleuth.workspace.lead_methods import LeadMethods
from flowsleuth.workspace.results import Rows
from flowsleuth.workspace.rule_methods import RuleMethods

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.workspace.explain import Explanation
    from flowsleuth.workspace.scored_day import ScoredDay
    from flowsleuth.workspace.suspects import By

    Ranked = Literal["host", "pair", "group", "flow"]


class ScoreMethods(LeadMethods, RuleMethods):
    """Detectors run, suspects ranked, one explained."""

    def score(
        self,
        *detectors: str,
        start: dt.datetime | None = None,
        end: dt.datetime | None = None,
        options: dict[str, dict[str, Any]] | None = None,
        again: bool = False,
        tell: Callable[[str, str], None] | None = None,
    ) -> list[ScoredDay]:
        """Run detectors over what is new to them: see :func:`flowsleuth.workspace.scoring.score`."""
        from flowsleuth.workspace.scoring import Window, score

        names = list(detectors) or None
        window, labels = Window(start, end), self._labels()
        done = score(self.store, names, window=window, options=options, again=again, tell=tell, labels=labels)
        self.rate_by_rules(sorted({day.date for day in done if day.is_new}))
        return done

    def _labels(self) -> pa.Table | None:
        """What was rated; None (and no database is made) when nobody ever did."""
        return self.desk.book.teaching() if self.has_case else None

    def suspects(
        self,
        top: int | None = 250,
        *,
        by: Ranked = "group",
        ip: str | None = None,
        detector: str | None = None,
        dates: Sequence[str] | None = None,
    ) -> Rows:
        """The most suspicious hosts, pairs, groups of flows, or flows, ranked, each with its reason.

        Parameters
        ----------
        top : int or None
            How many; None for all.
        by : ``host``, ``pair``, ``group`` or ``flow``
            Hosts and pairs by all evidence of a day together, of all days, the least chance first: as they stand, like
            :meth:`leads`, without those that are rated low or suppressed. Groups of near-identical flows, or single
            flows, by one detector, as scored.
        ip : str, optional
            Only those with this address; of hosts and pairs also a CIDR, or several with commas.
        detector : str, optional
        dates : sequence of str, optional
            Only these days, for hosts and pairs.

        Returns
        -------
        Rows
            Empty when nothing was scored.
        """
        import pyarrow as pa

        tables = list(self.iter_suspects(top, by=by, ip=ip, detector=detector, dates=dates))
        return Rows(pa.concat_tables(tables) if tables else pa.table({}))

    def iter_suspects(
        self,
        top: int | None = 250,
        *,
        by: Ranked = "group",
        ip: str | None = None,
        detector: str | None = None,
        dates: Sequence[str] | None = None,
    ) -> Iterator[pa.Table]:
        """The same as :meth:`suspects`, in pieces, for results larger than memory."""
        from flowsleuth.workspace.lead_list import LeadFilter
        from flowsleuth.workspace.suspects import Question, find_suspects

        if by in ("host", "pair"):
            asked = LeadFilter(by, dates=dates, ip=ip, detector=detector)
            return iter([self.leads(asked, size=top).rows.table])
        if dates is not None:
            raise OptionError("days are chosen for hosts and pairs", where=f"by={by}")
        return find_suspects(self.store, Question(cast("By", by), top, ip, detector))

    def findings(
        self,
        *,
        lead_id: int | None = None,
        host: str | None = None,
        detector: str | None = None,
        dates: Sequence[str] | None = None,
    ) -> Rows:
        """Findings, the least likely first: rows of ``schema.FINDING``.

        Parameters
        ----------
        lead_id : int, optional
            Only those behind this lead, in its order, the groups of flows that were fused with them among them; a
            finding's own id gives that one. Without it: what finders told.
        host : str, optional
            Only those about this address.
        detector : str, optional
            Only of this finder.
        dates : sequence of str, optional
            Only of these days.

        Raises
        ------
        OptionError
            Neither a lead nor a finding has this id, or `host` is no address.
        """
        from flowsleuth.workspace.lead_evidence import find_findings

        return Rows(find_findings(self.store, lead_id=lead_id, host=host, detector=detector, dates=dates))

    def lead_flows(self, row: dict[str, Any], top: int | None = 1_000) -> Rows:
        """The flows behind a row of :meth:`findings`, or of :meth:`suspects` by host or pair, the earliest first."""
        from flowsleuth.workspace.lead_evidence import finding_flows

        return Rows(finding_flows(self.store, row, top))

    def explain(self, flow_id: int) -> Explanation:
        """Why a flow is suspicious, its raw line, and the flows around it.

        Raises
        ------
        OptionError
            No flow has this id.
        """
        from flowsleuth.workspace.explain import explain

        if isinstance(flow_id, bool) or not isinstance(flow_id, int):
            raise OptionError("a flow_id is a whole number", where=str(flow_id))
        return explain(self.store, flow_id)
