"""What kind of file some bytes are, by their first bytes and, where those are short, by what must follow them."""

from __future__ import annotations

import struct
from collections.abc import Callable

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07", "rar"),
    (b"\xfd7zXZ\x00", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x04\x22\x4d\x18", "lz4"),
    (b"MSCF\x00\x00\x00\x00", "cab"), (b"MSWIM\x00\x00\x00", "wim"),
    (b"\x1f\x9d\x90", "compress"), (b"LZIP\x01", "lzip"),
    (b"!<arch>\n", "ar"), (b"\x7fELF", "elf"), (b"\xce\xfa\xed\xfe", "macho"), (b"\xcf\xfa\xed\xfe", "macho"),
    (b"\xca\xfe\xba\xbe\x00", "class"), (b"\x00asm\x01\x00\x00\x00", "wasm"), (b"dex\n03", "dex"), (b"%PDF-", "pdf"),
    (b"{\\rtf", "rtf"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"), (b"ITSF\x03\x00\x00\x00", "chm"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "lnk"), (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"), (b"GIF89a", "gif"), (b"SQLite format 3\x00", "sqlite"), (b"ElfFile\x00", "evtx"),
    (b"regf", "registry hive"), (b"MDMP\x93\xa7", "minidump"), (b"\xd4\xc3\xb2\xa1", "pcap"),
    (b"\xa1\xb2\xc3\xd4", "pcap"), (b"\x0a\x0d\x0d\x0a", "pcapng"), (b"OTTO\x00", "font"), (b"wOFF", "font"),
    (b"wOF2", "font"), (b"\x00\x01\x00\x00\x00", "font"), (b"PAR1", "parquet"), (b"ID3", "mp3"), (b"OggS\x00", "ogg"),
    (b"fLaC\x00", "flac"), (b"\xed\xab\xee\xdb", "rpm"), (b"-----BEGIN PGP", "pgp"),
    (b"\xac\xed\x00\x05", "java object"), (b"SCCA", "prefetch"),
)  # fmt: skip
_BY_FIRST: dict[bytes, list[tuple[bytes, str]]] = {}
for _mark, _kind in _MAGIC:
    _BY_FIRST.setdefault(_mark[:1], []).append((_mark, _kind))
_AT_4 = {b"SCCA": "prefetch", b"ftyp": "mp4"}
_DOS_WORDS = b"cannot be run in DOS mode"
_TAR_BLOCK = 512
_TAR_SUM = slice(148, 156)


def file_type(data: bytes) -> str | None:
    """The kind of a file, or None where its first bytes do not tell.

    Examples
    --------
    >>> file_type(b"%PDF-1.7 ..."), file_type(b"MZ are his initials"), file_type(b"plain text")
    ('pdf', None, None)
    """
    for magic, kind in _BY_FIRST.get(data[:1], ()):
        if data.startswith(magic):
            return kind
    return _by_more(data)


def _by_more(data: bytes) -> str | None:
    """By a short mark and what must follow it, or by what stands further behind."""
    if data[:2] == b"MZ":
        return _program(data)
    for kind, is_one in _TESTS.items():
        if is_one(data):
            return kind
    return _AT_4.get(data[4:8])


def _is_gzip(data: bytes) -> bool:
    return data[:3] == b"\x1f\x8b\x08" and len(data) > 3 and data[3] < 0x20


def _is_bzip2(data: bytes) -> bool:
    return data[:3] == b"BZh" and data[3:4] in b"123456789" and data[4:10] in (b"1AY&SY", b"\x17rE8P\x90")


def _is_lzma(data: bytes) -> bool:
    """The old .lzma form: its length is unknown or below a terabyte."""
    if data[:3] != b"\x5d\x00\x00" or len(data) < 14:
        return False
    size = int.from_bytes(data[5:13], "little")
    return data[13] == 0 and (size == (1 << 64) - 1 or size < 1 << 40)


def _program(data: bytes) -> str | None:
    """Windows programs by their headers; what is cut before those is an ``exe`` if its DOS header is one."""
    if len(data) < 12:
        return None
    at = struct.unpack_from("<I", data, 60)[0] if len(data) >= 64 else 0
    if 64 <= at <= len(data) - 24 and data[at : at + 4] == b"PE\x00\x00":
        return _windows_program(data, at)
    is_header = data[2:4] in (b"\x90\x00", b"\x50\x00") and data[4:8] in (b"\x03\x00\x00\x00", b"\x02\x00\x00\x00")
    return "exe" if is_header or _DOS_WORDS in data[:256] else None


def _windows_program(data: bytes, at: int) -> str:
    if struct.unpack_from("<H", data, at + 22)[0] & 0x2000:
        return "dll"
    has_subsystem = len(data) >= at + 24 + 70
    return "sys" if has_subsystem and struct.unpack_from("<H", data, at + 24 + 68)[0] == 1 else "exe"


def is_tar(data: bytes) -> bool:
    """The first 512 bytes are a tar header: the sum that it has of itself is right.

    Examples
    --------
    >>> is_tar(bytes(512)), is_tar(b"x" * 600)
    (False, False)
    """
    if len(data) < _TAR_BLOCK or not data[0]:
        return False
    told = data[_TAR_SUM].strip(b" \x00")
    if not told or len(told) > 7 or told.strip(b"01234567"):
        return False
    real = sum(data[:148]) + 8 * 32 + sum(data[156:_TAR_BLOCK])
    return int(told, 8) == real


def _is_riff(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] in (b"WAVE", b"AVI ", b"WEBP")


_TESTS: dict[str, Callable[[bytes], bool]] = {
    "gz": _is_gzip,
    "bz2": _is_bzip2,
    "lzma": _is_lzma,
    "tar": is_tar,
    "riff": _is_riff,
}
