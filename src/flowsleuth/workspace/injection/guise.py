"""Attack flows in the guise of the user's own source: the columns it fills, its sensor, its clock, its sampling.

What a source never fills stays empty, so that presence does not give an attack away; what has no part in an attack
(sensor, interfaces, type of service, AS of the victim, …) is taken from real flows of the victim.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.attacks.scene import ANSWERED, REFUSED, SILENT, AttackFlows
from flowsleuth.schema import FLOW
from flowsleuth.schema.addresses import HomeNetworks, canonical_addresses
from flowsleuth.workspace.injection.records import clock_step_us, cut, sampled

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.store import Store

Ints = NDArray[np.int64]

SAMPLE = 200
"""Flows of each victim that are looked at."""
COUNTED = (
    "end", "duration_s", "service", "src_bytes", "dst_bytes", "src_packets", "dst_packets", "conn_state", "direction",
    "action", "server_name", "src_as", "dst_as", "flow_count", "uid",
)  # fmt: skip
"""Columns that an attack fills when its victim's source does."""
TAKEN = (
    "src_host", "sensor", "in_if", "out_if", "vlan", "tos", "flow_count", "sampling_rate", "source_kind", "action",
    "src_as", "history", "tcp_flags",
)  # fmt: skip
"""Columns that are taken from a real flow of the victim."""
STATES = {ANSWERED: "SF", REFUSED: "REJ", SILENT: "S0"}
LAST_PORT, FIRST_PORT = 60_999, 32_768
"""Linux' default range of ephemeral ports."""
SERVICES = {53: "dns", 80: "http", 443: "ssl", 8443: "ssl", 22: "ssh", 3389: "rdp", 445: "smb", 135: "dce_rpc"}
"""Zeek's words, for a source that names services but has none on that port in the sample."""
ORIGIN = ("flow_id", "source_file", "source_row", "extra")
"""Columns that whoever puts the rows in fills."""
SHORTEST_CUT_S = 30.0
"""No exporter has an active timeout below this (RFC 5102's and vendors' defaults: 60 s to 30 min)."""


@dataclass(frozen=True)
class Habits:
    """What one kind of source does.

    Attributes
    ----------
    used : frozenset of str
        Columns that it fills.
    timeout_s : float
        Its records end at this length; infinite where no such limit shows.
    """

    used: frozenset[str]
    timeout_s: float

    @property
    def is_one_way(self) -> bool:
        """It writes a record for each direction."""
        counters = {"src_bytes", "src_packets"} & self.used
        return bool(counters) and not {"dst_bytes", "dst_packets"} & self.used


def habits(store: Store, flows: ir.Table) -> dict[str, Habits]:
    """What each kind of source fills in some flows, and how long its records become."""
    kinds = flows.group_by("source_kind").aggregate(
        longest=flows.duration_s.max(), **{name: flows[name].count() for name in COUNTED}
    )
    rows = store.arrow(kinds).to_pylist()
    ends = flows.join(kinds.select("source_kind", "longest"), "source_kind")
    piled = ends.group_by("source_kind").aggregate(
        at_end=(ends.duration_s >= 0.95 * ends.longest).sum(), long=(ends.duration_s >= 0.5 * ends.longest).sum()
    )
    piles = {row["source_kind"]: row for row in store.arrow(piled).to_pylist()}
    return {
        row["source_kind"]: Habits(
            frozenset(name for name in COUNTED if row[name]), _timeout(row["longest"], piles[row["source_kind"]])
        )
        for row in rows
    }


def _timeout(longest: float | None, pile: dict[str, Any]) -> float:
    """The longest record, if records pile up there: by chance few of the long ones come near the longest."""
    at_end, long = pile["at_end"] or 0, pile["long"] or 0
    is_limit = longest is not None and longest >= SHORTEST_CUT_S and at_end >= 5 and at_end >= 0.3 * long
    return float(longest) if is_limit and longest is not None else np.inf


