"""Pivots over names: those of an address, and what a domain or URL was seen with."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flowsleuth.investigate.asked_values import DomainNames, canonical_or_none
from flowsleuth.investigate.target import Target
from flowsleuth.schema.addresses import canonical_address
from flowsleuth.schema.entities import Url
from flowsleuth.workspace.pivots.flows import FLOW_OPTIONS, ORDER, flow_columns, ip_flows
from flowsleuth.workspace.pivots.pivot import ASKED, Found, Pivot, Question
from flowsleuth.workspace.pivots.stored import (
    FEW,
    Meaning,
    addresses_meant,
    any_of,
    one_of,
    rows_about,
    rows_within,
    texts_meant,
    with_asked,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

EVENT_ORDER = ("start", "event_id")
ROLES = ("answer", "client", "server", "tls", "http")


# names of an address ------------------------------------------------------------------------------------------------


def ip_dns(question: Question) -> Found:
    """Names of an address: those that resolved to it, that it asked for, and that TLS and HTTP were spoken to it by."""
    meaning = addresses_meant(question, rows_within(question, "dns"), "src_ip", "dst_ip") if _networks(question) else {}
    return names_of(question, meaning or {value: [value] for value in question.values})


def _networks(question: Question) -> list[str]:
    return [value for value in question.values if "/" in value]


def names_of(question: Question, meaning: Meaning) -> Found:
    """Names by role of the addresses that mean asked values, and of those of asked networks."""
    import pyarrow as pa
    import pyarrow.compute as pc

    dns, tls, http = (rows_within(question, name) for name in ("dns", "tls", "http"))
    arrow = question.workspace.store.arrow
    pieces = [with_asked(*_answering(question, dns, meaning))]
    for role, rows, name, address in (
        ("client", dns, "query", "src_ip"),
        ("server", dns, "query", "dst_ip"),
        ("tls", tls, "server_name", "dst_ip"),
        ("http", http, "host", "dst_ip"),
    ):
        wide = _widened(question, rows, address, meaning)
        found = arrow(_counted(rows.filter(one_of(rows[address], wide)), name, address, role))
        pieces.append(with_asked(found, {"address": wide}))
    whole = pa.concat_tables([piece.select(pieces[0].column_names) for piece in pieces])
    whole = whole.filter(pc.is_valid(whole["name"]))
    keys = [("times", "descending"), ("name", "ascending"), ("role", "ascending"), ("address", "ascending")]
    return _limited(question, whole.sort_by(keys), "names seen most often")


def _widened(question: Question, rows: ir.Table, column: str, meaning: Meaning) -> Meaning:
    """The meaning, with addresses of asked networks that this table has."""
    return {**meaning, **addresses_meant(question, rows, column)} if _networks(question) else meaning


def _counted(rows: ir.Table, name: str, address: str, role: str) -> ir.Table:
    import ibis

    qtype = rows.qtype if "qtype" in rows.columns else ibis.null("string")
    found = rows.select("start", name=rows[name], address=rows[address], qtype=qtype)
    counted = found.group_by("name", "address", "qtype").aggregate(
        times=found.count(), first_seen=found.start.min(), last_seen=found.start.max()
    )
    return counted.mutate(role=ibis.literal(role))


def _answering(question: Question, dns: ir.Table, meaning: Meaning) -> tuple[pa.Table, dict[str, Meaning]]:
    """Names whose answers hold an asked address, and which addresses those are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = dns.filter(dns.answers.notnull())
    if len(meaning) <= FEW and not _networks(question) and not any(":" in address for address in meaning):
        rows = rows.filter(any_of(rows.answers.contains(f'"{address}"') for address in meaning))
    found = answered(question, rows)
    targets = [Target(value) for value in _networks(question)]
    if targets:
        wide = {address: list(values) for address, values in meaning.items()}
        addresses = pc.unique(found["address"])
        for target in targets:
            for address in addresses.filter(pa.array(target.owns(addresses))).to_pylist():
                wide.setdefault(address, []).append(target.text)
        meaning = wide
    role = pa.array(["answer"] * len(found), pa.string())
    return found.append_column("role", role), {"address": meaning}


