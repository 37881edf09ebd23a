"""What each of our hosts is, by its flows: resolver, web, mail, file, printer, scanner, client …"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.flow_codes import SPAN, is_icmp_service
from flowsleuth.detect.days.network_day import NetworkDay, count_hours
from flowsleuth.detect.days.role_ports import ALSO, CODE, OFFERS, ROLES, TCP, UDP, offered_roles
from flowsleuth.detect.dense_codes import count_distinct, distinct, look_up
from flowsleuth.detect.wording import count, each, join

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

UNTOLD = -1
LEAST_CLIENTS = 3
"""Peers that a role's services are offered to at least (two may be one person and a scanner), or else services."""
PRIOR_PEERS = 3.0
"""Peers of something else that every host is given: what three peers show is even odds."""
SCANNED = 50
"""Addresses that a scanner tried at least, most of them in vain: RFC 1918's smallest networks hold more, and a person's
programs fail at fewer."""
PHONE = ((TCP, 5060), (TCP, 5061), (UDP, 5060), (TCP, 2000))
DEVICE_HOURS, DEVICE_PEERS = 20, 3
"""A device is on in nearly every hour of the day and knows hardly anybody."""


@dataclass(frozen=True)
class Roles:
    """What hosts are; arrays of shape (n_hosts,) in the day's host codes.

    Attributes
    ----------
    code : array of int64
        Place in :data:`.role_ports.ROLES`; -1 where flows do not tell, and for hosts that are not ours.
    confidence : array of float64
        Share of the host's peers that the role explains, with :data:`PRIOR_PEERS` that it does not; 0 without a role.
    peers : array of int64
        Peers that it explains: who got answers, or whom a scanner, phone, device or client asked.
    """

    code: Ints
    confidence: Floats
    peers: Ints

    def names(self) -> pa.Array:
        """The role of each host; null where it is not told."""
        import pyarrow as pa

        return pa.array(ROLES).take(pa.array(self.code, mask=self.code < 0))

    def reasons(self) -> pa.Array:
        """Why, for each host; null without a role."""
        import pyarrow.compute as pc

        did = each(self.code, _deed)
        words = join(did, each(self.peers, count), each(self.peers, lambda n: " peer" if n == 1 else " peers"))
        return pc.if_else(self.code >= 0, words, None)

    def by_address(self, day: NetworkDay) -> dict[str, str]:
        """Role of each address that has one."""
        told = np.flatnonzero(self.code >= 0)
        import pyarrow as pa

        at = pa.array(told)
        return dict(zip(day.addresses.texts.take(at).to_pylist(), self.names().take(at).to_pylist(), strict=True))


def _deed(code: int) -> str:
    if 0 <= code < len(OFFERS):
        return f"offers {ROLES[code]} services to "
    return {"scanner": "tries in vain ", "phone": "asks for calls from "}.get(ROLES[code], "asks ")


