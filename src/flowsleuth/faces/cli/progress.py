"""A progress bar with rows/s, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowsleuth.workspace.ingest import IngestProgress

NAME_WIDTH = 40


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Callable[[IngestProgress], None] | None]:
    """Give a function that draws on standard error; None when that is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from flowsleuth.schema.printable import printable_text

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rows]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("ingest", total=None, rows="")

        def draw(progress: IngestProgress) -> None:
            elapsed = bar.tasks[0].elapsed or 0.0
            speed = progress.rows / elapsed if elapsed > 0 else 0.0
            name = escape(printable_text(progress.file)[-NAME_WIDTH:])
            bar.update(
                task,
                description=f"[{progress.file_number}/{progress.files}] {name}",
                completed=progress.bytes_done,
                total=progress.bytes_total or None,
                rows=f"{progress.rows:,} rows, {speed:,.0f} rows/s",
            )

        yield draw
