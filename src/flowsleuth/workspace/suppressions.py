"""Suppressions at work: made, previewed, lifted, and kept out of sight from the next page on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from flowsleuth.errors import OptionError
from flowsleuth.triage.conditions import AnyOf
from flowsleuth.triage.members import Match, match, no_flows
from flowsleuth.triage.suppressions import Suppression, canonical_value
from flowsleuth.triage.value_tests import moment

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store import Store
    from flowsleuth.store.case import CaseDatabase

LONGEST_REASON = 10_000
NO_LIMIT = 10**12
KEPT = 8
_FIELDS = ("suppression_id", "kind", "value", "reason", "analyst", "made", "until", "detector")


class Suppressions:
    """The suppressions of a workspace.

    Parameters
    ----------
    store : Store
    case : CaseDatabase
    """

    def __init__(self, store: Store, case: CaseDatabase) -> None:
        self._store, self._case = store, case
        self._hidden: dict[tuple[Any, ...], tuple[npt.NDArray[np.bool_], pa.Table]] = {}

    def in_force(self, detector: str | None = None) -> list[Suppression]:
        """Those that hold now for a detector's queue; for any when none is named."""
        now = dt.datetime.now(dt.UTC)
        rows = self._case.rows("suppression", {"lifted": None})
        found = [Suppression(**{name: row[name] for name in _FIELDS}) for row in rows]
        return [one for one in found if one.holds(detector, now)]

    def hide(
        self, detector: str, rows: pa.Table, in_force: Sequence[Suppression], rated: Mapping[int, npt.NDArray[np.int64]]
    ) -> npt.NDArray[np.bool_]:
        """Which suspects are out of sight: those of which every flow (that is left) is covered.

        Parameters
        ----------
        detector : str
        rows : pyarrow.Table
            Suspects as scored.
        in_force : sequence of Suppression
        rated : mapping
            Place of a suspect that is rated in part → ids of its rated flows.

        Returns
        -------
        array of bool, shape (n,)
        """
        if not in_force or not len(rows):
            return np.zeros(len(rows), dtype=bool)
        whole, part = self._covered(detector, rows, in_force)
        found = whole.copy()
        suspect_id, flows = rows["suspect_id"].to_numpy(), rows["flows"].to_numpy()
        of, flow_id = part["suspect_id"].to_numpy(), part["flow_id"].to_numpy()
        for place, ids in rated.items():
            covered = flow_id[of == suspect_id[place]]
            left = flows[place] - ids.size
            found[place] |= np.count_nonzero(~np.isin(covered, ids)) >= left
        return found

    def _covered(
        self, detector: str, rows: pa.Table, in_force: Sequence[Suppression]
    ) -> tuple[npt.NDArray[np.bool_], pa.Table]:
        """Suspects that are covered as a whole, and single flows of others."""
        import pyarrow.compute as pc

        runs = tuple(sorted(pc.unique(rows["run"]).to_pylist()))
        key = (detector, len(rows), runs, tuple((one.kind, one.value) for one in in_force))
        if key not in self._hidden:
            if len(self._hidden) > KEPT:
                self._hidden.clear()
            covered = AnyOf(tuple(one.expression() for one in in_force))
            found = match(self._store, detector, rows, covered, most_parts=NO_LIMIT)
            is_whole = np.isin(rows["suspect_id"].to_numpy(), found.whole["suspect_id"].to_numpy())
            self._hidden[key] = (is_whole, found.part.select(["suspect_id", "flow_id"]))
        return self._hidden[key]

    def rows(self, *, every: bool = False) -> pa.Table:
        """Suppressions, the latest first; with `every` also those that were lifted or have ended."""
        import pyarrow as pa
        import pyarrow.compute as pc

        found = self._case.arrow("suppression", None if every else {"lifted": None}, order=["-suppression_id"])
        now = pa.scalar(dt.datetime.now(dt.UTC), pa.timestamp("us", tz="UTC"))
        has_ended = pc.fill_null(pc.less_equal(found["until"], now), False)
        holds = pc.and_(pc.is_null(found["lifted"]), pc.invert(has_ended))
        found = found.append_column("in_force", holds)
        return found if every else found.filter(holds)

    def preview(self, detector: str, rows: pa.Table, kind: str, value: str) -> Match:
        """The suspects that it would take out of sight."""
        one = self._make(kind, value, reason="preview")
        if not one.holds(detector, one.made):
            return Match(rows.slice(0, 0), no_flows())
        return Match(rows.filter(self._covered(detector, rows, [one])[0]), no_flows())

    def _make(self, kind: str, value: str, *, reason: str) -> Suppression:
        return Suppression(0, kind, canonical_value(kind, value), reason, "", dt.datetime.now(dt.UTC))

    def suppress(
        self,
        analyst: str,
        kind: str,
        value: str,
        *,
        reason: str,
        until: Any = None,
        days: float | None = None,
        detector: str | None = None,
    ) -> Suppression:
        """Take something out of sight.

        Parameters
        ----------
        analyst : str
        kind, value : str
            See :class:`flowsleuth.triage.suppressions.Suppression`.
        reason : str
            Why; it is asked for, because nobody else sees what is hidden.
        until : datetime or str, optional
            When it ends by itself.
        days : float, optional
            The same, counted from now.
        detector : str, optional
            Only in this one's queue.

        Raises
        ------
        OptionError
            Not such a kind or value, no reason, or an end that has passed.
        """
        now = dt.datetime.now(dt.UTC)
        if not reason.strip() or len(reason) > LONGEST_REASON:
            raise OptionError("say why", where="reason", hint=f"a text of at most {LONGEST_REASON:,} characters")
        if days is not None:
            if until is not None:
                raise OptionError("give one of both", where="until, days")
            until = now + dt.timedelta(days=_days(days))
        end = None if until is None else moment(until, "until")
        if end is not None and end <= now:
            raise OptionError("has passed already", where=f"until {end:%Y-%m-%dT%H:%MZ}")
        made = Suppression(0, kind, canonical_value(kind, value), reason.strip(), analyst, now, end, detector)
        row = asdict(made)
        del row["suppression_id"]
        with self._case.transaction(analyst) as case:
            key = case.insert("suppression", row)
            detail = {name: str(given) for name, given in row.items() if given is not None and name != "analyst"}
            case.audit("suppress", "suppression", key, detail)
        return replace(made, suppression_id=key)

    def lift(self, analyst: str, suppression_id: int) -> None:
        """Show it again.

        Raises
        ------
        OptionError
            There is none with this number, or it was lifted already.
        """
        now = dt.datetime.now(dt.UTC)
        with self._case.transaction(analyst) as case:
            where = {"suppression_id": suppression_id, "lifted": None}
            if not case.update("suppression", {"lifted": now, "lifted_by": analyst}, where):
                hint = "see: flowsleuth suppress list"
                raise OptionError("no suppression in force has this number", where=str(suppression_id), hint=hint)
            case.audit("lift", "suppression", suppression_id)


def _days(days: float) -> float:
    if isinstance(days, bool) or not 0 < days <= 36_500:
        raise OptionError("must be between 0 and 36500", where=f"days {days}")
    return days