def infer_roles(day: NetworkDay) -> Roles:
    """What each of our hosts is; where none is known to be ours, of all.

    A host offers a role's services (:data:`.role_ports.OFFERS`) when at least :data:`LEAST_CLIENTS` peers got to talk
    on them, or anybody on as many of them; of several roles the one with the most peers counts, except that a directory
    is one whatever else it offers. Else it is a scanner (tried :data:`SCANNED` addresses or more, most in vain), a
    phone, a device (in nearly all hours, hardly any peer), or a client.

    Blind spots: what a host offers on other ports than its role's; a network address translator is a client; records
    without the server's side; a capture of some minutes knows no hours.

    Examples
    --------
    >>> from flowsleuth.detect.days.network_day import NetworkDay
    >>> from flowsleuth.testing.detectors import MemoryDay, make_flows
    >>> flows = [{"src_ip": f"10.0.0.{n}", "dst_ip": "10.0.0.53", "dst_port": 53, "proto": "udp", "dst_bytes": 9}
    ...     for n in range(1, 6)]
    >>> with MemoryDay(make_flows(flows)) as memory:
    ...     infer_roles(NetworkDay(memory)).by_address(NetworkDay(memory))["10.0.0.53"]
    'resolver'
    """
    hosts = day.n_hosts
    code = np.full(hosts, UNTOLD)
    peers = np.zeros(hosts, dtype=np.int64)
    total = np.zeros(hosts, dtype=np.int64)
    pairs = day.pairs
    talks = (pairs.flows > pairs.failed) & ~day.is_group[pairs.server] & ~is_icmp_service(pairs.service)
    asked, vain = count_distinct(pairs.client[talks], pairs.server[talks], hosts), _vain(day)
    for name, is_so, explained in (
        ("client", asked > 0, asked),
        (
            "device",
            (count_hours(pairs.hours, pairs.src, hosts) >= DEVICE_HOURS) & (asked > 0) & (asked <= DEVICE_PEERS),
            asked,
        ),
        ("phone", _phones(day, talks), asked),
        ("scanner", (vain >= SCANNED) & (vain > asked), vain),
    ):
        code = np.where(is_so, CODE[name], code)
        peers = np.where(is_so, explained, peers)
        total = np.where(is_so, vain + asked if name == "scanner" else asked, total)
    served, services = _served(day, talks)
    is_offered = (served >= LEAST_CLIENTS) | (services >= LEAST_CLIENTS)
    offers = (served * is_offered).argmax(axis=1)
    is_directory = is_offered[:, CODE["directory"]]
    offers = np.where(is_directory, CODE["directory"], offers)
    most = served[np.arange(hosts), offers] if hosts else np.zeros(0, dtype=np.int64)
    is_server = is_offered.any(axis=1) & (code != CODE["scanner"])
    code, peers = np.where(is_server, offers, code), np.where(is_server, most, peers)
    total = np.where(is_server, _explained(served, offers), total)
    code = np.where(day.is_ours & ~day.is_group, code, UNTOLD)
    confidence = np.where(code >= 0, peers / (np.maximum(total, peers) + PRIOR_PEERS), 0.0)
    return Roles(code, confidence, np.where(code >= 0, peers, 0))


def _vain(day: NetworkDay) -> Ints:
    """Peers that each host only tried in vain."""
    pairs, hosts = day.pairs, max(day.n_hosts, 1)
    key = pairs.src.astype(np.int64) * hosts + pairs.dst
    talks, failed = pairs.flows > pairs.failed, (pairs.failed > 0) & ~is_icmp_service(pairs.service)
    tried = distinct(key[failed])
    dead = tried[look_up(distinct(key[talks]), tried) < 0]
    return np.bincount(dead // hosts, minlength=day.n_hosts)


def _served(day: NetworkDay, talks: Bools) -> tuple[Ints, Ints]:
    """Distinct clients, and services, of each host for each role: shapes (n_hosts, n_roles that offer)."""
    pairs, kinds = day.pairs, len(OFFERS)
    services, roles = offered_roles()
    place = look_up(services, pairs.service.astype(np.int64))
    rows = np.flatnonzero(talks & (place >= 0))
    offer = pairs.server[rows].astype(np.int64) * kinds + roles[place[rows]]
    clients, of_services = (
        count_distinct(offer, what, day.n_hosts * kinds).reshape(-1, kinds)
        for what in (pairs.client[rows], place[rows])
    )
    return clients, of_services


def _explained(served: Ints, offers: Ints) -> Ints:
    """Peers by service of each host that its role does not have anyway, and those that it has."""
    counts = np.ones(served.shape, dtype=bool)
    for role, others in ALSO.items():
        for other in others:
            counts[offers == CODE[role], CODE[other]] = False
    return np.asarray((served * counts).sum(axis=1))


def _phones(day: NetworkDay, talks: Bools) -> Bools:
    """Hosts whose every second peer, or more, is asked for calls."""
    pairs, hosts = day.pairs, day.n_hosts
    is_call = talks & np.isin(pairs.service, [proto * SPAN + port for proto, port in PHONE])
    calls = count_distinct(pairs.client[is_call], pairs.server[is_call], hosts)
    return (calls > 0) & (2 * calls >= count_distinct(pairs.client[talks], pairs.server[talks], hosts))
