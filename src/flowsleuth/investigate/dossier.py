"""The document every investigation ends in: a title, a question, and sections of evidence, each absent with a reason.

A :class:`Dossier` is data only: it round-trips through JSON, and ``viz`` makes figures of its sections.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from flowsleuth.catalogue import Catalogue
from flowsleuth.errors import FlowsleuthError
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["table", "series", "graph", "map", "text"]
KINDS = ("table", "series", "graph", "map", "text")
FORMAT = 1
VIEWS = Catalogue("flowsleuth.dossier_views", {"html": "flowsleuth.viz.page_sections:dossier_html"})
"""How a dossier is shown in a notebook: by a room above this one."""
TOLD = 200
"""Letters of a text section that a line shows."""
_EXACT = 2**53
"""Integers from here on are text in JSON, because JavaScript would round them."""


@dataclass(frozen=True)
class Section:
    """One piece of evidence.

    Attributes
    ----------
    id : str
        Name within the dossier.
    title : str
    kind : ``table``, ``series``, ``graph``, ``map`` or ``text``
        A series is a table with a time; a graph has nodes and edges; a map has places (nodes) and arcs (edges).
    absent : str or None
        Why there is nothing to see; None when there is.
    note : str
        What was left out or put together.
    figure : str or None
        The name of the figure that shows it, one of :data:`flowsleuth.viz.FIGURES`.
    text : str
        Of a text section.
    table : pyarrow.Table or None
        Rows of a table or series.
    nodes, edges : pyarrow.Table or None
        Of a graph or map.
    value : JSON value or None
        What a text section tells, for programs.
    """

    id: str
    title: str
    kind: Kind
    absent: str | None = None
    note: str = ""
    figure: str | None = None
    text: str = ""
    table: pa.Table | None = None
    nodes: pa.Table | None = None
    edges: pa.Table | None = None
    value: Any = None

    def to_dict(self) -> dict[str, Any]:
        """As plain values that JSON can hold."""
        plain: dict[str, Any] = {"id": self.id, "title": self.title, "kind": self.kind, "absent": self.absent}
        plain |= {"note": self.note, "figure": self.figure, "text": self.text}
        for name in ("table", "nodes", "edges"):
            rows = getattr(self, name)
            plain[name] = None if rows is None else table_to_dict(rows)
        return plain if self.value is None else {**plain, "value": self.value}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Section:
        """The section that :meth:`to_dict` told of."""
        tables: dict[str, Any] = {
            name: None if plain.get(name) is None else table_from_dict(plain[name])
            for name in ("table", "nodes", "edges")
        }
        if plain["kind"] not in KINDS:
            raise FlowsleuthError("not a kind of section", where=str(plain["kind"]), available=KINDS)
        words: dict[str, Any] = {
            name: plain[name] for name in ("id", "title", "kind", "absent", "note", "figure", "text")
        }
        return cls(**words, **tables, value=plain.get("value"))


@dataclass(frozen=True, repr=False)
class Dossier:
    """A question, and what was found.

    Attributes
    ----------
    title : str
    question : str
        What was asked, in words.
    start, end : datetime or None
        The window that was asked for, UTC, ``end`` excluded; None is open.
    provenance : dict
        Who, when, with which version, from which rows; plain JSON values.
    sections : tuple of Section

    Examples
    --------
    >>> why = Section("why", "Why", "text", text="A beacon.")
    >>> dossier = Dossier("Implant", "What did 10.0.0.5 do?", sections=(why,))
    >>> Dossier.from_json(dossier.to_json()) == dossier
    True
    >>> dossier
    Implant
    why: A beacon.
    """

    title: str
    question: str
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    provenance: dict[str, Any] = field(default_factory=dict)
    sections: tuple[Section, ...] = ()

    def __getitem__(self, name: str) -> Section:
        for section in self.sections:
            if section.id == name:
                return section
        raise KeyError(name)

    def __repr__(self) -> str:
        lines = (f"{section.id}: {_in_a_line(section)}" for section in self.sections)
        return "\n".join(printable_text(line) for line in (self.title, *lines))

    def _repr_html_(self) -> str:
        html: str = VIEWS.load("html")(self)
        return html

    def to_dict(self) -> dict[str, Any]:
        """As plain values that JSON can hold."""
        window = {"start": _time_text(self.start), "end": _time_text(self.end)}
        return {
            "format": FORMAT,
            "title": self.title,
            "question": self.question,
            "window": window,
            "provenance": self.provenance,
            "sections": [section.to_dict() for section in self.sections],
        }

    def to_json(self) -> str:
        """As JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Dossier:
        """The dossier that :meth:`to_dict` told of.

        Raises
        ------
        FlowsleuthError
            The document is of a newer format.
        """
        if plain.get("format", FORMAT) > FORMAT:
            raise FlowsleuthError(
                "the document was made by a newer version", where="dossier", hint="upgrade flowsleuth"
            )
        start, end = (_parse_time(plain["window"][name]) for name in ("start", "end"))
        sections = tuple(Section.from_dict(section) for section in plain["sections"])
        return cls(plain["title"], plain["question"], start, end, plain["provenance"], sections)

    @classmethod
    def from_json(cls, text: str) -> Dossier:
        """The dossier that :meth:`to_json` told of."""
        return cls.from_dict(json.loads(text))


