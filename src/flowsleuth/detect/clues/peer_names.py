"""The other ends that are told by name where flows give one, and by address else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.network_day import NetworkDay, Pairs
from flowsleuth.detect.dense_codes import look_up, only_value
from flowsleuth.detect.findings import NONE

if TYPE_CHECKING:
    import pyarrow as pa

Ints = NDArray[np.int64]


def peer_codes(pairs: Pairs, n_hosts: int) -> Ints:
    """Code of the name of each row's server, from `n_hosts` on, or of the server itself where it has none."""
    return np.where(pairs.name >= 0, n_hosts + pairs.name.astype(np.int64), pairs.server)


def names_of(day: NetworkDay, peer: Ints) -> pa.Array:
    """Names of peers by their codes (:func:`peer_codes`); null for one that is told by address."""
    import pyarrow as pa

    name = peer - day.n_hosts
    return day.names.texts.take(pa.array(name, mask=name < 0))


def texts_of(day: NetworkDay, peer: Ints) -> pa.Array:
    """Names or addresses of peers by their codes (:func:`peer_codes`)."""
    import pyarrow as pa

    texts = [codes.texts.cast(pa.string()) for codes in (day.addresses, day.names)]
    return pa.concat_arrays(texts).take(pa.array(peer))


def named_peers(day: NetworkDay, found: pa.Table) -> pa.Table:
    """Fill ``server_name`` where a finding has a destination and no name, and the source's flows to it one name alone.

    So what one finder tells of a name and another of its address is about the same pair.

    Parameters
    ----------
    day : NetworkDay
    found : pyarrow.Table
        What :func:`.findings.tell` gave.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(found) or not len(day.names):
        return found
    pairs = day.pairs
    named = np.flatnonzero(pairs.name >= 0)
    ends = pairs.src[named].astype(np.int64) * day.n_hosts + pairs.dst[named]
    keys, of = np.unique(ends, return_inverse=True)
    name = np.append(only_value(pairs.name[named], of.reshape(-1), keys.size), NONE)
    src, dst = (day.addresses.of(found[end]) for end in ("src_ip", "dst_ip"))
    at = look_up(keys, np.where((src >= 0) & (dst >= 0), src * day.n_hosts + dst, -1))
    told = day.names.texts.take(pa.array(name[at], mask=name[at] < 0))
    place = found.column_names.index("server_name")
    return found.set_column(place, found.schema.field(place), pc.coalesce(found["server_name"], told))
