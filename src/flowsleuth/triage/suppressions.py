"""What people decide not to be shown: kinds of scope, and the conditions they stand for."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from flowsleuth.errors import OptionError
from flowsleuth.triage.conditions import AllOf, AnyOf, Condition, Expression
from flowsleuth.triage.networks import AddressSet

KINDS = ("address", "cidr", "pair", "port", "name", "as", "detector")
LONGEST_NAME = 253
"""Characters of a host name (RFC 1035)."""
_NAME = re.compile(r"(\*\.)?[^\s*/]{1,253}")
_WRITE = {
    "address": "10.0.0.5", "cidr": "10.0.0.0/8", "pair": "10.0.0.5 192.0.2.7", "port": "53 or 53/udp",
    "name": "host.example.com or *.example.com", "as": "64500", "detector": "spot",
}  # fmt: skip


@dataclass(frozen=True)
class Suppression:
    """Suspects that are not shown.

    Attributes
    ----------
    suppression_id : int
    kind : str
        ``address`` or ``cidr`` (either end), ``pair`` (both, whichever way), ``port`` (either end, with or without
        protocol), ``name`` (server name; ``*.example.com`` is everything below it), ``as`` (either end), ``detector``.
    value : str
        Canonical: see :func:`canonical_value`.
    reason, analyst : str
    made : datetime
    until : datetime or None
        When it ends by itself.
    detector : str or None
        Only in this one's queue.
    """

    suppression_id: int
    kind: str
    value: str
    reason: str
    analyst: str
    made: dt.datetime
    until: dt.datetime | None = None
    detector: str | None = None

    def expression(self) -> Expression:
        """The flows it means."""
        return scope(self.kind, self.value)

    def holds(self, detector: str | None, now: dt.datetime) -> bool:
        """Whether it is in force for a detector's queue; for any when none is named."""
        is_mine = detector is None or (
            self.detector in (None, detector) and (self.kind != "detector" or self.value == detector)
        )
        return is_mine and (self.until is None or self.until > now)


def canonical_value(kind: str, value: str) -> str:
    """The value in one spelling.

    Raises
    ------
    OptionError
        No such kind, or not a value of it.

    Examples
    --------
    >>> canonical_value("pair", "192.0.2.7, 10.0.0.5"), canonical_value("as", "AS64500")
    ('10.0.0.5 192.0.2.7', '64500')
    """
    if kind not in KINDS:
        raise OptionError("no such kind of scope", where=str(kind)[:50], available=KINDS)
    text = str(value).strip()
    found = _canonical(kind, text)
    if found is None:
        raise OptionError(f"not a {kind}", where=text[:100], hint=f"write it like {_WRITE[kind]}")
    scope(kind, found)
    return found


def _canonical(kind: str, text: str) -> str | None:
    if kind in ("address", "cidr"):
        items = AddressSet.parse(text).items
        return items[0] if len(items) == 1 and ("/" in items[0]) == (kind == "cidr") else None
    if kind == "pair":
        ends = sorted(AddressSet(re.split(r"[\s,]+", text)).items)
        return " ".join(ends) if len(ends) == 2 and not any("/" in end for end in ends) else None
    if kind == "port":
        return text.lower() if re.fullmatch(r"\d{1,5}(/[a-z0-9-]{1,20})?", text.lower()) else None
    if kind == "as":
        number = text.upper().removeprefix("AS")
        return str(int(number)) if re.fullmatch(r"\d{1,10}", number) else None
    if kind == "name":
        return text.lower() if len(text) <= LONGEST_NAME and _NAME.fullmatch(text) else None
    return text if re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", text) else None


def scope(kind: str, value: str) -> Expression:
    """A canonical value as conditions on flows."""
    if kind in ("address", "cidr"):
        return Condition("ip", "in", value)
    if kind == "pair":
        one, other = value.split(" ")
        ways = ((one, other), (other, one))
        return AnyOf(tuple(AllOf((Condition("src_ip", "=", a), Condition("dst_ip", "=", b))) for a, b in ways))
    if kind == "port":
        port, slash, proto = value.partition("/")
        conditions: list[Expression] = [Condition("port", "=", port)]
        return AllOf((*conditions, Condition("proto", "=", proto)) if slash else tuple(conditions))
    if kind == "as":
        return Condition("as", "=", int(value))
    return _name_scope(value) if kind == "name" else AllOf(())


def _name_scope(value: str) -> Expression:
    if value.startswith("*."):
        return Condition("server_name", "matches", rf"\.{re.escape(value[2:])}\.?$")
    return Condition("server_name", "=", value)
