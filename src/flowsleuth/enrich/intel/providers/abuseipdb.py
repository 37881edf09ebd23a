"""AbuseIPDB: reports of abuse by address.

Source: https://docs.abuseipdb.com/#check-endpoint (version 2).
"""

from __future__ import annotations

from typing import Any

from flowsleuth.enrich.intel.answers import at, listed, names, needed, told, whole
from flowsleuth.enrich.intel.provider import Provider, Question, Verdict
from flowsleuth.enrich.intel.severity import severity_of_number

CONFIDENCE_WARNING, CONFIDENCE_HIGH = 25, 75
"""Percent; AbuseIPDB's blacklist recommends no less than 75 to 100 for blocking."""
DAYS = "90"


def read_check(answer: Any, value: str) -> Verdict:
    """``data.abuseConfidenceScore`` and the number of reports."""
    data = needed(answer, "data")
    score, reports = needed(data, "abuseConfidenceScore"), whole(at(data, "totalReports"))
    details = told(
        confidence=score,
        reports=reports,
        reporters=at(data, "numDistinctUsers"),
        last_reported=at(data, "lastReportedAt"),
        usage=at(data, "usageType"),
        isp=at(data, "isp"),
        domain=at(data, "domain"),
        hostnames=names(listed(data, "hostnames")),
        country=at(data, "countryCode"),
        is_tor=at(data, "isTor"),
        is_whitelisted=at(data, "isWhitelisted"),
    )
    severity = severity_of_number(score, CONFIDENCE_WARNING, CONFIDENCE_HIGH)
    return Verdict(found=reports > 0, severity=severity, details=details)


_CHECK = Question("/check", read_check, params={"ipAddress": "{value}", "maxAgeInDays": DAYS})

ABUSEIPDB = Provider(
    name="abuseipdb",
    summary="reports of abuse by address, of the last 90 days",
    url="https://api.abuseipdb.com/api/v2",
    documentation="https://docs.abuseipdb.com/",
    questions={"ipv4": _CHECK, "ipv6": _CHECK},
    headers={"Key": "{api_key}"},
    absent=(),
    reference="https://www.abuseipdb.com/check/{quoted}",
)
