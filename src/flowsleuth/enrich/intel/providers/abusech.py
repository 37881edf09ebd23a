"""The services of abuse.ch: ThreatFox, URLhaus, MalwareBazaar. One key (``FLOWSLEUTH_ABUSECH_API_KEY``) for all three.

Sources: https://threatfox.abuse.ch/api/, https://urlhaus-api.abuse.ch/, https://bazaar.abuse.ch/api/. All answer
HTTP 200 and tell in ``query_status`` what it is.
"""

from __future__ import annotations

from typing import Any

from flowsleuth.enrich.intel.answers import at, listed, names, needed, told, whole
from flowsleuth.enrich.intel.provider import NO_DATA, OTHER, NoVerdictError, Provider, Question, Verdict
from flowsleuth.enrich.intel.severity import Severity, severity_of_number, worst

CONFIDENCE_HIGH = 75
"""ThreatFox's ``confidence_level`` from which an indicator is high; below it is a warning."""
_KEY = {"Auth-Key": "{api_key}"}
_NOTHING = ("no_result", "no_results", "hash_not_found", "illegal_search_term")
_BAD_KEY = ("unknown_auth_key", "user_blacklisted", "no_api_key")


def _ok(answer: Any) -> None:
    status = str(needed(answer, "query_status"))
    if status in _NOTHING:
        raise NoVerdictError("nothing is known", NO_DATA)
    if status in _BAD_KEY:
        raise NoVerdictError(f"it refused the key: {status}", 401)
    if status != "ok":
        raise NoVerdictError(f"it answered {status[:50]}", OTHER)


def _host(indicator: object) -> str:
    text = str(indicator)
    return text.rpartition(":")[0] if text.count(":") == 1 else text


def read_threatfox(answer: Any, value: str) -> Verdict:
    """Indicators that are the value; the search finds parts of others too, and an address is listed with its port."""
    _ok(answer)
    found = [one for one in listed(answer, "data") if value in (str(at(one, "ioc")).lower(), _host(at(one, "ioc")))]
    return _threatfox(found)


def read_threatfox_hash(answer: Any, value: str) -> Verdict:
    """Indicators that samples of this hash are linked with."""
    _ok(answer)
    return _threatfox(listed(answer, "data"))


def _threatfox(found: list[Any]) -> Verdict:
    if not found:
        raise NoVerdictError("nothing is known", NO_DATA)
    severities = [severity_of_number(at(one, "confidence_level"), 0, CONFIDENCE_HIGH) for one in found]
    details = told(
        indicators=len(found),
        malware=names(found, "malware_printable"),
        threat_types=names(found, "threat_type"),
        confidence=max(whole(at(one, "confidence_level")) for one in found),
        first_seen=at(found[-1], "first_seen"),
        last_seen=at(found[0], "last_seen"),
        tags=names(tag for one in found for tag in listed(one, "tags")),
    )
    number = at(found[0], "id")
    page = f"https://threatfox.abuse.ch/ioc/{whole(number)}/" if number else None
    return Verdict(found=True, severity=worst(severities), details=details, reference=page)


_SEARCH = Question("/api/v1/", read_threatfox, "POST", json={"query": "search_ioc", "search_term": "{value}"})
_SEARCH_HASH = Question("/api/v1/", read_threatfox_hash, "POST", json={"query": "search_hash", "hash": "{value}"})

THREATFOX = Provider(
    name="threatfox",
    summary="abuse.ch ThreatFox: indicators of malware",
    url="https://threatfox-api.abuse.ch",
    documentation="https://threatfox.abuse.ch/api/",
    questions={
        "ipv4": _SEARCH,
        "ipv6": _SEARCH,
        "domain": _SEARCH,
        "url": _SEARCH,
        "sha1": _SEARCH,
        "md5": _SEARCH_HASH,
        "sha256": _SEARCH_HASH,
    },
    keys_of="abusech",
    headers=_KEY,
    absent=(),
)


