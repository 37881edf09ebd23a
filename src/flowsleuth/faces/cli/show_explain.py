"""``flowsleuth explain`` on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.faces.cli.show import endpoint, human_bytes, print_table
from flowsleuth.faces.plain import plain
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    from flowsleuth.workspace.explain import Explanation


def show_explanation(found: Explanation) -> None:
    """Print reason, row, raw line and neighbours."""
    flow = found.flow
    print(
        f"flow {flow['flow_id']}: {printable_text(endpoint(flow['src_ip'], flow['src_port']))} → "
        f"{printable_text(endpoint(flow['dst_ip'], flow['dst_port']))} {printable_text(flow['proto'])}"
    )
    for score in found.scores:
        _show_score(score)
    if not found.scores:
        print("not scored yet: flowsleuth score")
    print("\nthe row")
    for name, value in flow.items():
        if value is not None:
            print(f"  {name:<15} {printable_text(plain(value))}")
    print(f"\nthe record: {printable_text(flow['source_file'])}, row {flow['source_row']:,}")
    print(
        f"  {printable_text(found.raw) if found.raw is not None else 'not shown: ' + printable_text(found.raw_absent)}"
    )
    if found.around is not None:
        print(f"\nflows of {printable_text(flow['src_ip'])} around it")
        _show_around(found.around.table.to_pylist(), flow["flow_id"])


def _show_score(score: dict[str, Any]) -> None:
    print(f"\n{score['detector']}: score {score['score']:.9f}, surprise {score['surprise']:.3f} nats")
    print(f"  {printable_text(score['reason'])}")
    group = score["group"]
    if group and group["flows"] > 1:
        first, last = (group[key].strftime("%Y-%m-%d %H:%M:%S") for key in ("first_seen", "last_seen"))
        print(f"  one of {group['flows']:,} near-identical flows, {first} to {last} UTC")
    for name, value in score["evidence"].items():
        print(f"    {name:<28} {value:,.6g}")


def _show_around(rows: list[dict[str, Any]], flow_id: int) -> None:
    lines = [
        (
            "→" if row["flow_id"] == flow_id else "",
            row["start"].strftime("%H:%M:%S.%f")[:-3],
            endpoint(row["src_ip"], row["src_port"]),
            endpoint(row["dst_ip"], row["dst_port"]) + (f" ({row['server_name']})" if row["server_name"] else ""),
            row["proto"],
            row["service"],
            row["conn_state"],
            f"{human_bytes(row['src_bytes'])}/{human_bytes(row['dst_bytes'])}",
            row["flow_id"],
        )
        for row in rows
    ]
    columns = ["", "time (UTC)", "source", "destination", "proto", "service", "state", "bytes out/in", "flow_id"]
    print_table(lines, columns, wrap=("destination",))
