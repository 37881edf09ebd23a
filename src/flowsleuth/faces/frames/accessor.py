"""The accessor itself: every step gives a new frame, or the same one shown or noted, so that steps can be chained."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.faces.frames.alerting import Alerting
from flowsleuth.faces.frames.commanding import Commanding
from flowsleuth.faces.frames.decoding import Decoding
from flowsleuth.faces.frames.displaying import Displaying
from flowsleuth.faces.frames.extracting import Extracting
from flowsleuth.faces.frames.grouping import Grouping
from flowsleuth.faces.frames.logging_on import LoggingOn
from flowsleuth.faces.frames.looking_up import LookingUp
from flowsleuth.faces.frames.trees import Trees

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.pivots.listed import BoundPivot

NAME = "fs"


def enable(name: str = NAME) -> None:
    """Give pandas frames the accessor ``fs``, until this Python ends. Doing it twice does nothing more.

    Parameters
    ----------
    name : str
        Another name for it.

    Raises
    ------
    OptionError
        Frames have something of that name already.

    Examples
    --------
    >>> import pandas
    >>> enable()
    >>> pandas.DataFrame({"port": [443, 53]}).fs.filter(53)["port"].tolist()
    [53]
    """
    import pandas

    there = pandas.DataFrame.__dict__.get(name)
    if there is not None and getattr(pandas.DataFrame, name) is Chain:
        return
    if hasattr(pandas.DataFrame, name):
        raise OptionError("pandas frames have something of that name", where=name, hint="enable(name='…')")
    pandas.api.extensions.register_dataframe_accessor(name)(Chain)


class Chain(Alerting, Commanding, Decoding, Displaying, Extracting, Grouping, LoggingOn, LookingUp, Trees):
    """Steps on a frame; see :func:`enable`. No step changes the frame it is called on.

    Parameters
    ----------
    frame : pandas.DataFrame
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def run(self, pivot: BoundPivot | str, *, column: str, ws: Workspace | None = None, **options: Any) -> pd.DataFrame:
        """Ask a pivot about a column and join the answers; see :meth:`flowsleuth.Workspace.pivot`.

        Parameters
        ----------
        pivot : BoundPivot or str
            ``ws.pivots().IpAddress.peers``; or ``"IpAddress.peers"`` together with ``ws``.
        column : str
        ws : Workspace, optional
            Needed when the pivot is a name: there is no workspace of its own accord.
        **options
            ``join``, ``time_range``, ``limit``, and the pivot's own.

        Raises
        ------
        OptionError
            A name without a workspace, no such column, no such option.
        """
        if isinstance(pivot, str):
            if ws is None:
                raise OptionError("a name says no workspace", where=pivot, hint=f"use ws.pivots()[{pivot!r}], or ws=ws")
            pivot = ws.pivots()[pivot]
        found: pd.DataFrame = pivot(self._frame, column=column, **options)
        return found

    def filter(
        self,
        what: str | float,
        *,
        columns: str | Sequence[str] | None = None,
        match_case: bool = False,
        regex: bool = False,
    ) -> pd.DataFrame:
        """Rows in which some cell holds a text, or equals a number.

        Parameters
        ----------
        what : str or number
        columns : str or sequence of str, optional
            Where to look; everywhere when not given.
        match_case : bool
        regex : bool
            The text is a regular expression.

        Raises
        ------
        OptionError
            There is no such column, or the expression is none.

        Examples
        --------
        >>> import pandas
        >>> names = pandas.DataFrame({"name": ["www.example.org", None, "a.b"]})
        >>> Chain(names).filter("EXAMPLE")["name"].tolist()
        ['www.example.org']
        """
        import numpy as np

        chosen = self._chosen(columns)
        if isinstance(what, str):
            try:
                re.compile(what if regex else "")
            except re.error as error:
                raise OptionError(f"not a regular expression: {error}", where=what) from None
        keep = np.zeros(len(self._frame), dtype=bool)
        for place in chosen:
            keep |= self._holds(place, what, match_case, regex)
        return self._frame.loc[keep].copy()

    def _holds(self, place: int, what: str | float, match_case: bool, regex: bool) -> npt.NDArray[np.bool_]:
        """Which cells of a column hold it."""
        import numpy as np
        from pandas.api.types import is_bool_dtype, is_numeric_dtype

        cells = self._frame.iloc[:, place]
        if not isinstance(what, str):
            if not is_numeric_dtype(cells) or is_bool_dtype(cells):
                return np.zeros(len(cells), dtype=bool)
            is_equal: npt.NDArray[np.bool_] = (cells == what).fillna(False).to_numpy(dtype=bool)
            return is_equal
        is_told = cells.notna().to_numpy(dtype=bool)
        texts = cells.astype("object").map(str)
        found: npt.NDArray[np.bool_] = texts.str.contains(what, case=match_case, regex=regex, na=False).to_numpy(bool)
        both: npt.NDArray[np.bool_] = found & is_told
        return both

    def _chosen(self, columns: str | Sequence[str] | None) -> list[int]:
        names = [str(name) for name in self._frame.columns]
        wanted = names if columns is None else [columns] if isinstance(columns, str) else list(columns)
        if missing := [name for name in wanted if name not in names]:
            raise OptionError("no such columns", where=", ".join(missing), available=names)
        return [place for place, name in enumerate(names) if name in wanted]

    def columns(self, *names: str, match_case: bool = False) -> pd.DataFrame:
        """Only some columns, in the order given; ``*`` and ``?`` stand for letters.

        Examples
        --------
        >>> import pandas
        >>> list(Chain(pandas.DataFrame(columns=["src_ip", "port", "dst_ip"])).columns("*_IP"))
        ['src_ip', 'dst_ip']
        """
        from fnmatch import fnmatchcase

        def folded(text: str) -> str:
            return text if match_case else text.casefold()

        there = [str(name) for name in self._frame.columns]
        chosen: list[int] = []
        for name in names:
            found = [place for place, one in enumerate(there) if fnmatchcase(folded(one), folded(name))]
            if not found:
                raise OptionError("no such column", where=name, available=there)
            chosen += [place for place in found if place not in chosen]
        return self._frame.iloc[:, chosen].copy()

    def sort(self, *columns: str) -> pd.DataFrame:
        """Sorted by columns; ``bytes_out:desc`` begins with the largest. Ties stay in order, nulls come last.

        Raises
        ------
        OptionError
            No such column, or an order that is neither ``asc`` nor ``desc``.

        Examples
        --------
        >>> import pandas
        >>> Chain(pandas.DataFrame({"n": [1, 3, 2]})).sort("n:desc")["n"].tolist()
        [3, 2, 1]
        """
        there = [str(name) for name in self._frame.columns]
        names, rising = [], []
        for column in columns:
            name, _, order = (column, "", "asc") if column in there else column.rpartition(":")
            if name not in there:
                raise OptionError("no such column", where=column, available=there)
            if order.casefold() not in ("asc", "desc"):
                raise OptionError("neither asc nor desc", where=column)
            names.append(name)
            rising.append(order.casefold() == "asc")
        if not names:
            raise OptionError("no columns to sort by", available=there)
        return self._frame.sort_values(names, ascending=rising, kind="stable", na_position="last")

    def display(
        self, title: str = "", *, columns: Sequence[str] = (), rows: int = 20, show: Callable[[Any], Any] | None = None
    ) -> pd.DataFrame:
        """Show the first rows, and hand the frame on as it is. In a notebook every text is escaped.

        Parameters
        ----------
        title : str
        columns : sequence of str
            Which to show; all when not given.
        rows : int
        show : callable, optional
            What shows; a notebook's ``display``, else ``print``.

        Examples
        --------
        >>> import pandas
        >>> len(Chain(pandas.DataFrame({"n": [1, 2, 3]})).display("Some", rows=2, show=print))
        Some: 2 of 3 rows
           n
        0  1
        1  2
        3
        """
        from flowsleuth.faces.frames.showing import show_frame

        shown = self.columns(*columns) if columns else self._frame
        show_frame(shown.head(rows), title, len(self._frame), show)
        return self._frame

    def tee(self, keep: Callable[[pd.DataFrame], Any]) -> pd.DataFrame:
        """Give a copy to somebody - ``kept.append``, a function of yours - and hand the frame on as it is.

        Examples
        --------
        >>> import pandas
        >>> kept = []
        >>> Chain(pandas.DataFrame({"n": [1, 2]})).tee(kept.append)["n"].tolist(), len(kept[0])
        ([1, 2], 2)
        """
        keep(self._frame.copy())
        return self._frame