def _online(urls: list[Any]) -> Severity:
    return "high" if any(at(one, "url_status") == "online" for one in urls) else "warning"


def read_urlhaus_host(answer: Any, value: str) -> Verdict:
    """URLs that spread malware on a host: high while one is online."""
    _ok(answer)
    urls = listed(answer, "urls")
    details = told(
        urls=whole(at(answer, "url_count")),
        first_seen=at(answer, "firstseen"),
        threats=names(urls, "threat"),
        tags=names(tag for one in urls for tag in listed(one, "tags")),
        blacklists=at(answer, "blacklists"),
    )
    return Verdict(found=True, severity=_online(urls), details=details, reference=_page(answer))


def read_urlhaus_url(answer: Any, value: str) -> Verdict:
    """One URL that spread malware: high while it is online."""
    _ok(answer)
    details = told(
        status=at(answer, "url_status"),
        threat=at(answer, "threat"),
        added=at(answer, "date_added"),
        tags=names(listed(answer, "tags")),
        blacklists=at(answer, "blacklists"),
        payloads=names(listed(answer, "payloads"), "signature"),
    )
    return Verdict(found=True, severity=_online([answer]), details=details, reference=_page(answer))


def read_urlhaus_payload(answer: Any, value: str) -> Verdict:
    """A file that was fetched from such URLs."""
    _ok(answer)
    details = told(
        signature=at(answer, "signature"),
        file_type=at(answer, "file_type"),
        first_seen=at(answer, "firstseen"),
        last_seen=at(answer, "lastseen"),
        urls=whole(at(answer, "url_count")),
    )
    return Verdict(found=True, severity="high", details=details)


def _page(answer: Any) -> str | None:
    page = at(answer, "urlhaus_reference")
    return page if isinstance(page, str) else None


URLHAUS = Provider(
    name="urlhaus",
    summary="abuse.ch URLhaus: URLs, hosts and files that spread malware",
    url="https://urlhaus-api.abuse.ch",
    documentation="https://urlhaus-api.abuse.ch/",
    questions={
        "ipv4": Question("/v1/host/", read_urlhaus_host, "POST", form={"host": "{value}"}),
        "domain": Question("/v1/host/", read_urlhaus_host, "POST", form={"host": "{value}"}),
        "url": Question("/v1/url/", read_urlhaus_url, "POST", form={"url": "{value}"}),
        "md5": Question("/v1/payload/", read_urlhaus_payload, "POST", form={"md5_hash": "{value}"}),
        "sha256": Question("/v1/payload/", read_urlhaus_payload, "POST", form={"sha256_hash": "{value}"}),
    },
    keys_of="abusech",
    headers=_KEY,
    absent=(),
)


def read_bazaar(answer: Any, value: str) -> Verdict:
    """A confirmed malware sample; whatever is in there is high."""
    _ok(answer)
    sample = needed(answer, "data", 0)
    details = told(
        signature=at(sample, "signature"),
        file_name=at(sample, "file_name"),
        file_type=at(sample, "file_type"),
        first_seen=at(sample, "first_seen"),
        last_seen=at(sample, "last_seen"),
        tags=names(listed(sample, "tags")),
        delivery=at(sample, "delivery_method"),
        sha256=at(sample, "sha256_hash"),
    )
    digest = str(at(sample, "sha256_hash") or "")
    page = f"https://bazaar.abuse.ch/sample/{digest}/" if digest.isalnum() else None
    return Verdict(found=True, severity="high", details=details, reference=page)


_INFO = Question("/api/v1/", read_bazaar, "POST", form={"query": "get_info", "hash": "{value}"})

MALWAREBAZAAR = Provider(
    name="malwarebazaar",
    summary="abuse.ch MalwareBazaar: malware samples by hash",
    url="https://mb-api.abuse.ch",
    documentation="https://bazaar.abuse.ch/api/",
    questions={"md5": _INFO, "sha1": _INFO, "sha256": _INFO},
    keys_of="abusech",
    headers=_KEY,
    absent=(),
)
