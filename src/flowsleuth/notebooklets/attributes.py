"""What a result holds, declared: a line per attribute says what it is, and the same line documents it.

Everything is kept as a :class:`~flowsleuth.investigate.dossier.Section`, so that a result is its own document.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from flowsleuth.errors import OptionError
from flowsleuth.investigate.dossier import Kind, Section
from flowsleuth.notebooklets.picture import Picture
from flowsleuth.schema.entities import Entity, entities_to_json, parse_entities
from flowsleuth.schema.tabular import is_table, to_table

if TYPE_CHECKING:
    import pyarrow as pa

_SHORT = {"asn", "dns", "http", "ip", "os", "ti", "tls", "url"}
AttributeKind = Literal["table", "figure", "entity", "entities", "value"]


@dataclass(frozen=True)
class Found:
    """What a step gives for an attribute, where a bare value does not say all.

    Attributes
    ----------
    value : optional
        A table, an entity, a value; for a figure the table it is drawn from.
    note : str
        What was left out or put together.
    absent : str or None
        Why there is nothing.
    nodes, edges : table, optional
        Of a figure that is drawn from a graph or of places.
    """

    value: Any = None
    note: str = ""
    absent: str | None = None
    nodes: Any = None
    edges: Any = None


@dataclass(eq=False)
class Attribute:
    """One attribute of a result class; made by :func:`table`, :func:`figure`, :func:`entity`, :func:`value`.

    Attributes
    ----------
    kind : str
    description : str
        What it is, one sentence.
    title : str
        Its heading; made of the name when not given.
    figure : str or None
        Of a figure: which of :data:`flowsleuth.viz.FIGURES` draws it.
    bars : str
        Of a table: the column whose numbers are shown as bars too, where it is displayed.
    name : str
        Given by the class.
    """

    kind: AttributeKind
    description: str
    title: str = ""
    figure: str | None = None
    bars: str = ""
    name: str = field(default="", init=False)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.title = self.title or _titled(name)

    def __get__(self, result: Any, owner: type) -> Any:
        return self if result is None else result._shown(self)

    def __set__(self, result: Any, given: Any) -> None:
        result.keep(self.name, given)

    @property
    def type_name(self) -> str:
        """What a user gets in hand."""
        names = {"table": "pandas.DataFrame", "entity": "Entity", "entities": "list of Entity", "value": "value"}
        return names.get(self.kind, f"Picture ({self.figure})")

    def section(self, given: Any) -> Section:
        """What was given, as it is kept.

        Raises
        ------
        OptionError
            It is not what was declared.
        """
        found = given if isinstance(given, Found) else Found(given)
        blank = Section(self.name, self.title, self._kind(found), found.absent, found.note, self.figure)
        if found.absent is not None:
            return blank
        if found.value is None and found.nodes is None:
            return replace(blank, absent="nothing was found")
        return self._filled(blank, found)

    def _kind(self, found: Found) -> Kind:
        if self.kind == "table":
            return "table"
        if self.kind != "figure":
            return "text"
        if found.nodes is None and found.edges is None and self.figure in ("timeline", "histogram"):
            return "series"
        return "map" if self.figure == "map" else "graph" if found.nodes is not None else "series"

    def _filled(self, blank: Section, found: Found) -> Section:
        if self.kind in ("table", "figure"):
            tables = {"table": found.value, "nodes": found.nodes, "edges": found.edges}
            return replace(blank, **{name: to_table(rows) for name, rows in tables.items() if rows is not None})
        if self.kind == "value":
            plain = json.loads(json.dumps(found.value, default=str, ensure_ascii=False))
            text = in_words(plain)
            return replace(blank, value=plain, text=text)
        listed = [found.value] if self.kind == "entity" else list(found.value)
        if not all(isinstance(one, Entity) for one in listed):
            raise OptionError("not an entity", where=f"{self.name}={found.value!r}"[:80])
        text = ", ".join(one.label for one in listed)
        return replace(blank, value=json.loads(entities_to_json(listed)), text=text)

    def given(self, section: Section | None) -> Any:
        """What a later step gets: Arrow tables, entities, values; None when it is absent."""
        if section is None or section.absent is not None:
            return None
        if self.kind in ("entity", "entities"):
            listed = list(parse_entities(section.value))
            return listed if self.kind == "entities" else next(iter(listed), None)
        return section if self.kind == "figure" else section.table if self.kind == "table" else section.value

    def shown(self, section: Section | None) -> Any:
        """What a user gets in hand: DataFrames, pictures, entities, values; None when it is absent."""
        given = self.given(section)
        if given is None or section is None:
            return None
        if self.kind == "table":
            return to_frame(given, section.note)
        return Picture(section) if self.kind == "figure" else given


def _titled(name: str) -> str:
    """A name as a heading.

    Examples
    --------
    >>> _titled("asn_rarity"), _titled("ti_results"), _titled("url")
    ('ASN rarity', 'TI results', 'URL')
    """
    first, *others = name.split("_")
    words = [first.capitalize() if first not in _SHORT else first, *others]
    return " ".join(word.upper() if word in _SHORT else word for word in words)


def to_frame(rows: pa.Table, note: str = "") -> Any:
    """A DataFrame of one's own; what has to be said is in ``.attrs["note"]``."""
    frame = rows.to_pandas()
    if note:
        frame.attrs["note"] = note
    return frame


def in_words(plain: Any) -> str:
    """A value as a line of text.

    Examples
    --------
    >>> in_words({"denied_flows": 1200, "names": ["a", "b"], "end": None})
    'denied flows 1,200; names a, b'
    """
    if isinstance(plain, Mapping):
        told = ((str(name).replace("_", " "), value) for name, value in plain.items() if value is not None)
        return "; ".join(f"{name} {in_words(value)}" for name, value in told)
    if isinstance(plain, list):
        return ", ".join(map(in_words, plain))
    if isinstance(plain, int | float) and not isinstance(plain, bool):
        return f"{plain:,}"
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def is_empty(value: Any) -> bool:
    """Whether there is nothing in it: None, a table without rows, an empty text or list."""
    if value is None or isinstance(value, Picture):
        return value is None
    if is_table(value):
        return len(value) == 0
    return value in ("", [], {}, ())


def table(description: str, *, title: str = "", bars: str = "") -> Any:
    """Declare a table; users get a ``pandas.DataFrame``. Numbers of the column ``bars`` are displayed as bars too."""
    return Attribute("table", description, title, bars=bars)


def figure(kind: str, description: str, *, title: str = "") -> Any:
    """Declare a figure of one of the kinds of :data:`flowsleuth.viz.FIGURES`; users get a :class:`Picture`."""
    return Attribute("figure", description, title, kind)


def entity(description: str, *, title: str = "") -> Any:
    """Declare an entity of :mod:`flowsleuth.schema.entities`."""
    return Attribute("entity", description, title)


def entities(description: str, *, title: str = "") -> Any:
    """Declare a list of entities."""
    return Attribute("entities", description, title)


def value(description: str, *, title: str = "") -> Any:
    """Declare a value that JSON can hold: text, a number, a list, a dict."""
    return Attribute("value", description, title)
