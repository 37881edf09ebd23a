"""Azure's flow tables in hand, as a query gave them: to flows, by the same rules as exports of them.

The rows of a record that was parted into one for each address need not be neighbours here.
"""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.errors import ReaderError
from flowsleuth.readers.arrays import flat
from flowsleuth.readers.azure_names import field_of, kind_of
from flowsleuth.readers.azure_tables import AzureTableReader, Records
from flowsleuth.readers.contract import ReadContext
from flowsleuth.schema.addresses import HomeNetworks

_WORKED_OUT = ("totalallowedflows", "extip")
"""Columns that a query made of others; they are no part of the record."""


def flows_of_frame(rows: pa.Table, home: Sequence[str], file_key: int = 1) -> tuple[pa.Table, list[str]]:
    """Flows of a table of ``AzureNetworkAnalytics_CL``, ``NTANetAnalytics`` or ``VMConnection``.

    Parameters
    ----------
    rows : pyarrow.Table
        With the columns of one of the tables, in any of their spellings.
    home : sequence of str
        Home networks, CIDR.
    file_key : int
        What ids of flows are made of.

    Returns
    -------
    flows : pyarrow.Table
        Columns of table ``flow``; ``source_row`` is the number of the row, from 1.
    rejects : list of str
        Rows that are no flow: number and reason.

    Raises
    ------
    ReaderError
        The columns are of none of the tables.

    Examples
    --------
    >>> rows = pa.table({"FlowStartTime": ["2019-02-12T13:00:07Z"] * 2, "VMIPAddress": ["10.0.3.5"] * 2,
    ...     "L4Protocol": ["T"] * 2, "DestPort": [443.0] * 2, "FlowDirection": ["O"] * 2, "AllowedOutFlows": [4.0] * 2,
    ...     "PublicIPs": ["65.55.44.109 65.55.44.110"] * 2, "AllExtIPs": ["65.55.44.109", "65.55.44.110"]})
    >>> flows, rejects = flows_of_frame(rows, ["10.0.0.0/8"])
    >>> flows["dst_ip"].to_pylist(), flows["flow_count"].to_pylist(), rejects
    (['65.55.44.109', '65.55.44.110'], [4, None], [])
    """
    kind = kind_of(rows.column_names)
    if kind is None:
        raise ReaderError("no Azure flow table", where=", ".join(rows.column_names)[:200], hint="name its columns so")
    names = [name for name in rows.column_names if name.casefold() not in _WORKED_OUT]
    table = {name: _text(rows[name]) for name in names}
    context = ReadContext("data", AzureTableReader.name, file_key, HomeNetworks(home), ZoneInfo("UTC"))
    records = Records(kind, table, np.arange(1, len(rows) + 1, dtype=np.int64), further_addresses(table))
    made, bad = records.rows(context, 0)
    return made, [f"row {at + 1}: {reason}" for at, reason, _ in bad]


def _text(column: pa.ChunkedArray) -> pa.Array:
    """A column as an export would write it."""
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return flat(pc.binary_join(column.cast(pa.list_(pa.string())), " "))
    if pa.types.is_timestamp(kind):
        return flat(pc.replace_substring(column.cast(pa.string()), " ", "T"))
    return flat(column.cast(pa.string()))


def further_addresses(table: dict[str, pa.Array]) -> npt.NDArray[np.bool_]:
    """Which rows stand for a further address of a record that another row stands for, wherever that is.

    A record is told by all its other columns. Where the same address comes again with the same columns, there were as
    many records.

    Examples
    --------
    >>> rows = {"TimeGenerated": pa.array(list("1211")), "AllExtIPs": pa.array(list("axba"))}
    >>> further_addresses(rows).tolist()
    [False, False, True, False]
    """
    size = len(next(iter(table.values()))) if table else 0
    ones = [name for name in table if field_of(name) == "one_public"]
    if not size or not ones:
        return np.zeros(size, dtype=bool)
    key = _code([column for name, column in table.items() if name not in ones])
    record = _code([pa.array(key), pa.array(_place(_code([pa.array(key), table[ones[0]]])))])
    first = np.unique(record, return_index=True)[1]
    is_further = np.ones(size, dtype=bool)
    is_further[first] = False
    return is_further


def _code(columns: Sequence[pa.Array]) -> npt.NDArray[np.int64]:
    """A number for each different row."""
    texts = [pc.fill_null(column.cast(pa.string()), "") for column in columns]
    joined = pc.binary_join_element_wise(*texts, "\x1f")
    codes: npt.NDArray[np.int64] = joined.dictionary_encode().indices.to_numpy().astype(np.int64)
    return codes


def _place(codes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How often a number came before."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    begins = np.searchsorted(ordered, ordered, side="left")
    places = np.empty(len(codes), dtype=np.int64)
    places[order] = np.arange(len(codes)) - begins
    return places
