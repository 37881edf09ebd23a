"""Places of peers, of which some databases tell coordinates and no words."""

from __future__ import annotations

import pyarrow as pa

from flowsleuth.investigate.geography import places


def peers_at(lat, **words):
    """Peers, one per latitude, all else equal."""
    size = len(lat)
    numbers = {name: [1] * size for name in ("connections", "connections_to_peer", "bytes_out", "bytes_in")}
    names = {"peer": [f"192.0.2.{at}" for at in range(1, size + 1)], "way": ["outbound"] * size}
    return pa.table(
        {**names, **numbers, "lat": pa.array(lat, pa.float64()), "lon": pa.array(lat, pa.float64()), **words}
    )


def test_a_place_without_words_keeps_its_row():
    words = {"city": ["Amsterdam", None, None], "country": ["Netherlands", None, None]}
    peers = peers_at([52.4, 10.0, None], **words)
    points, arcs, note = places("10.0.0.5", peers, [])
    assert points.select(["ip", "label"]).to_pylist() == [
        {"ip": "192.0.2.1", "label": "Amsterdam, Netherlands"},
        {"ip": "192.0.2.2", "label": None},
    ]
    assert (len(arcs), "1 of 3 peers" in note) == (0, True)


def test_coordinates_alone():
    assert places("10.0.0.5", peers_at([1.0]), [])[0]["label"].to_pylist() == [None]
