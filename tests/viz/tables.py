"""Tables that figures are drawn from, small enough to work out by hand, and large ones of made-up traffic."""

from __future__ import annotations

import random

import pyarrow as pa

from flowsleuth.investigate.dossier import Section

TIME = pa.timestamp("us", tz="UTC")
MINUTE_US = 60_000_000
T0_MS = 1_550_000_040_000  # 2019-02-12 19:34:00 UTC, the beginning of a minute


def binned(rows, *measures, bin_s=60):
    """``rows`` are (bin, series, value of each measure, …)."""
    columns = list(zip(*rows, strict=True))
    start = pa.array([T0_MS * 1000 + at * bin_s * 1_000_000 for at in columns[0]], TIME)
    made = {"start": start, "series": pa.array(columns[1], pa.string()), "bin_s": [bin_s] * len(rows)}
    return pa.table(made | {name: pa.array(column) for name, column in zip(measures, columns[2:], strict=True)})


def series(table, figure="lanes", **words):
    return Section("s", "Flows", "series", table=table, figure=figure, **words)


PLACE_COLUMNS = ("ip", "lat", "lon", "place", "role", "way", "severity", "as_name", "flows", "bytes")


def placed(rows):
    """``rows`` are tuples in the order of PLACE_COLUMNS."""
    kinds = [pa.string(), pa.float64(), pa.float64(), *[pa.string()] * 5, pa.int64(), pa.int64()]
    columns = zip(*rows, strict=True)
    return pa.table({name: pa.array(c, kind) for name, kind, c in zip(PLACE_COLUMNS, kinds, columns, strict=True)})


def many_places(count=20_000, seed=7):
    """As many peers as asked for, all over the world; one in a hundred is a threat, one in twenty has no place."""
    draw = random.Random(seed)
    rows = [("10.3.0.4", 52.37, 4.9, "Amsterdam, Netherlands", "host", None, None, None, 9, 90)]
    for at in range(count):
        lat, lon = round(draw.uniform(-55, 70), 4), round(draw.uniform(-179, 179), 4)
        place = f"a town with a rather long name {at % 5000}, in a country"
        threat = "high" if at % 100 == 0 else None
        if at % 20 == 3:
            lat = lon = place = None
        way = ("outbound", "inbound", "two way", None)[at % 4]
        name = f"AS number {at % 900} of a company with a long name"
        rows.append((f"2001:db8:{at:x}::{at:x}:1", lat, lon, place, "peer", way, threat, name, at % 97 + 1, at * 1000))
    return placed(rows)
