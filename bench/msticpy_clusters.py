"""``msticpy_clusters.py FILE``: the same by msticpy, with the columns and distance that its documentation uses."""

from __future__ import annotations

import json
import sys
import warnings

import pandas as pd

from cluster_quality import quality
from weighed import peak_mb, weighed

COLUMNS = ["commandlineTokensFull", "pathScore", "isSystemSession"]
DISTANCE = 0.0001


def main(file: str) -> None:
    """Read, make features, cluster, compare."""
    warnings.simplefilter("ignore")
    from msticpy.analysis.eventcluster import add_process_features, dbcluster_events

    events = pd.read_csv(file, parse_dates=["TimeGenerated"], date_format="ISO8601")
    truth = events.pop("truth").tolist()
    events["SubjectLogonId"] = events["Account"].map(lambda name: "0x3e7" if name == "SYSTEM" else "0x4f2a1")

    def cluster(rows: pd.DataFrame) -> tuple[object, object]:
        made = add_process_features(rows)
        found, model, _ = dbcluster_events(
            made, cluster_columns=COLUMNS, max_cluster_distance=DISTANCE, time_column="TimeGenerated"
        )
        return found, model

    cluster(events.head(100))  # modules are loaded
    base = peak_mb()
    (found, model), told = weighed(lambda: cluster(events))
    told |= {"output": len(found), "peak_mb": peak_mb(), "added_mb": peak_mb() - base}
    # its noise is of no cluster: each such row stands alone
    labels = [label if label >= 0 else f"row {at}" for at, label in enumerate(model.labels_.tolist())]
    print(json.dumps(told | quality(labels, truth)))


if __name__ == "__main__":
    main(sys.argv[1])
