"""Two successes of an account at places that nobody reaches in the time between; only where places are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowsleuth.analyze.codes import group_codes
from flowsleuth.analyze.logons.found import Finding, span

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from flowsleuth.analyze.logons.options import LogonOptions
    from flowsleuth.analyze.logons.schema import Logons

    Floats = npt.NDArray[np.float64]

TRAVEL = "impossible travel"
EARTH_KM = 6_371.0
"""Mean radius (IUGG)."""


def find_travel(logons: Logons, options: LogonOptions) -> Iterator[Finding]:
    """Consecutive successes of an account, at different places, too soon one after the other."""
    import numpy as np

    lat, lon = (logons.column(name).to_numpy(zero_copy_only=False) for name in ("latitude", "longitude"))
    places = np.flatnonzero((np.abs(lat) <= 90) & (np.abs(lon) <= 180) & logons.is_success)
    lat, lon = lat[places], lon[places]
    some = logons.take(places)
    account = group_codes(some.column("account"))
    order = np.argsort(account, kind="stable")
    one, other = order[:-1], order[1:]
    same = account[one] == account[other]
    one, other = one[same], other[same]
    km = distance_km(lat[one], lon[one], lat[other], lon[other])
    seconds = (some.micros[other] - some.micros[one]) / 1e6
    too_fast = km > options.speed_km_h * np.maximum(seconds, 1.0) / 3_600
    names, sources = some.column("account"), some.column("source")
    for at in np.flatnonzero((km >= options.distance_km) & too_fast).tolist():
        begin, end = int(one[at]), int(other[at])
        who, sides = names[begin].as_py(), [sources[place].as_py() or "?" for place in (begin, end)]
        speed = km[at] / max(seconds[at], 1.0) * 3_600
        reason = (
            f"{who} from {sides[0]}, then {span(seconds[at])} later from {sides[1]}, {km[at]:,.0f} km away: "
            f"{speed:,.0f} km/h"
        )
        yield Finding(TRAVEL, reason, places[np.array([begin, end])], who, sources[end].as_py())


def distance_km(lat: Floats, lon: Floats, other_lat: Floats, other_lon: Floats) -> Floats:
    """Great-circle distances (haversine), of degrees.

    Examples
    --------
    >>> import numpy as np
    >>> distance_km(*(np.array([value]) for value in (50.08, 14.44, 35.68, 139.69))).round().tolist()
    [9071.0]
    """
    import numpy as np

    phi, other = np.radians(lat), np.radians(other_lat)
    half = np.sin((other - phi) / 2) ** 2
    half = half + np.cos(phi) * np.cos(other) * np.sin(np.radians(other_lon - lon) / 2) ** 2
    found: Floats = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return found
