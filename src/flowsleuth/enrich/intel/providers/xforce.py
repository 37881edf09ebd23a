"""IBM X-Force Exchange: risk scores of addresses, domains and URLs; malware families of hashes.

Source: https://api.xforce.ibmcloud.com/doc/ (``/ipr``, ``/url``, ``/malware``), basic authentication with key
and password.
"""

from __future__ import annotations

from typing import Any

from flowsleuth.enrich.intel.answers import at, listed, names, needed, told
from flowsleuth.enrich.intel.provider import Provider, Question, Verdict
from flowsleuth.enrich.intel.severity import severity_of_number, severity_of_word

SCORE_WARNING, SCORE_HIGH = 4.0, 7.0
"""Scores go from 1 to 10; X-Force's own pages call them low, medium and high at these borders."""


def read_reputation(answer: Any, value: str) -> Verdict:
    """An address's ``score`` and categories."""
    score = needed(answer, "score")
    categories = at(answer, "cats")
    details = told(
        score=score,
        categories=sorted(categories) if isinstance(categories, dict) else [],
        reason=at(answer, "reasonDescription"),
        country=at(answer, "geo", "country"),
    )
    return Verdict(found=True, severity=severity_of_number(score, SCORE_WARNING, SCORE_HIGH), details=details)


def read_url(answer: Any, value: str) -> Verdict:
    """A site's ``result.score``, which is null for a site without a risk score."""
    result = needed(answer, "result")
    score, categories = at(result, "score"), at(result, "cats")
    details = told(score=score, categories=sorted(categories) if isinstance(categories, dict) else [])
    return Verdict(found=True, severity=severity_of_number(score, SCORE_WARNING, SCORE_HIGH), details=details)


def read_malware(answer: Any, value: str) -> Verdict:
    """A file's ``malware.risk`` and families."""
    malware = needed(answer, "malware")
    families = names(listed(malware, "family")) + names(listed(malware, "origins", "external", "family"))
    details = told(
        risk=at(malware, "risk"),
        families=list(dict.fromkeys(families)),
        type=at(malware, "type"),
        created=at(malware, "created"),
    )
    return Verdict(found=True, severity=severity_of_word(at(malware, "risk")), details=details)


_ADDRESS = Question("/ipr/{quoted}", read_reputation)
_SITE = Question("/url/{quoted}", read_url)
_FILE = Question("/malware/{quoted}", read_malware)

XFORCE = Provider(
    name="xforce",
    summary="risk scores of IBM X-Force Exchange",
    url="https://api.xforce.ibmcloud.com",
    documentation="https://api.xforce.ibmcloud.com/doc/",
    questions={
        "ipv4": _ADDRESS,
        "ipv6": _ADDRESS,
        "domain": _SITE,
        "url": _SITE,
        "md5": _FILE,
        "sha1": _FILE,
        "sha256": _FILE,
    },
    keys=("api_key", "api_password"),
    basic=("api_key", "api_password"),
    reference="https://exchange.xforce.ibmcloud.com/search/{quoted}",
)
