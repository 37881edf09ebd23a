"""Cases of engines: numbers, texts and times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from flowsleuth.detect.days.flow_codes import bit_length
from flowsleuth.store import portable
from flowsleuth.testing.engine_rows import BIG, LATE, NEXT, ODD_TEXT, Case, Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir


def value_cases() -> Iterator[Case]:
    """Questions about what stands in a cell."""
    yield from _numbers()
    yield from _texts()
    yield from _times()


def _numbers() -> Iterator[Case]:
    import ibis

    def of(value: Callable[[ir.Table], ir.Value]) -> Callable[[Tables], ir.Table]:
        return lambda t: t.flow.select("flow_id", v=value(t.flow))

    yield Case(
        "bit length, exact to the last bit",
        of(lambda f: bit_length(f.src_bytes)),
        [(1, 0), (2, 1), (3, 8), (4, 9), (BIG, 63)],
        ("int64", "int16"),
    )
    yield Case(
        "bit length of null is 0",
        of(lambda f: bit_length(f.dst_bytes)),
        [(1, 4), (2, 0), (3, 0), (4, 3), (BIG, 3)],
    )
    yield Case(
        "bit length of milliseconds",
        of(lambda f: bit_length(f.duration_s * 1000.0, 47)),
        [(1, 0), (2, 0), (3, 11), (4, 8), (BIG, 27)],
    )
    yield Case(
        "divide by zero is null",
        of(lambda f: portable.safe_divide(f.dst_bytes, f.src_bytes)),
        [(1, None), (2, None), (3, 0.0), (4, 5 / 256), (BIG, 5 / float(BIG))],
        ("int64", "double"),
    )
    yield Case(
        "log of zero is null",
        lambda t: t.flow.select("flow_id", v=portable.safe_log(t.flow.src_bytes).round(9)).filter(
            lambda f: f.flow_id < 4
        ),
        [(1, None), (2, 0.0), (3, 5.541263545)],
    )
    yield Case(
        "mixed radix in 64 bits",
        of(lambda f: (f.icmp_type.cast("int64") * 524_288 + f.dst_port.cast("int64").coalesce(7)) * 4_294_967_296 + 1),
        [(1, None), (2, (8 * 524_288 + 7) * 2**32 + 1), (3, None), (4, None), (BIG, None)],
        ("int64", "int64"),
    )
    yield Case(
        "the first test that fits",
        of(
            lambda f: ibis.cases(
                (f.proto == "tcp", 1), (f.dst_port.isnull(), 2), (f.proto.isnull(), 3), else_=ibis.literal(4)
            ).cast("int64")
        ),
        [(1, 1), (2, 2), (3, 4), (4, 1), (BIG, 3)],
    )
    yield Case(
        "if and else; null is not true",
        of(lambda f: ibis.ifelse(f.proto == "tcp", "yes", "no")),
        [(1, "yes"), (2, "no"), (3, "no"), (4, "yes"), (BIG, "no")],
    )
    yield Case(
        "truth as a number",
        of(lambda f: (f.dst_bytes > 0).fill_null(False).cast("int64")),
        [(1, 1), (2, 0), (3, 0), (4, 1), (BIG, 1)],
    )
    yield Case(
        "a product of doubles is the IEEE one",
        of(lambda f: f.duration_s * 0.1 + 0.2),
        [(1, 0.0005 * 0.1 + 0.2), (2, None), (3, 1.5 * 0.1 + 0.2), (4, 0.25 * 0.1 + 0.2), (BIG, 86400.0 * 0.1 + 0.2)],
        ("int64", "double"),
    )


def _texts() -> Iterator[Case]:
    def of(value: Callable[[ir.Table], ir.Value]) -> Callable[[Tables], ir.Table]:
        return lambda t: t.flow.select("flow_id", v=value(t.flow))

    yield Case(
        "the beginning of a text",
        of(lambda f: f.dst_ip.startswith("ff") | f.dst_ip.endswith(".255")),
        [(1, False), (2, False), (3, True), (4, True), (BIG, False)],
    )
    yield Case(
        "a piece of a text, and its order",
        of(lambda f: (f.dst_ip.substr(0, 4) >= "224.") & (f.dst_ip.substr(0, 4) <= "239.")),
        [(1, False), (2, True), (3, False), (4, False), (BIG, False)],
    )
    yield Case(
        "characters, not bytes",
        of(lambda f: f.uid.length()),
        [(1, 2), (2, None), (3, len(ODD_TEXT)), (4, 2), (BIG, 2)],
    )
    yield Case(
        "no pattern in a text to find",
        of(lambda f: f.uid.contains("%_")),
        [(1, False), (2, None), (3, True), (4, False), (BIG, False)],
    )
    yield Case(
        "lower case, put together, filled",
        of(lambda f: f.uid.coalesce("-").lower() + "/" + f.proto.coalesce("-")),
        [(1, "c1/tcp"), (2, "-/icmp"), (3, ODD_TEXT.lower() + "/udp"), (4, "c4/tcp"), (BIG, "c5/-")],
    )


def _times() -> Iterator[Case]:
    def of(value: Callable[[ir.Table], ir.Value]) -> Callable[[Tables], ir.Table]:
        return lambda t: t.flow.select("flow_id", v=value(t.flow))

    late, following = int(LATE.timestamp()), int(NEXT.timestamp())
    yield Case(
        "whole seconds, rounded down",
        of(lambda f: portable.epoch_seconds(f.start)),
        [(1, 299), (2, late), (3, late), (4, following), (BIG, following)],
        ("int64", "int64"),
    )
    yield Case(
        "microseconds, exact",
        of(lambda f: portable.epoch_micros(f.start)),
        [(1, 299_500_000), *((n, late * 10**6 + 999_999) for n in (2, 3)), *((n, following * 10**6) for n in (4, BIG))],
        ("int64", "int64"),
    )
    yield Case(
        "bins of five minutes",
        of(lambda f: portable.time_bin(f.start, 300)),
        [(1, 0), (2, late // 300), (3, late // 300), (4, following // 300), (BIG, following // 300)],
        ("int64", "int64"),
    )
    yield Case(
        "hour of the day, UTC",
        of(lambda f: portable.hour_of_day(f.start)),
        [(1, 0), (2, 12), (3, 12), (4, 0), (BIG, 0)],
    )
