"""Files as decompressed bytes and whole lines, in blocks of flat size.

Compression is found by its first bytes. An archive that is truncated or corrupt gives what could be read, and then
says so in ``fault``.
"""

from __future__ import annotations

import hashlib
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
import numpy.typing as npt

from flowsleuth.errors import ReaderError
from flowsleuth.readers.compressed import SMALL_BLOCK, Replay, compression_of, decompressed
from flowsleuth.readers.contract import Position
from flowsleuth.readers.zip_members import faults_of_zip, open_member, split_member

_Thing = TypeVar("_Thing")

CHUNK = 16 << 20
"""Bytes of lines handled at a time: large enough for whole columns to pay, small enough for flat memory."""
HEAD = 1 << 16
AHEAD = 4
"""Ends of chunks whose digest is remembered: more than are ever read before they are asked for."""


@dataclass(frozen=True)
class Sample:
    """The beginning of a file, for readers to recognise.

    Attributes
    ----------
    name : str
        The path as given.
    head : bytes
        Up to 64 KiB of decompressed content.
    compression : str
        ``""``, ``gz``, ``bz2``, ``xz``, ``zst`` or ``zip``; of a compressed file in a zip archive, that of the file.
    is_whole : bool
        The head is all there is.
    path : Path or None
        Where the file is; None for standard input.
    """

    name: str
    head: bytes
    compression: str
    is_whole: bool
    path: Path | None

    def lines(self) -> list[str]:
        """The whole lines of the head as text (the last one only if the head is all there is)."""
        text = self.head.decode("utf-8", errors="replace")
        lines = text.split("\n")
        if not self.is_whole or not lines[-1]:
            lines.pop()
        return [line.removesuffix("\r") for line in lines]

    def is_text(self) -> bool:
        """Whether the head looks like text (no NUL byte, mostly UTF-8)."""
        if b"\x00" in self.head:
            return False
        text = self.head.decode("utf-8", errors="replace")
        return text.count("\ufffd") <= len(text) // 20


@dataclass(frozen=True)
class Chunk:
    """Whole lines of a text.

    Attributes
    ----------
    data : bytes
        The lines, each ended by ``\\n`` (the last one of a file may have none).
    first_line : int
        1-based number of the first line.
    start, end : int
        Offsets of the chunk in the decompressed text.
    is_tail : bool
        The last line has no line end, so it may still grow.
    """

    data: bytes
    first_line: int
    start: int
    is_tail: bool

    @property
    def end(self) -> int:
        return self.start + len(self.data)

    @cached_property
    def _lines(self) -> int:
        ends = np.frombuffer(self.data, dtype=np.uint8) == ord("\n")  # three times as fast as bytes.count
        return int(np.count_nonzero(ends)) + self.is_tail

    def __len__(self) -> int:
        """Number of lines."""
        return self._lines

    @cached_property
    def starts(self) -> npt.NDArray[np.int64]:
        """Where each line begins in ``data``, and at the end ``len(data)``."""
        ends = np.flatnonzero(np.frombuffer(self.data, dtype=np.uint8) == 10).astype(np.int64) + 1
        if self.is_tail:
            ends = np.append(ends, len(self.data))
        return np.concatenate([np.zeros(1, dtype=np.int64), ends])

    def line(self, at: int) -> bytes:
        """One line without its line end."""
        return self.data[self.starts[at] : self.starts[at + 1]].rstrip(b"\r\n")


def printable(raw: bytes) -> str:
    """Bytes as text; what is not UTF-8 becomes ``\\xNN``.

    Examples
    --------
    >>> printable(b"a\\xff")
    'a\\\\xff'
    """
    return raw.decode("utf-8", errors="backslashreplace")


def _first_bytes(raw: IO[bytes]) -> bytes:
    magic = raw.read(8)
    while len(magic) < 8 and (more := raw.read(8 - len(magic))):
        magic += more
    return magic


def one_ahead(things: Iterator[_Thing]) -> Iterator[_Thing]:
    """The same things; while one is worked on, the next is made in a thread.

    Examples
    --------
    >>> list(one_ahead(iter("abc")))
    ['a', 'b', 'c']
    """
    with ThreadPoolExecutor(1, thread_name_prefix="read") as pool:
        found = next(things, None)
        while found is not None:
            following = pool.submit(next, things, None)
            yield found
            found = following.result()


