"""All pivots: as a table, and by name to be asked about columns: ``ws.pivots().IpAddress.whois``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.workspace.pivots.pivot import LIMIT, PIVOTS, Pivot, ask, load_pivot, pivots_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from flowsleuth.schema.entities import Entity
    from flowsleuth.workspace import Workspace


@dataclass(frozen=True, repr=False)
class BoundPivot:
    """A pivot of a workspace; call it with a value, several values, or a table and its column.

    Attributes
    ----------
    workspace : Workspace
    pivot : Pivot
    """

    workspace: Workspace
    pivot: Pivot

    def __call__(
        self, data: Any, *, column: str | None = None, time_range: Any = None, start: Any = None, end: Any = None,
        limit: int | None = LIMIT, **options: Any,
    ) -> Any:  # fmt: skip
        """Ask.

        Parameters
        ----------
        data : str, Entity, list of them, or table
            A value, values, or a table (pandas, Arrow, Rows) whose ``column`` holds them.
        column : str, optional
            Needed for a table; see :meth:`flowsleuth.Workspace.pivot`.

        Returns
        -------
        Answer, or for a table what :meth:`flowsleuth.Workspace.pivot` gives
        """
        if column is not None:
            return self.workspace.pivot(
                data,
                self.pivot.full_name,
                column=column,
                time_range=time_range,
                start=start,
                end=end,
                limit=limit,
                **options,
            )
        is_one = not isinstance(data, list | tuple | set)
        values: list[str | Entity] = [data] if is_one else list(data)
        time = self.workspace.within(time_range, start=start, end=end)
        return ask(self.workspace, self.pivot, values, time, limit=limit, options=options, is_one=is_one)

    def __repr__(self) -> str:
        return f"<{self.pivot.full_name}: {self.pivot.summary}>"


class PivotsOfEntity:
    """The pivots of one kind of entity, each an attribute."""

    def __init__(self, workspace: Workspace, entity: str) -> None:
        self._workspace = workspace
        self._entity = entity

    def __getattr__(self, name: str) -> BoundPivot:
        if name.startswith("_") or name not in pivots_of(self._entity):
            raise AttributeError(
                f"{self._entity} has no pivot {name!r}; there are {', '.join(pivots_of(self._entity))}"
            )
        return BoundPivot(self._workspace, load_pivot(f"{self._entity}.{name}"))

    def __dir__(self) -> list[str]:
        return pivots_of(self._entity)

    def __repr__(self) -> str:
        return f"<{self._entity}: {', '.join(pivots_of(self._entity))}>"


class Pivots:
    """Every pivot there is; see :meth:`flowsleuth.Workspace.pivots`."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def __getattr__(self, name: str) -> PivotsOfEntity:
        if name.startswith("_") or not pivots_of(name):
            raise AttributeError(f"no pivots of {name!r}; there are those of {', '.join(self._kinds())}")
        return PivotsOfEntity(self._workspace, name)

    def __getitem__(self, name: str) -> BoundPivot:
        """By full name, any case: ``ws.pivots()["IpAddress.whois"]``."""
        return BoundPivot(self._workspace, load_pivot(name))

    def _kinds(self) -> list[str]:
        return list(dict.fromkeys(name.partition(".")[0] for name in PIVOTS.names()))

    def __dir__(self) -> list[str]:
        return [*self._kinds(), "to_arrow", "to_pandas"]

    def __iter__(self) -> Iterator[str]:
        return iter(PIVOTS.names())

    def __len__(self) -> int:
        return len(PIVOTS.names())

    def to_arrow(self) -> pa.Table:
        """``pivot summary needs options``, a row each."""
        import pyarrow as pa

        listed = [load_pivot(name) for name in self]
        columns = {
            "pivot": [one.full_name for one in listed],
            "summary": [one.summary for one in listed],
            "needs": [one.needs for one in listed],
            "options": [", ".join(one.options) for one in listed],
        }
        return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})

    def to_pandas(self) -> pd.DataFrame:
        """The same as a ``pandas.DataFrame``."""
        return self.to_arrow().to_pandas()

    def __repr__(self) -> str:
        return "\n".join(f"{load_pivot(name).full_name:20} {load_pivot(name).summary}" for name in self)

    def _repr_html_(self) -> str:
        return str(self.to_pandas().to_html(escape=True, index=False))
