"""How rare a system, a peer or a port is: against the others of the window, the host's earlier days, the network.

The score is the mean of what can be told, each in [0, 1], high is rare: the share of items with more flows; the share
of earlier days without it; the share of other hosts without it. A system is preselected when its score is above one
half and it is new, of this host alone, or among the least frequent quarter while not seen on most earlier days. With
nothing to compare with that is what msticnb preselects: the least frequent quarter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.network_flow.compared import Baseline, Network, baseline_of, network_of
from flowsleuth.notebooklets.network_flow.seen import WITHIN
from flowsleuth.notebooklets.network_flow.systems import NO_ADDRESS, SPECIAL, both, facts_of, with_group

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

FEW_SHARE = 0.25
"""The least frequent quarter, as msticnb has it."""
LONELY_HOSTS = 5
"""With fewer other hosts, to be the only one says little."""
RARE = 0.5
COLUMNS = ("TotalAllowedFlows", "denied_flows", "bytes_out", "bytes_in", "first_seen", "last_seen")


@dataclass(frozen=True)
class Compared:
    """What each item is compared with.

    Attributes
    ----------
    days, hosts : int
        Earlier days with flows of the host, other hosts; 0 when there are none.
    seen : pyarrow.Table or None
        ``item``, ``days``, ``flows`` of earlier days.
    others : pyarrow.Table or None
        ``item``, ``others``.
    """

    days: int = 0
    hosts: int = 0
    seen: pa.Table | None = None
    others: pa.Table | None = None


def find_rare(run: Run) -> dict[str, Any]:
    """Systems, peers and ports with their rarity."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows, facts = run["flow_index_data"], run["address_facts"]
    rows = rows.filter(pc.not_equal(rows["FlowDirection"], WITHIN))
    baseline, network = baseline_of(run), network_of(run, lambda recorded: facts_of(run, recorded)[0])
    rows = rows.append_column("asn_group", with_group(rows["peer"], facts))
    rows = rows.append_column("service", _service(rows))
    known = facts if facts is not None else pa.table({"address": pa.array([], pa.string())})
    earlier = _earlier(run, baseline, known)
    made: dict[str, Any] = {}
    for name, key, seen, others in (
        ("asn_rarity", "asn_group", earlier, network.groups),
        ("peer_rarity", "peer", baseline.peers, network.peers),
        ("port_rarity", "service", baseline.ports, network.ports),
    ):
        compared = Compared(baseline.days, network.hosts, _days_of(seen, key), others)
        made[name] = rarity(_items(rows, key), compared)
    made["asn_rarity"] = _with_choice(made["asn_rarity"], facts, baseline.days)
    made["peer_rarity"] = _with_facts(made["peer_rarity"], facts)
    made["port_rarity"] = made["port_rarity"].rename_columns(["port", *made["port_rarity"].column_names[1:]])
    note = "; ".join(filter(None, (_said(baseline, network), baseline.absent, network.absent)))
    return {name: Found(table, note=note) for name, table in made.items()}


def _said(baseline: Baseline, network: Network) -> str:
    told = [f"{baseline.days:,} earlier days with flows"] if baseline.days else []
    told += [f"{network.hosts:,} other hosts"] if network.hosts else []
    return f"compared with {' and '.join(told)}" if told else ""


def _service(rows: pa.Table) -> Any:
    """As :func:`flowsleuth.notebooklets.network_flow.compared.service` for rows in hand."""
    import pyarrow as pa
    import pyarrow.compute as pc

    proto = pc.fill_null(rows["L4Protocol"], "unknown")
    port = rows["DestPort"].cast(pa.string())
    text = both(proto, port, "/")
    return pc.binary_join_element_wise(text, rows["FlowDirection"], " ")


