"""Pivots to alerts: by their own columns, and by the entities that they say they are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from flowsleuth.errors import OptionError
from flowsleuth.investigate.asked_values import AccountNames, DomainNames, HostNames, is_hash
from flowsleuth.investigate.target import Target
from flowsleuth.schema.entities import Account, Dns, Entity, File, FileHash, Host, IpAddress, Url, parse_entities
from flowsleuth.workspace.pivots.hosts import addresses_of, hosts_meant
from flowsleuth.workspace.pivots.names import EVENT_ORDER
from flowsleuth.workspace.pivots.pivot import Found, Pivot, Question
from flowsleuth.workspace.pivots.stored import Meaning, addresses_meant, rows_about, rows_within, texts_meant

if TYPE_CHECKING:
    import ibis.expr.types as ir

Meant = Callable[[Entity], Sequence[str]]


def _about(
    question: Question, alert: ir.Table, meant: Meant, hints: Sequence[str], columns: Mapping[str, Meaning]
) -> Found:
    """Alerts in which a column or an entity means an asked value."""

    def of_json(text: str) -> list[str]:
        try:
            found = parse_entities(text)
        except OptionError:
            return []
        return list(dict.fromkeys(value for one in found for value in meant(one)))

    sure = [hint.casefold() for hint in hints if hint.isascii() and not set(hint) & set('\\/"')]
    entities = texts_meant(question, alert, ["entities"], of_json, sure if len(sure) == len(hints) else ())
    return rows_about(question, alert, {**columns, "entities": entities}, order=EVENT_ORDER)


def ip_alerts(question: Question) -> Found:
    """Alerts that have an address, or one of a network, at either end or among what they are about."""
    alert = rows_within(question, "alert")
    single = set(question.values)
    networks = [Target(value) for value in question.values if "/" in value]

    def meant(entity: Entity) -> list[str]:
        address = entity.canonical if isinstance(entity, IpAddress) else None
        if address is None:
            return []
        return [*({address} & single), *(one.text for one in networks if _owns(one, address))]

    plain = not networks and not any(":" in value for value in question.values)
    ends = addresses_meant(question, alert, "src_ip", "dst_ip")
    return _about(question, alert, meant, question.values if plain else ("",), {"src_ip": ends, "dst_ip": ends})


def _owns(network: Target, address: str) -> bool:
    from ipaddress import ip_address

    try:
        return ip_address(address) in network.network
    except ValueError:
        return False


def host_alerts(question: Question) -> Found:
    """Alerts that name a host, are about it, or have one of its addresses at either end."""
    alert = rows_within(question, "alert")
    names = HostNames(question.values)
    addresses, notes = addresses_of(question)

    def meant(entity: Entity) -> list[str]:
        return names.meant(entity.fqdn or entity.name or "") if isinstance(entity, Host) else []

    hints = [value.partition(".")[0] for value in question.values]
    columns = {"host": hosts_meant(question, alert, "host"), "src_ip": addresses, "dst_ip": addresses}
    found = _about(question, alert, meant, hints, columns)
    return Found(found.rows, (*found.notes, *notes))


def account_alerts(question: Question) -> Found:
    """Alerts that are about an account."""
    names = AccountNames(question.values)

    def meant(entity: Entity) -> list[str]:
        return names.meant(entity.qualified) if isinstance(entity, Account) else []

    hints = [Account(value).name or "" for value in question.values]
    return _about(question, rows_within(question, "alert"), meant, hints, {})


def dns_alerts(question: Question) -> Found:
    """Alerts that are about a domain, a name below it, or a URL there."""
    names = DomainNames(question.values)

    def meant(entity: Entity) -> list[str]:
        name = entity.canonical if isinstance(entity, Dns) else entity.host if isinstance(entity, Url) else None
        return names.meant(name) if name else []

    return _about(question, rows_within(question, "alert"), meant, question.values, {})


def url_alerts(question: Question) -> Found:
    """Alerts that are about a URL."""
    asked = set(question.values)

    def meant(entity: Entity) -> list[str]:
        return [url] if isinstance(entity, Url) and (url := entity.canonical) in asked else []

    return _about(question, rows_within(question, "alert"), meant, [Url(url).host or "" for url in question.values], {})


def file_alerts(question: Question) -> Found:
    """Alerts that are about a file, known by its hash, its path, or its name alone."""
    asked = set(question.values)

    def meant(entity: Entity) -> list[str]:
        if isinstance(entity, FileHash):
            return [*({(entity.Value or "").casefold()} & asked)]
        if not isinstance(entity, File):
            return []
        known = {(one.Value or "").casefold() for one in entity.FileHashes}
        return sorted((known | {entity.path or "", (entity.Name or "").casefold()}) & asked)

    hints = [value if is_hash(value) else value.replace("\\", "/").rpartition("/")[2] for value in question.values]
    return _about(question, rows_within(question, "alert"), meant, hints, {})


IP_ALERTS = Pivot("IpAddress", "alerts", "Alerts with it at either end, or about it.", ip_alerts, "table alert")
HOST_ALERTS = Pivot(
    "Host",
    "alerts",
    "Alerts that name it, are about it, or are of its addresses.",
    host_alerts,
    "tables alert, flow, dns",
)
ACCOUNT_ALERTS = Pivot("Account", "alerts", "Alerts about it.", account_alerts, "table alert")
DNS_ALERTS = Pivot("Dns", "alerts", "Alerts about it, a name below it or a URL there.", dns_alerts, "table alert")
URL_ALERTS = Pivot("Url", "alerts", "Alerts about it.", url_alerts, "table alert")
FILE_ALERTS = Pivot("File", "alerts", "Alerts about it.", file_alerts, "table alert")
