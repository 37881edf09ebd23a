"""A mapping file: which column of somebody's table is which of ours, in TOML.

::

    [file]                                  # optional
    format = "csv"                          # csv, json (lines) or parquet; found by content otherwise
    delimiter = ";"                         # csv: "," by default
    null = ["", "-"]                        # csv: what stands for nothing; "" by default
    names = ["when", "from", "to"]          # csv: names of the columns, where the file has no header line

    [flow]                                  # or dns, http, tls, alert: the table that is filled
    start = { column = "when", unit = "ms" }         # iso (default), s, ms, us, ns; or format = "%d/%b/%Y %H:%M:%S"
    src_ip = "from"                                  # short for { column = "from" }
    dst_ip = "to"
    duration_s = { column = "took", unit = "ms" }    # s (default), ms, us, ns
    proto = { value = "tcp" }                        # the same for every row
    action = { column = "verdict", values = { "1" = "allowed", "2" = "denied" } }
    server_name = { column = "tls.sni", optional = true }   # nested fields of JSON and Parquet by dots
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flowsleuth.errors import OptionError
from flowsleuth.schema import TABLES, Table

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
FORMATS = ("csv", "json", "parquet")

_MADE = ("source_kind", "source_file", "source_row", "extra")
_RULE_KEYS = ("column", "unit", "format", "value", "values", "optional")
_FILE_KEYS = ("format", "delimiter", "null", "names")
_OPTION = "--mapping"


@dataclass(frozen=True)
class Rule:
    """Where one of our columns comes from."""

    column: str | None = None
    unit: str = ""
    format: str = ""
    value: Any = None
    values: Mapping[str, str] = field(default_factory=dict)
    optional: bool = False


@dataclass(frozen=True)
class TableMapping:
    """A mapping file, checked."""

    table: Table
    rules: Mapping[str, Rule]
    format: str = ""
    delimiter: str = ","
    null: tuple[str, ...] = ("",)
    names: tuple[str, ...] = ()

    def columns(self) -> dict[str, Rule]:
        """Rules that take a column, by the column's name (the last one where several do)."""
        return {rule.column: rule for rule in self.rules.values() if rule.column is not None}


def fillable(table: Table) -> list[str]:
    """Columns of a table that a mapping may fill."""
    return [name for name in table.names if name not in (*_MADE, table.id_column)]


def load_mapping(path: str) -> TableMapping:
    """Read and check a mapping file.

    Raises
    ------
    OptionError
        The file cannot be read, or says something that cannot be done; what could be said is named.
    """
    if not path:
        hint = "name a TOML file; `python -m pydoc flowsleuth.readers.mapping` shows one"
        raise OptionError("a table needs a mapping file", where=_OPTION, hint=hint)
    try:
        said = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OptionError(f"the mapping cannot be read: {error}", where=f"{_OPTION} {path}") from None
    return parse_mapping(said, path)


def parse_mapping(said: Mapping[str, Any], path: str) -> TableMapping:
    """Check what a mapping file says; see :func:`load_mapping`."""
    ids = ("flow_id", "event_id")
    tables = {name: t for name, t in TABLES.items() if set(_MADE) <= set(t.names) and t.id_column in ids}
    sections = [name for name in said if name != "file"]
    if len(sections) != 1 or sections[0] not in tables:
        found = ", ".join(f"[{name}]" for name in sections) or "none"
        raise _refusal(path, f"needs one section that names a table, found {found}", [f"[{name}]" for name in tables])
    table = tables[sections[0]]
    rules = {name: _rule(path, table, name, words) for name, words in _section(path, said, table.name).items()}
    for name in (table.time_column, *(("src_ip", "dst_ip") if table.name == "flow" else ())):
        if name not in rules:
            raise _refusal(path, f"[{table.name}] does not say where {name} comes from", None)
    file = _section(path, said, "file")
    _known(path, "[file]", file, _FILE_KEYS)
    if file.get("format", "csv") not in FORMATS:
        raise _refusal(path, f"[file] format = {file['format']!r}", FORMATS)
    delimiter = file.get("delimiter", ",")
    if not isinstance(delimiter, str) or len(delimiter) != 1 or not delimiter.isascii():
        raise _refusal(path, f"[file] delimiter = {delimiter!r} is not one ASCII character", None)
    return TableMapping(
        table,
        rules,
        file.get("format", ""),
        delimiter,
        tuple(map(str, file.get("null", [""]))),
        tuple(file.get("names", ())),
    )


def _refusal(path: str, message: str, available: Iterable[str] | None) -> OptionError:
    return OptionError(message, where=f"{_OPTION} {path}", available=available)


def _section(path: str, said: Mapping[str, Any], name: str) -> dict[str, Any]:
    section = said.get(name, {})
    if not isinstance(section, dict):
        raise _refusal(path, f"{name} must be a section: [{name}]", None)
    return section


def _known(path: str, where: str, words: Mapping[str, Any], known: Iterable[str]) -> None:
    unknown = sorted(set(words) - set(known))
    if unknown:
        raise _refusal(path, f"{where} does not know {', '.join(unknown)}", known)


def _rule(path: str, table: Table, name: str, words: Any) -> Rule:
    if name not in fillable(table):
        raise _refusal(path, f"[{table.name}] has no column {name} to fill", fillable(table))
    where = f"[{table.name}] {name}"
    if isinstance(words, str):
        words = {"column": words}
    if not isinstance(words, dict):
        raise _refusal(path, f'{where} must be "column" or {{ column = "…", … }}', None)
    _known(path, where, words, _RULE_KEYS)
    if ("column" in words) == ("value" in words):
        raise _refusal(path, f"{where} needs either a column or a value", ("column", "value"))
    is_time = table[name].type == "timestamp"
    units = ("iso", *PER_SECOND) if is_time else tuple(PER_SECOND)
    unit = words.get("unit", "")
    if unit and (unit not in units or not (is_time or name.endswith("_s"))):
        raise _refusal(path, f"{where} has unit {unit!r}", units if is_time or name.endswith("_s") else ())
    if "format" in words and (not is_time or unit):
        raise _refusal(path, f"{where}: format is for times, instead of a unit", None)
    values = {str(key): str(value) for key, value in words.get("values", {}).items()}
    return Rule(
        words.get("column"),
        unit,
        words.get("format", ""),
        words.get("value"),
        values,
        bool(words.get("optional", False)),
    )
