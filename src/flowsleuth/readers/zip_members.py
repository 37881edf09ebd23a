"""Files of zip archives: each is read as a file of its own, named ``archive.zip!member``.

Nothing is unpacked to disk. What a hostile archive may do is bounded: members that share bytes, members of one name,
too many members, and members that unpack to a large multiple of their size are refused, and said to be.
"""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

MARK = "!"
MOST_MEMBERS = 5_000
HARMLESS = 64 << 20
"""Bytes: a member that unpacks to no more is read however well it is compressed."""
MOST_RATIO = 250
"""Times its size that a larger member may unpack to; text logs stay below 50, deflate can do 1,032."""
_OF_PROGRAMS = ("[Content_Types].xml", "META-INF/MANIFEST.MF", "mimetype", "AndroidManifest.xml")
"""Members that office documents, Java archives and books have: nobody means those to be unpacked."""
_FAULTS = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError)


def split_member(name: str) -> tuple[Path, str | None]:
    """The file that a name means, and which member of it.

    Examples
    --------
    >>> split_member("no such file!x")
    (PosixPath('no such file!x'), None)
    """
    at = name.find(MARK)
    while at > 0 and not Path(name).exists():
        if Path(name[:at]).is_file():
            return Path(name[:at]), name[at + 1 :]
        at = name.find(MARK, at + 1)
    return Path(name), None


def members_of(path: Path) -> list[zipfile.ZipInfo]:
    """The files of a zip archive that are to be read each on its own; none of an archive that has one file, that is a
    program's own, or that cannot be read (:func:`open_member` says why).

    Hidden files are passed over, as they are in folders.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            files = _files(archive)
            is_program = any(name in _OF_PROGRAMS for name in archive.namelist())
    except _FAULTS:
        return []
    return [] if is_program or len(files) < 2 or _refusal(files, path) else files


def _files(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [one for one in archive.infolist() if not one.is_dir() and not _is_hidden(one.filename)]


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _refusal(files: list[zipfile.ZipInfo], path: Path) -> str | None:
    """Why an archive is not read at all."""
    if len(files) > MOST_MEMBERS:
        return f"{len(files):,} files in it, more than {MOST_MEMBERS:,}: unpack it"
    if sum(one.compress_size for one in files) > path.stat().st_size:
        return "its files share bytes, or are longer than the archive: it is not read"
    name, times = Counter(one.filename for one in files).most_common(1)[0] if files else ("", 0)
    return f"{times} files of the name {name!r}: unpack it" if times > 1 else None


def _bomb(one: zipfile.ZipInfo) -> str | None:
    if one.file_size <= max(HARMLESS, MOST_RATIO * one.compress_size):
        return None
    return f"{one.filename!r} unpacks to {one.file_size:,} bytes, over {MOST_RATIO} times its size: unpack it"


def open_member(path: Path | None, name: str | None) -> IO[bytes] | str:
    """One file of a zip archive, the only one unless it is named; or why it cannot be read."""
    if path is None:
        return "zip: cannot be read from a pipe: unpack it"
    try:
        with zipfile.ZipFile(path) as archive:
            files = _files(archive)
            wanted = files if name is None else [one for one in files if one.filename == name]
            fault = _refusal(files, path) or _not_one(wanted, name) or _bomb(wanted[0])
            if fault is not None:
                return f"zip: {fault}"
            file = archive.open(wanted[0])
            file.peek(1)  # type: ignore[attr-defined]
            return file
    except _FAULTS as error:
        return f"zip: corrupt or encrypted: {error}"


def _not_one(wanted: list[zipfile.ZipInfo], name: str | None) -> str | None:
    if len(wanted) == 1:
        return None
    return f"no file {name!r} in it" if name else f"{len(wanted)} files in it: name one as archive.zip{MARK}file"


def faults_of_zip(blocks: Iterator[bytes | str]) -> Iterator[bytes | str]:
    """The blocks of a member, and the fault that ends them where the archive is damaged."""
    try:
        yield from blocks
    except _FAULTS as error:
        yield f"zip: corrupt or encrypted: {error}"
