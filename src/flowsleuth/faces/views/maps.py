"""Maps without a tile server: land drawn by our own figure, near marks clustered, layers that the legend hides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.faces.views.columns import Columns, names_of
from flowsleuth.faces.views.display import Display, shown
from flowsleuth.investigate.dossier import Section
from flowsleuth.viz.looks import Look, colour_of
from flowsleuth.viz.place_rows import (
    LAYER,
    Place,
    centre_of,
    geohash_place,
    number_of,
    place_of_entity,
    places_table,
    read_places,
)
from flowsleuth.viz.places import NOUN

if TYPE_CHECKING:
    import pyarrow as pa

ADDRESSES, LOCATIONS = "addresses", LAYER
WHOLE_WORLD = 1.8
"""The zoom of tile maps at which the whole world is as wide as our figure."""
Location = tuple[float, float]
Locate = Callable[[list[str]], Mapping[str, Any]]


class FoliumMap:
    """A map that things are put on, with the methods that users of MSTICPy know; nothing is fetched.

    Parameters
    ----------
    title : str
    location : tuple of float, optional
        Latitude and longitude of the middle of the live map; the whole world when not given.
    zoom_start : int
        How near it begins, as tile maps count: 2 is the world, 5 a country, 12 a town.
    height, width : int, optional
        Pixels.
    locate : callable, optional
        Gives for a list of addresses a mapping to locations (entities, dicts, or latitude and longitude); for
        :meth:`add_ips`.

    Examples
    --------
    >>> geo_map = FoliumMap(location=(59.9, 10.7), zoom_start=5)
    >>> peer = {"Address": "192.0.2.7", "Location": {"Latitude": 59.9, "Longitude": 10.7}}
    >>> geo_map.add_ip_cluster([peer], color="red")
    >>> geo_map.folium_map
    <Display of Locations: 1 place>
    """

    def __init__(
        self,
        title: str = "Locations",
        location: Location | None = None,
        zoom_start: int = 7,
        *,
        height: int | None = None,
        width: int | None = None,
        locate: Locate | None = None,
    ) -> None:
        self.title = title
        self.locations: list[Location] = []
        self._look = Look(height, width)
        self._locate = locate
        self._zoom = zoom_start
        self._middle = location
        self._places: list[Place] = []
        self._tables: list[pa.Table] = []
        self._colours: dict[str, str | None] = {}

    def add_ip_cluster(self, ip_entities: Iterable[Any], layer: str | None = None, color: str | None = None) -> None:
        """Put addresses where their ``Location`` is; those without one are counted in the note.

        Raises
        ------
        OptionError
            No such colour.
        """
        name = self._layer(layer, color, ADDRESSES)
        self._put(place_of_entity(entity, name) for entity in _several(ip_entities))

    def add_ips(self, ip_addresses: Iterable[str], layer: str | None = None, color: str | None = None) -> None:
        """Put addresses where ``locate`` says that they are.

        Raises
        ------
        OptionError
            The map was not told how to locate addresses.
        """
        if self._locate is None:
            hint = "FoliumMap(locate=…), or add_ip_cluster with located addresses"
            raise OptionError("nobody was named who locates addresses", where="add_ips", hint=hint)
        asked = list(dict.fromkeys(str(one) for one in _several(ip_addresses)))
        found = self._locate(asked)
        entities = [{"Address": ip, "Location": _as_location(found.get(ip))} for ip in asked]
        self.add_ip_cluster(entities, layer, color)

    def add_geoloc_cluster(
        self, geo_locations: Iterable[Any], layer: str | None = None, color: str | None = None
    ) -> None:
        """Put locations: entities, or dicts with ``Latitude`` and ``Longitude``."""
        name = self._layer(layer, color, LOCATIONS)
        self._put(place_of_entity(one, name) for one in _several(geo_locations))

    def add_locations(self, locations: Iterable[Location], layer: str | None = None, color: str | None = None) -> None:
        """Put pairs of latitude and longitude."""
        self.add_geoloc_cluster([_as_location(one) for one in locations], layer, color)

    def add_geo_hashes(self, geohashes: Iterable[str], layer: str | None = None, color: str | None = None) -> None:
        """Put the middles of geohashes."""
        self.add_locations([geohash_place(one) for one in geohashes], layer, color)

    def create_new_cluster_with_locations(
        self, locations: Iterable[Location], name: str, color: str | None = None
    ) -> None:
        """Put pairs of latitude and longitude on a layer of their own."""
        self.add_locations(locations, name, color)

    def create_new_cluster_with_geohashes(self, geohashes: Iterable[str], name: str, color: str | None = None) -> None:
        """Put the middles of geohashes on a layer of their own."""
        self.add_geo_hashes(geohashes, name, color)

    def add_places(self, places: pa.Table, colours: Mapping[str, str] | None = None) -> None:
        """Put places, as :func:`flowsleuth.viz.place_rows.read_places` makes them."""
        self._colours |= {layer: colour_of(name) for layer, name in (colours or {}).items()}
        self._tables.append(places)
        self.locations += _located(places)

    def center_map(self) -> None:
        """Let the live map begin in the middle of what is on it."""
        self._middle = centre_of(self.locations) or self._middle

    @property
    def display(self) -> Display:
        """The map as it is now."""
        table = self._table()
        noun = ["location", "locations"] if False in table["is_address"].unique().to_pylist() else list(NOUN)
        value = {"colours": self._colours, "noun": noun, "view": self._view(), "look": self._look.told()}
        table = table.drop_columns("is_address")
        return Display(Section("map", self.title, "series", figure="places", table=table, value=value))

    @property
    def folium_map(self) -> Display:
        """The same as :attr:`display`, under the name that users of MSTICPy know."""
        return self.display

    def save_map(self, path: str | Path) -> None:
        """Write the live map as one HTML file."""
        self.display.to_html(path)

    def to_folium(self) -> Any:
        """The same as a map of folium's, which fetches its tiles and scripts from others when it is shown.

        Raises
        ------
        MissingExtraError
            folium is not installed.
        """
        from flowsleuth.faces.views.folium_map import folium_map

        return folium_map(self._table(), self._colours, self._middle or centre_of(self.locations), self._zoom)

    def _ipython_display_(self) -> None:
        self.display._ipython_display_()

    def __repr__(self) -> str:
        return repr(self.display).replace("Display", "FoliumMap", 1)

    def _layer(self, layer: str | None, color: str | None, usual: str) -> str:
        """The name of a layer, which has one colour."""
        colour = colour_of(color)
        name = layer or usual
        if layer is None and colour and self._colours.get(name, colour) != colour:
            name = f"{usual} ({color})"
        self._colours[name] = colour or self._colours.get(name)
        return name

    def _put(self, places: Iterable[Place]) -> None:
        for one in places:
            self._places.append(one)
            if one.lat is not None and one.lon is not None:
                self.locations.append((one.lat, one.lon))

    def _table(self) -> pa.Table:
        import pyarrow as pa

        return pa.concat_tables([places_table(self._places), *self._tables])

    def _view(self) -> dict[str, float] | None:
        if self._middle is None:
            return None
        lat, lon = (number_of(one) or 0.0 for one in self._middle)
        return {"lat": lat, "lon": lon, "zoom": round(max(1.0, 2 ** (self._zoom - WHOLE_WORLD)), 2)}


def plot_map(
    data: Any,
    ip_column: str | None = None,
    lat_column: str | None = None,
    long_column: str | None = None,
    layer_column: str | None = None,
    *,
    tooltip_columns: Columns = None,
    popup_columns: Columns = None,
    location: Location | None = None,
    zoom_start: int = 2,
    color: str | None = None,
    title: str = "Locations",
    height: int | None = None,
    width: int | None = None,
    hide: bool = False,
) -> Display:
    """The rows of a table on a map.

    Parameters
    ----------
    data : table
        pandas, polars, Arrow or rows of our own; never changed.
    ip_column : str, optional
        Addresses; without them places are named by their degrees.
    lat_column, long_column : str, optional
        Degrees; the usual names when not given.
    layer_column : str, optional
        Its values are layers, each with its colour, which the legend hides.
    tooltip_columns, popup_columns : str or sequence of str, optional
        What is told of a place.
    location, zoom_start : tuple of float, int
        Where the live map begins, and how near; the whole world when no location is given.
    color : str, optional
        A name or ``#rrggbb``, where there are no layers.
    title, height, width, hide
        As of :func:`flowsleuth.faces.views.timelines.display_timeline`.

    Raises
    ------
    OptionError
        A column is not there or is not found, or holds no numbers; no such colour.

    Examples
    --------
    >>> import pyarrow as pa
    >>> data = pa.table({"ip": ["192.0.2.7"], "lat": [59.9], "lon": [10.7], "verdict": ["scanner"]})
    >>> plot_map(data, "ip", tooltip_columns=["verdict"]).spec["markers"][0]["facts"]
    ['verdict: scanner']
    """
    facts = names_of([*names_of(tooltip_columns), *names_of(popup_columns)])
    places = read_places(data, ip=ip_column, lat=lat_column, lon=long_column, layer=layer_column, facts=facts)
    made = FoliumMap(title, location, zoom_start, height=height, width=width)
    made.add_places(places, {LOCATIONS: color} if color and layer_column is None else None)
    return shown(made.display, hide)


def get_map_center(entities: Iterable[Any]) -> Location:
    """The middle of some addresses or locations, latitude and longitude; 0, 0 when none has a place.

    Examples
    --------
    >>> get_map_center([{"Latitude": 10, "Longitude": 20}])
    (10.0, 20.0)
    """
    places = [place_of_entity(one, "") for one in _several(entities)]
    told = [(one.lat, one.lon) for one in places if one.lat is not None and one.lon is not None]
    lat, lon = centre_of(told) or (0.0, 0.0)
    return round(lat, 6), round(lon, 6)


def _located(places: pa.Table) -> list[Location]:
    """Latitude and longitude of those that have both."""
    pairs = zip(places["lat"].to_pylist(), places["lon"].to_pylist(), strict=True)
    return [(lat, lon) for lat, lon in pairs if lat is not None and lon is not None]


def _several(things: Any) -> list[Any]:
    """Things one by one; a single one counts as well."""
    if isinstance(things, str | Mapping) or not isinstance(things, Iterable):
        return [things]
    return list(things)


def _as_location(place: Any) -> Any:
    """A location of whatever tells one: latitude and longitude as a pair become a dict."""
    if isinstance(place, tuple | list) and len(place) == 2:
        return {"Latitude": place[0], "Longitude": place[1]}
    return place
