"""A draw: a needle laid into hay, so that nothing but its conduct gives it away.

The victim is an address that exists in the hay and begins flows there; half of the draws take a quiet one, half a busy
one. The needle, or a run of it, falls at a random time within the hay's hours. Name and time servers that it asked are
those of the hay, so are internal servers of a service; an internal neighbour becomes another client; everybody else
gets an address outside that the hay has never seen, neighbours staying neighbours. A column that one side lacks is
taken from both, protocol by protocol; states that one side's sensor never writes are no states.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address, ip_network

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from flowsleuth.schema import FLOW
from hay import SEEN, Hay, moved
from needles import NOT_UNICAST, Needle, protocols

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Mask = frozenset[tuple[str, str]]
"""Columns that both sides go without: (column, protocol)."""

MEASURED = ("src_port", "src_bytes", "dst_bytes", "src_packets", "dst_packets", "conn_state", "history")
"""Columns that a sensor fills for every flow or for none."""
CONTENT = ("service", "server_name", "icmp_type", "icmp_code")
"""Columns whose absence tells about the flow, if the sensor looks for them at all."""
PROTOS = ("tcp", "udp", "icmp", "")
POOR = frozenset((name, proto) for name in (*CONTENT, "history", "src_packets", "dst_packets") for proto in PROTOS) | {
    ("conn_state", "icmp"),
    ("conn_state", ""),
}
"""What goes when anything must go from the hay: few kinds of hay instead of one for each needle."""
LACKS = 0.05
"""A side may lack a value this much more often than the other before it counts as lacking the column; and what the hay
has in less than this share of its flows counts as lacking."""
STATES = {"SHR": "SH", "RSTRH": "RSTR", "RSTOS0": "RSTO", "S2": "SF", "S3": "SF"}
"""States that Zeek tells apart and Argus's records do not: the same for both."""
FEWEST_FLOWS = 5
"""Flows that an address begins before it counts as a client."""
SERVER_PORTS = {53, 123}
"""Services whose servers a site shares: the needle asks the hay's."""
FRESH_TRIES = 10_000
SPECIAL = (100, 127, 147, 169, 172, 192, 198, 203)
"""First octets with networks that are not public, and the captures' own university's: none of them is made up."""


@dataclass(frozen=True, eq=False)
class Draw:
    """Hay with a needle in it.

    Attributes
    ----------
    hay : Hay
    mask : frozenset of (str, str)
    day : pyarrow.Table
        All columns of ``schema.FLOW``, in order of ``start`` and of ``flow_id``.
    is_bad : array of bool
        The needle's bad flows.
    is_needle : array of bool
        All flows of the needle.
    victim : str
    is_busy : bool
        Whether the victim was drawn from the busier half of the clients.
    pairs : frozenset of (str, str)
        Whom an analyst should be led to: victim and peer.
    """

    hay: Hay
    mask: Mask
    day: pa.Table
    is_bad: Bools
    is_needle: Bools
    victim: str
    is_busy: bool
    pairs: frozenset[tuple[str, str]]