def _in_a_line(section: Section) -> str:
    """What a section says, how much it holds, or why there is nothing."""
    if section.absent is not None:
        return f"nothing, {section.absent}"
    if section.kind == "text":
        line = " ".join(section.text.split())
        return line if len(line) <= TOLD else f"{line[:TOLD]}…"
    tables = {"rows": section.table, "nodes": section.nodes, "edges": section.edges}
    return ", ".join(f"{len(rows):,} {what}" for what, rows in tables.items() if rows is not None)


def _time_text(moment: dt.datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _parse_time(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)


def table_to_dict(rows: pa.Table) -> dict[str, Any]:
    """A table as plain values: ``{columns: [{name, type}], rows: [[…]]}``; times as ISO 8601 text.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table_to_dict(pa.table({"bytes": pa.array([2**60], pa.int64())}))
    {'columns': [{'name': 'bytes', 'type': 'int64'}], 'rows': [['1152921504606846976']]}
    """
    columns = [{"name": field.name, "type": _type_name(field.type)} for field in rows.schema]
    values = [_plain_column(rows.column(at).to_pylist(), column["type"]) for at, column in enumerate(columns)]
    return {"columns": columns, "rows": [list(row) for row in zip(*values, strict=True)]}


def table_from_dict(plain: dict[str, Any]) -> pa.Table:
    """The table that :func:`table_to_dict` told of."""
    import pyarrow as pa

    columns = plain["columns"]
    lists = list(zip(*plain["rows"], strict=True)) or [()] * len(columns)
    arrays = [_arrow_column(values, column["type"]) for values, column in zip(lists, columns, strict=True)]
    return pa.table(arrays, names=[column["name"] for column in columns])


def _type_name(kind: pa.DataType) -> str:
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        return "timestamp"
    names = {pa.int64(): "int64", pa.int32(): "int32", pa.int16(): "int16", pa.float64(): "float64", pa.bool_(): "bool"}
    if pa.types.is_list(kind):
        return next((name for name, inner in _lists().items() if inner == kind.value_type), "string")
    return names.get(kind, "string")


def _lists() -> dict[str, pa.DataType]:
    """Columns whose cells are lists: the name of the type, and the type within."""
    import pyarrow as pa

    return {"strings": pa.string(), "integers": pa.int64(), "floats": pa.float64()}


def _plain_column(values: list[Any], kind: str) -> list[Any]:
    if kind == "timestamp":
        return [_time_text(value) for value in values]
    if kind == "int64":
        return [str(value) if value is not None and abs(value) >= _EXACT else value for value in values]
    if kind == "float64":
        return [value if value is not None and math.isfinite(value) else None for value in values]
    if kind in _lists():
        inner = {"integers": "int64", "floats": "float64"}.get(kind, "string")
        return [None if value is None else _plain_column(value, inner) for value in values]
    return [None if value is None else value if kind != "string" else str(value) for value in values]


def _arrow_column(values: tuple[Any, ...], kind: str) -> pa.Array:
    import pyarrow as pa

    from flowsleuth.schema import Column

    if kind == "timestamp":
        values = tuple(_parse_time(value) for value in values)
    elif kind == "int64":
        values = tuple(int(value) if isinstance(value, str) else value for value in values)
    elif kind in _lists():
        if kind == "integers":
            values = tuple(
                None if value is None else [None if n is None else int(n) for n in value] for value in values
            )
        return pa.array(values, pa.list_(_lists()[kind]))
    return pa.array(values, Column("", kind, "").arrow_type())  # type: ignore[arg-type]
