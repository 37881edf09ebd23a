"""The door by which anything is told about addresses: one small protocol, whole columns at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.schema import Column


class AddressFacts(Protocol):
    """Something that knows facts about addresses: a file, a database, a service.

    Attributes
    ----------
    name : str
        What it is called in notes and provenance.
    columns : tuple of Column
        The facts it tells.
    absent : str or None
        Why it tells nothing at all (no such file, service not configured); None when it works.
    """

    name: str
    columns: tuple[Column, ...]
    absent: str | None

    def look_up(self, addresses: pa.Array) -> pa.Table:
        """The declared columns, one row for each address, in their order; null where nothing is known.

        Parameters
        ----------
        addresses : pyarrow.Array of string
            Canonical text, IPv4 and IPv6 mixed; nulls allowed.
        """
        ...


def with_facts(rows: pa.Table, addresses: str, sources: Sequence[AddressFacts]) -> pa.Table:
    """Rows with the facts about one of their columns added, each distinct address looked up once.

    Where two sources tell the same fact, the first one that knows it is believed.

    Examples
    --------
    >>> import pyarrow as pa
    >>> with_facts(pa.table({"peer": ["192.0.2.1"]}), "peer", []).column_names
    ['peer']
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not sources:
        return rows
    encoded = pc.cast(rows[addresses], pa.string()).combine_chunks().dictionary_encode()
    found: dict[str, pa.Array] = {}
    for source in sources:
        told = source.look_up(encoded.dictionary)
        for column in source.columns:
            values = told[column.name].combine_chunks().take(encoded.indices)
            known = found.get(column.name)
            found[column.name] = values if known is None else pc.coalesce(known, values)
    return pa.table({**{name: rows[name] for name in rows.column_names}, **found})
