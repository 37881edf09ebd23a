"""``our_clusters.py FILE``: clusters the events and prints what it took and what the clusters are worth."""

from __future__ import annotations

import json
import resource
import sys
import time

import pandas as pd

from cluster_quality import quality
from flowsleuth.analyze.clusters import cluster_events, find_clusters


def main(file: str) -> None:
    """Read, cluster, compare."""
    events = pd.read_csv(file)
    truth = events.pop("truth").tolist()
    cluster_events(events.head(100))  # modules are loaded
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin, cpu = time.perf_counter(), time.process_time()
    made = cluster_events(events)
    told = {"wall_s": time.perf_counter() - begin, "cpu_s": time.process_time() - cpu, "output": len(made)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told |= {"peak_mb": peak * 1024 / 1e6, "added_mb": (peak - base) * 1024 / 1e6}
    print(json.dumps(told | quality(find_clusters(events).of_row.tolist(), truth)))


if __name__ == "__main__":
    main(sys.argv[1])