class Source:
    """One file being read: its sample, where to start, and the digest of what was read.

    Parameters
    ----------
    name : str
        The path as it was given, ``archive.zip!member`` for one file of a zip archive, or ``-`` for standard input.
    stdin : binary file, optional
        What ``-`` reads.
    path : Path, optional
        Where the content is, when it is not where ``name`` says (standard input kept aside).
    member : str, optional
        Which file of a zip archive; by default what ``name`` says, or its only one.

    Raises
    ------
    ReaderError
        The file cannot be opened.

    Examples
    --------
    >>> import tempfile, gzip
    >>> with tempfile.NamedTemporaryFile(suffix=".x") as f:
    ...     _ = f.write(gzip.compress(b"one\\ntwo\\n")); f.flush()
    ...     with Source(f.name) as source:
    ...         [(chunk.first_line, chunk.data) for chunk in source.chunks()]
    [(1, b'one\\ntwo\\n')]
    """

    def __init__(
        self, name: str, stdin: IO[bytes] | None = None, path: Path | None = None, member: str | None = None
    ) -> None:
        self.name = name
        if path is None and name != "-":
            path, member = split_member(name)
        self.path, self._member = path, member
        self.fault: str | None = None
        self.start = Position()
        self.bytes_read = 0
        try:
            self._raw: IO[bytes] = (stdin or sys.stdin.buffer) if self.path is None else self.path.open("rb")
            magic = _first_bytes(self._raw)
        except OSError as error:
            raise ReaderError(f"cannot be read: {error.strerror or error}", where=name) from None
        self.size = None if self.path is None else self.path.stat().st_size
        self.compression = compression_of(magic)
        if self.compression == "zip":
            self._blocks = self._of_member()
        else:
            self._blocks = decompressed(Replay(magic, self._raw), self.compression)  # type: ignore[arg-type]
        self._digest = hashlib.sha256()
        self._ends: deque[tuple[int, Any]] = deque(maxlen=AHEAD)
        self._ahead: list[bytes] = []
        self._held: deque[bytes] = deque()
        head = b""
        while len(head) < HEAD:
            block = self._next()
            if not block:
                break
            head += block
        self.sample = Sample(name, head[:HEAD], self.compression, len(head) <= HEAD and self._ended, self.path)
        self._ahead = [head] if head else []

    _ended = False
    rewrites_end = False
    """What stands behind the last record is not counted, because it is rewritten when the file grows."""

    def _of_member(self) -> Iterator[bytes | str]:
        """One file of a zip archive; ``compression`` becomes its own where it has one."""
        opened = open_member(self.path, self._member)
        if isinstance(opened, str):
            return iter([opened])
        self._raw.close()
        self._raw = opened
        magic = _first_bytes(opened)
        inner = compression_of(magic)
        self.compression = inner or "zip"
        return faults_of_zip(decompressed(Replay(magic, opened), inner, SMALL_BLOCK))  # type: ignore[arg-type]

    def again(self) -> Source:
        """The same content from its beginning; not of standard input."""
        return Source(self.name, path=self.path, member=self._member)

    def _next(self) -> bytes:
        for block in self._blocks:
            if isinstance(block, str):
                self.fault = block
                break
            return block
        self._ended = True
        return b""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self.path is not None:
            self._raw.close()

    def blocks(self) -> Iterator[bytes]:
        """Decompressed blocks, in order; they are counted and digested as they pass."""
        while block := self._take():
            self._count(block)
            yield block

    def _take(self) -> bytes:
        return self._ahead.pop(0) if self._ahead else self._next()

    def _count(self, data: bytes) -> None:
        self._digest.update(data)
        self.bytes_read += len(data)

    def uncounted_blocks(self) -> Iterator[bytes]:
        """Decompressed blocks that count only as far as :meth:`count_up_to` says, for formats whose end is rewritten
        when they grow (``]}`` behind the last record)."""
        self.rewrites_end = True
        while block := self._take():
            self._held.append(block)
            yield block

    def count_up_to(self, offset: int) -> None:
        """Count what :meth:`uncounted_blocks` gave, up to this offset in the decompressed content."""
        while self._held and self.bytes_read < offset:
            block = self._held.popleft()
            left = offset - self.bytes_read
            if len(block) > left:
                self._held.appendleft(block[left:])
                block = block[:left]
            self._count(block)
        self._ends.append((self.bytes_read, self._digest.copy()))

    def skip(self, size: int) -> str | None:
        """Pass over the first ``size`` decompressed bytes; their digest, or None when there are fewer."""
        left = size
        while left:
            block = self._take()
            if not block:
                return None
            if len(block) > left:
                self._ahead.insert(0, block[left:])
                block = block[:left]
            left -= len(block)
            self._count(block)
        return self.digest()

    def is_at_end(self) -> bool:
        """Whether nothing is left to read."""
        if not self._ahead and (block := self._next()):
            self._ahead.append(block)
        return not self._ahead

    def digest(self) -> str:
        """SHA-256, as hex, of the first ``bytes_read`` decompressed bytes: those that were given out as blocks, or as
        chunks of whole lines (an unfinished last line is not counted)."""
        return self._digest.copy().hexdigest()

    def digest_at(self, offset: int) -> str | None:
        """The digest of what was given out up to a chunk's end; None for any other place."""
        ends = dict(tuple(self._ends))  # what goes on ahead in a thread may add to it
        if ends:
            return ends[offset].copy().hexdigest() if offset in ends else None
        return self.digest() if offset == self.bytes_read else None

    def raw_position(self) -> int:
        """How many bytes of the file itself were read, for a progress bar."""
        try:
            return self._raw.tell()
        except (OSError, ValueError):
            return self.bytes_read

    def chunks(self, size: int = CHUNK) -> Iterator[Chunk]:
        """Whole lines, at most some ``size`` bytes at a time (a longer line makes a longer chunk).

        While one chunk is worked on, the next is read, decompressed and digested in a thread.
        """
        return one_ahead(self._cut(size))

    def _cut(self, size: int) -> Iterator[Chunk]:
        pending: list[bytes] = []
        length = 0
        offset, line = self.start.offset, self.start.line + 1
        ended = False
        while not ended:
            block = self._take()
            ended = not block
            pending.append(block)
            length += len(block)
            if not ended and (length < size or b"\n" not in block):
                continue
            data = b"".join(pending)
            begin = 0
            while len(data) - begin >= size or ended:
                cut = data.rfind(b"\n", begin, begin + size) + 1 or data.find(b"\n", begin + size) + 1
                if not cut:
                    break
                chunk = Chunk(data[begin:cut] if begin or cut < len(data) else data, line, offset, False)
                self._count(chunk.data)
                self._ends.append((self.bytes_read, self._digest.copy()))
                yield chunk
                offset, line, begin = chunk.end, line + len(chunk), cut
            pending = [data[begin:]]
            length = len(data) - begin
        if length:
            yield Chunk(pending[0], line, offset, True)
