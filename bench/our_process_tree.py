"""``our_process_tree.py FILE``: builds the tree and prints what it took and how many parents are right."""

from __future__ import annotations

import json
import resource
import sys
import time

import pandas as pd

from flowsleuth.analyze.process_tree import build_process_tree


def main(file: str) -> None:
    """Read, build, compare."""
    rows = pd.read_csv(file, keep_default_na=False)
    truth = rows.pop("truth")
    build_process_tree(rows.head(100))  # modules are loaded
    begin, cpu = time.perf_counter(), time.process_time()
    tree = build_process_tree(rows)
    told = {"wall_s": time.perf_counter() - begin, "cpu_s": time.process_time() - cpu}
    label = tree.set_index("node")["source_index"]
    own = tree[~tree["is_inferred"]]
    found = own["parent_node"].map(label).fillna(-1)
    right = int((found.astype(int).to_numpy() == truth.loc[own["source_index"].astype(int)].to_numpy()).sum())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(
        json.dumps(told | {"right": right, "rows": len(rows), "depth": int(tree["level"].max()) + 1, "peak_mb": peak})
    )


if __name__ == "__main__":
    main(sys.argv[1])
