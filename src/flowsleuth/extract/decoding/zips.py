"""Members of zip archives in memory: every method of the standard library, damaged archives as far as they go.

The directory at the end is read by :mod:`zipfile`; the members are unpacked here, so that none of them can take more
memory than the budget has left.
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from flowsleuth.extract.decoding.limits import Budget
from flowsleuth.extract.decoding.streams import LZMA_MEMORY, Unpacked, raw_lzma, unpack_stream

_LOCAL = b"PK\x03\x04"
_HEADER = struct.Struct("<4s5H3L2H")
_METHODS = {8: "deflate", 12: "bz2", 93: "zstd", 95: "xz"}
_NAMES = {1: "shrink", 6: "implode", 9: "deflate64", 96: "jpeg", 97: "wavpack", 98: "ppmd", 99: "aes"}
STORED, LZMA = 0, 14
_IS_ENCRYPTED, _SIZES_BEHIND = 1, 8
_FAULTS = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, struct.error, ValueError, OSError, EOFError, IndexError,
    KeyError, OverflowError, MemoryError,
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """One file of an archive: its name as the archive writes it, and what came out."""

    name: str
    unpacked: Unpacked


@dataclass(frozen=True)
class _Entry:
    name: str
    method: int
    is_encrypted: bool
    packed: bytes
    size: int
    crc: int | None


def zip_members(data: bytes, budget: Budget) -> Iterator[Member]:
    """The files of a zip archive in its order, unpacked one at a time.

    Raises
    ------
    ValueError
        There is nothing in it that could be read.
    """
    try:
        entries = list(_by_directory(data, budget.items_left + 1))
        is_whole = True
    except _FAULTS:
        entries, is_whole = [], False
    for one in entries or _by_headers(data):
        yield Member(one.name, _unpacked(one, budget, is_whole))


def _by_directory(data: bytes, most: int) -> Iterator[_Entry]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in [one for one in archive.infolist() if not one.is_dir()][:most]:
            header = data[info.header_offset : info.header_offset + _HEADER.size]
            if len(header) < _HEADER.size or not header.startswith(_LOCAL):
                raise zipfile.BadZipFile("a file's header is not where the directory says")
            begin = info.header_offset + _HEADER.size + sum(struct.unpack_from("<2H", header, 26))
            packed = data[begin : begin + info.compress_size]
            is_encrypted = bool(info.flag_bits & _IS_ENCRYPTED)
            yield _Entry(info.filename, info.compress_type, is_encrypted, packed, info.file_size, info.CRC)


def _by_headers(data: bytes) -> Iterator[_Entry]:
    """Files by the headers before each of them, where the directory is cut off or wrong."""
    at, found = 0, False
    while data[at : at + 4] == _LOCAL and len(data) >= at + _HEADER.size:
        _, _, flags, method, _, _, crc, packed, size, name_size, extra = _HEADER.unpack_from(data, at)
        begin = at + _HEADER.size + name_size + extra
        name = data[at + _HEADER.size : at + _HEADER.size + name_size].decode("utf-8", "replace")
        is_open = bool(flags & _SIZES_BEHIND) and not packed
        body = data[begin:] if is_open else data[begin : begin + packed]
        if not name.endswith("/"):
            found = True
            yield _Entry(name, method, bool(flags & _IS_ENCRYPTED), body, size, None if is_open else crc)
        following = data.find(_LOCAL, begin) if is_open else begin + packed
        at = following if following > at else len(data)
    if not found:
        raise ValueError("no file in it could be read")


def _unpacked(entry: _Entry, budget: Budget, is_whole: bool) -> Unpacked:
    if entry.is_encrypted or entry.method == 99:
        return Unpacked(b"", "password", "encrypted with a password")
    if entry.method == STORED:
        found = _stored(entry, budget)
    elif entry.method == LZMA:
        found = _lzma(entry, budget)
    elif entry.method in _METHODS:
        found = unpack_stream(entry.packed, _METHODS[entry.method], budget)
    else:
        name = _NAMES.get(entry.method, str(entry.method))
        return Unpacked(b"", "unsupported", f"compressed by method {name}, which is not unpacked")
    if found.status != "decoded":
        return found
    if entry.crc is not None and zlib.crc32(found.data) != entry.crc:
        return Unpacked(found.data, "damaged", "its checksum is wrong")
    return found if is_whole else Unpacked(found.data, "damaged", "the archive's directory is cut off or wrong")


def _stored(entry: _Entry, budget: Budget) -> Unpacked:
    most = budget.bytes_left
    taken = entry.packed[: max(most, 0)]
    budget.spend(len(taken))
    if len(taken) < len(entry.packed):
        return Unpacked(taken, "limit", budget.why_no_bytes())
    is_cut = len(taken) < entry.size
    return Unpacked(taken, "damaged", "ends before its end") if is_cut else Unpacked(taken)


def _lzma(entry: _Entry, budget: Budget) -> Unpacked:
    """APPNOTE 5.8.8: version, length of the properties, properties, then the raw stream."""
    if len(entry.packed) < 9 or entry.packed[2:4] != b"\x05\x00" or entry.packed[4] >= 225:
        return Unpacked(b"", "damaged", "lzma: no such properties")
    bits, dictionary = struct.unpack_from("<BI", entry.packed, 4)
    window = min(max(dictionary, 4096), max(entry.size, 4096), LZMA_MEMORY)  # a larger one could hold nothing more
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": window, "lc": bits % 9, "lp": bits // 9 % 5, "pb": bits // 45}]
    return raw_lzma(entry.packed[9:], filters, entry.size, budget)
