"""What two results of one notebooklet tell differently: rows that came and went, values that changed."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from flowsleuth.investigate.dossier import Section
    from flowsleuth.notebooklets.result import NotebookletResult

Change = Literal["same", "appeared", "disappeared", "changed"]
SAID = "change"
"""Column of a table of differences: ``added`` or ``removed``."""


@dataclass(frozen=True)
class Difference:
    """What became of one attribute.

    Attributes
    ----------
    name : str
    change : ``same``, ``appeared``, ``disappeared`` or ``changed``
    added, removed : int
        Rows of a table that only the later, only the earlier has.
    before, after : object
        Of a value.
    rows : pyarrow.Table or None
        Those rows, ``change`` says which way.
    """

    name: str
    change: Change
    added: int = 0
    removed: int = 0
    before: Any = None
    after: Any = None
    rows: pa.Table | None = None


@dataclass(frozen=True)
class ResultDiff:
    """The differences by attribute; ``diff["flows"].rows`` are the rows that came and went."""

    differences: tuple[Difference, ...]

    def __getitem__(self, name: str) -> Difference:
        found = next((one for one in self.differences if one.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    @property
    def changed(self) -> list[str]:
        """Attributes that are not the same."""
        return [one.name for one in self.differences if one.change != "same"]

    def __bool__(self) -> bool:
        return bool(self.changed)

    def to_pandas(self) -> pd.DataFrame:
        """``name change added removed before after``, a row for each attribute that differs."""
        import pandas

        names = ("name", "change", "added", "removed", "before", "after")
        rows = [[getattr(one, name) for name in names] for one in self.differences if one.change != "same"]
        return pandas.DataFrame(rows, columns=list(names))

    def _repr_html_(self) -> str:
        return str(self.to_pandas().to_html(escape=True, index=False))

    def __str__(self) -> str:
        lines = [
            f"{one.name}: {one.change}" + (f", {one.added:,} rows added, {one.removed:,} removed" if one.rows else "")
            for one in self.differences
            if one.change != "same"
        ]
        return "\n".join(lines) or "no difference"


def diff_results(before: NotebookletResult, after: NotebookletResult) -> ResultDiff:
    """See :meth:`NotebookletResult.diff`."""
    if type(before) is not type(after):
        raise OptionError(f"a {type(after).__name__} against a {type(before).__name__}", where="diff")
    names = [name for name, one in before.attributes.items() if one.kind != "figure"]
    return ResultDiff(tuple(_difference(name, before.section(name), after.section(name)) for name in names))


def _difference(name: str, before: Section, after: Section) -> Difference:
    if before.kind == "table":
        return _of_tables(name, before, after)
    if before.value == after.value:
        return Difference(name, "same")
    return Difference(name, _change(before, after), before=before.value, after=after.value)


def _change(before: Section, after: Section) -> Change:
    if before.absent is not None:
        return "appeared"
    return "disappeared" if after.absent is not None else "changed"


def _of_tables(name: str, before: Section, after: Section) -> Difference:
    import pyarrow as pa

    old, new = _counted(before.table), _counted(after.table)
    added, removed = new - old, old - new
    if not added and not removed:
        is_same = (before.absent is None) == (after.absent is None)
        return Difference(name, "same" if is_same else _change(before, after))
    parts = [
        _rows(table, which).append_column(SAID, pa.array([said] * which.total(), pa.string()))
        for table, which, said in ((before.table, removed, "removed"), (after.table, added, "added"))
        if table is not None and which
    ]
    rows = pa.concat_tables(parts, promote_options="permissive")
    return Difference(name, _change(before, after), added.total(), removed.total(), rows=rows)


def _keys(rows: pa.Table) -> list[str]:
    """Each row as one text, whatever the order of its columns and those that tell nothing."""
    names = sorted(rows.column_names)
    columns = [rows[name].to_pylist() for name in names]
    told = (zip(names, row, strict=True) for row in zip(*columns, strict=True))
    return [json.dumps([pair for pair in row if pair[1] is not None], default=str) for row in told]


def _counted(rows: pa.Table | None) -> Counter[str]:
    return Counter() if rows is None else Counter(_keys(rows))


def _rows(rows: pa.Table, which: Counter[str]) -> pa.Table:
    """The last of the rows that are there more often than in the other."""
    left = Counter(which)
    places = []
    for at, key in reversed(list(enumerate(_keys(rows)))):
        if left[key] > 0:
            left[key] -= 1
            places.append(at)
    return rows.take(sorted(places))
