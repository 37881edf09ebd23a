"""Ingest: files → readers → batches → parts at rest, so that a kill at any moment loses and doubles nothing.

Rows are gathered until there are enough for a good Parquet part; the parts, how far each source was read and what was
skipped are then listed in one catalogue transaction. A source that was read before is recognised by the digest of its
content, whatever its name: what it has new is read, the rest is passed over.
"""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from flowsleuth.errors import (
    FlowsleuthError,
    OptionError,
    ReaderError,
    UnknownFormatError,
)
from flowsleuth.readers import READERS
from flowsleuth.readers.contract import Position, ReadContext
from flowsleuth.readers.streams import Source
from flowsleuth.schema.addresses import HomeNetworks
from flowsleuth.settings import Settings, parse_zone
from flowsleuth.store.catalog import Skipped, SourceRow
from flowsleuth.store.maintenance import tidy
from flowsleuth.workspace.find_files import STDIN, Found, find_files
from flowsleuth.workspace.known_sources import KnownSources
from flowsleuth.workspace.row_writer import RowWriter

if TYPE_CHECKING:
    from flowsleuth.readers.contract import Reader
    from flowsleuth.store import Store

UNKNOWN = "unknown format"
LOG = logging.getLogger(__name__)


@dataclass
class IngestReport:
    """What an ingest did.

    Attributes
    ----------
    rows : dict of str to int
        New rows by table.
    rejects : int
    files, unchanged : int
        Files read, and files that had nothing new.
    skipped : list of Skipped
    failed : list of FlowsleuthError
        One for each file that could not be read.
    """

    rows: dict[str, int] = field(default_factory=dict)
    rejects: int = 0
    files: int = 0
    unchanged: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    failed: list[FlowsleuthError] = field(default_factory=list)


@dataclass(frozen=True)
class IngestProgress:
    """How far an ingest is: for a progress bar."""

    file: str
    file_number: int
    files: int
    bytes_done: int
    bytes_total: int
    rows: int


Progress = Callable[[IngestProgress], None]


