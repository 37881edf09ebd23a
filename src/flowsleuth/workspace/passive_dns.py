"""Which names had which addresses, by what was seen on the wire: DNS answers, TLS server names, HTTP hosts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flowsleuth.schema.columns import NEVER, Column, Table
from flowsleuth.workspace.enrichment import canonical
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from flowsleuth.store import Store

PASSIVE_DNS = Table(
    name="passive_dns",
    meaning="one row per name, address and kind of sighting",
    time_column="first_seen",
    id_column=None,
    columns=(
        Column("name", "string", "the name, lower case", null=NEVER),
        Column("address", "string", "the address, canonical text", null=NEVER),
        Column("source", "string", "dns (an answer had it), tls (server name) or http (Host header)", null=NEVER),
        Column("first_seen", "timestamp", "earliest sighting", "UTC", NEVER),
        Column("last_seen", "timestamp", "latest sighting", "UTC", NEVER),
        Column("sightings", "int64", "how often it was seen", null=NEVER),
        Column("clients", "int64", "different addresses that asked; the most of one answer", null=NEVER),
    ),
)


def passive_dns(store: Store, observable: str) -> Rows:
    """See :meth:`flowsleuth.Workspace.passive_dns`."""
    import pyarrow as pa

    asked = canonical(observable)
    stored = store.catalog.tables()
    seen: dict[tuple[str, str, str], dict[str, Any]] = {}
    if "dns" in stored:
        _add(seen, "dns", store.arrow(_answers(store.table("dns"), asked)).to_pylist())
    for source, column in (("tls", "server_name"), ("http", "host")):
        if source in stored:
            _add(seen, source, store.arrow(_contacts(store.table(source), column, asked)).to_pylist())
    rows = [row for row in seen.values() if asked in (row["name"], row["address"]) and not _addresses(row["name"])]
    rows.sort(key=lambda row: (row["name"], row["address"], row["source"]))
    return Rows(pa.Table.from_pylist(rows, schema=PASSIVE_DNS.arrow_schema()))


def _answers(dns: ir.Table, asked: str) -> ir.Table:
    """DNS rows with this name, or maybe this address, each different answer once; the answers are still text.

    IPv6 has many spellings, all of which have the first group in them.
    """
    hint = asked.partition(":")[0] or ":"
    rows = dns.filter(dns.answers.notnull() & ((dns.query.lower() == asked) | dns.answers.lower().contains(hint)))
    return _summed(rows.mutate(name=rows.query.lower(), answer=rows.answers), ["name", "answer"])


def _contacts(table: ir.Table, column: str, asked: str) -> ir.Table:
    name = table[column].lower()
    rows = table.filter(table[column].notnull() & ((name == asked) | (table.dst_ip == asked)))
    return _summed(rows.mutate(name=rows[column].lower(), answer=rows.dst_ip), ["name", "answer"])


def _summed(rows: ir.Table, keys: list[str]) -> ir.Table:
    return rows.group_by(keys).aggregate(
        first_seen=rows.start.min(), last_seen=rows.start.max(), sightings=rows.count(), clients=rows.src_ip.nunique()
    )


def _add(seen: dict[tuple[str, str, str], dict[str, Any]], source: str, rows: list[dict[str, Any]]) -> None:
    """Put sightings together; an answer may hold several addresses."""
    for row in rows:
        for address in _addresses(row["answer"]):
            key = (row["name"].rstrip("."), address, source)
            known = seen.get(key)
            if known is None:
                facts = {name: row[name] for name in ("first_seen", "last_seen", "sightings", "clients")}
                seen[key] = {"name": key[0], "address": address, "source": source, **facts}
                continue
            known["first_seen"] = min(known["first_seen"], row["first_seen"])
            known["last_seen"] = max(known["last_seen"], row["last_seen"])
            known["sightings"] += row["sightings"]
            known["clients"] = max(known["clients"], row["clients"])


def _addresses(answer: str | None) -> list[str]:
    """The addresses in an answer: a JSON list of text, or one address."""
    from flowsleuth.schema.addresses import canonical_address

    if answer is None:
        return []
    try:
        listed = json.loads(answer) if answer.startswith("[") else [answer]
    except ValueError:
        return []
    found = []
    for one in listed:
        try:
            found.append(canonical_address(str(one)))
        except ValueError:
            continue
    return list(dict.fromkeys(found))
