"""Matrix, network and map of frames: what they show, worked out by hand; bounded; text is text."""

from __future__ import annotations

import json
import sys
from html import unescape
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from flowsleuth.errors import MissingExtraError, OptionError
from flowsleuth.faces.frames import Chain
from flowsleuth.schema.entities import GeoLocation, IpAddress
from flowsleuth.toolkit import (
    FoliumMap,
    create_alert_graph,
    get_map_center,
    plot_entity_graph,
    plot_map,
    plot_matrix,
    plot_network,
)
from flowsleuth.viz.drawn_grid import PRESENT, shade
from flowsleuth.viz.matrix_rows import NAMES
from flowsleuth.viz.place_rows import geohash_place
from flowsleuth.viz.relations import EDGES, NODES

EVIL = "</script><img src=x onerror=alert(1)>"
LOGONS = pd.DataFrame(
    {
        "who": ["bob", "bob", "bob", "eve", None, "eve"],
        "where": ["WEB", "WEB", "DC", "DC", "DC", EVIL],
        "bytes": [10, 5, 100, 1, 7, None],
        "port": [443, 80, 443, 22, 22, 22],
    }
)


def many(count=30_000, names=500, seed=7):
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "src": [f"10.0.{n // 256}.{n % 256}" for n in draw.zipf(1.3, count) % names],
            "dst": [f"192.0.2.{n}" for n in draw.integers(0, 250, count)],
            "bytes": draw.integers(0, 10_000, count),
        }
    )


def table_of(shown):
    """A matrix as {row: {column: value}}."""
    spec = shown.spec
    found: dict[str, dict[str, float]] = {}
    for row, column, value in spec["cells"]:
        found.setdefault(spec["rows"][row], {})[spec["columns"][column]] = value
    return found


def test_a_matrix_counts_adds_up_and_counts_different_values():
    assert table_of(plot_matrix(LOGONS, "where", "who")) == {
        "bob": {"WEB": 2, "DC": 1}, "eve": {"DC": 1, EVIL: 1}, "unknown": {"DC": 1},
    }  # fmt: skip
    sums = plot_matrix(LOGONS, x_col="where", y_col="who", value_col="bytes")
    assert table_of(sums)["bob"] == {"DC": 100, "WEB": 15}
    assert sums.spec["measures"] == ["bytes"]
    distinct = plot_matrix(LOGONS, "where", "who", "port", dist_count=True)
    assert table_of(distinct)["bob"] == {"WEB": 2, "DC": 1}
    assert (distinct.spec["measures"], distinct.spec["has_sums"]) == (["distinct port"], False)


@pytest.mark.parametrize(
    ("options", "scale"),
    [
        ({}, "linear"),
        ({"log_size": True}, "log"),
        ({"invert": True}, "inverse"),
        ({"invert": True, "log_size": True}, "inverse log"),
        ({"intersect": True}, "presence"),
    ],
)
def test_every_way_to_size_is_drawn(options, scale):
    shown = plot_matrix(LOGONS, "where", "who", **options)
    assert shown.spec["scale"] == scale
    assert "<img" not in shown.to_svg() + shown.to_html()
    assert 0 <= shade(3, 9, 1, scale) <= 1


def test_shades_point_the_way_they_are_asked_to():
    assert shade(9, 9, 1, "linear") == shade(1, 9, 1, "inverse") == shade(1, 9, 1, "inverse log") == 1
    assert shade(1, 9, 1, "inverse") > shade(2, 9, 1, "inverse") > shade(0, 9, 1, "inverse")
    assert shade(-5, 9, 1, "linear") == shade(None, 9) == 0
    assert shade(1, 9, scale="presence") == shade(9, 9, scale="presence") == PRESENT


def test_names_are_sorted_as_asked():
    rows = [plot_matrix(LOGONS, "where", "who", sort=sort).spec["rows"] for sort in (None, True, "asc", "desc", False)]
    assert rows == [["bob", "eve", "unknown"]] * 3 + [["unknown", "eve", "bob"], ["bob", "eve", "unknown"]]
    both = plot_matrix(LOGONS, "where", "who", sort="asc", sort_x="desc").spec
    assert both["columns"] == ["WEB", "DC", EVIL]


