"""Pivots over hosts, accounts and files: addresses, flows, logons, processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flowsleuth.investigate.asked_values import AccountNames, HostNames, canonical_or_none, is_hash
from flowsleuth.schema.entities import Account, File
from flowsleuth.workspace.pivots.flows import FLOW_OPTIONS, ORDER, flow_columns, peers_of
from flowsleuth.workspace.pivots.names import EVENT_ORDER, answered, names_of
from flowsleuth.workspace.pivots.pivot import ASKED, Found, Pivot, Question
from flowsleuth.workspace.pivots.stored import (
    Meaning,
    addresses_meant,
    one_of,
    rows_about,
    rows_within,
    texts_meant,
    with_asked,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

BY_ADDRESS = "also by addresses that DNS answers gave for the name"


# hosts --------------------------------------------------------------------------------------------------------------


def hosts_meant(question: Question, rows: ir.Table, *columns: str) -> Meaning:
    """Texts of some columns that mean asked hosts."""
    hints = [value if ":" in value else value.partition(".")[0] for value in question.values]
    return texts_meant(question, rows, columns, HostNames(question.values).meant, hints)


def host_addresses(question: Question) -> Found:
    """Addresses of a host, and who tells: flows that name it, DNS answers for its name, its own log."""
    import pyarrow as pa

    told = []
    flow, dns, syslog = (rows_within(question, name) for name in ("flow", "dns", "syslog"))
    for rows, name, address, source in (
        (flow, "src_host", "src_ip", "flow"),
        (flow, "dst_host", "dst_ip", "flow"),
        (syslog, "host", "host_ip", "syslog"),
    ):
        told.append(_told(question, rows, name, address, source=source))
    meaning = hosts_meant(question, dns, "query")
    found = answered(question, dns.filter(dns.answers.notnull(), one_of(dns.query, meaning)))
    named = found.append_column("source", pa.array(["dns"] * len(found), pa.string()))
    told.append(with_asked(named, {"name": meaning}).select(told[0].column_names))
    whole = pa.concat_tables([*told, _themselves(question, told[0].schema)])
    whole = whole.group_by([ASKED, "address", "source"]).aggregate(
        [("name", "min"), ("times", "sum"), ("first_seen", "min"), ("last_seen", "max")]
    )
    whole = whole.rename_columns([ASKED, "address", "source", "name", "times", "first_seen", "last_seen"])
    return Found(whole.sort_by([(ASKED, "ascending"), ("times", "descending"), ("address", "ascending")]))


def _told(question: Question, rows: ir.Table, name: str, address: str, *, source: str) -> pa.Table:
    import ibis

    meaning = hosts_meant(question, rows, name)
    counted = _counted_names(rows.filter(one_of(rows[name], meaning), rows[address].notnull()), name, address)
    found = question.workspace.store.arrow(counted.mutate(source=ibis.literal(source)))
    return with_asked(found, {"name": meaning})


def _themselves(question: Question, schema: pa.Schema) -> pa.Table:
    """Hosts that are asked for by their address."""
    import pyarrow as pa

    asked = [value for value in question.values if canonical_or_none("IpAddress", value)]
    columns = {name: pa.nulls(len(asked), schema.field(name).type) for name in schema.names}
    columns |= {ASKED: pa.array(asked, pa.string()), "address": pa.array(asked, pa.string())}
    columns |= {
        "source": pa.array(["asked"] * len(asked), pa.string()),
        "times": pa.array([0] * len(asked), pa.int64()),
    }
    return pa.table([columns[name] for name in schema.names], schema=schema)


def ip_hosts(question: Question) -> Found:
    """Hosts that have an address, and who tells: flows and logons that name them, their log, names that resolved."""
    import ibis
    import pyarrow as pa
    import pyarrow.compute as pc

    told = []
    for table, name, address in (
        ("flow", "src_host", "src_ip"),
        ("flow", "dst_host", "dst_ip"),
        ("syslog", "host", "host_ip"),
        ("logon", "src_host", "src_ip"),
    ):
        rows = rows_within(question, table)
        rows = rows.filter(rows[name].notnull())
        meaning = addresses_meant(question, rows, address)
        counted = _counted_names(rows.filter(one_of(rows[address], meaning)), name, address)
        found = question.workspace.store.arrow(counted.mutate(source=ibis.literal(table)))
        told.append(with_asked(found, {"address": meaning}))
    named = names_of(replace(question, limit=None), {value: [value] for value in question.values if "/" not in value})
    answers = named.rows.filter(pc.equal(named.rows["role"], "answer"))
    answers = answers.append_column("source", pa.array(["dns"] * len(answers), pa.string()))
    whole = pa.concat_tables([*told, answers.select(told[0].column_names)])
    keys = [ASKED, "name", "address", "source"]
    whole = whole.group_by(keys).aggregate([("times", "sum"), ("first_seen", "min"), ("last_seen", "max")])
    whole = whole.rename_columns([ASKED, "host", "address", "source", "times", "first_seen", "last_seen"])
    return Found(whole.sort_by([(ASKED, "ascending"), ("times", "descending"), ("host", "ascending")]))


def _counted_names(rows: ir.Table, name: str, address: str) -> ir.Table:
    chosen = rows.select("start", name=rows[name], address=rows[address])
    return chosen.group_by("name", "address").aggregate(
        times=chosen.count(), first_seen=chosen.start.min(), last_seen=chosen.start.max()
    )


def addresses_of(question: Question) -> tuple[Meaning, tuple[str, ...]]:
    """Addresses that mean asked hosts, and what to say of how they were found."""
    found = host_addresses(question).rows
    meaning: dict[str, list[str]] = {}
    for row in found.select([ASKED, "address"]).to_pylist():
        if row[ASKED] not in meaning.setdefault(row["address"], []):
            meaning[row["address"]].append(row[ASKED])
    by_dns = sorted({row["address"] for row in found.to_pylist() if row["source"] == "dns"})
    shown = f"{', '.join(by_dns[:5])}{', …' if len(by_dns) > 5 else ''}"
    return meaning, (f"{BY_ADDRESS}: {shown}",) if by_dns else ()


def host_flows(question: Question) -> Found:
    """Flows that name a host, and flows of addresses that DNS or its log give for it; earliest first."""
    flow = rows_within(question, "flow")
    names = hosts_meant(question, flow, "src_host", "dst_host")
    addresses, notes = addresses_of(question)
    meanings = {"src_host": names, "dst_host": names, "src_ip": addresses, "dst_ip": addresses}
    found = rows_about(question, flow, meanings, order=ORDER, columns=flow_columns(question))
    return Found(found.rows, (*found.notes, *notes))


def host_peers(question: Question) -> Found:
    """Who the addresses of a host exchanged flows with."""
    addresses, notes = addresses_of(question)
    found = peers_of(question, rows_within(question, "flow"), addresses)
    return Found(found.rows, (*found.notes, *notes))


def host_dns(question: Question) -> Found:
    """Names of the addresses of a host: those it asked for, those that resolved to it."""
    addresses, notes = addresses_of(question)
    found = names_of(question, addresses)
    return Found(found.rows, (*found.notes, *notes))


def host_logons(question: Question) -> Found:
    """Logons on a host, and from it where the record names it."""
    logon = rows_within(question, "logon")
    meaning = hosts_meant(question, logon, "host", "src_host")
    return rows_about(question, logon, {"host": meaning, "src_host": meaning}, order=EVENT_ORDER)


def host_processes(question: Question) -> Found:
    """Processes that were started on a host."""
    process = rows_within(question, "process")
    return rows_about(question, process, {"host": hosts_meant(question, process, "host")}, order=EVENT_ORDER)


def ip_logons(question: Question) -> Found:
    """Logons and attempts that came from an address or network."""
    logon = rows_within(question, "logon")
    return rows_about(question, logon, {"src_ip": addresses_meant(question, logon, "src_ip")}, order=EVENT_ORDER)


# accounts -----------------------------------------------------------------------------------------------------------


def _of_account(question: Question, table: str) -> Found:
    """Rows whose user, with its domain where both name one, is an asked account."""
    rows = rows_within(question, table)
    keyed = rows.mutate(_account=rows.domain.coalesce("") + "\n" + rows.user)
    names = AccountNames(question.values)

    def meant(key: str) -> Sequence[str]:
        domain, _, user = key.partition("\n")
        return names.meant(user, domain or None)

    hints = [Account(value).name or "" for value in question.values]
    meaning = texts_meant(question, keyed, ["_account"], meant, hints)
    found = rows_about(question, keyed, {"_account": meaning}, order=EVENT_ORDER)
    return Found(found.rows.drop_columns(["_account"]), found.notes)


def account_logons(question: Question) -> Found:
    """Logons and attempts of an account."""
    return _of_account(question, "logon")


def account_processes(question: Question) -> Found:
    """Processes that run as an account."""
    return _of_account(question, "process")


# files --------------------------------------------------------------------------------------------------------------


def file_processes(question: Question) -> Found:
    """Processes that run a file, known by its hash, its path, or its name alone."""
    process = rows_within(question, "process")
    hashes = {value: [value] for value in question.values if is_hash(value)}
    paths = {value for value in question.values if value not in hashes and ("/" in value or "\\" in value)}
    names = {value for value in question.values if value not in hashes and value not in paths}

    def path_meant(text: str) -> list[str]:
        return [path] if (path := File(text).path) in paths else []

    def name_meant(text: str) -> list[str]:
        return [text.casefold()] if text.casefold() in names else []

    columns: dict[str, Meaning] = dict.fromkeys(("md5", "sha1", "sha256"), hashes) if hashes else {}
    if paths:
        hints = [path.replace("\\", "/").rpartition("/")[2].casefold() for path in paths]
        columns["path"] = texts_meant(question, process, ["path"], path_meant, hints)
    if names:
        columns["name"] = texts_meant(question, process, ["name"], name_meant, sorted(names))
    return rows_about(question, process, columns, order=EVENT_ORDER)


IP_HOSTS = Pivot("IpAddress", "hosts", "Hosts that have it.", ip_hosts, "tables flow, dns, syslog, logon")
IP_LOGONS = Pivot("IpAddress", "logons", "Logons and attempts that came from it.", ip_logons, "table logon")
HOST_ADDRESSES = Pivot("Host", "addresses", "Its addresses, and who tells.", host_addresses, "tables flow, dns, syslog")
HOST_FLOWS = Pivot(
    "Host", "flows", "Flows that name it or are of its addresses.", host_flows, "tables flow, dns, syslog", FLOW_OPTIONS
)
HOST_PEERS = Pivot("Host", "peers", "Who it exchanged flows with.", host_peers, "tables flow, dns, syslog")
HOST_DNS = Pivot("Host", "dns", "Names that it asked for or that resolved to it.", host_dns, "tables dns, tls, http")
HOST_LOGONS = Pivot("Host", "logons", "Logons on it and from it.", host_logons, "table logon")
HOST_PROCESSES = Pivot("Host", "processes", "Processes that were started on it.", host_processes, "table process")
ACCOUNT_LOGONS = Pivot("Account", "logons", "Its logons and attempts.", account_logons, "table logon")
ACCOUNT_PROCESSES = Pivot("Account", "processes", "Processes that run as it.", account_processes, "table process")
FILE_PROCESSES = Pivot("File", "processes", "Processes that run it.", file_processes, "table process")
