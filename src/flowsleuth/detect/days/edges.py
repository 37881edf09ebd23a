"""A day's edges as arrays, sorted, and put together by any key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.day_counts import OUTCOMES
from flowsleuth.detect.days.flow_codes import FAILED
from flowsleuth.detect.dense_codes import distinct, look_up, placed, row_order

if TYPE_CHECKING:
    import pyarrow as pa

Ints = NDArray[np.int64]
Places = NDArray[np.int32]
Bools = NDArray[np.bool_]

KINDS = 2 * OUTCOMES
BINS = ("out_bin", "in_bin", "time_bin")


@dataclass(frozen=True)
class Groups:
    """Edges (or anything else) put together by a key.

    Attributes
    ----------
    keys : array, shape (n_groups,)
        The distinct keys, sorted.
    of : array of int32, shape (n_items,)
        Which group each item is in.
    size : array of int64, shape (n_groups,)
        Items in each group.
    """

    keys: Ints
    of: Places
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
        keys, of = placed(key)
        return cls(keys, of.astype(np.int32), np.bincount(of, minlength=keys.size))

    def add_up(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Sum of a value over each group's items (whole numbers stay exact)."""
        return np.bincount(self.of, weights=values, minlength=self.keys.size).astype(np.float64)


class Edges:
    """A day's edges as arrays, sorted by (source, destination, service, kind).

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        Rows of :meth:`.day_counts.DayCounts.edges`, in any order.
    is_home : array of bool, shape (n_hosts,)
        Whether a host is ours.

    Attributes
    ----------
    services : array of int64, shape (n_services,)
        Distinct service codes, sorted.
    src, dst, service : array of int32, shape (n_edges,)
        Host codes, and places in `services`.
    kind : array of int8, shape (n_edges,)
    flows : array of int32, shape (n_edges,)
    bins : array of int8, shape (3, n_edges)
        Bit lengths of the largest bytes out, bytes in and ms; -1 where not given.
    """

    def __init__(self, batches: Iterable[pa.RecordBatch], is_home: Bools) -> None:
        self.is_home = is_home
        types = {"src": np.int32, "dst": np.int32, "service": np.int64, "kind": np.int8, "flows": np.int32}
        types |= dict.fromkeys(BINS, np.int8)
        parts = [{n: np.asarray(batch.column(n)).astype(t) for n, t in types.items()} for batch in batches]
        whole = {n: np.concatenate([p.pop(n) for p in parts] or [np.zeros(0, t)]) for n, t in types.items()}
        self.services: Ints = distinct(whole["service"])
        whole["service"] = np.searchsorted(self.services, whole["service"]).astype(np.int32)
        self._pairs: Ints | None = None
        if self.n_hosts**2 * self.n_services * KINDS >= 2**63:
            self._pairs = distinct(whole["src"].astype(np.int64) * self.n_hosts + whole["dst"])
        key = self.key(whole["src"], whole["dst"], whole["service"], whole["kind"])
        order = row_order(key)
        self.keys = key[order]
        del key
        self.src, self.dst, self.service, self.kind, self.flows = (whole.pop(n)[order] for n in types if n not in BINS)
        self.bins = np.stack([whole.pop(n)[order] for n in BINS])

    def __len__(self) -> int:
        return int(self.keys.size)

    @property
    def n_hosts(self) -> int:
        """Addresses of the day."""
        return int(self.is_home.size)

    @property
    def n_services(self) -> int:
        """Services of the day, at least 1 so that it can be a radix."""
        return max(1, int(self.services.size))

    def key(self, src: NDArray[Any], dst: NDArray[Any], service: NDArray[Any], kind: NDArray[Any]) -> Ints:
        """One integer for an edge, in order of (src, dst, service, kind)."""
        pair = src.astype(np.int64) * self.n_hosts + dst
        if self._pairs is not None:
            pair = look_up(self._pairs, pair)
        packed: Ints = (pair * self.n_services + service) * KINDS + kind
        return packed

    def find(self, batch: pa.RecordBatch) -> Ints:
        """Which edge each flow of a batch belongs to, by ``src``, ``dst``, ``service``, ``kind``."""
        src, dst = np.asarray(batch.column("src")), np.asarray(batch.column("dst"))
        service = look_up(self.services, np.asarray(batch.column("service")))
        return look_up(self.keys, self.key(src, dst, service, np.asarray(batch.column("kind"))))

    @cached_property
    def is_src_owner(self) -> Bools:
        """Whether the source has the service."""
        owns: Bools = self.kind >= OUTCOMES
        return owns

    @cached_property
    def outcome(self) -> NDArray[np.int8]:
        """How the attempt ended."""
        ended: NDArray[np.int8] = self.kind % OUTCOMES
        return ended

    @cached_property
    def is_failed(self) -> Bools:
        """Whether the attempt got no conversation."""
        failed: Bools = self.outcome == FAILED
        return failed

    @cached_property
    def is_first_failed(self) -> Bools:
        """Whether no edge before is a failed one of the same two ends and service, whoever owns it."""
        same = self.keys // KINDS
        first = np.ones(len(self), dtype=bool)
        before = np.flatnonzero(self.is_failed)
        first[before[1:]] = same[before[1:]] != same[before[:-1]]
        return first

    @cached_property
    def client(self) -> Places:
        """The end that does not own the service."""
        return np.where(self.is_src_owner, self.dst, self.src)

    @cached_property
    def server(self) -> Places:
        """The end that owns the service."""
        return np.where(self.is_src_owner, self.src, self.dst)

    @cached_property
    def by_source_and_service(self) -> Groups:
        """Groups with the key ``src * n_services + service``."""
        return Groups.by(self.src.astype(np.int64) * self.n_services + self.service)

    @cached_property
    def by_pair(self) -> Groups:
        """Groups with the key ``src * n_hosts + dst``; edges are in that order already."""
        return Groups.by(self.src.astype(np.int64) * self.n_hosts + self.dst)
