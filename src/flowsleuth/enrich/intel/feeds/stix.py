"""STIX 2.1: indicator patterns and observables, in a bundle, a list, or a TAXII envelope.

Source: https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html (patterns: section 9).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flowsleuth.enrich.intel.answers import at, listed, names
from flowsleuth.enrich.intel.feeds.raw import Raw, Read, Refused, moment, number, text_or_none
from flowsleuth.enrich.intel.severity import Severity, severity_of_number

CONFIDENCE_HIGH = 75
_SINGLE = ("ipv4-addr", "ipv6-addr", "domain-name", "url")
_HASHES = ("MD5", "SHA-1", "SHA-256", "SHA1", "SHA256")
_LITERAL = r"'(?:[^'\\]|\\.)*'"
_COMPARISON = re.compile(
    rf"(?P<object>[a-z0-9-]+):(?P<path>(?:[\w-]+|'[^']*'|\[[^\]]*\]|\.)+)\s*(?P<negated>NOT\s+)?"
    rf"(?P<test>=|!=|>=?|<=?|IN|LIKE|MATCHES|ISSUBSET|ISSUPERSET)\s*"
    rf"(?P<value>{_LITERAL}|\((?:\s*{_LITERAL}\s*,?)+\)|[^\s\]]+)"
)
_STRING = re.compile(_LITERAL)
_TOGETHER = re.compile(r"\b(?:AND|FOLLOWEDBY|WITHIN|REPEATS)\b")


def read_stix(document: Any) -> Read:
    """Every object that is an indicator or an observable; others describe, and are passed over.

    Examples
    --------
    >>> pattern = "[ipv4-addr:value = '198.51.100.1' OR domain-name:value = 'evil.com']"
    >>> [raw.text for raw in read_stix([{"type": "indicator", "pattern": pattern, "pattern_type": "stix"}])]
    ['198.51.100.1', 'evil.com']
    """
    objects = document if isinstance(document, list) else listed(document, "objects")
    threats = _threats(objects)
    for row, one in enumerate(objects, 1):
        kind = at(one, "type")
        if kind == "indicator":
            yield from _indicator(one, row, threats)
        elif kind in _SINGLE and isinstance(at(one, "value"), str):
            yield Raw(one["value"], row, type=str(kind), reference=text_or_none(at(one, "id")))
        elif kind == "file":
            yield from _file(one, row)


def _threats(objects: list[Any]) -> dict[str, str]:
    """What indicators point to, by their ids: names of malware, campaigns, actors."""
    named = {at(one, "id"): at(one, "name") for one in objects if isinstance(at(one, "name"), str)}
    found: dict[str, str] = {}
    for one in objects:
        if at(one, "type") == "relationship" and at(one, "relationship_type") == "indicates":
            name = named.get(at(one, "target_ref"))
            if isinstance(name, str):
                found.setdefault(str(at(one, "source_ref")), name)
    return found


def _file(one: Any, row: int) -> Iterator[Raw]:
    hashes = at(one, "hashes")
    if isinstance(hashes, dict):
        for name, value in hashes.items():
            if name.upper() in _HASHES and isinstance(value, str):
                described = text_or_none(at(one, "name"))
                yield Raw(value, row, type="hash", description=described, reference=text_or_none(at(one, "id")))


def _indicator(one: Any, row: int, threats: dict[str, str]) -> Read:
    pattern = str(at(one, "pattern") or "")
    if at(one, "revoked") is True:
        yield Refused(row, "revoked", pattern[:200])
        return
    if (at(one, "pattern_type") or "stix") != "stix":
        yield Refused(row, f"a pattern in {at(one, 'pattern_type')}", pattern[:200])
        return
    values = list(pattern_values(pattern))
    if not values:
        yield Refused(row, "no pattern that one address, name, URL or hash meets", pattern[:200])
    confidence = number(at(one, "confidence"))
    for value in values:
        yield Raw(
            value,
            row,
            type="stix",
            severity=_severity(listed(one, "indicator_types"), confidence),
            confidence=confidence,
            threat=threats.get(str(at(one, "id"))) or text_or_none(at(one, "name")),
            description=text_or_none(at(one, "description")),
            reference=text_or_none(at(one, "external_references", 0, "url")) or text_or_none(at(one, "id")),
            tags=tuple(names([*listed(one, "labels"), *listed(one, "indicator_types")])),
            valid_from=moment(at(one, "valid_from")),
            valid_until=moment(at(one, "valid_until")),
        )


def _severity(kinds: list[Any], confidence: float | None) -> Severity | None:
    if "benign" in kinds:
        return "information"
    return None if confidence is None else severity_of_number(confidence, 0, CONFIDENCE_HIGH)


def pattern_values(pattern: str) -> list[str]:
    """Values of which each one alone meets a pattern.

    Where a pattern needs several things at once, only a file's hash is taken, which says it all.

    Examples
    --------
    >>> pattern_values("[file:name = 'a.exe' AND file:hashes.'SHA-256' = 'ab12']")
    ['ab12']
    >>> pattern_values("[ipv4-addr:value = '8.8.8.8' AND network-traffic:dst_port = 53]")
    []
    """
    is_joint = bool(_TOGETHER.search(_STRING.sub("''", pattern)))
    found: list[str] = []
    for comparison in _COMPARISON.finditer(pattern):
        is_hash = comparison["object"] == "file" and comparison["path"].startswith("hashes")
        is_value = comparison["path"] in ("value", "dst_ref.value", "src_ref.value")
        meets = comparison["test"] in ("=", "IN", "ISSUBSET") and not comparison["negated"]
        if meets and (is_hash or (is_value and not is_joint)):
            found += [_unquoted(text) for text in _STRING.findall(comparison["value"])]
    return found


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
