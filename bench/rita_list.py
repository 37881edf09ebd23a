"""RITA v5's list of a day: pairs of addresses, and of an address and a server name, scored by its own rules."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from edges_of_day import Edges, coded
from flowsleuth.detect.kernels.rita import rita_scores
from flowsleuth.detect.kernels.rita_threat import rita_threat

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
WINDOW_S = 86_400
NO_DOMAINS = 0
"""Names looked up are not in flows: RITA's DNS indicator has nothing to count."""


def rita_list(edges: Edges) -> tuple[Floats, Ints]:
    """RITA's threat score of each of its rows, and the row of each flow of `edges` (-1: in none).

    Its defaults: what stays inside is left out; connections to a named server that qualify as a beacon count for the
    name and no longer for the address; the last 24 hours, or as long as the records go back; first seen only where
    there are earlier days.
    """
    newest = float(edges.start_s.max(initial=0))
    held = edges.outside & (edges.start_s >= newest - WINDOW_S)
    window = int(edges.start_s[held].min(initial=newest)), int(newest)
    row_of = np.full(edges.host_of.size, -1, dtype=np.int64)
    name_of, texts = coded(pc.fill_null(edges.own["server_name"], ""))
    is_named = held & (name_of != (texts.index("") if "" in texts else -1))
    by_name, threat_names, beats = _rows(edges, is_named, name_of, len(texts), window, None)
    row_of[is_named] = by_name
    freed = np.zeros(held.size, dtype=bool)
    freed[is_named] = ~beats[by_name] if by_name.size else False
    by_address = held & (~is_named | freed)
    seen = _first_seen(edges, newest)
    rows, threat, _ = _rows(edges, by_address, edges.peer_of, len(edges.peers), window, seen)
    row_of[by_address] = rows + threat_names.size
    return np.nan_to_num(np.concatenate([threat_names, threat]), nan=-1.0), row_of


def _rows(
    edges: Edges, chosen: NDArray[np.bool_], peer_of: Ints, peers: int, window: tuple[int, int], seen: Floats | None
) -> tuple[Ints, Floats, NDArray[np.bool_]]:
    """Row of each chosen flow, threat of each row, and which rows have a beacon score."""
    host, peer = edges.host_of[chosen], peer_of[chosen]
    keys, of = np.unique(host * max(peers, 1) + peer, return_inverse=True)
    of = of.reshape(-1)
    if not keys.size:
        return of, np.zeros(0), np.zeros(0, dtype=bool)
    start = np.floor(edges.start_s[chosen]).astype(np.int64)
    order = np.lexsort((start, of))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(of))])
    size = edges.number("src_bytes")[chosen].astype(np.int64)
    beacon = rita_scores(offsets, start[order], size[order], *window).beacon
    lasted = np.bincount(of, weights=edges.number("duration_s")[chosen])
    peer_of_row = keys % max(peers, 1)
    askers = np.bincount(peer_of_row, minlength=peers)
    threat = rita_threat(
        beacon, lasted, np.full(keys.size, NO_DOMAINS), np.bincount(of), np.zeros(keys.size, dtype=bool),
        prevalence=askers[peer_of_row] / len(edges.hosts),
        first_seen_days=None if seen is None else seen[peer_of_row],
    )  # fmt: skip
    return of, threat, ~np.isnan(beacon)


def _first_seen(edges: Edges, newest: float) -> Floats | None:
    """Days since each peer was first seen; None where there are no earlier days, as in RITA's single data sets."""
    if edges.past is None:
        return None
    grouped = edges.past.group_by("dst_ip").aggregate([("start", "min")])
    first = dict(zip(grouped["dst_ip"].to_pylist(), grouped["start_min"].cast(pa.int64()).to_pylist(), strict=True))
    at = np.array([first.get(text, newest * 1e6) for text in edges.peers], dtype=float)
    return np.asarray((newest - at / 1e6) / 86_400)
