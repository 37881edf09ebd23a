"""Who spoke to whom over which service, and how it ended: the mergeable counts of a day, and their arrays.

An *edge* is one (source, destination, service, owner of the service, outcome) of a day. Everything that the
``suspicious`` detector learns about hosts is learnt from edges, so that a million equal flows weigh as one edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.dense_codes import TextCodes, group_starts, hash_rows, look_up, to_signed
from flowsleuth.detect.flow_codes import FAILED, bit_length, outcome_code, service_end

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

OUTCOMES, OWNERS = 3, 2
MILLI = 1000.0


def code_flows(flows: ir.Table) -> ir.Table:
    """Add ``service``, ``owner``, ``outcome``, and the bit lengths ``out_bin``, ``in_bin`` (bytes), ``time_bin`` (ms)."""
    coded = service_end(flows)
    return coded.mutate(
        outcome=outcome_code(coded),
        out_bin=bit_length(coded.src_bytes).cast("int64"),
        in_bin=bit_length(coded.dst_bytes).cast("int64"),
        time_bin=bit_length(coded.duration_s * MILLI, 47).cast("int64"),
    )


def count_edges(flows: ir.Table) -> ir.Table:
    """One day's edges: how many flows, and whether either end is ours (by ``direction``)."""
    coded = code_flows(flows)
    coded = coded.mutate(
        src_home=coded.direction.isin(["outbound", "internal"]).fill_null(False).cast("int64"),
        dst_home=coded.direction.isin(["inbound", "internal"]).fill_null(False).cast("int64"),
    )
    grouped = coded.group_by("src_ip", "dst_ip", "service", "owner", "outcome")
    return grouped.aggregate(
        flows=lambda t: t.count(), src_home=lambda t: t.src_home.max(), dst_home=lambda t: t.dst_home.max()
    )


def count_sizes(flows: ir.Table) -> ir.Table:
    """One day's flows by service, outcome and the bit lengths of bytes out, bytes in and milliseconds."""
    keys = ["service", "outcome", "out_bin", "in_bin", "time_bin"]
    return code_flows(flows).group_by(*keys).aggregate(flows=lambda t: t.count())


def count_uploads(flows: ir.Table) -> ir.Table:
    """One day's flows by source and bit length of what it sent; flows without a byte count are left at bin -1."""
    import ibis

    size = ibis.ifelse(flows.src_bytes.isnull(), -1, bit_length(flows.src_bytes).cast("int64"))
    return flows.select("src_ip", out_bin=size).group_by("src_ip", "out_bin").aggregate(flows=lambda t: t.count())


def count_hours(flows: ir.Table) -> ir.Table:
    """One day's flows by source and UTC hour."""
    return flows.select("src_ip", hour=flows.start.hour().cast("int64")).group_by("src_ip", "hour").aggregate(
        flows=lambda t: t.count()
    )


@dataclass(frozen=True)
class Groups:
    """Edges (or anything else) put together by a key.

    Attributes
    ----------
    keys : array, shape (n_groups,)
        The distinct keys, sorted.
    of : array of int64, shape (n_items,)
        Which group each item is in.
    size : array of int64, shape (n_groups,)
        Items in each group.
    """

    keys: Ints
    of: Ints
    size: Ints

    @classmethod
    def by(cls, key: Ints) -> Groups:
        """Group by an integer key.

        Examples
        --------
        >>> found = Groups.by(np.array([7, 3, 7]))
        >>> found.keys.tolist(), found.of.tolist(), found.size.tolist()
        ([3, 7], [1, 0, 1], [1, 2])
        """
        order = np.argsort(key, kind="stable")
        ordered = key[order]
        starts = group_starts(ordered)
        size = np.diff(np.append(starts, key.size))
        of = np.empty(key.size, dtype=np.int64)
        of[order] = np.repeat(np.arange(starts.size), size)
        return cls(ordered[starts], of, size)

    def add_up(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Sum of a value over each group's items (whole numbers stay exact)."""
        total: NDArray[np.float64] = np.bincount(self.of, weights=values, minlength=self.keys.size)
        return total


class Edges:
    """A day's edges as arrays, sorted by key.

    Parameters
    ----------
    counts : pyarrow.Table
        Result of :func:`count_edges`.

    Attributes
    ----------
    addresses : TextCodes
    services : array of int64, shape (n_services,)
        Distinct service codes, sorted; the other arrays hold places in it.
    src, dst, service, owner, outcome, flows : array, shape (n_edges,)
    is_home : array of bool, shape (n_addresses,)
    """

    def __init__(self, counts: pa.Table) -> None:
        self.addresses = TextCodes(counts["src_ip"], counts["dst_ip"])
        service = counts["service"].to_numpy()
        self.services: Ints = np.unique(service)
        src, dst = self.addresses.of(counts["src_ip"]), self.addresses.of(counts["dst_ip"])
        place = look_up(self.services, service)
        owner, outcome = counts["owner"].to_numpy(), counts["outcome"].to_numpy()
        key = self.key(src, dst, place, owner, outcome)
        order = np.argsort(key)
        self.keys = key[order]
        self.src, self.dst, self.service = (a[order].astype(np.int32) for a in (src, dst, place))
        self.owner, self.outcome = owner[order].astype(bool), outcome[order].astype(np.int8)
        self.flows: Ints = counts["flows"].to_numpy()[order]
        self.is_home = np.zeros(len(self.addresses), dtype=bool)
        self.is_home[src[counts["src_home"].to_numpy() > 0]] = True
        self.is_home[dst[counts["dst_home"].to_numpy() > 0]] = True

    def __len__(self) -> int:
        return int(self.keys.size)

    def key(self, src: Ints, dst: Ints, service: Ints, owner: Ints, outcome: Ints) -> Ints:
        """One integer for an edge; packed where it fits 63 bits, else a 64-bit hash."""
        places, kinds = len(self.addresses), max(1, self.services.size)
        if places * places * kinds * OWNERS * OUTCOMES < 2**63:
            return (((src * places + dst) * kinds + service) * OWNERS + owner) * OUTCOMES + outcome
        return to_signed(hash_rows(np.stack([src, dst, service, owner, outcome], axis=1)))

    def find(self, batch: pa.RecordBatch) -> Ints:
        """Which edge each flow of a batch belongs to; the batch has the key columns of :func:`count_edges`."""
        src, dst = self.addresses.of(batch.column("src_ip")), self.addresses.of(batch.column("dst_ip"))
        service = look_up(self.services, batch.column("service").to_numpy())
        return look_up(
            self.keys, self.key(src, dst, service, batch.column("owner").to_numpy(), batch.column("outcome").to_numpy())
        )

    @cached_property
    def client(self) -> NDArray[np.int32]:
        """The end that does not own the service."""
        return np.where(self.owner, self.dst, self.src)

    @cached_property
    def server(self) -> NDArray[np.int32]:
        """The end that owns the service."""
        return np.where(self.owner, self.src, self.dst)

    @cached_property
    def is_failed(self) -> Bools:
        """Whether the attempt got no conversation."""
        failed: Bools = self.outcome == FAILED
        return failed

    def pairs(self, host: NDArray[np.int32], kind: NDArray[Any], kinds: int) -> Groups:
        """Edges by (host, kind): the key is ``host * kinds + kind``."""
        return Groups.by(host.astype(np.int64) * kinds + kind)
