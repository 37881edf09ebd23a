"""The conformance kit of engines: the same verbs and expressions, one table of cases, whatever runs them.

``check_engine`` writes a few hand-made flows into a store, asks everything in :data:`CASES` of its engine, and compares
rows and Arrow types with what was worked out by hand. A new operation in a detector or a use-case gets a case here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.detect.flow_codes import bit_length
from flowsleuth.schema import FLOW, SCORE
from flowsleuth.store import portable

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.store import Store

ODD_TEXT = 'it\'s \\ "${HOME}" %_ \n é 統'
"""Quotes, an escape, a variable, patterns, a line end, two alphabets: in a value all of it is only text."""
BIG = 2**63 - 1
MANY_IDS = 2_000
STREAMED = 250_000


def instant(text: str) -> dt.datetime:
    """An instant in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


_EARLY = instant("1970-01-01T00:04:59.500000")
_LATE = instant("2021-06-06T12:34:59.999999")
_NEXT = instant("2021-06-07T00:00:00")

FLOWS: list[dict[str, Any]] = [
    {"flow_id": 1, "start": _EARLY, "src_ip": "10.0.0.1", "dst_ip": "192.0.2.9", "dst_port": 443, "proto": "tcp",
     "src_bytes": 0, "dst_bytes": 10, "duration_s": 0.0005, "uid": "C1", "icmp_type": None},
    {"flow_id": 2, "start": _LATE, "src_ip": "10.0.0.1", "dst_ip": "224.0.0.251", "dst_port": None, "proto": "icmp",
     "src_bytes": 1, "dst_bytes": None, "duration_s": None, "uid": None, "icmp_type": 8},
    {"flow_id": 3, "start": _LATE, "src_ip": "fe80::1", "dst_ip": "ff02::fb", "dst_port": 5353, "proto": "udp",
     "src_bytes": 255, "dst_bytes": 0, "duration_s": 1.5, "uid": ODD_TEXT, "icmp_type": None},
    {"flow_id": 4, "start": _NEXT, "src_ip": "10.0.0.2", "dst_ip": "10.0.0.255", "dst_port": 443, "proto": "tcp",
     "src_bytes": 256, "dst_bytes": 5, "duration_s": 0.25, "uid": "C4", "icmp_type": None},
    {"flow_id": BIG, "start": _NEXT, "src_ip": "10.0.0.2", "dst_ip": "192.0.2.9", "dst_port": 80, "proto": None,
     "src_bytes": BIG, "dst_bytes": 5, "duration_s": 86400.0, "uid": "C5", "icmp_type": None},
]  # fmt: skip
"""Over three days; every null, extreme and awkward text that a case needs."""

SCORES: list[dict[str, Any]] = [
    {"flow_id": 1, "score": 0.5, "surprise": 1.0, "suspect_id": 7, "evidence": [0.1, 2.0]},
    {"flow_id": 2, "score": 0.5, "surprise": 1.0, "suspect_id": 7, "evidence": []},
    {"flow_id": 3, "score": 1.0, "surprise": 745.0, "suspect_id": -9, "evidence": [1e-300]},
]

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Tables:
    """What a case asks."""

    flow: ir.Table
    score: ir.Table
    empty: ir.Table


@dataclass(frozen=True)
class Case:
    """One question, with the answer that was worked out by hand.

    Attributes
    ----------
    name : str
    ask : callable
        The expression; it is fetched in the order it gives, or else compared as a set of rows.
    rows : list of tuple
        The answer; with ``is_ordered`` in this order.
    types : sequence of str
        Arrow types of the answer's columns, where they matter.
    is_ordered : bool
    """

    name: str
    ask: Callable[[Tables], ir.Table]
    rows: Rows
    types: Sequence[str] = ()
    is_ordered: bool = False


def _cases() -> Iterator[Case]:
    yield from _types()
    yield from _filters()
    yield from _groups()
    yield from _joins()
    yield from _orders()
    yield from _numbers()
    yield from _texts()
    yield from _times()


