"""Names for the other ends of findings that were told by address: those that all named flows to it give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flowsleuth.detect.dense_codes import look_up, only_value
from flowsleuth.detect.findings import NONE
from flowsleuth.detect.network_day import NetworkDay

if TYPE_CHECKING:
    import pyarrow as pa


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
