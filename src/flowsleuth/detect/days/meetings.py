"""What our hosts met in a day, as hashes: destinations by name or by address and its network; services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.contract import DayInput
from flowsleuth.detect.days.flow_codes import SPAN, is_icmp_service
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.pair_times import as_ints
from flowsleuth.detect.dense_codes import TextCodes, hash_rows, look_up
from flowsleuth.detect.kernels.familiarity import Met
from flowsleuth.extract.registered_domains import registered_domains

if TYPE_CHECKING:
    import ibis.expr.types as ir

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]
Bools = NDArray[np.bool_]

NAME, ADDRESS, SERVICE = "name", "address", "service"
KINDS = (NAME, ADDRESS, SERVICE)
MOST_USES = 2.0**40
"""Uses that are told apart when hours are equal: a day has fewer."""
REGISTERED, DYNAMIC = 1024, 49_152
"""First port of IANA's registered and of its dynamic range (RFC 6335, 6)."""


@dataclass(frozen=True)
class Meetings:
    """Which rows of a day's pairs tell that somebody met something.

    Attributes
    ----------
    rows : array of int64, shape (n_rows,)
        Rows of :class:`.network_day.Pairs`.
    of : array of int64, shape (n_rows,)
        Which of `met` each row tells of.
    met : Met
    client, code : array of int64, shape (len(met),)
        Host code of who; name, host or service code of what.
    """

    rows: Ints
    of: Ints
    met: Met
    client: Ints
    code: Ints


class AsNumbers:
    """The number of the autonomous system of addresses: what flows say, else stored facts; the smallest if several.

    Parameters
    ----------
    day : DayInput
    dates : list of datetime.date
        Days whose flows are asked.
    """

    def __init__(self, day: DayInput, dates: list[dt.date]) -> None:
        import pyarrow.compute as pc

        told = day.arrow(day.counts("as_numbers", count_as_numbers, dates).drop("date").distinct())
        facts = day.table("fact")
        known = day.arrow(facts.filter(facts.fact == "asn").select(ip=facts.observable, text=facts.value).distinct())
        is_number = pc.fill_null(pc.match_substring_regex(known["text"], "^[0-9]{1,10}$"), False)
        numbers = as_ints(pc.if_else(is_number, known["text"], "0"))
        self._keys, self._numbers = _first(
            np.concatenate([_hash(told["ip"]), _hash(known["ip"])]),
            np.concatenate([as_ints(told["number"]), numbers]),
            np.repeat([0, 1], [len(told), len(known)]),
        )

    def of(self, addresses: Keys) -> Ints:
        """Numbers by the addresses' hashes; 0 where nobody tells."""
        found: Ints = np.append(self._numbers, 0)[look_up(self._keys, addresses.view(np.int64))]
        return found

    def group(self, met: Met) -> Met:
        """The same addresses met, each as one of its autonomous system; alone where none is known."""
        numbers = self.of(met.what)
        return Met(met.who, met.what, np.where(numbers > 0, _hash_numbers(numbers), met.what))


def _first(key: Keys, number: Ints, source: Ints) -> tuple[Ints, Ints]:
    """For each key, sorted, the number of its best source, the smallest of several; those of 0 left out."""
    is_told = number > 0
    signed, number, source = key[is_told].view(np.int64), number[is_told], source[is_told]
    order = np.lexsort((number, source, signed))
    keys, at = np.unique(signed[order], return_index=True)
    return keys, number[order][at]


def _hash(column: object) -> Keys:
    """A hash of each text of a column without nulls."""
    codes = TextCodes.distinct(column)
    return codes.hashes()[codes.of(column)]


def count_as_numbers(flows: ir.Table) -> ir.Table:
    """One day's addresses with a ``number`` of their autonomous system."""
    import ibis

    src = flows.filter(flows.src_as > 0).select(ip=flows.src_ip, number=flows.src_as)
    dst = flows.filter(flows.dst_as > 0).select(ip=flows.dst_ip, number=flows.dst_as)
    return ibis.union(src, dst).group_by("ip").aggregate(number=lambda t: t.number.min())


