"""The live labels of a workspace in memory, renewed when the analyst database says that something was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.triage.set_aside import OF_FINDING, is_about_flows

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store.case import CaseDatabase
    from flowsleuth.triage.feedback import Taught

DEEDS = ["rating", "reset"]
"""Objects in the audit trail whose deeds change labels."""
CHUNK = 5_000


class LabelBook:
    """Live labels and what they teach.

    Parameters
    ----------
    case : CaseDatabase

    Attributes
    ----------
    version : int
        Deeds that it knows of; it rises with every rating, undo and reset of anybody.
    table : pyarrow.Table
        Rows of ``label`` that hold, with ``by_rule``; None before the first :meth:`refresh`.
    """

    def __init__(self, case: CaseDatabase) -> None:
        self._case = case
        self._ratings: dict[int, bool] = {}
        self._taught: tuple[int, Taught] | None = None
        self.version = -1
        self.table: pa.Table | None = None

    def refresh(self) -> pa.Table:
        """Labels as they are now; only those of new ratings are fetched, unless something was taken back."""
        import pyarrow as pa

        deeds = self._case.count("audit", {"object": DEEDS})
        if self.table is not None and deeds == self.version:
            return self.table
        ratings = {
            row["rating_id"]: row["rule_id"] is not None
            for row in self._case.rows("rating", columns=["rating_id", "rule_id"])
        }
        new = [key for key in ratings if key not in self._ratings]
        only_new = self.table is not None and deeds - self.version == len(new)
        self._ratings = ratings
        parts = [self.table] if only_new and self.table is not None else []
        wanted = [new[at : at + CHUNK] for at in range(0, len(new), CHUNK)] if only_new else [None]
        for keys in wanted:
            where: dict[str, Any] = {"is_live": True} | ({} if keys is None else {"rating_id": keys})
            found = self._case.arrow("label", where)
            by_rule = pa.array([ratings.get(key, False) for key in found["rating_id"].to_pylist()], pa.bool_())
            parts.append(found.append_column("by_rule", by_rule))
        self.table, self.version = pa.concat_tables(parts), deeds
        return self.table

    def on_flows(self) -> pa.Table:
        """Labels on suspects and flows, those on leads and findings aside."""
        labels = self.refresh()
        return labels.filter(is_about_flows(labels["detector"])) if len(labels) else labels

    def teaching(self) -> pa.Table:
        """The labels that teach: where a person has rated a suspect, rules do not.

        A rated lead teaches once, not once more for each of its findings.
        """
        import pyarrow.compute as pc

        labels = self.refresh()
        if not len(labels):
            return labels
        labels = labels.filter(pc.invert(pc.starts_with(labels["detector"], OF_FINDING)))
        by_rule = labels["by_rule"]
        rated = labels.filter(pc.invert(by_rule))["suspect_id"].combine_chunks()
        overruled = pc.and_(by_rule, pc.is_in(labels["suspect_id"], value_set=rated))
        return labels.filter(pc.invert(overruled))

    def taught(self) -> Taught:
        """What they teach."""
        from flowsleuth.triage.feedback import learn

        labels = self.teaching()
        if self._taught is None or self._taught[0] != self.version:
            self._taught = (self.version, learn(labels))
        return self._taught[1]
