"""Rows of other people's tables in memory (Sentinel, Log Analytics, Azure) as rows of our tables, by our readers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from flowsleuth.errors import OptionError
from flowsleuth.readers.arrays import by_value, flat
from flowsleuth.readers.azure_frames import flows_of_frame
from flowsleuth.readers.azure_names import kind_of
from flowsleuth.readers.contract import ReadContext
from flowsleuth.readers.exports import export_of
from flowsleuth.readers.records import Kind, Made, Records, field
from flowsleuth.schema import FLOW, TABLES
from flowsleuth.schema.addresses import HomeNetworks

FIREWALL_KIND = "CommonSecurityLog"
"""``source_kind`` of flows that were records of it."""
_DENIED = ("deny", "denied", "drop", "block", "reject", "reset", "discard")


def _settle_firewall(records: Records, made: Made) -> None:
    """What a device did is allowed or denied; null where it does not say."""

    def said(word: str) -> str | None:
        text = word.casefold().strip()
        return None if not text else "denied" if any(one in text for one in _DENIED) else "allowed"

    made.columns["action"] = by_value(flat(records.get("DeviceAction")), said, pa.string())


FIREWALL = Kind(
    FIREWALL_KIND,
    FLOW,
    {
        "start": field("StartTime", "TimeGenerated", how="time"),
        "end": field("EndTime", how="time"),
        "src_ip": field("SourceIP"),
        "src_port": field("SourcePort", how="port"),
        "dst_ip": field("DestinationIP"),
        "dst_port": field("DestinationPort", how="port"),
        "proto": field("Protocol", how="lower"),
        "service": field("ApplicationProtocol", how="lower"),
        "src_bytes": field("SentBytes", how="int"),
        "dst_bytes": field("ReceivedBytes", how="int"),
        "src_host": field("SourceHostName"),
        "dst_host": field("DestinationHostName"),
        "sensor": field("DeviceName", "Computer"),
    },
    _settle_firewall,
)


def stored_rows(name: str, given: Any, home: Sequence[str], number: int = 1) -> dict[str, pa.Table]:
    """Rows as rows of our tables.

    Parameters
    ----------
    name : str
        What the table is called: one of our tables (its rows stay as they are) or another's.
    given : table
        pandas or Arrow.
    home : sequence of str
        Networks that are ours, for the direction of flows.
    number : int
        Ids of rows are made of it: another for each table of a run.

    Returns
    -------
    dict
        Table name → rows; empty when there are no rows.

    Raises
    ------
    OptionError
        The columns are of no table that is known.

    Examples
    --------
    >>> import pandas
    >>> row = {"TimeGenerated": "2024-05-01T10:00:00Z", "UserPrincipalName": "ana@contoso.com", "ResultType": "0",
    ...     "IPAddress": "192.0.2.7", "AppDisplayName": "Portal"}
    >>> stored_rows("SigninLogs", pandas.DataFrame([row]), [])["logon"].select(["user", "src_ip"]).to_pylist()
    [{'user': 'ana@contoso.com', 'src_ip': '192.0.2.7'}]
    """
    from flowsleuth.schema.tabular import to_table

    rows = to_table(given)
    ours = TABLES.get(name)
    if ours is not None and (ours.time_column is None or ours.time_column in rows.column_names):
        return {name: rows}
    if not len(rows):
        return {}
    if {"SourceIP", "DestinationIP"} <= set(rows.column_names):
        return {"flow": _firewall_flows(rows, home, number)}
    if kind_of(rows.column_names) is not None:
        return {"flow": flows_of_frame(rows, home, number)[0]}
    export = export_of(rows.column_names)
    if export is None:
        hint = "give tables with flowsleuth's columns, or exports of Sentinel, Log Analytics or Azure"
        raise OptionError("not the columns of a table that is known", where=name, hint=hint)
    return dict(export.read(_records(rows), _context(name, home, number)).tables)


def _records(rows: pa.Table) -> Records:
    """Rows as the records of an export: all cells are text."""
    numbers = np.arange(1, len(rows) + 1, dtype=np.int64)
    columns = {name: flat(_texts(rows[name])) for name in rows.column_names}
    return Records(columns, numbers, numbers, [b""] * len(rows))


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_list(column.type):
        return column.cast(pa.string())
    texts = [None if cell is None else json.dumps(cell, default=str) for cell in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _context(name: str, home: Sequence[str], number: int) -> ReadContext:
    return ReadContext("data", name, number, HomeNetworks(home), ZoneInfo("UTC"))


def _firewall_flows(rows: pa.Table, home: Sequence[str], number: int) -> pa.Table:
    """``CommonSecurityLog`` as flows; a record without a time or two addresses is none."""
    return FIREWALL.rows(_records(rows), _context(FIREWALL_KIND, home, number))[0]
