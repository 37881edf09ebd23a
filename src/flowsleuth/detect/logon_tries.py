"""Connections to services that ask for a password which look like a guess, counted by source, target and service."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.edges import Groups
from flowsleuth.detect.flow_codes import FAILED, SPAN, bit_length, is_group, outcome_code
from flowsleuth.detect.network_day import NetworkDay

if TYPE_CHECKING:
    import ibis.expr.types as ir

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
COLUMNS = (
    "flows", "tries", "first", "last", "first_try", "last_try", "larger", "first_larger", "most_bytes", "longest_s",
    "src_bytes", "dst_bytes",
)  # fmt: skip


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
    rows = day.input.arrow(day.input.counts("logon_tries", count_tries, [date]))
    src, dst = (day.addresses.of(rows[name]) for name in ("src_ip", "dst_ip"))
    port = rows["dst_port"].to_numpy().astype(np.int64)
    found = {name: _numbers(rows, name) for name in rows.column_names if name not in ("src_ip", "dst_ip", "date")}
    known = np.flatnonzero(src >= 0)
    key = (src[known] * (day.n_hosts + 1) + dst[known] + 1) * SPAN + port[known]
    together = Groups.by(key)
    return _put_together({name: values[known] for name, values in found.items()}, together, day.n_hosts + 1)


def _numbers(rows: Any, name: str) -> NDArray[Any]:
    import pyarrow as pa

    column = rows[name]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64()).fill_null(0)
        return np.asarray(column.to_numpy())
    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False))


def _put_together(found: dict[str, NDArray[Any]], together: Groups, n: int) -> Tries:
    """Bins of one source, target and service; its tries are those of the two neighbouring bins that have most."""
    ends, port = np.divmod(together.keys, SPAN)
    src, dst = np.divmod(ends, n)
    size_bin = found["size_bin"].astype(np.int64)
    width = int(size_bin.max(initial=0)) + 2
    table = np.zeros((together.keys.size, width))
    np.add.at(table, (together.of, size_bin), found["tries"])
    pairs = table[:, :-1] + table[:, 1:]
    best = np.argmax(pairs, axis=1) if together.keys.size else np.zeros(0, dtype=np.int64)
    is_like = (size_bin == best[together.of]) | (size_bin == best[together.of] + 1)

    def least(name: str, where: NDArray[np.bool_]) -> Ints:
        return -_most(-found[name].astype(np.int64), together, where & (found[name] != 0))

    def most(name: str, where: NDArray[np.bool_]) -> Ints:
        return _most(found[name].astype(np.int64), together, where & (found[name] != 0))

    every = np.ones(size_bin.size, dtype=bool)
    longest = np.zeros(together.keys.size)
    np.maximum.at(longest, together.of, np.nan_to_num(found["longest_s"]))
    larger = np.zeros(together.keys.size)
    np.maximum.at(larger, together.of, np.nan_to_num(found["most_bytes"]))
    return Tries(
        src=src,
        dst=dst - 1,
        service=TCP * SPAN + port,
        flows=together.add_up(found["flows"]).astype(np.int64),
        tries=together.add_up(found["tries"] * is_like).astype(np.int64),
        larger=together.add_up(found["larger"]).astype(np.int64),
        first_us=least("first", every),
        last_us=most("last", every),
        first_try_us=least("first_try", is_like),
        last_try_us=most("last_try", is_like),
        first_larger_us=least("first_larger", every),
        most_bytes=larger,
        longest_s=longest,
        src_bytes=together.add_up(np.nan_to_num(found["src_bytes"])),
        dst_bytes=together.add_up(np.nan_to_num(found["dst_bytes"])),
    )


def _most(values: Ints, together: Groups, where: NDArray[np.bool_]) -> Ints:
    """Largest value of each group; 0 where it has none."""
    found = np.full(together.keys.size, np.iinfo(np.int64).min)
    np.maximum.at(found, together.of[where], values[where])
    return np.where(found == np.iinfo(np.int64).min, 0, found)


def count_tries(flows: ir.Table) -> ir.Table:
    """One row per source, target, port and bit length of what the source sent."""
    import ibis

    asked = flows.filter((flows.proto == "tcp") & flows.dst_port.isin(list(PORTS)))
    outcome = outcome_code(asked, is_group(asked.dst_ip))
    talked = ibis.cases(
        (asked.dst_packets.notnull(), asked.dst_packets >= TALK_PACKETS),
        (asked.dst_bytes.notnull(), asked.dst_bytes >= TALK_BYTES),
        (asked.src_packets.notnull(), asked.src_packets > TALK_PACKETS),
        else_=False,
    )
    spoke = asked.filter((outcome != FAILED) & talked)
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
    return rows.group_by("src_ip", "dst_ip", "dst_port", "size_bin").aggregate(
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
