"""Where things are: addresses, locations, geohashes and rows of frames, as rows of a section of figure ``places``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.schema.tabular import column_names, need_columns, text_column
from flowsleuth.viz.tips import shortened, shortened_all
from flowsleuth.viz.value_rows import numbers_of

if TYPE_CHECKING:
    import pyarrow as pa

LATITUDES = ("Latitude", "latitude", "lat", "Lat", "src_lat", "dst_lat", "dest_lat")
LONGITUDES = ("Longitude", "longitude", "lon", "long", "lng", "Lon", "Long", "src_lon", "dst_lon", "dest_lon")
CITY = ("City", "city")
COUNTRY = ("CountryName", "CountryOrRegionName", "CountryCode", "country", "country_name")
AS_NAME = ("Asn", "asn", "as_name")
ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"
LETTERS = 120
ROWS = "rows"
LAYER = "locations"


@dataclass(frozen=True)
class Place:
    """One thing on a map; ``lat`` and ``lon`` in degrees, None when it has no place."""

    name: str
    lat: float | None
    lon: float | None
    place: str | None = None
    as_name: str | None = None
    layer: str = LAYER
    is_address: bool = False


def place_of_entity(entity: Any, layer: str) -> Place:
    """The place of an address or a location: of an entity of ours or others', or of a dict.

    Examples
    --------
    >>> found = place_of_entity({"Address": "192.0.2.7", "Location": {"Latitude": 59.9, "Longitude": "10.7"}}, "a")
    >>> found.name, found.lat, found.lon, found.is_address
    ('192.0.2.7', 59.9, 10.7, True)
    """
    location = value_of(entity, ("Location", "location"))
    at = entity if location is None else location
    name = value_of(entity, ("Address", "address", "ip", "IpAddress"))
    place = place_text(at)
    lat, lon = (number_of(value_of(at, names)) for names in (LATITUDES, LONGITUDES))
    told = shortened(str(name or place or f"{lat}, {lon}"), LETTERS)
    as_name = value_of(at, AS_NAME)
    return Place(
        told,
        lat,
        lon,
        place,
        None if as_name is None else shortened(str(as_name), LETTERS),
        layer,
        is_address=bool(name),
    )


def place_text(location: Any) -> str | None:
    """City and country of a location, as far as they are told."""
    parts = [value_of(location, names) for names in (CITY, COUNTRY)]
    return shortened(", ".join(str(part) for part in parts if part), LETTERS) or None


def value_of(thing: Any, names: Sequence[str]) -> Any:
    """The first of some fields that an object or a dict has."""
    for name in names:
        found = thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
        if found is not None and found != "":
            return found
    return None


def number_of(value: Any) -> float | None:
    """A number of degrees; None for what is none.

    Examples
    --------
    >>> number_of("59.9"), number_of("north"), number_of(float("nan"))
    (59.9, None, None)
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def geohash_place(geohash: str) -> tuple[float, float]:
    """The middle of a geohash (Niemeyer 2008), latitude and longitude.

    Raises
    ------
    OptionError
        It is none.

    Examples
    --------
    >>> [round(degrees, 3) for degrees in geohash_place("u4pruydqqvj")]
    [57.649, 10.407]
    """
    word = str(geohash).strip().lower()
    if not word or set(word) - set(ALPHABET):
        raise OptionError("not a geohash", where=str(geohash)[:40])
    bits = "".join(f"{ALPHABET.index(letter):05b}" for letter in word)
    return _middle(bits[1::2], 90.0), _middle(bits[::2], 180.0)


def _middle(bits: str, edge: float) -> float:
    steps: int = 2 ** len(bits)
    return edge * ((2 * int(bits or "0", 2) + 1) / steps - 1)


def centre_of(places: Iterable[tuple[float, float]]) -> tuple[float, float] | None:
    """The middle of some places on the globe, latitude and longitude; None when there are none.

    Examples
    --------
    >>> [round(degrees) for degrees in centre_of([(0, 170), (0, -170)])]
    [0, 180]
    """
    x = y = z = 0.0
    for lat, lon in places:
        a, b = math.radians(lat), math.radians(lon)
        x, y, z = x + math.cos(a) * math.cos(b), y + math.cos(a) * math.sin(b), z + math.sin(a)
    if not x and not y and not z:
        return None
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