def test_a_large_matrix_is_bounded_and_every_sum_holds():
    frame = many()
    shown = plot_matrix(frame, "dst", "src", "bytes")
    spec = shown.spec
    assert len(spec["rows"]) == len(spec["columns"]) == NAMES
    assert sum(cell[2] for cell in spec["cells"]) == frame["bytes"].sum()
    assert f"the {frame['src'].nunique() - NAMES + 1:,} rarest values of src are put together" in shown.note
    assert len(shown.to_html().encode()) < 1_000_000
    rare = plot_matrix(frame, "dst", "src", invert=True)
    rarest = frame["src"].value_counts().sort_values().index[0]
    assert frame["src"].value_counts()[rarest] == sum(table_of(rare).get(rarest, {}).values())
    assert "most frequent values of src" in rare.note


def test_a_network_by_hand():
    shown = plot_network(
        LOGONS, "who", "where", source_attrs="port", edge_attrs=["port", "bytes"], graph_type="digraph"
    )
    nodes = {node["id"]: (node["kind"], node["values"], node.get("facts")) for node in shown.spec["nodes"]}
    assert nodes == {
        "bob": ("who", [3], ["port: 443, 80"]),
        "eve": ("who", [2], ["port: 22"]),
        "WEB": ("where", [2], []),
        "DC": ("where", [2], []),
        EVIL: ("where", [1], []),
    }
    edges = {(edge["source"], edge["target"]): (edge["values"], edge["facts"]) for edge in shown.spec["edges"]}
    assert edges["bob", "WEB"] == ([2], ["port: 443, 80", "bytes: 10, 5"])
    assert shown.spec["is_directed"]
    assert shown.note == "1 of 6 rows has no value in who or where and is left out"
    assert "<img" not in shown.to_svg() + shown.to_html()


def test_a_value_of_both_columns_is_one_node_and_loops_are_kept():
    flows = pa.table({"src": ["a", "b", "a"], "dst": ["b", "a", "a"]})
    spec = plot_network(flows, "src", "dst").spec
    assert sorted((node["id"], node["kind"]) for node in spec["nodes"]) == [("a", "both"), ("b", "both")]
    assert len(spec["edges"]) == 3


def test_a_large_network_keeps_the_strongest_edges_and_says_so():
    frame = many()
    shown = plot_network(frame, "src", "dst", edge_attrs=["bytes"])
    spec = shown.spec
    assert len(spec["nodes"]) <= NODES and len(spec["edges"]) <= EDGES
    strongest = frame.groupby(["src", "dst"]).size().max()
    assert max(edge["values"][0] for edge in spec["edges"]) == strongest
    whole = len(frame.groupby(["src", "dst"]))
    assert f"the {whole - len(spec['edges']):,} weakest of {whole:,} edges are left out" in shown.note
    assert len(json.dumps(spec)) < 200_000
    ends = {end for edge in spec["edges"] for end in (edge["source"], edge["target"])}
    assert ends == {node["id"] for node in spec["nodes"]}


def test_graphs_of_alerts_of_networkx_and_of_tables():
    alert = {"AlertName": EVIL, "Severity": "High", "Entities": '[{"Type": "host", "HostName": "WEB1"}]'}
    ours = create_alert_graph(alert)
    shown = plot_entity_graph(ours)
    assert sorted(node["kind"] for node in shown.spec["nodes"]) == ["alert", "host"]
    assert [node["is_centre"] for node in shown.spec["nodes"]] == [True, False]
    assert "<img" not in shown.to_svg() + shown.to_html()
    networkx = pytest.importorskip("networkx")
    theirs = networkx.Graph()
    theirs.add_node("a", node_type="alert", name="Scan", color="red", description=EVIL, thing=object())
    theirs.add_node(7, node_type="host")
    theirs.add_edge("a", 7, label="on")
    spec = plot_entity_graph(theirs).spec
    found = {node["id"]: (node["kind"], node["label"], node["is_centre"], node["facts"]) for node in spec["nodes"]}
    assert found == {"a": ("alert", "Scan", True, [f"description: {EVIL}"]), "7": ("host", "7", False, [])}
    assert [edge["label"] for edge in spec["edges"]] == ["on"]
    assert spec["is_directed"] is False
    tables = (pd.DataFrame({"id": ["x", "y"], "weight": [4, 9]}), pd.DataFrame({"source": ["x"], "target": ["y"]}))
    spec = plot_entity_graph(tables).spec
    assert spec["measures"] == ["weight"]
    assert [node["values"] for node in spec["nodes"]] == [[9], [4]]