class Field:
    """A hay with what drawing needs of it, worked out once.

    Parameters
    ----------
    hay : Hay
    """

    def __init__(self, hay: Hay) -> None:
        self.hay = hay

    @cached_property
    def clients(self) -> tuple[list[str], list[str]]:
        """Addresses of our own that begin flows, the quiet half and the busy half."""
        counts = _own(self.hay.day)["src_ip"].value_counts()
        texts, flows = counts.field("values").to_pylist(), counts.field("counts").to_numpy()
        able = [(int(n), text) for n, text in zip(flows, texts, strict=True) if n >= FEWEST_FLOWS and _is_host(text)]
        ordered = [text for _, text in sorted(able)]
        return ordered[: len(ordered) // 2], ordered[len(ordered) // 2 :]

    @cached_property
    def addresses(self) -> frozenset[str]:
        """All addresses of all days."""
        days = (self.hay.day, *self.hay.past)
        return frozenset(text for day in days for end in ("src_ip", "dst_ip") for text in day[end].unique().to_pylist())

    @cached_property
    def span_us(self) -> tuple[int, int]:
        """First and last start of the day."""
        start = self.hay.day["start"].cast("int64")
        return int(start[0].as_py()), int(start[-1].as_py())

    @cached_property
    def servers(self) -> dict[tuple[str, object], list[str]]:
        """The servers of a service (protocol, port), the most asked first."""
        return _most_asked(self.hay.day)

    def servers_of(self, client: str, service: tuple[str, object]) -> list[str]:
        """Those that one client asks for a service, the most asked first."""
        return _most_asked(self.hay.day.filter(pc.equal(self.hay.day["src_ip"], client))).get(service, [])

    @cached_property
    def internal(self) -> frozenset[str]:
        """Addresses that the hay calls its own."""
        found: set[str] = set()
        for words, end in ((("outbound", "internal"), "src_ip"), (("inbound", "internal"), "dst_ip")):
            rows = self.hay.day.filter(pc.is_in(self.hay.day["direction"], value_set=pa.array(words)))
            found |= set(rows[end].unique().to_pylist())
        return frozenset(found)

    @cached_property
    def is_coarse(self) -> bool:
        """Whether times are whole seconds."""
        start = self.hay.day["start"].cast("int64").to_numpy()
        return bool(np.mean(start % 1_000_000 == 0) > 0.5)


def _own(day: pa.Table) -> pa.Table:
    """Flows that addresses of our own began."""
    return day.filter(pc.is_in(day["direction"], value_set=pa.array(["outbound", "internal"])))


def _most_asked(day: pa.Table) -> dict[tuple[str, object], list[str]]:
    grouped = _own(day).group_by(["proto", "dst_port", "dst_ip"]).aggregate([([], "count_all")])
    found: dict[tuple[str, object], list[str]] = {}
    for row in grouped.sort_by([("count_all", "descending"), ("dst_ip", "ascending")]).to_pylist():
        if row["dst_port"] is not None and _is_host(row["dst_ip"]):
            found.setdefault((row["proto"], row["dst_port"]), []).append(row["dst_ip"])
    return found


def _is_host(text: str) -> bool:
    """A unicast IPv4 address; needles have no other."""
    return re.search(NOT_UNICAST, text) is None


def plant(field: Field, needle: Needle, rng: np.random.Generator, *, is_busy: bool) -> Draw:
    """Lay a needle into hay."""
    half = field.clients[is_busy]
    victim = half[int(rng.integers(len(half)))]
    rows = _run(field, needle, rng)
    part, is_bad = needle.flows.take(pa.array(rows)), needle.is_bad[rows]
    stand_in = _stand_ins(field, needle, part, victim, rng)
    planted = _moved(field, _renamed(part.select(SEEN), victim, stand_in), rng)
    mask = rounded(field, mask_of(field.hay.day, needle))
    day = canonical(pa.concat_tables([field.hay.day, planted]), mask)
    origin = np.arange(len(field.hay.day) + len(planted)) - len(field.hay.day)
    start = day["start"].cast("int64").to_numpy()
    order = np.argsort(start, kind="stable")
    is_needle = (origin >= 0)[order]
    bad = np.concatenate([np.zeros(len(field.hay.day), dtype=bool), is_bad])[order]
    pairs = frozenset((victim, stand_in[peer]) for peer in needle.peers if peer in stand_in)
    return Draw(field.hay, mask, numbered(day.take(pa.array(order))), bad, is_needle, victim, is_busy, pairs)


def told(field: Field, mask: Mask) -> Mask:
    """The part of a mask that takes anything from the hay."""
    group = protocols(field.hay.day)
    return frozenset(one for one in mask if _empty_share(field.hay.day, one[0], group == one[1]) < 1)


def control(field: Field, mask: Mask) -> pa.Table:
    """The same hours without a needle."""
    return numbered(canonical(field.hay.day, mask))


def past(field: Field, mask: Mask) -> list[pa.Table]:
    """The earlier days, with as little in their columns."""
    days, first = [], 10**9
    for day in field.hay.past:
        days.append(numbered(canonical(day, mask), first))
        first += len(day)
    return days


def _run(field: Field, needle: Needle, rng: np.random.Generator) -> Ints:
    """Consecutive flows that fit in the hay's hours, beginning at a bad one, with three bad ones where there are."""
    start = needle.flows["start"].cast("int64").to_numpy()
    room = field.span_us[1] - field.span_us[0]
    wanted = min(3, int(needle.is_bad.sum()))
    if start[-1] - start[0] < room and needle.most is None:
        return np.arange(start.size)
    choices = np.flatnonzero(needle.is_bad)
    while True:
        first = int(rng.choice(choices))
        last = int(np.searchsorted(start, start[first] + room, side="left"))
        rows = np.arange(first, min(last, first + (needle.most or start.size)))
        is_short = needle.most is not None and rows.size < min(needle.most, start.size) and first > 0
        if needle.is_bad[rows].sum() >= wanted and not (is_short and last == start.size):
            return rows


def _stand_ins(field: Field, needle: Needle, part: pa.Table, victim: str, rng: np.random.Generator) -> dict[str, str]:
    """Who in the hay takes the place of each peer."""
    found: dict[str, str] = {}
    networks: dict[str, str] = {}
    taken: set[str] = {victim}
    grouped = part.group_by(["dst_ip", "proto", "dst_port", "direction"]).aggregate([([], "count_all")])
    busiest = grouped.sort_by([("count_all", "descending"), ("dst_ip", "ascending")]).to_pylist()
    for row in busiest:
        peer = row["dst_ip"]
        if peer in found:
            continue
        is_inside = row["direction"] == "internal" and peer not in needle.peers
        is_neighbour = row["direction"] == "internal" and peer in needle.peers
        if is_neighbour and _is_ours(peer, needle):
            choices = [text for half in field.clients for text in half if text not in taken]
            found[peer] = choices[int(rng.integers(len(choices)))]
        elif is_inside or row["dst_port"] in SERVER_PORTS:
            found[peer] = _server(field, row, victim, taken, rng) or _fresh(field, peer, networks, rng)
        else:
            found[peer] = _fresh(field, peer, networks, rng)
        taken.add(found[peer])
    return found


def _is_ours(address: str, needle: Needle) -> bool:
    return any(ip_address(address) in ip_network(text) for text in needle.home)


def _server(field: Field, row: dict[str, object], victim: str, taken: set[str], rng: np.random.Generator) -> str | None:
    """The server that the victim asks most for the service, else that the hay does; else any internal address."""
    key = (str(row["proto"]), row["dst_port"])
    for text in (*field.servers_of(victim, key), *field.servers.get(key, [])):
        if text not in taken:
            return text
    if row["direction"] != "internal":
        return None
    choices = [text for half in field.clients for text in half if text not in taken]
    return choices[int(rng.integers(len(choices)))]


def _fresh(field: Field, peer: str, networks: dict[str, str], rng: np.random.Generator) -> str:
    """An address outside that the hay has not seen; those of one /24 stay in one."""
    network, _, host = peer.rpartition(".")
    for _ in range(FRESH_TRIES):
        made = f"{networks.get(network) or _network(rng)}.{host}"
        if made not in field.addresses:
            networks[network] = made.rpartition(".")[0]
            return made
        networks.pop(network, None)
    raise RuntimeError("no address is left that the hay has not seen")


def _network(rng: np.random.Generator) -> str:
    """A public /24."""
    while True:
        first, second, third = (int(n) for n in rng.integers([11, 0, 0], [223, 256, 256]))
        if first not in SPECIAL:
            return f"{first}.{second}.{third}"


def _renamed(part: pa.Table, victim: str, stand_in: dict[str, str]) -> pa.Table:
    """Other addresses; a server name that was an address follows it; direction by what each has become."""
    peers = part["dst_ip"].to_pylist()
    names = part["server_name"].to_pylist()
    columns = {
        "src_ip": pa.array([victim] * len(part)),
        "dst_ip": pa.array([stand_in[peer] for peer in peers]),
        "server_name": pa.array([stand_in.get(name, name) if name else None for name in names], pa.string()),
    }
    for name, values in columns.items():
        part = part.set_column(part.column_names.index(name), name, values)
    return part


def _moved(field: Field, part: pa.Table, rng: np.random.Generator) -> pa.Table:
    """At a random time within the hay's hours; whole seconds where the hay has them; internal or outbound."""
    start = part["start"].cast("int64").to_numpy()
    low, high = field.span_us
    room = max(high - low - int(start[-1] - start[0]), 1)
    shift = low - int(start[0]) + int(rng.integers(room))
    at = start + shift
    part = moved(part, at // 1_000_000 * 1_000_000 if field.is_coarse else at)
    direction = ["internal" if text in field.internal else "outbound" for text in part["dst_ip"].to_pylist()]
    return part.set_column(part.column_names.index("direction"), "direction", pa.array(direction))


def mask_of(day: pa.Table, needle: Needle) -> Mask:
    """What one side's records do not tell, by protocol, and what one side tells clearly less often."""
    found = set()
    mine, theirs = protocols(day), protocols(needle.flows)
    for proto in sorted(set(theirs.tolist())):
        for name in CONTENT + MEASURED:
            if (name, proto) not in needle.seen:
                found.add((name, proto))
        for name in MEASURED:
            hay, own = _empty_share(day, name, mine == proto), _empty_share(needle.flows, name, theirs == proto)
            if own > hay + LACKS or hay > 1 - LACKS:
                found.add((name, proto))
        for name in CONTENT:
            if _empty_share(day, name, mine == proto) > 1 - LACKS:
                found.add((name, proto))
    return frozenset(found)


def rounded(field: Field, mask: Mask) -> Mask:
    """The mask, or a wider one of a few if it takes anything from the hay."""
    if not told(field, mask):
        return mask
    wider = mask | POOR
    for name in ("conn_state", "src_bytes", "src_port"):
        if (name, "tcp") in mask:
            wider |= {(name, proto) for proto in PROTOS}
    return wider


def _empty_share(table: pa.Table, name: str, rows: Bools) -> float:
    """Share of some rows without a value; 1 without rows."""
    empty = np.asarray(table[name].is_null().combine_chunks().to_numpy(zero_copy_only=False), dtype=bool)
    return float(np.mean(empty[rows])) if rows.any() else 1.0


def canonical(table: pa.Table, mask: Mask) -> pa.Table:
    """All columns of flows, without those of the mask; a single packet lasts no time, on both sides."""
    group = protocols(table)
    for name in {name for name, _ in mask}:
        hidden = np.isin(group, [proto for column, proto in mask if column == name])
        empty = pa.scalar(None, table.schema.field(name).type)
        table = _set(table, name, pc.if_else(pa.array(hidden), empty, table[name]))
    table = _set(table, "duration_s", pc.fill_null(table["duration_s"], 0.0))
    table = _set(table, "end", pc.fill_null(table["end"], table["start"]))
    states = table["conn_state"].combine_chunks().dictionary_encode()
    words = [STATES.get(word, word) for word in states.dictionary.to_pylist()]
    table = _set(table, "conn_state", pa.array(words, pa.string()).take(states.indices))
    size = len(table)
    made = {"source_kind": "bench", "source_file": "hay"}
    columns = []
    for one in FLOW.arrow_schema():
        if one.name in SEEN:
            columns.append(table[one.name].cast(one.type))
        elif one.name in made:
            columns.append(pa.array([made[one.name]] * size, one.type))
        elif one.name in ("flow_id", "source_row"):
            columns.append(pa.array(np.arange(1, size + 1)).cast(one.type))
        else:
            columns.append(pa.nulls(size, one.type))
    return pa.table(columns, schema=FLOW.arrow_schema())


def numbered(table: pa.Table, first: int = 1) -> pa.Table:
    """Ids in order of time, so that they say nothing else."""
    for name in ("flow_id", "source_row"):
        ids = pa.array(np.arange(first, first + len(table))).cast(table.schema.field(name).type)
        table = _set(table, name, ids)
    return table.combine_chunks()


def _set(table: pa.Table, name: str, values: pa.ChunkedArray | pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)
