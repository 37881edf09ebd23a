"""How well an extractor did on lines of :mod:`ioc_lines`, by one set of rules for all.

A finding is right when its type and value are in the line's truth, and counted once a line. A defanged spelling in
the output is therefore one miss and one false. Hosts within URLs and mail addresses are
neither. IPv6 addresses are compared as numbers, names and hosts without regard to case. Only the types that both rivals
have are counted.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ioc_lines import Line

TYPES = ("ipv4", "ipv6", "dns", "url", "email", "md5_hash", "sha1_hash", "sha256_hash")


def score(made: list[Line], found: Iterable[tuple[int, str, str]]) -> dict[str, Any]:
    """Precision, recall, and planted, found and false by type."""
    by_row: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for row, kind, value in found:
        if kind in TYPES:
            by_row[row].add((kind, _plain(kind, value)))
    counts = {kind: [0, 0, 0] for kind in TYPES}
    for row, line in enumerate(made):
        truth = {(kind, _plain(kind, value)) for kind, value in line.truth}
        beside = {(kind, _plain(kind, value)) for kind, value in line.beside}
        told = by_row.get(row, set())
        for kind, _ in truth:
            counts[kind][0] += 1
        for kind, _ in truth & told:
            counts[kind][1] += 1
        for kind, _ in told - truth - beside:
            counts[kind][2] += 1
    planted, right, false = (sum(one[at] for one in counts.values()) for at in range(3))
    return {
        "precision": right / max(right + false, 1), "recall": right / max(planted, 1), "planted": planted,
        "by_type": counts,
    }  # fmt: skip


def _plain(kind: str, value: str) -> str:
    if kind == "ipv6":
        try:
            return str(ipaddress.IPv6Address(value))
        except ValueError:
            return value
    if kind == "url":
        host, slash, path = value.partition("://")[2].partition("/")
        return value.partition("://")[0].lower() + "://" + host.lower() + slash + path
    return value.lower()
