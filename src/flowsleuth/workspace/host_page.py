"""A host's page: how it stood on each day, what was found of it and with whom, its peers, its raw flows."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from flowsleuth.errors import OptionError
from flowsleuth.investigate.dossier import Dossier, Section
from flowsleuth.schema.addresses import canonical_address
from flowsleuth.triage.filters import QueueFilter
from flowsleuth.workspace.flow_lists import flows_of
from flowsleuth.workspace.investigation import days_of
from flowsleuth.workspace.lead_findings import findings_of
from flowsleuth.workspace.lead_list import LeadFilter

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.workspace import Workspace

SHOWN = 200
"""Findings, leads and suspects that a page holds; how many there are is told."""
FLOWS = 100
FROM_INVESTIGATION = ("timeline", "volumes", "peers")
LEAD_COLUMNS = (
    "day", "rank", "score", "q_value", "host", "role", "src_ip", "dst_ip", "server_name", "service_port", "detectors",
    "technique", "flows", "reason", "normal_if", "proto", "first_seen", "last_seen", "src_bytes", "dst_bytes",
    "severity", "is_hidden", "lead_id",
)  # fmt: skip
FINDING_COLUMNS = (
    "day", "detector", "technique", "p_value", "src_ip", "dst_ip", "server_name", "service_port", "proto", "flows",
    "reason", "first_seen", "last_seen", "finding_id",
)  # fmt: skip
FLOW_COLUMNS = (
    "start", "src_ip", "src_port", "dst_ip", "dst_port", "proto", "service", "src_bytes", "dst_bytes", "conn_state",
    "server_name", "source_file", "source_row", "flow_id",
)  # fmt: skip
SUSPECT_COLUMNS = (
    "rank", "score", "severity", "src_ip", "dst_ip", "dst_port", "proto", "server_name", "flows", "first_seen",
    "last_seen", "reason", "suspect_id", "flow_id",
)  # fmt: skip


def host_page(
    workspace: Workspace,
    address: str,
    *,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    top: int = 20,
) -> Dossier:
    """Everything about a host on one page; see :meth:`flowsleuth.Workspace.host_page`."""
    try:
        ip = canonical_address(address)
    except ValueError as error:
        raise OptionError(str(error), where=address[:100]) from None
    dates = days_of(workspace, "flow", start, end)
    found = workspace.investigate(ip, start=start, end=end, top=top).dossier()
    days = _leads(workspace, "host", ip, dates)
    sections = (
        *_standing(days),
        _history(workspace, days, dates),
        Section(
            "days", "By day", "table", absent=_none(days, "leads about this host"), table=_select(days, LEAD_COLUMNS)
        ),
        _findings(workspace, ip, days, dates),
        _pairs(workspace, ip, dates),
        _suspects(workspace, ip, dates),
        *(found[name] for name in FROM_INVESTIGATION),
        _flows(workspace, ip, start, end),
    )
    question = f"How did {ip} behave, with whom, and what was found of it?"
    return Dossier(f"Host {ip}", question, start, end, found.provenance | {"host": ip}, sections)


def _leads(workspace: Workspace, by: str, ip: str, dates: list[str] | None) -> pa.Table:
    """Leads with an address, set aside or not; about hosts in order of time, else least chance first."""
    asked = LeadFilter(by, "all", dates, ip=ip)  # type: ignore[arg-type]
    rows = workspace.leads(asked, size=None).rows.table
    return rows.sort_by("day") if by == "host" else rows


def _none(rows: pa.Table, what: str) -> str | None:
    return None if len(rows) else f"no {what}"


def _select(rows: pa.Table, columns: tuple[str, ...], most: int = SHOWN) -> pa.Table:
    return rows.select([name for name in columns if name in rows.column_names]).slice(0, most)


def _cut(rows: pa.Table, most: int = SHOWN) -> str:
    return f"the first {most:,} of {len(rows):,}" if len(rows) > most else ""


def _standing(days: pa.Table) -> tuple[Section, Section]:
    """Its latest lead in a sentence, and what it is."""
    if not len(days):
        why = "it is no lead on any of these days"
        return Section("standing", "Stands", "text", absent=why), Section("role", "Role", "text", absent=why)
    latest = days.to_pylist()[-1]
    hidden = ", set aside" if latest["is_hidden"] else ""
    text = (
        f"rank {latest['rank']:,} of the hosts of {latest['day']:%Y-%m-%d}{hidden}, score {latest['score']:.6f}, "
        f"expected share of false leads down to it {latest['q_value']:.3f}: {latest['reason']}"
    )
    value = {name: latest[name] for name in ("rank", "score", "q_value", "severity", "is_hidden", "normal_if")}
    value |= {"lead_id": str(latest["lead_id"]), "day": f"{latest['day']:%Y-%m-%d}"}
    roles = list(dict.fromkeys(role for role in days["role"].to_pylist() if role))
    role = Section(
        "role", "Role", "text", text=", then ".join(roles), absent=None if roles else "its flows do not tell"
    )
    return Section("standing", "Stands", "text", text=text, value=value), role


def _history(workspace: Workspace, days: pa.Table, dates: list[str] | None) -> Section:
    """Evidence by day as ``-log10 p``; 0 on days when nothing was found of it. One day is no history."""
    import pyarrow as pa

    wanted = [date for date in workspace.lead_desk.dates() if dates is None or date in dates]
    told = dict(zip((f"{day:%Y-%m-%d}" for day in days["day"].to_pylist()), days["p_value"].to_pylist(), strict=True))
    times = [dt.datetime.fromisoformat(date).replace(tzinfo=dt.UTC) for date in wanted]
    table = pa.table(
        {
            "time": pa.array(times, pa.timestamp("us", tz="UTC")),
            "series": pa.array(["evidence"] * len(wanted), pa.string()),
            "value": pa.array([-float(np.log10(told.get(date, 1.0))) + 0.0 for date in wanted], pa.float64()),
        }
    )
    absent = None if len(wanted) > 1 else f"only {wanted[0]} was scored" if wanted else "nothing was scored"
    return Section(
        "history", "Score history", "series", absent=absent, figure="series",
        note="by day, -log10 of the share of usual hosts with as much evidence; 0 where nothing was found",
        table=table, value={"measure": "evidence, -log10 p", "draw": ["vbar", "circle"]},
    )  # fmt: skip


def _findings(workspace: Workspace, ip: str, days: pa.Table, dates: list[str] | None) -> Section:
    """What finders told of it, and the groups of flows that count as findings."""
    import pyarrow as pa
    import pyarrow.compute as pc

    behind = findings_of(workspace.store, days)
    fused = behind.rows.take(pa.array(np.unique(behind.finding)))
    told = workspace.findings(host=ip, dates=dates).table
    other = told.filter(pc.invert(pc.is_in(told["finding_id"], value_set=fused["finding_id"].combine_chunks())))
    rows = pa.concat_tables([fused, other.select(fused.column_names).cast(fused.schema)])
    rows = rows.sort_by([("p_value", "ascending"), ("finding_id", "ascending")])
    return Section(
        "findings", "Findings", "table", absent=_none(rows, "findings about it"), note=_cut(rows),
        table=_select(rows, FINDING_COLUMNS),
    )  # fmt: skip


def _pairs(workspace: Workspace, ip: str, dates: list[str] | None) -> Section:
    rows = _leads(workspace, "pair", ip, dates)
    return Section(
        "pairs", "Its pairs as leads", "table", absent=_none(rows, "lead about a pair with it"), note=_cut(rows),
        table=_select(rows, LEAD_COLUMNS),
    )  # fmt: skip


def _suspects(workspace: Workspace, ip: str, dates: list[str] | None) -> Section:
    """Its groups of flows in the queue, rated ones too."""
    if not workspace.has_case:
        rows = _of_days(workspace.suspects(SHOWN if dates is None else None, ip=ip).table, dates)
    else:
        rows = workspace.queue(QueueFilter("all", ip=ip, dates=dates), size=SHOWN).rows.table
    return Section(
        "suspects",
        "Its suspects",
        "table",
        absent=_none(rows, "suspects with it"),
        table=_select(rows, SUSPECT_COLUMNS),
    )


def _of_days(rows: pa.Table, dates: list[str] | None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    if dates is None or not len(rows):
        return rows
    return rows.filter(pc.is_in(pc.strftime(rows["first_seen"], format="%Y-%m-%d"), pa.array(dates, pa.string())))


def _flows(workspace: Workspace, ip: str, start: dt.datetime | None, end: dt.datetime | None) -> Section:
    """Its first raw flows with file and line."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = flows_of(workspace, ip, start, end, columns=FLOW_COLUMNS, limit=FLOWS).table
    name = pc.replace_substring_regex(rows["source_file"], r"^.*[\\/]", "")  # the whole path is beside it
    line = pc.binary_join_element_wise(name, rows["source_row"].cast(pa.string()), ":")
    rows = rows.add_column(1, "file_and_line", line)
    note = f"the first {FLOWS:,}; all of them: investigate" if len(rows) == FLOWS else ""
    return Section(
        "flows", "Raw flows", "table", absent=_none(rows, "flow of it in this window"), note=note, table=rows
    )
