"""Cases of engines: types, filters, groups, joins and orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from flowsleuth.store import portable
from flowsleuth.testing.engine_rows import BIG, LATE, NEXT, ODD_TEXT, Case, Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

MANY_IDS = 2_000


def relation_cases() -> Iterator[Case]:
    """Questions about whole rows."""
    yield from _types()
    yield from _filters()
    yield from _groups()
    yield from _joins()
    yield from _orders()


def _types() -> Iterator[Case]:
    import ibis

    yield Case(
        "columns keep their types",
        lambda t: t.flow.filter(t.flow.flow_id == 2).select(
            "flow_id", "start", "dst_port", "icmp_type", "uid", "duration_s"
        ),
        [(2, LATE, None, 8, None, None)],
        ("int64", "timestamp[us, tz=UTC]", "int32", "int16", "string", "double"),
    )
    yield Case(
        "lists of numbers come back as such",
        lambda t: t.score.select("flow_id", "evidence"),
        [(1, [0.1, 2.0]), (2, []), (3, [1e-300])],
        ("int64", "list<item: double>"),
    )
    yield Case(
        "literals and counts have the same width",
        lambda t: t.flow.aggregate(n=t.flow.count()).mutate(word=ibis.literal("x"), wide=ibis.literal(1, "int64")),
        [(5, "x", 1)],
        ("int64", "string", "int64"),
    )
    yield Case(
        "an empty table has its columns",
        lambda t: t.empty.select("source_file", "source_row"),
        [],
        ("string", "int64"),
    )
    yield Case("an aggregate of nothing is one row", lambda t: t.empty.aggregate(n=t.empty.count()), [(0,)], ("int64",))


def _filters() -> Iterator[Case]:
    import ibis

    def ids(test: Callable[[ir.Table], Any]) -> Callable[[Tables], ir.Table]:
        return lambda t: t.flow.filter(test(t.flow)).select("flow_id")

    yield Case("a comparison with null is no match", ids(lambda f: f.proto != "tcp"), [(2,), (3,)])
    yield Case("not of null is no match", ids(lambda f: ~(f.dst_port == 443)), [(3,), (BIG,)])
    yield Case(
        "null and false, null or true", ids(lambda f: (f.proto == "tcp") | (f.src_bytes > 300)), [(1,), (4,), (BIG,)]
    )
    yield Case("is null", ids(lambda f: f.proto.isnull() | f.dst_bytes.isnull()), [(2,), (BIG,)])
    yield Case("a list of values", ids(lambda f: f.proto.isin(["udp", "icmp"])), [(2,), (3,)])
    yield Case("not in a list; null stays out", ids(lambda f: f.proto.notin(["udp", "icmp"])), [(1,), (4,)])
    yield Case(
        "null in a list is not false until it is filled",
        ids(lambda f: ~f.proto.isin(["tcp"]).fill_null(False)),
        [(2,), (3,), (BIG,)],
    )
    yield Case("a long list of ids", ids(lambda f: f.flow_id.isin([*range(-MANY_IDS, 3), BIG])), [(1,), (2,), (BIG,)])
    yield Case("a value with every odd character", ids(lambda f: f.uid == ODD_TEXT), [(3,)])
    yield Case("from an instant on", ids(lambda f: f.start >= ibis.literal(LATE)), [(2,), (3,), (4,), (BIG,)])
    yield Case("until an instant", ids(lambda f: f.start < ibis.literal(LATE)), [(1,)])
    yield Case(
        "an instant in another zone",
        ids(lambda f: f.start >= ibis.literal(NEXT.astimezone(dt.timezone(dt.timedelta(hours=-7))))),
        [(4,), (BIG,)],
    )


def _groups() -> Iterator[Case]:
    yield Case(
        "counts, sums, extremes; nulls are a group of their own and are passed over inside",
        lambda t: (
            t.flow.filter(t.flow.flow_id != BIG)
            .group_by("dst_port")
            .aggregate(
                n=lambda g: g.count(),
                total=lambda g: g.src_bytes.sum(),
                least=lambda g: g.dst_bytes.min(),
                last=lambda g: g.start.max(),
                hosts=lambda g: g.src_ip.nunique(),
            )
        ),
        [(443, 2, 256, 5, NEXT, 2), (None, 1, 1, None, LATE, 1), (5353, 1, 255, 0, LATE, 1)],
        ("int32", "int64", "int64", "int64", "timestamp[us, tz=UTC]", "int64"),
    )
    yield Case("distinct", lambda t: t.flow.select("src_ip").distinct(), [("10.0.0.1",), ("10.0.0.2",), ("fe80::1",)])
    yield Case(
        "distinct, null once", lambda t: t.flow.select("proto").distinct(), [("tcp",), ("udp",), ("icmp",), (None,)]
    )
    yield Case(
        "a mean of whole numbers is a fraction",
        lambda t: t.flow.filter(t.flow.flow_id < 3).aggregate(mean=t.flow.src_bytes.mean()),
        [(0.5,)],
        ("double",),
    )
    yield Case(
        "groups that pass a test",
        lambda t: t.flow.group_by("src_ip").aggregate(n=lambda g: g.count()).filter(lambda g: g.n > 1),
        [("10.0.0.1", 2), ("10.0.0.2", 2)],
    )


def _joins() -> Iterator[Case]:
    import ibis

    def names(t: Tables) -> ir.Table:
        return t.flow.select("dst_port", name=t.flow.proto).filter(lambda f: f.name.notnull())

    yield Case(
        "inner join by name",
        lambda t: t.score.inner_join(t.flow, "flow_id").select("flow_id", "score", "src_ip"),
        [(1, 0.5, "10.0.0.1"), (2, 0.5, "10.0.0.1"), (3, 1.0, "fe80::1")],
    )
    yield Case(
        "left join; null meets nothing",
        lambda t: t.flow.left_join(
            right := names(t).select(port=names(t).dst_port).distinct(), t.flow.dst_port == right.port
        ).select("flow_id", "port"),
        [(1, 443), (2, None), (3, 5353), (4, 443), (BIG, None)],
    )
    yield Case("semi join", lambda t: t.flow.semi_join(t.score, "flow_id").select("flow_id"), [(1,), (2,), (3,)])
    yield Case("anti join", lambda t: t.flow.anti_join(t.score, "flow_id").select("flow_id"), [(4,), (BIG,)])
    yield Case(
        "union keeps what is twice",
        lambda t: ibis.union(t.flow.select(ip="src_ip"), t.flow.select(ip="dst_ip")).group_by("ip").aggregate(
            n=lambda g: g.count()
        ),
        [("10.0.0.1", 2), ("10.0.0.2", 2), ("fe80::1", 1), ("192.0.2.9", 2), ("224.0.0.251", 1), ("ff02::fb", 1),
         ("10.0.0.255", 1)],
    )  # fmt: skip


def _orders() -> Iterator[Case]:
    import ibis

    yield Case(
        "score down, surprise down, id up",
        lambda t: t.score.order_by([ibis.desc("score"), ibis.desc("surprise"), ibis.asc("flow_id")]).select("flow_id"),
        [(3,), (1,), (2,)],
        is_ordered=True,
    )
    yield Case(
        "nulls come last, upwards",
        lambda t: t.flow.order_by(["dst_port", "flow_id"]).select("dst_port"),
        [(80,), (443,), (443,), (5353,), (None,)],
        is_ordered=True,
    )
    yield Case(
        "nulls come last, downwards",
        lambda t: t.flow.order_by([ibis.desc("dst_port"), "flow_id"]).select("dst_port"),
        [(5353,), (443,), (443,), (80,), (None,)],
        is_ordered=True,
    )
    yield Case(
        "the first so many",
        lambda t: t.flow.order_by(ibis.desc("flow_id")).limit(2).select("flow_id"),
        [(BIG,), (4,)],
        is_ordered=True,
    )
    yield Case(
        "text by code point",
        lambda t: t.flow.order_by("dst_ip", "flow_id").select("flow_id"),
        [(4,), (1,), (BIG,), (2,), (3,)],
        is_ordered=True,
    )
    yield Case(
        "the first row of each group",
        lambda t: portable.first_rows(t.flow, ["src_ip"], [ibis.desc("start"), "flow_id"]).select("src_ip", "flow_id"),
        [("10.0.0.1", 2), ("10.0.0.2", 4), ("fe80::1", 3)],
    )
    yield Case(
        "every bit that a group has",
        lambda t: t.flow.group_by("src_ip").aggregate(bits=portable.bits_or(t.flow.dst_port)),
        [("10.0.0.1", 443), ("10.0.0.2", 443 | 80), ("fe80::1", 5353)],
    )
    yield Case(
        "nulls are not first",
        lambda t: portable.first_rows(t.flow, ["src_ip"], ["dst_bytes", "flow_id"]).select("src_ip", "flow_id"),
        [("10.0.0.1", 1), ("10.0.0.2", 4), ("fe80::1", 3)],
    )
