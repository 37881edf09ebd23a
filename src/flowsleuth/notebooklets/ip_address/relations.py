"""The address and what it is related to, as a graph, of what other steps found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.attributes import Found

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

EACH = 15
"""So many of each kind, the strongest; the note counts the others."""
READ = ("associated_hosts", "related_accounts", "host_logons", "related_alerts", "network_connections", "passive_dns")
_SEVERITY = {1: "high", 2: "warning"}
"""Of alerts that the figure tells as threats."""


@dataclass
class _Graph:
    """Nodes and edges as the figure ``relations`` takes them."""

    centre: str
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    edges: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    left_out: list[str] = field(default_factory=list)

    def add(self, kind: str, counts: Counter[str], label: str, *, outward: bool = True) -> None:
        """Things of a kind that the address is related to, the strongest of them."""
        for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:EACH]:
            key = self.node(kind, name, count)
            ends = (self.centre, key) if outward else (key, self.centre)
            self.edges[(*ends, label)] += count
        if len(counts) > EACH:
            self.left_out.append(f"{len(counts) - EACH:,} more of kind {kind}")

    def node(self, kind: str, name: str, count: int) -> str:
        """The id of a node; the same thing is one node."""
        key = f"{kind}:{name}"
        known = self.nodes.setdefault(key, {"kind": kind, "label": name, "severity": None, "events": 0})
        known["events"] += count
        return key

    def link(self, source: tuple[str, str], target: tuple[str, str], label: str, count: int) -> None:
        """An edge between two things that are there."""
        keys = f"{source[0]}:{source[1]}", f"{target[0]}:{target[1]}"
        if all(key in self.nodes for key in keys):
            self.edges[(*keys, label)] += count


def draw_relations(run: Run) -> dict[str, Any]:
    """Hosts, accounts, alerts, peers and names around the address."""
    graph = _Graph(f"address:{run.asked.text}")
    graph.nodes[graph.centre] = {"kind": "address", "label": run.asked.text, "severity": None, "events": 0}
    graph.add("host", _counts(run["associated_hosts"], "host", "times"), "is")
    graph.add("account", _counts(run["related_accounts"], "Account", "Count"), "logged on from", outward=False)
    _add_alerts(graph, run["related_alerts"])
    peers = _counts(run["network_connections"], "LocalIP", "Count")
    peers.pop(run.asked.text, None)
    graph.add("address", peers, "exchanged flows")
    graph.add("domain", _counts(run["passive_dns"], "name", "sightings"), "had the name")
    _add_logons(graph, run["host_logons"])
    if len(graph.nodes) == 1:
        return {"relations": Found(absent="nothing that was found is related to it")}
    return {"relations": Found(nodes=_nodes(graph), edges=_edges(graph), note="; ".join(graph.left_out))}


def _counts(table: pa.Table | None, name: str, count: str) -> Counter[str]:
    found: Counter[str] = Counter()
    if table is not None and name in table.column_names:
        counts = table[count].to_pylist() if count in table.column_names else [1] * len(table)
        for one, times in zip(table[name].to_pylist(), counts, strict=True):
            if one:
                found[one] += int(times or 0)
    return found


def _add_alerts(graph: _Graph, alerts: pa.Table | None) -> None:
    """Alerts by name, with the highest severity, and the hosts that they name."""
    if alerts is None:
        return
    rows = alerts.select(["name", "severity", "host"]).to_pylist()
    graph.add("alert", Counter(row["name"] or "unnamed alert" for row in rows), "alerted", outward=False)
    hosts = Counter(row["host"] for row in rows if row["host"])
    graph.add("host", hosts, "in the same alert")
    for row in rows:
        name = row["name"] or "unnamed alert"
        node = graph.nodes.get(f"alert:{name}")
        if node is not None and row["severity"] in _SEVERITY:
            order = list(_SEVERITY.values())
            known = node["severity"]
            said = _SEVERITY[row["severity"]]
            node["severity"] = said if known is None or order.index(said) < order.index(known) else known
        if row["host"]:
            graph.link(("alert", name), ("host", row["host"]), "alerted", 1)


def _add_logons(graph: _Graph, logons: pa.Table | None) -> None:
    """Hosts that were logged on to from it, and by whom."""
    if logons is None:
        return
    graph.add("host", _counts(logons, "Computer", "Count"), "logged on to")
    for row in logons.to_pylist():
        graph.link(("account", row["Account"]), ("host", row["Computer"]), "logged on to", row["Count"])


def _nodes(graph: _Graph) -> pa.Table:
    import pyarrow as pa

    listed = list(graph.nodes.items())
    return pa.table(
        {
            "id": pa.array([key for key, _ in listed], pa.string()),
            "kind": pa.array([node["kind"] for _, node in listed], pa.string()),
            "label": pa.array([node["label"] for _, node in listed], pa.string()),
            "is_centre": pa.array([key == graph.centre for key, _ in listed], pa.bool_()),
            "severity": pa.array([node["severity"] for _, node in listed], pa.string()),
            "events": pa.array([node["events"] for _, node in listed], pa.int64()),
        }
    )


def _edges(graph: _Graph) -> pa.Table:
    import pyarrow as pa

    listed = [(*ends, count) for ends, count in graph.edges.items()]
    names = ("source", "target", "label", "events")
    kinds = (pa.string(), pa.string(), pa.string(), pa.int64())
    return pa.table({name: pa.array([row[at] for row in listed], kinds[at]) for at, name in enumerate(names)})
