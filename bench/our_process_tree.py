"""``our_process_tree.py FILE``: builds the tree and prints what it took and how many parents are right."""

from __future__ import annotations

import json
import sys

import pandas as pd

from flowsleuth.analyze.process_tree import build_process_tree
from weighed import peak_mb, weighed


def main(file: str) -> None:
    """Read, build, compare."""
    rows = pd.read_csv(file, keep_default_na=False)
    truth = rows.pop("truth")
    build_process_tree(rows.head(100))  # modules are loaded
    tree, told = weighed(lambda: build_process_tree(rows))
    label = tree.set_index("node")["source_index"]
    own = tree[~tree["is_inferred"]]
    found = own["parent_node"].map(label).fillna(-1)
    right = int((found.astype(int).to_numpy() == truth.loc[own["source_index"].astype(int)].to_numpy()).sum())
    told |= {"right": right, "rows": len(rows), "depth": int(tree["level"].max()) + 1, "peak_mb": peak_mb()}
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
