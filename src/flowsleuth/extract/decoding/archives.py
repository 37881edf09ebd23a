"""Members of archives in memory, whatever the kind of archive."""

from __future__ import annotations

import io
import logging
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowsleuth.extract.decoding.limits import Budget
from flowsleuth.extract.decoding.streams import PIECE, STREAMS, Unpacked, gathered, unpack_stream
from flowsleuth.extract.decoding.zips import Member, zip_members

ARCHIVES = ("zip", "tar", "7z")
CONTAINERS = (*ARCHIVES, *STREAMS)
KNOWN_ONLY = ("rar", "cab", "wim", "lz4", "compress", "lzip", "ar")
"""Archives that are named and not unpacked."""
_TAR_FAULTS = (
    tarfile.TarError, OSError, EOFError, ValueError, KeyError, IndexError, OverflowError, MemoryError, zlib.error,
    TypeError, AttributeError,
)  # fmt: skip
NO_LIBRARY = 'needs libarchive: pip install "flowsleuth[archives]", and the system\'s package libarchive13 or the like'


def members_of(data: bytes, kind: str, budget: Budget) -> Iterator[Member]:
    """What is in an archive or a compressed stream, one file at a time, in its order; nothing is written to disk.

    A fault ends it with a member without a name whose status says what it was.

    Parameters
    ----------
    data : bytes
    kind : str
        One of :data:`CONTAINERS`.
    budget : Budget
        What may be unpacked yet; it is used up.

    Examples
    --------
    >>> import gzip
    >>> from flowsleuth.extract.decoding.limits import DecodeLimits
    >>> [one.unpacked.data for one in members_of(gzip.compress(b"whoami"), "gz", Budget(DecodeLimits()))]
    [b'whoami']
    """
    if kind in STREAMS:
        yield Member(_name_in_gzip(data) if kind == "gz" else "", unpack_stream(data, kind, budget))
    elif kind == "zip":
        yield from _told(zip_members(data, budget), ValueError)
    elif kind == "tar":
        yield from _told(_tar_members(data, budget), *_TAR_FAULTS)
    else:
        yield from _seven_zip_members(data, budget)


def _told(members: Iterator[Member], *faults: type[Exception]) -> Iterator[Member]:
    try:
        yield from members
    except faults as error:
        yield Member("", Unpacked(b"", "damaged", str(error) or type(error).__name__))


def _name_in_gzip(data: bytes) -> str:
    """The name that gzip keeps of the file (RFC 1952, FNAME)."""
    if len(data) < 11 or not data[3] & 8:
        return ""
    begin = 10
    if data[3] & 4:
        begin += 2 + int.from_bytes(data[10:12], "little")
    end = data.find(b"\x00", begin, begin + 1024)
    return data[begin:end].decode("latin-1") if end > 0 else ""


def _tar_members(data: bytes, budget: Budget) -> Iterator[Member]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:", errorlevel=0) as archive:
        for one in archive:
            if one.isreg() and one.sparse is None:
                yield Member(one.name, _cut_out(data, one.offset_data, one.size, budget))
            elif one.isreg():  # sparse: it may claim to be larger than the archive, so it is held to the ratio
                yield Member(one.name, gathered(_blocks(archive.extractfile(one)), len(data), budget, "tar", one.size))
            archive.members = []  # type: ignore[attr-defined]  # what was read is not kept


def _cut_out(data: bytes, begin: int, size: int, budget: Budget) -> Unpacked:
    part = data[begin : begin + min(size, budget.bytes_left)]
    budget.spend(len(part))
    if len(part) == size:
        return Unpacked(part)
    is_short = budget.bytes_left <= 0
    return Unpacked(part, "limit", budget.why_no_bytes()) if is_short else Unpacked(part, "damaged", "is cut off")


def _seven_zip_members(data: bytes, budget: Budget) -> Iterator[Member]:
    """By libarchive, which reads in pieces; of its many formats only this one is switched on."""
    try:
        import libarchive
    except (ImportError, OSError, TypeError, AttributeError):  # the binding, or the library that it binds, is not there
        yield Member("", Unpacked(b"", "unsupported", f"7z {NO_LIBRARY}"))
        return
    with _warnings() as warnings:
        try:
            with libarchive.memory_reader(data, format_name="7zip", filter_name="none") as archive:
                for entry in archive:
                    if entry.isfile:
                        unpacked = gathered(entry.get_blocks(PIECE), len(data), budget, "7z")
                        yield Member(entry.pathname or "", _with_warnings(unpacked, warnings))
        except (libarchive.ArchiveError, ValueError, MemoryError) as error:
            text = str(error)
            is_secret = "rypt" in text or "assphrase" in text
            note = "encrypted with a password" if is_secret else text.partition(" (errno")[0]
            yield Member("", Unpacked(b"", "password" if is_secret else "damaged", note))


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """What libarchive warns of while it reads: its binding logs it, and a wrong checksum is no more than that to it."""
    told: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("libarchive")
    logger.addHandler(handler)
    try:
        yield told
    finally:
        logger.removeHandler(handler)


def _with_warnings(unpacked: Unpacked, warnings: list[str]) -> Unpacked:
    note = "; ".join(warnings)
    warnings.clear()
    return Unpacked(unpacked.data, "damaged", note) if note and unpacked.status == "decoded" else unpacked


def _blocks(file: Any) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece
