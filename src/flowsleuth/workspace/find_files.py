"""From what the user named to the files to read: files, folders, globs, ``-``."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flowsleuth.errors import ReaderError

STDIN = "-"


@dataclass(frozen=True)
class Found:
    """A file to read: its name as given, and whether it was named itself (and not met in a folder)."""

    name: str
    is_named: bool


def find_files(names: Iterable[str]) -> list[Found]:
    """List the files behind the names, each once, folders in order of name; hidden files are passed over.

    Raises
    ------
    ReaderError
        A path does not exist, or a pattern matches nothing.

    Examples
    --------
    >>> find_files(["-"])
    [Found(name='-', is_named=True)]
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
        else:
            raise ReaderError("no such file or folder", where=name, hint="check the path")
    return list(found.values())
