"""The rows that every engine is asked about, and what a question with its answer is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir

ODD_TEXT = 'it\'s \\ "${HOME}" %_ \n é 統'
"""Quotes, an escape, a variable, patterns, a line end, two alphabets: in a value all of it is only text."""
BIG = 2**63 - 1


def instant(text: str) -> dt.datetime:
    """An instant in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


EARLY = instant("1970-01-01T00:04:59.500000")
LATE = instant("2021-06-06T12:34:59.999999")
NEXT = instant("2021-06-07T00:00:00")

FLOWS: list[dict[str, Any]] = [
    {"flow_id": 1, "start": EARLY, "src_ip": "10.0.0.1", "dst_ip": "192.0.2.9", "dst_port": 443, "proto": "tcp",
     "src_bytes": 0, "dst_bytes": 10, "duration_s": 0.0005, "uid": "C1", "icmp_type": None},
    {"flow_id": 2, "start": LATE, "src_ip": "10.0.0.1", "dst_ip": "224.0.0.251", "dst_port": None, "proto": "icmp",
     "src_bytes": 1, "dst_bytes": None, "duration_s": None, "uid": None, "icmp_type": 8},
    {"flow_id": 3, "start": LATE, "src_ip": "fe80::1", "dst_ip": "ff02::fb", "dst_port": 5353, "proto": "udp",
     "src_bytes": 255, "dst_bytes": 0, "duration_s": 1.5, "uid": ODD_TEXT, "icmp_type": None},
    {"flow_id": 4, "start": NEXT, "src_ip": "10.0.0.2", "dst_ip": "10.0.0.255", "dst_port": 443, "proto": "tcp",
     "src_bytes": 256, "dst_bytes": 5, "duration_s": 0.25, "uid": "C4", "icmp_type": None},
    {"flow_id": BIG, "start": NEXT, "src_ip": "10.0.0.2", "dst_ip": "192.0.2.9", "dst_port": 80, "proto": None,
     "src_bytes": BIG, "dst_bytes": 5, "duration_s": 86400.0, "uid": "C5", "icmp_type": None},
]  # fmt: skip
"""Over three days; every null, extreme and awkward text that a case needs."""

SCORES: list[dict[str, Any]] = [
    {"flow_id": 1, "score": 0.5, "surprise": 1.0, "suspect_id": 7, "evidence": [0.1, 2.0]},
    {"flow_id": 2, "score": 0.5, "surprise": 1.0, "suspect_id": 7, "evidence": []},
    {"flow_id": 3, "score": 1.0, "surprise": 745.0, "suspect_id": -9, "evidence": [1e-300]},
]

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Tables:
    """What a case asks."""

    flow: ir.Table
    score: ir.Table
    empty: ir.Table


@dataclass(frozen=True)
class Case:
    """One question, with the answer that was worked out by hand.

    Attributes
    ----------
    name : str
    ask : callable
        The expression; it is fetched in the order it gives, or else compared as a set of rows.
    rows : list of tuple
        The answer; with ``is_ordered`` in this order.
    types : sequence of str
        Arrow types of the answer's columns, where they matter.
    is_ordered : bool
    """

    name: str
    ask: Callable[[Tables], ir.Table]
    rows: Rows
    types: Sequence[str] = ()
    is_ordered: bool = False