def _items(rows: pa.Table, key: str) -> pa.Table:
    """``item``, ``flows``, ``shared_records`` and other numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    sums = ("TotalAllowedFlows", "denied_flows", "shared_records", "bytes_out", "bytes_in")
    wanted = [*((name, "sum") for name in sums), ("first_seen", "min"), ("last_seen", "max")]
    found = rows.group_by(key).aggregate(wanted)
    named = {
        name.removesuffix("_sum").removesuffix("_min").removesuffix("_max"): found[name] for name in found.column_names
    }
    flows = pc.add(named["TotalAllowedFlows"], named["denied_flows"])
    columns = {"item": pc.fill_null(found[key], NO_ADDRESS), "flows": flows, "shared_records": named["shared_records"]}
    return pa.table(columns | {name: named[name] for name in COLUMNS})


def _days_of(seen: pa.Table | None, key: str) -> pa.Table | None:
    """``item``, ``days`` and ``flows`` of earlier days."""
    if seen is None:
        return None
    found = seen.group_by(key).aggregate([("day", "count_distinct"), ("flows", "sum")])
    return found.select([key, "day_count_distinct", "flows_sum"]).rename_columns(["item", "days", "flows"])


def _earlier(run: Run, baseline: Baseline, known: pa.Table) -> pa.Table | None:
    """Earlier days by system."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if baseline.peers is None:
        return None
    new = pc.unique(baseline.peers["peer"]).drop_null()
    new = new.filter(pc.invert(pc.is_in(new, value_set=known["address"].combine_chunks())))
    recorded = pa.table({"address": new, "record_as": pa.nulls(len(new), pa.int64())})
    more, _ = facts_of(run, recorded)
    whole = pa.concat_tables([one.select(["address", "asn_group"]) for one in (known, more) if len(one)] or [more])
    return baseline.peers.append_column("asn_group", with_group(baseline.peers["peer"], whole))


# the score ----------------------------------------------------------------------------------------------------------


def rarity(items: pa.Table, compared: Compared) -> pa.Table:
    """Items with ``score``, ``is_few``, ``is_new``, ``is_alone`` and a ``reason`` in words; the rarest first.

    Parameters
    ----------
    items : pyarrow.Table
        ``item``, ``flows``, ``shared_records`` (rows whose flows are counted with another address: each weighs as
        one), and columns to keep.
    compared : Compared

    Examples
    --------
    >>> import pyarrow as pa
    >>> flows = {"item": ["AS1", "AS2", "AS3", "AS4"], "flows": [2, 50, 70, 900], "shared_records": [0] * 4}
    >>> items = pa.table(flows)
    >>> found = rarity(items, Compared())
    >>> found.select(["item", "is_few", "reason"]).to_pylist()[0]
    {'item': 'AS1', 'is_few': True, 'reason': '2 of 1,022 flows (0.2%): among the least frequent quarter'}
    """
    import numpy as np
    import pyarrow as pa

    weight = items["flows"].to_numpy() + items["shared_records"].to_numpy()
    size = len(weight)
    more = size - np.searchsorted(np.sort(weight), weight, side="right")
    few = (weight <= np.quantile(weight, FEW_SHARE)) & (weight < weight.max()) if size else np.zeros(0, dtype=bool)
    parts = [more / max(size - 1, 1)]
    days, others = _looked_up(items, compared.seen, "days"), _looked_up(items, compared.others, "others")
    if compared.days:
        parts.append(1 - days / compared.days)
    if compared.hosts:
        parts.append(1 - np.minimum(others / compared.hosts, 1))
    is_new = (days == 0) if compared.days else np.zeros(size, dtype=bool)
    is_alone = (others == 0) if compared.hosts >= LONELY_HOSTS else np.zeros(size, dtype=bool)
    columns = {
        "item": items["item"],
        "flows": items["flows"],
        "score": pa.array(np.mean(parts, axis=0)),
        "reason": _reasons(items, compared, days=days, others=others, is_few=few),
        "is_few": pa.array(few),
        "is_new": pa.array(is_new),
        "is_alone": pa.array(is_alone),
        "earlier_days": pa.array(
            days if compared.days else np.zeros(size), pa.int64(), mask=_never(size, compared.days)
        ),
        "other_hosts": pa.array(others, pa.int64(), mask=_never(size, compared.hosts)),
    }
    columns |= {name: items[name] for name in items.column_names if name not in columns}
    return pa.table(columns).sort_by([("score", "descending"), ("item", "ascending")])


def _never(size: int, known: int) -> npt.NDArray[np.bool_]:
    import numpy as np

    return np.full(size, not known)


