"""Whole investigations of one target in one process, as in a notebook or the server: wall seconds of each, as JSON.

``our_investigation.py CASE TARGET ROUNDS``; with ROUNDS 0 the sums of the expanded search are printed instead.
"""

from __future__ import annotations

import json
import sys
import time

import flowsleuth


def main(words: list[str]) -> None:
    """Ask, and print."""
    case, target, rounds = words[0], words[1], int(words[2])
    with flowsleuth.open(case) as workspace:
        found = workspace.investigate(target)  # the first one also opens the engine and imports what it needs
        if not rounds:
            import pyarrow.compute as pc

            search = found.search.table
            told = {"rows": len(search), "flows": pc.sum(search["connections"]).as_py()}
            print(json.dumps(told | {"bytes": pc.sum(search["total_src_bytes"]).as_py()}))
            return
        walls, costs = [], []
        for _ in range(rounds):
            wall, cpu = time.perf_counter(), time.process_time()
            workspace.investigate(target)
            walls.append(time.perf_counter() - wall)
            costs.append(time.process_time() - cpu)
        print(json.dumps({"walls": walls, "costs": costs, "peers": len(found.peers)}))


if __name__ == "__main__":
    main(sys.argv[1:])
