"""Shodan InternetDB: open ports, names, tags and known weaknesses of an address; no key, renewed weekly.

Source: https://internetdb.shodan.io/docs. Free for non-commercial use.
"""

from __future__ import annotations

from typing import Any

from flowsleuth.enrich.intel.answers import listed, names, needed, told
from flowsleuth.enrich.intel.provider import Provider, Question, Verdict
from flowsleuth.enrich.intel.severity import Severity

BAD_TAGS = frozenset({"c2", "compromised", "malware", "doublepulsar"})


def read_host(answer: Any, value: str) -> Verdict:
    """High when a tag says it is compromised or an attacker's; a warning when it has known weaknesses."""
    needed(answer, "ip")
    tags, weaknesses = names(listed(answer, "tags")), names(listed(answer, "vulns"))
    severity: Severity = "high" if BAD_TAGS & set(tags) else "warning" if weaknesses else "information"
    details = told(
        ports=[port for port in listed(answer, "ports") if isinstance(port, int)],
        hostnames=names(listed(answer, "hostnames")),
        tags=tags,
        vulns=weaknesses,
        cpes=names(listed(answer, "cpes")),
    )
    return Verdict(found=True, severity=severity, details=details)


INTERNETDB = Provider(
    name="internetdb",
    summary="Shodan InternetDB: open ports, names and known weaknesses of an address, without a key",
    url="https://internetdb.shodan.io",
    documentation="https://internetdb.shodan.io/docs",
    questions={"ipv4": Question("/{quoted}", read_host)},
    keys=(),
    scope="secondary",
    reference="https://www.shodan.io/host/{quoted}",
)