def samples(store: Store, flows: ir.Table, hosts: list[str]) -> dict[str, pa.Table]:
    """Some flows that each host began, the same ones each time, spread over the period."""
    import ibis

    mine = flows.filter(flows.src_ip.isin(hosts))
    # A multiplier mixes the order of ids; all stays far below 2^63.
    mixed = (mine.flow_id % 1_000_003) * 7_919 % 1_000_003
    number = ibis.row_number().over(group_by="src_ip", order_by=[mixed, mine.flow_id])
    rows = store.arrow(mine.mutate(_place=number).filter(lambda t: t._place < SAMPLE).drop("_place"))
    place: dict[str, list[int]] = {host: [] for host in hosts}
    for at, host in enumerate(rows["src_ip"].to_pylist()):
        place[host].append(at)
    return {host: rows.take(found).sort_by("flow_id").combine_chunks() for host, found in place.items()}


def of_one_kind(sample: pa.Table) -> tuple[pa.Table, str]:
    """Flows of the kind of source that has most of them, and that kind."""
    import pyarrow.compute as pc

    counted = pc.value_counts(sample["source_kind"]).to_pylist()
    kind: str = max(counted, key=lambda one: (one["counts"], one["values"]))["values"]
    return sample.filter(pc.equal(sample["source_kind"], kind)).combine_chunks(), kind


def dress(
    flows: AttackFlows, sample: pa.Table, habit: Habits, home: HomeNetworks, *, start_us: int, rng: np.random.Generator
) -> tuple[pa.Table, AttackFlows]:
    """Rows of ``schema.FLOW`` for an attack, without ids and origin.

    Parameters
    ----------
    flows : AttackFlows
    sample : pyarrow.Table
        Flows of the victim, all of one kind of source, at least one; see :func:`of_one_kind`.
    habit : Habits
        What that source does.
    home : HomeNetworks
    start_us : int
        Beginning of the scene, microseconds since 1970.
    rng : numpy Generator

    Returns
    -------
    pyarrow.Table
        A row a record that the source would have written; where it writes one each way, those of the answers are last.
    AttackFlows
        The flows behind the rows (without answers of their own).
    """
    import pyarrow as pa

    flows = cut(flows, habit.timeout_s)
    template = _templates(flows, sample, rng)
    rate = sample["sampling_rate"].fill_null(1).to_numpy()
    packets = sample["src_packets"].fill_null(0).to_numpy()
    is_scaled = bool(np.all(packets[rate > 1] >= rate[rate > 1]))
    flows, kept = sampled(flows, rate[template], is_scaled, rng)
    columns = _columns(flows, sample, template[kept], start_us, rng)
    is_inside = canonical_addresses(pa.array(flows.dst, pa.string()), home).is_home
    columns |= _whereto(is_inside, columns["src_as"], sample, rng)
    if habit.is_one_way:
        columns = _both_ways(columns, flows.outcome != SILENT)
    schema = pa.schema([field for field in FLOW.arrow_schema() if field.name not in ORIGIN])
    unused = set(COUNTED) - habit.used
    made = {
        field.name: _column(columns[field.name], field.type)
        if field.name in columns and field.name not in unused
        else pa.nulls(len(columns["src_ip"]), field.type)
        for field in schema
    }
    return pa.table(made, schema=schema), flows


def _columns(
    flows: AttackFlows, sample: pa.Table, template: Ints, start_us: int, rng: np.random.Generator
) -> dict[str, Any]:
    """All columns that an attack may fill, as arrays."""
    size = len(flows)
    step = clock_step_us(_micros(sample["start"]))
    start = (start_us + np.rint(flows.start_s * 1e6).astype(np.int64)) // step * step
    lasts = np.rint(flows.duration_s * 1e6).astype(np.int64) // step * step
    taken = {name: _objects(sample[name])[template] for name in TAKEN}
    is_alike = _objects(sample["proto"])[template] == flows.proto
    taken |= {name: np.where(is_alike, taken[name], None) for name in ("history", "tcp_flags")}
    is_denied = (taken["action"] == "denied") & (flows.outcome == ANSWERED)
    return taken | {
        "start": start, "end": start + lasts, "duration_s": lasts / 1e6, "src_ip": flows.src, "dst_ip": flows.dst,
        "src_port": rng.integers(FIRST_PORT, LAST_PORT + 1, size), "dst_port": flows.dst_port, "proto": flows.proto,
        "service": _services(flows, sample), "src_bytes": flows.src_bytes, "dst_bytes": flows.dst_bytes,
        "src_packets": flows.src_packets, "dst_packets": flows.dst_packets,
        "conn_state": np.array([STATES[one] for one in flows.outcome.tolist()], dtype=object),
        "action": np.where(is_denied, "allowed", taken["action"]), "server_name": flows.server_name,
        "uid": _uids(sample, size, rng),
    }  # fmt: skip


