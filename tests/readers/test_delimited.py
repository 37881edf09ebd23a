"""Delimited text: the fast road and the careful one give the same, and every line ends somewhere."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.readers.delimited import Delimited, lines_like, read_delimited
from flowsleuth.readers.streams import Chunk

TYPES = {"n": pa.int32(), "x": pa.float64()}


def read(data: bytes, **how: object) -> Delimited:
    chunk = Chunk(data, 1, 0, not data.endswith(b"\n"))
    return read_delimited(chunk, ["n", "word", "x"], TYPES, **how)  # type: ignore[arg-type]


def test_clean_chunk() -> None:
    found = read(b'1,a,2.5\n2,"b,c",\n')
    assert found.table.to_pylist() == [{"n": 1, "word": "a", "x": 2.5}, {"n": 2, "word": "b,c", "x": None}]
    assert found.lines.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"1,a", "wrong number of fields"),
        (b"1,a,2,3", "wrong number of fields"),
        (b'1,"a,2', "unbalanced quote"),
        (b"x,a,2", "not a number"),
        (b"1.5,a,2", "not a number"),
        (b"4000000000,a,2", "not a number"),
        (b"1,a,two", "not a number"),
        (b"1,a\rb,2", "carriage return inside the line"),
    ],
)
def test_one_bad_line_is_one_reject(line: bytes, reason: str) -> None:
    found = read(b"1,a,2\n" + line + b"\n3,c,4\n")
    assert [(reject.source_row, reject.reason) for reject in found.rejects] == [(2, reason)]
    assert found.rejects[0].raw == line.decode()
    assert found.table["n"].to_pylist() == [1, 3]
    assert found.lines.tolist() == [0, 2]


def test_bytes_that_are_no_utf8_are_kept_readable() -> None:
    found = read(b"1,a\xff,2\n2,\xc3\xa9,3\n")
    assert found.table["word"].to_pylist() == ["a\\xff", "é"]
    assert not found.rejects


def test_blank_and_skipped_lines_are_no_records() -> None:
    data = b"\r\n#comment\n1,a,2\n\n\n2,b,3\n# more, of, it\n"
    chunk = Chunk(data, 1, 0, False)
    found = read_delimited(chunk, ["n", "word", "x"], TYPES, skip=lines_like(chunk, [b"#"]))
    assert (found.lines.tolist(), found.rejects) == ([2, 5], [])


def test_a_blank_line_and_a_stray_return_do_not_make_up_for_each_other() -> None:
    found = read(b"1,a,2\n\n2,b\r,3\n")
    assert found.lines.tolist() == [0]
    assert [reject.source_row for reject in found.rejects] == [3]


def test_quotes_may_mean_nothing() -> None:
    found = read(b'1,"a,2\n2,b",3\n', quote=None)
    assert found.table["word"].to_pylist() == ['"a', 'b"']


def test_null_values_and_types() -> None:
    found = read(b"-,-,-\n 7 ,x, 1e3 \n", null_values=("-",))
    assert found.table.to_pylist() == [{"n": None, "word": None, "x": None}, {"n": 7, "word": "x", "x": 1000.0}]


def test_nothing_but_rejects() -> None:
    found = read(b"a\nb\n")
    assert (len(found.table), len(found.rejects)) == (0, 2)
    assert found.table.schema.types == [pa.int32(), pa.string(), pa.float64()]


def test_very_long_line() -> None:
    found = read(b"1," + b"a" * (5 << 20) + b",2\n2,b,3\n")
    assert found.lines.tolist() == [0, 1]


CELLS = st.one_of(
    st.integers(-9, 9).map(str), st.sampled_from(["", "-", "x", "1.5", '"', '"a,b"', "é", "\xff", " 3 ", "\r"])
)
LINES = st.lists(CELLS, min_size=0, max_size=4).map(",".join)


@given(st.lists(LINES, max_size=8), st.booleans())
def test_every_line_ends_somewhere(lines: list[str], quoted: bool) -> None:
    data = "".join(line + "\n" for line in lines).encode("latin-1")
    found = read(data, quote='"' if quoted else None)
    blank = {at for at, line in enumerate(lines) if not line.strip("\r")}
    places = [*found.lines.tolist(), *(reject.source_row - 1 for reject in found.rejects)]
    assert sorted(places) == [at for at in range(len(lines)) if at not in blank]
    assert len(found.table) == len(found.lines)


@given(st.lists(LINES, max_size=8), st.booleans())
def test_lines_do_not_change_each_other(lines: list[str], quoted: bool) -> None:
    quote = '"' if quoted else None
    rows = {}
    for at, line in enumerate(lines):
        alone = read(line.encode("latin-1") + b"\n", quote=quote)
        if len(alone.table):
            rows[at] = alone.table.to_pylist()[0]
    together = read("".join(line + "\n" for line in lines).encode("latin-1"), quote=quote)
    assert dict(zip(together.lines.tolist(), together.table.to_pylist(), strict=True)) == rows
