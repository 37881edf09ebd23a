# ruff: noqa: E501 (texts are as long as they are)
"""The engines agree with each other, places lead back to spellings, and no text stops the scan."""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.extract.ioc.test_cases import ADDRESSES, HASHES, NAMES, NOTHING, PATHS, URLS

from flowsleuth.errors import OptionError
from flowsleuth.extract.ioc import compiled as compiled_module
from flowsleuth.extract.ioc.columns import find
from flowsleuth.extract.ioc.engine import ScanOptions, takes_numba
from flowsleuth.extract.ioc.kernels.urls import LONGEST_URL
from flowsleuth.extract.ioc.kinds import type_names
from flowsleuth.schema.addresses import canonical_address

SHARED = Path(__file__).parents[4] / "shared" / "data"
PLAIN, COMPILED = ScanOptions(engine="python"), ScanOptions(engine="numba", n_threads=2)
EVERY = type_names(None, include_paths=True)
CASES = [text for text, _ in ADDRESSES + NAMES + URLS + HASHES + PATHS] + NOTHING
PIECES = [
    "http", "hxxp", "://", ":", "[:]", ".", "[.]", "[dot]", "(.)", "@", "[at]", "/", "\\", "\\\\", "::", "%2F", "%3A%2F%2F",
    "evil", "com", "zip", "com.br", "1", "12", "255", "256", "fe80", "2001:db8", "0", "a" * 32, "0123456789abcdef" * 2, "-", "_",
    " ", '"', "'", "(", ")", "[", "]", "{", "}", "<", ">", ",", ";", "&", "=", "?", "#", "*", "+", "C:\\", "HKLM\\", "/tmp",
    "~/", "%APPDATA%\\", "CVE-2021-44228", "T1059", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "ü", "中", "。", "“", "😀", "\n", "\t", "\x00",
    "/24", ".exe", "version", "bc1q", "00:11:22", "aa-bb-cc-dd-ee-ff", "\ud800",
]  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=14).map("".join))


@pytest.fixture(scope="module")
def needs_numba() -> None:
    """CI installs the ``fast`` extra and sets CI, so there the numba half can't be skipped unseen."""
    if os.environ.get("CI"):
        import numba  # noqa: F401
    pytest.importorskip("numba", reason="numba not installed: pip install 'flowsleuth[fast]'")


def column(texts: list[str]) -> pa.Array:
    return pa.array([text.encode("utf-8", "replace").decode() for text in texts], pa.string())


@given(TEXTS)
@example("http://a.com/?u=http%3A%2F%2F\ud800b.com")
@settings(max_examples=400, deadline=None)
def test_places_lead_to_spellings(text: str) -> None:
    texts = column([text])
    whole = texts[0].as_py()
    for row in find(texts, EVERY, PLAIN).to_pylist():
        assert whole[row["start"] : row["start"] + len(row["found"])] == row["found"]
        assert row["observable"]
        if row["type"] in ("ipv4", "ipv6"):
            assert canonical_address(row["observable"]) == row["observable"]


@given(st.lists(TEXTS, max_size=8))
@settings(max_examples=60, deadline=None)
def test_a_column_is_its_texts_one_by_one(texts: list[str]) -> None:
    whole = find(column(texts), EVERY, PLAIN).to_pylist()
    alone = [
        row | {"row": at} for at, text in enumerate(texts) for row in find(column([text]), EVERY, PLAIN).to_pylist()
    ]
    assert whole == alone


@pytest.mark.soak
@pytest.mark.usefixtures("needs_numba")
@given(st.lists(TEXTS, max_size=8))
@settings(max_examples=150, deadline=None)
def test_engines_agree_on_random_text(texts: list[str]) -> None:
    assert find(column(texts), EVERY, COMPILED).equals(find(column(texts), EVERY, PLAIN))


@pytest.mark.usefixtures("needs_numba")
def test_engines_agree_on_hard_cases() -> None:
    texts = column(CASES)
    assert find(texts, EVERY, COMPILED).equals(find(texts, EVERY, PLAIN))
    assert find(texts[3:40], ["dns"], COMPILED).equals(find(texts[3:40], ["dns"], PLAIN))


@pytest.mark.real
@pytest.mark.usefixtures("needs_numba")
@pytest.mark.skipif(not SHARED.exists(), reason="the developer data set is absent")
@pytest.mark.parametrize("name", ["host/auditd_log.txt", "host/syslog_data.csv", "aws/AWS_Honeybucket_Logs.txt",
                                  "host/linux_proc_execve.csv.gz", "host/encoded_powershell_commands.csv"])  # fmt: skip
