"""Records of the audit log gathered to events, over the ends of chunks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import Mask, mask_of
from flowsleuth.readers.audit_columns import UsualEvents
from flowsleuth.readers.audit_events import AuditRecord, parse_record
from flowsleuth.readers.audit_lines import AuditLines, Ints, lines_of
from flowsleuth.readers.audit_words import refuse_arguments
from flowsleuth.readers.contract import MAX_RAW, Reject
from flowsleuth.readers.streams import printable

NO_RECORD = "not an audit record"
PATIENCE_US = 2_000_000
_OF_PROGRAMS = ("USER_", "CRED_", "SERVICE_", "DAEMON_", "SYSTEM_", "ACCT_", "ADD_", "DEL_", "GRP_", "CRYPTO_", "VIRT_")
_END = "EOE"
_LAST = frozenset({"PROCTITLE", _END})

HeldLines = list[tuple[int, bytes]]
"""Lines of events that may go on, with their numbers."""


@dataclass
class Gathered:
    """Events that ended in some lines.

    Attributes
    ----------
    lines : AuditLines
    numbers : array of int64, by line
        Number of a line in the file.
    event : array of int64, by line
        The event it belongs to, in the order in which they ended; -1: none that ended.
    when : array of int64, by event
        Microseconds since 1970 of its first record.
    held : list
        Lines of events that may go on.
    is_end : bool
        No more lines come.
    rejects : list of Reject
    skipped : dict of str to int
        Records that say nothing, by type.
    """

    lines: AuditLines
    numbers: Ints
    event: Ints
    when: Ints
    held: HeldLines
    is_end: bool = False
    rejects: list[Reject] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)

    @cached_property
    def at(self) -> Ints:
        """Lines of events, in the order of the events."""
        mine = np.flatnonzero(self.event >= 0)
        return mine[np.argsort(self.event[mine], kind="stable")]

    @cached_property
    def bounds(self) -> Ints:
        """Where the lines of each event begin in `at`, and the end."""
        return np.searchsorted(self.event[self.at], np.arange(len(self.when) + 1))

    @cached_property
    def first_number(self) -> Ints:
        """Number of the first line of each event."""
        return self.numbers[self.at[self.bounds[:-1]]]

    @cached_property
    def usual(self) -> Mask:
        """Events of usual lines only, whose records of a type follow each other, with one EXECVE or USER_LOGIN at
        most."""
        lines, at = self.lines, self.at
        is_usual = np.ones(len(self.when), dtype=bool)
        is_usual[self.event[at[~lines.is_usual[at]]]] = False
        if not len(at):
            return is_usual
        kind, event = lines.kind[at].astype(np.int64), self.event[at]
        pairs = event * max(len(lines.kinds), 1) + kind
        is_next = np.append(False, pairs[1:] == pairs[:-1])
        runs = np.sort(pairs[~is_next])
        is_usual[runs[1:][runs[1:] == runs[:-1]] // max(len(lines.kinds), 1)] = False
        only_one = np.array([kind == "EXECVE" for kind in lines.kinds] or [False])
        is_usual[event[is_next & only_one[kind]]] = False
        login = np.array([kind == "USER_LOGIN" for kind in lines.kinds] or [False])
        is_usual[event[login[kind]]] &= np.diff(self.bounds)[event[login[kind]]] == 1
        return is_usual

    def usual_events(self) -> UsualEvents:
        """Those that can be read whole columns at a time."""
        chosen = self.usual[self.event[self.at]]
        at = self.at[chosen]
        event = self.event[at]
        return UsualEvents(self.lines, at, np.flatnonzero(np.diff(event, prepend=-1)), self.numbers)

    def in_order(self, parts: list[pa.Table]) -> pa.Table:
        """Rows of usual and other events together; each is known by ``source_row``, the line of its first record."""
        rows = pa.concat_tables(parts, promote_options="default")
        by_line = np.argsort(self.first_number)
        place = np.searchsorted(self.first_number[by_line], rows["source_row"].to_numpy())
        return rows.take(pc.sort_indices(pa.array(by_line[place])))

    def other_events(self) -> list[list[int]]:
        """Lines of each of the others."""
        return [self.at[self.bounds[one] : self.bounds[one + 1]].tolist() for one in np.flatnonzero(~self.usual)]


def gather(held: HeldLines, data: bytes, first_line: int, tz: ZoneInfo, *, is_end: bool = False) -> Gathered:
    """Gather lines to events.

    Parameters
    ----------
    held : list
        Lines before, of events that may go on.
    data : bytes
        More lines.
    first_line : int
        Number of the first of them.
    tz : ZoneInfo
        Zone of the times of interpreted logs.
    is_end : bool
        No more lines come: all events end.
    """
    before = b"".join(raw + b"\n" for _, raw in held)
    lines = lines_of(before + data + (b"" if data.endswith(b"\n") or not data else b"\n"))
    refuse_arguments(lines)
    numbers = np.arange(len(lines), dtype=np.int64) + first_line - len(held)
    numbers[: len(held)] = [line for line, _ in held]
    made = Gathered(lines, numbers, np.full(len(lines), -1), np.zeros(0, dtype=np.int64), [], is_end)
    records = _parsed_one_by_one(made, tz)
    _part(made, _told(lines, records), len(held))
    return made


def _parsed_one_by_one(made: Gathered, tz: ZoneInfo) -> dict[int, AuditRecord]:
    """Unusual lines; those that are no records are rejects, blank ones and lines of dashes nothing."""
    found = {}
    for at in np.flatnonzero(~made.lines.is_usual).tolist():
        raw = made.lines.raw(at)
        if not raw or raw.isspace() or raw.startswith(b"----"):
            continue  # ausearch parts events by a line of dashes
        raw = raw.rstrip(b"\r")
        record = parse_record(printable(raw), tz)
        if record is None:
            made.rejects.append(Reject(int(made.numbers[at]), NO_RECORD, None, printable(raw)[:MAX_RAW]))
        else:
            found[at] = record
    return found


@dataclass
class _Lines:
    """Event (-1: no record), type and time of each line."""

    event: Ints
    kind: Ints
    time: Ints
    kinds: list[str]


def _told(lines: AuditLines, records: dict[int, AuditRecord]) -> _Lines:
    """Usual lines, and those that were read one by one."""
    ids = lines.events
    event = np.where(lines.is_usual, lines.event, -1).astype(np.int64)
    when = _times(ids)
    time = when[lines.event] if len(when) else np.zeros(len(lines), dtype=np.int64)
    made = _Lines(event, lines.kind.astype(np.int64), time, list(lines.kinds))
    known = {text: code for code, text in enumerate(ids.to_pylist())} if records else {}
    has_nodes = lines.node.null_count < len(lines)
    for at, record in records.items():
        key = f"audit({record.stamp}:{record.serial}):"
        if has_nodes or record.node is not None:
            key = f"{key} {record.node or ''}"
        made.event[at] = known.setdefault(key, len(known))
        if record.type not in made.kinds:
            made.kinds.append(record.type)
        made.kind[at] = made.kinds.index(record.type)
        made.time[at] = _micros(record)
    return made


def _micros(record: AuditRecord) -> int:
    return int(pa.scalar(record.when, pa.timestamp("us", tz="UTC")).value)


def _times(ids: pa.Array) -> Ints:
    """Microseconds since 1970 of ``audit(seconds.fraction:serial):``."""
    if mask_of(pc.match_substring_regex(ids, r"^audit\([0-9]+\.[0-9]{3}:")).all():
        thousandths = pc.replace_substring_regex(ids, r"^audit\(([0-9]+)\.([0-9]{3}):.*$", r"\1\2")
        return np.asarray(thousandths.cast(pa.int64()).to_numpy() * 1_000)
    utc = ZoneInfo("UTC")
    found = [parse_record(f"type=x msg={text.partition(' ')[0]} ", utc) for text in ids.to_pylist()]
    return np.array([0 if record is None else _micros(record) for record in found], dtype=np.int64)


def _part(made: Gathered, told: _Lines, held: int) -> None:
    """Find which records make an event: what begins it, and where it ends.

    Records of an event that follow each other are taken at once, up to one that ends it.
    """
    events = told.event
    ends = np.array([kind in _LAST or kind.startswith(_OF_PROGRAMS) for kind in told.kinds] or [False])[told.kind]
    ends[:held] = False
    is_new = np.append(True, (events[1:] != events[:-1]) | ends[:-1])[: len(events)]
    is_new[held : held + 1] = True
    starts = np.flatnonzero(is_new)
    sizes = np.diff(np.append(starts, len(events)))
    is_end_record = np.array([kind == _END for kind in told.kinds] or [False])[told.kind[starts]]
    going: dict[int, int] = {}
    begun: list[int] = []
    done: list[int] = []
    of: list[int] = []
    runs = zip(
        starts.tolist(), events[starts].tolist(), told.time[starts].tolist(), is_end_record.tolist(),
        ends[starts + sizes - 1].tolist(), (sizes > 1).tolist(), strict=True,
    )  # fmt: skip
    for at, event, when, is_lone, is_last, is_long in runs:
        if event < 0:
            of.append(-1)
            continue
        one = going.get(event)
        if one is None and is_lone:  # it ends an event that has ended already
            of.append(-1)
            made.skipped[_END] = made.skipped.get(_END, 0) + 1
            continue
        if one is None:
            one = len(begun)
            begun.append(when)
            if is_last and not going:  # a whole event, and no other goes on
                of.append(one)
                done.append(one)
                continue
            going[event] = one
        of.append(one)
        if at < held:
            continue
        for is_over in (False, True) if is_last and is_long else (is_last,):
            if is_over:
                done.append(going.pop(event))
            done += _overdue(going, begun, when)
    if made.is_end:
        done += going.values()
    _settle(made, np.repeat(np.array(of, dtype=np.int64), sizes), np.array(begun, dtype=np.int64), done)


def _overdue(going: dict[int, int], begun: list[int], now: int) -> list[int]:
    """End the events that began too long ago; they are open in the order in which they began."""
    ended: list[int] = []
    for one in going.values():
        if now - begun[one] <= PATIENCE_US:
            break
        ended.append(one)
    for event in list(going)[: len(ended)] if ended else ():
        del going[event]
    return ended


def _settle(made: Gathered, of: Ints, begun: Ints, done: list[int]) -> None:
    """Number the events in the order in which they ended, and keep the lines of the others."""
    place = np.full(len(begun) + 1, -1, dtype=np.int64)
    place[done] = np.arange(len(done))
    made.event = place[of]
    made.when = begun[done]
    open_lines = np.flatnonzero((of >= 0) & (made.event < 0))
    held = [(int(made.numbers[at]), made.lines.raw(at).rstrip(b"\r")) for at in open_lines.tolist()]
    made.held = sorted(held)
