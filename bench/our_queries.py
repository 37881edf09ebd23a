"""Two questions asked of a workspace through our own Python interface; the answer goes to standard output as CSV.

``our_queries.py CASE talkers`` or ``our_queries.py CASE address ADDRESS``; with ``--timed`` asked ten times in one
process, and the median of the processor seconds is printed instead of the answer.
"""

from __future__ import annotations

import sys
import time

import flowsleuth

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


def question(words: list[str]) -> tuple[str, dict[str, str]]:
    """The SQL and its values."""
    return (TALKERS, {}) if words[0] == "talkers" else (ADDRESS, {"ip": words[1]})


def main(words: list[str]) -> None:
    """Ask once and print, or ask often and print how long it takes."""
    with flowsleuth.open(words[0]) as workspace:
        text, values = question(words[1:])
        if "--timed" not in words:
            workspace.sql_to_csv(text, sys.stdout, **values)
            return
        import statistics

        costs, walls = [], []
        for _ in range(REPEATS):
            cpu, wall = time.process_time(), time.perf_counter()
            workspace.sql(text, **values)
            costs.append(time.process_time() - cpu)
            walls.append(time.perf_counter() - wall)
        print(statistics.median(costs), statistics.median(walls))


if __name__ == "__main__":
    main(sys.argv[1:])
