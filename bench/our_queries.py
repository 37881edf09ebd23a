"""Two questions asked of a workspace through our own Python interface; each answer goes to standard output as CSV.

``our_queries.py CASE talkers`` or ``our_queries.py CASE address ADDRESS``; with ``--timed`` asked ten times in one
process, and the median of the processor seconds is printed instead of the answer.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING

import flowsleuth

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

REPEATS = 10
COLUMNS = ("start", "end", "src_ip", "src_port", "dst_ip", "dst_port", "proto", "tcp_flags", "src_packets", "src_bytes")


def talkers(flows: ir.Table) -> ir.Table:
    """The 20 sources that sent most, as ``nfdump -s srcip/bytes -n 20`` tells them."""
    import ibis

    sums = flows.group_by("src_ip").aggregate(
        flows=lambda t: t.count(), packets=lambda t: t.src_packets.sum(), bytes=lambda t: t.src_bytes.sum()
    )
    return sums.order_by([ibis.desc("bytes"), "src_ip"]).limit(20)


def of_address(flows: ir.Table, address: str) -> ir.Table:
    """All flows of one address, in the order of time, as ``nfdump 'host A'`` lists them."""
    found = flows.filter((flows.src_ip == address) | (flows.dst_ip == address)).select(*COLUMNS)
    return found.order_by("start")


def ask(workspace: flowsleuth.Workspace, words: list[str]) -> pa.Table:
    """The answer."""
    flows = workspace.table("flow")
    question = talkers(flows) if words[0] == "talkers" else of_address(flows, words[1])
    return workspace.store.arrow(question)


def main(words: list[str]) -> None:
    """Ask once and print, or ask often and print how long it takes."""
    with flowsleuth.open(words[0]) as workspace:
        if "--timed" not in words:
            import pyarrow.csv as pacsv

            pacsv.write_csv(ask(workspace, words[1:]), sys.stdout.buffer)
            return
        costs, walls = [], []
        for _ in range(REPEATS):
            cpu, wall = time.process_time(), time.perf_counter()
            ask(workspace, words[1:])
            costs.append(time.process_time() - cpu)
            walls.append(time.perf_counter() - wall)
        print(statistics.median(costs), statistics.median(walls))


if __name__ == "__main__":
    main(sys.argv[1:])
