"""Events of the Linux audit log as frames, with the column names that MSTICPy's users know.

One row is one event, known by its whole id (time, serial number, machine). Columns: ``EventType`` (``SYSCALL_EXECVE``
for starts of programs, else the type of the first record), ``mssg_id`` (``time:serial``), ``TimeGenerated`` (UTC),
``cmdline`` (all arguments), ``source_row``, then every field by its name, taken from the first record of the event that
has it. ``records`` has all fields of all records as JSON, several PATH records included. Of a start of a program ``a0``
to ``a3`` are its arguments, not registers. Ids that are not set (4294967295) are -1; what is not said is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import PathLike
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import mask_of
from flowsleuth.readers.audit_columns import UsualEvents
from flowsleuth.readers.audit_events import AuditEvent, event_of_records, fields_by_type, object_of, unpack_event
from flowsleuth.readers.audit_gathering import Gathered, HeldLines, gather
from flowsleuth.readers.audit_words import of_kind
from flowsleuth.readers.auditd import CHUNK, gathered, one_by_one
from flowsleuth.readers.mapped_json import as_json_text
from flowsleuth.readers.streams import Source, one_ahead
from flowsleuth.readers.times import UTC_US
from flowsleuth.schema.tabular import like, need_columns, row_labels, text_column, to_table

if TYPE_CHECKING:
    import pandas as pd

START = "SYSCALL_EXECVE"
_FIRST = ("EventType", "mssg_id", "TimeGenerated", "cmdline", "Computer")
_LAST = ("records", "source_row")
_REGISTERS = frozenset({"a0", "a1", "a2", "a3"})
_IDS = (
    "pid", "ppid", "auid", "uid", "gid", "euid", "suid", "fsuid", "egid", "sgid", "fsgid", "ses", "argc", "items",
    "old-auid", "old-ses", "exit",
)  # fmt: skip
_UNSET = 4_294_967_295
_WHOLE = r"^-?[0-9]{1,18}$"


def read_from_file(
    filepath: str | PathLike[str], event_type: str | None = None, *, tz: str = "UTC", verbose: bool = False
) -> pd.DataFrame:
    """Read an audit log - raw, with ``node=``, or interpreted; also compressed - into a frame with a row per event.

    Parameters
    ----------
    filepath : path
    event_type : str, optional
        Only events of this type, e.g. ``"SYSCALL_EXECVE"``.
    tz : str
        Zone of the times of an interpreted log; raw ones have none.
    verbose : bool
        Say how many events there are.

    Returns
    -------
    pandas.DataFrame
        See :mod:`flowsleuth.readers.audit_frames`; events in the order in which they ended. ``attrs["rejects"]`` has
        the lines that are no records.

    Raises
    ------
    ReaderError
        The file cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
    ...     _ = log.write('type=EXECVE msg=audit(1604994496.155:7): argc=2 a0="id" a1=2D75\\n'); log.flush()
    ...     read_from_file(log.name)[["EventType", "mssg_id", "cmdline"]].values.tolist()
    [['SYSCALL_EXECVE', '1604994496.155:7', 'id -u']]
    """
    with Source(str(filepath)) as source:
        table, rejects = _joined(one_ahead(found for found, _ in gathered(source, ZoneInfo(tz))), ZoneInfo(tz))
    frame = _as_frame(_chosen(table, event_type))
    frame.attrs["rejects"] = rejects
    if verbose:
        print(f"{len(frame)} events, {len(rejects)} lines that are no records")
    return frame


def extract_events_to_df(
    data: Any,
    input_column: str = "AuditdMessage",
    event_type: str | None = None,
    *,
    tz: str = "UTC",
    verbose: bool = False,
) -> Any:
    """Take audit records in a column of a frame apart: raw lines, or the packed form that Log Analytics keeps.

    Parameters
    ----------
    data : table
        pandas, polars or Arrow; it is not changed. Packed records (``[{'SYSCALL': ['pid=1', …]}, …]``, as text or as
        lists) need ``mssg_id`` beside them. A cell that holds no records gives no event.
    input_column : str
    event_type : str, optional
        Only events of this type.
    tz : str
        Zone of the times of interpreted lines.
    verbose : bool
        Say how many events there are.

    Returns
    -------
    table
        Of the make of `data`; its other columns (``Computer``, …) are kept, from the row of the event's first record.

    Raises
    ------
    OptionError
        It is no table, or has no such column.
    """
    need_columns(data, [input_column])
    cells = _cells(data, input_column)
    if any(isinstance(cell, list) or str(cell).lstrip().startswith("[") for cell in cells[:20] if cell is not None):
        need_columns(data, ["mssg_id"])
        table = _of_packed(cells, text_column(data, "mssg_id").to_pylist())
        told = f"{len(table)} events in {len(cells)} cells"
    else:
        table, rejects = _of_cells(cells, ZoneInfo(tz))
        told = f"{len(table)} events, {len(rejects)} lines that are no records"
    table = _with_others(_chosen(table, event_type), data, input_column)
    if verbose:
        print(told)
    return _as_frame(table) if hasattr(data, "iloc") else like(table, data)


def get_event_subset(data: Any, event_type: str) -> Any:
    """Events of one type, without the columns that none of them has.

    Raises
    ------
    OptionError
        It is no table, or has no column ``EventType``.

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame({"EventType": ["CWD", "LOGIN"], "cwd": ["/", None], "res": [None, "1"]})
    >>> list(get_event_subset(frame, "LOGIN").columns)
    ['EventType', 'res']
    """
    need_columns(data, ["EventType"])
    chosen = pc.fill_null(pc.equal(text_column(data, "EventType"), event_type), False)
    if hasattr(data, "iloc"):
        return data[mask_of(chosen.combine_chunks())].dropna(axis=1, how="all")
    table = to_table(data).filter(chosen)
    return like(table.select([name for name in table.column_names if table[name].null_count < len(table)]), data)


def _joined(pieces: Iterable[Gathered], tz: ZoneInfo) -> tuple[pa.Table, list[Any]]:
    """Events of all pieces in one table."""
    tables, rejects = [], []
    for found in pieces:
        tables.append(_of_gathered(found, tz))
        rejects += found.rejects
    made = [table for table in tables if len(table)] or tables[:1] or [_of_events([])]
    return _ordered(pa.concat_tables(made, promote_options="default")), rejects


def _of_gathered(found: Gathered, tz: ZoneInfo) -> pa.Table:
    others = _of_events(one_by_one(found, tz))
    usual = found.usual_events()
    if not len(usual):
        return others
    table = _of_usual(usual, found.when[found.usual])
    return found.in_order([table, others]) if len(others) else table


def _of_usual(events: UsualEvents, when: Any) -> pa.Table:
    """Columns of usual events."""
    lines = events.lines
    is_start = mask_of(pc.equal(events.type, "EXECVE"))
    calls = of_kind(lines, "SYSCALL")
    of_start = np.append(is_start, False)[events.event]  # the last one: lines of no event
    taken = lines.is_usual & ~of_kind(lines, "PATH")
    columns = {
        "EventType": pc.if_else(pa.array(is_start), START, events.type),
        "mssg_id": events.id,
        "TimeGenerated": pa.array(when).cast(UTC_US),
        "cmdline": events.command_line,
        "Computer": lines.node.take(pa.array(events.first)),
    }
    for name in lines.names:
        if _is_field(name):
            columns[_column_name(name)] = events.field(
                name, taken & ~(calls & of_start) if name in _REGISTERS else taken
            )
    return pa.table(columns | {"records": events.extra, "source_row": pa.array(events.numbers[events.first])})


def _is_field(name: str) -> bool:
    """Whether a field gets a column: not the later arguments of a program, nor pieces of them."""
    return bool(name) and (not (name[0] == "a" and name[1:2].isdigit()) or name in _REGISTERS)


def _column_name(name: str) -> str:
    return f"{name}_field" if name in (*_FIRST, *_LAST) else name


def _of_events(events: list[AuditEvent]) -> pa.Table:
    """Columns of events that were read one after the other."""
    rows = []
    for event in events:
        made = object_of(event)
        is_start = made["type"] == "EXECVE"
        row = {
            "EventType": START if is_start else made["type"],
            "mssg_id": made["id"],
            "TimeGenerated": event.first.when,
            "cmdline": made.get("command_line"),
            "Computer": event.first.node,
            "records": as_json_text(fields_by_type(event)),
            "source_row": event.line,
        }
        for kind, _, fields in event.records:
            for name, value in fields.items() if kind != "PATH" else ():
                if _is_field(name) and not (is_start and kind == "SYSCALL" and name in _REGISTERS):
                    row.setdefault(_column_name(name), value)
        rows.append(row)
    names = dict.fromkeys([*_FIRST, *_LAST, *(name for row in rows for name in row)])
    kinds = {"TimeGenerated": UTC_US, "source_row": pa.int64()}
    return pa.table({name: pa.array([row.get(name) for row in rows], kinds.get(name, pa.string())) for name in names})


def _ordered(table: pa.Table) -> pa.Table:
    """Numbers as numbers, and columns in their order; those of which nothing is said are left out."""
    said = [name for name in table.column_names if table[name].null_count < len(table) or name in _FIRST[:4]]
    middle = [name for name in said if name not in _FIRST and name not in _LAST]
    names = [name for name in _FIRST if name in said] + middle + list(_LAST)
    return pa.table({name: _number(table[name]) if name in _IDS else table[name] for name in names})


def _number(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers, where all are such; 4294967295 is -1."""
    if not pc.all(pc.match_substring_regex(column, _WHOLE)).as_py():
        return column
    numbers = column.cast(pa.int64())
    return pc.if_else(pc.equal(numbers, _UNSET), -1, numbers)


