"""Columns of any table in the types of ours: texts, numbers, times, booleans and addresses, with what did not fit."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import Mask, by_value, flat, mask_of, only
from flowsleuth.readers.instants import split_cast
from flowsleuth.readers.mapping import PER_SECOND, Rule
from flowsleuth.readers.times import UTC_US, parse_times, scaled_times, to_utc
from flowsleuth.schema import Column
from flowsleuth.schema.protocols import protocol_keyword

NOT_A_TIME = "not a time"
NOT_A_NUMBER = "not a number"
NOT_A_BOOLEAN = "neither true nor false"

_ALLOWED = ("allow", "allowed", "accept", "accepted", "pass", "passed", "permit", "permitted")
_DENIED = ("deny", "denied", "drop", "dropped", "reject", "rejected", "block", "blocked")
_TRUE, _FALSE = ("true", "t", "yes", "1"), ("false", "f", "no", "0")
_DIRECTIONS = ("outbound", "inbound", "internal", "external")


class Converted(NamedTuple):
    """Result of :func:`convert`: the column, which values did not fit, and what is wrong with those."""

    values: pa.Array
    is_bad: Mask
    reason: str


def convert(column: pa.Array, wanted: Column, rule: Rule, tz: ZoneInfo) -> Converted:
    """Turn a column of any type into one of ours.

    Parameters
    ----------
    column : pyarrow.Array
        As read: text, numbers, booleans or times.
    wanted : Column
        What it becomes.
    rule : Rule
        Unit, format, and values to replace.
    tz : ZoneInfo
        Zone of times that name none.
    """
    if rule.values:
        column = by_value(as_text(column), lambda text: rule.values.get(text, text), pa.string())
    if wanted.type == "timestamp":
        return _times(column, rule, tz)
    if wanted.type in ("int64", "int32", "int16"):
        return _whole_numbers(column, wanted)
    if wanted.type == "float64":
        numbers, is_bad = _numbers(column)
        factor = PER_SECOND[rule.unit or "s"]
        return Converted(numbers if factor == 1 else pc.divide(numbers, float(factor)), is_bad, NOT_A_NUMBER)
    if wanted.type == "bool":
        return _booleans(column)
    return Converted(_words(column, wanted.name), np.zeros(len(column), dtype=bool), "")


def as_text(column: pa.Array) -> pa.Array:
    """Any column as text: nested values as JSON, numbers and times as they print."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return as_text(column.cast(kind.value_type))
    if pa.types.is_string(kind):
        return column
    if pa.types.is_nested(kind):
        return pa.array([None if v is None else _json(v) for v in column.to_pylist()], type=pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        raw = column.to_pylist()
        return pa.array([None if v is None else v.decode("utf-8", "backslashreplace") for v in raw], type=pa.string())
    return column.cast(pa.string())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _times(column: pa.Array, rule: Rule, tz: ZoneInfo) -> Converted:
    good = np.zeros(len(column), dtype=bool)
    if pa.types.is_timestamp(column.type):
        if column.type.tz:
            return Converted(column.cast(UTC_US, safe=False), good, NOT_A_TIME)
        return Converted(to_utc(column.cast(pa.timestamp("us"), safe=False), tz), good, NOT_A_TIME)
    if rule.unit in PER_SECOND:
        per_second = PER_SECOND[rule.unit]
        exact = pa.int64() if per_second > PER_SECOND["ms"] else pa.float64()
        numbers, is_bad = _cast_numbers(column, exact)
        return Converted(scaled_times(numbers, per_second), is_bad, NOT_A_TIME)
    text = as_text(column)
    if rule.format:
        naive = pc.strptime(text, format=rule.format, unit="us", error_is_null=True)
        missed = pc.and_(pc.is_valid(text), pc.is_null(naive))
        return Converted(to_utc(naive, tz), mask_of(missed), NOT_A_TIME)
    found = parse_times(text, tz)
    return Converted(found.values, found.is_bad, NOT_A_TIME)


def _cast_numbers(column: pa.Array, kind: pa.DataType) -> tuple[pa.Array, Mask]:
    if pa.types.is_string(column.type) or pa.types.is_dictionary(column.type):
        text = pc.utf8_trim_whitespace(as_text(column))
        column = only(pc.not_equal(text, ""), text)
    elif not (
        pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_boolean(column.type)
    ):
        column = as_text(column)
    return split_cast(column, kind)


def _numbers(column: pa.Array) -> tuple[pa.Array, Mask]:
    numbers, is_bad = _cast_numbers(column, pa.float64())
    odd = mask_of(pc.invert(pc.is_finite(numbers)))
    return only(pc.is_finite(numbers), numbers), is_bad | odd


def _whole_numbers(column: pa.Array, wanted: Column) -> Converted:
    """Whole numbers; texts like ``80.0`` are taken, as spreadsheets write them."""
    values, is_bad = _cast_numbers(column, pa.int64())
    if is_bad.any() and not pa.types.is_floating(column.type):
        reals, _ = _cast_numbers(column, pa.float64())
        whole = pc.and_(pc.equal(reals, pc.floor(reals)), pc.less(pc.abs(reals), 2.0**53))
        rescued = only(pc.and_(pa.array(is_bad), whole), reals).cast(pa.int64())
        values = pc.coalesce(values, rescued)
        is_bad = is_bad & mask_of(pc.is_null(rescued))
    fitting, too_large = split_cast(values, wanted.arrow_type())
    return Converted(fitting, is_bad | too_large, NOT_A_NUMBER)


def _booleans(column: pa.Array) -> Converted:
    if pa.types.is_boolean(column.type):
        return Converted(column, np.zeros(len(column), dtype=bool), NOT_A_BOOLEAN)

    def truth(text: str) -> bool | None:
        word = text.strip().lower()
        return True if word in _TRUE else False if word in _FALSE else None

    text = as_text(column)
    values = by_value(text, truth, pa.bool_())
    return Converted(values, mask_of(pc.and_(pc.is_valid(text), pc.is_null(values))), NOT_A_BOOLEAN)


def _words(column: pa.Array, name: str) -> pa.Array:
    """Text, in the vocabulary of the column where it has one."""
    text = as_text(flat(column))
    if name == "proto":
        return by_value(text, lambda word: protocol_keyword(word) or None, pa.string())
    if name == "service":
        return by_value(text, lambda word: word.strip().lower() or None, pa.string())
    if name == "action":
        return by_value(text, _verdict, pa.string())
    if name == "direction":
        return by_value(text, lambda word: word.lower() if word.lower() in _DIRECTIONS else None, pa.string())
    if name in ("src_ip", "dst_ip"):
        text = pc.utf8_trim_whitespace(text)
    return only(pc.not_equal(text, ""), text)


def _verdict(text: str) -> str | None:
    word = text.strip().lower()
    return "allowed" if word in _ALLOWED else "denied" if word in _DENIED else None
