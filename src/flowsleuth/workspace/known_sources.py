"""Which sources were read before: told by the digest of what was read of them, whatever their names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from flowsleuth.errors import ReaderError
from flowsleuth.readers.streams import Source
from flowsleuth.schema.identity import MAX_KEY
from flowsleuth.store.catalog import SourceRow
from flowsleuth.workspace.find_files import STDIN, Found


class KnownSources:
    """The catalogue's entries, and those that an ingest adds.

    Parameters
    ----------
    entries : iterable of SourceRow
    """

    def __init__(self, entries: Iterable[SourceRow]) -> None:
        self._known = {entry.file_key: entry for entry in entries}

    def keep(self, entry: SourceRow) -> None:
        """Remember how far a source was read."""
        self._known[entry.file_key] = entry

    def unchanged(self, found: Found, path: Path, named: str | None) -> SourceRow | None:
        """The source that was read whole from this very file, unchanged since."""
        if found.name == STDIN:
            return None
        status, where = path.stat(), found.where(path)
        for entry in self._known.values():
            same = entry.path == where and entry.size == status.st_size and entry.mtime_ns == status.st_mtime_ns
            if same and entry.is_done and named in (None, entry.reader):
                return entry
        return None

    def find(self, source: Source, found: Found, path: Path, reader: str, kind: str) -> SourceRow:
        """The catalogue's entry for this content: a known one to continue, or a new one."""
        head = source.sample.head
        candidates = [
            entry
            for entry in self._known.values()
            if entry.reader == reader
            and entry.head_bytes <= len(head)
            and hashlib.sha256(head[: entry.head_bytes]).hexdigest() == entry.head_digest
        ]
        best: SourceRow | None = None
        at = 0
        for entry in sorted(candidates, key=lambda e: e.offset):
            digest = source.skip(entry.offset - at)
            at = entry.offset
            if digest is None:
                break
            if digest == entry.digest:
                best = entry
        if best is None:
            digest = hashlib.sha256(head).hexdigest()
            best = SourceRow(source.name, None, reader, kind, self._new_key(digest), len(head), digest)
            best.digest = hashlib.sha256().hexdigest()
            self._known[best.file_key] = best
        best.file = source.name
        best.compression = source.compression
        if source.name != STDIN:
            status = path.stat()
            best.path, best.size, best.mtime_ns = found.where(path), status.st_size, status.st_mtime_ns
        return best

    def _new_key(self, digest: str) -> int:
        """A number made of the digest of a file's beginning; another when a different file has it already."""
        if len(self._known) >= MAX_KEY:
            raise ReaderError(f"more than {MAX_KEY:,} files in one workspace", hint="start another workspace")
        key: int = int(digest[:8], 16) & MAX_KEY
        while key in self._known:
            key = (key + 1) & MAX_KEY
        return key
