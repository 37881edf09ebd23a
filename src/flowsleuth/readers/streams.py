"""Files as decompressed bytes and whole lines, in blocks of flat size.

Compression is found by its first bytes. An archive that is truncated or corrupt gives what could be read, and then
says so in ``fault``.
"""

from __future__ import annotations

import bz2
import hashlib
import lzma
import sys
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from flowsleuth.errors import ReaderError
from flowsleuth.readers.contract import Position

BLOCK = 1 << 20
CHUNK = 16 << 20
"""Bytes of lines handled at a time: large enough for whole columns to pay, small enough for flat memory."""
HEAD = 1 << 16
SALVAGE = 64
AHEAD = 4
"""Ends of chunks whose digest is remembered: more than are ever read before they are asked for."""
SMALL_BLOCK = 1 << 14
"""For archives whose decompressor cannot be copied: what is lost before a damaged place is at most this."""
_MAGIC = (
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"PK\x03\x04", "zip"),
)


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
        ``""``, ``gz``, ``bz2``, ``xz``, ``zst`` or ``zip``.
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


class _Members:
    """Decompress archive members one after another (gzip, bzip2 and xz files may hold several)."""

    def __init__(self, make: Callable[[], Any], magic: bytes, kind: str, block: int = BLOCK) -> None:
        self._make, self._magic, self._kind, self._block = make, magic, kind, block

    def blocks(self, raw: IO[bytes]) -> Iterator[bytes | str]:
        """Yield decompressed blocks; a ``str`` is the fault that ended them."""
        unit = self._make()
        fresh = True
        pending = b""
        while True:
            data = pending or raw.read(self._block)
            pending = b""
            if not data:
                break
            if fresh and not data.startswith(self._magic[: len(data)]):
                if data.strip(b"\x00"):
                    yield f"{self._kind}: there is other data behind the end of the archive"
                return
            before = unit.copy() if hasattr(unit, "copy") else None
            try:
                out = unit.decompress(data)
            except (zlib.error, OSError, EOFError, lzma.LZMAError) as error:
                yield from self._salvage(before, data)
                yield f"{self._kind}: corrupt: {error}"
                return
            fresh = False
            if out:
                yield out
            if unit.eof:
                pending = unit.unused_data
                unit, fresh = self._make(), True
        if not fresh:
            rest = unit.flush() if hasattr(unit, "flush") else b""
            if rest:
                yield rest
            yield f"{self._kind}: truncated: the archive ends before its end mark"

    @staticmethod
    def _salvage(unit: Any, data: bytes) -> Iterator[bytes]:
        """What comes out of a damaged block before the damage, fed in small pieces."""
        for at in range(0, len(data) if unit is not None else 0, SALVAGE):
            try:
                out = unit.decompress(data[at : at + SALVAGE])
            except zlib.error:
                return
            if out:
                yield out


def _zstd_blocks(raw: IO[bytes]) -> Iterator[bytes | str]:
    import pyarrow as pa

    stream = pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd")
    while True:
        try:
            block = stream.read(BLOCK)
        except OSError as error:
            yield f"zst: truncated or corrupt: {error}"
            return
        if not block:
            return
        yield block


def _zip_blocks(path: Path | None) -> Iterator[bytes | str]:
    """The one file of a zip archive, in blocks: however large it says it is, memory stays flat."""
    if path is None:
        yield "zip: cannot be read from a pipe: unpack it"
        return
    try:
        with zipfile.ZipFile(path) as archive:
            files = [member for member in archive.infolist() if not member.is_dir()]
            if len(files) != 1:
                yield f"zip: {len(files)} files in it: unpack it"
                return
            with archive.open(files[0]) as file:
                while block := file.read(BLOCK):
                    yield block
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        yield f"zip: corrupt or encrypted: {error}"


def _blocks(raw: IO[bytes], compression: str, path: Path | None = None) -> Iterator[bytes | str]:
    if compression == "gz":
        yield from _Members(lambda: zlib.decompressobj(31), b"\x1f\x8b", "gz").blocks(raw)
    elif compression == "bz2":
        yield from _Members(bz2.BZ2Decompressor, b"BZh", "bz2", SMALL_BLOCK).blocks(raw)
    elif compression == "xz":
        yield from _Members(lzma.LZMADecompressor, b"\xfd7zXZ\x00", "xz", SMALL_BLOCK).blocks(raw)
    elif compression == "zst":
        yield from _zstd_blocks(raw)
    elif compression == "zip":
        yield from _zip_blocks(path)
    else:
        while block := raw.read(BLOCK):
            yield block


class _Replay:
    """A raw file whose first bytes were taken already."""

    def __init__(self, head: bytes, raw: IO[bytes]) -> None:
        self._head, self._raw = head, raw

    closed = False

    def read(self, size: int = -1) -> bytes:
        if self._head:
            head, self._head = self._head, b""
            return head
        return self._raw.read(size)


class Source:
    """One file being read: its sample, where to start, and the digest of what was read.

    Parameters
    ----------
    name : str
        The path as it was given, or ``-`` for standard input.
    stdin : binary file, optional
        What ``-`` reads.
    path : Path, optional
        Where the content is, when it is not where ``name`` says (standard input kept aside).

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

    def __init__(self, name: str, stdin: IO[bytes] | None = None, path: Path | None = None) -> None:
        self.name = name
        self.path = path or (None if name == "-" else Path(name))
        self.fault: str | None = None
        self.start = Position()
        self.bytes_read = 0
        try:
            self._raw: IO[bytes] = (stdin or sys.stdin.buffer) if self.path is None else self.path.open("rb")
            magic = self._raw.read(8)
            while len(magic) < 8 and (more := self._raw.read(8 - len(magic))):
                magic += more
        except OSError as error:
            raise ReaderError(f"cannot be read: {error.strerror or error}", where=name) from None
        self.size = None if self.path is None else self.path.stat().st_size
        self.compression = next((kind for mark, kind in _MAGIC if magic.startswith(mark)), "")
        self._blocks = _blocks(_Replay(magic, self._raw), self.compression, self.path)  # type: ignore[arg-type]
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
        found = self._cut(size)
        with ThreadPoolExecutor(1, thread_name_prefix="read") as pool:
            chunk = next(found, None)
            while chunk is not None:
                following = pool.submit(next, found, None)
                yield chunk
                chunk = following.result()

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
