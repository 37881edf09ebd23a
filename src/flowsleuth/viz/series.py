"""Values over time: bars, points or lines, by series; the band a value was expected in, and what lies outside of it.

Section: a series whose ``table`` has ``time`` (timestamp), ``series`` (string), ``value`` (float64); where known
``expected``, ``low``, ``high`` (float64, null where not known) and ``is_anomaly`` (bool; above or below what was
expected); and for each source column ``tip_0`` … (string). :mod:`flowsleuth.viz.value_rows` makes such rows.
``value``::

    {measure: what is measured, draw: ["vbar", "circle", "line"] or some of them, sources: [name of tip_0, …],
     series: [[name, values, colour or null], …], refs: [[ms, label], …], look: {…}}

Spec::

    {kind: "series", title, note, absent, measure, draw, tips: [name, …], texts: [[text, …] per tip],
     series: [{name, total, colour, points: [[ms, value, tip, …], …]}],
     band: [[ms, expected | null, low | null, high | null], …], anomalies: [[ms, value, "above"|"below"], …],
     refs: [[ms, label], …], look: {…}}

Points are in order of time. There is a band for one series only; ``tip`` is the place of a text in ``texts``, or null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.viz import Spec, spec_of
from flowsleuth.viz.lanes import NOTHING
from flowsleuth.viz.measures import UNKNOWN, plain, told
from flowsleuth.viz.timeline import milliseconds
from flowsleuth.viz.tips import tips_of

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.investigate.dossier import Section

KINDS = ("vbar", "circle", "line")


def series(section: Section) -> Spec:
    """Make the spec of values over time.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowsleuth.investigate.dossier import Section
    >>> at = pa.array([1_000_000, 2_000_000], pa.timestamp("us", tz="UTC"))
    >>> rows = pa.table({"time": at, "series": ["logons"] * 2, "value": [2.0, 0.0], "expected": [2.0, 2.0],
    ...     "is_anomaly": [False, True]})
    >>> spec = series(Section("t", "Logons", "series", table=rows))
    >>> spec["band"], spec["anomalies"]
    ([[1000, 2.0, None, None], [2000, 2.0, None, None]], [[2000, 0.0, 'below']])
    """
    rows, asked = section.table, section.value or {}
    own: dict[str, Any] = {"measure": asked.get("measure", "value"), "draw": asked.get("draw", ["line"])}
    own |= {"refs": asked.get("refs", []), "look": asked.get("look", {})}
    if rows is None or not len(rows):
        absent = section.absent or section.note or NOTHING
        blank: dict[str, Any] = {"tips": [], "texts": [], "series": [], "band": [], "anomalies": []}
        return spec_of(section, "series", absent=absent, **blank, **own)
    rows = rows.sort_by("time")
    tips = tips_of(rows, [(f"tip_{at}", name) for at, name in enumerate(asked.get("sources", []))])
    times, values = milliseconds(rows["time"]), plain(rows["value"].to_pylist())
    names = [UNKNOWN if name is None else name for name in rows["series"].to_pylist()]
    made: dict[str, dict[str, Any]] = {
        name: {"name": name, "total": total, "colour": colour, "points": []}
        for name, total, colour in asked.get("series")
        or [(name, names.count(name), None) for name in dict.fromkeys(names)]
    }
    for name, *point in zip(names, times, values, *tips.places, strict=True):
        if point[1] is not None:
            made[name]["points"].append(point)
    band, anomalies, unsaid = _expected(rows, times, values, len(made))
    own |= {"band": band, "anomalies": anomalies, "tips": tips.names, "texts": tips.texts}
    return spec_of(section, "series", **own) | {
        "note": told(section.note, tips.note, unsaid),
        "series": list(made.values()),
    }


def _expected(
    rows: pa.Table, times: list[int], values: list[float | None], many: int
) -> tuple[list[list[Any]], list[list[Any]], str]:
    """The band, the anomalies, and why there is no band though the table has one."""
    nothing = [None] * len(rows)
    usual, low, high = (
        plain(rows[name].to_pylist()) if name in rows.column_names else nothing for name in ("expected", "low", "high")
    )
    flags = rows["is_anomaly"].to_pylist() if "is_anomaly" in rows.column_names else nothing
    anomalies = [
        [at, value, "below" if _is_below(value, expected, bottom) else "above"]
        for at, value, expected, bottom, flag in zip(times, values, usual, low, flags, strict=True)
        if flag and value is not None
    ]
    band = [list(row) for row in zip(times, usual, low, high, strict=True) if row[1] is not None or None not in row[2:]]
    if band and many > 1:
        return [], anomalies, "what was expected is left out: it is drawn for one series"
    return band, anomalies, ""


def _is_below(value: float, expected: float | None, low: float | None) -> bool:
    return (expected is not None and value < expected) or (expected is None and low is not None and value < low)
