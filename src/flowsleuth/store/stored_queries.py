"""SQL over the tables of a workspace, on whatever engine it has: values are put in as syntax, not as text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import EngineError
from flowsleuth.schema import TABLES

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from flowsleuth.store.store import Store

DIALECT = "duckdb"


def ask_store(store: Store, text: str, bound: Mapping[str, Any]) -> pa.Table:
    """Ask in DuckDB's SQL; tables are those of :data:`flowsleuth.schema.TABLES`, ``$name`` stands for bound values.

    Raises
    ------
    EngineError
        The SQL is not right, is no question, or names another table.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from flowsleuth.store import Store
    >>> store = Store(pathlib.Path(tempfile.mkdtemp()))
    >>> ask_store(store, "SELECT count(*) AS n FROM flow WHERE src_ip = $ip", {"ip": "x' OR 1=1 --"}).to_pylist()
    [{'n': 0}]
    >>> store.close()
    """
    import ibis
    from sqlglot import exp

    parsed = _parse(text)
    _bind(parsed, bound)
    own = {cte.alias_or_name.casefold() for cte in parsed.find_all(exp.CTE)}
    some = None
    for table in list(parsed.find_all(exp.Table)):
        name = table.name.casefold()
        if name in own and not table.db:
            continue
        if name not in TABLES or table.db or not isinstance(table.this, exp.Identifier):
            raise EngineError("no such table", where=table.sql(DIALECT), available=TABLES)
        some = store.table(name)
        alias = table.alias or table.name
        fresh = exp.to_table(some.get_name(), dialect=DIALECT)
        table.replace(exp.alias_(fresh, alias, table=True, quoted=True))
    if some is None:
        raise EngineError("asks no table", where="SQL", available=TABLES)
    try:
        expression = ibis.get_backend(some).sql(parsed.sql(DIALECT), dialect=DIALECT)
        return store.arrow(expression)
    except EngineError:
        raise
    except Exception as error:
        raise EngineError(str(error).strip().partition("\n")[0], where="SQL") from None


def _parse(text: str) -> exp.Query:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        parsed = sqlglot.parse_one(text, dialect=DIALECT)
    except SqlglotError as error:
        raise EngineError(f"not understood as SQL: {str(error).partition(chr(10))[0]}", where="SQL") from None
    if not isinstance(parsed, exp.Query):
        raise EngineError("only questions (SELECT) are asked of a workspace", where="SQL")
    return parsed


def _bind(parsed: exp.Query, bound: Mapping[str, Any]) -> None:
    from sqlglot import exp

    for place in list(parsed.find_all(exp.Placeholder, exp.Parameter)):
        name = place.name
        if name not in bound:
            raise EngineError(f"no value for ${name}", where="SQL", available=bound)
        value = bound[name]
        if isinstance(value, list) and isinstance(place.parent, exp.In):
            place.parent.set("expressions", [_literal(one) for one in value])
            place.parent.set("field", None)
        else:
            place.replace(_literal(value))


def _literal(value: Any) -> exp.Expression:
    from sqlglot import exp

    if value is None:
        return exp.null()
    if isinstance(value, bool):
        return exp.true() if value else exp.false()
    if isinstance(value, int | float):
        number = exp.Literal.number(repr(abs(value)))
        return exp.Neg(this=number) if value < 0 else number
    if isinstance(value, dt.datetime):
        text = value.astimezone(dt.UTC).isoformat(sep=" ", timespec="microseconds")
        return exp.cast(exp.Literal.string(text), "TIMESTAMPTZ", dialect=DIALECT)
    if isinstance(value, list):
        return exp.Array(expressions=[_literal(one) for one in value])
    return exp.Literal.string(str(value))
