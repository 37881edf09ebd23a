"""What is recognised, in which form, and what is refused with which reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.errors import OptionError
from flowsleuth.extract.observables import TYPES, recognize, recognize_all, type_named
from flowsleuth.extract.special_addresses import why_not_global
from flowsleuth.extract.urls import safe_url, url_key

EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("8.8.8.8", "ipv4", "8.8.8.8"),
        (" '8.8[.]8.8' ", "ipv4", "8.8.8.8"),
        ("8.8.8.8:443", "ipv4", "8.8.8.8"),
        ("2001:4860:4860:0:0:0:0:8888", "ipv6", "2001:4860:4860::8888"),
        ("[2606:4700::1111]:443", "ipv6", "2606:4700::1111"),
        ("FE80::1%eth0", "ipv6", "fe80::1"),
        ("Evil.COM.", "domain", "evil.com"),
        ("sub_domain.evil.com", "domain", "sub_domain.evil.com"),
        ("bücher.de", "domain", "xn--bcher-kva.de"),
        ("abcdefghij234567.onion", "domain", "abcdefghij234567.onion"),
        ("hxxps://EVIL[.]com:443/Path?Q=1#frag", "url", "https://evil.com/Path?Q=1"),
        ("http://evil.com", "url", "http://evil.com/"),
        ("http://198.18.0.1:8080/x", "url", "http://198.18.0.1:8080/x"),
        (EMPTY_MD5.upper(), "md5", EMPTY_MD5),
        ("da39a3ee5e6b4b0d3255bfef95601890afd80709", "sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        (
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "sha256",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
    ],
)
def test_recognised(text, kind, value):
    found = recognize(text)
    assert (found.type, found.value) == (kind, value)
    assert found.given == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("10.1.2.3", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "shared by carriers"),
        ("127.0.0.1", "loopback"),
        ("169.254.1.1", "link local"),
        ("0.0.0.0", "unspecified (RFC 1122)"),
        ("0.1.2.3", "of this network (RFC 791)"),
        ("192.0.2.1", "documentation"),
        ("224.0.0.251", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "broadcast"),
        ("fe80::1", "link local"),
        ("fd00::1", "private (RFC 4193)"),
        ("::1", "loopback"),
        ("::ffff:192.168.0.1", "private"),
        ("2002:c0a8:0001::1", "private"),
        ("64:ff9b::10.0.0.1", "private"),
        ("2001:db8::1", "documentation"),
        ("fec0::1", "reserved (RFC 4291)"),
        ("4000::1", "reserved (RFC 4291)"),
        ("192.88.99.1", "reserved (RFC 7526)"),
        ("256.1.1.1", "above 255"),
        ("printer.local", "local name"),
        ("server7", "no address, domain"),
        ("setup.1.0.14.tmp", "no top-level domain"),
        ("1.0.0.127.in-addr.arpa", "reverse name"),
        ("http://intranet/x", "local name"),
        ("http://server7/x", "without a domain"),
        ("http://10.0.0.1/x", "private"),
        ("http://evil.com/a b", "blank"),
        ("file:///etc/passwd", "no URL of a kind"),
        ("javascript://evil.com/x", "no URL of a kind"),
        ("10.0.0.0/8", "a network"),
        ("evil.com/x.php", "without its scheme"),
        ("ana@evil.com", "e-mail"),
        ("a" * 32, "placeholder"),
        ("00:11:22:33:44:55", "no address, domain"),
        ("12:30:45", "no address, domain"),
        ("-evil.com", "no domain name"),
        ("evil..com", "an empty part"),
        ("x" * 70 + ".com", "no domain name"),
        ("", "empty"),
        ("a" * 10_000, "too long"),
    ],
)
def test_refused(text, reason):
    assert reason in (recognize(text).refused or "")


@pytest.mark.parametrize("nothing", [None, float("nan"), 5, b"8.8.8.8"])
def test_what_is_no_text_is_refused(nothing):
    assert recognize(nothing).refused == "no text"
    assert recognize(nothing).value is None


def test_a_wanted_type():
    assert recognize("8.8.8.8", "ipv4").type == "ipv4"
    assert recognize("8.8.8.8", "dns").refused == "no domain: it is of type ipv4"
    assert [type_named(name) for name in ("dns", "sha256_hash", "IPv6")] == ["domain", "sha256", "ipv6"]
    with pytest.raises(OptionError, match="no such type"):
        type_named("email")


def test_the_global_ones_inside_special_blocks():
    assert why_not_global("192.0.0.9") is None
    assert why_not_global("2001:4:112::1") is None
    assert why_not_global("2001:5::1") == "for protocols (RFC 2928)"


def test_urls_lose_credentials_and_when_configured_the_query():
    assert safe_url("https://ana:s3cret@evil.com/a?token=x#f") == "https://evil.com/a?token=x"
    assert safe_url("https://ana:s3cret@evil.com/a?token=x", "strip") == "https://evil.com/a"
    assert url_key("https://evil.com/a") == url_key("hxxp://EVIL.com:80/a") == "evil.com/a"
    assert url_key("evil") is None


@given(st.one_of(st.none(), st.integers(), st.text(max_size=80)))
def test_never_raises(text):
    found = recognize(text)
    assert (found.value is None) == (found.type is None)
    assert found.value is not None or found.refused
    if found.value is not None:
        again = recognize(found.value)
        assert (again.value, again.type) == (found.value, found.type)
    assert found.type is None or found.type in TYPES


def test_a_column():
    found = recognize_all(["8.8.8.8", "8.8.8.8", None, "x"])
    assert [one.value for one in found] == ["8.8.8.8", "8.8.8.8", None, None]
    assert found[0] is found[1]


@pytest.mark.parametrize("text", ["10.", "10. ", "10.2.10.2.", "web1.", "a.5"])
def test_a_name_does_not_end_in_a_number_nor_is_it_one_label(text):
    """Found by the fuzzer: they were taken for domains, and what they became was none."""
    assert not recognize(text).is_known
