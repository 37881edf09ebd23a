"""Places: where addresses are, one marker per place, way and threat, sized by the first measure.

Section: a series whose ``table`` has a row per address (and way, where they can be told apart): ``ip`` (string),
``lat``, ``lon`` (float64, degrees; null when it has no place), ``place`` (string), ``role`` ("host" or "peer"),
``way`` ("outbound", "inbound", "two way"; null is unknown), ``severity`` (string; null when it is no threat),
``as_name`` (string), and measures (:mod:`flowsleuth.viz.measures`). There may be ``layer`` (string), which is then the
kind, and ``facts`` (strings, each "name: text"), which are told of a marker. ``value`` may say ``colours`` (of layers),
``noun`` (what is counted, one and many), ``view`` (``lat``, ``lon``, ``zoom``: where a live map begins) and ``look``.

Spec::

    {kind: "places", title, note, absent, measures: ["flows", "bytes"],
     kinds: [{kind, addresses, values: [value, …], colour}],
     markers: [{lat, lon, kind: "host"|"outbound"|"inbound"|"two way"|"unknown"|"threat"|layer, way,
                places: [name, …], ips: [ip, …], addresses, as_names: [name, …], severities: [text, …],
                values: [value, …], facts: [text, …]}],
     noun: ["address", "addresses"], view: {lat, lon, zoom} | null, look}

``ips``, ``places`` and ``as_names`` are the strongest few of a marker; ``addresses`` says how many there are. Every
placed row is in exactly one marker, so values add up; addresses without a place are counted in ``note``. The strongest
marker comes first. Land polygons: :func:`flowsleuth.viz.world_map.world`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.viz import Spec, spec_of
from flowsleuth.viz.measures import UNKNOWN, measures_of, named, plain, told, total

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.investigate.dossier import Section

MARKERS = 1_500
"""Markers, at most; then neighbouring places are joined."""
CELLS_DEG = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""How wide a neighbourhood is tried to be, in degrees."""
NAMED_IPS, NAMED = 8, 3
KINDS = ("host", "outbound", "inbound", "two way", UNKNOWN, "threat")
WAYS = KINDS[1:4]
KNOWN = ("lat", "lon")
KEYS = ("_y", "_x", "kind", "way")
NOUN = ["address", "addresses"]
LINE = "\x1f"
"""Between facts that are one text for a while."""


def places(section: Section) -> Spec:
    """Make the spec of a map of places.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowsleuth.investigate.dossier import Section
    >>> rows = pa.table({"ip": ["192.0.2.1", "192.0.2.2"], "lat": [52.4, None], "lon": [4.9, None],
    ...     "place": ["Amsterdam", None], "role": ["peer", "peer"], "way": ["outbound", "inbound"],
    ...     "severity": pa.nulls(2, pa.string()), "as_name": ["ACME", None], "flows": [3, 1]})
    >>> spec = places(Section("geo_map", "Places", "series", table=rows))
    >>> spec["note"], [(one["kind"], one["ips"], one["values"]) for one in spec["markers"]]
    ('1 address has no place (25% of flows)', [('outbound', ['192.0.2.1'], [3])])
    """
    asked = section.value or {}
    own = {"noun": asked.get("noun", NOUN), "view": asked.get("view"), "look": asked.get("look", {})}
    if section.table is None or not len(section.table):
        return _blank(section, section.absent or "nothing was found", own)
    measures = measures_of(section.table, KNOWN)
    rows, placed = _typed(section.table, measures)
    unplaced = _unplaced(rows, placed, measures[0], own["noun"])
    if not len(placed):
        return _blank(section, section.absent or unplaced, own)
    markers, joined = _markers(placed, measures)
    return spec_of(
        section,
        "places",
        note=told(section.note, unplaced, joined),
        measures=measures,
        kinds=_kinds(placed, measures, asked.get("colours", {})),
        markers=markers,
        **own,
    )


def _blank(section: Section, absent: str, own: dict[str, Any]) -> Spec:
    return spec_of(section, "places", absent=absent, measures=[], kinds=[], markers=[], **own)


def _typed(rows: pa.Table, measures: Sequence[str]) -> tuple[pa.Table, pa.Table]:
    """The rows with their kind, strongest first; and those of them that have a place."""
    import pyarrow as pa
    import pyarrow.compute as pc

    way = named(rows, "way")["way"]
    way = pc.if_else(pc.is_in(way, value_set=pa.array(WAYS)), way, UNKNOWN)
    severity = pc.cast(rows["severity"], pa.string())
    kind = pc.if_else(pc.is_valid(severity), "threat", way)
    kind = pc.if_else(pc.fill_null(pc.equal(rows["role"], "host"), False), "host", kind)
    if "layer" in rows.column_names:
        kind = pc.coalesce(pc.cast(rows["layer"], pa.string()), kind)
    texts = {name: pc.cast(rows[name], pa.string()) for name in ("ip", "place", "as_name")}
    numbers = {name: pc.cast(rows[name], pa.float64()) for name in KNOWN}
    sums = {name: rows[name] for name in measures}
    table = pa.table({**texts, **numbers, "kind": kind, "way": way, "severity": severity, **sums})
    if "facts" in rows.column_names:
        table = table.append_column("facts", pc.binary_join(rows["facts"], LINE))
    table = table.sort_by([(measures[0], "descending"), ("ip", "ascending")])
    at = [pc.fill_null(pc.less_equal(pc.abs(table[name]), edge), False) for name, edge in (("lat", 90), ("lon", 180))]
    return table, table.filter(pc.and_(*at))  # NaN is not below anything


