"""Where attacks are played: who is active inside, who is nobody's, and which addresses and names nobody ever saw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from flowsleuth.attacks import Scene
from flowsleuth.attacks.arrivals import OFFICE
from flowsleuth.errors import OptionError
from flowsleuth.schema.addresses import HomeNetworks, canonical_addresses

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.store import Store

NEIGHBOURS = 256
"""Other internal addresses that a scene has: more than any technique looks at."""
DNS = 53
SYLLABLES = [c + v for c in "bcdfgklmnprstvz" for v in "aeiou"]
ENDINGS = ("com", "net", "org", "io")


@dataclass(frozen=True)
class Host:
    """An internal address that began flows in the period.

    Attributes
    ----------
    ip : str
    flows : int
    first_us, last_us : int
        Starts of its earliest and latest flow, microseconds since 1970.
    """

    ip: str
    flows: int
    first_us: int
    last_us: int

    @property
    def span_s(self) -> float:
        """Seconds between them."""
        return (self.last_us - self.first_us) / 1e6

    @property
    def segment(self) -> str:
        """Its /24."""
        return f"{self.ip.rpartition('.')[0]}.0/24"


class Stage:
    """The flows of a period as attacks see them.

    Parameters
    ----------
    store : Store
        Rows of the period, and of days before it.
    dates : sequence of str
        Stored days of the period.
    home : sequence of str
        Home networks.
    zone : str
        Where office hours are.

    Raises
    ------
    OptionError
        No internal IPv4 address began a flow in the period.
    """

    def __init__(self, store: Store, dates: Sequence[str], home: Sequence[str], zone: str) -> None:
        self._store, self._home, self._zone = store, HomeNetworks(home), ZoneInfo(zone)
        self._free: dict[str, list[str]] = {}
        self.flows: ir.Table = store.table("flow", dates)
        self.hosts = self._active()
        if not self.hosts:
            hint = 'name your networks: home = ["192.0.2.0/24"] in flowsleuth.toml, then ingest anew'
            raise OptionError("no internal IPv4 address began a flow in this range", where=", ".join(dates), hint=hint)

    def _active(self) -> list[Host]:
        """Internal hosts in order of their flows, fewest first."""
        flows = self.flows
        mine = flows.filter(flows.direction.isnull() | flows.direction.isin(["outbound", "internal"]))
        counted = mine.group_by("src_ip").aggregate(flows=mine.count(), first=mine.start.min(), last=mine.start.max())
        rows = self._of_ours(self._store.arrow(counted), "src_ip")
        hosts = [Host(row["src_ip"], row["flows"], _us(row["first"]), _us(row["last"])) for row in rows.to_pylist()]
        return sorted(hosts, key=lambda host: (host.flows, host.ip))

    def _of_ours(self, rows: pa.Table, column: str) -> pa.Table:
        """Rows whose address is IPv4 and in a home network, and can be a host's."""
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = rows.filter(pc.invert(pc.match_substring(rows[column], ":")))
        is_home = canonical_addresses(rows[column], self._home).is_home
        never_routed = canonical_addresses(rows[column], HomeNetworks([])).is_home
        return rows.filter(pa.array(is_home & ~never_routed))

    @cached_property
    def internal(self) -> list[str]:
        """Internal addresses at either end of internal flows, sorted."""
        flows = self.flows
        inside = flows.filter(flows.direction.isnull() | (flows.direction == "internal"))
        served = self._of_ours(self._store.arrow(inside.select(ip=inside.dst_ip).distinct()), "ip")
        return sorted({*served["ip"].to_pylist(), *(host.ip for host in self.hosts)})

    @cached_property
    def resolvers(self) -> dict[str, str]:
        """Source → whom it asks for names most; ``""`` → whom most flows ask."""
        flows = self.flows.filter(self.flows.dst_port == DNS)
        counted = self._store.arrow(flows.group_by("src_ip", "dst_ip").aggregate(flows=flows.count()))
        rows = sorted(counted.to_pylist(), key=lambda row: (row["flows"], row["dst_ip"]))
        found = {row["src_ip"]: row["dst_ip"] for row in rows}
        total: dict[str, int] = {}
        for row in rows:
            total[row["dst_ip"]] = total.get(row["dst_ip"], 0) + row["flows"]
        return found | {"": max(total, key=lambda ip: (total[ip], ip))} if total else {"": ""}

    def outside(self, rng: np.random.Generator, count: int) -> list[str]:
        """Addresses of the public Internet that are in no stored flow of any day, each once."""
        tried = list(dict.fromkeys(_public(rng, self._home, 4 * count + 64)))
        flow = self._store.table("flow")
        seen = [flow.filter(flow[end].isin(tried)).select(ip=flow[end]).distinct() for end in ("src_ip", "dst_ip")]
        known = {ip for asked in seen for ip in self._store.arrow(asked)["ip"].to_pylist()}
        return [ip for ip in tried if ip not in known][:count]

    def names(self, rng: np.random.Generator, count: int) -> list[str]:
        """Server names that are in no stored flow, each under a domain of its own."""
        made: dict[str, None] = {}
        while len(made) < 2 * count:
            words = ["".join(rng.choice(SYLLABLES, size)) for size in (2, 5)]
            made[f"{words[0]}.{words[1]}.{rng.choice(ENDINGS)}"] = None
        flow = self._store.table("flow")
        known = self._store.arrow(flow.filter(flow.server_name.isin(list(made))).select("server_name").distinct())
        return [name for name in made if name not in set(known["server_name"].to_pylist())][:count]

    def scene(
        self, rng: np.random.Generator, host: Host, *, avoid: Collection[str] = (), outside: str = "", name: str = ""
    ) -> Scene:
        """An attack's surroundings: the hours in which its victim was active.

        Parameters
        ----------
        rng : numpy Generator
            Draws the neighbours.
        host : Host
            The victim.
        avoid : collection of str
            Neighbours that are taken only when there are too few others.
        outside, name : str
            The attacker's address and server name.
        """
        others = [self.internal[place] for place in rng.permutation(len(self.internal))[: NEIGHBOURS + 1].tolist()]
        begin = dt.datetime.fromtimestamp(host.first_us / 1e6, dt.UTC)
        return Scene(
            victim=host.ip,
            span_s=host.span_s,
            office=list(_office(begin, host.span_s, self._zone)),
            neighbours=sorted((ip for ip in others if ip != host.ip), key=lambda ip: ip in avoid),
            unused=self._unused(host.segment),
            outside=[outside],
            names=[name],
            resolver=self.resolvers.get(host.ip, self.resolvers[""]),
        )

    def _unused(self, segment: str) -> list[str]:
        """Addresses of a /24 that are at no end of an internal flow."""
        if segment not in self._free:
            stem, used = segment.rpartition(".")[0], self._used
            self._free[segment] = [ip for last in range(1, 255) if (ip := f"{stem}.{last}") not in used]
        return self._free[segment]

    @cached_property
    def _used(self) -> frozenset[str]:
        return frozenset(self.internal)


