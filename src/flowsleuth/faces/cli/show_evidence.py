"""``flowsleuth explain`` of a lead or finding on a terminal: what was found, by which numbers, in which raw flows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flowsleuth.faces.cli.show import SEVERITY_WORDS, endpoint, human_bytes, print_table, say, terminal_text
from flowsleuth.faces.cli.show_leads import peer_text, service_text

if TYPE_CHECKING:
    from flowsleuth.workspace.lead_evidence import FindingEvidence, LeadExplanation

_TIME = "%Y-%m-%d %H:%M:%S"


def show_lead(found: LeadExplanation) -> None:
    """Print a lead, then each finding with its evidence and raw flows."""
    if found.lead is not None:
        _show_head(found.lead)
    for one in found.findings:
        _show_finding(one)
    if found.more:
        print(f"\n{found.more:,} more findings: --format json, or Workspace.findings(lead_id=…)")
    print("\nthe raw line of a flow: flowsleuth explain FLOW_ID")


def _show_head(lead: dict[str, Any]) -> None:
    ends = " ".join(text for text in (peer_text(lead), service_text(lead)) if text)
    role = f" ({lead['role']})" if lead["role"] else ""
    say(f"lead {lead['lead_id']}: {lead['host']}{role}{f' and {ends}' if ends else ''}, {lead['day']:%Y-%m-%d}")
    say(
        f"rank {lead['rank']:,} of the day's {lead['by']}s, score {lead['score']:.9f}, "
        f"p {lead['p_value']:.3g}, q {lead['q_value']:.3g}, {lead['surprise']:.2f} nats"
    )
    severity = SEVERITY_WORDS[lead["severity"]]
    if severity or lead["is_suppressed"] or lead["set_aside"]:
        said = [f"rated {severity}" if severity else "", "suppressed" if lead["is_suppressed"] else ""]
        said.append(f"{lead['set_aside']:,} findings set aside" if lead["set_aside"] else "")
        say("; ".join(text for text in said if text))
    for text in (lead["reason"], lead["normal_if"], lead["moved_why"]):
        if text:
            say(text, "  ")


def _show_finding(one: FindingEvidence) -> None:
    row = one.finding
    ends = " ".join(text for text in (peer_text(row), service_text(row)) if text)
    technique = f", {row['technique']}" if row["technique"] else ""
    print()
    say(f"{row['detector']}: p {row['p_value']:.3g}{technique}; {row['host']} {ends}".rstrip())
    say(row["reason"], "  ")
    first, last = (row[name].strftime(_TIME) for name in ("first_seen", "last_seen"))
    size = f"{human_bytes(row['src_bytes'])}/{human_bytes(row['dst_bytes'])}".strip("/")
    say(f"{row['flows']:,} flows, {first} to {last} UTC{f', {size} out/in' if size else ''}", "  ")
    for name, value in row["evidence"].items():
        say(f"{name:<28} {terminal_text(value)}", "    ")
    _show_flows(one)


def _show_flows(one: FindingEvidence) -> None:
    rows = one.flows.table.to_pylist()
    lines = [
        (
            row["start"].strftime(_TIME),
            endpoint(row["src_ip"], row["src_port"]),
            endpoint(row["dst_ip"], row["dst_port"]) + (f" ({row['server_name']})" if row["server_name"] else ""),
            row["proto"],
            row["conn_state"],
            f"{human_bytes(row['src_bytes'])}/{human_bytes(row['dst_bytes'])}",
            f"{_file_name(row['source_file'])}:{row['source_row']}",
            row["flow_id"],
        )
        for row in rows
    ]
    columns = ["time (UTC)", "source", "destination", "proto", "state", "bytes out/in", "file:line", "flow_id"]
    if lines:
        print_table([("   ", *line) for line in lines], ["", *columns], wrap=("destination", "file:line"))


def _file_name(path: str | None) -> str:
    """The last part of a path: whole ones fold in the middle of the line number; ``explain`` of the flow tells them.

    Examples
    --------
    >>> _file_name("logs/2024/conn.log"), _file_name("C:\\\\logs\\\\conn.log")
    ('conn.log', 'conn.log')
    """
    return re.split(r"[\\/]", path or "")[-1]
