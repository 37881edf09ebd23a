"""Connections to services that ask for a password which look like a guess, counted by source, target and service."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.day_counts import OUTCOMES, DayCounts
from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.flow_codes import FAILED, SPAN, bit_length, has_protocol
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.pair_times import as_floats, as_ints
from flowsleuth.detect.findings import Extent

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PORTS = (
    21, 22, 23, 25, 88, 110, 139, 143, 389, 445, 465, 587, 636, 993, 995, 1433, 1521, 2222, 2323, 3306, 3389, 5432,
    5900, 5901, 5985, 5986, 6379, 27017,
)  # fmt: skip
"""TCP services that ask for a password: files, shells, mail, directories, shares, databases, screens."""
BY_PROGRAMS = (25, 88, 110, 143, 389, 465, 587, 636, 993, 995, 1433, 1521, 3306, 5432, 6379, 27017)
"""Those at which programs log on of their own accord, again and again: mail, directories, databases."""
BETWEEN_SERVERS = (25,)
"""Those by which servers turn to many others without logging on."""
TCP = 6
TRY_BYTES = 10_000
"""Most bytes each way of a guess: a handshake with certificates and some tries; work after a logon is more."""
TRY_S = 60.0
"""Most seconds of a guess: servers hang up on who has not logged on within about so long."""
TALK_PACKETS = 3
"""Packets from the server that show that it talked, not only took (or refused) the connection."""
TALK_BYTES = 150
"""The same in bytes, headers included, where packets are not told."""


@dataclass(frozen=True)
class Tries:
    """One row a source, target and service that talked; arrays of shape (n,).

    Attributes
    ----------
    src, dst : array of int64
        Host codes of the day; -1 for one that it does not have.
    service : array of int64
        Service code.
    flows, tries, larger : array of int64
        Connections in which the server talked; how many look like guesses of like size; how many are larger or longer.
    first_us, last_us, first_try_us, last_try_us, first_larger_us : array of int64
        Microseconds since 1970 (UTC); 0 where there is none.
    most_bytes, longest_s : array of float64
        Of the larger ones, both ways together.
    src_bytes, dst_bytes : array of float64
        NaN where not told.
    """

    src: Ints
    dst: Ints
    service: Ints
    flows: Ints
    tries: Ints
    larger: Ints
    first_us: Ints
    last_us: Ints
    first_try_us: Ints
    last_try_us: Ints
    first_larger_us: Ints
    most_bytes: Floats
    longest_s: Floats
    src_bytes: Floats
    dst_bytes: Floats


def logon_tries(day: NetworkDay, date: dt.date) -> Tries:
    """Tries of a day, in order of (src, dst, service)."""
    import pyarrow as pa

    rows = day.input.arrow(count_tries(day, date))
    rows = rows.filter(pa.array(day.addresses.of(rows["src_ip"]) >= 0))
    src, dst = (day.addresses.of(rows[name]) for name in ("src_ip", "dst_ip"))
    return _put_together(rows, Groups.by((src * (day.n_hosts + 1) + dst + 1) * SPAN + as_ints(rows["dst_port"])), day)


def _put_together(rows: pa.Table, together: Groups, day: NetworkDay) -> Tries:
    """Bins of one source, target and service; its tries are those of the two neighbouring bins that have most."""
    ends, port = np.divmod(together.keys, SPAN)
    src, dst = np.divmod(ends, day.n_hosts + 1)
    of, groups = together.of, together.keys.size
    size_bin, tries, larger = (as_ints(rows[name]) for name in ("size_bin", "tries", "larger"))
    table = np.zeros((groups, int(size_bin.max(initial=0)) + 2))
    np.add.at(table, (of, size_bin), tries)
    best = np.argmax(table[:, :-1] + table[:, 1:], axis=1)[of]
    is_like = (size_bin == best) | (size_bin == best + 1)
    flows, first_us, last_us = (as_ints(rows[name]) for name in ("flows", "first", "last"))
    each = Extent(flows, first_us, last_us, as_floats(rows["src_bytes"]), as_floats(rows["dst_bytes"]))
    like, more = np.flatnonzero(is_like & (tries > 0)), np.flatnonzero(larger > 0)
    return Tries(
        src=src,
        dst=dst - 1,
        service=TCP * SPAN + port,
        tries=together.add_up(tries * is_like).astype(np.int64),
        larger=together.add_up(larger).astype(np.int64),
        first_try_us=_first(as_ints(rows["first_try"])[like], of[like], groups),
        last_try_us=_largest(as_ints(rows["last_try"])[like], of[like], groups),
        first_larger_us=_first(as_ints(rows["first_larger"])[more], of[more], groups),
        most_bytes=_largest(as_floats(rows["most_bytes"])[more], of[more], groups),
        longest_s=_largest(as_floats(rows["longest_s"])[more], of[more], groups),
        **vars(Extent.of_groups(each, of, groups)),
    )


def _first(times: Ints, of: NDArray[np.integer], groups: int) -> Ints:
    """Earliest of each group; 0 where it has none."""
    found = np.full(groups, np.iinfo(np.int64).max)
    np.minimum.at(found, of, times)
    return np.where(found == np.iinfo(np.int64).max, 0, found)


def _largest(values: NDArray[Any], of: NDArray[np.integer], groups: int) -> NDArray[Any]:
    """Largest of each group; 0 where it has none."""
    found = np.zeros(groups, dtype=values.dtype)
    np.maximum.at(found, of, values)
    return found


def count_tries(day: NetworkDay, date: dt.date) -> ir.Table:
    """One row per source, target, port and bit length of what the source sent, of a day."""
    counts = DayCounts(day.input, date)

    def build(flows: ir.Table) -> ir.Table:
        hosts = counts.hosts
        src, dst = (hosts.select(**{end: "host", f"{end}_ip": "ip"}) for end in ("src", "dst"))
        return _bins(counts.coded(flows)).inner_join(src, "src").inner_join(dst, "dst").drop("src", "dst")

    return day.input.counts("logon_tries", build, [date])


def _bins(coded: ir.Table) -> ir.Table:
    import ibis

    asked = coded.filter(
        has_protocol(coded.service, TCP) & coded.dst_port.isin(list(PORTS)) & (coded.kind % OUTCOMES != FAILED)
    )
    talked = ibis.cases(
        (asked.dst_packets.notnull(), asked.dst_packets >= TALK_PACKETS),
        (asked.dst_bytes.notnull(), asked.dst_bytes >= TALK_BYTES),
        (asked.src_packets.notnull(), asked.src_packets > TALK_PACKETS),
        else_=False,
    )
    spoke = asked.filter(talked)
    small = (spoke.src_bytes.coalesce(0) <= TRY_BYTES) & (spoke.dst_bytes.coalesce(0) <= TRY_BYTES)
    is_try = small & (spoke.duration_s.coalesce(0.0) <= TRY_S)
    rows = spoke.mutate(
        size_bin=bit_length(spoke.src_bytes.coalesce(0), 40),
        is_try=is_try.cast("int64"),
        try_start=is_try.ifelse(spoke.start, ibis.null("timestamp('UTC')")),
        larger_start=is_try.ifelse(ibis.null("timestamp('UTC')"), spoke.start),
        larger_bytes=is_try.ifelse(0, spoke.src_bytes.coalesce(0) + spoke.dst_bytes.coalesce(0)),
        larger_s=is_try.ifelse(0.0, spoke.duration_s.coalesce(0.0)),
    )
    return rows.group_by("src", "dst", "dst_port", "size_bin").aggregate(
        flows=lambda t: t.count(),
        tries=lambda t: t.is_try.sum(),
        larger=lambda t: t.count() - t.is_try.sum(),
        first=lambda t: t.start.min(),
        last=lambda t: t.start.max(),
        first_try=lambda t: t.try_start.min(),
        last_try=lambda t: t.try_start.max(),
        first_larger=lambda t: t.larger_start.min(),
        most_bytes=lambda t: t.larger_bytes.max().cast("float64"),
        longest_s=lambda t: t.larger_s.max(),
        src_bytes=lambda t: t.src_bytes.sum().cast("float64"),
        dst_bytes=lambda t: t.dst_bytes.sum().cast("float64"),
    )
