"""What a detector says, written as parts: scores, high ones apart, and the groups they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowsleuth.detect.scored_rows import split_rows
from flowsleuth.store.catalog import Part
from flowsleuth.store.maintenance import group_scores

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store import Store

ROWS_PER_PART = 1_000_000
HIGH_SCORE = 0.99
"""Scores from here on are kept together; about one in a hundred by the scores' own meaning."""


class ScoreSink:
    """Takes a detector's tables and writes score parts of good size, high scores in parts of their own.

    Those who ask for the top then open few row groups: the others' statistics say that they hold nothing as high.
    """

    def __init__(self, store: Store, detector: str, run: str) -> None:
        self._store, self._detector, self._run = store, detector, run
        self._low: list[pa.Table] = []
        self._rows = 0
        self._parts: list[Part] = []
        self._high: list[pa.Table] = []

    def take(self, rows: pa.Table) -> None:
        high, low = split_rows(rows, rows["score"].to_numpy() >= HIGH_SCORE)
        self._high.append(high)
        self._low.append(low)
        self._rows += len(low)
        if self._rows >= ROWS_PER_PART:
            self._write()

    def _write(self) -> None:
        self._parts += self._written(self._low)
        self._low, self._rows = [], 0

    def _written(self, tables: list[pa.Table]) -> list[Part]:
        import pyarrow as pa

        from flowsleuth.schema import SCORE

        rows = pa.concat_tables(tables)
        columns = {name: rows[name] for name in rows.column_names}
        columns["detector"] = pa.repeat(self._detector, len(rows))
        columns["run"] = pa.repeat(self._run, len(rows))
        schema = SCORE.arrow_schema()
        built = pa.table([columns[f.name] for f in schema], schema=schema)
        return self._store.write("score", built, tag=self._detector)

    def finish(self) -> list[Part]:
        if self._low:
            self._write()
        if self._high:
            self._parts += self._written(self._high)
        return self._parts


def suspect_rows(store: Store, detector: str, run: str, parts: list[Part]) -> pa.Table:
    """Groups of a run's score parts: rows of ``schema.SUSPECT``."""
    import pyarrow as pa

    from flowsleuth.schema import SUSPECT

    schema = SUSPECT.arrow_schema()
    if not parts:
        return schema.empty_table()
    groups = group_scores(store, parts)
    columns = {name: groups[name] for name in groups.column_names}
    columns["detector"] = pa.repeat(detector, len(groups))
    columns["run"] = pa.repeat(run, len(groups))
    return pa.table([columns[f.name].cast(f.type) for f in schema], schema=schema)
