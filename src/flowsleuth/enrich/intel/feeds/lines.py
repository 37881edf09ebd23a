"""Plain lists and ipsum: one indicator a line."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flowsleuth.enrich.intel.feeds.raw import Raw, Read, text_or_none
from flowsleuth.enrich.intel.severity import Severity

LISTS_HIGH = 5
"""Blacklists of ipsum that an address is on, from which it is high; ipsum's author recommends three and more."""
_COMMENT = ("#", ";", "//", "!")
_NOWHERE = ("0.0.0.0", "127.0.0.1", "::", "::1")  # noqa: S104
_INLINE = re.compile(r"\s+(?:#|;|//)\s*")


def read_list(lines: Iterable[str]) -> Read:
    """A list; what follows the indicator on its line is its description. In hosts files the name counts.

    Examples
    --------
    >>> [raw.text for raw in read_list(["# list", "8.8.8.8 # resolver", "", "0.0.0.0 evil.com"])]
    ['8.8.8.8', 'evil.com']
    """
    for row, line in enumerate(lines, 1):
        text = line.strip().lstrip("\ufeff")
        if not text or text.startswith(_COMMENT):
            continue
        value, *comment = _INLINE.split(text, maxsplit=1)
        first, _, rest = value.partition("\t") if "\t" in value else value.partition(" ")
        if rest and first in _NOWHERE:
            first, rest = rest.split()[0], ""
        if rest.strip().startswith("-"):  # a range with blanks around its dash
            first, rest = value, ""
        yield Raw(first, row, description=text_or_none(" ".join([rest.strip(), *comment])))


def read_ipsum(lines: Iterable[str]) -> Read:
    """Address, tab, number of blacklists.

    Examples
    --------
    >>> [(raw.text, raw.severity, raw.description) for raw in read_ipsum(["#", "77.90.185.20\\t10", "2.57.122.53\\t3"])]
    [('77.90.185.20', 'high', 'on 10 blacklists'), ('2.57.122.53', 'warning', 'on 3 blacklists')]
    """
    for row, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        value, _, count = text.partition("\t")
        lists = int(count) if count.strip().isdigit() else 0
        severity: Severity = "high" if lists >= LISTS_HIGH else "warning"
        yield Raw(value, row, severity=severity, description=f"on {lists} blacklists")
