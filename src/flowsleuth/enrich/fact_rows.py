"""Rows of table ``fact``: what sources tell of a column of addresses or names, as one long table."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from flowsleuth.enrich.lists import OPERATORS, NamedList
from flowsleuth.schema.ranges import AddressKeys

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.enrich.facts import AddressFacts

Observed = Literal["ip", "domain", "url", "hash"]


def fact_rows(
    observables: pa.Array,
    kind: Observed,
    fact: str,
    values: pa.Array,
    *,
    source: str,
    as_of: dt.datetime | None,
    detail: pa.Array | None = None,
) -> pa.Table:
    """Rows of one fact; where the value is null there is no row.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = fact_rows(pa.array(["192.0.2.1", "192.0.2.2"]), "ip", "asn", pa.array([64496, None]), source="here",
    ...     as_of=None)
    >>> rows.select(["observable", "value"]).to_pylist()
    [{'observable': '192.0.2.1', 'value': '64496'}]
    """
    import pyarrow as pa

    from flowsleuth.schema.facts import FACT

    known = values.is_valid()
    observables, values = observables.filter(known), values.filter(known).cast(pa.string())
    size = len(values)
    when = pa.scalar(as_of, pa.timestamp("us", tz="UTC"))
    columns = [
        observables,
        pa.repeat(pa.scalar(kind), size),
        pa.repeat(pa.scalar(fact), size),
        values,
        pa.repeat(pa.scalar(source), size),
        pa.repeat(when, size),
        pa.nulls(size, pa.string()) if detail is None else detail.filter(known),
    ]
    return pa.table(columns, schema=FACT.arrow_schema())


def source_rows(addresses: pa.Array, sources: Sequence[AddressFacts]) -> Iterator[pa.Table]:
    """What sources tell of addresses; where two tell the same fact of one, the first is believed."""
    import pyarrow as pa
    import pyarrow.compute as pc

    told: dict[str, pa.Array] = {}
    for source in sources:
        if source.absent is not None:
            continue
        found = source.look_up(addresses)
        as_of = getattr(source, "as_of", None)
        for column in source.columns:
            values = found[column.name].combine_chunks()
            known = told.get(column.name)
            fresh = values if known is None else pc.if_else(known, pa.scalar(None, values.type), values)
            told[column.name] = values.is_valid() if known is None else pc.or_(known, values.is_valid())
            if fresh.null_count < len(fresh):
                yield fact_rows(addresses, "ip", column.name, fresh, source=source.name, as_of=as_of)


def list_rows(observables: pa.Array, kind: Observed, lists: Sequence[NamedList]) -> Iterator[pa.Table]:
    """Which lists addresses (``ip``) or names (``domain``) are on, a row each, with the entry that matched."""
    import numpy as np
    import pyarrow as pa

    keys = AddressKeys.of(observables) if kind == "ip" else None
    for one in lists:
        if keys is not None:
            found = one.networks.find(keys)
            at = np.flatnonzero(found >= 0)
            entries = one.entries.take(pa.array(found[at]))
        else:
            at, entries = one.find_names(observables)
        if not len(at):
            continue
        rows = observables.take(pa.array(at))
        values = pa.repeat(pa.scalar(one.name), len(at))
        yield fact_rows(
            rows, kind, "list", values, source=one.source, as_of=one.as_of, detail=_details(one, entries)
        )  # fmt: skip


def with_operators(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """:func:`list_rows`, and who operates the networks where a list is those of one operator.

    Fact ``operator`` has the list as its source. It is no AS number: a list names a cloud's or a scanner's own ranges,
    and only those (:data:`flowsleuth.enrich.lists.OPERATORS`).
    """
    import pyarrow as pa

    for rows in tables:
        yield rows
        name = rows["value"][0].as_py()
        if name in OPERATORS and rows["observable_type"][0].as_py() == "ip":
            told = {"fact": "operator", "value": OPERATORS[name], "source": f"list {name}"}
            columns = {one: rows[one] for one in rows.column_names}
            columns |= {one: pa.repeat(pa.scalar(text), len(rows)) for one, text in told.items()}
            yield pa.table(columns, schema=rows.schema)


def _details(one: NamedList, entries: pa.Array) -> pa.Array:
    """``{"entry": …, "kind": …, "title": …, "version": …}`` for each distinct entry once."""
    import pyarrow as pa

    about: dict[str, Any] = {"kind": one.kind, "title": one.title, "version": one.version}
    about = {name: value for name, value in about.items() if value}
    encoded = entries.dictionary_encode()
    texts = [json.dumps({"entry": entry, **about}, ensure_ascii=False) for entry in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)
