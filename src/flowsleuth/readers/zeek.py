"""Zeek (formerly Bro): conn, dns, http and ssl logs, as its own text with a ``#`` header or as JSON lines.

Log formats: https://docs.zeek.org/en/current/log-formats.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from flowsleuth.errors import ReaderError
from flowsleuth.readers.contract import Batch, ReadContext
from flowsleuth.readers.streams import CHUNK, Sample, Source
from flowsleuth.readers.zeek_fields import LOGS
from flowsleuth.readers.zeek_header import Header
from flowsleuth.readers.zeek_tsv import TsvLog, sniff_header


@dataclass(frozen=True)
class ZeekOptions:
    """Zeek's logs describe themselves, so there is nothing to set."""


class ZeekReader:
    """Reads Zeek's logs, TSV or JSON, whatever the file is called; logs without a table are counted.

    Parameters
    ----------
    chunk_size : int
        Bytes handled at a time.
    """

    name: ClassVar[str] = "zeek"
    summary: ClassVar[str] = "Zeek (Bro) conn, dns, http and ssl logs, TSV or JSON lines"
    Options: ClassVar[type] = ZeekOptions

    def __init__(self, chunk_size: int = CHUNK) -> None:
        self._chunk_size = chunk_size

    def sniff(self, sample: Sample) -> str | None:
        """Name the log: ``"conn (TSV)"``, ``"dns (JSON)"``, ``"mixed (JSON)"``, ``"skip:files (TSV)"``."""
        header = sniff_header(sample.head)
        if header is not None:
            return _kind(header.name, header.log is not None, "TSV")
        from flowsleuth.readers.zeek_json import sniff_lines

        found = sniff_lines(sample.lines())
        return None if found is None else _kind(found, found in LOGS or found == "mixed", "JSON")

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read batch after batch.

        Raises
        ------
        ReaderError
            The file is neither Zeek's text with a ``#fields`` line nor JSON lines.
        """
        header = sniff_header(source.sample.head)
        if header is not None:
            log = TsvLog(context, Header.from_state(source.start.state))
            yield from log.batches(source, self._chunk_size)
            return
        if not source.sample.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            hint = "Zeek's text logs begin with #separator and #fields lines, its JSON logs with {"
            raise ReaderError("not a Zeek log", where=source.name, hint=hint)
        from flowsleuth.readers.zeek_json import JsonLog

        with JsonLog(context, source.sample.lines()) as lines:
            yield from lines.batches(source, self._chunk_size)


def _kind(name: str, has_table: bool, form: str) -> str:
    return f"{name} ({form})" if has_table else f"skip:{name} ({form})"