def read_places(
    data: Any,
    *,
    ip: str | None = None,
    lat: str | None = None,
    lon: str | None = None,
    layer: str | None = None,
    facts: Sequence[str] = (),
) -> pa.Table:
    """The places of a frame as :func:`places_table` has them: one for each address, place and layer, with its rows.

    Parameters
    ----------
    data : table
        pandas, polars, Arrow or rows of our own; never changed.
    ip : str, optional
        A column of addresses; without it places are named by their degrees.
    lat, lon : str, optional
        Columns of degrees; the usual names when not given.
    layer : str, optional
        A column whose values are the layers.
    facts : sequence of str
        Columns that are told of a place: the first text of each.

    Raises
    ------
    OptionError
        A column is not there or is not found, or holds no numbers.

    Examples
    --------
    >>> import pyarrow as pa
    >>> data = pa.table({"ip": ["192.0.2.7"] * 2, "lat": [59.9] * 2, "lon": [10.7] * 2})
    >>> read_places(data, ip="ip").select(["ip", "lat", "rows"]).to_pylist()
    [{'ip': '192.0.2.7', 'lat': 59.9, 'rows': 2}]
    """
    import pyarrow as pa

    there = column_names(data)
    lat, lon = _degrees("lat_column", lat, LATITUDES, there), _degrees("long_column", lon, LONGITUDES, there)
    named = {"ip": ip, "layer": layer, "place": _first(CITY, there), "country": _first(COUNTRY, there)}
    texts = {what: column for what, column in named.items() if column is not None}
    need_columns(data, [lat, lon, *texts.values(), *facts])
    numbers = numbers_of(data, [lat, lon])
    columns = {"lat": numbers[lat], "lon": numbers[lon]}
    columns |= {what: text_column(data, column) for what, column in texts.items()}
    columns |= {f"fact_{at}": text_column(data, column) for at, column in enumerate(facts)}
    keys = ["lat", "lon", *(what for what in ("ip", "layer") if what in texts)]
    firsts = [(name, "first") for name in columns if name not in keys]
    found = pa.table(columns).group_by(keys, use_threads=False).aggregate([*firsts, ([], "count_all")])
    return _told_places(found.rename_columns([name.removesuffix("_first") for name in found.column_names]), facts)


def _told_places(found: pa.Table, facts: Sequence[str]) -> pa.Table:
    """Places of a frame as the rows of a section."""
    import pyarrow as pa
    import pyarrow.compute as pc

    nothing = pa.nulls(len(found), pa.string())

    def text(name: str) -> pa.ChunkedArray:
        """A column of text; null where it is empty."""
        return _told(found[name] if name in found.column_names else pa.chunked_array([nothing]))

    names, city, country = (text(name) for name in ("ip", "place", "country"))
    degrees = zip(found["lat"].to_pylist(), found["lon"].to_pylist(), strict=True) if names.null_count else ()
    places = [_degrees_text(lat, lon) for lat, lon in degrees]
    lines = [
        pc.binary_join_element_wise(f"{shortened(name, 40)}: ", text(f"fact_{at}"), "") for at, name in enumerate(facts)
    ]
    return pa.table({
        "ip": pc.if_else(pc.is_null(names), pa.array(places, pa.string()), names) if places else names,
        "place": pc.coalesce(_told(pc.binary_join_element_wise(city, country, ", ")), city, country),
        "as_name": nothing,
        "layer": pc.fill_null(text("layer"), LAYER),
        "role": pa.repeat("peer", len(found)),
        "way": nothing,
        "severity": nothing,
        "lat": found["lat"],
        "lon": found["lon"],
        "facts": _lists(lines, len(found)),
        ROWS: found["count_all"],
        "is_address": pc.is_valid(names),
    })  # fmt: skip


def _told(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts that are not too long; empty ones are null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), shortened_all(texts, LETTERS))


def _degrees_text(lat: float | None, lon: float | None) -> str:
    return "no place" if lat is None or lon is None else f"{lat:g}, {lon:g}"


def _lists(columns: Sequence[pa.ChunkedArray], rows: int) -> pa.ListArray:
    """For each row the texts of some columns, without nulls."""
    import numpy as np
    import pyarrow as pa

    texts = pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.string())
    is_told = texts.is_valid().to_numpy().reshape(len(columns), rows).T
    row, column = np.nonzero(is_told)
    ends = np.concatenate([[0], np.cumsum(is_told.sum(axis=1))])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), texts.take(column * rows + row).combine_chunks())


def _first(names: Sequence[str], there: Sequence[str]) -> str | None:
    return next((name for name in names if name in there), None)


def _degrees(option: str, asked: str | None, usual: Sequence[str], there: Sequence[str]) -> str:
    found = asked or _first(usual, there)
    if found is None:
        hint = "a map needs degrees: enrich the addresses first"
        raise OptionError("no column of degrees is named", where=option, available=there, hint=hint)
    return found


def places_table(places: Sequence[Place]) -> pa.Table:
    """Places as the rows of a section."""
    import pyarrow as pa

    texts = {
        "ip": [one.name for one in places],
        "place": [one.place for one in places],
        "as_name": [one.as_name for one in places],
        "layer": [one.layer for one in places],
        "role": ["peer"] * len(places),
        "way": [None] * len(places),
        "severity": [None] * len(places),
    }
    numbers = {"lat": [one.lat for one in places], "lon": [one.lon for one in places]}
    table = {name: pa.array(column, pa.string()) for name, column in texts.items()}
    table |= {name: pa.array(column, pa.float64()) for name, column in numbers.items()}
    table["facts"] = pa.array([[]] * len(places), pa.list_(pa.string()))
    table[ROWS] = pa.array([1] * len(places), pa.int64())
    table["is_address"] = pa.array([one.is_address for one in places], pa.bool_())
    return pa.table(table)
