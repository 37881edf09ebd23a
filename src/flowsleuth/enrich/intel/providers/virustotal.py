"""VirusTotal, API version 3: addresses, domains, URLs, files.

Source: https://docs.virustotal.com/reference/ip-info, domain-info, url-info, file-info. The public API allows four
requests a minute and 500 a day.
"""

from __future__ import annotations

from typing import Any

from flowsleuth.enrich.intel.answers import at, listed, moment, names, needed, told, whole
from flowsleuth.enrich.intel.provider import Provider, Question, Verdict
from flowsleuth.enrich.intel.severity import Severity

ENGINES_HIGH = 3
"""One or two engines of some seventy are often wrong; from three on it is taken as high."""


def read_analysis(answer: Any, value: str) -> Verdict:
    """Votes of the engines in ``data.attributes.last_analysis_stats``."""
    attributes = needed(answer, "data", "attributes")
    stats = needed(attributes, "last_analysis_stats")
    malicious, suspicious = whole(at(stats, "malicious")), whole(at(stats, "suspicious"))
    severity: Severity = (
        "high" if malicious >= ENGINES_HIGH else "warning" if malicious or suspicious else "information"
    )
    details = told(
        malicious=malicious,
        suspicious=suspicious,
        harmless=whole(at(stats, "harmless")),
        undetected=whole(at(stats, "undetected")),
        reputation=at(attributes, "reputation"),
        threat=at(attributes, "popular_threat_classification", "suggested_threat_label"),
        tags=names(listed(attributes, "tags")),
        names=names(listed(attributes, "names")),
        as_owner=at(attributes, "as_owner"),
        last_analysis=moment(at(attributes, "last_analysis_date")),
    )
    return Verdict(found=True, severity=severity, details=details)


_ADDRESS = Question("/ip_addresses/{quoted}", read_analysis)
_FILE = Question("/files/{quoted}", read_analysis)

VIRUSTOTAL = Provider(
    name="virustotal",
    summary="what some seventy engines say of addresses, domains, URLs and files",
    url="https://www.virustotal.com/api/v3",
    documentation="https://docs.virustotal.com/reference/overview",
    questions={
        "ipv4": _ADDRESS,
        "ipv6": _ADDRESS,
        "domain": Question("/domains/{quoted}", read_analysis),
        "url": Question("/urls/{base64url}", read_analysis),
        "md5": _FILE,
        "sha1": _FILE,
        "sha256": _FILE,
    },
    headers={"x-apikey": "{api_key}"},
    per_minute=4,
    burst=4,
    reference="https://www.virustotal.com/gui/search/{quoted}",
)
