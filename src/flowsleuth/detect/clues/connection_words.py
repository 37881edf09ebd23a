"""Long connections in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.connected_time import THEIRS_WITH_OURS, Connected
from flowsleuth.detect.clues.peer_names import texts_of
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.findings import say_service
from flowsleuth.detect.wording import count, duration, each, earlier_days, join

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_BEFORE_S = 60.0
"""Seconds on an earlier day below which nothing lasted."""


@dataclass(frozen=True)
class Told:
    """Long connections that are told, and what they were compared with; arrays of shape (n,).

    Attributes
    ----------
    connected : Connected
    clients : array of int64
        Clients that use the service of the peer.
    of_kind : array of int64
        Clients of the same side that use anything.
    days : int
        Earlier days.
    most_before : array of float64
        Seconds with one peer on one of them.
    """

    connected: Connected
    clients: Ints
    of_kind: Ints
    days: int
    most_before: Floats

    def reasons(self, day: NetworkDay) -> pa.Array:
        """Why each is told."""
        import pyarrow as pa
        import pyarrow.compute as pc

        one = self.connected
        to_us = pa.array(one.kind == THEIRS_WITH_OURS)
        return join(
            each(one.total_s, lambda n: f"connected for {duration(n)} "),
            pc.if_else(to_us, join("from ", texts_of(day, one.client)), join("with ", texts_of(day, one.peer))),
            " over ",
            say_service(one.service),
            each(one.connections, lambda n: f" in {count(n)} connection{'' if n == 1 else 's'}"),
            each(np.where(one.records > one.connections, one.records, 0), _records),
            each(np.where(one.connections > 1, one.longest_s, 0.0), _longest),
            each(one.is_open.astype(np.int64), lambda n: ", still open where the day's data end" if n else ""),
            earlier_days(self.days, self.most_before, lambda n: f"{_at_most(n)} with one but its regular peers"),
            each(self.clients, lambda n: f"; {count(n)} of "),
            each(self.of_kind, lambda n: f"{count(n)} clients"),
            each(self.clients, lambda n: f" use{'s' * (n == 1)} it"),
        )

    def evidence(self) -> dict[str, NDArray[Any]]:
        """The numbers of the reasons."""
        one, rows = self.connected, self.clients.size
        return {
            "longest_s": one.longest_s.round(3), "total_s": one.total_s.round(3), "connections": one.connections,
            "records": one.records, "is_open": one.is_open, "clients_there": self.clients, "clients": self.of_kind,
            "days": np.full(rows, self.days),
            "most_before_s": self.most_before.round(3) if self.days else np.full(rows, np.nan),
        }  # fmt: skip


def _records(records: int) -> str:
    return f" ({count(records)} records that meet)" if records else ""


def _longest(seconds: float) -> str:
    return f", the longest {duration(seconds)}" if seconds else ""


def _at_most(seconds: float) -> str:
    return f"at most {duration(seconds)}" if seconds >= LEAST_BEFORE_S else "never a minute"