def answered(question: Question, rows: ir.Table) -> pa.Table:
    """Addresses in the answers of DNS rows: ``name address qtype times first_seen last_seen``."""
    import pyarrow as pa
    import pyarrow.compute as pc

    counted = rows.group_by("query", "qtype", "answers").aggregate(
        times=rows.count(), first_seen=rows.start.min(), last_seen=rows.start.max()
    )
    fetched = question.workspace.store.arrow(counted)
    encoded = fetched["answers"].combine_chunks().dictionary_encode()
    lists = pa.array([addresses_in(text) for text in encoded.dictionary.to_pylist()], pa.list_(pa.string()))
    exploded = fetched.append_column("address", lists.take(encoded.indices)).drop_columns(["answers"])
    parents = pc.list_parent_indices(exploded["address"].combine_chunks())
    flat = pc.list_flatten(exploded["address"].combine_chunks())
    rows_again = exploded.drop_columns(["address"]).take(parents).append_column("address", flat)
    grouped = rows_again.group_by(["query", "address", "qtype"]).aggregate(
        [("times", "sum"), ("first_seen", "min"), ("last_seen", "max")]
    )
    return grouped.rename_columns(["name", "address", "qtype", "times", "first_seen", "last_seen"])


def addresses_in(answers: str) -> list[str]:
    """The addresses in a JSON list of answers, canonical, each once.

    Examples
    --------
    >>> addresses_in('["cdn.example.org", "192.0.2.7", "2001:DB8::0:1"]')
    ['192.0.2.7', '2001:db8::1']
    """
    try:
        listed = json.loads(answers)
    except (ValueError, RecursionError):
        return []
    found = []
    for one in listed if isinstance(listed, list) else []:
        try:
            found.append(canonical_address(str(one)))
        except ValueError:
            continue
    return list(dict.fromkeys(found))


def _limited(question: Question, rows: pa.Table, what: str) -> Found:
    """The first rows, and a word when there are more."""
    names = [ASKED, *(name for name in rows.column_names if name != ASKED)]
    rows = rows.select(names)
    if question.limit is None or len(rows) <= question.limit:
        return Found(rows)
    return Found(rows.slice(0, question.limit), (f"only the {question.limit:,} {what}: limit=None gives all",))


# domains ------------------------------------------------------------------------------------------------------------


def _meant_by(question: Question, rows: ir.Table, *columns: str) -> Meaning:
    return texts_meant(question, rows, columns, DomainNames(question.values).meant, question.values)


def dns_addresses(question: Question) -> Found:
    """Addresses a name, or one below it, resolved to, and those that TLS and HTTP were spoken with under it."""
    import pyarrow as pa

    dns, tls, http = (rows_within(question, name) for name in ("dns", "tls", "http"))
    meaning = _meant_by(question, dns, "query")
    asked_for = dns.filter(dns.answers.notnull(), one_of(dns.query, meaning))
    found = answered(question, asked_for)
    pieces = [
        with_asked(found.append_column("role", pa.array(["answer"] * len(found), pa.string())), {"name": meaning})
    ]
    for role, rows, name in (("tls", tls, "server_name"), ("http", http, "host")):
        meaning = _meant_by(question, rows, name)
        counted = _counted(rows.filter(one_of(rows[name], meaning)), name, "dst_ip", role)
        pieces.append(with_asked(question.workspace.store.arrow(counted), {"name": meaning}))
    whole = pa.concat_tables([piece.select(pieces[0].column_names) for piece in pieces])
    keys = [("times", "descending"), ("address", "ascending"), ("role", "ascending"), ("name", "ascending")]
    return _limited(question, whole.sort_by(keys), "addresses seen most often")


def dns_flows(question: Question) -> Found:
    """Flows whose TLS or HTTP name is a domain or below it."""
    flow = rows_within(question, "flow")
    meaning = _meant_by(question, flow, "server_name")
    return rows_about(question, flow, {"server_name": meaning}, order=ORDER, columns=flow_columns(question))


