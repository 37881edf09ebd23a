"""SQL over local files and the tables of a workspace: values are bound, never written into the text.

In DuckDB's dialect. A parameter stands bare (``WHERE src_ip = {ip_address}``, ``dst_ip IN {ip_address_list}``); within
quotes it is refused, because there is nothing to bind. Names of tables and columns are quoted.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from flowsleuth.errors import QueryFileError
from flowsleuth.query.definitions import Parameter, QueryDefinition
from flowsleuth.query.languages.values import (
    Rendered,
    Value,
    Values,
    bare_text,
    iso_time,
    pieces,
    slot_of,
    without_blank_lines,
)


def quote(text: str) -> str:
    """A string of standard SQL: quotes doubled, nothing else means anything.

    Examples
    --------
    >>> print(quote("x' OR 1=1 --"))
    'x'' OR 1=1 --'
    """
    return "'" + text.replace("'", "''") + "'"


def render(query: QueryDefinition, values: Values) -> Rendered:
    """The query with its values: once to read, once with places for what is bound.

    Raises
    ------
    QueryFileError
        A parameter stands within quotes.
    QueryParameterError
        A value must not be put where its parameter stands.
    """
    bound: dict[str, Any] = {}
    shown, sent, before = "", "", ""
    for plain, name in pieces(str(query.text), query.where):
        shown, sent, before = shown + plain, sent + plain, before + plain
        if name is None:
            continue
        if before.replace("''", "").count("'") % 2:
            hint = "write it without quotes; the value is bound"
            raise QueryFileError(f"the parameter {name} stands within quotes", where=query.where, hint=hint)
        parameter, value = slot_of(query, values, name)
        text = _in_text(query, parameter, value)
        if text is None:
            bound[name] = value.value
            shown, sent = shown + literal(value.value), f"{sent}${name}"
        else:
            shown, sent, before = shown + text, sent + text, before + text
    return Rendered(without_blank_lines(shown), bound, without_blank_lines(sent), args=query.args)


def _in_text(query: QueryDefinition, parameter: Parameter, value: Value) -> str | None:
    """Names and pieces of the query; None for what is bound."""
    if parameter.type == "name":
        name = bare_text(query, parameter, value) or ""
        return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))
    return bare_text(query, parameter, value) if parameter.type == "text" else None


def literal(value: Any) -> str:
    """A value in DuckDB's SQL.

    Examples
    --------
    >>> literal(["a'b", 1]), literal(True)
    ("['a''b', 1]", 'true')
    """
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dt.datetime):
        return f"TIMESTAMPTZ {quote(iso_time(value))}"
    return "NULL" if value is None else quote(str(value))
