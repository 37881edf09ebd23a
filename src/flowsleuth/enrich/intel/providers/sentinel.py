"""Microsoft Sentinel: the workspace's own indicators, table ``ThreatIntelIndicators``.

Source: https://learn.microsoft.com/azure/azure-monitor/logs/api/overview and
https://learn.microsoft.com/azure/azure-monitor/reference/tables/threatintelindicators. The token is an access token for
``https://api.loganalytics.io``; ``az account get-access-token --resource https://api.loganalytics.io`` prints one that
lasts about an hour.
"""

from __future__ import annotations

from typing import Any

from flowsleuth.enrich.intel.answers import at, listed, names, needed, told, whole
from flowsleuth.enrich.intel.provider import NO_DATA, NoVerdictError, Provider, Question, Verdict
from flowsleuth.enrich.intel.severity import severity_of_number, worst

CONFIDENCE_HIGH = 75
"""``Confidence`` from which an indicator is high; below it is a warning."""
QUERY = """ThreatIntelIndicators
| where ObservableValue =~ {kql}
| summarize arg_max(TimeGenerated, *) by Id
| where IsActive == true and IsDeleted == false
| project Id, ObservableKey, ObservableValue, Confidence, ValidFrom, ValidUntil, SourceSystem, Tags, Data
| take 50"""


def read_tables(answer: Any, value: str) -> Verdict:
    """Rows of the first table."""
    table = needed(answer, "tables", 0)
    columns = [str(at(column, "name")) for column in listed(table, "columns")]
    rows = [dict(zip(columns, row, strict=False)) for row in listed(table, "rows") if isinstance(row, list)]
    if not rows:
        raise NoVerdictError("nothing is known", NO_DATA)
    details = told(
        indicators=len(rows),
        confidence=max(whole(at(row, "Confidence")) for row in rows),
        sources=names(rows, "SourceSystem"),
        tags=names(rows, "Tags"),
        valid_from=at(rows[0], "ValidFrom"),
        valid_until=at(rows[0], "ValidUntil"),
    )
    severity = worst(severity_of_number(at(row, "Confidence"), 0, CONFIDENCE_HIGH) for row in rows)
    return Verdict(found=True, severity=severity, details=details)


_QUERY = Question("/v1/workspaces/{workspace_id}/query", read_tables, "POST", json={"query": QUERY})

SENTINEL = Provider(
    name="sentinel",
    summary="indicators of your Microsoft Sentinel workspace",
    url="https://api.loganalytics.io",
    documentation="https://learn.microsoft.com/azure/azure-monitor/logs/api/overview",
    questions=dict.fromkeys(("ipv4", "ipv6", "domain", "url", "md5", "sha1", "sha256"), _QUERY),
    keys=("token",),
    values=("workspace_id",),
    headers={"Authorization": "Bearer {token}"},
    absent=(),
    per_minute=300,
    burst=5,
)
