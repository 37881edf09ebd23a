"""Gathers batches of one source after another, writes Parquet parts aside, and lists them in single transactions.

What the current source gave since the last commit can be dropped again; what finished sources gave stays. Writing
happens in a thread of its own while the next rows are read.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flowsleuth.errors import RejectedRecordsError
from flowsleuth.readers.contract import MAX_RAW, Batch, Position, Reject
from flowsleuth.readers.streams import Source
from flowsleuth.schema import REJECT
from flowsleuth.store.catalog import Part, Skipped, SourceRow

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store import Store

ROWS_PER_COMMIT = 262_144
"""Rows gathered for a part. As many may wait while the part before is being written, so this sets the memory needed."""
NO_TABLE = "no table for this log yet"
DAMAGED = "damaged archive"

Key = tuple[str, int | None]
"""Table name, and the source whose unfinished last record it is."""


@dataclass
class _Load:
    """Rows on their way, with all that must be listed together with them."""

    tables: dict[Key, list[pa.Table]] = field(default_factory=dict)
    size: int = 0
    sources: dict[int, SourceRow] = field(default_factory=dict)
    dropped: list[Part] = field(default_factory=list)
    skips: dict[tuple[str, str], int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    rejects: int = 0
    futures: list[Future[list[Part]]] = field(default_factory=list)

    def put(self, name: str, rows: pa.Table, tail_of: int | None) -> None:
        self.tables.setdefault((name, tail_of), []).append(rows)
        self.size += len(rows)

    def absorb(self, other: _Load) -> None:
        for key, tables in other.tables.items():
            self.tables.setdefault(key, []).extend(tables)
        self.size += other.size
        self.sources |= other.sources
        self.dropped += other.dropped
        self.futures += other.futures
        self.rejects += other.rejects
        for kind, records in other.skips.items():
            self.skips[kind] = self.skips.get(kind, 0) + records
        for name, count in other.rows.items():
            self.rows[name] = self.rows.get(name, 0) + count


class RowWriter:
    """Writes batches to a store.

    Parameters
    ----------
    store : Store
        Its writing lock is held by the caller.
    strict : bool
        Refuse a source at its first reject, and keep nothing of it.

    Attributes
    ----------
    rows : dict of str to int
        Rows added by table, of finished and committed sources.
    rejects : int
    taken : int
        Rows taken so far, for a progress bar.
    skipped : list of Skipped
    """

    def __init__(self, store: Store, *, strict: bool = False) -> None:
        self._store, self._strict = store, strict
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="parquet")
        self._ready = _Load()
        self._current = _Load()
        self._flying: _Load | None = None
        self.rows: dict[str, int] = {}
        self.rejects = 0
        self.taken = 0
        self.skipped: list[Skipped] = []
        self._why_skipped: dict[str, str] = {}

    def __enter__(self) -> RowWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True)

    def begin(self, entry: SourceRow, source: Source) -> None:
        """From here on batches are of this source."""
        self._entry = replace(entry, is_done=False)
        self._source = source
        self._skipped_bytes = source.bytes_read
        self._saw_tail = False
        self._current = _Load()
        if entry.has_tail:
            self._forget_tail()

    def _forget_tail(self) -> None:
        """The unfinished last record of the last time will be read again."""
        entry, load = self._entry, self._current
        load.dropped = self._store.catalog.tail_parts(entry.file_key)
        load.rejects -= entry.tail_rejects
        for part in load.dropped:
            if part.tbl != "reject":
                load.rows[part.tbl] = load.rows.get(part.tbl, 0) - part.rows
        entry.records -= entry.tail_rows + entry.tail_rejects
        entry.rows -= entry.tail_rows
        entry.rejects -= entry.tail_rejects
        entry.tail_rows = entry.tail_rejects = 0

    def add(self, batch: Batch) -> None:
        """Take a batch of the current source.

        Raises
        ------
        RejectedRecordsError
            ``strict``, and there is a reject.
        """
        entry, load = self._entry, self._current
        if batch.rejects and self._strict:
            self._refuse(batch.rejects[0])
        tail_of = entry.file_key if batch.is_tail else None
        rows = 0
        for name, table in batch.tables.items():
            if len(table):
                load.put(name, table, tail_of)
                load.rows[name] = load.rows.get(name, 0) + len(table)
                rows += len(table)
        if batch.rejects:
            load.put("reject", self._reject_table(batch.rejects), tail_of)
            load.rejects += len(batch.rejects)
        for kind, records in batch.skipped.items():
            load.skips[entry.file, kind] = load.skips.get((entry.file, kind), 0) + records
        self._why_skipped.update(batch.why_skipped)
        self.taken += rows
        entry.records += rows + len(batch.rejects)
        entry.rows += rows
        entry.rejects += len(batch.rejects)
        if batch.is_tail:
            self._saw_tail = True
            entry.tail_rows += rows
            entry.tail_rejects += len(batch.rejects)
            return
        entry.line, entry.state = batch.end.line, batch.end.state
        if load.size + self._ready.size >= ROWS_PER_COMMIT:
            self._flush_inside(batch.end)

    def _refuse(self, reject: Reject) -> None:
        detail = f" ({reject.detail})" if reject.detail else ""
        raise RejectedRecordsError(
            f"{reject.reason}{detail}",
            where=f"{self._entry.file}, row {reject.source_row}",
            hint="leave --strict out to keep the other records and list this one as a reject",
        )

    def _flush_inside(self, end: Position) -> None:
        """Write in the middle of a source; list it if the source can be continued from here."""
        entry, source = self._entry, self._source
        digest = source.digest_at(end.offset)
        if digest is not None:
            entry.offset, entry.digest = end.offset, digest
            can_continue = True
        else:
            can_continue = source.bytes_read == self._skipped_bytes == 0
        if can_continue and not self._strict:
            self._current.sources[entry.file_key] = replace(entry)
            self._ready.absorb(self._current)
            self._current = _Load()
            self._commit()
        else:
            self._submit(self._current)

    def _reject_table(self, rejects: list[Reject]) -> pa.Table:
        import pyarrow as pa

        size, entry = len(rejects), self._entry
        columns = {
            "source_kind": [entry.reader] * size,
            "source_file": [entry.file] * size,
            "source_row": [r.source_row for r in rejects],
            "reason": [r.reason for r in rejects],
            "detail": [None if r.detail is None else r.detail[:MAX_RAW] for r in rejects],
            "raw": [None if r.raw is None else r.raw[:MAX_RAW] for r in rejects],
        }
        return pa.table(columns, schema=REJECT.arrow_schema())

    def end(self) -> SourceRow:
        """The current source was read to its end; what is known of it now."""
        entry, source = self._entry, self._source
        if not self._saw_tail:
            for _ in source.blocks():
                pass
        if source.fault:
            fault = Reject(entry.line + 1, DAMAGED, source.fault)
            self.add(Batch(Position(), rejects=[fault], is_tail=True))
        entry.offset, entry.digest, entry.is_done = source.bytes_read, source.digest(), True
        if source.rewrites_end and 0 < entry.offset < entry.head_bytes:
            entry.head_bytes = entry.offset
            entry.head_digest = hashlib.sha256(source.sample.head[: entry.offset]).hexdigest()
        self._current.sources[entry.file_key] = replace(entry)
        self._ready.absorb(self._current)
        self._current = _Load()
        if self._ready.size >= ROWS_PER_COMMIT:
            self._commit()
        return entry

    def drop(self) -> None:
        """Forget what the current source gave since the last commit."""
        self._current = _Load()

    def _submit(self, load: _Load) -> None:
        """Hand gathered rows to the writing thread."""
        import pyarrow as pa

        for (name, tail_of), tables in load.tables.items():
            rows = pa.concat_tables(tables)
            load.futures.append(self._pool.submit(self._store.write, name, rows, tail_of=tail_of))
        load.tables, load.size = {}, 0

    def _commit(self) -> None:
        """List what was handed over the last time, and hand over what is ready."""
        self._land()
        self._submit(self._ready)
        self._flying, self._ready = self._ready, _Load()

    def _land(self) -> None:
        load, self._flying = self._flying, None
        if load is None:
            return
        catalog = self._store.catalog
        parts = [part for future in load.futures for part in future.result()]
        with catalog.transaction():
            catalog.remove([part.path for part in load.dropped])
            catalog.add(parts)
            known = {(s.file, s.kind): s.records or 0 for s in catalog.skipped()} if load.skips else {}
            skipped = [
                Skipped(*key, self._why_skipped.get(key[1], NO_TABLE), known.get(key, 0) + records)
                for key, records in load.skips.items()
            ]
            for one in skipped:
                catalog.save_skipped(one)
            for entry in load.sources.values():
                catalog.save_source(entry)
        self.skipped = [s for s in self.skipped if (s.file, s.kind) not in load.skips] + skipped
        self.rejects += load.rejects
        for name, count in load.rows.items():
            self.rows[name] = self.rows.get(name, 0) + count

    def finish(self) -> None:
        """Write and list the rest."""
        self._commit()
        self._land()
