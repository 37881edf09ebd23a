"""Compressed files as blocks of what is in them: gzip, bzip2, xz and zstd, told apart by their first bytes.

A block is bytes; a ``str`` is the fault that ended them.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

BLOCK = 1 << 20
SALVAGE = 64
SMALL_BLOCK = 1 << 14
"""For archives whose decompressor cannot be copied: what is lost before a damaged place is at most this."""
_MAGIC = (
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"PK\x03\x04", "zip"),
)


def compression_of(magic: bytes) -> str:
    """``gz``, ``bz2``, ``xz``, ``zst`` or ``zip`` by the first bytes of a file; empty for none of them.

    Examples
    --------
    >>> compression_of(b"BZh91AY"), compression_of(b"#fields")
    ('bz2', '')
    """
    return next((kind for mark, kind in _MAGIC if magic.startswith(mark)), "")


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


def decompressed(raw: IO[bytes], compression: str, block_size: int = BLOCK) -> Iterator[bytes | str]:
    """Blocks of a file's content; ``block_size`` is that of a file which is not compressed."""
    if compression == "gz":
        yield from _Members(lambda: zlib.decompressobj(31), b"\x1f\x8b", "gz").blocks(raw)
    elif compression == "bz2":
        yield from _Members(bz2.BZ2Decompressor, b"BZh", "bz2", SMALL_BLOCK).blocks(raw)
    elif compression == "xz":
        yield from _Members(lzma.LZMADecompressor, b"\xfd7zXZ\x00", "xz", SMALL_BLOCK).blocks(raw)
    elif compression == "zst":
        yield from _zstd_blocks(raw)
    elif compression == "zip":
        yield "zip: inside of another archive: unpack it"
    else:
        while block := raw.read(block_size):
            yield block


class Replay:
    """A raw file whose first bytes were taken already."""

    def __init__(self, head: bytes, raw: IO[bytes]) -> None:
        self._head, self._raw = head, raw

    closed = False

    def read(self, size: int = -1) -> bytes:
        if self._head:
            head, self._head = self._head, b""
            return head
        return self._raw.read(size)
