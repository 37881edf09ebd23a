"""Lines of JSON records to columns by kind of record: whole blocks in the engine, odd lines one by one.

Every line that is not blank ends in exactly one place: a column's row, a reject, or the count of kinds without a
table. The engine leaves out silently what it was not asked for; such lines are recognised (see ``store.json_lines``),
their keys are learned, and what still does not come out whole is read line by line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.contract import MAX_RAW, Reject
from flowsleuth.readers.instants import epoch_seconds, instants_of_seconds, instants_of_text
from flowsleuth.readers.json_plan import Column, Outcome, Part, Plan, Rows
from flowsleuth.readers.json_shape import Shape, arrow_type, convert
from flowsleuth.readers.json_text import RawFloat, dump
from flowsleuth.readers.streams import printable
from flowsleuth.store.json_lines import JsonLines, MalformedLineError, as_lines, line_starts

Mask = npt.NDArray[np.bool_]

NOT_JSON = "not JSON"
NOT_AN_OBJECT = "not a JSON object"
NOT_UTF8 = "not UTF-8"
NO_KIND = "no word on what kind of record it is"
TWICE = "key appears twice"
BAD_VALUE = "value is not of the field's type"

_SAMPLE = 1_000
"""Lines that keys are learned from at a time."""


def loads(text: str) -> Any:
    """Parse JSON; a key that appears twice is an error.

    Raises
    ------
    ValueError
        The text is not JSON, or a key appears twice in one object.
    """
    return json.loads(text, object_pairs_hook=_no_twins, parse_float=RawFloat, parse_constant=str)


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        raise KeyError(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return made


class Records:
    """Reads lines by a plan.

    Parameters
    ----------
    engine : JsonLines
    plan : Plan
    tz : ZoneInfo
        Zone of times that name none.
    """

    def __init__(self, engine: JsonLines, plan: Plan, tz: ZoneInfo) -> None:
        self._engine, self._plan, self._tz = engine, plan, tz

    def read(self, data: bytes, first_row: int) -> Outcome:
        """Read whole lines; rows are numbered from ``first_row``."""
        starts = line_starts(data)
        rows = np.arange(first_row, first_row + len(starts) - 1, dtype=np.int64)
        return self.read_lines(as_lines(data, starts), rows)

    def read_lines(self, lines: pa.Array, rows: Rows) -> Outcome:
        """Read lines with their row numbers."""
        outcome = Outcome()
        lines, rows = self._well_encoded(lines, rows, outcome)
        begins = pc.fill_null(pc.starts_with(lines, "{"), False).to_numpy(zero_copy_only=False)
        if begins.all():
            self._read_objects(lines, rows, outcome)
        else:
            odd = np.flatnonzero(~begins)
            texts = lines.take(pa.array(odd)).to_pylist()
            is_record = [bool(text.strip()) and not self._is_comment(text) for text in texts]
            odd = odd[np.array(is_record, dtype=bool)]
            self._read_objects(_some(lines, begins), rows[begins], outcome)
            self._read_carefully(lines.take(pa.array(odd)), rows[odd], outcome)
        outcome.rejects.sort(key=lambda reject: reject.source_row)
        return outcome

    def _is_comment(self, text: str) -> bool:
        return bool(self._plan.comment) and text.encode().startswith(self._plan.comment)

    def _well_encoded(self, lines: pa.Array, rows: Rows, outcome: Outcome) -> tuple[pa.Array, Rows]:
        """Refuse lines that are not UTF-8."""
        raw = lines.cast(pa.large_binary())
        try:
            raw.cast(pa.large_string())
            return lines, rows
        except pa.ArrowInvalid:
            keep = np.ones(len(rows), dtype=bool)
        for at, line in enumerate(raw.to_pylist()):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                keep[at] = False
                text = printable(line.rstrip(b"\r\n"))[:MAX_RAW]
                outcome.rejects.append(Reject(int(rows[at]), NOT_UTF8, f"{error.reason} at byte {error.start}", text))
        return _some(lines, keep), rows[keep]

    def _read_objects(self, lines: pa.Array, rows: Rows, outcome: Outcome) -> None:
        """Read lines that begin like objects; those that are not JSON after all become rejects."""
        if not len(lines):
            return
        draft = Outcome()
        try:
            self._by_kind(lines, rows, draft)
        except MalformedLineError:
            is_json = np.array(self._engine.are_json(lines), dtype=bool)
            draft = Outcome()
            self._read_carefully(_some(lines, ~is_json), rows[~is_json], draft)
            if is_json.any():
                self._by_kind(_some(lines, is_json), rows[is_json], draft)
        outcome.parts += draft.parts
        outcome.rejects += draft.rejects
        for kind, count in draft.skipped.items():
            outcome.skip(kind, count)

    def _by_kind(self, lines: pa.Array, rows: Rows, outcome: Outcome) -> None:
        plan = self._plan
        if plan.kind is not None and plan.kind in plan.shapes:
            self._read_kind(plan.kind, lines, rows, outcome)
            return
        if plan.kind is not None:
            self._count_others(plan.kind, lines, rows, outcome)
            return
        found = self._engine.extract(lines, dict.fromkeys(plan.kind_keys, "VARCHAR")).columns
        kinds = pc.coalesce(*(found[(key,)] for key in plan.kind_keys))
        for kind in pc.unique(kinds).to_pylist():
            where = pc.is_null(kinds) if kind is None else pc.fill_null(pc.equal(kinds, kind), False)
            mask = where.to_numpy()
            if kind is None:
                self._read_carefully(_some(lines, mask), rows[mask], outcome)
            elif kind in plan.shapes:
                self._read_kind(kind, _some(lines, mask), rows[mask], outcome)
            else:
                outcome.skip(kind, int(mask.sum()))

    def _count_others(self, kind: str, lines: pa.Array, rows: Rows, outcome: Outcome) -> None:
        """Count records of a kind without a table, but read those that look like another kind."""
        names = set(self._plan.kind_keys).union(*(shape.marks for shape in self._plan.shapes.values()))
        found = self._engine.extract(lines, dict.fromkeys(sorted(names), "JSON")).columns
        is_other = np.zeros(len(lines), dtype=bool)
        for column in found.values():
            is_other |= column.is_valid().to_numpy()
        outcome.skip(kind, int((~is_other).sum()))
        self._read_carefully(_some(lines, is_other), rows[is_other], outcome)

    def _read_kind(self, kind: str, lines: pa.Array, rows: Rows, outcome: Outcome) -> None:
        """Read records of one kind; learn new keys once, then go on line by line."""
        shape = self._plan.shapes[kind]
        if not shape.spec:
            self._learn(shape, lines[:_SAMPLE])
        for _ in range(2):
            if shape.spec:
                is_done = self._extract(kind, lines, rows, outcome)
                if is_done is None:
                    return
                lines, rows = _some(lines, ~is_done), rows[~is_done]
            if not len(rows) or not self._learn(shape, lines[:_SAMPLE]):
                break
        self._read_carefully(lines, rows, outcome)

    @staticmethod
    def _learn(shape: Shape, lines: pa.Array) -> bool:
        is_new = False
        for line in lines.to_pylist():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(record, dict):
                is_new |= shape.learn(record)
        return is_new

    def _extract(self, kind: str, lines: pa.Array, rows: Rows, outcome: Outcome) -> Mask | None:
        """Take the columns out; which lines are done with (None: all)."""
        shape = self._plan.shapes[kind]
        found = self._engine.extract(lines, shape.spec)
        faults = [] if found.is_whole is None else [~found.is_whole]
        columns: dict[str, Column] = {}
        for path, column in found.columns.items():
            name = shape.paths[path]
            made = column
            if shape.type_of(name) == "time":
                made, is_bad = self._instants(column)
                faults += [] if is_bad is None else [is_bad]
            if name in columns:  # the same field under two names
                faults.append(_is_valid(columns[name]) & _is_valid(made))
                made = pc.coalesce(columns[name], made)
            columns[name] = made
        has_mark = _has_mark(shape, columns, len(lines))
        faults += [] if has_mark is None else [~has_mark]
        is_done = ~np.logical_or.reduce(faults) if faults else None
        if is_done is not None and is_done.all():
            is_done = None
        if is_done is not None:
            mask = pa.array(is_done)
            columns = {name: column.filter(mask) for name, column in columns.items()}
            rows = rows[is_done]
        if len(rows):
            outcome.parts.append(Part(kind, columns, rows))
        return is_done

    def _instants(self, column: Column) -> tuple[Column, Mask | None]:
        """Epoch numbers or text to instants, and which are none."""
        if pa.types.is_floating(column.type):
            try:
                return instants_of_seconds(epoch_seconds(column)), None
            except pa.ArrowInvalid:
                text = column.cast(pa.string())
                return pa.nulls(len(column), pa.timestamp("us", tz="UTC")), pc.is_valid(text).to_numpy()
        instants, is_bad = instants_of_text(column, self._tz)
        return instants, is_bad if is_bad.any() else None

    def _read_carefully(self, lines: pa.Array, rows: Rows, outcome: Outcome) -> None:
        """Read lines one by one."""
        if not len(lines):
            return
        groups: dict[str, list[tuple[int, str, dict[str, Any]]]] = {}
        texts = self._engine.normal(lines)
        for row, line, text in zip(rows.tolist(), lines.to_pylist(), texts, strict=True):
            raw = line.rstrip("\r\n")[:MAX_RAW]
            fault: tuple[str, str | None] | None = None
            record: Any = None
            try:
                record = loads(text) if text is not None else None
            except KeyError as error:
                fault = TWICE, str(error.args[0])[:200]
            except (ValueError, RecursionError) as error:
                fault = NOT_JSON, str(error)[:200]
            if text is None:
                fault = NOT_JSON, _why_not_json(raw)
            elif fault is None and not isinstance(record, dict):
                fault = NOT_AN_OBJECT, None
            if fault is not None:
                outcome.rejects.append(Reject(row, fault[0], fault[1], raw))
                continue
            kind, word = self._plan.classify(record)
            if kind is None and word:
                outcome.skip(word)
            elif kind is None:
                outcome.rejects.append(Reject(row, NO_KIND, None, raw))
            else:
                groups.setdefault(kind, []).append((row, raw, record))
        for kind, members in groups.items():
            self._make_part(kind, members, outcome)

    def _make_part(self, kind: str, members: list[tuple[int, str, dict[str, Any]]], outcome: Outcome) -> None:
        """Columns of records that were read one by one."""
        shape = self._plan.shapes[kind]
        good: list[tuple[int, dict[str, Any], dict[str, str]]] = []
        for row, raw, record in members:
            try:
                typed, more = self._fields_of(shape, record)
            except (ValueError, RecursionError) as error:
                outcome.rejects.append(Reject(row, BAD_VALUE, str(error), raw))
                continue
            good.append((row, typed, more))
        if not good:
            return
        names = sorted(set().union(*(typed for _, typed, _ in good)))
        columns: dict[str, Column] = {}
        for name in names:
            kind_of = shape.type_of(name)
            wanted = pa.timestamp("us", tz="UTC") if kind_of == "time" else arrow_type(kind_of)
            columns[name] = pa.array([typed.get(name) for _, typed, _ in good], type=wanted)
        rows = np.array([row for row, _, _ in good], dtype=np.int64)
        outcome.parts.append(Part(kind, columns, rows, [more for _, _, more in good]))

    def _fields_of(self, shape: Shape, record: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Fields with a type, and the JSON text of the others.

        Raises
        ------
        ValueError
            A value does not fit its type; the text names field and value.
        """
        typed: dict[str, Any] = {}
        more: dict[str, str] = {}
        for name, value in shape.flat(record):
            if name not in shape.known or name in typed:
                more[name] = dump(value)
                continue
            try:
                typed[name] = self._instant(value) if shape.known[name] == "time" else convert(value, shape.known[name])
            except (ValueError, OverflowError):
                raise ValueError(f"{name}={value if isinstance(value, str) else dump(value)}"[:300]) from None
        return typed, more

    def _instant(self, value: Any) -> Any:
        """One time to microseconds."""
        if isinstance(value, str):
            made, is_bad = instants_of_text(pa.array([value]), self._tz)
            if is_bad[0]:
                raise ValueError("not a time")
        else:
            try:
                made = instants_of_seconds(epoch_seconds(pa.array([convert(value, "float")])))
            except pa.ArrowInvalid:
                raise ValueError("not a time") from None
        return made[0].value


def _some(lines: pa.Array, mask: Mask) -> pa.Array:
    """The lines under a mask."""
    return lines.filter(pa.array(mask))


def _is_valid(column: Column) -> Mask:
    found: Mask = column.is_valid().to_numpy(zero_copy_only=False)
    return found


def _has_mark(shape: Shape, columns: Mapping[str, Column], size: int) -> Mask | None:
    """Which records have a mark of their kind; None when all have, or none is needed."""
    if not shape.marks:
        return None
    has_mark = np.zeros(size, dtype=bool)
    for name in sorted(shape.marks & columns.keys(), key=lambda name: columns[name].null_count):
        has_mark = has_mark | _is_valid(columns[name])
        if has_mark.all():
            break
    for name in shape.needs:
        has_mark = has_mark & (_is_valid(columns[name]) if name in columns else False)
    return None if has_mark.all() else has_mark


def _why_not_json(text: str) -> str | None:
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        return str(error)[:200]
    return None
