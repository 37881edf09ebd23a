"""Names of countries by their ISO 3166-1 codes, and where they are, from the lists that come with the time zones
(public domain).
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from math import dist
from typing import TYPE_CHECKING

SMALL = 4
"""Up to so many zones the first is that of most people; else the one in the middle stands for the country."""
_PLACE = re.compile(r"([+-])(\d{2,3})(\d{2})(\d{2})?(?=[+-]|$)")

if TYPE_CHECKING:
    import pyarrow as pa


@lru_cache(maxsize=1)
def names_by_code() -> dict[str, str]:
    """Every country's name.

    Examples
    --------
    >>> names_by_code()["CZ"]
    'Czech Republic'
    """
    text = (resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return {line[:2]: line[3:] for line in lines}


def country_names(codes: pa.Array) -> pa.Array:
    """The name for each code; null for a code that is no country's.

    Examples
    --------
    >>> import pyarrow as pa
    >>> country_names(pa.array(["JP", "ZZ", None])).to_pylist()
    ['Japan', None, None]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    known = names_by_code()
    at = pc.index_in(codes, value_set=pa.array(list(known)))
    return pa.array(list(known.values()), pa.string()).take(at)


@lru_cache(maxsize=1)
def places_by_code() -> dict[str, tuple[float, float]]:
    """A place in every country: latitude and longitude of a large city, degrees.

    Good for a mark on a map of the world that says "somewhere in this country", and for nothing finer.

    Examples
    --------
    >>> [round(degrees) for degrees in places_by_code()["NL"]]
    [52, 5]
    """
    text = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    zones: dict[str, list[tuple[float, float]]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            code, place = line.split("\t")[:2]
            latitude, longitude = (_degrees(*found) for found in _PLACE.findall(place))
            zones.setdefault(code, []).append((latitude, longitude))
    return {code: places[0] if len(places) <= SMALL else _middle(places) for code, places in zones.items()}


def _degrees(sign: str, degrees: str, minutes: str, seconds: str) -> float:
    """ISO 6709 as a number.

    Examples
    --------
    >>> _degrees("-", "33", "52", "")
    -33.8667
    """
    return float(f"{sign}1") * round(int(degrees) + int(minutes) / 60 + int(seconds or 0) / 3600, 4)


def _middle(places: list[tuple[float, float]]) -> tuple[float, float]:
    """The one that is nearest to all others together."""
    return min(places, key=lambda one: sum(dist(one, other) for other in places))


def country_places(codes: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Latitude and longitude of :func:`places_by_code` for each code; null for a code that is no country's.

    Examples
    --------
    >>> import pyarrow as pa
    >>> [degrees.is_valid().to_pylist() for degrees in country_places(pa.array(["JP", "ZZ", None]))]
    [[True, False, False], [True, False, False]]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    known = places_by_code()
    at = pc.index_in(codes, value_set=pa.array(list(known)))
    latitude, longitude = (pa.array([place[end] for place in known.values()]).take(at) for end in (0, 1))
    return latitude, longitude