def _whereto(is_inside: NDArray[np.bool_], src_as: Any, sample: pa.Table, rng: np.random.Generator) -> dict[str, Any]:
    """Direction, and the AS of the other side: the victim's own, or one that the victim speaks to."""
    known = [one for one in sample["dst_as"].to_pylist() if one is not None]
    elsewhere = rng.choice(known) if known else None
    return {
        "direction": np.where(is_inside, "internal", "outbound").astype(object),
        "dst_as": np.where(is_inside, src_as, elsewhere),
    }


def _templates(flows: AttackFlows, sample: pa.Table, rng: np.random.Generator) -> Ints:
    """For each flow a place in the sample: of the same protocol, outcome and port where there is one."""
    port, answer = sample["dst_port"].fill_null(-1).to_numpy(), _is_answered(sample)
    proto = _objects(sample["proto"])
    listed = np.where(np.isin(flows.dst_port, port), flows.dst_port, -2)
    chosen = np.zeros(len(flows), np.int64)
    for wanted in sorted(set(zip(flows.proto.tolist(), listed.tolist(), flows.outcome.tolist(), strict=True))):
        is_mine = (flows.proto == wanted[0]) & (listed == wanted[1]) & (flows.outcome == wanted[2])
        like = (proto == wanted[0]).astype(int) * 4 + (answer == (wanted[2] == ANSWERED)) * 2 + (port == wanted[1])
        chosen[is_mine] = rng.choice(np.flatnonzero(like == like.max()), int(is_mine.sum()))
    return chosen


def _is_answered(sample: pa.Table) -> NDArray[np.bool_]:
    counted = sample["dst_packets"].fill_null(0).to_numpy() > 0
    found: NDArray[np.bool_] = counted | (sample["dst_bytes"].fill_null(0).to_numpy() > 0)
    return found


def _services(flows: AttackFlows, sample: pa.Table) -> Any:
    """The source's own word for a port where the sample has it, else Zeek's; none for what was not answered."""
    told = zip(sample["dst_port"].to_pylist(), sample["service"].to_pylist(), strict=True)
    words = SERVICES | {port: word for port, word in told if port is not None and word is not None}
    found = [
        words.get(port) if outcome == ANSWERED else None
        for port, outcome in zip(flows.dst_port.tolist(), flows.outcome.tolist(), strict=True)
    ]
    return np.array(found, dtype=object)


def _uids(sample: pa.Table, size: int, rng: np.random.Generator) -> Any:
    """Ids that look like the source's: each letter and digit but the first drawn anew among those it uses."""
    known = [uid for uid in sample["uid"].to_pylist() if uid]
    if not known:
        return np.full(size, None, dtype=object)
    like = known[0]
    letters = np.array(sorted(set("".join(known)) - set("-:{}")) or ["0"])
    drawn = rng.choice(letters, (size, len(like)))
    for place, letter in enumerate(like):
        if place == 0 or letter in "-:{}":
            drawn[:, place] = letter
    return np.array(["".join(row) for row in drawn], dtype=object)


def _both_ways(columns: dict[str, Any], is_answered: NDArray[np.bool_]) -> dict[str, Any]:
    """The same with a record of its own for each answer."""
    swapped = dict(columns)
    for one, other in (("src_ip", "dst_ip"), ("src_port", "dst_port"), ("src_bytes", "dst_bytes"),
                       ("src_packets", "dst_packets"), ("src_as", "dst_as"), ("in_if", "out_if")):  # fmt: skip
        swapped[one], swapped[other] = columns[other], columns[one]
    is_inbound = columns["direction"] == "outbound"
    swapped["direction"] = np.where(is_inbound, "inbound", columns["direction"])
    swapped |= {name: np.full(is_answered.size, None, dtype=object) for name in ("server_name", "src_host")}
    return {name: np.concatenate([columns[name], swapped[name][is_answered]]) for name in columns}


def _column(values: Any, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).cast(kind)
    return pa.array(values.tolist() if values.dtype == object else values, kind)


def _objects(column: pa.ChunkedArray) -> Any:
    return np.array(column.to_pylist(), dtype=object)


def _micros(column: pa.ChunkedArray) -> Ints:
    import pyarrow as pa

    found: Ints = column.cast(pa.int64()).to_numpy()
    return found
