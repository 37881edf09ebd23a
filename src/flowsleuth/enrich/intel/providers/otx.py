"""AlienVault Open Threat Exchange: in how many reports ("pulses") of the community an observable is named.

A second service tells the names and addresses that OTX saw together in DNS; it is asked only when it is named, or with
all.

Source: https://otx.alienvault.com/api, indicators, sections ``general`` and ``passive_dns``.
"""

from __future__ import annotations

from typing import Any

from flowsleuth.enrich.intel.answers import at, listed, names, needed, told, whole
from flowsleuth.enrich.intel.provider import Provider, Question, Verdict
from flowsleuth.enrich.intel.severity import Severity

PULSES_HIGH = 2
"""As msticpy reads it: one pulse is a warning, more are high."""


def read_general(answer: Any, value: str) -> Verdict:
    """``pulse_info``; what OTX has validated as known good stays information however many name it."""
    count = whole(needed(answer, "pulse_info", "count"))
    pulses = listed(answer, "pulse_info", "pulses")
    validation = names(listed(answer, "validation"), "name")
    severity: Severity = "high" if count >= PULSES_HIGH else "warning" if count else "information"
    if validation:
        severity = "information"
    details = told(
        pulses=count,
        names=names(pulses, "name"),
        tags=names(tag for pulse in pulses for tag in listed(pulse, "tags")),
        adversaries=names(pulses, "adversary"),
        malware=names((family for pulse in pulses for family in listed(pulse, "malware_families")), "display_name"),
        known_good=validation,
        asn=at(answer, "asn"),
    )
    return Verdict(found=count > 0, severity=severity, details=details)


MOST_NAMES = 200
"""Records of passive DNS that are kept of an answer, the latest."""


def read_names(answer: Any, value: str) -> Verdict:
    """``passive_dns``: which name had which address from when to when. That is no verdict: severity is information."""
    told = [record for record in listed(answer, "passive_dns") if isinstance(record, dict)]
    told.sort(key=lambda record: str(record.get("last") or ""), reverse=True)
    keep = {"name": "hostname", "address": "address", "type": "record_type", "first_seen": "first", "last_seen": "last"}
    records = [{ours: str(record.get(theirs) or "") for ours, theirs in keep.items()} for record in told[:MOST_NAMES]]
    details = {"records": len(told), "names": records}
    return Verdict(found=bool(told), severity="information", details=details)


def _general(section: str) -> Question:
    return Question(f"/indicators/{section}/{{quoted}}/general", read_general)


OTX = Provider(
    name="otx",
    summary="reports of the AlienVault OTX community",
    url="https://otx.alienvault.com/api/v1",
    documentation="https://otx.alienvault.com/api",
    questions={
        "ipv4": _general("IPv4"),
        "ipv6": _general("IPv6"),
        "domain": _general("domain"),
        "url": _general("url"),
        "md5": _general("file"),
        "sha1": _general("file"),
        "sha256": _general("file"),
    },
    headers={"X-OTX-API-KEY": "{api_key}"},
    per_minute=120,
    reference="https://otx.alienvault.com/browse/global/pulses?q={quoted}",
)


def _names(section: str) -> Question:
    return Question(f"/indicators/{section}/{{quoted}}/passive_dns", read_names, subtype="passivedns")


OTX_NAMES = Provider(
    name="otx_names",
    summary="names and addresses that AlienVault OTX saw together in DNS",
    url=OTX.url,
    documentation=OTX.documentation,
    questions={"ipv4": _names("IPv4"), "ipv6": _names("IPv6"), "domain": _names("domain")},
    keys_of="otx",
    headers=OTX.headers,
    per_minute=120,
    scope="secondary",
    reference="https://otx.alienvault.com/browse/global/pulses?q={quoted}",
)
