"""MISP: events as a server exports them or a feed has them, and warning lists.

Sources: https://www.misp-standard.org/rfc/misp-standard-core.html and https://github.com/MISP/misp-warninglists.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowsleuth.enrich.intel.answers import at, listed, names
from flowsleuth.enrich.intel.feeds.raw import Raw, Read, Refused, text_or_none
from flowsleuth.enrich.intel.severity import Severity

LEVELS: dict[str, Severity] = {"1": "high", "2": "warning", "3": "information"}
"""``threat_level_id`` of an event: high, medium, low; 4 is undefined."""
_TYPES = frozenset((
    "ip-src", "ip-dst", "ip-src|port", "ip-dst|port", "domain", "hostname", "hostname|port", "domain|ip", "url",
    "uri", "link", "md5", "sha1", "sha256", "filename|md5", "filename|sha1", "filename|sha256",
    "ja3-fingerprint-md5", "malware-sample", "x509-fingerprint-md5", "x509-fingerprint-sha1",
    "x509-fingerprint-sha256",
))  # fmt: skip
_SECOND = ("filename|", "domain|ip")
_EXACT, _SUBDOMAINS, _NETWORKS = "string", "hostname", "cidr"


def is_warning_list(document: Any) -> bool:
    """A warning list, not an event."""
    return (
        isinstance(document, dict) and "list" in document and ("matching_attributes" in document or "type" in document)
    )


def read_misp(document: Any) -> Read:
    """An event, several, attributes, or a warning list."""
    if is_warning_list(document):
        yield from _warning_list(document)
        return
    for row, (attribute, event) in enumerate(_attributes(document), 1):
        yield from _attribute(attribute, event, row)


def _attributes(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every attribute with its event, those of objects too."""
    inner = at(document, "response") or document
    if isinstance(inner, list):
        for one in inner:
            yield from _attributes(one)
        return
    event = at(inner, "Event")
    if event is None:
        for attribute in listed(inner, "Attribute"):
            yield attribute, at(attribute, "Event")
        return
    for attribute in listed(event, "Attribute"):
        yield attribute, event
    for thing in listed(event, "Object"):
        for attribute in listed(thing, "Attribute"):
            yield attribute, event


def _attribute(attribute: Any, event: Any, row: int) -> Read:
    kind, value = str(at(attribute, "type")), at(attribute, "value")
    if kind not in _TYPES or not isinstance(value, str):
        yield Refused(row, f"an attribute of type {kind[:50]}", str(value)[:200])
        return
    if at(attribute, "deleted") is True:
        yield Refused(row, "deleted", value[:200])
        return
    first, bar, second = value.partition("|")
    values = [second] if bar and kind.startswith(_SECOND[0]) else [first, second] if kind == _SECOND[1] else [first]
    is_for_detection = at(attribute, "to_ids") in (True, 1, "1")
    severity = LEVELS.get(str(at(event, "threat_level_id"))) if is_for_detection else "information"
    for one in values:
        yield Raw(
            one,
            row,
            type=kind,
            severity=severity,
            threat=text_or_none(at(event, "info")),
            description=text_or_none(at(attribute, "comment")),
            reference=text_or_none(at(attribute, "uuid")) or text_or_none(at(event, "uuid")),
            tags=tuple(names([*listed(attribute, "Tag"), *listed(event, "Tag")], "name")),
        )


def _warning_list(document: Any) -> Read:
    kind = str(at(document, "type") or _EXACT)
    if kind not in (_EXACT, _SUBDOMAINS, _NETWORKS):
        yield Refused(0, f"a warning list of type {kind[:50]}: no whole values to compare with", "")
        return
    name = text_or_none(at(document, "name"))
    for row, value in enumerate(listed(document, "list"), 1):
        yield Raw(str(value), row, type=kind, is_exact=kind == _EXACT, severity="information", description=name)
