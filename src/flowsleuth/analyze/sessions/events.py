"""Events of sessions as numbers: which session, which command, which parameters with which values, in order of time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flowsleuth.analyze.codes import row_groups
from flowsleuth.analyze.columns import micros_of, text_of
from flowsleuth.schema.tabular import need_columns, to_table

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True)
class SessionEvents:
    """Events sorted by session and time.

    Attributes
    ----------
    rows : array of int64
        The row of the table that each event is.
    session : array of int64
        From 0, rising.
    commands : list of str
        What ``command`` counts.
    command : array of int64
    names, values : list of str
        What ``name`` and ``value`` count.
    event, name, value : arrays of int64
        One entry per parameter of an event: the event's place, the parameter, its value (-1: none given). Each
        parameter of an event once.
    """

    rows: npt.NDArray[np.int64]
    session: npt.NDArray[np.int64]
    commands: list[str]
    command: npt.NDArray[np.int64]
    names: list[str]
    values: list[str]
    event: npt.NDArray[np.int64]
    name: npt.NDArray[np.int64]
    value: npt.NDArray[np.int64]

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        """Where each session begins."""
        return np.flatnonzero(np.diff(self.session, prepend=-1)).astype(np.int64)


def session_events(
    data: Any, session: str | Sequence[str], command: str, parameters: str | None, time_column: str | None
) -> SessionEvents:
    """The events of a table. Rows without a command are passed over; events of equal time stay in their order.

    Parameters
    ----------
    data : table
    session : str or sequence of str
        Columns that together name the session.
    command : str
    parameters : str, optional
        A column of mappings, lists, or either as JSON.
    time_column : str, optional
        Without it events are in the order of the rows.

    Raises
    ------
    OptionError
        No such column.
    """
    groups = [session] if isinstance(session, str) else list(session)
    need_columns(data, [*groups, command, *(name for name in (parameters, time_column) if name)])
    texts = text_of(data, command)
    places = np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False)).astype(np.int64)
    coded = texts.take(places).dictionary_encode()
    codes = np.unique(row_groups(data, groups)[places], return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    if time_column:
        when = micros_of(to_table(data), time_column, np.iinfo(np.int64).max)  # what cannot be read comes last
        order = np.lexsort((when[places], codes))
    given = cells_of(data, parameters) if parameters else []
    event, names, values = _parameters([given[row] for row in places[order].tolist()] if parameters else [])
    name_codes, named = _coded(names)
    value_codes, valued = _coded([value for value in values if value is not None])
    value = np.full(len(values), -1, dtype=np.int64)
    value[[at for at, one in enumerate(values) if one is not None]] = value_codes
    return SessionEvents(
        rows=places[order],
        session=codes[order].astype(np.int64),
        commands=coded.dictionary.to_pylist(),
        command=coded.indices.to_numpy().astype(np.int64)[order],
        names=named,
        values=valued,
        event=np.array(event, dtype=np.int64),
        name=name_codes,
        value=value,
    )


def cells_of(data: Any, column: str) -> list[Any]:
    """The cells of a column as Python values; JSON text read, each text once."""
    if hasattr(data, "iloc"):
        cells = data.iloc[:, [str(name) for name in data.columns].index(column)].tolist()
    else:
        cells = data[column].to_list() if hasattr(data[column], "to_list") else data[column].to_pylist()
    read: dict[str, Any] = {}
    for cell in cells:
        if isinstance(cell, str) and cell not in read:
            read[cell] = _of_json(cell)
    return [read[cell] if isinstance(cell, str) else cell for cell in cells]


def _of_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _parameters(cells: Iterable[Any]) -> tuple[list[int], list[str], list[str | None]]:
    """Event, name and value of each parameter; the first of a name in a cell."""
    events: list[int] = []
    names: list[str] = []
    values: list[str | None] = []
    for at, cell in enumerate(cells):
        seen: set[str] = set()
        for name, value in _pairs(cell):
            if name not in seen:
                seen.add(name)
                events.append(at)
                names.append(name)
                values.append(value)
    return events, names, values


def _pairs(cell: Any) -> Iterable[tuple[str, str | None]]:
    """Parameters of a cell: a mapping, names, or records of ``Name`` and ``Value`` as Office's audit log has them."""
    if isinstance(cell, dict):
        return [(str(name), None if value is None else _plain(value)) for name, value in cell.items()]
    if hasattr(cell, "tolist"):
        cell = cell.tolist()
    if isinstance(cell, list | tuple | set | frozenset):
        items = sorted(cell, key=str) if isinstance(cell, set | frozenset) else cell
        return [pair for one in items for pair in _of_item(one)]
    return []


def _of_item(item: Any) -> list[tuple[str, str | None]]:
    if isinstance(item, dict):
        folded = {str(name).casefold(): value for name, value in item.items()}
        if "name" in folded:
            value = folded.get("value")
            return [(str(folded["name"]), None if value is None else _plain(value))]
        return list(_pairs(item))
    if isinstance(item, list | tuple) and len(item) == 2:
        return [(str(item[0]), None if item[1] is None else _plain(item[1]))]
    return [] if item is None else [(str(item), None)]


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, sort_keys=True)


def _coded(texts: Sequence[str]) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Numbers for texts, and the texts that they count."""
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(text, len(numbers)) for text in texts]
    return np.array(codes, dtype=np.int64), list(numbers)
