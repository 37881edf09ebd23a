"""Local feeds of a workspace: added, listed, fetched again when asked, removed."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.intel import PROVIDERS
from flowsleuth.enrich.intel.configuration import feed_access, read_options
from flowsleuth.enrich.intel.feeds.canonical import FeedOrigin
from flowsleuth.enrich.intel.feeds.fetching import check_url, fetch, is_taxii
from flowsleuth.enrich.intel.feeds.raw import Refused
from flowsleuth.enrich.intel.feeds.reading import MOST_BYTES, FeedReading, read_feed, read_folder
from flowsleuth.enrich.intel.local import FEEDS
from flowsleuth.enrich.intel.severity import severity_named
from flowsleuth.errors import FlowsleuthError, OptionError

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store import Store

TABLE = "indicator"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


@dataclass(frozen=True)
class FeedReport:
    """What was read of a feed.

    Attributes
    ----------
    name, format : str
    indicators : int
    types : dict of str to int
        Indicators by type.
    refused : int
        Rows that are no indicator.
    reasons : dict of str to int
        Why, the most frequent first.
    examples : tuple of Refused
        The first of them.
    error : str or None
        Why it could not be fetched or read; what was there stays.
    """

    name: str
    format: str
    indicators: int
    types: Mapping[str, int]
    refused: int
    reasons: Mapping[str, int]
    examples: tuple[Refused, ...] = ()
    error: str | None = None


def add_feed(
    store: Store,
    settings: Mapping[str, Any],
    source: str | Path,
    *,
    name: str,
    severity: str = "warning",
    format: str | None = None,
    url: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> FeedReport:
    """See :meth:`flowsleuth.Workspace.intel_add`."""
    _check_name(name)
    text = str(source)
    is_fetched = text.startswith(("http://", "https://"))
    where = text if is_fetched else url
    address = check_url(where) if where else None
    found = severity_named(severity)
    origin = FeedOrigin(name, format or "", text, address, found, dt.datetime.now(dt.UTC))
    reading = _fetched(settings, origin, format, environ) if is_fetched else _from_file(Path(source), origin, format)
    return _keep(store, origin, reading)


def _check_name(name: str) -> None:
    if not _NAME.match(name):
        raise OptionError("not a name of letters, digits, dots and dashes", where=f"--name {name[:70]}")
    if name == FEEDS or name in PROVIDERS.names():
        raise OptionError("this name is a service's", where=f"--name {name}")


def _fetched(
    settings: Mapping[str, Any], origin: FeedOrigin, format: str | None, environ: Mapping[str, str] | None
) -> FeedReading:
    url = str(origin.url)
    secrets = feed_access(settings, origin.feed, os.environ if environ is None else environ)
    content = fetch(url, secrets, max(read_options(settings).timeout_s, 60.0))
    return read_feed(content, origin, "stix" if is_taxii(url) else format)


def _from_file(path: Path, origin: FeedOrigin, format: str | None) -> FeedReading:
    try:
        if path.is_dir():
            return read_folder(path, origin)
        if path.stat().st_size > MOST_BYTES:
            raise FlowsleuthError(f"longer than {MOST_BYTES // 2**20} MiB", where=str(path))
        content = path.read_bytes()
    except OSError as error:
        raise FlowsleuthError(f"cannot be read: {error.strerror}", where=str(path)) from None
    return read_feed(content, origin, format)


def _keep(store: Store, origin: FeedOrigin, reading: FeedReading) -> FeedReport:
    """Put the feed in the place of its former self."""
    if not len(reading.rows):
        first = next(iter(reading.reasons), "the file is empty")
        raise FlowsleuthError(f"no indicator read as {reading.format}: {first}", where=origin.file)
    with store.writing():
        old = store.catalog.parts(TABLE, tag=origin.feed)
        store.replace(old, store.write(TABLE, reading.rows, tag=origin.feed))
    counted = reading.rows.group_by("indicator_type").aggregate([([], "count_all")]).sort_by("indicator_type")
    types = dict(zip(counted["indicator_type"].to_pylist(), counted["count_all"].to_pylist(), strict=True))
    refused = reading.refused
    return FeedReport(
        origin.feed, reading.format, len(reading.rows), types, len(refused), reading.reasons, refused[:5]
    )  # fmt: skip


def list_feeds(store: Store) -> pa.Table:
    """See :meth:`flowsleuth.Workspace.intel_feeds`."""
    rows = store.table(TABLE)
    found = rows.group_by("feed").aggregate(
        indicators=rows.count(),
        high=(rows["severity"] == "high").cast("int64").sum(),
        warning=(rows["severity"] == "warning").cast("int64").sum(),
        format=rows["feed_format"].max(),
        as_of=rows["as_of"].max(),
        url=rows["feed_url"].max(),
        file=rows["source_file"].max(),
    )
    return store.arrow(found.order_by("feed"))


def update_feeds(
    store: Store,
    settings: Mapping[str, Any],
    names: Iterable[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> list[FeedReport]:
    """See :meth:`flowsleuth.Workspace.intel_update`."""
    feeds = {row["feed"]: row for row in list_feeds(store).to_pylist()}
    chosen = [name for name, row in feeds.items() if row["url"]] if names is None else list(names)
    for name in chosen:
        if name not in feeds:
            raise OptionError("no such feed", where=name[:70], available=feeds)
        if not feeds[name]["url"]:
            raise OptionError("it has no address", where=name, hint="add it again with --url")
    return [_update(store, settings, feeds[name], environ) for name in chosen]


def _update(
    store: Store, settings: Mapping[str, Any], feed: Mapping[str, Any], environ: Mapping[str, str] | None
) -> FeedReport:
    """One feed; a failure is told, and leaves what there is."""
    name, url = feed["feed"], feed["url"]
    default = _usual_severity(store, name)
    origin = FeedOrigin(name, feed["format"], url, url, severity_named(default), dt.datetime.now(dt.UTC))
    try:
        reading = _fetched(settings, origin, feed["format"], environ)
        return _keep(store, replace(origin, format=reading.format), reading)
    except FlowsleuthError as error:
        return FeedReport(name, feed["format"], feed["indicators"], {}, 0, {}, error=str(error))


def _usual_severity(store: Store, name: str) -> str:
    """What most of a feed's indicators have: what it was added with, where the feed does not say itself."""
    rows = store.table(TABLE, tag=name)
    counted = store.arrow(rows.group_by("severity").aggregate(n=rows.count())).to_pylist()
    return max(counted, key=lambda row: row["n"])["severity"] if counted else "warning"


def remove_feed(store: Store, name: str) -> int:
    """See :meth:`flowsleuth.Workspace.intel_remove`."""
    with store.writing():
        old = store.catalog.parts(TABLE, tag=name)
        if not old:
            known = store.arrow(store.table(TABLE).select("feed").distinct())["feed"].to_pylist()
            raise OptionError("no such feed", where=name[:70], available=sorted(known))
        store.replace(old, [])
    return sum(part.rows for part in old)
