"""Columns as JSON text, and the ``extra`` object of each row made of them, whole columns at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Column: TypeAlias = pa.Array | pa.ChunkedArray

_SPECIAL = r'[\x00-\x1f"\\\x7f]'
NULL_TEXT = pa.scalar(None, pa.string())


class RawFloat(float):
    """A number with a point or an exponent, which keeps how it was written."""

    def __new__(cls, text: str) -> RawFloat:
        made = super().__new__(cls, text)
        made.text = text
        return made

    text: str


def dump(value: Any) -> str:
    """One value as compact JSON text; a :class:`RawFloat` as it was written.

    Examples
    --------
    >>> dump(["é", 1.5, None, RawFloat("1e-7")])
    '["é",1.5,null,1e-7]'
    """
    if isinstance(value, RawFloat):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{dump(key)}:{dump(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(dump(inner) for inner in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def strings_as_json(column: Column) -> Column:
    """Text as JSON strings; null stays null.

    Examples
    --------
    >>> import pyarrow as pa
    >>> strings_as_json(pa.array(["a", 'b"c', None])).to_pylist()
    ['"a"', '"b\\\\"c"', None]
    """
    if not pc.any(pc.match_substring_regex(column, _SPECIAL)).as_py():
        return pc.binary_join_element_wise('"', column, '"', "")
    return map_distinct(column, dump)


def bools_as_json(column: Column) -> Column:
    """``true`` and ``false``; null stays null."""
    return pc.if_else(column, "true", "false")


def as_json(column: Column, kind: str) -> Column:
    """A column of a field type (``text``, ``bool``, ``json``, a number) as JSON text."""
    if kind == "json":
        return column
    if kind == "text":
        return strings_as_json(column)
    return bools_as_json(column) if kind == "bool" else column.cast(pa.string())


def map_distinct(column: Column, change: Any) -> Column:
    """Apply a function of text to each distinct value of a column; null stays null."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks)
    encoded = whole.dictionary_encode()
    values = [None if value is None else change(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(values, type=pa.string()).take(encoded.indices)


def are_plain_integers(column: Column) -> bool:
    """Whether every text of a column is a JSON integer without a sign."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return all(_are_plain_integers(chunk) for chunk in chunks)


def _are_plain_integers(texts: pa.Array) -> bool:
    if len(texts) == texts.null_count:
        return True
    _, offset_buffer, data_buffer = texts.buffers()
    if not data_buffer:
        return False
    offsets: npt.NDArray[np.int32] = np.frombuffer(offset_buffer, dtype=np.int32)
    offsets = offsets[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(data_buffer, dtype=np.uint8)
    digits = data[offsets[0] : offsets[-1]] - np.uint8(48)
    if (digits > 9).any():
        return False
    length = np.diff(offsets)
    first = data[np.minimum(offsets[:-1], len(data) - 1)]
    if texts.null_count:
        is_set = texts.is_valid().to_numpy(zero_copy_only=False)
        length, first = length[is_set], first[is_set]
    return bool((length > 0).all() and not ((first == 48) & (length > 1)).any())


def pack_object(fields: Mapping[str, Column], size: int, more: Sequence[Mapping[str, str]] | None = None) -> Column:
    """JSON objects of columns of JSON text, keys in alphabetical order; null where a row has no field at all.

    Parameters
    ----------
    fields : mapping of str to array of string
        JSON text of each value; a null is left out of its row's object.
    size : int
        Number of rows.
    more : sequence of mapping, optional
        Further fields of each row, as JSON text by name.

    Examples
    --------
    >>> import pyarrow as pa
    >>> pack_object({"b": pa.array(["1", None]), "a": pa.array(['"x"', None])}, 2).to_pylist()
    ['{"a":"x","b":1}', None]
    """
    if more is not None:
        return _pack_rows(fields, more)
    used = [(name, fields[name]) for name in sorted(fields) if fields[name].null_count < size]
    if not used or not size:
        return pa.nulls(size, pa.string())
    anchor = next((at for at, (_, column) in enumerate(used) if not column.null_count), None)
    if anchor is None:
        return _pack_sparse(used)
    pieces: list[Any] = ["{"]
    for at, (name, column) in enumerate(used):
        key = json.dumps(name, ensure_ascii=False) + ":"
        before, behind = ("," if at > anchor else ""), ("," if at < anchor else "")
        if column.null_count:
            pieces.append(pc.fill_null(pc.binary_join_element_wise(before + key, column, behind, ""), ""))
        else:
            pieces += [before + key, column] + ([behind] if behind else [])
    return pc.binary_join_element_wise(*pieces, "}", "")


def _pack_sparse(used: Iterable[tuple[str, Column]]) -> Column:
    """Objects of columns none of which is always there."""
    pieces = [
        pc.fill_null(pc.binary_join_element_wise("," + json.dumps(name, ensure_ascii=False) + ":", column, ""), "")
        for name, column in used
    ]
    joined = pc.binary_join_element_wise(*pieces, "")
    joined = pc.if_else(pc.equal(joined, ""), NULL_TEXT, pc.utf8_slice_codeunits(joined, 1))
    return pc.binary_join_element_wise("{", joined, "}", "")


def _pack_rows(fields: Mapping[str, Column], more: Sequence[Mapping[str, str]]) -> pa.Array:
    """Objects row by row, for rows that each have fields of their own."""
    columns = {name: column.to_pylist() for name, column in fields.items()}
    made: list[str | None] = []
    for at, others in enumerate(more):
        row = {name: text for name, values in columns.items() if (text := values[at]) is not None} | dict(others)
        pairs = [f"{json.dumps(name, ensure_ascii=False)}:{row[name]}" for name in sorted(row)]
        made.append("{" + ",".join(pairs) + "}" if pairs else None)
    return pa.array(made, type=pa.string())
