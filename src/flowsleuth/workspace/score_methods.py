"""The methods of :class:`flowsleuth.workspace.Workspace` that score, rank and explain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.workspace.results import Rows
from flowsleuth.workspace.rule_methods import RuleMethods

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.workspace.explain import Explanation
    from flowsleuth.workspace.scoring import ScoredDay
    from flowsleuth.workspace.suspects import By


class ScoreMethods(RuleMethods):
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
        from flowsleuth.schema.analyst import FILE_NAME as CASE_FILE

        if not self.settings.case_url and not (self.folder / CASE_FILE).exists():
            return None
        return self.desk.book.teaching()

    def suspects(
        self, top: int | None = 250, *, by: By = "group", ip: str | None = None, detector: str | None = None
    ) -> Rows:
        """The most suspicious flows, ranked, each with its reason.

        Parameters
        ----------
        top : int or None
            How many; None for all.
        by : ``group`` or ``flow``
        ip : str, optional
            Only flows with this address.
        detector : str, optional

        Returns
        -------
        Rows
            Empty when nothing was scored.
        """
        import pyarrow as pa

        tables = list(self.iter_suspects(top, by=by, ip=ip, detector=detector))
        return Rows(pa.concat_tables(tables) if tables else pa.table({}))

    def iter_suspects(
        self, top: int | None = 250, *, by: By = "group", ip: str | None = None, detector: str | None = None
    ) -> Iterator[pa.Table]:
        """The same as :meth:`suspects`, in pieces, for results larger than memory."""
        from flowsleuth.workspace.suspects import Question, find_suspects

        return find_suspects(self.store, Question(by, top, ip, detector))

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
