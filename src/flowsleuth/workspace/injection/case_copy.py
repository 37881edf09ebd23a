"""A workspace that is thrown away: links to the rows of another, of which a time range is left, and rows put in."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flowsleuth.errors import OptionError
from flowsleuth.investigate.queries import within
from flowsleuth.schema import TABLES
from flowsleuth.settings import FILE_NAME, Settings
from flowsleuth.workspace.enrichment import LISTS
from flowsleuth.workspace.stored_day import COUNTS

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.store import Store
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.injection.period import Period

INPUT = tuple(name for name in TABLES if name not in ("reject", "score", "suspect", "queue", "finding", "lead"))
"""Tables that are read, not made; the others of the copy are its own."""
ROWS = 262_144
"""Rows of a day that is cut, held in memory at once."""
PUT_IN = "put in"
"""Tag of parts that hold what was put in."""


@contextmanager
def copied(ws: Workspace, period: Period, keep: str | Path | None = None) -> Iterator[Workspace]:
    """A copy of a workspace's rows up to the end of a period, of whose first and last day only the period is left.

    Parquet files are hard links where the file system allows it, else symbolic ones; a day that the period cuts is
    written anew. Kept counts of earlier days come along, so that they are not counted again, and what their runs say of
    usual evidence. Ratings, rules, suppressions and scores do not.

    Parameters
    ----------
    ws : Workspace
    period : Period
    keep : path, optional
        Make the copy there, and leave it; else it is in a temporary folder and deleted.

    Raises
    ------
    OptionError
        The folder to keep is not empty.
    """
    from flowsleuth.workspace import Workspace

    folder = Path(tempfile.mkdtemp(prefix="flowsleuth-inject-")) if keep is None else Path(keep)
    if keep is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OptionError("the folder of the copy is not empty", where=str(folder), hint="name a new one")
    copy: Workspace | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        settings = _write_settings(ws, folder)
        ws.store.catalog.copy_to(folder, runs_before=period.first)
        copy = Workspace(folder, settings, ws.analyst)
        _link_parts(copy.store, ws.folder, period)
        _cut(copy.store, period)
        yield copy
    finally:
        if copy is not None:
            copy.close()
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def put_in(store: Store, rows: Iterable[tuple[str, pa.Table]]) -> None:
    """Put rows into a copy in the place of those that were put in before; dead files are deleted at once."""
    with store.writing():
        old = [part for name in INPUT for part in store.catalog.parts(name, tag=PUT_IN)]
        new = [part for name, table in rows if len(table) for part in store.write(name, table, tag=PUT_IN)]
        store.replace(old, new)
        store.delete_dead()


def _link_parts(store: Store, home: Path, period: Period) -> None:
    """Link what the copy's catalogue lists of days up to the period's last, and take the rest off the list.

    What the workspace replaces meanwhile stays there for a while (:data:`flowsleuth.store.store.GRACE_S`).
    """
    catalog = store.catalog
    kept = [
        part
        for name in catalog.tables()
        if name in INPUT or name.startswith(COUNTS)
        for part in catalog.parts(name)
        if part.date is None or part.date <= period.last
    ]
    for part in kept:
        _link(home / part.path, store.folder / part.path)
    with catalog.transaction():
        catalog.forget(sorted(catalog.paths() - {part.path for part in kept}))


def _link(source: Path, target: Path) -> None:
    """A hard link keeps the rows though the workspace replaces its file; other file systems take a symbolic one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        target.symlink_to(source.resolve())


def _write_settings(ws: Workspace, folder: Path) -> Settings:
    """The same settings; paths lead back to the workspace's files, and ratings are not taught."""
    base = ws.folder.resolve()
    settings = replace(
        ws.settings,
        case_url="",
        context=str(base / ws.settings.context),
        geography=tuple(str(base / path) for path in ws.settings.geography),
        lists=tuple(str(base / path) for path in ws.settings.lists),
    )
    (folder / FILE_NAME).write_text(settings.to_toml(), encoding="utf-8")
    if (base / LISTS).is_dir():
        (folder / LISTS).symlink_to(base / LISTS)
    return settings


def _cut(store: Store, period: Period) -> None:
    """Leave only the period's rows of the days that it begins and ends in."""
    with store.writing():
        for name in INPUT:
            for date in period.cut_days if TABLES[name].time_column else ():
                old = store.catalog.parts(name, [date])
                if old:
                    rows = within(store.table(name, [date]), period.start, period.end)
                    store.replace(old, [part for table in _tables(store, rows) for part in store.write(name, table)])


def _tables(store: Store, rows: ir.Table) -> Iterator[pa.Table]:
    import pyarrow as pa

    for batch in store.batches(rows, ROWS):
        yield pa.Table.from_batches([batch])
