"""Distinct addresses and names against stored indicators: exact address, network, domain and what is below it."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.schema.ipv4 import parse_ipv4

if TYPE_CHECKING:
    import pyarrow as pa

Ints = NDArray[np.int64]
Matches = tuple[Ints, Ints]
"""Places of values, and of the indicators that each meets."""

DEEPEST = 12
"""Labels of a name that are looked at from its end on, as :mod:`flowsleuth.extract.indicator_matching` does."""


def match_addresses(values: pa.Array, indicators: pa.Table) -> Matches:
    """Canonical addresses against addresses and networks.

    Examples
    --------
    >>> import pyarrow as pa
    >>> listed = pa.table({"indicator": ["198.51.100.0/24", "2001:db8::7"], "indicator_type": ["cidr", "ipv6"],
    ...     "is_exact": [False, False]})
    >>> found = match_addresses(pa.array(["198.51.100.9", "8.8.8.8", "2001:db8::7"]), listed)
    >>> [places.tolist() for places in found]
    [[0, 2], [0, 1]]
    """
    exact = _exact(values, np.arange(len(values)), *_of_type(indicators, ("ipv4", "ipv6")))
    texts, owners = _of_type(indicators, ("cidr",))
    networks = [ip_network(text, strict=False) for text in texts.to_pylist()]
    is_v4 = np.array([network.version == 4 for network in networks], dtype=bool)
    parts = [exact, _networks4(values, [n for n in networks if n.version == 4], owners[is_v4])]
    parts.append(_networks6(values, [n for n in networks if n.version == 6], owners[~is_v4]))
    return _joined(parts)


def match_names(values: pa.Array, indicators: pa.Table) -> Matches:
    """Names against domains: itself, and every domain that it is below of unless that is meant alone.

    Examples
    --------
    >>> import pyarrow as pa
    >>> listed = pa.table({"indicator": ["evil.com"], "indicator_type": ["domain"], "is_exact": [False]})
    >>> match_names(pa.array(["www.evil.com", "notevil.com", "evil.com."]), listed)[0].tolist()
    [0, 2]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts, owners = _of_type(indicators, ("domain",))
    is_exact = indicators["is_exact"].to_numpy(zero_copy_only=False).astype(bool)[owners]
    open_texts, open_owners = texts.filter(pa.array(~is_exact)), owners[~is_exact]
    name = pc.utf8_rtrim(pc.utf8_lower(values), characters=".")
    rows = np.arange(len(name))
    parts = [_exact(name, rows, texts, owners)]
    for _ in range(DEEPEST):
        has_parent = pc.fill_null(pc.match_substring(name, "."), False).to_numpy(zero_copy_only=False)
        if not has_parent.any():
            break
        rows, name = rows[has_parent], name.filter(pa.array(has_parent))
        name = pc.replace_substring_regex(name, pattern=r"^[^.]*\.", replacement="")
        parts.append(_exact(name, rows, open_texts, open_owners))
    return _joined(parts)


def _of_type(indicators: pa.Table, types: tuple[str, ...]) -> tuple[pa.Array, Ints]:
    """Texts of indicators of some types, and their places."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pc.is_in(indicators["indicator_type"], value_set=pa.array(types))
    rows = np.flatnonzero(wanted.to_numpy(zero_copy_only=False))
    return _one(indicators["indicator"]).take(pa.array(rows)), rows


def _one(column: Any) -> pa.Array:
    import pyarrow as pa

    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _exact(values: pa.Array, rows: Ints, texts: pa.Array, owners: Ints) -> Matches:
    """Values (of some rows) that are among texts, which several indicators may have."""
    import pyarrow.compute as pc

    encoded = texts.dictionary_encode()
    place = pc.index_in(values, value_set=encoded.dictionary).fill_null(-1).to_numpy(zero_copy_only=False)
    return expand(place.astype(np.int64), rows, np.asarray(encoded.indices, dtype=np.int64), owners)


def expand(place: Ints, rows: Ints, code: Ints, owners: Ints) -> Matches:
    """Each row with a place, once for each owner whose code is that place."""
    order = np.argsort(code, kind="stable")
    found = np.flatnonzero(place >= 0)
    low = np.searchsorted(code[order], place[found])
    counts = np.searchsorted(code[order], place[found], side="right") - low
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(rows[found], counts), owners[order][np.repeat(low, counts) + within]


def _networks4(values: pa.Array, networks: list[Any], owners: Ints) -> Matches:
    """Addresses in IPv4 networks: one look-up for each length of prefix."""
    number, is_v4 = parse_ipv4(values)
    rows = np.flatnonzero(is_v4)
    number = number[rows].astype(np.int64)
    lengths = np.array([network.prefixlen for network in networks], dtype=np.int64)
    starts = np.array([int(network.network_address) for network in networks], dtype=np.int64)
    parts = []
    for length in np.unique(lengths).tolist():
        mine = lengths == length
        keys, code = np.unique(starts[mine] >> (32 - length), return_inverse=True)
        at = np.minimum(np.searchsorted(keys, number >> (32 - length)), keys.size - 1)
        place = np.where(keys[at] == number >> (32 - length), at, -1)
        parts.append(expand(place, rows, code.reshape(-1), owners[mine]))
    return _joined(parts)


def _networks6(values: pa.Array, networks: list[Any], owners: Ints) -> Matches:
    """Addresses in IPv6 networks; distinct addresses one after another, as numpy has no integers of 128 bits."""
    if not networks:
        return _joined([])
    by_prefix: dict[tuple[int, int], list[int]] = {}
    for network, owner in zip(networks, owners.tolist(), strict=True):
        shift = 128 - network.prefixlen
        by_prefix.setdefault((shift, int(network.network_address) >> shift), []).append(owner)
    shifts = {shift for shift, _ in by_prefix}
    found = [
        (row, owner)
        for row, text in enumerate(values.to_pylist())
        if text and ":" in text
        for shift in shifts
        for owner in by_prefix.get((shift, int(ip_address(text)) >> shift), ())
    ]
    pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _joined(parts: list[Matches]) -> Matches:
    """Several as one, each meeting once, in order."""
    none = np.zeros(0, dtype=np.int64)
    rows = np.concatenate([none, *(part[0] for part in parts)])
    owners = np.concatenate([none, *(part[1] for part in parts)])
    distinct = np.unique(np.stack([rows, owners], axis=1), axis=0)
    return distinct[:, 0], distinct[:, 1]
