"""Places as a map of folium's. Needs the extra ``folium``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import MissingExtraError
from flowsleuth.viz.svg import clean

if TYPE_CHECKING:
    import pyarrow as pa

USUAL = "#2166b8"


def folium_map(
    places: pa.Table, colours: Mapping[str, str | None], location: tuple[float, float] | None, zoom: int
) -> Any:
    """A ``folium.Map`` with a mark for each place; it fetches its tiles and scripts from others when it is shown.

    Parameters
    ----------
    places : pyarrow.Table
        As :func:`flowsleuth.viz.place_rows.places_table` makes them.
    colours : mapping
        Of layers, ``#rrggbb``.
    location : tuple of float, optional
        Latitude and longitude of the middle.
    zoom : int

    Raises
    ------
    MissingExtraError
        folium is not installed.
    """
    try:
        import folium
    except ImportError:
        raise MissingExtraError("folium", "folium") from None
    made = folium.Map(location=location, zoom_start=zoom)
    for one in places.to_pylist():
        if one["lat"] is not None and one["lon"] is not None:
            tip = _in_template(" · ".join([one["ip"], *([one["place"]] if one["place"] else []), *one["facts"]]))
            colour = colours.get(one["layer"]) or USUAL
            mark = folium.CircleMarker((one["lat"], one["lon"]), radius=6, color=colour, fill=True, tooltip=tip)
            mark.add_to(made)
    return made


def _in_template(text: str) -> str:
    """Text for HTML that stands between the backticks of a script, as folium writes its tooltips.

    Examples
    --------
    >>> _in_template("`${alert(1)}` \\\\x3cb>")
    '&#96;&#36;{alert(1)}&#96; &#92;x3cb&gt;'
    """
    return clean(text).translate({ord(one): f"&#{ord(one)};" for one in "`$\\"})
