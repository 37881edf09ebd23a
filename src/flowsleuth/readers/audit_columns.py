"""Rows of usual events of the audit log, whole columns at a time: what :func:`.audit_kinds.rows_of_events` makes of one
event after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import Mask, mask_of
from flowsleuth.readers.audit_events import NO_SESSION, SSH_PROGRAM
from flowsleuth.readers.audit_kinds import AUDIT_EVENT, AUDIT_LOGON, AUDIT_PROCESS
from flowsleuth.readers.audit_lines import AuditLines, Ints
from flowsleuth.readers.audit_words import AuditWords, argument_numbers, of_kind, texts_of, words_of
from flowsleuth.readers.contract import ReadContext
from flowsleuth.readers.field_values import HOWS
from flowsleuth.readers.field_values import NOTHING as NOT_SAID
from flowsleuth.readers.records import Kind
from flowsleuth.readers.rows import build_rows
from flowsleuth.readers.times import UTC_US

_WHOLE = r"^[0-9]{1,18}$"


@dataclass
class UsualEvents:
    """Events of usual lines only, in their order.

    Attributes
    ----------
    lines : AuditLines
    at : array of int64
        Their lines, those of an event together.
    starts : array of int64, by event
        Where the lines of each begin in `at`.
    numbers : array of int64, by line
        Number of a line in the file.
    """

    lines: AuditLines
    at: Ints
    starts: Ints
    numbers: Ints

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def words(self) -> AuditWords:
        """What their records say."""
        return words_of(self.lines)

    @cached_property
    def first(self) -> Ints:
        """The first line of each."""
        return self.at[self.starts]

    @cached_property
    def event(self) -> Ints:
        """The event of each line of the text; -1: none of these."""
        found = np.full(len(self.lines), -1, dtype=np.int64)
        found[self.at] = np.repeat(np.arange(len(self)), np.diff(np.append(self.starts, len(self.at))))
        return found

    @cached_property
    def own(self) -> Ints:
        """The line that tells of each event itself: its first SYSCALL, or its first."""
        found = self.first.copy()
        calls = self.at[of_kind(self.lines, "SYSCALL")[self.at]][::-1]
        found[self.event[calls]] = calls
        return found

    @cached_property
    def type(self) -> pa.Array:
        """EXECVE of starts of programs; else the type of the first record."""
        kinds = pa.array(self.lines.kinds, pa.string()).take(pa.array(self.lines.kind[self.first]))
        is_start = np.zeros(len(self), dtype=bool)
        is_start[self.event[self.at[of_kind(self.lines, "EXECVE")[self.at]]]] = True
        return pc.if_else(pa.array(is_start), "EXECVE", kinds)

    @cached_property
    def id(self) -> pa.Array:
        """``time:serial``."""
        codes = self.lines.events
        ids = pc.replace_substring_regex(codes, r"^audit\((.*)\):( .*)?$", r"\1")
        return ids.take(pa.array(self.lines.event[self.first]))

    @cached_property
    def message(self) -> pa.Array:
        """Type and text of each record, one a line."""
        lines = self.lines
        kinds = pa.array([f"{kind}: " for kind in lines.kinds], pa.string()).take(pa.array(lines.kind[self.at]))
        bodies = lines.slices(lines.body, lines.end).take(pa.array(self.at))
        return self._joined(pc.binary_join_element_wise(kinds, bodies, ""), "\n")

    @cached_property
    def extra(self) -> pa.Array:
        """Fields by type of record, as JSON."""
        lines = self.lines
        is_mine = self.event >= 0
        kept = np.flatnonzero(self.words.is_kept & is_mine[lines.line])
        names = pa.array([f'{name}":"' for name in lines.names], pa.string()).take(pa.array(lines.name[kept]))
        said = pc.binary_join_element_wise(names, self.words.json(kept), "")
        bounds = np.searchsorted(lines.line[kept], np.arange(len(lines) + 1)).astype(np.int32)
        fields = pc.binary_join(pa.ListArray.from_arrays(bounds, said), '","').take(pa.array(self.at))
        heads, tails = self._brackets((np.diff(bounds) > 0)[self.at])
        objects = pc.binary_join_element_wise(heads, fields, tails, "")
        return pc.binary_join_element_wise("{", self._joined(objects, ","), "}", "")

    def _brackets(self, says: Mask) -> tuple[pa.Array, pa.Array]:
        """What stands around the fields of each record: its type, once where several follow each other."""
        kind, event = self.lines.kind[self.at], self.event[self.at]
        is_next = (kind[1:] == kind[:-1]) & (event[1:] == event[:-1])
        is_later, has_later = np.append(False, is_next), np.append(is_next, False)
        heads = [
            f"{head}{quote}"
            for name in self.lines.kinds
            for head in (f'"{name}":{{', f'"{name}":[{{', "{")
            for quote in ("", '"')
        ]
        form = np.where(is_later, 2, has_later.astype(np.int64))
        head = pa.array(heads, pa.string()).take(pa.array((kind * 3 + form) * 2 + says))
        tail = pa.array(["}", '"}', "}]", '"}]'], pa.string())
        return head, tail.take(pa.array((is_later & ~has_later) * 2 + says))

    def _joined(self, texts: pa.Array, separator: str) -> pa.Array:
        """Texts of the lines of each event together."""
        bounds = np.append(self.starts, len(self.at)).astype(np.int32)
        return pc.binary_join(pa.ListArray.from_arrays(bounds, texts), separator)

    def field(self, name: str, lines: Mask) -> pa.Array:
        """A field of some lines by event, of the first of them that an event has; null where there is none."""
        mine = self.lines
        if name not in mine.names:
            return pa.nulls(len(self), pa.string())
        words = np.flatnonzero(mine.name == mine.names.index(name))
        words = words[lines[mine.line[words]] & self.words.is_kept[words]][::-1]
        index = np.full(len(self), -1, dtype=np.int64)
        event = self.event[mine.line[words]]
        index[event[event >= 0]] = words[event >= 0]
        has = np.flatnonzero(index >= 0)
        place = np.full(len(self), -1, dtype=np.int64)
        place[has] = np.arange(len(has))
        return self.words.values(index[has]).take(pa.array(place, mask=place < 0))

    @cached_property
    def command_line(self) -> pa.Array:
        """All arguments of starts of programs; null of others."""
        lines = self.lines
        is_start = of_kind(lines, "EXECVE") & (self.event >= 0)
        number, _ = argument_numbers(lines)
        words = np.flatnonzero((number >= 0)[lines.name] & is_start[lines.line])
        bounds = np.searchsorted(lines.line[words], np.arange(len(lines) + 1)).astype(np.int32)
        number, of = number[lines.name[words]], lines.line[words]
        is_next = np.append(False, (of[1:] == of[:-1]) & (number[1:] != number[:-1]))[: len(words)]
        gaps = pa.array(["", " "]).take(pa.array(is_next.astype(np.int8)))
        parts = pc.binary_join_element_wise(gaps, self.words.values(words), "")
        said = pc.binary_join(pa.ListArray.from_arrays(bounds, parts), "")
        line = np.full(len(self), -1, dtype=np.int64)
        line[self.event[is_start]] = np.flatnonzero(is_start)
        return said.take(pa.array(line, mask=line < 0))


def firstof_kind(events: UsualEvents, kind: str) -> Mask:
    """The first record of a type in each event."""
    found = np.zeros(len(events.lines), dtype=bool)
    at = events.at[of_kind(events.lines, kind)[events.at]]
    event = events.event[at]
    found[at[np.append(True, event[1:] != event[:-1])[: len(at)]]] = True
    return found


def rows_of_usual(events: UsualEvents, when: Ints, context: ReadContext) -> dict[str, pa.Table]:
    """Canonical rows.

    Parameters
    ----------
    events : UsualEvents
    when : array of int64
        Microseconds since 1970 of each event.
    context : ReadContext
    """
    own = np.zeros(len(events.lines), dtype=bool)
    own[events.own] = True
    shared = {
        "start": pa.array(when).cast(UTC_US),
        "host": HOWS["text"](events.lines.node.take(pa.array(events.first))),
        "record_id": events.id,
        "event_type": events.type,
        "pid": _numbers(events.field("pid", own)),
        "extra": events.extra,
    }
    parts: list[tuple[Kind, Mask, dict[str, pa.Array]]] = [
        (
            AUDIT_EVENT,
            np.ones(len(events), dtype=bool),
            {"message": events.message, "program": pa.repeat("auditd", len(events))},
        )
    ]
    is_start = mask_of(pc.equal(events.type, "EXECVE"))
    if is_start.any():
        parts.append((AUDIT_PROCESS, is_start, _process(events, firstof_kind(events, "SYSCALL"))))
    is_login = mask_of(pc.equal(events.type, "USER_LOGIN"))
    if is_login.any():
        parts.append((AUDIT_LOGON, is_login, _logon(events, own)))
    numbers = events.numbers[events.first]
    tables = {}
    for kind, chosen, columns in parts:
        mine = {name: column for name, column in (shared | columns).items() if name in kind.table.names}
        if not chosen.all():
            mine = {name: column.filter(pa.array(chosen)) for name, column in mine.items()}
        built = build_rows(kind.table, mine, numbers[chosen], context)
        tables[kind.table.name] = built.table
    return tables


def _process(events: UsualEvents, call: Mask) -> dict[str, pa.Array]:
    program = events.field("exe", call)
    return {
        "path": HOWS["text"](program),
        "name": HOWS["name"](program),
        "command_line": _said(events.command_line),
        "cwd": HOWS["text"](events.field("cwd", firstof_kind(events, "CWD"))),
        "user": HOWS["text"](events.field("UID", call)),
        "user_id": HOWS["text"](events.field("uid", call)),
        "logon_id": HOWS["text"](_session(events.field("ses", call))),
        "parent_pid": _numbers(events.field("ppid", call)),
        "is_success": HOWS["bool"](events.field("success", call)),
    }


def _logon(events: UsualEvents, own: Mask) -> dict[str, pa.Array]:
    """What a USER_LOGIN says; see ``audit_events``."""
    account, number, program = (events.field(name, own) for name in ("acct", "id", "exe"))
    is_number = pc.fill_null(pc.match_substring_regex(number, r"^[0-9]+$"), False)
    no_text = pa.scalar(None, pa.string())
    named = [account, events.field("ID", own), pc.if_else(is_number, no_text, number)]
    host, address = events.field("hostname", own), events.field("addr", own)
    is_ssh = pc.fill_null(pc.ends_with(program, SSH_PROGRAM), False)
    return {
        "user": HOWS["text"](pc.coalesce(*(pc.if_else(pc.equal(one, ""), no_text, one) for one in named))),
        "user_id": HOWS["text"](_session(pc.if_else(is_number, number, no_text))),
        "src_ip": HOWS["address"](address),
        "src_host": HOWS["text"](pc.if_else(pc.fill_null(pc.equal(host, address), False), no_text, host)),
        "is_success": HOWS["bool"](events.field("res", own)),
        "logon_type": pc.if_else(is_ssh, "ssh", "interactive"),
        "app": HOWS["name"](program),
        "logon_id": HOWS["text"](_session(events.field("ses", own))),
    }


def _session(column: pa.Array) -> pa.Array:
    return pc.if_else(pc.is_in(column, texts_of(NO_SESSION)), pa.scalar(None, pa.string()), column)


def _said(column: pa.Array) -> pa.Array:
    """Text without what stands for nothing, as ``HOWS["whole"]``, for a column of different texts."""
    is_nothing = pc.is_in(pc.utf8_trim_whitespace(column), texts_of(NOT_SAID))
    return pc.if_else(is_nothing, pa.scalar(None, pa.string()), column)


def _numbers(column: pa.Array) -> pa.Array:
    """Whole numbers, as ``HOWS["int"]``, for a column of different ones."""
    is_plain = pc.all(pc.match_substring_regex(column, _WHOLE)).as_py()
    return column.cast(pa.int64()) if is_plain else HOWS["int"](column)
