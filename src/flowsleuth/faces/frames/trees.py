"""Steps that show who started whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from flowsleuth.faces.views.process_trees import ProcessTreeDisplay


class Trees:
    """The steps; :class:`~flowsleuth.faces.frames.accessor.Chain` has them."""

    _frame: pd.DataFrame

    def build_process_tree(self, schema: Any = None) -> pd.DataFrame:
        """The tree of the processes that rows tell of; see :func:`flowsleuth.analyze.process_tree.build_process_tree`.

        Parameters
        ----------
        schema : ProcessSchema, mapping or str, optional
            Which columns tell what; guessed when not given.

        Raises
        ------
        OptionError
            No schema fits.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> procs = pandas.DataFrame({"name": ["sh", "curl"], "pid": [7, 9], "parent_pid": [1, 7]})
        >>> Chain(procs).build_process_tree()["level"].tolist()
        [0, 1, 2]
        """
        from flowsleuth.analyze.process_tree import build_process_tree

        found: pd.DataFrame = build_process_tree(self._frame, schema)
        return found

    def process_tree(self, schema: Any = None, legend_col: str | None = None, **options: Any) -> ProcessTreeDisplay:
        """A picture of that tree; see :func:`flowsleuth.faces.views.process_trees.plot_process_tree`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> procs = pandas.DataFrame({"name": ["sh", "curl"], "pid": [7, 9], "parent_pid": [1, 7]})
        >>> shown = Chain(procs).process_tree()
        >>> shown.pick(1)
        >>> shown.value["proc_name"].tolist()
        ['sh']
        """
        from flowsleuth.faces.views.process_trees import plot_process_tree

        return plot_process_tree(self._frame, schema, legend_col, **options)
