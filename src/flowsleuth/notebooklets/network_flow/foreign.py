"""Flows that are not in a workspace: a DataFrame of Azure's columns, or what a query provider has about the host."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.schema.tabular import to_table

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Asked, Question

NEWER = ("list_nta_flows_by_ip", "list_nta_flows_by_host")
OLDER = ("list_azure_network_flows_by_ip", "list_azure_network_flows_by_host")
"""Queries of group ``Network``: over NTANetAnalytics and over AzureNetworkAnalytics_CL."""


def as_flows(given: Any, home: Sequence[str]) -> Any:
    """A table whose columns are Azure's as rows of table ``flow``; any other as it is."""
    from flowsleuth.readers.azure_names import kind_of

    rows = to_table(given)
    if kind_of(rows.column_names) is None:
        return given
    from flowsleuth.readers.azure_frames import flows_of_frame

    flows, rejects = flows_of_frame(rows, home)
    if rejects:
        told = f"{len(rejects):,} of {len(rows):,} rows are no flows and are left out; the first: {rejects[0]}"
        warnings.warn(told, stacklevel=4)
    return flows


def read_tables(data: Any, home: Sequence[str]) -> dict[str, Any]:
    """What was given as ``data``, by table."""
    tables = dict(data) if isinstance(data, Mapping) else {"flow": data}
    return {name: as_flows(rows, home) if name == "flow" else rows for name, rows in tables.items()}


def ask_provider(provider: Any, question: Question, home: Sequence[str]) -> dict[str, Any]:
    """Flows about the host from a query provider: VNet flow logs; from the older table only what was before these.

    Raises
    ------
    OptionError
        A network was asked for, which these queries cannot find.
    FlowsleuthError
        None of the queries could be asked.
    """
    asked = question.asked
    if asked is None or "/" in asked.text:
        hint = "ask for a host or an address, or ingest the flows"
        raise OptionError("these queries find no network", where=str(asked and asked.text), hint=hint)
    failed: list[str] = []
    newer, older = (_asked(provider, asked, queries, question, failed) for queries in (NEWER, OLDER))
    if newer is None and older is None:
        raise FlowsleuthError(f"no flows could be asked for: {'; '.join(failed)}"[:400], where="query provider")
    tables = [as_flows(rows, home) for rows in (newer, older) if rows is not None and len(rows)]
    if not tables:
        return {"flow": _nothing()}
    return {"flow": tables[0] if len(tables) == 1 else _without_overlap(*tables)}


def _asked(provider: Any, asked: Asked, queries: Sequence[str], question: Question, failed: list[str]) -> Any:
    """Rows of one query; None when it could not be asked."""
    by_ip, by_host = queries
    is_address = asked.kind == "IpAddress"
    window = {name: moment for name, moment in zip(("start", "end"), question.time, strict=True) if moment is not None}
    parameters = {"ip_address_list": [asked.text]} if is_address else {"host_name": asked.text.partition(".")[0]}
    name = by_ip if is_address else by_host
    try:
        found = getattr(provider.Network, name)(**parameters, **window)
    except Exception as error:  # a table or query that is not there: the other one may be
        failed.append(f"{name}: {type(error).__name__}: {error}")
        return None
    return found if hasattr(found, "columns") or hasattr(found, "column_names") else None


def older_alone(newer: pa.Table, older: pa.Table) -> pa.Table:
    """Of the older table only flows before the newer begins, because both may log the same flow."""
    import pyarrow.compute as pc

    return older.filter(pc.less(older["start"], pc.min(newer["start"])))


def _without_overlap(newer: pa.Table, older: pa.Table) -> pa.Table:
    """Both; no flow twice."""
    import pyarrow as pa

    both = pa.concat_tables([older_alone(newer, older), newer])
    return both.set_column(both.column_names.index("flow_id"), "flow_id", pa.array(range(1, len(both) + 1), pa.int64()))


def _nothing() -> pa.Table:
    from flowsleuth.schema import FLOW

    return FLOW.arrow_schema().empty_table()
