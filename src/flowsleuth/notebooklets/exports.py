"""Rows of other people's tables in memory (Sentinel, Log Analytics, Azure) as rows of our tables, by our readers."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from flowsleuth.errors import OptionError
from flowsleuth.readers import READERS
from flowsleuth.readers.arrays import by_value, flat
from flowsleuth.readers.contract import ReadContext
from flowsleuth.readers.records import Kind, Made, Records, field
from flowsleuth.readers.streams import Source
from flowsleuth.schema import FLOW, TABLES
from flowsleuth.schema.addresses import HomeNetworks

BY = ("sentinel", "azure_tables")
"""Readers that know exported tables by their columns."""
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
    from flowsleuth.notebooklets.tables import as_arrow

    rows = as_arrow(given)
    ours = TABLES.get(name)
    if ours is not None and (ours.time_column is None or ours.time_column in rows.column_names):
        return {name: rows}
    if not len(rows):
        return {}
    if {"SourceIP", "DestinationIP"} <= set(rows.column_names):
        return {"flow": _firewall_flows(rows, home, number)}
    with tempfile.TemporaryDirectory(prefix="flowsleuth-rows-") as folder:
        path = Path(folder) / "rows.csv"
        _write(rows, path)
        return _read(path, name, home, number)


def _write(rows: pa.Table, path: Path) -> None:
    """As CSV, which the readers know; lists are JSON text in it."""
    import json

    from pyarrow import csv

    columns = {}
    for name in rows.column_names:
        column = rows[name]
        if pa.types.is_list(column.type):
            texts = [None if cell is None else json.dumps(cell, default=str) for cell in column.to_pylist()]
            column = pa.chunked_array([pa.array(texts, pa.string())])
        columns[name] = column
    csv.write_csv(pa.table(columns), path)


def _read(path: Path, name: str, home: Sequence[str], number: int) -> dict[str, pa.Table]:
    for word in BY:
        with Source(str(path)) as source:
            reader = READERS.load(word)()
            if reader.sniff(source.sample) is None:
                continue
            context = ReadContext(name, word, number, HomeNetworks(home), ZoneInfo("UTC"), reader.Options())
            found: dict[str, list[pa.Table]] = {}
            for batch in reader.read(source, context):
                for table, rows in batch.tables.items():
                    found.setdefault(table, []).append(rows)
            return {table: pa.concat_tables(parts) for table, parts in found.items()}
    hint = "give tables with flowsleuth's columns, or exports of Sentinel, Log Analytics or Azure"
    raise OptionError("not the columns of a table that is known", where=name, hint=hint)


def _firewall_flows(rows: pa.Table, home: Sequence[str], number: int) -> pa.Table:
    """``CommonSecurityLog`` as flows; a record without a time or two addresses is none."""
    numbers = np.arange(1, len(rows) + 1, dtype=np.int64)
    columns = {name: flat(rows[name].cast(pa.string())) for name in rows.column_names}
    records = Records(columns, numbers, numbers, [b""] * len(rows))
    context = ReadContext(FIREWALL_KIND, FIREWALL_KIND, number, HomeNetworks(home), ZoneInfo("UTC"))
    return FIREWALL.rows(records, context)[0]
