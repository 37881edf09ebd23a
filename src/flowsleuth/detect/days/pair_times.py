"""When a source connected to a peer: the connections of each pair in order of time, a bounded number at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.flow_codes import told_name
from flowsleuth.detect.dense_codes import group_starts, order_of

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Ints = NDArray[np.int64]

ROWS_AT_ONCE = 4_000_000
KEYS = ("src_ip", "peer", "is_name", "proto", "port")
NO_PORT = -1


class Asks(Protocol):
    """Who answers questions about stored flows: a store, or a day of it."""

    def arrow(self, expression: ir.Table) -> pa.Table: ...
    def batches(self, expression: ir.Table, rows: int = 131_072) -> Iterator[pa.RecordBatch]: ...


@dataclass(frozen=True)
class PairTimes:
    """Connections of some pairs.

    Attributes
    ----------
    pair : array of int64, shape (n_pairs,)
        Number of each pair, ascending (column ``pair`` of :func:`count_pairs`).
    offsets : array of int64, shape (n_pairs + 1,)
        Pair i has the rows ``offsets[i]:offsets[i + 1]``.
    start_us, end_us : array of int64, shape (n,)
        Microseconds since the epoch; starts ascend within a pair, a missing end is the start.
    """

    pair: Ints
    offsets: Ints
    start_us: Ints
    end_us: Ints

    @classmethod
    def of_rows(cls, pair: Ints, start_us: Ints, end_us: Ints) -> PairTimes:
        """Of connections in any order; an end before its start counts as the start."""
        order = _order(pair, start_us, end_us)
        pair = pair[order]
        starts = group_starts(pair)
        offsets = np.append(starts, pair.size).astype(np.int64)
        return cls(pair[starts], offsets, start_us[order], np.maximum(end_us, start_us)[order])

    @classmethod
    def none(cls) -> PairTimes:
        """No pairs."""
        return cls.of_rows(*[np.zeros(0, dtype=np.int64)] * 3)

    def only(self, places: Ints) -> PairTimes:
        """The pairs in these places, which ascend."""
        size = np.diff(self.offsets)[places]
        offsets = np.append(0, np.cumsum(size)).astype(np.int64)
        rows = np.repeat(self.offsets[places] - offsets[:-1], size) + np.arange(offsets[-1])
        return PairTimes(self.pair[places], offsets, self.start_us[rows], self.end_us[rows])


def _order(pair: Ints, start_us: Ints, end_us: Ints) -> Ints:
    """Order by pair and start; where these are equal, which is seldom, by end."""
    order = order_of(pair, start_us)
    is_same = (np.diff(pair[order]) == 0) & (np.diff(start_us[order]) == 0)
    equal = np.flatnonzero(np.append(False, is_same) | np.append(is_same, False))
    rows = order[equal]
    order[equal] = rows[np.lexsort((end_us[rows], start_us[rows], pair[rows]))]
    return order


def with_peer(flows: ir.Table) -> ir.Table:
    """Add ``peer``, the server's name where the flow has one, else the destination's address; no key is null then."""
    import ibis

    name = told_name(flows.server_name)
    return flows.mutate(
        peer=name.coalesce(flows.dst_ip),
        is_name=name.notnull(),
        proto=flows.proto.coalesce(""),
        port=flows.dst_port.coalesce(ibis.literal(NO_PORT, type="int32")),
    )


def count_pairs(flows: ir.Table, least: int, most: int) -> ir.Table:
    """Pairs of a source and a service of a peer that have enough connections, numbered in order of the source.

    Parameters
    ----------
    flows : ibis table
        Columns of ``schema.FLOW``.
    least, most : int
        Connections.

    Returns
    -------
    ibis table
        ``pair``, :data:`KEYS`, ``connections``, ``first``, ``last``, and ``sources``: how many sources connected to the
        peer at all.
    """
    import ibis

    every = with_peer(flows).group_by(*KEYS)
    pairs = every.aggregate(
        connections=lambda t: t.count(), first=lambda t: t.start.min(), last=lambda t: t.start.max()
    )
    known = pairs.group_by(known_peer=pairs.peer).aggregate(sources=lambda t: t.src_ip.nunique())
    enough = pairs.filter((pairs.connections >= least) & (pairs.connections <= most) & (pairs.last > pairs["first"]))
    joined = enough.join(known, enough.peer == known.known_peer).drop("known_peer")
    order = [joined[key] for key in KEYS]
    return joined.mutate(pair=ibis.row_number().over(order_by=order).cast("int64"))


def read_pairs(ask: Asks, flows: ir.Table, pairs: ir.Table, counted: pa.Table) -> Iterator[PairTimes]:
    """Connections of the counted pairs, all of a source's together, some :data:`ROWS_AT_ONCE` rows at once.

    Parameters
    ----------
    ask : Asks
    flows : ibis table
        What was counted.
    pairs : ibis table
        See :func:`count_pairs`; best kept by the engine.
    counted : pyarrow.Table
        The same, fetched and sorted by ``pair``.

    Yields
    ------
    PairTimes
    """
    named = with_peer(flows)
    joined = named.join(pairs.select("pair", *KEYS), list(KEYS))
    rows = joined.select("pair", "start", "end")
    for first, last in _portions(counted):
        part = rows.filter((rows.pair >= first) & (rows.pair <= last))
        yield _sorted([batch for batch in ask.batches(part) if batch.num_rows])


def _portions(counted: pa.Table) -> Iterator[tuple[int, int]]:
    """First and last pair of each portion; no source is cut in two."""
    import pyarrow.compute as pc

    if not len(counted):
        return
    source = counted["src_ip"].combine_chunks()
    is_last = np.append(np.asarray(pc.not_equal(source[1:], source[:-1]).to_numpy(zero_copy_only=False)), True)
    ends = np.flatnonzero(is_last)
    held = np.cumsum(counted["connections"].to_numpy())[ends]
    portion = (held - 1) // ROWS_AT_ONCE
    first = 0
    for end in ends[np.append(np.diff(portion) != 0, True)].tolist():
        yield first, end
        first = end + 1


def _sorted(batches: list[pa.RecordBatch]) -> PairTimes:
    import pyarrow as pa

    table = pa.Table.from_batches(batches)
    return PairTimes.of_rows(*(as_ints(table[name]) for name in ("pair", "start", "end")))


def as_ints(column: Any) -> Ints:
    """Whole numbers; a moment as microseconds, the smallest number for a missing one."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
    return np.asarray(column.cast(pa.int64()).fill_null(np.iinfo(np.int64).min).to_numpy(), dtype=np.int64)


def as_floats(column: Any) -> NDArray[np.float64]:
    """Numbers; NaN for a missing one."""
    import pyarrow as pa

    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
