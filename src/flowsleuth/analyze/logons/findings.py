"""All that is odd about a table of logons, in one frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.logons.bursts import find_bursts, find_sprays
from flowsleuth.analyze.logons.found import Finding, table_of
from flowsleuth.analyze.logons.options import LogonOptions
from flowsleuth.analyze.logons.rarity import find_new_pairs, find_rare
from flowsleuth.analyze.logons.schema import Logons, LogonSchema, read_logons
from flowsleuth.analyze.logons.travel import find_travel
from flowsleuth.errors import OptionError
from flowsleuth.schema.tabular import like, need_columns, text_column, to_table

if TYPE_CHECKING:
    import pyarrow as pa

FINDERS: dict[str, Callable[[Logons, LogonOptions], Iterator[Finding]]] = {
    "bursts": find_bursts,
    "sprays": find_sprays,
    "new": find_new_pairs,
    "rare": find_rare,
    "travel": find_travel,
}


def find_logon_patterns(
    data: Any,
    schema: LogonSchema | None = None,
    *,
    options: LogonOptions | None = None,
    patterns: Iterable[str] = tuple(FINDERS),
    places: Any = None,
) -> Any:
    """What is odd about logons, each with a reason in words and the rows that it is from.

    Bursts of failures and the success after them; sprays (many accounts from one source); the first logon of an account
    from a source or on a host; types and hours that are rare for an account; places that nobody travels between in the
    time. An account that was seen seldom has no habits: nothing is new or rare for it.

    Parameters
    ----------
    data : table
        pandas, polars or Arrow; it is not changed.
    schema : LogonSchema, optional
        Names of its columns; by default those of a known table.
    options : LogonOptions, optional
        What counts as odd.
    patterns : iterable of {"bursts", "sprays", "new", "rare", "travel"}
    places : table, optional
        Where sources are, for logons that do not say so: columns ``source``, ``latitude``, ``longitude`` (degrees).

    Returns
    -------
    table
        By their beginning: ``pattern``, ``account``, ``source``, ``host`` (null: several, or not told), ``first_seen``,
        ``last_seen``, ``logons``, ``failures``, ``reason``, ``rows`` (labels of the rows).

    Raises
    ------
    OptionError
        It is no table, lacks a column, or there is no such pattern.

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame({"start": pandas.date_range("2024-03-05", periods=6, freq="10s", tz="UTC"),
    ...     "user": "bob", "src_ip": "192.0.2.7", "is_success": [False] * 5 + [True]})
    >>> find_logon_patterns(frame)["reason"].tolist()
    ['5 failures of bob from 192.0.2.7 within 40 s; 10 s later it succeeded']
    """
    wanted = list(patterns)
    for name in wanted:
        if name not in FINDERS:
            raise OptionError("no such pattern of logons", where=name, available=FINDERS)
    logons = read_logons(data, schema)
    if places is not None:
        logons = _placed(logons, places)
    found = (one for name in wanted for one in FINDERS[name](logons, options or LogonOptions()))
    return like(table_of(found, logons), data)


def _placed(logons: Logons, places: Any) -> Logons:
    """Logons with the places of their sources, where they do not say their own."""
    import pyarrow as pa
    import pyarrow.compute as pc

    need_columns(places, ["source", "latitude", "longitude"])
    given, source = to_table(places), pc.utf8_lower(text_column(places, "source"))
    at = pc.index_in(logons.column("source"), source)
    table: pa.Table = logons.table
    own = pc.and_(pc.is_valid(table["latitude"]), pc.is_valid(table["longitude"]))
    for name in ("latitude", "longitude"):
        facts = given[name].cast(pa.float64()).combine_chunks().take(at)
        column = pc.if_else(own, table[name], facts)
        table = table.set_column(table.column_names.index(name), name, column)
    return Logons(table, logons.label)