def _chosen(table: pa.Table, event_type: str | None) -> pa.Table:
    return table if event_type is None else table.filter(pc.equal(table["EventType"], event_type))


def _as_frame(table: pa.Table) -> pd.DataFrame:
    """A pandas frame whose texts stay in Arrow's memory, and whose numbers may be missing."""
    import pandas as pd

    kinds = {pa.string(): pd.StringDtype("pyarrow"), pa.int64(): pd.Int64Dtype()}
    return table.to_pandas(types_mapper=kinds.get)


def _cells(data: Any, name: str) -> list[Any]:
    """Cells of a column: lists as they are, all else as text."""
    if hasattr(data, "iloc"):
        column = data[name]
        if column.map(lambda cell: isinstance(cell, list)).any():
            return [cell if isinstance(cell, list | str) else None for cell in column]
    return list(text_column(data, name).to_pylist())


def _of_packed(cells: list[Any], stamps: list[str | None]) -> pa.Table:
    events = []
    for row, (cell, stamp) in enumerate(zip(cells, stamps, strict=True)):
        if isinstance(cell, list):
            event = event_of_records(stamp, cell, row, b"")
        else:
            event = unpack_event(stamp, cell, row, b"")
        if event is not None:
            events.append(event)
    return _ordered(_of_events(events))


