"""CrowdSec CTI: what its community has seen an address do.

Source: https://docs.crowdsec.net/u/cti_api/enrichment_api and the "smoke" format (version 2),
https://docs.crowdsec.net/u/cti_api/taxonomy/intro.
"""

from __future__ import annotations

from typing import Any

from flowsleuth.enrich.intel.answers import at, listed, names, needed, told
from flowsleuth.enrich.intel.provider import Provider, Question, Verdict
from flowsleuth.enrich.intel.severity import severity_of_number, severity_of_word

TOTAL_WARNING, TOTAL_HIGH = 2, 4
"""Of ``scores.overall.total``, 0 to 5, for answers that give no ``reputation``."""


def read_smoke(answer: Any, value: str) -> Verdict:
    """``reputation`` (malicious, suspicious, known, safe, unknown), or else the overall score.

    What has tags of false positives "shouldn't be considered as malicious" (CrowdSec's own words): information.
    """
    needed(answer, "ip")
    reputation = at(answer, "reputation")
    if reputation is None:
        severity = severity_of_number(at(answer, "scores", "overall", "total"), TOTAL_WARNING, TOTAL_HIGH)
    else:
        severity = severity_of_word(reputation)
    false_positives = names(listed(answer, "classifications", "false_positives"), "label")
    if false_positives:
        severity = "information"
    details = told(
        reputation=reputation,
        confidence=at(answer, "confidence"),
        behaviors=names(listed(answer, "behaviors"), "label"),
        attacks=names(listed(answer, "attack_details"), "label"),
        classifications=names(listed(answer, "classifications", "classifications"), "label"),
        false_positives=false_positives,
        noise=at(answer, "background_noise_score"),
        first_seen=at(answer, "history", "first_seen"),
        last_seen=at(answer, "history", "last_seen"),
        as_name=at(answer, "as_name"),
    )
    return Verdict(found=True, severity=severity, details=details)


_SMOKE = Question("/v2/smoke/{quoted}", read_smoke)

CROWDSEC = Provider(
    name="crowdsec",
    summary="what CrowdSec's community has seen an address do",
    url="https://cti.api.crowdsec.net",
    documentation="https://docs.crowdsec.net/u/cti_api/enrichment_api",
    questions={"ipv4": _SMOKE, "ipv6": _SMOKE},
    headers={"x-api-key": "{api_key}"},
    per_minute=30,
    reference="https://app.crowdsec.net/cti/{quoted}",
)