def _looked_up(items: pa.Table, counted: pa.Table | None, name: str) -> npt.NDArray[np.int64]:
    """A number of each item, 0 where it was not counted."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if counted is None or not len(counted):
        return np.zeros(len(items), dtype=np.int64)
    keys = pc.fill_null(counted["item"], NO_ADDRESS)
    at = pc.index_in(items["item"], value_set=keys.combine_chunks())
    found = counted[name].cast(pa.int64()).combine_chunks().take(at.combine_chunks())
    numbers: npt.NDArray[np.int64] = pc.fill_null(found, 0).to_numpy(zero_copy_only=False)
    return numbers


def _reasons(
    items: pa.Table, compared: Compared, *, days: npt.NDArray[np.int64], others: npt.NDArray[np.int64],
    is_few: npt.NDArray[np.bool_],
) -> pa.Array:  # fmt: skip
    """What was compared, in words, for whole columns; the same words for the same numbers are made once."""
    import numpy as np
    import pyarrow as pa

    flows, shared = items["flows"].to_numpy(), items["shared_records"].to_numpy()
    whole = int(flows.sum())
    keys = np.column_stack([flows, shared, days, others, is_few])
    distinct, at = np.unique(keys, axis=0, return_inverse=True)
    words = [_words(compared, whole, row) for row in distinct.tolist()]
    return pa.array(words, pa.string()).take(pa.array(at.ravel()))


def _words(compared: Compared, whole: int, numbers: Sequence[int]) -> str:
    flows, shared, days, others, is_few = numbers
    told = [f"{flows:,} of {whole:,} flows ({_percent(flows, whole)})"]
    if shared:
        told[0] += f" and {shared:,} counted with other addresses of their records"
    if is_few:
        told[0] += ": among the least frequent quarter"
    if compared.days:
        told.append(f"seen on {days:,} of {compared.days:,} earlier days" if days else _new(compared.days))
    if compared.hosts:
        have = f"{others:,} of" if others else "none of"
        told.append(f"{have} {compared.hosts:,} other hosts {'have' if others > 1 else 'has'} it")
    return "; ".join(told)


def _new(days: int) -> str:
    return f"new: not seen on any of {days:,} earlier days" if days > 1 else "new: not seen on the one earlier day"


def _percent(part: int, whole: int) -> str:
    share = 100 * part / max(whole, 1)
    if not part:
        return "0%"
    return f"{share:.0f}%" if share >= 10 else f"{share:.1f}%" if share >= 0.1 else "below 0.1%"


# beside the score ---------------------------------------------------------------------------------------------------


def _with_choice(rare: pa.Table, facts: pa.Table | None, days: int) -> pa.Table:
    """Systems, with which of them are preselected: never the host's own, and none of addresses nobody routes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kinds = pa.nulls(len(rare), pa.string())
    own = pa.array([False] * len(rare))
    if facts is not None:
        first = facts.group_by("asn_group", use_threads=False).aggregate([("group_kind", "first")])
        at = pc.index_in(rare["item"], value_set=first["asn_group"].combine_chunks())
        kinds = first["group_kind_first"].combine_chunks().take(at.combine_chunks())
        is_told = pc.is_in(facts["group_kind"], value_set=pa.array(["as", "named"]))
        mine = facts.filter(pc.and_(pc.equal(facts["role"], "host"), is_told))
        own = pc.is_in(rare["item"], value_set=mine["asn_group"].combine_chunks())
    is_usual = pc.greater(pc.fill_null(rare["earlier_days"], 0), days / 2)
    stands_out = pc.or_(pc.and_(rare["is_few"], pc.invert(is_usual)), pc.or_(rare["is_new"], rare["is_alone"]))
    can_be = pc.and_(pc.invert(own), pc.not_equal(pc.fill_null(kinds, "unknown"), SPECIAL))
    chosen = pc.and_(can_be, pc.and_(stands_out, pc.greater(rare["score"], RARE)))
    columns = {"asn": rare["item"], "is_preselected": chosen}
    rest = {name: rare[name] for name in rare.column_names if name != "item"}
    return pa.table(columns | rest | {"kind": pc.fill_null(kinds, "unknown"), "is_own": own})


def _with_facts(rare: pa.Table, facts: pa.Table | None) -> pa.Table:
    """Peers with their system and country."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = {"peer": rare["item"], "asn": with_group(rare["item"], facts)}
    if facts is not None:
        at = pc.index_in(rare["item"], value_set=facts["address"].combine_chunks()).combine_chunks()
        columns |= {name: facts[name].combine_chunks().take(at) for name in ("country", "lists")}
    return pa.table(columns | {name: rare[name] for name in rare.column_names if name != "item"})