def address(ip, lat, lon, **more):
    return {"Address": ip, "Location": {"Latitude": lat, "Longitude": lon, **more}}


def test_a_map_takes_addresses_locations_and_geohashes():
    geo_map = FoliumMap(location=(52.0, 5.0), zoom_start=5, height=400)
    entity = IpAddress(Address="192.0.2.1", Location=GeoLocation(Latitude=52.4, Longitude=4.9, City="Amsterdam"))
    geo_map.add_ip_cluster([entity, address("192.0.2.2", "59.9", "10.7", CountryName="Norway")], color="red")
    geo_map.add_ip_cluster(address("192.0.2.3", None, None), color="red")
    geo_map.add_geoloc_cluster(
        [SimpleNamespace(Latitude=1.0, Longitude=2.0, City=EVIL)], layer="offices", color="green"
    )
    geo_map.add_locations([(-33.9, 151.2)])
    geo_map.create_new_cluster_with_geohashes(["u4pruydqqvj"], "hashes")
    spec = geo_map.display.spec
    kinds = {one["kind"]: (one["addresses"], one["colour"]) for one in spec["kinds"]}
    assert kinds == {
        "addresses": (2, "#c02c2c"), "offices": (1, "#2e7d37"), "locations": (1, None), "hashes": (1, None),
    }  # fmt: skip
    assert spec["noun"] == ["location", "locations"]
    assert spec["note"].startswith("1 location has no place")
    assert spec["view"] == {"lat": 52.0, "lon": 5.0, "zoom": 9.19}
    assert {tuple(one["places"]) for one in spec["markers"]} >= {("Amsterdam",), ("Norway",), (EVIL,)}
    assert "<img" not in geo_map.display.to_svg() + geo_map.display.to_html()
    assert repr(geo_map).startswith("<FoliumMap of Locations: 5 places")
    geo_map.center_map()
    assert geo_map.display.spec["view"]["lat"] != 52.0


def test_two_clusters_of_different_colours_are_two_layers(tmp_path):
    geo_map = FoliumMap()
    geo_map.add_ip_cluster([address("192.0.2.1", 1, 2)], color="red")
    geo_map.add_ip_cluster([address("192.0.2.2", 3, 4)], color="blue")
    assert [one["kind"] for one in geo_map.folium_map.spec["kinds"]] == ["addresses", "addresses (blue)"]
    assert geo_map.folium_map.spec["noun"] == ["address", "addresses"]
    geo_map.save_map(tmp_path / "map.html")
    assert (tmp_path / "map.html").stat().st_size < 1_000_000


def test_addresses_are_located_by_who_was_named_only():
    with pytest.raises(OptionError, match="nobody was named"):
        FoliumMap().add_ips(["192.0.2.1"])
    geo_map = FoliumMap(locate=lambda ips: {ips[0]: (10, 20)})
    geo_map.add_ips(["192.0.2.1", "192.0.2.2", "192.0.2.1"])
    assert [one["ips"] for one in geo_map.display.spec["markers"]] == [["192.0.2.1"]]
    assert geo_map.display.note.startswith("1 address has no place")


def test_folium_is_given_no_text_that_could_leave_its_script(monkeypatch):
    """folium puts a tooltip between backticks of a script, as it is."""
    tips: list[str] = []

    def mark(place, **options):
        tips.append(options["tooltip"])
        return SimpleNamespace(add_to=lambda made: None)

    monkeypatch.setitem(sys.modules, "folium", SimpleNamespace(Map=lambda **options: object(), CircleMarker=mark))
    geo_map = FoliumMap()
    evil = "`);alert(1)//${alert(2)}\\x3cimg src=x>"
    geo_map.add_ip_cluster([{"Address": evil, "Location": {"Latitude": 1, "Longitude": 2, "City": evil}}])
    geo_map.to_folium()
    (tip,) = tips
    assert not set("`$\\<>") & set(tip)
    assert unescape(tip) == f"{evil} · {evil}"


