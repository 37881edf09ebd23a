"""Every declared service against a server that answers as its documentation shows, and against faults."""

from __future__ import annotations

import pytest

from flowsleuth.enrich.intel import PROVIDERS
from flowsleuth.enrich.intel.access import all_access, choose, find_access
from flowsleuth.enrich.intel.lookup_rows import asks_of, check
from flowsleuth.enrich.intel.provider import NoVerdictError, Provider, Question, Verdict, kql_text
from flowsleuth.enrich.intel.providers import abusech, crowdsec, otx
from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.testing import check_provider
from flowsleuth.testing.providers import KEY, access_to
from tests.enrich.intel.documented import ANSWERS, IP, MD5, OTX, THREATFOX_IP, URL, VALUES


@pytest.mark.parametrize("name", PROVIDERS.names())
def test_conformance(name):
    answers, expected = ANSWERS[name]
    check_provider(PROVIDERS.load(name), {kind: (VALUES[kind], answer) for kind, answer in answers.items()}, expected)


def request_of(name, value):
    [(_, _, ask)] = asks_of(check(value), [access_to(PROVIDERS.load(name), "https://kit.example")])
    return ask.request()


@pytest.mark.parametrize(
    ("name", "value", "method", "target"),
    [
        ("virustotal", IP, "GET", f"/ip_addresses/{IP}"),
        ("virustotal", URL, "GET", "/urls/aHR0cDovL2V2aWwuY29tL2EuZXhl"),
        ("otx", "2606:4700::1111", "GET", "/indicators/IPv6/2606%3A4700%3A%3A1111/general"),
        ("xforce", URL, "GET", "/url/http%3A%2F%2Fevil.com%2Fa.exe"),
        ("abuseipdb", IP, "GET", f"/check?ipAddress={IP}&maxAgeInDays=90"),
        ("pulsedive", "evil.com", "GET", f"/indicator.php?key={KEY}&indicator=evil.com"),
        ("crowdsec", IP, "GET", f"/v2/smoke/{IP}"),
        ("threatfox", IP, "POST", "/api/v1/"),
        ("sentinel", IP, "POST", "/v1/workspaces/kit/query"),
    ],
)
def test_requests(name, value, method, target):
    request = request_of(name, value)
    assert (request.method, request.url) == (method, "https://kit.example" + target)
    assert KEY not in repr(request)


def test_bodies():
    assert request_of("threatfox", IP).body == f'{{"query": "search_ioc", "search_term": "{IP}"}}'.encode()
    assert request_of("malwarebazaar", MD5).body == f"query=get_info&hash={MD5}".encode()
    import base64

    pair = base64.b64encode(f"{KEY}:{KEY}".encode()).decode()
    assert request_of("xforce", IP).headers["Authorization"] == f"Basic {pair}"
    assert request_of("sentinel", IP).headers["Authorization"] == f"Bearer {KEY}"


def test_a_value_cannot_leave_its_place_in_a_query():
    hostile = 'http://evil.com/"|union(SecurityEvent)//\\'
    query = __import__("json").loads(request_of("sentinel", hostile).body)["query"]
    assert '=~ "http://evil.com/\\"|union(SecurityEvent)//\\\\"\n' in query
    assert kql_text("a\nb") == '"a\\u000ab"'
    assert request_of("virustotal", "http://evil.com/../../x").url.count("/") == 4


def test_an_address_is_found_with_its_port_but_not_within_another():
    found = abusech.read_threatfox(THREATFOX_IP, IP)
    assert found.details["indicators"] == 1
    assert found.details["malware"] == ["Cobalt Strike"]
    with pytest.raises(NoVerdictError, match="nothing is known"):
        abusech.read_threatfox(THREATFOX_IP, "85.7.214.104")


@pytest.mark.parametrize(("status", "code"), [("no_result", 4), ("unknown_auth_key", 401), ("http_post_expected", 10)])
def test_abuse_ch_tells_in_words(status, code):
    with pytest.raises(NoVerdictError) as refusal:
        abusech.read_bazaar({"query_status": status}, MD5)
    assert refusal.value.status == code


def test_known_good_and_the_score_without_reputation():
    good = OTX | {"validation": [{"source": "alexa", "name": "Listed on Alexa"}]}
    assert otx.read_general(good, IP).severity == "information"
    scanner = {"false_positives": [{"name": "scanner:legit", "label": "Legit scanner"}], "classifications": []}
    found = crowdsec.read_smoke({"ip": IP, "reputation": "malicious", "classifications": scanner}, IP)
    assert (found.severity, found.details["false_positives"]) == ("information", ["Legit scanner"])
    assert crowdsec.read_smoke({"ip": IP, "scores": {"overall": {"total": 3}}}, IP).severity == "warning"


def test_keys_and_what_is_asked_by_default():
    environ = {"FLOWSLEUTH_OTX_API_KEY": " abc123456 ", "FLOWSLEUTH_ABUSECH_API_KEY": "one-for-three"}
    table = {"providers": {"internetdb": {"enabled": True, "scope": "primary"}, "otx": {"per_minute": 30}}}
    access = all_access(table, environ)
    assert [one.name for one in choose(access)] == ["otx", "internetdb", "threatfox", "urlhaus", "malwarebazaar"]
    assert access["otx"].secrets["api_key"].reveal() == "abc123456"
    assert access["otx"].per_minute == 30
    assert [one.name for one in choose(access, ["greynoise"])] == ["greynoise"]
    assert "abc123456" not in repr(access)
    with pytest.raises(OptionError, match="FLOWSLEUTH_VIRUSTOTAL_API_KEY"):
        choose(access, ["virustotal"])
    with pytest.raises(OptionError, match="no such provider"):
        choose(access, ["virustotl"])


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"url": "http://misp.example"}, "https://"),
        ({"url": "https://misp.example", "api_key": 5}, "a key is a text"),
        ({"url": "https://misp.example", "api_key": {"env": "NOT_SET"}}, "not set"),
        ({"pasword": "x"}, "no such setting"),
        ({"per_minute": 0}, "above 0"),
        ({"scope": "third"}, "no such scope"),
        ({"enabled": "yes"}, "neither true nor false"),
    ],
)
def test_settings_that_are_refused(setting, says):
    with pytest.raises(OptionError, match=says):
        find_access(PROVIDERS.load("misp"), setting, {})


def test_the_keyring():
    setting = {"url": "https://misp.example", "api_key": {"keyring": "misp", "user": "ana"}}
    access = find_access(PROVIDERS.load("misp"), setting, {}, lambda service, user: f"{service}/{user}/key")
    assert access.secrets["api_key"].reveal() == "misp/ana/key"
    assert not access.missing
    with pytest.raises(OptionError, match="not in the keyring"):
        find_access(PROVIDERS.load("misp"), setting, {}, lambda service, user: None)


def test_a_declaration_that_names_what_is_not_there():
    with pytest.raises(FlowsleuthError, match="declares what does not exist"):
        Provider(
            "x",
            "",
            "https://x.example",
            "https://x.example",
            {"ipv4": Question("/{ip}", lambda a, v: Verdict(True, "high"))},
        )
