"""A day's flows put together by source, destination, service and name: what finders ask first, counted once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.contract import DayInput
from flowsleuth.detect.days.day_counts import MILLI, OUTCOMES, DayCounts
from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.flow_codes import ANSWERED, FAILED, are_groups, are_nobody, are_second, told_name
from flowsleuth.detect.days.pair_times import as_floats, as_ints
from flowsleuth.detect.dense_codes import TextCodes, order_of
from flowsleuth.store.portable import bits_or, hour_of_day

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

T = TypeVar("T")
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Bools = NDArray[np.bool_]

BASELINE_DAYS = 14
"""Earlier days that are looked at: two working weeks, so that what is done every Monday was seen twice."""
KEYS = ("src", "dst", "service", "owner", "server_name")


@dataclass(frozen=True)
class Pairs:
    """Flows of a day by source, destination, service, owner of the service and name; arrays of shape (n_rows,).

    Attributes
    ----------
    src, dst : array of int32
        Host codes; -1 for a host that is not of the day that was asked for.
    service : array of int32
        Service code (:mod:`.flow_codes`).
    owner : array of int8
        Who has the service: 0 the destination, 1 the source.
    name : array of int32
        Code of the server's name; -1 without one.
    flows, failed, answered : array of int64
        Flows, and how many of them failed, were answered (the rest: nobody can tell).
    src_bytes, dst_bytes, src_packets, dst_packets : array of float64
        Sums over the flows that tell; NaN where none does.
    most_src_bytes : array of float64
        The largest of one flow; NaN where none tells.
    duration_s : array of float64
        Sum; NaN where none tells.
    first_us, last_us : array of int64
        Starts of the earliest and the latest flow, microseconds since 1970 (UTC).
    hours : array of int32
        Bit h is set where a flow began in the UTC hour h.
    """

    src: Codes
    dst: Codes
    service: Codes
    owner: NDArray[np.int8]
    name: Codes
    flows: Ints
    failed: Ints
    answered: Ints
    src_bytes: Floats
    dst_bytes: Floats
    src_packets: Floats
    dst_packets: Floats
    most_src_bytes: Floats
    duration_s: Floats
    first_us: Ints
    last_us: Ints
    hours: Codes

    def __len__(self) -> int:
        return int(self.src.size)

    @cached_property
    def client(self) -> Codes:
        """Host code of the end that uses the service."""
        return np.where(self.owner == 1, self.dst, self.src)

    @cached_property
    def server(self) -> Codes:
        """Host code of the end that has the service."""
        return np.where(self.owner == 1, self.src, self.dst)


class NetworkDay:
    """What all finders share of a day.

    Parameters
    ----------
    day : DayInput
        Flows and other tables of the day, and counts of earlier ones.
    date : datetime.date, optional
        Another day than the input's.

    Attributes
    ----------
    input : DayInput
    date : datetime.date
    """

    def __init__(self, day: DayInput, date: dt.date | None = None) -> None:
        self.input = day
        self.date = day.day if date is None else date
        self._places: dict[dt.date, Codes] = {}
        self._worked_out: dict[Any, Any] = {}

    @cached_property
    def _hosts(self) -> pa.Table:
        return self.input.arrow(DayCounts(self.input, self.date).hosts).sort_by("host")

    @cached_property
    def addresses(self) -> TextCodes:
        """The day's addresses; a host's code is its place."""
        return TextCodes(self._hosts["ip"].combine_chunks())

    @cached_property
    def is_home(self) -> Bools:
        """Whether each host is ours: shape (n_hosts,)."""
        found: Bools = self._hosts["is_home"].to_numpy() > 0
        return found

    @cached_property
    def is_ours(self) -> Bools:
        """Whether each host is taken for ours: all are where none is known to be; shape (n_hosts,)."""
        return self.is_home if self.is_home.any() else np.ones(self.n_hosts, dtype=bool)

    @cached_property
    def is_group(self) -> Bools:
        """Whether each host is no host but a group of them, as :func:`.flow_codes.is_group` says: shape (n_hosts,)."""
        return are_groups(self.addresses.texts)

    @cached_property
    def is_compared(self) -> Bools:
        """Whether each host is ours, by the address that it is known by, so that it has its like: shape (n_hosts,)."""
        texts = self.addresses.texts
        return self.is_ours & ~are_nobody(texts) & ~are_second(texts)

    @property
    def n_hosts(self) -> int:
        """Addresses of the day."""
        return len(self.addresses)

    @cached_property
    def _counted(self) -> pa.Table:
        return self.input.arrow(count_pairs(self.input, self.date))

    @cached_property
    def names(self) -> TextCodes:
        """The day's server names, lower case; a name's code is its place."""
        return TextCodes.distinct(self._counted["server_name"])

    @cached_property
    def pairs(self) -> Pairs:
        """The day's flows put together, in order of (src, dst, service, owner, name)."""
        rows = self._counted
        name = self.names.of(rows["server_name"])
        arrays = _arrays(rows)
        order = order_of(arrays["src"], arrays["dst"], arrays["service"], arrays["owner"], name)
        del self.__dict__["_counted"]
        return Pairs(**{key: value[order] for key, value in arrays.items()}, name=name[order].astype(np.int32))

    def once(self, work: Callable[[NetworkDay], T]) -> T:
        """What is worked out of the day for all who ask: the first time, and then remembered.

        Examples
        --------
        >>> from flowsleuth.detect.days.roles import infer_roles
        >>> from flowsleuth.testing.detectors import MemoryDay, make_flows
        >>> with MemoryDay(make_flows([{"src_ip": "10.0.0.1"}])) as memory:
        ...     day = NetworkDay(memory)
        ...     day.once(infer_roles) is day.once(infer_roles)
        True
        """
        if work not in self._worked_out:
            self._worked_out[work] = work(self)
        found: T = self._worked_out[work]
        return found

    @cached_property
    def by_ends(self) -> Groups:
        """Rows of :attr:`pairs` with the same two ends: keys are ``src * n_hosts + dst``."""
        return Groups.by(self.pairs.src.astype(np.int64) * max(self.n_hosts, 1) + self.pairs.dst)

    def earlier(
        self, *columns: str, only: Callable[[ir.Table, ir.Table], ir.Table] | None = None
    ) -> Iterator[tuple[int, Pairs]]:
        """Pairs of each of up to :data:`BASELINE_DAYS` earlier days, newest first, in this day's codes.

        Parameters
        ----------
        *columns : str
            Fields of :class:`Pairs` that are wanted; the others are empty. A day at a time is in memory.
        only : callable, optional
            Chooses rows: gets the day's stored pairs and its hosts (``ip``, ``host``, ``is_home``), gives pairs.

        Yields
        ------
        tuple of int and Pairs
            How many days before, and the rows; a host or name that this day does not have is -1.
        """
        for date in self.earlier_days:
            counted = count_pairs(self.input, date)
            if only is not None:
                counted = only(counted, DayCounts(self.input, date).hosts)
            rows = self.input.arrow(counted.select(*[STORED.get(name, name) for name in columns]))
            yield (self.date - date).days, self._in_my_codes(date, rows)

    @property
    def earlier_days(self) -> list[dt.date]:
        """Earlier days with flows that are looked at, newest first."""
        return [date for date in self.input.baseline if date < self.date][:BASELINE_DAYS]

    def _in_my_codes(self, date: dt.date, rows: pa.Table) -> Pairs:
        found = {name: np.zeros(0, dtype=np.int64) for name in FIELDS} | _arrays(rows)
        if "server_name" in rows.column_names:
            found["name"] = self.names.of(rows["server_name"]).astype(np.int32)
        ends = [end for end in ("src", "dst") if found[end].size]
        if ends:
            place = self.places(date)
            found |= {end: place[found[end]] for end in ends}
        return Pairs(**found)

    def places(self, date: dt.date) -> Codes:
        """This day's code of every host of another day; -1 for one that this day does not have."""
        if date not in self._places:
            theirs = self.input.arrow(DayCounts(self.input, date).hosts).sort_by("host")
            self._places[date] = self.addresses.of(theirs["ip"]).astype(np.int32)
        return self._places[date]


