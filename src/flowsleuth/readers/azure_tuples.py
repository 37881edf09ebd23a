"""Flow tuples of Azure's flow logs as columns, and the tuples of one flow added up.

A tuple says that a flow begins (B), goes on (C), ended (E) or was denied (D); C and E tell what was sent **since the
tuple before**, so the counters of a flow are the sums of its tuples. :class:`OpenFlows` keeps the flows that have not
ended, so that a flow may reach over records and blocks of a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import by_value, flat, mask_of, only
from flowsleuth.readers.delimited import read_delimited
from flowsleuth.readers.rows import BAD_ADDRESS, BAD_PORT, NEGATIVE, NO_ADDRESS, NO_TIME
from flowsleuth.readers.streams import Chunk
from flowsleuth.schema.addresses import HomeNetworks, canonical_addresses
from flowsleuth.schema.protocols import protocol_keyword

COUNTERS = ("src_packets", "src_bytes", "dst_packets", "dst_bytes")
_WORDS = pa.dictionary(pa.int32(), pa.string())
_FIVE = {"time": pa.int64(), "src_ip": _WORDS, "dst_ip": _WORDS, "src_port": pa.int64(), "dst_port": pa.int64()}
_COUNTED = dict.fromkeys(COUNTERS, pa.int64())
LAYOUTS: dict[str, dict[str, pa.DataType]] = {
    "nsg1": _FIVE | {"proto": _WORDS, "way": _WORDS, "verdict": _WORDS},
    "nsg2": _FIVE | {"proto": _WORDS, "way": _WORDS, "verdict": _WORDS, "state": _WORDS} | _COUNTED,
    "vnet": _FIVE | {"proto": _WORDS, "way": _WORDS, "state": _WORDS, "encryption": _WORDS} | _COUNTED,
}
"""Fields of a tuple, in order: NSG version 1, NSG version 2, virtual network version 4."""

BAD_STATE = "unknown flow state"
BAD_VERDICT = "neither allowed nor denied"
BAD_WAY = "neither inbound nor outbound"
MILLIS_FROM = 100_000_000_000
"""Times at least this large are milliseconds: as seconds they would lie behind the year 5138."""
LAST_US = 253_402_300_799_000_000
_PROTOCOLS = {"t": "tcp", "u": "udp"}
_WITH_PORTS = ("tcp", "udp", "sctp", "dccp", "udplite")

SCHEMA = pa.schema(
    [("first", pa.int64()), ("line", pa.int64()), ("count", pa.int64()), ("start", pa.int64()), ("last", pa.int64())]
    + [(name, pa.string()) for name in ("src_ip", "dst_ip")]
    + [(name, pa.int64()) for name in ("src_port", "dst_port")]
    + [(name, pa.string()) for name in ("proto", "way", "verdict", "states", "encryption", "numbers")]
    + [(name, pa.int64()) for name in COUNTERS]
    + [("group", pa.int64())]
)
"""Of what stands for one or more tuples of one flow; times are microseconds."""


@dataclass(frozen=True)
class BadTuple:
    """A tuple that is none: its index in what was given, the reason and the detail."""

    index: int
    reason: str
    detail: str | None


@dataclass
class Tuples:
    """Result of :func:`parse_tuples`: good tuples in the columns of ``SCHEMA``, and the bad ones."""

    table: pa.Table
    bad: list[BadTuple] = field(default_factory=list)


def parse_tuples(
    texts: list[str], layout: str, numbers: npt.NDArray[np.int64], given: pa.Table, home: HomeNetworks
) -> Tuples:
    """Read tuples of one layout.

    Parameters
    ----------
    texts : list of str
    layout : str
        A key of :data:`LAYOUTS`.
    numbers : array of int64
        Number of each tuple in the file.
    given : pyarrow.Table
        ``line`` and ``group`` of each tuple.
    home : HomeNetworks
    """
    types = LAYOUTS[layout]
    joined = "\n".join(texts)
    if joined.count("\n") != len(texts) - 1:
        joined = "\n".join(text.replace("\n", "\\n") for text in texts)
    chunk = Chunk(joined.encode("utf-8", "backslashreplace") + b"\n", 0, 0, False)
    blank = np.array([not text.strip() for text in texts], dtype=bool) if "\n\n" in f"\n{joined}\n" else None
    parsed = read_delimited(chunk, list(types), types, quote=None, skip=blank)
    bad = [BadTuple(reject.source_row, reject.reason, reject.detail) for reject in parsed.rejects]
    if blank is not None:
        bad += [BadTuple(int(at), "wrong number of fields", "empty") for at in np.flatnonzero(blank)]
    fields = {name: flat(parsed.table[name]) for name in types}
    columns, faults = _columns(fields, home)
    keep = np.ones(len(parsed.lines), dtype=bool)
    keep[list(faults)] = False
    bad += [BadTuple(int(parsed.lines[at]), *why) for at, why in faults.items()]
    rows = pa.array(parsed.lines[keep])
    kept = {name: column.filter(pa.array(keep)) for name, column in columns.items()}
    kept |= {name: flat(given[name]).take(rows) for name in ("line", "group")}
    first = pa.array(numbers[parsed.lines[keep]])
    kept |= {"first": first, "numbers": first.cast(pa.string()), "count": pa.array(np.ones(len(first), np.int64))}
    table = pa.table([kept[name].cast(kind) for name, kind in zip(SCHEMA.names, SCHEMA.types, strict=True)], SCHEMA)
    return Tuples(table, bad)


Group = tuple[str, str, str | None]
Faults = dict[int, tuple[str, str | None]]


def _columns(fields: dict[str, pa.Array], home: HomeNetworks) -> tuple[dict[str, pa.Array], Faults]:
    """Our columns of typed fields, and the rows with a value that cannot be."""
    size = len(fields["time"])
    faults: Faults = {}
    time = fields["time"]
    micros = pc.multiply(pc.if_else(pc.less(time, MILLIS_FROM), pc.multiply(time, 1_000), time), 1_000)
    _mark(faults, pc.is_null(time), NO_TIME, "time", time)
    _mark(faults, pc.or_(pc.less_equal(time, 0), pc.greater(micros, LAST_US)), "not a time", "time", time)
    columns: dict[str, Any] = {"start": micros, "last": micros}
    for name in ("src_ip", "dst_ip"):
        found = canonical_addresses(fields[name], home)
        columns[name] = flat(found.text)
        _mark(faults, pc.is_null(fields[name]), NO_ADDRESS, name, fields[name])
        _mark(faults, pa.array(found.is_bad), BAD_ADDRESS, name, fields[name])
    columns["proto"] = by_value(fields["proto"], _protocol, pa.string())
    has_ports = pc.fill_null(by_value(columns["proto"], lambda word: word in _WITH_PORTS, pa.bool_()), True)
    for name in ("src_port", "dst_port"):
        port = fields[name]
        _mark(faults, pc.or_(pc.less(port, 0), pc.greater(port, 65_535)), BAD_PORT, name, port)
        columns[name] = only(has_ports, port)
    way = by_value(fields["way"], lambda word: word.strip().upper() or None, pa.string())
    _mark(faults, pc.invert(pc.is_in(way, value_set=pa.array(["I", "O"]))), BAD_WAY, "direction", way)
    state = _state(fields, faults, size)
    if "verdict" in fields:
        verdict = by_value(fields["verdict"], lambda word: word.strip().upper() or None, pa.string())
        _mark(faults, pc.invert(pc.is_in(verdict, value_set=pa.array(["A", "D"]))), BAD_VERDICT, "decision", verdict)
    else:
        verdict = pc.if_else(pc.equal(state, "D"), "D", "A")
    columns |= {"way": way, "verdict": verdict, "states": state}
    columns["encryption"] = fields["encryption"] if "encryption" in fields else pa.nulls(size, pa.string())
    tells = pc.is_in(state, value_set=pa.array(["C", "E"]))
    for name in COUNTERS:
        counter = fields[name] if name in fields else pa.nulls(size, pa.int64())
        _mark(faults, pc.less(counter, 0), NEGATIVE, name, counter)
        columns[name] = only(pc.or_(tells, pc.fill_null(pc.greater(counter, 0), False)), counter)
    return columns, faults


def _protocol(word: str) -> str | None:
    text = word.strip().lower()
    return _PROTOCOLS.get(text) or protocol_keyword(text) or None


def _state(fields: dict[str, pa.Array], faults: Faults, size: int) -> pa.Array:
    """B, C, E or D; ``-`` where the version has no states."""
    if "state" not in fields:
        return pa.array(["-"] * size, pa.string())
    state = by_value(fields["state"], lambda word: word.strip().upper() or None, pa.string())
    _mark(faults, pc.invert(pc.is_in(state, value_set=pa.array(["B", "C", "E", "D"]))), BAD_STATE, "state", state)
    return state


def _mark(faults: Faults, condition: pa.Array, reason: str, name: str, values: pa.Array) -> None:
    """Note the rows where a condition holds; the first fault of a row counts."""
    for at in np.flatnonzero(mask_of(flat(condition))).tolist():
        faults.setdefault(at, (reason, f"{name}={values[at].as_py()}"[:200]))


class OpenFlows:
    """The flows of one file that have begun and not ended, and who logged them.

    Attributes
    ----------
    table : pyarrow.Table
        The open flows, in the columns of ``SCHEMA``.
    groups : list of (str, str, str or None)
        By ``group``: the place that logged it (flows of two places are two flows), its JSON for ``extra``, the sensor.
    """

    def __init__(self) -> None:
        self.table = SCHEMA.empty_table()
        self.groups: list[Group] = []
        self._numbers: dict[Group, int] = {}

    def number(self, group: Group) -> int:
        """The number of a group; a new one gets the next."""
        found = self._numbers.setdefault(group, len(self.groups))
        if found == len(self.groups):
            self.groups.append(group)
        return found

    def add(self, tuples: pa.Table) -> pa.Table:
        """Take further tuples, in the order of the file; gives back the flows that are complete, as they ended."""
        if not len(tuples):
            return tuples
        is_met = self._may_go_on(tuples)
        untouched = self.table.filter(pc.invert(is_met))
        both = pa.concat_tables([self.table.filter(is_met), tuples]).combine_chunks()
        places = {place: number for number, place in enumerate(dict.fromkeys(place for place, *_ in self.groups))}
        of_group = np.array([places[place] for place, *_ in self.groups], dtype=np.int64)
        codes = _flow_codes(both, of_group[flat(both["group"]).to_numpy()])
        order = np.argsort(codes, kind="stable")
        both = both.take(pa.array(order))
        done, still = self._close(both, codes[order])
        self.table = pa.concat_tables([untouched, still]).combine_chunks()
        return done

    def _may_go_on(self, tuples: pa.Table) -> pa.Array:
        """Which open flows some of the tuples may be of, by ports and addresses; the others need not be touched."""
        is_met = pa.array(np.isin(_ports(self.table), _ports(tuples)))
        for name in ("src_ip", "dst_ip"):
            is_met = pc.and_(is_met, pc.is_in(flat(self.table[name]), value_set=flat(pc.unique(tuples[name]))))
        return is_met

    def rest(self) -> pa.Table:
        """The flows that have not ended, in the order in which they began."""
        return self.table.sort_by("first")

    @staticmethod
    def _close(parts: pa.Table, codes: npt.NDArray[np.int64]) -> tuple[pa.Table, pa.Table]:
        """Add up the parts of flows (sorted by flow, then as in the file): those that ended, and the others."""
        begin = pc.utf8_slice_codeunits(parts["states"], 0, 1)
        begins = mask_of(flat(pc.is_in(begin, value_set=pa.array(["B", "D", "-"]))))
        end = pc.utf8_slice_codeunits(parts["states"], -1)
        ends = mask_of(
            flat(pc.or_(pc.is_in(end, value_set=pa.array(["E", "D", "-"])), pc.equal(parts["verdict"], "D")))
        )
        other = np.concatenate([[True], codes[1:] != codes[:-1]])
        starts = np.flatnonzero(other | begins | np.concatenate([[False], ends[:-1]]))
        lasts = np.concatenate([starts[1:], [len(parts)]]) - 1
        flows = _added(parts, starts, lasts)
        following = np.minimum(lasts + 1, len(parts) - 1)
        is_followed = (lasts + 1 < len(parts)) & ~other[following]
        is_closed = ends[lasts] | is_followed
        numbers = flat(parts["first"]).to_numpy()
        closed_at = np.where(ends[lasts], numbers[lasts], numbers[following])
        first = flat(flows["first"]).to_numpy()
        at = np.flatnonzero(is_closed)
        done = flows.take(pa.array(at[np.lexsort((first[at], closed_at[at]))]))
        return done, flows.filter(pa.array(~is_closed))


def _ports(flows: pa.Table) -> npt.NDArray[np.int64]:
    """Both ports as one number; flows that differ in it are different."""
    src, dst = (flat(flows[name].fill_null(-1)).to_numpy() for name in ("src_port", "dst_port"))
    found: npt.NDArray[np.int64] = src * 65_537 + dst
    return found


def _flow_codes(parts: pa.Table, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """A number for each flow: place, way, addresses, ports and protocol."""
    codes = places
    for name in ("src_ip", "dst_ip", "src_port", "dst_port", "proto", "way"):
        encoded = flat(parts[name]).dictionary_encode(null_encoding="encode")
        inner = encoded.indices.to_numpy().astype(np.int64)
        combined = pa.array(codes * (len(encoded.dictionary) + 1) + inner)
        codes = combined.dictionary_encode().indices.to_numpy().astype(np.int64)
    return codes


def _added(parts: pa.Table, starts: npt.NDArray[np.int64], lasts: npt.NDArray[np.int64]) -> pa.Table:
    """One row for each run of parts."""
    firsts, ends = pa.array(starts), pa.array(lasts)
    offsets = pa.array(np.append(starts, len(parts)).astype(np.int32))
    columns: dict[str, Any] = {name: flat(parts[name]).take(firsts) for name in SCHEMA.names}
    columns["last"] = flat(parts["last"]).take(ends)
    columns["encryption"] = flat(parts["encryption"]).take(ends)
    columns["count"] = pa.array(np.add.reduceat(flat(parts["count"]).to_numpy(), starts))
    for name, between in (("states", ""), ("numbers", ",")):
        columns[name] = pc.binary_join(pa.ListArray.from_arrays(offsets, flat(parts[name])), between)
    for name in COUNTERS:
        counter = flat(parts[name])
        known = np.add.reduceat(counter.is_valid().to_numpy(zero_copy_only=False).astype(np.int64), starts)
        total = np.add.reduceat(counter.fill_null(0).to_numpy(), starts)
        columns[name] = pa.array(total, mask=known == 0)
    return pa.table([columns[name] for name in SCHEMA.names], SCHEMA)
