"""What is done after a run: choose systems, ask intelligence about their addresses, see where they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError, suggestion
from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.network_flow.counts import FLOWS, summed
from flowsleuth.notebooklets.network_flow.maps import places
from flowsleuth.notebooklets.network_flow.seen import WITHIN
from flowsleuth.notebooklets.network_flow.systems import with_group
from flowsleuth.schema.tabular import to_table

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

SEVERITIES = ("high", "warning")
"""What counts as a threat, the worst first."""
TI = ("Ioc", "IocType", "QuerySubtype", "Provider", "Result", "Severity", "Details", "Reference", "Status", "as_of")


def known_systems(run: Run) -> pa.Table:
    """The systems that there are to choose from, as ``asn_rarity``."""
    found: pa.Table | None = run["asn_rarity"]
    if found is None:
        raise OptionError("there are no systems to choose from", where="asn_rarity", hint="run with flow_summary")
    return found


def preselected(run: Run) -> list[str]:
    """Those chosen before, else those that are rare."""
    chosen: list[str] | None = run["selected_asns"]
    if chosen is not None:
        return chosen
    systems = known_systems(run)
    names: list[str] = systems.filter(systems["is_preselected"])["asn"].to_pylist()
    return names


def checked(run: Run, asns: Iterable[str]) -> list[str]:
    """Systems by name, or by number alone (``AS8075``, ``8075``).

    Raises
    ------
    OptionError
        The host has no flows with such a system.
    """
    names = known_systems(run)["asn"].to_pylist()
    by_word = {name.casefold(): name for name in names}
    by_word |= {name.partition(" ")[0].casefold(): name for name in names if name.startswith("AS")}
    found = []
    for one in [asns] if isinstance(asns, str | int) else list(asns):
        word = str(one).strip().casefold()
        name = by_word.get(word) or by_word.get(f"as{word}")
        if name is None:
            raise OptionError("it has no flows with this system", where=str(one)[:80], available=names,
                              hint=suggestion(str(one), names))  # fmt: skip
        found.append(name)
    return list(dict.fromkeys(found))


def of_systems(run: Run, asns: Sequence[str]) -> pa.Table:
    """Rows of ``flow_index_data`` whose peers are in some systems, with the column ``asn``."""
    import pyarrow as pa
    import pyarrow.compute as pc

    index = run["flow_index_data"]
    rows = index.filter(pc.not_equal(index["FlowDirection"], WITHIN))
    rows = rows.append_column("asn", with_group(rows["peer"], run["address_facts"]))
    return rows.filter(pc.is_in(rows["asn"], value_set=pa.array(asns, pa.string())))


def look_up(run: Run, asns: Sequence[str], **options: Any) -> Found:
    """What intelligence says of addresses of some systems: findings of severity warning or high, with their flows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = of_systems(run, asns)
    by_peer = summed(rows.filter(rows["peer"].is_valid()), ("peer", "asn"), lists=("L7Protocol", "FlowDirection"))
    addresses = by_peer["peer"].to_pylist()
    if not addresses:
        return Found(_nothing(), note="the selected systems have no addresses to ask about")
    found = to_table(run.provider("tilookup")(addresses, **options))
    bad = found.filter(pc.is_in(found["Severity"], value_set=pa.array(SEVERITIES)))
    at = pc.index_in(bad["Ioc"], value_set=by_peer["peer"].combine_chunks()).combine_chunks()
    flows = by_peer.take(at)
    columns = {name: bad[name] for name in TI if name in bad.column_names}
    named = {"asn": "asn", FLOWS: FLOWS, "denied_flows": "denied_flows", "L7Protocol": "L7Protocols",
             "FlowDirection": "FlowDirections", "bytes_out": "bytes_out", "bytes_in": "bytes_in",
             "first_seen": "first_seen", "last_seen": "last_seen"}  # fmt: skip
    table = pa.table(columns | {theirs: flows[ours] for ours, theirs in named.items()})
    return Found(table.sort_by([("Severity", "ascending"), (FLOWS, "descending"), ("Ioc", "ascending")]),
                 note=_asked(found, len(addresses), len(bad)))  # fmt: skip


def _asked(found: pa.Table, addresses: int, bad: int) -> str:
    import pyarrow.compute as pc

    providers = sorted(pc.unique(found["Provider"]).drop_null().to_pylist()) if "Provider" in found.column_names else []
    told = f"{addresses:,} addresses asked about"
    told += f" at {', '.join(providers)}" if providers else "; no service answered"
    return f"{told}; {bad:,} findings of severity {' or '.join(reversed(SEVERITIES))}"


def _nothing() -> pa.Table:
    import pyarrow as pa

    return pa.table({"Ioc": pa.array([], pa.string()), "Severity": pa.array([], pa.string())})


def map_selected(run: Run, asns: Sequence[str]) -> Found:
    """Where the addresses of some systems are; red where intelligence found something, if it was asked."""
    rows = of_systems(run, asns)
    if not len(rows):
        return Found(absent="no flow with the selected systems")
    return places(rows, run["address_facts"], _threats(run["ti_results"]))


def _threats(found: pa.Table | None) -> pa.Table | None:
    """The worst severity of each address."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if found is None or not len(found):
        return None
    rank = pc.index_in(found["Severity"], value_set=pa.array(SEVERITIES))
    worst = pa.table({"address": found["Ioc"], "rank": rank}).group_by("address").aggregate([("rank", "min")])
    severity = pa.array(SEVERITIES).take(worst["rank_min"].combine_chunks())
    return pa.table({"address": worst["address"], "severity": severity})