def _public(rng: np.random.Generator, home: HomeNetworks, count: int) -> Iterator[str]:
    octets = rng.integers(0, 256, (count, 4))
    octets[:, 0] = rng.integers(1, 224, count)
    octets[:, 3] = rng.integers(1, 255, count)
    values = (octets * np.array([1 << 24, 1 << 16, 1 << 8, 1])).sum(axis=1)
    is_ours = home.contains_ipv4(values.astype(np.uint32))
    for row, is_inside in zip(octets.tolist(), is_ours.tolist(), strict=True):
        text = ".".join(map(str, row))
        if not is_inside and ip_address(text).is_global:
            yield text


def _office(begin: dt.datetime, span_s: float, zone: ZoneInfo) -> Iterator[tuple[float, float]]:
    """Office hours of working days within a span, in seconds from its beginning."""
    local = begin.astimezone(zone)
    for day in range(int(span_s // 86_400) + 2):
        date = local.date() + dt.timedelta(days=day)
        if date.weekday() >= 5:
            continue
        midnight = dt.datetime.combine(date, dt.time(), zone)
        opens, closes = ((midnight - begin).total_seconds() + hour for hour in OFFICE)
        if min(closes, span_s) > max(opens, 0.0):
            yield max(opens, 0.0), min(closes, span_s)


def _us(moment: dt.datetime) -> int:
    return round(moment.timestamp() * 1e6)
