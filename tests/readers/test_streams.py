"""Files as decompressed bytes and whole lines."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.errors import ReaderError
from flowsleuth.readers.contract import Position
from flowsleuth.readers.streams import Chunk, Source, printable

TEXT = b"".join(b"line %d with some words\n" % n for n in range(20_000))


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd,
}
packed = pytest.mark.parametrize("kind", list(PACKERS))
archived = pytest.mark.parametrize("kind", [kind for kind in PACKERS if kind])


def read(path: Path) -> tuple[bytes, str | None]:
    with Source(str(path)) as source:
        data = b"".join(source.blocks())
        return data, source.fault


@packed
def test_any_compression(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "whatever.name"
    path.write_bytes(PACKERS[kind](TEXT))
    with Source(str(path)) as source:
        assert source.compression == kind
        assert source.sample.head == TEXT[: 1 << 16]
        assert not source.sample.is_whole
        assert b"".join(source.blocks()) == TEXT
        assert source.fault is None
        assert source.digest() == hashlib.sha256(TEXT).hexdigest()
        assert source.bytes_read == len(TEXT)
        assert source.raw_position() == path.stat().st_size


@archived
def test_several_members(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(PACKERS[kind](TEXT) + PACKERS[kind](b"the end\n"))
    assert read(path) == (TEXT + b"the end\n", None)


@archived
def test_truncated_archive_gives_what_could_be_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    whole = PACKERS[kind](TEXT * 20)
    path.write_bytes(whole[: len(whole) * 2 // 3])
    data, fault = read(path)
    assert fault is not None and fault.startswith(kind) and "truncated" in fault
    assert (TEXT * 20).startswith(data)
    if kind != "bz2":
        assert data


@archived
def test_corrupt_archive_says_so(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    raw = bytearray(PACKERS[kind](TEXT * 20))
    middle = len(raw) // 2
    raw[middle : middle + 40] = bytes(255 - byte for byte in raw[middle : middle + 40])
    path.write_bytes(raw)
    data, fault = read(path)
    assert fault is not None and "corrupt" in fault
    assert data[:1000] == TEXT[:1000] or not data


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_garbage_behind_the_archive_says_so(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(PACKERS[kind](TEXT) + b"this is no archive")
    data, fault = read(path)
    assert data == TEXT
    assert fault is not None and "behind the end" in fault


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_zeros_behind_the_archive_are_padding(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(PACKERS[kind](TEXT) + b"\0" * 512)
    assert read(path) == (TEXT, None)


@archived
def test_only_a_magic_number(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(PACKERS[kind](TEXT)[:8])
    data, fault = read(path)
    assert data == b"" and fault is not None


@packed
def test_empty(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(PACKERS[kind](b""))
    with Source(str(path)) as source:
        assert list(source.chunks()) == []
        assert source.sample.is_whole and source.sample.lines() == []
        assert source.fault is None


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReaderError, match=r"nowhere: cannot be read: No such file"):
        Source(str(tmp_path / "nowhere"))


def test_standard_input() -> None:
    with Source("-", stdin=io.BytesIO(gzip.compress(b"a\nb\n"))) as source:
        assert source.path is None and source.size is None
        assert [chunk.data for chunk in source.chunks()] == [b"a\nb\n"]


class Trickle(io.RawIOBase):
    """A pipe that gives a byte at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._data.read(1 if size else 0)


@packed
def test_a_pipe_that_trickles(kind: str) -> None:
    text = b"one\ntwo\nthree"
    with Source("-", stdin=Trickle(PACKERS[kind](text))) as source:  # type: ignore[arg-type]
        assert source.compression == kind
        chunks = list(source.chunks())
        assert b"".join(chunk.data for chunk in chunks) == text
        assert [chunk.is_tail for chunk in chunks][-1]


def test_last_line_without_end_is_a_tail(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"a\r\nb\r\nc")
    with Source(str(path)) as source:
        first, tail = source.chunks()
        assert (first.first_line, len(first), first.is_tail, [first.line(0), first.line(1)]) == (
            1,
            2,
            False,
            [b"a", b"b"],
        )
        assert (tail.first_line, len(tail), tail.is_tail, tail.line(0), tail.start, tail.end) == (
            3,
            1,
            True,
            b"c",
            6,
            7,
        )


def test_sample_lines() -> None:
    with Source("-", stdin=io.BytesIO(b"a\r\nb\nc")) as source:
        assert source.sample.lines() == ["a", "b", "c"]
        assert source.sample.is_text()
    with Source("-", stdin=io.BytesIO(b"a\0b")) as source:
        assert not source.sample.is_text()
    with Source("-", stdin=io.BytesIO(TEXT)) as source:
        assert all(line.endswith("words") for line in source.sample.lines())


def test_skip_and_read_on(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(gzip.compress(TEXT))
    at = TEXT.index(b"line 5000 ")
    with Source(str(path)) as source:
        assert source.skip(at) == hashlib.sha256(TEXT[:at]).hexdigest()
        source.start = Position(at, 5_000)
        chunk = next(source.chunks())
        assert (chunk.line(0), chunk.first_line, chunk.start) == (b"line 5000 with some words", 5_001, at)
    with Source(str(path)) as source:
        assert source.skip(len(TEXT) + 1) is None


@given(st.binary(max_size=400), st.integers(1, 50))
def test_chunks_are_the_whole(data: bytes, size: int) -> None:
    lines = data.split(b"\n")
    with Source("-", stdin=io.BytesIO(b"# " + data)) as source:
        chunks = list(source.chunks(size))
    assert b"".join(chunk.data for chunk in chunks) == b"# " + data
    line, offset = 1, 0
    found = []
    for chunk in chunks:
        assert (chunk.first_line, chunk.start) == (line, offset)
        found += [chunk.data[chunk.starts[at] : chunk.starts[at + 1]].removesuffix(b"\n") for at in range(len(chunk))]
        assert chunk.is_tail == (not chunk.data.endswith(b"\n"))
        line, offset = line + len(chunk), chunk.end
    lines[0] = b"# " + lines[0]
    assert found == (lines if lines[-1] else lines[:-1])


def test_printable() -> None:
    assert printable("é".encode() + b"\xff\x00") == "é\\xff\x00"


def test_chunk_counts_lines() -> None:
    assert len(Chunk(b"a\n\nb", 1, 0, True)) == 3
    assert Chunk(b"a\n\nb", 1, 0, True).starts.tolist() == [0, 2, 3, 4]


def test_each_chunks_end_has_its_digest_while_the_next_is_read_ahead(tmp_path: Path) -> None:
    lines = b"".join(b"line %d\n" % n for n in range(2_000))
    (tmp_path / "log").write_bytes(lines + b"no end")
    with Source(str(tmp_path / "log")) as source:
        ends = []
        for chunk in source.chunks(1_000):
            if not chunk.is_tail:
                assert source.digest_at(chunk.end) == hashlib.sha256(lines[: chunk.end]).hexdigest()
                assert source.digest_at(chunk.end - 1) is None
            ends.append(chunk.end)
        assert ends[-1] == len(lines) + len(b"no end")
        assert source.digest_at(len(lines)) == source.digest() == hashlib.sha256(lines).hexdigest()


def test_a_reader_that_stops_early_leaves_no_thread(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"line\n" * 10_000)
    with Source(str(tmp_path / "log")) as source:
        chunks = source.chunks(1_000)
        assert next(chunks).first_line == 1
        chunks.close()
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("read")]
