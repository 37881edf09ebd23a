"""Compressed streams unpacked piece by piece, never further than a budget allows."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flowsleuth.extract.decoding.limits import Budget

PIECE = 1 << 16
LZMA_MEMORY = 128 << 20
"""Bytes an xz stream may ask for as its dictionary; ``xz -9`` needs 65 MiB."""
AT_ONCE = 1 << 20
"""Bytes that a zstd frame may say it has, to be unpacked in one go; larger ones go piece by piece."""
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
STREAMS = ("gz", "zlib", "deflate", "bz2", "xz", "lzma", "zstd")
_FAULTS = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, MemoryError)


@dataclass(frozen=True)
class Unpacked:
    """What came out of one stream or member.

    Attributes
    ----------
    data : bytes
        All of it, or what came out before it ended.
    status : str
        ``decoded``, ``damaged``, ``limit``, ``password`` or ``unsupported``.
    note : str
        Why it is not all.
    """

    data: bytes
    status: str = "decoded"
    note: str = ""


def unpack_stream(data: bytes, kind: str, budget: Budget) -> Unpacked:
    """Unpack a stream whose kind is known (one of :data:`STREAMS`); several of them behind one another are one.

    Nothing is raised on account of the content: a damaged or endless stream gives what came out of it, and why it is
    not all.

    Examples
    --------
    >>> from flowsleuth.extract.decoding.limits import DecodeLimits
    >>> bomb = zlib.compress(bytes(30_000_000))
    >>> found = unpack_stream(bomb, "zlib", Budget(DecodeLimits()))
    >>> found.status, len(found.data) < 10_000_000
    ('limit', True)
    """
    return gathered(_pieces(data, kind), len(data), budget, kind)


def gathered(pieces: Iterable[bytes], packed: int, budget: Budget, kind: str, told: int | None = None) -> Unpacked:
    """What comes out piece by piece, taken off the budget, and no more than that has left for so many packed bytes.

    Parameters
    ----------
    pieces : iterable of bytes
    packed : int
    budget : Budget
    kind : str
        What is named where a fault ends it.
    told : int, optional
        How many bytes are to come out; what follows them is left.
    """
    most = budget.most(packed)
    kept: list[bytes] = []
    size, fault = 0, ""
    try:
        for piece in pieces:
            kept.append(piece)
            size += len(piece)
            if size > most or (told is not None and size >= told):
                break
    except _FAULTS as error:
        fault = f"{kind}: {error}"
    finally:
        budget.spend(min(size, most))
    done = b"".join(kept)[:most][:told]
    if size > most:
        return Unpacked(done, "limit", budget.why(packed, most))
    if not fault and told is not None and size < told:
        fault = "ends before its end"
    return Unpacked(done, "damaged" if fault else "decoded", fault)


def _pieces(data: bytes, kind: str) -> Iterator[bytes]:
    """What comes out, piece by piece; what stands behind the end is left."""
    if kind in ("gz", "zlib", "deflate"):
        yield from _inflated(data, {"gz": 31, "zlib": 15, "deflate": -15}[kind], kind == "gz")
    elif kind == "bz2":
        yield from _members(data, bz2.BZ2Decompressor, b"BZh")
    elif kind == "xz":
        yield from _members(data, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, LZMA_MEMORY), b"\xfd7zXZ")
    elif kind == "lzma":
        yield from _members(data, lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, LZMA_MEMORY), None)
    else:
        yield from _zstandard(data)


def _inflated(data: bytes, window: int, has_members: bool) -> Iterator[bytes]:
    while True:
        unit = zlib.decompressobj(window)
        left = data
        while not unit.eof:
            piece = unit.decompress(left, PIECE)
            left = unit.unconsumed_tail
            if piece:
                yield piece
            elif not left and not unit.eof:
                raise EOFError("ends before its end mark")
        data = unit.unused_data
        if not (has_members and data.startswith(b"\x1f\x8b\x08")):
            return


def _members(data: bytes, make: Callable[[], Any], magic: bytes | None) -> Iterator[bytes]:
    while True:
        unit = make()
        left = data
        while not unit.eof:
            if unit.needs_input and not left:
                raise EOFError("ends before its end mark")
            piece = unit.decompress(left, PIECE)
            left = b""
            if piece:
                yield piece
        data = unit.unused_data
        if magic is None or not data.startswith(magic):
            return


def _zstandard(data: bytes) -> Iterator[bytes]:
    """In one go where the frame says its size: pyarrow's streams (26) do not give back all memory after a fault."""
    import pyarrow as pa

    if not data.startswith(_ZSTANDARD):
        raise ValueError("no zstd frame")
    size = _zstandard_size(data)
    if size is not None and size <= AT_ONCE and data.count(_ZSTANDARD) == 1:
        if size:
            yield pa.decompress(data, decompressed_size=size, codec="zstd", asbytes=True)
        return
    with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
        while piece := stream.read(PIECE):
            yield piece


def _zstandard_size(data: bytes) -> int | None:
    """The size that a frame's header tells (RFC 8878, 3.1.1.1); None where it tells none."""
    if len(data) < 5:
        return None
    flags = data[4]
    is_single = flags >> 5 & 1
    begin = 5 + (1 - is_single) + (0, 1, 2, 4)[flags & 3]
    width = (is_single, 2, 4, 8)[flags >> 6]
    field = data[begin : begin + width]
    if not width or len(field) < width:
        return None
    return int.from_bytes(field, "little") + (256 if width == 2 else 0)


def raw_lzma(data: bytes, filters: list[dict[str, int]], size: int, budget: Budget) -> Unpacked:
    """A raw LZMA stream as zip files have it, of a length that is known."""
    return gathered(_raw(data, filters, size), len(data), budget, "lzma", size)


def _raw(data: bytes, filters: list[dict[str, int]], size: int) -> Iterator[bytes]:
    """It need not have an end mark, so no byte more is asked for."""
    unit = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)
    left = data
    while size > 0 and not unit.eof and (left or not unit.needs_input):
        piece = unit.decompress(left, min(PIECE, size))
        left = b""
        size -= len(piece)
        yield piece