def test_engines_agree_on_real_text(name: str) -> None:
    raw = (SHARED / name).read_bytes()
    text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode("utf-8", "replace")[:300_000]
    texts = pa.array(text.split("\n"))
    plain = find(texts, EVERY, PLAIN)
    assert len(plain) > 5
    assert find(texts, EVERY, COMPILED).equals(plain)


@pytest.mark.usefixtures("needs_numba")
def test_chunks_and_threads_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = column(CASES * 3)
    expected = find(texts, EVERY, COMPILED)
    monkeypatch.setattr("flowsleuth.extract.ioc.engine.CHUNK_BYTES", 97)
    assert find(texts, EVERY, COMPILED).equals(expected)
    assert find(texts, EVERY, ScanOptions(engine="numba", n_threads=1)).equals(expected)
    assert (
        find(pa.chunked_array([texts[:50], texts[50:]]), EVERY, PLAIN)
        .combine_chunks()
        .equals(expected.combine_chunks())
    )


@pytest.mark.usefixtures("needs_numba")
def test_both_engines_cut_long_ones_at_the_same_place() -> None:
    texts = column(
        [f"http://evil.com/{'a' * size} C:\\{'b' * size} /tmp/{'c' * size}" for size in (4_000, 6_000, 9_000)]
    )
    expected = find(texts, EVERY, PLAIN)
    assert find(texts, EVERY, COMPILED).equals(expected)
    urls = [row["observable"] for row in expected.to_pylist() if row["type"] == "url"]
    assert [len(url) for url in urls] == [4_016, 6_016, LONGEST_URL]


def test_a_name_means_one_thing_in_all_of_the_scan() -> None:
    one, two = ModuleType("one"), ModuleType("two")
    one.LONGEST, two.LONGEST = 1, 2  # type: ignore[attr-defined]
    with pytest.raises(NameError, match="LONGEST of two"):
        compiled_module.meanings([one, two])


def test_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_module, "numba_or_none", lambda: None)
    assert not takes_numba("auto", 10**9)
    with pytest.raises(OptionError, match=r"flowsleuth\[fast\]"):
        takes_numba("numba", 1)
    assert not takes_numba("auto", 10)


@pytest.mark.parametrize("options", [{"engine": "fast"}, {"n_threads": 0}])
def test_options_out_of_bounds(options: dict) -> None:
    with pytest.raises(OptionError):
        ScanOptions(**options)


@pytest.mark.parametrize("unit", ["http://", "http://a.co/?", "a.", "[.]", "1.", "1:", "::", "@a", "a@b.co ", "((", "C:\\ ", "/tmp/ ",
                                  "%3A", "a-", "(", "'", " [at] ", "\\", "a" * 40, "ü.", "http://x(", "h**p://"])  # fmt: skip
def test_work_is_linear_in_the_text(unit: str) -> None:
    def took(size: int) -> float:
        text = column([unit * (size // len(unit))])
        begin = time.process_time()
        find(text, EVERY, PLAIN)
        return time.process_time() - begin

    took(1_000)
    small = max(min(took(4_000) for _ in range(3)), 0.002)
    assert min(took(32_000) for _ in range(2)) < 30 * small


@pytest.mark.parametrize(
    "unit",
    ["HKLM\\", "%aa%\\", "C:\\", "\\\\a\\b", "~/", "/tmp/", "/tmp/a@b.co", "http://a.co/?", "a@b.co/", "C:/", "a.co/"],
)
def test_findings_do_not_pile_up(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    found = find(column([text]), EVERY, PLAIN)
    assert len(found) <= len(text) // 2
    assert sum(map(len, found["found"].to_pylist())) <= 4 * len(text)


@pytest.mark.parametrize("head", ["http://a.com/", "C:\\", "/tmp/", "HKLM\\"])
@pytest.mark.parametrize("shift", range(4))
def test_what_is_too_long_is_cut_between_characters(head: str, shift: int) -> None:
    text = head + "x" * shift + "éü" * 5_000
    (first,) = find(column([text]), EVERY, PLAIN).slice(0, 1).to_pylist()
    assert text.startswith(first["found"]) or first["found"] in text
    assert 4_000 < len(first["found"].encode()) < 8_200


def test_a_null_and_no_text() -> None:
    assert len(find(pa.array([None, None], pa.string()), EVERY)) == 0
    assert len(find(pa.array([], pa.string()), EVERY)) == 0
    assert find(pa.array([None, "8.8.8.8"]), EVERY)["row"].to_pylist() == [1]
