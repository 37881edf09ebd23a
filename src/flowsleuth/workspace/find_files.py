"""From what the user named to the files to read: files, folders, globs, ``-``."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from flowsleuth.errors import ReaderError
from flowsleuth.readers.compressed import compression_of
from flowsleuth.readers.zip_members import MARK, members_of, split_member

STDIN = "-"


@dataclass(frozen=True)
class Found:
    """A file to read: its name as given, whether it was named itself (and not met in a folder or archive), and of a
    file in a zip archive its name there and its size unpacked."""

    name: str
    is_named: bool
    member: str | None = None
    size: int | None = field(default=None, repr=False)

    @property
    def path(self) -> Path:
        """The file on disk."""
        return Path(self.name if self.member is None else self.name.removesuffix(MARK + self.member))

    def where(self, path: Path) -> str:
        """The absolute path, with the member of an archive."""
        where = str(path.resolve())
        return where if self.member is None else where + MARK + self.member


def find_files(names: Iterable[str]) -> list[Found]:
    """List the files behind the names, each once, folders in order of name; hidden files are passed over.

    A zip archive of several files is each of them, named ``archive.zip!file``.

    Raises
    ------
    ReaderError
        A path does not exist, or a pattern matches nothing.

    Examples
    --------
    >>> find_files(["-"])
    [Found(name='-', is_named=True, member=None)]
    """
    found: dict[str, Found] = {}
    for name in names:
        path = Path(name)
        if name == STDIN:
            found.setdefault(name, Found(name, True))
        elif path.is_dir():
            for inner in sorted(path.rglob("*")):
                if inner.is_file() and not any(part.startswith(".") for part in inner.relative_to(path).parts):
                    found.setdefault(str(inner), Found(str(inner), False))
        elif path.exists():
            found.setdefault(name, Found(name, True))
        elif glob.has_magic(name):
            matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 (absolute patterns too)
            if not matches:
                raise ReaderError("no file matches this pattern", where=name, hint="check the path")
            for inner_file in find_files(matches):
                found.setdefault(inner_file.name, Found(inner_file.name, False))
        elif (member := split_member(name)[1]) is not None:
            found.setdefault(name, Found(name, True, member))
        else:
            raise ReaderError("no such file or folder", where=name, hint="check the path")
    return [one for outer in found.values() for one in _inside(outer)]


def _inside(outer: Found) -> list[Found]:
    """The files of a zip archive that has several; any other file itself."""
    if outer.name == STDIN or outer.member is not None:
        return [outer]
    with outer.path.open("rb") as file:
        if compression_of(file.read(4)) != "zip":
            return [outer]
    files = members_of(outer.path)
    return [Found(f"{outer.name}{MARK}{one.filename}", False, one.filename, one.file_size) for one in files] or [outer]
