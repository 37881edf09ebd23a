"""``our_clusters.py FILE``: clusters the events and prints what it took and what the clusters are worth."""

from __future__ import annotations

import json
import sys

import pandas as pd

from cluster_quality import quality
from flowsleuth.analyze.clusters import cluster_events, find_clusters
from weighed import peak_mb, weighed


def main(file: str) -> None:
    """Read, cluster, compare."""
    events = pd.read_csv(file)
    truth = events.pop("truth").tolist()
    cluster_events(events.head(100))  # modules are loaded
    base = peak_mb()
    made, told = weighed(lambda: cluster_events(events))
    told |= {"output": len(made), "peak_mb": peak_mb(), "added_mb": peak_mb() - base}
    print(json.dumps(told | quality(find_clusters(events).of_row.tolist(), truth)))


if __name__ == "__main__":
    main(sys.argv[1])
