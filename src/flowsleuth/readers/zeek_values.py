"""Values of Zeek's text logs as columns: strings without escapes, sets as JSON lists, numbers as JSON text."""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.json_text import are_plain_integers, dump, map_distinct, strings_as_json
from flowsleuth.readers.zeek_header import Header, unescape

Column: TypeAlias = pa.Array | pa.ChunkedArray
Mask = npt.NDArray[np.bool_]

NUMBER_TYPES = frozenset({"count", "int", "port", "double", "interval", "time"})
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_NO_NUMBER = frozenset({"nan", "-nan", "inf", "-inf"})
"""What C prints for a double that is no number."""


class Values(NamedTuple):
    """A converted column, and which of its values did not fit (None: all did)."""

    column: Column
    is_bad: Mask | None


def _mask(flags: Column) -> Mask | None:
    found: Mask = pc.fill_null(flags, False).to_numpy(zero_copy_only=False)
    return found if found.any() else None


def clean_text(column: Column, header: Header, has_escapes: bool) -> Column:
    """Strings as they were before Zeek wrote them: empty marks to ``""``, escapes undone."""
    if column.null_count == len(column):
        return column
    is_empty = pc.equal(column, header.empty)
    if pc.any(is_empty).as_py():
        column = pc.if_else(is_empty, "", column)
    if has_escapes and pc.any(pc.match_substring(column, "\\")).as_py():
        return map_distinct(column, unescape)
    return column


def flags_of(column: Column) -> Values:
    """``T`` and ``F`` to booleans."""
    if column.null_count == len(column):
        return Values(pa.nulls(len(column), pa.bool_()), None)
    is_true = pc.equal(column, "T")
    is_bad = _mask(pc.invert(pc.or_(is_true, pc.equal(column, "F"))))
    return Values(is_true, is_bad)


def numbers_as_json(column: Column) -> Values:
    """Numbers as they stand, for they are JSON already; what is no number (``nan``) becomes a JSON string."""
    if column.null_count == len(column) or are_plain_integers(column):
        return Values(column, None)
    is_number = pc.match_substring_regex(column, f"^{_NUMBER}$")
    if pc.all(is_number).as_py():
        return Values(column, None)
    is_none = pc.is_in(column, value_set=pa.array(sorted(_NO_NUMBER)))
    is_bad = _mask(pc.invert(pc.or_(is_number, is_none)))
    return Values(pc.if_else(is_number, column, strings_as_json(column)), is_bad)


def extra_json(column: Column, kind: str, header: Header, has_escapes: bool) -> Values:
    """A field of any Zeek type as JSON text."""
    if column.null_count == len(column):
        return Values(column, None)
    if "[" in kind:
        return lists_as_json(column, kind, header)
    if kind in NUMBER_TYPES:
        return numbers_as_json(column)
    if kind == "bool":
        values = flags_of(column)
        return Values(pc.if_else(values.column, "true", "false"), values.is_bad)
    return Values(strings_as_json(clean_text(column, header, has_escapes)), None)


def lists_as_json(column: Column, kind: str, header: Header) -> Values:
    """Sets and vectors as JSON lists; ``kind`` is e.g. ``set[string]``."""
    inner = kind[kind.index("[") + 1 :].rstrip("]")
    is_number = inner in NUMBER_TYPES
    separator = re.escape(header.set_separator)
    is_empty = pc.equal(column, header.empty)
    if is_number:
        one = rf"(?:{_NUMBER})"
        is_plain = pc.match_substring_regex(column, rf"^{one}(?:{separator}{one})*$")
    else:
        mark = f"(?:{re.escape(header.unset)}|{re.escape(header.empty)}|)"
        special = rf'[\x00-\x1f"\\\x7f]|(?:^|{separator}){mark}(?:{separator}|$)'
        is_plain = pc.invert(pc.match_substring_regex(column, special))
    quote = "" if is_number else '"'
    joined = pc.replace_substring(column, header.set_separator, f"{quote},{quote}")
    made = pc.binary_join_element_wise("[" + quote, joined, quote + "]", "")
    made = pc.if_else(is_empty, "[]", made)
    is_done = pc.or_(is_plain, is_empty)
    if pc.all(is_done).as_py():
        return Values(made, None)
    rest = pc.if_else(is_done, pa.scalar(None, pa.string()), column)
    slow = map_distinct(rest, lambda text: _list_as_json(text, inner, header))
    is_bad = _mask(pc.and_(pc.is_valid(rest), pc.is_null(slow)))
    return Values(pc.if_else(pc.fill_null(is_done, True), made, slow), is_bad)


def _list_as_json(text: str, inner: str, header: Header) -> str | None:
    """One set or vector; None when an element is not of its type."""
    made = []
    for element in text.split(header.set_separator):
        if element == header.unset:
            made.append("null")
        elif inner in NUMBER_TYPES:
            if not re.fullmatch(_NUMBER, element) and element not in _NO_NUMBER:
                return None
            made.append(element if element not in _NO_NUMBER else dump(element))
        elif inner == "bool":
            if element not in ("T", "F"):
                return None
            made.append("true" if element == "T" else "false")
        else:
            made.append(dump("" if element == header.empty else unescape(element)))
    return "[" + ",".join(made) + "]"