class Ingest:
    """One ingest into a store.

    Parameters
    ----------
    store : Store
    settings : Settings
        Home networks and time zone.
    reader : str, optional
        Use this reader for every file instead of finding one by content.
    options : mapping, optional
        The reader's own options.
    strict : bool
        Any reject is a failure, and nothing of that file is kept.
    tz : str, optional
        Zone of times that name none, instead of the workspace's.
    progress : callable, optional
    stdin : binary file, optional
        What ``-`` reads.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        reader: str | None = None,
        options: dict[str, Any] | None = None,
        strict: bool = False,
        tz: str | None = None,
        progress: Progress | None = None,
        stdin: IO[bytes] | None = None,
    ) -> None:
        self._store = store
        self._home = HomeNetworks(settings.home)
        self._zone = parse_zone(tz or settings.tz)
        self._strict = strict
        self._progress = progress
        self._stdin = stdin
        self._named = reader
        if options and reader is None:
            raise OptionError("options are for one reader", where="--option", hint="name it with --reader")
        names = [reader] if reader else READERS.names()
        self._readers: dict[str, Reader] = {name: READERS.load(name)() for name in names}
        self._options = {name: one.Options(**_known(one, options)) for name, one in self._readers.items()}
        self.report = IngestReport()

    def run(self, names: Iterable[str]) -> IngestReport:
        """Ingest everything that is named.

        Raises
        ------
        ReaderError
            A path does not exist. (A file that cannot be read is noted in ``report.failed``, and the rest is read.)
        """
        files = find_files(names)
        sizes = [0 if f.name == STDIN else f.path.stat().st_size if f.size is None else f.size for f in files]
        with self._store.writing(), RowWriter(self._store, strict=self._strict) as writer:
            self._known = KnownSources(self._store.catalog.sources())
            done = 0
            for number, (found, size) in enumerate(zip(files, sizes, strict=True), 1):

                def tell(inside: int, number: int = number, found: Found = found, done: int = done) -> None:
                    if self._progress:
                        total = sum(sizes)
                        at = done + inside
                        self._progress(IngestProgress(found.name, number, len(files), at, total, writer.taken))

                tell(0)
                try:
                    self._one(found, writer, tell)
                except FlowsleuthError as error:
                    writer.drop()
                    self.report.failed.append(error)
                except Exception as error:
                    # The boundary to readers, which may be plug-ins: say whose fault it is, and read the other files.
                    LOG.debug("reading %s failed", found.name, exc_info=True)
                    writer.drop()
                    fault = f"the reader failed with {type(error).__name__}: {error}"
                    hint = "please report this, with the reader's name and a sample"
                    self.report.failed.append(ReaderError(fault, where=found.name, hint=hint))
                done += size
                tell(0)
            writer.finish()
            self.report.rows = {name: rows for name, rows in writer.rows.items() if rows}
            self.report.rejects = writer.rejects
            self.report.skipped += writer.skipped
            tidy(self._store)
        return self.report

    def _one(self, found: Found, writer: RowWriter, tell: Callable[[int], None]) -> None:
        """Ingest one file."""
        path = self._spool() if found.name == STDIN else found.path
        if self._known.unchanged(found, path, self._named) is not None:
            self.report.unchanged += 1
            return
        with Source(found.name, path=path, member=found.member) as source:
            if not source.sample.head and source.fault is None:
                self._skip(Skipped(found.name, "empty", "empty file", 0))
                return
            name, kind = self._recognise(source, found)
            if name is None:
                return
            reader = self._readers[name]
            entry = self._known.find(source, found, path, name, kind)
        with Source(found.name, path=path, member=found.member) as source:
            self._read(reader, source, entry, writer, tell)

    def _spool(self) -> Path:
        """Keep standard input aside, so that it can be looked at twice."""
        self._store.scratch.mkdir(exist_ok=True)
        path = self._store.scratch / "stdin"
        with path.open("wb") as aside:
            shutil.copyfileobj(self._stdin or sys.stdin.buffer, aside)
        return path

    def _skip(self, skipped: Skipped) -> None:
        self.report.skipped.append(skipped)
        with self._store.catalog.transaction():
            self._store.catalog.save_skipped(skipped)

    def _recognise(self, source: Source, found: Found) -> tuple[str | None, str]:
        """Find the reader that knows the content."""
        for name, reader in self._readers.items():
            kind = reader.sniff(source.sample)
            if kind is not None:
                return name, kind
        named = self._readers.get(self._named or "")
        if self._named and (getattr(named, "is_by_name_only", False) or getattr(named, "reads_by_name", False)):
            return self._named, self._named
        tried = list(self._readers)
        if source.fault and not source.sample.head:
            if source.compression == "zip" and not found.is_named:  # office documents and the like in a folder
                self._skip(Skipped(found.name, "zip", source.fault, None))
                return None, ""
            raise ReaderError(source.fault, where=found.name)
        if found.is_named or self._named:
            hint = (
                "give a mapping with --reader table --option mapping=FILE" if not self._named else "leave --reader out"
            )
            raise UnknownFormatError(
                "no reader knows this content; tried", where=found.name, available=tried, hint=hint
            )
        lines = sum(block.count(b"\n") for block in source.blocks()) if source.sample.is_text() else None
        self._skip(Skipped(found.name, "unknown", f"{UNKNOWN} (tried {', '.join(tried)})", lines))
        return None, ""

    def _read(
        self,
        reader: Reader,
        source: Source,
        entry: SourceRow,
        writer: RowWriter,
        tell: Callable[[int], None],
    ) -> None:
        """Read what a source has new."""
        if source.skip(entry.offset) != entry.digest:
            raise ReaderError("the file changed while it was being read", where=source.name, hint="ingest it again")
        if entry.is_done and source.is_at_end() and not entry.has_tail:
            self.report.unchanged += 1
            return
        source.start = Position(entry.offset or entry.line, entry.line, entry.state)
        context = ReadContext(
            source.name, entry.reader, entry.file_key, self._home, self._zone, self._options[entry.reader]
        )
        before = entry.records
        writer.begin(entry, source)
        for batch in reader.read(source, context):
            writer.add(batch)
            tell(source.raw_position())
        entry = writer.end()
        self._known.keep(entry)
        if entry.records == before:
            self.report.unchanged += 1
        else:
            self.report.files += 1


def _known(reader: Reader, options: dict[str, Any] | None) -> dict[str, Any]:
    """Check option names and types against the reader's declaration."""
    if not options:
        return {}
    declared = getattr(reader.Options, "__dataclass_fields__", {})
    unknown = sorted(set(options) - set(declared))
    if unknown:
        where = f"--option {unknown[0]}"
        raise OptionError(f"the reader {reader.name} has no such option", where=where, available=declared)
    return options
