"""A process tree as text, with lines from parents to children; safe to print, and bounded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.tree_rows import ints
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    Ints = npt.NDArray[np.int64]

MOST = 500
"""Processes written, when no other number is asked for."""
WIDTH = 160
DEEPEST = 20
"""Levels that are moved in; deeper ones stand there and tell their level."""
FEWEST_LETTERS = 40
"""Letters of a line that are kept whatever the width."""
FACTS = ("proc_pid", "proc_started", "proc_user", "proc_command")


def tree_to_text(
    tree: Any, *, columns: Sequence[str] = FACTS, most: int | None = MOST, width: int | None = WIDTH
) -> str:
    """Write a tree, a process a line.

    Parameters
    ----------
    tree : table
        See :func:`flowsleuth.analyze.process_tree.build_process_tree`; or some rows of one.
    columns : sequence of str
        What is told after the name, in this order; ``proc_pid`` and ``proc_started`` in brackets.
    most : int, optional
        Processes at most; what is left out is told below the process it is under. None writes all.
    width : int, optional
        Letters of a line at most; None does not cut.

    Returns
    -------
    str
        Inferred processes are marked with ``?``. Control characters are written as ``\\\\xNN``.

    Examples
    --------
    >>> from flowsleuth.analyze.tree_rows import example_tree
    >>> print(tree_to_text(example_tree(), columns=["proc_pid", "proc_command"]))
    explorer.exe [500]
    └─ cmd.exe [3016]  cmd /c run.bat
       ├─ ftp.exe [5504]  ftp -s:list
       └─ reg.exe [5884]  reg query /v
    services.exe [620]
    >>> print(tree_to_text(example_tree(), columns=[], most=2))
    explorer.exe
    └─ … 3 more below
    services.exe
    >>> print(tree_to_text(example_tree(), columns=[], most=1))
    explorer.exe
    └─ … 3 more below
    … 1 more tree of 1 process
    """
    from flowsleuth.schema.tabular import need_columns, to_table

    need_columns(tree, columns)
    table = to_table(tree).sort_by("node")
    below = below_among(ints(table, "node"), ints(table, "descendant_count"))
    shown = chosen(ints(table, "node"), ints(table, "level"), below, most)
    lines = _lines(table, shown, columns, below)
    return "\n".join(line if width is None else _cut(line, width) for line in lines)


def below_among(node: Ints, below: Ints) -> Ints:
    """How many of some nodes, in order, are below each of them.

    Examples
    --------
    >>> import numpy as np
    >>> below_among(np.array([0, 1, 3]), np.array([3, 1, 0])).tolist()
    [2, 0, 0]
    """
    import numpy as np

    found: Ints = np.searchsorted(node, node + below, side="right") - np.arange(len(node)) - 1
    return found


def chosen(node: Ints, level: Ints, below: Ints, most: int | None) -> Ints:
    """Which rows are written when not all can be: in the order of levels, so that the beginnings of all trees are.

    Examples
    --------
    >>> import numpy as np
    >>> chosen(np.array([0, 1, 2, 3]), np.array([0, 1, 2, 0]), np.array([2, 1, 0, 0]), 3).tolist()
    [0, 1, 3]
    """
    import numpy as np

    if most is None or len(node) <= most:
        return np.arange(len(node))
    first = np.lexsort((node, -below, level))[: max(most, 1)]
    found: Ints = np.sort(first)
    return found


@dataclass(frozen=True)
class _Line:
    """A line before it has its lead: where it stands, below whom, and how deep."""

    at: tuple[int, int, int]
    node: int
    parent: int
    level: int
    text: str


def _lines(table: pa.Table, shown: Ints, columns: Sequence[str], all_below: Ints) -> list[str]:
    import pyarrow as pa

    rows = table.take(pa.array(shown))
    node, parent, level = (ints(rows, name).tolist() for name in ("node", "parent_node", "level"))
    below = all_below[shown].tolist()
    ends = (ints(rows, "node") + ints(rows, "descendant_count")).tolist()
    top = min(level, default=0)
    told = rows.select([*columns, "proc_name", "is_inferred"]).to_pylist()
    lines = [
        _Line((node[at], 0, 0), node[at], parent[at], level[at] - top, _process_text(told[at], columns))
        for at in range(len(rows))
    ]
    hidden = dict(zip(node, below, strict=True))
    for at in range(len(rows)):
        if parent[at] in hidden:
            hidden[parent[at]] -= 1 + below[at]
    lines += [
        _Line((ends[at], 1, -level[at]), -1, node[at], level[at] - top + 1, f"… {left:,} more below")
        for at, left in enumerate(hidden.values())
        if left
    ]
    return [*_led(sorted(lines, key=lambda line: line.at)), *_left_trees(table, shown, all_below)]


def _led(lines: list[_Line]) -> Iterator[str]:
    """Lines with the strokes before them."""
    last_child = {line.parent: line.at for line in lines}
    guides: dict[int, str] = {}
    for line in lines:
        is_top = line.parent not in guides
        lead = "" if is_top else guides[line.parent]
        is_last = last_child[line.parent] == line.at
        stroke = "" if is_top else "└─ " if is_last else "├─ "
        is_deep = line.level > DEEPEST
        if line.node >= 0:
            guides[line.node] = lead if is_top or is_deep else lead + ("   " if is_last else "│  ")
        yield f"{lead}{stroke}{f'(level {line.level}) ' if is_deep else ''}{line.text}"


def _left_trees(table: pa.Table, shown: Ints, below: Ints) -> Iterator[str]:
    """Roots that are not written, and all below them."""
    import numpy as np

    node, parent = ints(table, "node"), ints(table, "parent_node")
    is_top = ~np.isin(parent, node)
    is_left = is_top.copy()
    is_left[shown] = False
    if is_left.any():
        trees, processes = int(is_left.sum()), int(below[is_left].sum() + is_left.sum())
        of = f"{processes:,} process" + ("es" if processes != 1 else "")
        yield f"… {trees:,} more tree{'s' if trees != 1 else ''} of {of}"


def _process_text(row: dict[str, Any], columns: Sequence[str]) -> str:
    bracketed = [_fact(row[name]) for name in ("proc_pid", "proc_started") if name in columns and row[name] is not None]
    others = [_fact(row[name]) for name in columns if name not in ("proc_pid", "proc_started") and row[name]]
    name = printable_text(row["proc_name"] or "(no name)")
    return "  ".join(
        [f"{'? ' if row['is_inferred'] else ''}{name}" + (f" [{' '.join(bracketed)}]" if bracketed else ""), *others]
    )


def _fact(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    return printable_text(value)


def _cut(line: str, width: int) -> str:
    most = max(width, len(line) - len(line.lstrip(" │├└─")) + FEWEST_LETTERS)
    return line if len(line) <= most else f"{line[: most - 1]}…"
