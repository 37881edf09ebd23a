"""``msticpy_process_tree.py FILE``: the same by msticpy; prints what it took and how many parents are right."""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings

import pandas as pd


def main(file: str) -> None:
    """Read, build, compare."""
    warnings.simplefilter("ignore")
    from msticpy.transform.proc_tree_builder import build_process_tree
    from msticpy.transform.process_tree_utils import get_tree_depth

    rows = pd.read_csv(file, keep_default_na=False, parse_dates=["TimeGenerated"])
    truth = rows.pop("truth")
    build_process_tree(rows.head(100))  # modules are loaded
    begin, cpu = time.perf_counter(), time.process_time()
    tree = build_process_tree(rows)
    told = {"wall_s": time.perf_counter() - begin, "cpu_s": time.process_time() - cpu}
    own = tree[tree["source_index"].astype(float) >= 0]
    place = tree["source_index"].astype(float)
    place = place[~place.index.duplicated()]
    found = own["parent_key"].map(place).fillna(-1)
    real = own["source_index"].astype(int)
    keep = real.isin(truth.index)
    right = int((found[keep].astype(int).to_numpy() == truth.loc[real[keep]].to_numpy()).sum())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps(told | {"right": right, "rows": len(rows), "depth": int(get_tree_depth(tree)), "peak_mb": peak}))


if __name__ == "__main__":
    main(sys.argv[1])
