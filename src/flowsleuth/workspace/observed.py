"""Every address and name that the stored tables hold, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from flowsleuth.extract.in_columns import Hosts, hosts, hosts_in_lists, hosts_in_texts
from flowsleuth.schema import ALERT, DNS, FLOW, HTTP, LOGON, PROCESS, SYSLOG, TLS

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.store import Store

ROWS = (FLOW, DNS, HTTP, TLS, ALERT, PROCESS, LOGON, SYSLOG)
"""Tables that readers fill."""
ADDRESSES = ("src_ip", "dst_ip")
"""Columns of addresses in canonical text."""
WAYS: dict[str, Callable[[pa.Array], Hosts]] = {
    **dict.fromkeys(("server_name", "query", "host", "src_host", "dst_host", "host_ip"), hosts),
    "answers": hosts_in_lists,
    **dict.fromkeys(("command_line", "parent_command_line", "entities"), hosts_in_texts),
}
"""Columns of text that may hold addresses and names, and how they are found there."""
BATCH = 1_000_000
"""Values at a time."""


def observed_hosts(store: Store) -> Hosts:
    """What stands in columns of text: names, and addresses that may stand in no other column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    addresses, names = pa.array([], pa.string()), pa.array([], pa.string())
    for way in dict.fromkeys(WAYS.values()):
        for values in distinct(store, [name for name, its in WAYS.items() if its is way]):
            found = way(values)
            addresses = pa.concat_arrays([addresses, found.addresses]).unique()
            names = pa.concat_arrays([names, found.names]).unique()
    return Hosts(addresses.take(pc.sort_indices(addresses)), names.take(pc.sort_indices(names)))


def distinct(store: Store, columns: Iterable[str], besides: pa.Array | None = None) -> Iterator[pa.Array]:
    """Distinct values of columns of all stored tables, in pieces; nulls and empty texts left out.

    Parameters
    ----------
    store : Store
    columns : iterable of str
    besides : pyarrow.Array, optional
        Values that count as stored.
    """
    import ibis
    import pyarrow as pa

    expressions = list(_columns(store, columns))
    if besides is not None and len(besides):
        expressions.append(ibis.memtable(pa.table({"value": besides})))
    if not expressions:
        return
    every = ibis.union(*expressions, distinct=True) if len(expressions) > 1 else expressions[0]
    every = every.filter(every.value.notnull() & (every.value != ""))
    held: list[pa.Array] = []
    for batch in store.batches(every, BATCH):
        held.append(batch.column(0).cast(pa.string()))
        if sum(map(len, held)) >= BATCH:
            yield pa.concat_arrays(held)
            held = []
    if held:
        yield pa.concat_arrays(held)


def _columns(store: Store, columns: Iterable[str]) -> Iterator[ir.Table]:
    """Each column of each stored table that has it, its values once."""
    stored, wanted = store.catalog.tables(), tuple(columns)
    for table in ROWS:
        if table.name in stored:
            rows = store.table(table.name)
            for name in table.names:
                if name in wanted:
                    yield rows.select(value=rows[name]).distinct()
