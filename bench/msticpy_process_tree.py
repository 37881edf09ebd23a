"""``msticpy_process_tree.py FILE``: the same by msticpy; prints what it took and how many parents are right."""

from __future__ import annotations

import json
import sys
import warnings

import pandas as pd

from weighed import peak_mb, weighed


def main(file: str) -> None:
    """Read, build, compare."""
    warnings.simplefilter("ignore")
    from msticpy.transform.proc_tree_builder import build_process_tree
    from msticpy.transform.process_tree_utils import get_tree_depth

    rows = pd.read_csv(file, keep_default_na=False, parse_dates=["TimeGenerated"])
    truth = rows.pop("truth")
    build_process_tree(rows.head(100))  # modules are loaded
    tree, told = weighed(lambda: build_process_tree(rows))
    own = tree[tree["source_index"].astype(float) >= 0]
    place = tree["source_index"].astype(float)
    place = place[~place.index.duplicated()]
    found = own["parent_key"].map(place).fillna(-1)
    real = own["source_index"].astype(int)
    keep = real.isin(truth.index)
    right = int((found[keep].astype(int).to_numpy() == truth.loc[real[keep]].to_numpy()).sum())
    print(
        json.dumps(told | {"right": right, "rows": len(rows), "depth": int(get_tree_depth(tree)), "peak_mb": peak_mb()})
    )


if __name__ == "__main__":
    main(sys.argv[1])
