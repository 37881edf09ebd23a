"""Two questions asked of a workspace through our own Python interface; each answer goes to standard output as CSV,
written as ``flowsleuth sql --format csv`` writes it.

``our_queries.py CASE talkers`` or ``our_queries.py CASE address ADDRESS``; with ``--timed`` asked ten times in one
process, and the median of the processor seconds is printed instead of the answer.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import flowsleuth

if TYPE_CHECKING:
    import pyarrow as pa

REPEATS = 10
TALKERS = """
SELECT src_ip, count(*) AS flows, sum(src_packets) AS packets, sum(src_bytes) AS bytes
FROM flow GROUP BY src_ip ORDER BY bytes DESC, src_ip LIMIT 20
"""
"""The 20 sources that sent most, as ``nfdump -s srcip/bytes -n 20`` tells them."""
ADDRESS = """
SELECT start, "end", src_ip, src_port, dst_ip, dst_port, proto, tcp_flags, src_packets, src_bytes
FROM flow WHERE src_ip = $ip OR dst_ip = $ip ORDER BY start
"""
"""All flows of one address, in the order of time, as ``nfdump 'host A'`` lists them."""


def ask(workspace: flowsleuth.Workspace, words: list[str]) -> pa.Table:
    """The answer."""
    if words[0] == "talkers":
        return workspace.sql(TALKERS).table
    return workspace.sql(ADDRESS, ip=words[1]).table


def main(words: list[str]) -> None:
    """Ask once and print, or ask often and print how long it takes."""
    with flowsleuth.open(words[0]) as workspace:
        if "--timed" not in words:
            from flowsleuth.faces.cli.show import write_tables

            write_tables(iter([ask(workspace, words[1:])]), "csv", None)
            return
        import statistics

        costs, walls = [], []
        for _ in range(REPEATS):
            cpu, wall = time.process_time(), time.perf_counter()
            ask(workspace, words[1:])
            costs.append(time.process_time() - cpu)
            walls.append(time.perf_counter() - wall)
        print(statistics.median(costs), statistics.median(walls))


if __name__ == "__main__":
    main(sys.argv[1:])