def _types() -> Iterator[Case]:
    import ibis

    yield Case(
        "columns keep their types",
        lambda t: t.flow.filter(t.flow.flow_id == 2).select(
            "flow_id", "start", "dst_port", "icmp_type", "uid", "duration_s"
        ),
        [(2, _LATE, None, 8, None, None)],
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
    yield Case("from an instant on", ids(lambda f: f.start >= ibis.literal(_LATE)), [(2,), (3,), (4,), (BIG,)])
    yield Case("until an instant", ids(lambda f: f.start < ibis.literal(_LATE)), [(1,)])
    yield Case(
        "an instant in another zone",
        ids(lambda f: f.start >= ibis.literal(_NEXT.astimezone(dt.timezone(dt.timedelta(hours=-7))))),
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
        [(443, 2, 256, 5, _NEXT, 2), (None, 1, 1, None, _LATE, 1), (5353, 1, 255, 0, _LATE, 1)],
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
        "nulls are not first",
        lambda t: portable.first_rows(t.flow, ["src_ip"], ["dst_bytes", "flow_id"]).select("src_ip", "flow_id"),
        [("10.0.0.1", 1), ("10.0.0.2", 4), ("fe80::1", 3)],
    )


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

    late, following = int(_LATE.timestamp()), int(_NEXT.timestamp())
    yield Case(
        "whole seconds, rounded down",
        of(lambda f: portable.epoch_seconds(f.start)),
        [(1, 299), (2, late), (3, late), (4, following), (BIG, following)],
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
        of(lambda f: f.start.hour().cast("int64")),
        [(1, 0), (2, 12), (3, 12), (4, 0), (BIG, 0)],
    )


def check_engine(make_store: Callable[[Path], Store], folder: Path) -> None:
    """Assert that an engine answers every case as it should, streams, and keeps out of its neighbours' way.

    Parameters
    ----------
    make_store : callable
        Gives a new :class:`flowsleuth.store.Store` on a folder, with the engine to check.
    folder : Path
        An empty folder that the engine can read.

    Raises
    ------
    AssertionError
        An answer is wrong; the message names the case.
    """
    folder.mkdir(parents=True, exist_ok=True)
    store = make_store(folder)
    try:
        fill_store(store)
        tables = Tables(store.table("flow"), store.table("score"), store.table("reject"))
        for case in _cases():
            _check_case(store, case, case.ask(tables))
        _check_days(store)
        _check_stream(store)
        _check_memtable(store)
        _check_kept(store)
        _check_neighbours(make_store, folder, store)
    finally:
        store.close()
    store.close()


def fill_store(store: Store) -> None:
    """Write :data:`FLOWS` and :data:`SCORES` into an empty store."""
    import pyarrow as pa

    flows = [{"src_port": 1, **row, "source_kind": "made", "source_file": "made", "source_row": 1} for row in FLOWS]
    starts = {row["flow_id"]: row["start"] for row in FLOWS}
    scores = [{**row, "detector": "made", "run": "r", "start": starts[row["flow_id"]]} for row in SCORES]
    with store.writing():
        for table, rows in ((FLOW, flows), (SCORE, scores)):
            schema = table.arrow_schema()
            columns = {name: [row.get(name) for row in rows] for name in table.names}
            parts = store.write(table.name, pa.table(columns, schema=schema), tag="made")
            with store.catalog.transaction():
                store.catalog.add(parts)


def _check_case(store: Store, case: Case, expression: ir.Table) -> None:
    found = store.arrow(expression)
    rows = list(zip(*(found[name].to_pylist() for name in found.column_names), strict=True))
    wanted = list(case.rows)
    if not case.is_ordered:
        rows, wanted = sorted(rows, key=repr), sorted(wanted, key=repr)
    assert rows == wanted, f"{case.name}: got {rows}, expected {wanted}"
    if case.types or case.is_ordered:
        types = tuple(str(field.type) for field in found.schema)
        assert types == (tuple(case.types) or types), f"{case.name}: types are {types}, expected {tuple(case.types)}"
        _check_batches(store, case, expression, found, rows)


def _check_batches(store: Store, case: Case, expression: ir.Table, found: pa.Table, rows: Rows) -> None:
    """The same answer in small pieces."""
    streamed = list(store.batches(expression, 2))
    assert all(batch.num_rows <= 2 for batch in streamed), f"{case.name}: a batch is larger than asked for"
    assert all(batch.schema.equals(found.schema) for batch in streamed), f"{case.name}: batches have other types"
    pieces = [row for batch in streamed for row in zip(*(c.to_pylist() for c in batch.columns), strict=True)]
    assert (pieces if case.is_ordered else sorted(pieces, key=repr)) == rows, f"{case.name}: batches say {pieces}"


def _check_days(store: Store) -> None:
    """A table of some days holds these days only, and no column that the folders' names would make."""
    day = store.table("flow", ["2021-06-06"])
    assert tuple(day.columns) == FLOW.names, f"columns of the flow table are {day.columns}"
    assert store.arrow(day).schema.equals(FLOW.arrow_schema()), (
        "the flow table has other types than it was written with"
    )
    assert sorted(store.arrow(day.select("flow_id"))["flow_id"].to_pylist()) == [2, 3], "other days were read too"


def _check_stream(store: Store) -> None:
    """A long result comes in order and in pieces, and can be left off in the middle."""
    import ibis

    flow = store.table("flow")
    numbers = ibis.range(STREAMED // 5).unnest().name("n").as_table()
    long = flow.select("flow_id").cross_join(numbers).order_by(["n", "flow_id"])
    seen, batches = 0, 0
    for batch in store.batches(long, 40_000):
        if not batches:
            assert len(store.arrow(flow.select("flow_id"))) == len(FLOWS), "no answer in the middle of a stream"
            assert batch.column("n").to_pylist()[:6] == [0, 0, 0, 0, 0, 1], "a stream is out of order"
        first = batch.column("n")[0].as_py()
        assert first == seen // 5, f"a stream is out of order: row {seen} has {first}"
        seen += batch.num_rows
        batches += 1
        assert batch.num_rows <= 40_000, "a batch is larger than asked for"
    assert seen == STREAMED, f"a stream has {seen} rows, expected {STREAMED}"
    assert batches >= STREAMED // 40_000, f"a stream came in {batches} batches"
    left = store.batches(long, 1000)
    next(iter(left))
    left.close()  # type: ignore[attr-defined]
    assert len(store.arrow(flow.select("flow_id"))) == len(FLOWS), "the engine does not answer after a stream was left"


def _check_memtable(store: Store) -> None:
    """A table held in memory can be joined."""
    import ibis

    mine = ibis.memtable({"flow_id": [1, 3], "mark": ["a", ODD_TEXT]})
    marked = store.arrow(store.table("flow").inner_join(mine, "flow_id").select("flow_id", "mark").order_by("flow_id"))
    assert marked.to_pydict() == {"flow_id": [1, 3], "mark": ["a", ODD_TEXT]}, f"a memory table was changed: {marked}"


def _check_kept(store: Store) -> None:
    """What is kept is a table like any other, to ask, to stream and to join, until it is let go."""
    import ibis

    flow = store.table("flow")
    mine = ibis.memtable({"flow_id": [1, 3], "mark": ["a", ODD_TEXT]})
    with (
        store.kept(flow.filter(flow.flow_id < BIG).select("flow_id", "src_ip")) as few,
        store.kept(flow.inner_join(mine, "flow_id").select("flow_id", "mark")) as marked,
    ):
        asked = sorted(store.arrow(few.select("flow_id"))["flow_id"].to_pylist())
        assert asked == [1, 2, 3, 4], f"kept rows are {asked}"
        streamed = sorted(n for batch in store.batches(few, 2) for n in batch.column("flow_id").to_pylist())
        assert streamed == asked, f"kept rows are {asked} when asked and {streamed} when streamed"
        joined = store.arrow(few.inner_join(marked, "flow_id").select("flow_id", "mark").order_by("flow_id"))
        assert joined.to_pydict() == {"flow_id": [1, 3], "mark": ["a", ODD_TEXT]}, f"kept tables join to {joined}"
    try:
        store.arrow(few.select("flow_id"))
    except Exception:  # each engine has an error of its own for a table that is not there
        return
    raise AssertionError("rows stay in the engine after they were let go")


def _check_neighbours(make_store: Callable[[Path], Store], folder: Path, store: Store) -> None:
    """Another store on the same engine, opened and closed in between, changes nothing."""
    flow = store.table("flow").select("flow_id")
    stream = store.batches(flow, 1)
    next(stream)
    beside = folder.parent / f"{folder.name} [beside] it's"
    beside.mkdir(exist_ok=True)
    other = make_store(beside)
    assert len(other.arrow(other.table("flow"))) == 0, "a new workspace sees another's rows"
    other.close()
    assert sum(batch.num_rows for batch in stream) == len(FLOWS) - 1, "closing a workspace stopped another's stream"
    assert len(store.arrow(flow)) == len(FLOWS), "closing a workspace changed another's tables"


def same_rows(one: pa.Table, other: pa.Table, keys: Sequence[str], tolerance: float = 0.0) -> None:
    """Assert that two tables are equal, in any order of rows.

    Parameters
    ----------
    one, other : pyarrow.Table
    keys : sequence of str
        Columns that tell rows apart.
    tolerance : float
        How far floating-point numbers may be apart.

    Raises
    ------
    AssertionError
        With the column and the first rows that differ.
    """
    import numpy as np

    assert one.schema.equals(other.schema), f"columns differ:\n{one.schema}\n{other.schema}"
    order = [(key, "ascending") for key in keys]
    one, other = one.sort_by(order), other.sort_by(order)
    assert len(one) == len(other), f"{len(one)} rows, and {len(other)}"
    for name in one.column_names:
        left, right = one[name].combine_chunks(), other[name].combine_chunks()
        if tolerance and str(left.type) in ("double", "list<item: double>"):
            a, b = (np.asarray(c.flatten() if hasattr(c, "flatten") else c, dtype=float) for c in (left, right))
            assert a.shape == b.shape, f"{name}: {a.shape} numbers, and {b.shape}"
            far = np.flatnonzero(~(np.isclose(a, b, rtol=tolerance, atol=tolerance) | (np.isnan(a) & np.isnan(b))))
            assert not far.size, f"{name}: {far.size} differ, first {a[far[:3]]} and {b[far[:3]]}"
            continue
        assert left.equals(right), f"{name} differs: {_first_difference(left, right)}"


def _first_difference(left: Any, right: Any) -> str:
    pairs = zip(left.to_pylist(), right.to_pylist(), strict=True)
    return next((f"row {at}: {a!r} and {b!r}" for at, (a, b) in enumerate(pairs) if a != b), "types")