FIELDS = tuple(one.name for one in fields(Pairs))
STORED = {"name": "server_name", "first_us": "first", "last_us": "last", "duration_s": "duration_ms"}
"""Fields that are kept under another name and in another unit: sums of whole numbers do not depend on their order."""
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("src", "dst", "service", "hours"), np.int32), "owner": np.int8,
    **dict.fromkeys(("src_bytes", "dst_bytes", "src_packets", "dst_packets", "most_src_bytes"), np.float64),
}  # fmt: skip


def _arrays(rows: pa.Table) -> dict[str, Any]:
    """Fields of :class:`Pairs`, all but the names, that some stored counts have."""
    found: dict[str, Any] = {}
    for name in FIELDS:
        stored = STORED.get(name, name)
        if stored not in rows.column_names or name == "name":
            continue
        column = rows[stored]
        if name.endswith("_us"):
            found[name] = as_ints(column)
        elif name.endswith("_s"):
            found[name] = as_floats(column) / MILLI
        else:
            found[name] = column.to_numpy().astype(_TYPES.get(name, np.int64))
    return found


def count_pairs(day: DayInput, date: dt.date) -> ir.Table:
    """One row per key of a day: see :class:`Pairs`; sources and destinations by code."""
    counts = DayCounts(day, date)

    def build(flows: ir.Table) -> ir.Table:
        import ibis

        coded = counts.coded(flows)
        outcome, hour = coded.kind % OUTCOMES, hour_of_day(coded.start).cast("float64")
        rows = coded.mutate(
            server_name=told_name(coded.server_name),
            owner=(coded.kind >= OUTCOMES).cast("int16"),
            is_failed=(outcome == FAILED).cast("int64"),
            is_answered=(outcome == ANSWERED).cast("int64"),
            hour_bit=(ibis.literal(2.0) ** hour).cast("int64"),
            ms=(coded.duration_s * MILLI).round().cast("int64"),
        )
        return rows.group_by(*KEYS).aggregate(
            flows=lambda t: t.count(),
            failed=lambda t: t.is_failed.sum(),
            answered=lambda t: t.is_answered.sum(),
            src_bytes=lambda t: t.src_bytes.sum().cast("float64"),
            dst_bytes=lambda t: t.dst_bytes.sum().cast("float64"),
            src_packets=lambda t: t.src_packets.sum().cast("float64"),
            dst_packets=lambda t: t.dst_packets.sum().cast("float64"),
            most_src_bytes=lambda t: t.src_bytes.max().cast("float64"),
            duration_ms=lambda t: t.ms.sum().cast("int64"),
            first=lambda t: t.start.min(),
            last=lambda t: t.start.max(),
            hours=lambda t: bits_or(t.hour_bit),
        )

    return day.counts("pairs", build, [date]).drop("date")


def count_hours(hours: NDArray[Any], of: NDArray[Any], groups: int) -> Ints:
    """In how many hours of the day something was, in each group of rows, of which bits tell the hours.

    Examples
    --------
    >>> count_hours(np.array([0b11, 0b10, 0b1]), np.array([0, 0, 2]), 3).tolist()
    [2, 0, 1]
    """
    found = np.zeros(groups, dtype=np.int64)
    np.bitwise_or.at(found, of, hours.astype(np.int64))
    return np.bitwise_count(found).astype(np.int64)
