"""Pulsedive: risk of addresses, domains and URLs.

Source: https://docs.pulsedive.com/api/indicator/get-by-value. Works without a key at a lower rate.
"""

from __future__ import annotations

from typing import Any

from flowsleuth.enrich.intel.answers import at, listed, names, needed, told
from flowsleuth.enrich.intel.provider import Provider, Question, Verdict
from flowsleuth.enrich.intel.severity import severity_of_word


def read_indicator(answer: Any, value: str) -> Verdict:
    """``risk``: none, low, medium, high, critical, unknown; ``retired`` ones are information."""
    risk = str(needed(answer, "risk"))
    is_retired = risk == "retired" or bool(at(answer, "retired"))
    details = told(
        risk=risk,
        factors=names(listed(answer, "riskfactors"), "description"),
        threats=names(listed(answer, "threats"), "name"),
        feeds=names(listed(answer, "feeds"), "name"),
        last_seen=at(answer, "stamp_seen"),
        retired=is_retired or None,
    )
    number = at(answer, "iid")
    page = f"https://pulsedive.com/indicator/?iid={number}" if isinstance(number, int) else None
    severity = "information" if is_retired else severity_of_word(risk)
    return Verdict(found=True, severity=severity, details=details, reference=page)


_INDICATOR = Question("/indicator.php", read_indicator, params={"indicator": "{value}"})

PULSEDIVE = Provider(
    name="pulsedive",
    summary="risk of addresses, domains and URLs by Pulsedive",
    url="https://pulsedive.com/api",
    documentation="https://docs.pulsedive.com/api/",
    questions={"ipv4": _INDICATOR, "ipv6": _INDICATOR, "domain": _INDICATOR, "url": _INDICATOR},
    keys=(),
    optional_keys=("api_key",),
    params={"key": "{api_key}"},
    per_minute=30,
    scope="secondary",
)