def _of_cells(cells: list[Any], tz: ZoneInfo) -> tuple[pa.Table, list[Any]]:
    """Events of cells of raw lines; ``source_row`` is the row of the first one."""
    texts = ["" if cell is None else str(cell) for cell in cells]
    rows = np.repeat(np.arange(len(texts)), [text.count("\n") + 1 for text in texts])
    table, rejects = _joined(_pieces(texts, tz), tz)
    at = table.column_names.index("source_row")
    place = pa.array(rows[table["source_row"].to_numpy() - 1]) if len(table) else table["source_row"]
    return table.set_column(at, "source_row", place), rejects


def _pieces(texts: list[str], tz: ZoneInfo) -> Iterator[Gathered]:
    """Lines gathered some at a time."""
    held: HeldLines = []
    line, begin, size = 1, 0, 0
    for at, text in enumerate(texts, 1):
        size += len(text)
        if size < CHUNK and at < len(texts):
            continue
        data = ("\n".join(texts[begin:at]) + "\n").encode("utf-8", "replace")
        found = gather(held, data, line, tz, is_end=at == len(texts))
        yield found
        held, begin, size = found.held, at, 0
        line += data.count(b"\n")


def _with_others(table: pa.Table, data: Any, input_column: str) -> pa.Table:
    """Other columns of the given table, of the row of each event, and that row's label as ``source_row``."""
    rows = table["source_row"].combine_chunks()
    given = data.reset_index(drop=True) if hasattr(data, "iloc") else data
    others = to_table(given.drop(columns=[input_column]) if hasattr(data, "iloc") else given)
    for name in others.column_names:
        if name not in (input_column, "mssg_id", "TimeGenerated") and not name.startswith("Unnamed:"):
            column = others[name].take(rows)
            if name not in table.column_names:
                table = table.append_column(name, column)
            elif name == "Computer":
                merged = pc.coalesce(table[name].combine_chunks(), column.combine_chunks())
                table = table.set_column(table.column_names.index(name), name, merged)
    return table.set_column(table.column_names.index("source_row"), "source_row", row_labels(data).take(rows))
