"""Tables of what was decoded, for a text and for columns of every make."""

from __future__ import annotations

import base64
import gzip
import hashlib

import pandas as pd
import pyarrow as pa
import pytest

from flowsleuth.errors import OptionError
from flowsleuth.extract.decoding import DecodeLimits, decoded_texts, unpack, unpack_df, unpack_items
from flowsleuth.extract.decoding.tables import TEXT_COLUMNS

WHOAMI = "powershell -enc dwBoAG8AYQBtAGkA"


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_one_row_in_full():
    body = gzip.compress(b"whoami /all", mtime=0)
    _text, found = unpack(f"cmd {encoded(body)}")
    assert list(found.columns) == list(TEXT_COLUMNS)
    assert found.astype(object).where(found.notna(), None).to_dict("records") == [
        {
            "reference": "1", "original_string": encoded(body), "file_name": None, "file_type": "gz",
            "input_bytes": body, "decoded_string": None, "encoding_type": "binary",
            "file_hashes": {name: hashlib.new(name, body).hexdigest() for name in ("md5", "sha1", "sha256")},
            "md5": hashlib.md5(body).hexdigest(), "sha1": hashlib.sha1(body).hexdigest(),
            "sha256": hashlib.sha256(body).hexdigest(), "printable_bytes": body.hex(" "), "depth": 1, "offset": 4,
            "decode_path": "base64 > gz", "status": "decoded", "note": None,
        },
        {
            "reference": "1.1", "original_string": encoded(body), "file_name": None, "file_type": "string",
            "input_bytes": b"whoami /all", "decoded_string": "whoami /all", "encoding_type": "utf-8",
            "file_hashes": None, "md5": None,
            "sha1": None, "sha256": None, "printable_bytes": None, "depth": 1, "offset": 4,
            "decode_path": "base64 > gz > utf-8", "status": "decoded", "note": None,
        },
    ]  # fmt: skip


def test_nothing_found():
    text, found = unpack_items(input_string="ipconfig /all")
    assert text == "ipconfig /all"
    assert len(found) == 0
    assert list(found.columns) == list(TEXT_COLUMNS)


def test_a_column_with_all_that_a_log_has_in_it():
    """None, NaN, numbers, bytes, lone surrogates, a damaged gzip: every other row is answered."""
    damaged = gzip.compress(b"some longer text that is cut" * 3)[:40]
    data = pd.DataFrame(
        {"cmd": [None, float("nan"), 7, WHOAMI, "", encoded(damaged), b"x " + WHOAMI.encode(), f"\ud800 {WHOAMI}"]},
        index=[5, 6, 7, 7, 8, 9, 10, 11],
    )
    before = data.copy(deep=True)
    found = unpack_items(data=data, column="cmd")
    pd.testing.assert_frame_equal(data, before)
    assert list(found.columns) == [*TEXT_COLUMNS, "src_index", "cmd", "full_decoded_string"]
    assert found.loc[found["decoded_string"] == "whoami", "src_index"].tolist() == [7, 10, 11]
    assert found.loc[found["src_index"] == 9, "status"].tolist()[-1] == "damaged"
    assert found["full_decoded_string"].iloc[0] == (
        "powershell -enc <decoded type='string' name='[None]' index='1' depth='1'>whoami</decoded>"
    )


@pytest.mark.parametrize("make", ["pandas", "arrow", "polars"])
def test_the_same_make_comes_back(make):
    table = pa.table({"cmd": [None, WHOAMI, "dir", WHOAMI]})
    if make == "polars":
        polars = pytest.importorskip("polars")
        data = polars.from_arrow(table)
    else:
        data = table if make == "arrow" else table.to_pandas()
    found = unpack_df(data, "cmd")
    assert type(found) is type(data)
    assert list(found["src_index"].to_pylist() if make == "arrow" else found["src_index"]) == [1, 3]


def test_empty_and_absent():
    assert len(unpack_df(pd.DataFrame({"cmd": []}), "cmd")) == 0
    assert len(unpack_df(pd.DataFrame({"cmd": [None, None]}), "cmd")) == 0
    with pytest.raises(OptionError, match=r"Cmd: no such column .*did you mean cmd"):
        unpack_df(pd.DataFrame({"cmd": ["a"]}), "Cmd")
    with pytest.raises(OptionError, match="by its column"):
        unpack_items(data=pd.DataFrame({"cmd": ["a"]}))
    for given in ({}, {"input_string": "a", "data": pd.DataFrame()}):
        with pytest.raises(OptionError, match="one text or one table"):
            unpack_items(**given)


def test_a_source_column_whose_name_is_taken():
    found = unpack_df(pd.DataFrame({"status": [WHOAMI]}), "status")
    assert found["status"].tolist() == ["decoded"]
    assert found["status_given"].tolist() == [WHOAMI]


def test_the_limit_of_a_whole_call():
    rows = [encoded(gzip.compress(f"{n} {'text ' * 2000}".encode())) for n in range(40)]
    found = unpack_df(pd.DataFrame({"cmd": rows}), "cmd", limits=DecodeLimits(max_call_bytes=100_000))
    assert found["input_bytes"].map(len).sum() <= 150_000
    last = found[found["src_index"] == 39].iloc[-1]
    assert (last["status"], last["note"]) == ("limit", "all rows together become more than 100,000 bytes")


def test_nothing_is_remembered_from_one_call_to_the_next():
    """What could not be decoded once is looked at again."""
    for _ in range(2):
        assert unpack("a=Y2FsYy5leGU=")[0] == (
            "a=<decoded type='string' name='[None]' index='1' depth='1'>calc.exe</decoded>"
        )


def test_every_decoded_text_with_the_way_to_it():
    inner = encoded(b"net user eve")
    data = pd.DataFrame({"cmd": ["dir", encoded(f"cmd /c {inner}".encode()), WHOAMI]})
    assert [(one.row, one.reference, one.text, one.path, one.offset) for one in decoded_texts(data, "cmd")] == [
        (1, "1", f"cmd /c {inner}", ("base64", "utf-8"), 0),
        (1, "1.1", "net user eve", ("base64", "utf-8", "base64", "utf-8"), 0),
        (2, "1", "whoami", ("base64", "utf-16-le"), 16),
    ]


def test_rows_without_anything_encoded_are_told_apart_by_column():
    """The comparison of whole columns passes over nothing that is found in the text alone."""
    from flowsleuth.extract.decoding.tables import unpack_column
    from tests.extract.decoding.test_hard_cases import CASES, SHORT

    given = [*CASES.values(), *SHORT.values()]
    found = {row for rows, _ in unpack_column(pa.array(given)) for row in rows}
    assert found == set(range(len(given)))


def test_each_row_of_equal_texts_has_all_that_is_in_it():
    one, other = "a Y2FsYy5leGU= b d2hvYW1pIC9hbGw=", "echo Y2FsYy5leGU="
    found = unpack_df(pd.DataFrame({"cmd": [one, other, "dir", one]}, index=list("wxyz")), "cmd")
    told = found[["src_index", "cmd", "reference", "decoded_string"]].values.tolist()
    of_one = [[one, "1", "calc.exe"], [one, "2", "whoami /all"]]
    assert told == [*(["w", *row] for row in of_one), *(["z", *row] for row in of_one), ["x", other, "1", "calc.exe"]]
    assert found["full_decoded_string"].nunique() == 2
