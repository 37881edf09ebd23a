"""GreyNoise, Community API: is an address a scanner of the whole Internet, or a common business service?

Source: https://docs.greynoise.io/reference/getcommunityip. Works without a key at a very low rate.
"""

from __future__ import annotations

from typing import Any

from flowsleuth.enrich.intel.answers import at, needed, told
from flowsleuth.enrich.intel.provider import Provider, Question, Verdict
from flowsleuth.enrich.intel.severity import severity_of_word


def read_community(answer: Any, value: str) -> Verdict:
    """``classification`` of what is ``noise`` or in ``riot`` (rule it out)."""
    needed(answer, "ip")
    noise, riot = bool(at(answer, "noise")), bool(at(answer, "riot"))
    details = told(
        noise=noise,
        riot=riot,
        classification=at(answer, "classification"),
        name=at(answer, "name"),
        last_seen=at(answer, "last_seen"),
    )
    link = at(answer, "link")
    return Verdict(
        found=noise or riot,
        severity=severity_of_word(at(answer, "classification")),
        details=details,
        reference=link if isinstance(link, str) else None,
    )


GREYNOISE = Provider(
    name="greynoise",
    summary="scanners of the whole Internet, and common business services",
    url="https://api.greynoise.io",
    documentation="https://docs.greynoise.io/reference/getcommunityip",
    questions={"ipv4": Question("/v3/community/{quoted}", read_community)},
    keys=(),
    optional_keys=("api_key",),
    headers={"key": "{api_key}"},
    per_minute=10,
    scope="secondary",
    reference="https://viz.greynoise.io/ip/{quoted}",
)
