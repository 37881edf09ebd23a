"""Draws the pictures of docs/displays.md from made-up rows: ``python scripts/display_pictures.py``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "bench"))
from flowsleuth.toolkit import display_timeline, display_timeseries_anomalies, plot_matrix  # noqa: E402
from logon_events import logons  # noqa: E402

ASSETS = ROOT / "docs" / "assets"
SCALE = 1.5
SEED = 7


def hourly() -> pd.DataFrame:
    """Bytes an hour of two weeks, with the band they were expected in; one night too many, one day too few."""
    draw = np.random.default_rng(SEED)
    hours = np.arange(14 * 24)
    expected = 40 + 30 * np.sin((hours % 24 - 8) / 24 * 2 * np.pi) * np.where(hours // 24 % 7 < 5, 1, 0.4)
    total = expected + draw.normal(0, 4, len(hours))
    total = np.maximum(total, 0)
    total[100], total[230] = 140, 4
    start = pd.date_range("2019-02-11", periods=len(hours), freq="h", tz="UTC")
    odd = np.isin(hours, (100, 230))
    table = {
        "start": start,
        "Total": total,
        "baseline": expected,
        "low": np.maximum(expected - 14, 0),
        "high": expected + 14,
    }
    return pd.DataFrame(table | {"anomalies": odd})


def main() -> None:
    """Draw all three."""
    events = logons(100_000, SEED)
    shown = display_timeline(
        events, group_by="Account", ref_times=[("2019-02-17 03:00Z", "password changed")], title="100,000 logons"
    )
    shown.to_png(ASSETS / "display-timeline.png", SCALE)
    title = "GB an hour: what was expected, and what was not"
    display_timeseries_anomalies(hourly(), title=title).to_png(ASSETS / "display-anomalies.png", SCALE)
    some = events[events["Computer"] < "host012"]
    shown = plot_matrix(some, "Computer", "Account", log_size=True, sort_x=True, title="Who logged on where")
    shown.to_png(ASSETS / "display-matrix.png", SCALE)


if __name__ == "__main__":
    main()