class DayMeetings:
    """Whom and what our hosts met on one day, as clients, and got to talk to.

    What failed is no meeting, nor is what went to a group of addresses, nor ICMP. A name stands for its address, and
    belongs to its domain, a service to its range of ports, an address to nothing (:meth:`AsNumbers.group` tells its
    network). Where none is ours, all hosts are.

    Parameters
    ----------
    day : NetworkDay
    """

    def __init__(self, day: NetworkDay) -> None:
        self.day = day

    @cached_property
    def _hosts(self) -> Keys:
        return self.day.addresses.hashes()

    @cached_property
    def _talks(self) -> Ints:
        """Rows in which a host of ours got to talk."""
        pairs = self.day.pairs
        talks = self.day.is_ours[pairs.client] & (pairs.flows > pairs.failed) & ~is_icmp_service(pairs.service)
        return np.flatnonzero(talks & ~self.day.is_group[pairs.server])

    def of(self, kind: str) -> Meetings:
        """Meetings of a kind (:data:`KINDS`)."""
        pairs, rows = self.day.pairs, self._talks
        if kind == SERVICE:
            code = pairs.service[rows].astype(np.int64)
            return self._put_together(rows, code, _hash_numbers(code), _hash_numbers(-1 - _port_ranges(code)))
        has_name = pairs.name[rows] >= 0
        rows = rows[has_name] if kind == NAME else rows[~has_name]
        if kind == NAME:
            code = pairs.name[rows].astype(np.int64)
            return self._put_together(rows, code, self.day.names.hashes()[code], self._domains[code])
        code = pairs.server[rows].astype(np.int64)
        return self._put_together(rows, code, self._hosts[code], self._hosts[code])

    @cached_property
    def _domains(self) -> Keys:
        """Hash of each name's domain."""
        import pyarrow as pa

        return _hash(pa.chunked_array([registered_domains(self.day.names.texts)]))

    def _put_together(self, rows: Ints, code: Ints, what: Keys, group: Keys) -> Meetings:
        client = self.day.pairs.client[rows].astype(np.int64)
        largest = int(code.max(initial=0)) + 1
        _, at, of = np.unique(client * largest + code, return_index=True, return_inverse=True)
        client, code = client[at], code[at]
        return Meetings(rows, of.reshape(-1), Met(self._hosts[client], what[at], group[at]), client, code)


def _hash_numbers(numbers: Ints) -> Keys:
    return hash_rows(numbers[:, None])


def _port_ranges(service: Ints) -> Ints:
    """Protocol and range of ports of services, as one number."""
    proto, port = np.divmod(service, SPAN)
    return proto * 4 + np.searchsorted([REGISTERED, DYNAMIC, SPAN // 2], port, side="right")


def in_earnest(hours: Ints, uses: NDArray[Any]) -> Floats:
    """How much something is used: in how many hours of the day; of equals, how often.

    Examples
    --------
    >>> np.argsort(in_earnest(np.array([2, 1, 2]), np.array([5, 900, 4]))).tolist()
    [1, 2, 0]
    """
    found: Floats = hours * MOST_USES + np.minimum(uses, MOST_USES - 1.0)
    return found


def had_before(met: Met, earlier: Sequence[tuple[int, Met]]) -> Bools:
    """Which of what was met the same had met on an earlier day, of those that :func:`.kept_meetings.met_before` gives.

    Examples
    --------
    >>> keys = lambda *a: np.array(a, dtype=np.uint64)
    >>> today, before = Met(keys(1, 2), keys(7, 7), keys(7, 7)), Met(keys(2, 1), keys(7, 8), keys(7, 8))
    >>> had_before(today, [(1, before)]).tolist()
    [False, True]
    """
    mine, *theirs = (hash_rows(np.stack([one.who, one.what], axis=1)) for one in (met, *(one for _, one in earlier)))
    return np.isin(mine, np.concatenate([mine[:0], *theirs]))
