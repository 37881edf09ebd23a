"""The rows of a process tree, whatever make its table is of: columns of it, some of its rows, one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.schema.tabular import need_columns, to_table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]

NONE = -1


def node_of(source: Any) -> int:
    """The number of a process that is named by number or by row.

    Raises
    ------
    OptionError
        It is neither.

    Examples
    --------
    >>> node_of({"node": 3, "proc_name": "cmd.exe"}), node_of(3)
    (3, 3)
    """
    try:
        return int(source) if isinstance(source, int) or not hasattr(source, "__getitem__") else int(source["node"])
    except (KeyError, TypeError, ValueError, IndexError):
        raise OptionError("not a process", where=str(source)[:80], hint="give its node, or its row") from None


def ints(tree: Any, name: str) -> Ints:
    """A column of whole numbers; :data:`NONE` for null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    need_columns(tree, [name])
    numbers = pc.fill_null(column_of(tree, name).cast(pa.int64(), safe=False), NONE)
    found: Ints = numbers.to_numpy(zero_copy_only=False) if isinstance(numbers, pa.Array) else numbers.to_numpy()
    return found


def rows_where(tree: Any, wanted: Bools) -> Any:
    """Some rows of a table, in its make."""
    import pyarrow as pa

    if hasattr(tree, "iloc"):
        return tree.loc[wanted]
    if isinstance(tree, pa.Table):
        return tree.filter(pa.array(wanted))
    return tree.filter(wanted) if hasattr(tree, "__getitem__") else to_table(tree).filter(pa.array(wanted))


def column_of(tree: Any, name: str) -> Any:
    """A column, as Arrow has it."""
    import pyarrow as pa

    column = (tree if hasattr(tree, "__getitem__") else to_table(tree))[name]  # rows of a workspace
    if isinstance(column, pa.ChunkedArray):
        return column
    return column.to_arrow() if hasattr(column, "to_arrow") else pa.array(column, from_pandas=True)


def texts_of(tree: Any, name: str) -> list[str | None]:
    """A column as a list of texts."""
    import pyarrow as pa

    found: list[str | None] = column_of(tree, name).cast(pa.string()).to_pylist()
    return found


def first_where(tree: Any, wanted: Bools) -> dict[str, Any] | None:
    """The first of some rows; null as None."""
    rows = to_table(rows_where(tree, wanted))
    return rows.slice(0, 1).to_pylist()[0] if len(rows) else None


def example_tree() -> Any:
    """Five processes in two trees, for examples.

    Examples
    --------
    >>> example_tree()["proc_name"].to_pylist()
    ['explorer.exe', 'cmd.exe', 'ftp.exe', 'reg.exe', 'services.exe']
    """
    import pyarrow as pa

    from flowsleuth.analyze.process_tree import process_tree

    rows = pa.table(
        {
            "name": ["explorer.exe", "cmd.exe", "ftp.exe", "reg.exe", "services.exe"],
            "pid": [500, 3016, 5504, 5884, 620],
            "parent_pid": [None, 500, 3016, 3016, None],
            "start": [f"2019-01-15 05:15:1{second}" for second in range(5)],
            "command_line": [None, "cmd /c run.bat", "ftp -s:list", "reg query /v", None],
        }
    )
    return process_tree(rows, "flowsleuth").table
