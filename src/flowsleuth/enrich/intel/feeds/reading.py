"""A feed's content, whatever its format, to rows of the table ``indicator``."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import re
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.intel.feeds.canonical import FeedOrigin, Gatherer
from flowsleuth.enrich.intel.feeds.lines import read_ipsum, read_list
from flowsleuth.enrich.intel.feeds.misp import is_warning_list, read_misp
from flowsleuth.enrich.intel.feeds.openioc import read_openioc
from flowsleuth.enrich.intel.feeds.raw import Read, Refused
from flowsleuth.enrich.intel.feeds.stix import read_stix
from flowsleuth.enrich.intel.feeds.tables import Header, read_csv
from flowsleuth.errors import FlowsleuthError, OptionError

if TYPE_CHECKING:
    import pyarrow as pa

MOST_BYTES = 512 * 2**20
"""A feed that is longer, unpacked, is none."""
FORMATS = ("list", "ipsum", "csv", "sentinel", "stix", "misp", "openioc")
_COMMENTS = ("#", ";", "//", "!")
_MARKS = (",", ";", "\t")
_URL = re.compile(r"\s*[A-Za-z*]{3,6}s?(?::|\[:\]|\[)//")
_INDEXES = ("manifest.json", "hashes.csv")


@dataclass(frozen=True)
class FeedReading:
    """What was read.

    Attributes
    ----------
    rows : pyarrow.Table
        Of ``schema.INDICATOR``.
    format : str
    refused : tuple of Refused
        What is no indicator, with row and reason.
    """

    rows: pa.Table
    format: str
    refused: tuple[Refused, ...]

    @property
    def reasons(self) -> dict[str, int]:
        """How often each reason, most often first."""
        return dict(Counter(one.reason for one in self.refused).most_common())


def read_feed(content: bytes, origin: FeedOrigin, format: str | None = None) -> FeedReading:
    """Read a feed's content, compressed or not.

    Parameters
    ----------
    content : bytes
    origin : FeedOrigin
        Its ``format`` is what is found here.
    format : str, optional
        One of :data:`FORMATS`; found by content when not given.

    Raises
    ------
    OptionError
        No such format.
    FlowsleuthError
        The content is not of the format.
    """
    if format is not None and format not in FORMATS:
        raise OptionError("no such format of a feed", where=format[:50], available=FORMATS)
    content = unpacked(content, origin.file)
    found = format or find_format(content)
    gatherer = Gatherer(replace(origin, format=found))
    try:
        gatherer.take(_READERS[found](content))
    except FlowsleuthError:
        raise
    except (ValueError, RecursionError) as error:
        raise FlowsleuthError(f"not readable as {found}: {error}", where=origin.file) from None
    return FeedReading(gatherer.table(), found, tuple(gatherer.refused))


def read_folder(folder: Path, origin: FeedOrigin) -> FeedReading:
    """A MISP feed as it lies in a folder: an event a file, beside ``manifest.json``."""
    gatherer = Gatherer(replace(origin, format="misp"))
    for path in sorted(folder.glob("*.json")):
        if path.name in _INDEXES:
            continue
        try:
            gatherer.take(read_misp(json.loads(path.read_bytes())))
        except (OSError, ValueError, RecursionError) as error:
            gatherer.refused.append(Refused(0, f"{path.name}: {error}"))
    return FeedReading(gatherer.table(), "misp", tuple(gatherer.refused))


def unpacked(content: bytes, name: str) -> bytes:
    """Content without its compression (gz, bz2, xz).

    Raises
    ------
    FlowsleuthError
        It is damaged, or longer than :data:`MOST_BYTES`.
    """
    import io

    openers: dict[bytes, Callable[[Any], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
    opener = next((one for magic, one in openers.items() if content.startswith(magic)), None)
    if opener is None:
        return content
    try:
        with opener(io.BytesIO(content)) as file:
            found: bytes = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise FlowsleuthError(f"damaged: {error}", where=name) from None
    if len(found) > MOST_BYTES:
        raise FlowsleuthError(f"longer than {MOST_BYTES // 2**20} MiB unpacked", where=name)
    return found


def find_format(content: bytes) -> str:
    """Which format some content has.

    Examples
    --------
    >>> find_format(b"# list\\n8.8.8.8\\n"), find_format(b"8.8.8.8\\t3\\n"), find_format(b"8.8.8.8,bad\\n")
    ('list', 'ipsum', 'csv')
    """
    text = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<"):
        return "openioc"
    if text.startswith((b"{", b"[")):
        return _json_format(_json(content))
    return _lines_format(_text(content))


def _json_format(document: Any) -> str:
    if is_warning_list(document):
        return "misp"
    if isinstance(document, dict) and "objects" in document:
        return "stix"
    first = document[0] if isinstance(document, list) and document else None
    return "stix" if isinstance(first, dict) and "type" in first and "Event" not in first else "misp"


def _lines_format(text: str) -> str:
    lines = [line for line in text[:100_000].splitlines() if line.strip()]
    data = [line for line in lines if not line.lstrip().startswith(_COMMENTS)][:50]
    if not data:
        return "list"
    if data[0].startswith("IndicatorId,") or '"ObservableValue"' in data[0] or ",ObservableValue" in data[0]:
        return "sentinel"
    tabs = [line.partition("\t") for line in data]
    if all(mark and count.strip().isdigit() for _, mark, count in tabs):
        return "ipsum"
    if all(_URL.match(line) for line in data):  # marks in a URL are its own, unless all lines have as many
        counts = [{line.count(mark) for line in data} for mark in _MARKS]
        return "csv" if len(data) > 1 and any(len(one) == 1 and one != {0} for one in counts) else "list"
    separated = sum(any(mark in line for mark in _MARKS) for line in data)
    is_named = bool(Header.of([data[0]]).values)
    return "csv" if separated * 2 > len(data) or is_named else "list"


def _text(content: bytes) -> str:
    return content.decode("utf-8-sig", "replace")


def _json(content: bytes) -> Any:
    try:
        return json.loads(_text(content))
    except (ValueError, RecursionError) as error:
        raise FlowsleuthError(f"no JSON: {error}", where="feed") from None


_READERS: dict[str, Callable[[bytes], Read]] = {
    "list": lambda content: read_list(_text(content).splitlines()),
    "ipsum": lambda content: read_ipsum(_text(content).splitlines()),
    "csv": lambda content: read_csv(_text(content)),
    "sentinel": lambda content: read_csv(_text(content)),
    "stix": lambda content: read_stix(_json(content)),
    "misp": lambda content: read_misp(_json(content)),
    "openioc": read_openioc,
}
