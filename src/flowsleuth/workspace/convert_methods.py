"""The method of :class:`flowsleuth.workspace.Workspace` that writes flows in other schemas."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowsleuth.store import Store
    from flowsleuth.workspace.convert import ConvertFormat


class ConvertMethods:
    """Flows for other systems."""

    if TYPE_CHECKING:

        @property
        def store(self) -> Store: ...

    def convert(
        self,
        to: str,
        output: str | Path,
        *,
        form: ConvertFormat | None = None,
        start: dt.datetime | None = None,
        end: dt.datetime | None = None,
    ) -> int:
        """Write the stored flows as OCSF, ECS or ASIM records.

        What was written is read again by the reader of the same name, column for column; what a schema has no field for
        is in its object for such things. Memory is flat: flows are written as they are read.

        Parameters
        ----------
        to : ``ocsf``, ``ecs`` or ``asim``
        output : path
            Takes its name only when it is whole.
        form : ``json`` (lines), ``parquet`` (nested columns) or ``csv`` (dotted columns), optional
            By the ending of ``output``, else ``json``.
        start, end : datetime, optional
            Only flows that start at or after ``start`` and before ``end``.

        Returns
        -------
        int
            Flows written.

        Raises
        ------
        CatalogueError
            There is no such schema.
        OptionError
            There is no such format.
        FlowsleuthError
            The file cannot be written.
        """
        from flowsleuth.workspace.convert import convert

        return convert(self.store, to, Path(output), form, start=start, end=end)
