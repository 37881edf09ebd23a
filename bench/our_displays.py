"""``our_displays.py FILE PAGE``: the timeline of a file's logons by account, written as HTML; prints what it took."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from flowsleuth.toolkit import display_timeline
from weighed import peak_mb, weighed

SOURCES = ["Account", "Computer", "CommandLine"]


def main(file: str, page: str) -> None:
    """Read, make, write, count."""
    rows = pd.read_csv(file, parse_dates=["TimeGenerated"])
    display_timeline(rows.head(50), group_by="Account", source_columns=SOURCES).to_html(page)  # modules are loaded

    def drawn() -> Any:
        shown = display_timeline(rows, group_by="Account", source_columns=SOURCES)
        shown.to_html(page)
        return shown

    shown, told = weighed(drawn)
    events = sum(mark[2] for lane in shown.spec["lanes"] for mark in lane["marks"])
    print(json.dumps(told | {"bytes": Path(page).stat().st_size, "events": events, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
