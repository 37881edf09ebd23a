"""``msticpy_displays.py FILE PAGE``: the same by msticpy, as a page that needs no network; prints what it took."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import pandas as pd

from weighed import peak_mb, weighed

SOURCES = ["Account", "Computer", "CommandLine"]


def main(file: str, page: str) -> None:
    """Read, make, write, count."""
    warnings.simplefilter("ignore")
    from bokeh.embed import file_html
    from bokeh.resources import CDN, INLINE
    from msticpy.vis.timeline import display_timeline

    rows = pd.read_csv(file, parse_dates=["TimeGenerated"])

    def make(data: pd.DataFrame) -> object:
        return display_timeline(data, group_by="Account", source_columns=SOURCES, hide=True)

    Path(page).write_text(file_html(make(rows.head(50)), INLINE))  # modules are loaded

    def drawn() -> object:
        plot = make(rows)
        Path(page).write_text(file_html(plot, INLINE))
        return plot

    plot, told = weighed(drawn)
    bare = len(file_html(plot, CDN).encode())
    print(json.dumps(told | {"bytes": Path(page).stat().st_size, "bare": bare, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
