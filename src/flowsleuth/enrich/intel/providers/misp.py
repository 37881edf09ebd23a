"""A MISP server: attributes of its events that are the observable.

Source: https://www.misp-project.org/openapi/ (``POST /attributes/restSearch``).
"""

from __future__ import annotations

from typing import Any

from flowsleuth.enrich.intel.answers import at, listed, moment, names, needed, told
from flowsleuth.enrich.intel.provider import NO_DATA, NoVerdictError, Provider, Question, Verdict

MOST = 50
"""Attributes asked for."""


def read_attributes(answer: Any, value: str) -> Verdict:
    """High when an attribute is meant for detection (``to_ids``), else a warning."""
    needed(answer, "response")
    found = listed(answer, "response", "Attribute")
    if not found:
        raise NoVerdictError("nothing is known", NO_DATA)
    tags = [tag for one in found for tag in listed(one, "Tag")]
    details = told(
        attributes=len(found),
        events=names((at(one, "Event") for one in found), "info"),
        event_ids=names(found, "event_id"),
        categories=names(found, "category"),
        types=names(found, "type"),
        comments=names(found, "comment"),
        tags=names(tags, "name"),
        last_changed=max((moment(at(one, "timestamp")) or "" for one in found), default="") or None,
    )
    is_for_detection = any(at(one, "to_ids") in (True, 1, "1") for one in found)
    return Verdict(found=True, severity="high" if is_for_detection else "warning", details=details)


_SEARCH = Question(
    "/attributes/restSearch",
    read_attributes,
    "POST",
    json={"returnFormat": "json", "value": "{value}", "limit": MOST, "includeEventTags": True},
)

MISP = Provider(
    name="misp",
    summary="attributes of your MISP server's events",
    url="{url}",
    documentation="https://www.misp-project.org/openapi/",
    questions=dict.fromkeys(("ipv4", "ipv6", "domain", "url", "md5", "sha1", "sha256"), _SEARCH),
    values=("url",),
    headers={"Authorization": "{api_key}"},
    absent=(),
    per_minute=300,
    burst=5,
    reference="{url}/attributes/search?value={quoted}",
)