def _unplaced(rows: pa.Table, placed: pa.Table, measure: str, noun: Sequence[str]) -> str:
    import pyarrow.compute as pc

    count = pc.count_distinct(rows["ip"]).as_py() - pc.count_distinct(placed["ip"]).as_py()
    if not count:
        return ""
    said = f"{count:,} {noun[1]} have no place" if count > 1 else f"1 {noun[0]} has no place"
    whole, part = (pc.sum(table[measure]).as_py() or 0 for table in (rows, placed))
    return f"{said} ({100 * (whole - part) / whole:.0f}% of {measure.replace('_', ' ')})" if whole else said


def _kinds(placed: pa.Table, measures: Sequence[str], colours: Mapping[str, str | None]) -> list[dict[str, Any]]:
    sums = [("ip", "count_distinct"), *((name, "sum") for name in measures)]
    found = {row["kind"]: row for row in placed.group_by("kind", use_threads=False).aggregate(sums).to_pylist()}
    return [
        {
            "kind": kind,
            "addresses": found[kind]["ip_count_distinct"],
            "values": plain(found[kind][f"{name}_sum"] for name in measures),
            "colour": colours.get(kind),
        }
        for kind in (*KINDS, *(kind for kind in found if kind not in KINDS))
        if kind in found
    ]


def _markers(placed: pa.Table, measures: Sequence[str]) -> tuple[list[dict[str, Any]], str]:
    """The markers, and what was joined to have few enough."""
    grouped = _grouped(placed, measures, None)
    exact, wide = len(grouped), 0.0
    for cell in CELLS_DEG:
        if len(grouped) <= MARKERS:
            break
        grouped, wide = _grouped(placed, measures, cell), cell
    grouped = grouped.sort_by(
        [(f"{measures[0]}_sum", "descending"), ("lat_first", "ascending"), ("lon_first", "ascending")]
    )
    said = ""
    if wide:
        said = f"{exact:,} markers within {wide:g}° of one another are joined to {len(grouped):,}"
    return [_marker(row, measures) for row in grouped.to_pylist()], said


def _grouped(placed: pa.Table, measures: Sequence[str], cell: float | None) -> pa.Table:
    import pyarrow.compute as pc

    size = 1e-4 if cell is None else cell  # some ten metres: the same place
    table = placed.append_column("_y", pc.floor(pc.divide(placed["lat"], size)))
    table = table.append_column("_x", pc.floor(pc.divide(placed["lon"], size)))
    sums = [("lat", "first"), ("lon", "first"), ("ip", "distinct"), ("place", "distinct"), ("as_name", "distinct")]
    sums += [("severity", "distinct"), *((name, "sum") for name in measures)]
    sums += [("facts", "distinct")] if "facts" in table.column_names else []
    return table.group_by(list(KEYS), use_threads=False).aggregate(sums)


def _marker(row: dict[str, Any], measures: Sequence[str]) -> dict[str, Any]:
    def few(name: str, most: int) -> list[str]:
        return [one for one in row[f"{name}_distinct"] if one is not None][:most]

    return {
        "lat": row["lat_first"],
        "lon": row["lon_first"],
        "kind": row["kind"],
        "way": row["way"],
        "places": few("place", NAMED),
        "ips": few("ip", NAMED_IPS),
        "addresses": len(row["ip_distinct"]),
        "as_names": few("as_name", NAMED),
        "severities": few("severity", NAMED),
        "values": plain(row[f"{name}_sum"] for name in measures),
        **(
            {"facts": [line for text in few("facts", 1) for line in text.split(LINE)]}
            if "facts_distinct" in row
            else {}
        ),
    }


def shares(markers: Sequence[dict[str, Any]]) -> list[float]:
    """How large each marker is next to the largest, in [0, 1], by area.

    Examples
    --------
    >>> shares([{"values": [100]}, {"values": [25]}, {"values": [None]}])
    [1.0, 0.5, 0.0]
    """
    sizes = [float(marker["values"][0] or 0) for marker in markers]
    most = max(sizes, default=0.0)
    return [(size / most) ** 0.5 if most else 0.0 for size in sizes]


def sum_of(markers: Sequence[dict[str, Any]]) -> list[float | None]:
    """The values of several markers together."""
    return [total(values) for values in zip(*(marker["values"] for marker in markers), strict=True)]
