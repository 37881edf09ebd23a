"""What a reader is: it knows its own files by content and turns them into batches of canonical rows.

A reader never opens a file itself unless it must hand the path to a library; it is given a
:class:`~flowsleuth.readers.streams.Source`. It never decides where rows go. What it cannot turn into a row it gives
back as a :class:`Reject`, so that rows + rejects = records, always.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from zoneinfo import ZoneInfo

from flowsleuth.schema.addresses import HomeNetworks

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.readers.streams import Sample, Source

MAX_RAW = 65_536
"""Longest raw text kept with a reject, in characters."""


@dataclass(frozen=True)
class Position:
    """How far a source was read, so that a grown file can be continued.

    Attributes
    ----------
    offset : int
        Decompressed bytes consumed; for binary files, records consumed.
    line : int
        Lines (or records) consumed, header lines counted.
    state : str
        What the reader needs to continue (a JSON text of its own), e.g. the header.
    """

    offset: int = 0
    line: int = 0
    state: str = ""


@dataclass(frozen=True)
class Reject:
    """A record that could not become a row.

    ``reason`` is the same words for the same fault, so that it can be counted; ``detail`` names the field and value.
    """

    source_row: int
    reason: str
    detail: str | None = None
    raw: str | None = None


@dataclass
class Batch:
    """Some consecutive records of one source.

    Attributes
    ----------
    tables : dict of str to pyarrow.Table
        Canonical rows by table name, made by :func:`flowsleuth.readers.rows.build_rows`.
    rejects : list of Reject
    skipped : dict of str to int
        Records of a kind that no table exists for yet, by the source's word for the kind.
    end : Position
        How far the source is consumed after this batch.
    is_tail : bool
        The last record had no line end, or the archive broke off after it: when the file grows, the rows and rejects
        of this batch are dropped and read again.
    why_skipped : mapping of str to str
        For kinds that are skipped for another reason, the reason.
    """

    end: Position
    tables: dict[str, pa.Table] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    is_tail: bool = False
    why_skipped: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadContext:
    """What a reader is told about the ingest that it works for.

    Attributes
    ----------
    source_file : str
        The path as it was given; goes into the rows.
    source_kind : str
        The reader's name; goes into the rows.
    file_key : int
        number of the file's content; ids of rows are made of it (schema.identity).
    home : HomeNetworks
    tz : ZoneInfo
        Zone of times that name none.
    options : object
        The reader's own options.
    """

    source_file: str
    source_kind: str
    file_key: int
    home: HomeNetworks
    tz: ZoneInfo
    options: Any = None


class Reader(Protocol):
    """A source of flow logs.

    Attributes
    ----------
    name : str
        What ``--reader`` and ``source_kind`` call it.
    summary : str
        One line for ``flowsleuth readers``.
    Options : type
        A frozen dataclass; every field has a default and ``metadata={"help": …}``.

    Notes
    -----
    A reader whose content cannot be recognised sets ``is_by_name_only = True`` (absent: False) and lets ``sniff`` give
    None; it then reads what ``--reader`` hands it. One that knows most of its files sets ``reads_by_name = True`` to be
    handed the others too. A reader whose rows are not single lines may have
    ``raw_record(source, row) -> str | None``, which finds the text of a row for ``flowsleuth explain``. The raw
    text of a reject begins its line; a reader whose records span many lines says so by ``raw_lies = "lines"``, one that
    finds them inside of lines by ``raw_lies = "inside"`` (absent: ``"line"``).
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    Options: ClassVar[type]

    def sniff(self, sample: Sample) -> str | None:
        """Say what the content is (``"conn (TSV)"``), or None when it is not ours.

        A kind that begins with ``"skip:"`` says: this is ours, but there is no table for it yet.
        """
        ...

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read batch after batch, from ``source.start`` to the end.

        Raises
        ------
        ReaderError
            Nothing at all can be read from this file.
        """
        ...
