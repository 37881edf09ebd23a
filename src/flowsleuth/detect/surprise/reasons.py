"""The reason of a suspicious flow, in words and numbers: written from its evidence and its own columns alone.

Every sentence states counts of the day (or of the earlier days, when it says so) or a share that the model gives; the
strongest parts come first, what ratings taught comes last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect import wording
from flowsleuth.detect.scored_rows import evidence_matrix, numbers
from flowsleuth.detect.surprise.day_model import FACTS, PARTS
from flowsleuth.detect.surprise.sizes import IN, KINDS, OUT, OWN, SERVICE
from flowsleuth.detect.surprise.taught_edges import SHARED, TAUGHT, VERDICTS

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

MIN_NATS = 0.7
"""A part below is likelier than even: not worth a word."""
MIN_BELOW = 0.5
"""A size that is not above half of its like is left unsaid."""
DOING = (
    ("asking for ", "being asked for ", "asking in vain for ", "being asked in vain for "),
    ("being reached from ", "reaching others from ", "being reached in vain from ", "reaching others in vain from "),
)
"""By the facts ``owner`` and ``service_end``."""
MOST_PARTS = 4
"""Sentences that a reader takes in."""


def write_reasons(rows: pa.Table) -> pa.Array:
    """One text per row.

    Parameters
    ----------
    rows : pyarrow.Table
        The flow's columns and ``evidence``.

    Returns
    -------
    pyarrow.Array of string
    """
    import pyarrow as pa

    if not len(rows):
        return pa.array([], type=pa.string())
    evidence = evidence_matrix(rows["evidence"], len(PARTS) + len(FACTS) + len(TAUGHT))
    writer = _Writer(rows, evidence)
    nats = evidence[:, : len(PARTS)].copy()
    nats[writer.facts["size_below"] < MIN_BELOW, PARTS.index("size")] = 0.0
    order = np.argsort(-nats, axis=1, kind="stable")[:, :MOST_PARTS]
    is_said = np.take_along_axis(nats, order, axis=1) >= MIN_NATS
    is_said[:, 0] = True
    said = np.full(order.shape, None, dtype=object)
    for number, part in enumerate(PARTS):
        at, rank = np.nonzero((order == number) & is_said)
        if at.size:
            said[at, rank] = getattr(writer, part)(at).to_numpy(zero_copy_only=False)
    said[nats.max(axis=1) < MIN_NATS, 0] = None
    nothing = np.flatnonzero(nats.max(axis=1) < MIN_NATS)
    if nothing.size:
        said[nothing, 0] = wording.join("nothing stands out; ", writer.port(nothing)).to_numpy(zero_copy_only=False)
    columns = [pa.array(column, type=pa.string()) for column in said.T]
    return wording.join(*columns, writer.taught(), separator="; ")


class _Writer:
    """Sentences for given rows, one method per part of the surprise."""

    def __init__(self, rows: pa.Table, evidence: Floats) -> None:
        self.rows = rows
        self.nats = dict(zip(PARTS, evidence.T[: len(PARTS)], strict=True))
        names = (*FACTS, *TAUGHT)
        self.facts = dict(zip(names, evidence.T[len(PARTS) :], strict=True))
        is_src_owner = self.facts["owner"] > 0
        port = np.where(is_src_owner, numbers(rows["src_port"]), numbers(rows["dst_port"]))
        types, codes = numbers(rows["icmp_type"]), numbers(rows["icmp_code"])
        self.what = wording.services(rows["proto"].combine_chunks(), port, types, codes)
        self.has_port = ~np.isnan(port) & np.isnan(types)
        self.nothing = np.full(port.size, np.nan)
        self.port_of_service = np.where(self.has_port, port, np.nan)
        self.src, self.dst = rows["src_ip"].combine_chunks(), rows["dst_ip"].combine_chunks()
        self.client = _choose(is_src_owner, self.dst, self.src)
        self.server = _choose(is_src_owner, self.src, self.dst)

    def _at(self, column: pa.Array, at: Places) -> pa.Array:
        import pyarrow as pa

        return column.take(pa.array(at))

    def _number(self, name: str, at: Places) -> pa.Array:
        return wording.each(self.facts[name][at], wording.count)

    def _share(self, part: str, at: Places) -> pa.Array:
        return wording.each(np.exp(-self.nats[part][at]), wording.share)

    def service(self, at: Places) -> pa.Array:
        """A host of this kind doing this at all."""
        end = self.facts["service_end"][at]
        at_server = end % 2 == 1
        who = _choose(at_server, self._at(self.server, at), self._at(self.client, at))
        doing = wording.each(end + 4 * self.facts["owner"][at], lambda which: DOING[int(which) // 4][int(which) % 4])
        return wording.join(
            self._share("service", at),
            " of what is expected of ",
            who,
            " is as unusual as ",
            doing,
            self._at(self.what, at),
        )

    def port(self, at: Places) -> pa.Array:
        """How rare the service is."""
        clients = wording.each(self.facts["port_hosts"][at], _clients)
        word = wording.each(self.has_port[at], lambda has_port: "port " if has_port else "")
        return wording.join(
            word, self._at(self.what, at), " in ", self._number("port_flows", at), " of ",
            self._number("day_flows", at), " flows, by ", clients,
        )  # fmt: skip

    def peer(self, at: Places) -> pa.Array:
        """How few talk to the destination."""
        hosts = wording.each(self.facts["peer_hosts"][at], _hosts)
        return wording.join(self._at(self.dst, at), " was talked to by ", hosts)

    def outcome(self, at: Places) -> pa.Array:
        """A failure where success is usual."""
        expected = wording.each(1.0 - np.exp(-self.nats["outcome"][at]), wording.share_below)
        return wording.join("no answer, where ", expected, " of such attempts are expected to get one")

    def sweep(self, at: Places) -> pa.Array:
        """How wide the vain attempts go."""
        peers, ports, tries = (self.facts[f"failed_{what}"][at] for what in ("peers", "ports", "tries"))
        src, dst, what = self._at(self.src, at), self._at(self.dst, at), self._at(self.what, at)
        way = wording.each(
            self.facts["owner"][at], lambda owner: " got no answer, from its " if owner else " got no answer on "
        )
        wide = wording.join(src, way, what, " from ", wording.each(peers, _addresses))
        deep = wording.join(src, " got no answer from ", dst, " on ", wording.each(ports, _services))
        often = wording.join(src, " got no answer from ", dst, " on ", what, " in ", wording.each(tries, _flows))
        return _choose((peers >= ports) & (peers >= tries), wide, _choose(ports >= tries, deep, often))

    def new(self, at: Places) -> pa.Array:
        """A first contact, or a first use."""
        days = wording.each(self.facts["days_before"][at], _days)
        src, dst = self._at(self.src, at), self._at(self.dst, at)
        pair = wording.join(src, " and ", dst, " did not meet on ", days, " before")
        use = wording.join(self._at(self.client, at), " never used ", self._at(self.what, at), " on ", days, " before")
        return _choose(self.facts["flows_before"][at] == 0, use, pair)

    def size(self, at: Places) -> pa.Array:
        """What is large, and compared with what."""
        kind = self.facts["size_kind"][at].astype(np.int64)
        measure, against = kind % KINDS, kind // KINDS
        out = wording.join(wording.each(numbers(self.rows["src_bytes"])[at], _size), " out is ")
        into = wording.join(wording.each(numbers(self.rows["dst_bytes"])[at], _size), " in is ")
        time = wording.join(wording.each(numbers(self.rows["duration_s"])[at], wording.duration), " of duration is ")
        value = _choose(measure == OUT, out, _choose(measure == IN, into, time))
        below = wording.each(self.facts["size_below"][at], wording.share_below)
        own = wording.join("above ", below, " of ", self._at(self.src, at), "'s uploads")
        like = wording.join("above every flow of ", below, " of the pairs talking on ", self._at(self.what, at))
        everywhere = wording.join("above every flow of ", below, " of all pairs")
        return wording.join(value, _choose(against == OWN, own, _choose(against == SERVICE, like, everywhere)))

    def taught(self) -> pa.Array:
        """How many of the rated suspects that share something were rated which way; null where nothing was taught."""
        import pyarrow as pa

        nats = self.facts["taught"]
        said = np.full(nats.size, None, dtype=object)
        for shared, names in enumerate(SHARED):
            at = np.flatnonzero((self.facts["taught_by"] == shared) & (nats != 0.0))
            if at.size:
                said[at] = self._taught_by(names, at).to_numpy(zero_copy_only=False)
        return pa.array(said, type=pa.string())

    def _taught_by(self, names: tuple[str, ...], at: Places) -> pa.Array:
        # ratings know of a protocol and a port, not of an ICMP type
        service = wording.services(
            self.rows["proto"].combine_chunks(), self.port_of_service, self.nothing, self.nothing
        )
        ends = {"src": (" from ", self.src), "dst": (" to ", self.dst), "service": (" on ", service)}
        if names == ("name",):
            ends["name"] = (" for ", self.rows["server_name"].combine_chunks())
        shared = [piece for name in names for piece in (ends[name][0], self._at(ends[name][1], at))]
        alike, of = self.facts["taught_alike"][at], self.facts["taught_of"][at]
        were = wording.each(alike, lambda number: " was " if number == 1 else " were ")
        verdict = wording.each(self.facts["taught_as"][at], lambda place: VERDICTS[int(place)])
        nats = wording.each(self.facts["taught"][at], lambda value: f"{value:+.1f} nats")
        suspects = wording.each(of, lambda number: _plural(number, "rated suspect", "rated suspects"))
        return wording.join(wording.each(alike, wording.count), " of ", suspects, *shared, were, verdict, ": ", nats)

    def hour(self, at: Places) -> pa.Array:
        """An hour at which the source is usually quiet."""
        start = np.asarray(self.rows["start"].cast("int64").combine_chunks())[at] // 60_000_000 % 1440
        clock = wording.each(start, lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")
        return wording.join(
            self._at(self.src, at), " is usually quiet at ", clock, " UTC (",
            self._share("hour", at), " of its average hour)",
        )  # fmt: skip


def _choose(condition: Any, yes: pa.Array, no: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    mask = (
        condition if isinstance(condition, (pa.Array, pa.ChunkedArray)) else pa.array(np.asarray(condition, dtype=bool))
    )
    return pc.if_else(mask, yes, no)


def _plural(number: float, one: str, many: str) -> str:
    return f"{int(number):,} {one if number == 1 else many}"


def _hosts(number: float) -> str:
    return _plural(number, "host", "hosts")


def _clients(number: float) -> str:
    return _plural(number, "client", "clients")


def _addresses(number: float) -> str:
    return _plural(number, "address", "addresses")


def _services(number: float) -> str:
    return _plural(number, "service", "services")


def _flows(number: float) -> str:
    return _plural(number, "flow", "flows")


def _days(number: float) -> str:
    return "the day" if number == 1 else f"the {int(number)} days"


def _size(value: float) -> str:
    return "" if np.isnan(value) else wording.size(value)