def test_folium_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "folium", None)
    with pytest.raises(MissingExtraError, match="folium"):
        FoliumMap().to_folium()


def test_the_demo_notebooks_map():
    ip_locs = [address("38.75.137.9", 34.05, -118.24)]
    lat_longs = [(ip["Location"]["Latitude"], ip["Location"]["Longitude"]) for ip in ip_locs]
    centre = sum(ll[0] for ll in lat_longs) / len(lat_longs), sum(ll[1] for ll in lat_longs) / len(lat_longs)
    assert get_map_center(ip_locs) == centre
    geo_map = FoliumMap(location=centre, zoom_start=5)
    geo_map.add_ip_cluster(ip_entities=ip_locs, color="red")
    assert geo_map.folium_map.spec["kinds"][0]["colour"] == "#c02c2c"


def test_geohashes_that_are_none_are_refused():
    assert [round(one, 2) for one in geohash_place("EZS42")] == [42.6, -5.6]
    for word in ("", "a!", EVIL):
        with pytest.raises(OptionError, match="not a geohash"):
            geohash_place(word)


def test_rows_of_a_frame_on_a_map():
    frame = pd.DataFrame(
        {
            "ip": ["192.0.2.1", "192.0.2.1", "192.0.2.2", None],
            "lat": ["52.4", "52.4", "59.9", "x"],
            "lon": [4.9, 4.9, 10.7, 3.0],
            "verdict": ["scanner", "scanner", EVIL, None],
        }
    )
    shown = plot_map(frame, "ip", layer_column="verdict", tooltip_columns=["verdict"], location=(50, 5), zoom_start=4)
    spec = shown.spec
    assert [(one["kind"], one["ips"], one["values"], one["facts"]) for one in spec["markers"]] == [
        ("scanner", ["192.0.2.1"], [2], ["verdict: scanner"]),
        (EVIL, ["192.0.2.2"], [1], [f"verdict: {EVIL}"]),
    ]
    assert "<img" not in shown.to_svg() + shown.to_html()
    assert "no place" in shown.note
    with pytest.raises(OptionError, match="no column of degrees"):
        plot_map(frame.drop(columns="lat"), "ip")


def test_chains_on_frames_show_matrix_network_and_map():
    assert "3 rows" in repr(Chain(LOGONS).matrix("where", "who"))
    assert "5 nodes" in repr(Chain(LOGONS).network("who", "where"))
    assert "1 place" in repr(Chain(pd.DataFrame({"lat": [1.0], "lon": [2.0]})).map())


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: plot_matrix(LOGONS, "where"), "two columns are needed"),
        (lambda: plot_matrix(LOGONS, "where", "wo"), "wo: no such column .*did you mean who"),
        (lambda: plot_matrix(LOGONS, "where", "who", dist_count=True), "of which column"),
        (lambda: plot_matrix(LOGONS, "where", "who", "where"), "not a column of numbers"),
        (lambda: plot_matrix(LOGONS, "where", "who", intersect=True, invert=True), "shows no sizes"),
        (lambda: plot_matrix(LOGONS, "where", "who", sort="up"), "no such order"),
        (lambda: plot_network(LOGONS, "who", "w"), "no such column"),
        (lambda: plot_network(LOGONS, "who", "where", graph_type="tree"), "no such type"),
        (lambda: plot_entity_graph([1, 2]), "not a graph"),
        (lambda: plot_entity_graph((LOGONS, None)), "id: no such column"),
        (lambda: FoliumMap().add_locations([(1, 2)], color="url(x)"), "no such colour"),
    ],
)
def test_what_cannot_be_is_refused(call, said):
    with pytest.raises(OptionError, match=said):
        call()


def test_empty_tables_say_so():
    for shown in (
        plot_matrix(LOGONS.head(0), "where", "who"),
        plot_network(LOGONS.head(0), "who", "where"),
        FoliumMap().display,
        plot_entity_graph((pa.table({"id": pa.array([], pa.string())}), None)),
    ):
        assert "nothing was found" in repr(shown)
        assert "nothing was found" in shown.to_html()
