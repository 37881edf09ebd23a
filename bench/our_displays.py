"""``our_displays.py FILE PAGE``: the timeline of a file's logons by account, written as HTML; prints what it took."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import pandas as pd

from flowsleuth.toolkit import display_timeline

SOURCES = ["Account", "Computer", "CommandLine"]


def main(file: str, page: str) -> None:
    """Read, make, write, count."""
    rows = pd.read_csv(file, parse_dates=["TimeGenerated"])
    display_timeline(rows.head(50), group_by="Account", source_columns=SOURCES).to_html(page)  # modules are loaded
    begin, cpu = time.perf_counter(), time.process_time()
    shown = display_timeline(rows, group_by="Account", source_columns=SOURCES)
    shown.to_html(page)
    told = {"wall_s": time.perf_counter() - begin, "cpu_s": time.process_time() - cpu}
    events = sum(mark[2] for lane in shown.spec["lanes"] for mark in lane["marks"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps(told | {"bytes": Path(page).stat().st_size, "events": events, "peak_mb": peak}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