def dns_dns(question: Question) -> Found:
    """DNS rows that ask for a domain or a name below it."""
    dns = rows_within(question, "dns")
    return rows_about(question, dns, {"query": _meant_by(question, dns, "query")}, order=EVENT_ORDER)


# URLs ---------------------------------------------------------------------------------------------------------------


def by_host(
    question: Question, of_names: Callable[[Question], Found], of_addresses: Callable[[Question], Found] | None = None
) -> Found:
    """Ask about the hosts of URLs instead, and give the answers to the URLs."""
    import pyarrow as pa

    hosts: dict[str, list[str]] = {}
    for url in question.values:
        hosts.setdefault(Url(url).host or "", []).append(url)
    addresses = [host for host in hosts if canonical_or_none("IpAddress", host)]
    names = [host for host in hosts if host not in addresses]
    found = [of_names(replace(question, values=tuple(names)))]
    if of_addresses is not None and addresses:
        found.append(of_addresses(replace(question, values=tuple(addresses))))
    pieces = []
    for one in found:
        rows = one.rows.rename_columns(["_host" if name == ASKED else name for name in one.rows.column_names])
        pieces.append(with_asked(rows, {"_host": hosts}).drop_columns(["_host"]))
    notes = tuple(dict.fromkeys(note for one in found for note in one.notes))
    return Found(pa.concat_tables(pieces, promote_options="default"), notes)


def url_requests(question: Question) -> Found:
    """HTTP requests for a URL, with the host in the target or beside it; the scheme does not count."""
    http = rows_within(question, "http")
    hints = sorted({Url(url).host or "" for url in question.values})
    pairs = http.select("host", "uri").filter(http.uri.notnull())
    if len(hints) <= FEW:
        pairs = pairs.filter(any_of(pairs.host.lower().contains(h) | pairs.uri.lower().contains(h) for h in hints))
    meaning = _requests_meant(question.values, question.workspace.store.arrow(pairs.distinct()).to_pylist())
    keyed = http.mutate(_key=http.host.coalesce("") + "\n" + http.uri)
    found = rows_about(question, keyed, {"_key": meaning}, order=EVENT_ORDER)
    return Found(found.rows.drop_columns(["_key"]), found.notes)


def _requests_meant(urls: Sequence[str], pairs: Sequence[dict[str, str | None]]) -> Meaning:
    asked: dict[str, list[str]] = {}
    for url in urls:
        asked.setdefault(_schemeless(url), []).append(url)
    meaning = {}
    for pair in pairs:
        host, uri = pair["host"] or "", pair["uri"] or ""
        whole = uri if "://" in uri else f"http://{host}{uri if uri.startswith('/') else f'/{uri}'}"
        if found := asked.get(_schemeless(whole)):
            meaning[f"{host}\n{uri}"] = found
    return meaning


def _schemeless(url: str) -> str:
    return (Url(url).canonical or "").partition("://")[2]


def url_flows(question: Question) -> Found:
    """Flows with the host of a URL."""
    return by_host(question, dns_flows, ip_flows)


def url_dns(question: Question) -> Found:
    """DNS rows about the host of a URL."""
    return by_host(question, dns_dns)


IP_DNS = Pivot(
    "IpAddress", "dns", "Names that resolved to it, that it asked for, and that TLS and HTTP were spoken to it by.",
    ip_dns, "tables dns, tls, http",
)  # fmt: skip
DNS_ADDRESSES = Pivot(
    "Dns", "addresses", "Addresses it resolved to or was spoken with under it.", dns_addresses, "tables dns, tls, http"
)
DNS_FLOWS = Pivot(
    "Dns", "flows", "Flows whose TLS or HTTP name it is, or is below it.", dns_flows, "table flow", FLOW_OPTIONS
)
DNS_DNS = Pivot("Dns", "dns", "DNS rows that ask for it or a name below it.", dns_dns, "table dns")
URL_REQUESTS = Pivot("Url", "requests", "HTTP requests for it.", url_requests, "table http")
URL_FLOWS = Pivot("Url", "flows", "Flows with its host.", url_flows, "table flow", FLOW_OPTIONS)
URL_DNS = Pivot("Url", "dns", "DNS rows about its host.", url_dns, "table dns")
