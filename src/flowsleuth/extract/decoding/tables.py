"""Decoded things as tables, for one text and for a whole column; the names that msticpy's users know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.extract.decoding.limits import DecodeLimits
from flowsleuth.extract.decoding.unpacking import Decoded, Unpacking, unpack_text
from flowsleuth.schema.tabular import like, row_labels, sound_text, text_column

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

PRINTED_BYTES = 256
"""How many of its first bytes are written out in ``printable_bytes``."""
_MAY_HOLD_RUN = r"[A-Za-z0-9+/_-]{6}"
_MAY_HOLD = r"[a-z0-9+/][A-Z]|[A-Za-z][0-9]|[0-9][A-Za-z]|={1,2}(?:\W|$)|[0-9A-Fa-f]{16}|0x[0-9A-Fa-f]"
_TOLD = r"(?i)[-/–—]e[a-z]*\s|b(?:ase)?64|atob|<<<|(?:[0-9a-f]{2}[ ,:-]){7}|\\x[0-9a-f]{2}|0x[0-9a-f]{1,2}\s*,"
TEXT_COLUMNS = (
    "reference", "original_string", "file_name", "file_type", "input_bytes", "decoded_string", "encoding_type",
    "file_hashes", "md5", "sha1", "sha256", "printable_bytes", "depth", "offset", "decode_path", "status", "note",
)  # fmt: skip
"""The columns of one text's table; a column's has ``src_index``, the source column and ``full_decoded_string`` too."""


@dataclass(frozen=True)
class DecodedText:
    """One text that was decoded, and how one comes to it: what other tools take in.

    Attributes
    ----------
    text : str
    path : tuple of str
        ``("base64", "gz", "utf-8")``.
    reference : str
        Its place in the tree of its row, as in the table.
    row : int
        The row of the column, from 0; 0 for a single text.
    offset : int
        Where the outermost encoded text begins in that row's text, in characters.
    """

    text: str
    path: tuple[str, ...]
    reference: str
    row: int
    offset: int


def unpack_items(
    input_string: str | None = None,
    data: Any = None,
    column: str | None = None,
    *,
    limits: DecodeLimits | None = None,
) -> Any:
    """Decode base64, hex and archives in a text or in a column of a table.

    Parameters
    ----------
    input_string : str, optional
        One text.
    data : pandas.DataFrame, polars.DataFrame or pyarrow.Table, optional
        A table; with ``column``.
    column : str, optional
        Its column of texts.
    limits : DecodeLimits, optional

    Returns
    -------
    tuple of str and pandas.DataFrame, or a table
        Of a text, what :func:`unpack` gives; of a table, what :func:`unpack_df` gives.

    Raises
    ------
    OptionError
        Neither or both are given, or there is no such column.

    Examples
    --------
    >>> text, found = unpack_items(input_string="powershell -enc dwBoAG8AYQBtAGkA")
    >>> print(text)
    powershell -enc <decoded type='string' name='[None]' index='1' depth='1'>whoami</decoded>
    >>> found[["decoded_string", "encoding_type", "offset"]].values.tolist()
    [['whoami', 'utf-16-le', 16]]
    """
    if (input_string is None) == (data is None):
        raise OptionError("one text or one table is decoded", where="unpack_items", hint="input_string=… or data=…")
    if input_string is not None:
        return unpack(input_string, limits=limits)
    if not column:
        raise OptionError("a table is decoded by its column", where="column", hint="column='CommandLine'")
    return unpack_df(data, column, limits=limits)


def unpack(input_string: str, *, limits: DecodeLimits | None = None) -> tuple[str, pd.DataFrame]:
    """Decode what is encoded in one text.

    Parameters
    ----------
    input_string : str
    limits : DecodeLimits, optional

    Returns
    -------
    text : str
        The text with each encoded part replaced by ``<decoded …>what it means</decoded>``.
    found : pandas.DataFrame
        A row for each thing found, of columns :data:`TEXT_COLUMNS`.

    Examples
    --------
    >>> unpack("id=Y2FsYy5leGU=")[0]
    "id=<decoded type='string' name='[None]' index='1' depth='1'>calc.exe</decoded>"
    """
    found = unpack_text(str(input_string), limits)
    frame: pd.DataFrame = decoded_table(found).to_pandas()
    return found.full_text, frame


def unpack_df(data: Any, column: str, *, limits: DecodeLimits | None = None) -> Any:
    """Decode a column of texts; rows without anything encoded give nothing.

    Rows that cannot hold anything encoded are told apart by whole-column comparisons; equal texts are decoded once.

    Parameters
    ----------
    data : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        It is not changed. Cells that are no text are passed over or read as text.
    column : str
    limits : DecodeLimits, optional

    Returns
    -------
    table
        Of the same make: :data:`TEXT_COLUMNS`, then ``src_index`` (the row's label: pandas' index, else the row's
        number), the source column (``NAME_given`` where the name is one of these) and ``full_decoded_string``.

    Raises
    ------
    OptionError
        There is no such column.

    Examples
    --------
    >>> import pandas
    >>> lines = pandas.DataFrame({"cmd": [None, "dir", "powershell -enc dwBoAG8AYQBtAGkA", 7]}, index=[10, 11, 12, 13])
    >>> unpack_df(lines, "cmd")[["src_index", "decoded_string"]].values.tolist()
    [[12, 'whoami']]
    """
    import pyarrow as pa

    nodes: list[Decoded] = []
    places: list[int] = []
    rows: list[int] = []
    given: list[tuple[str, str]] = []
    for numbers, found in unpack_column(text_column(data, column).combine_chunks(), limits):
        first = len(nodes)
        nodes += found.walk()
        given += [(sound_text(found.text), sound_text(found.full_text))] * (len(nodes) - first)
        for number in numbers:
            places += range(first, len(nodes))
            rows += [number] * (len(nodes) - first)
    table = nodes_table(nodes)
    is_taken = column in (*TEXT_COLUMNS, "src_index", "full_decoded_string")
    for at, name in enumerate((f"{column}_given" if is_taken else column, "full_decoded_string")):
        table = table.append_column(name, pa.array([one[at] for one in given], pa.string()))
    if len(places) > len(nodes):  # equal texts, which were decoded once
        table = table.take(pa.array(places, pa.int64()))
    labels = row_labels(data).take(pa.array(rows, pa.int64()))
    table = table.add_column(len(TEXT_COLUMNS), "src_index", labels)
    return table.to_pandas() if hasattr(data, "iloc") else like(table, data)


def decoded_texts(data: Any, column: str | None = None, *, limits: DecodeLimits | None = None) -> Iterator[DecodedText]:
    """Every text that was decoded, each with the way to it: for extraction, for rules.

    Parameters
    ----------
    data : str, or a table with ``column``
    column : str, optional
    limits : DecodeLimits, optional

    Examples
    --------
    >>> [(one.text, one.path) for one in decoded_texts("curl -d Y2FsYy5leGU= host")]
    [('calc.exe', ('base64', 'utf-8'))]
    """
    if isinstance(data, str):
        yield from _texts_of(unpack_text(data, limits), 0)
        return
    if column is None:
        raise OptionError("a table is decoded by its column", where="column", hint="column='CommandLine'")
    for numbers, found in unpack_column(text_column(data, column).combine_chunks(), limits):
        for number in numbers:
            yield from _texts_of(found, number)


def _texts_of(found: Unpacking, row: int) -> Iterator[DecodedText]:
    for one in found.walk():
        if one.text is not None:
            yield DecodedText(one.text, one.path, one.index, row, one.offset)


def unpack_column(texts: pa.Array, limits: DecodeLimits | None = None) -> Iterator[tuple[list[int], Unpacking]]:
    """Decode the texts of a column that hold anything: the numbers of the rows that have a text, and what is in it.

    Examples
    --------
    >>> import pyarrow as pa
    >>> found = unpack_column(pa.array(["dir", "echo Y2FsYy5leGU=", None, "echo Y2FsYy5leGU="]))
    >>> [(rows, unpacking.full_text[:13]) for rows, unpacking in found]
    [([1, 3], 'echo <decoded')]
    """
    import pyarrow.compute as pc

    limits = limits or DecodeLimits()
    is_candidate = pc.fill_null(
        pc.or_(
            pc.and_(pc.match_substring_regex(texts, _MAY_HOLD_RUN), pc.match_substring_regex(texts, _MAY_HOLD)),
            pc.match_substring_regex(texts, _TOLD),
        ),
        False,
    )
    rows: dict[str, list[int]] = {}
    numbers = pc.indices_nonzero(is_candidate)
    for number, text in zip(numbers.to_pylist(), texts.take(numbers).to_pylist(), strict=True):
        rows.setdefault(text, []).append(number)
    left = limits.max_call_bytes
    for text, same in rows.items():
        found = unpack_text(text, limits, call_left=max(left, 0))
        left -= found.spent
        if found.found:
            yield same, found


def decoded_table(found: Unpacking) -> pa.Table:
    """What was found in one text as an Arrow table.

    Examples
    --------
    >>> from flowsleuth.extract.decoding.unpacking import unpack_text
    >>> decoded_table(unpack_text("echo Y2FsYy5leGU="))["decoded_string"].to_pylist()
    ['calc.exe']
    """
    return nodes_table(list(found.walk()))


def nodes_table(nodes: list[Decoded]) -> pa.Table:
    """Decoded things as rows of :data:`TEXT_COLUMNS`."""
    import pyarrow as pa

    hashes = [one.hashes() if one.is_file else None for one in nodes]
    three = ("md5", "sha1", "sha256")
    columns: dict[str, tuple[Iterable[Any], pa.DataType]] = {
        "reference": ((one.index for one in nodes), pa.string()),
        "original_string": ((sound_text(one.source) for one in nodes), pa.string()),
        "file_name": ((sound_text(one.name) or None for one in nodes), pa.string()),
        "file_type": ((one.kind or None for one in nodes), pa.string()),
        "input_bytes": ((one.data for one in nodes), pa.binary()),
        "decoded_string": ((None if one.text is None else sound_text(one.text) for one in nodes), pa.string()),
        "encoding_type": ((one.encoding for one in nodes), pa.string()),
        "file_hashes": (hashes, pa.struct([(name, pa.string()) for name in three])),
        **{name: ([one and one[name] for one in hashes], pa.string()) for name in three},
        "printable_bytes": ((_printed(one) for one in nodes), pa.string()),
        "depth": ((one.depth for one in nodes), pa.int64()),
        "offset": ((one.offset for one in nodes), pa.int64()),
        "decode_path": ((" > ".join(one.path) for one in nodes), pa.string()),
        "status": ((one.status for one in nodes), pa.string()),
        "note": ((sound_text(one.note) or None for one in nodes), pa.string()),
    }
    return pa.table({name: pa.array(list(values), kind) for name, (values, kind) in columns.items()})


def _printed(one: Decoded) -> str | None:
    """The first bytes in hex, as far as they are no text."""
    if one.text is not None or not one.data:
        return None
    more = " …" if len(one.data) > PRINTED_BYTES else ""
    return one.data[:PRINTED_BYTES].hex(" ") + more
