"""Defanged spellings seen in reports, and texts that must stay as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.extract.refang import defang, refang


@pytest.mark.parametrize(
    ("defanged", "plain"),
    [
        ("hxxp://evil.com", "http://evil.com"),
        ("hXXps://evil.com", "https://evil.com"),
        ("HXXP://evil.com", "http://evil.com"),
        ("fxp://evil.com/a", "ftp://evil.com/a"),
        ("h**p://evil.com", "http://evil.com"),
        ("hxxp[:]//evil[.]com", "http://evil.com"),
        ("hxxps[://]evil[.]com/x", "https://evil.com/x"),
        ("http://evil[.com/x", "http://evil.com/x"),
        ("evil[.]com", "evil.com"),
        ("evil(.)com", "evil.com"),
        ("evil{.}com", "evil.com"),
        ("evil[dot]com", "evil.com"),
        ("evil (dot) com", "evil.com"),
        ("evil[DOT]com", "evil.com"),
        ("evil\\.com", "evil.com"),
        ("1.2.3[.]4", "1.2.3.4"),
        ("1[.]2[.]3[.]4[:]8080", "1.2.3.4:8080"),
        ("2001[:]db8[:][:]1", "2001:db8::1"),
        ("ana[at]evil[.]com", "ana@evil.com"),
        ("ana(@)evil.com", "ana@evil.com"),
        ("hxxp://evil[.]com/index[.]php", "http://evil.com/index.php"),
    ],
)
def test_undone(defanged, plain):
    assert refang(defanged) == plain


@pytest.mark.parametrize(
    "text",
    [
        "http://evil.com/hxxp/[dot]/(at)",
        "http://evil.com/a[.]b",
        "https://evil.com/?to=hxxp://other.com",
        "evil.com",
        "2001:db8::1",
        "d41d8cd98f00b204e9800998ecf8427e",
        "C:\\temp\\a.exe",
    ],
)
def test_left_alone(text):
    assert refang(text) == text


@given(
    st.sampled_from(["http", "https", "ftp"]),
    st.lists(st.from_regex(r"\A[a-z0-9]{1,8}\Z"), min_size=2, max_size=4),
    st.text(alphabet="abc/.-_?=&", max_size=12),
)
def test_defang_and_back(scheme, labels, rest):
    url = f"{scheme}://{'.'.join(labels)}/{rest}"
    assert refang(defang(url)) == url
    assert refang(defang(".".join(labels))) == ".".join(labels)


@given(st.text(max_size=60))
def test_never_raises(text):
    refang(text)
    defang(text)
