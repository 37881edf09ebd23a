"""What gives a program away that nobody else uses: TLS fingerprint, user agent, the server's certificate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.unfamiliar_words import say_unfamiliar, unfamiliar_evidence
from flowsleuth.detect.days.flow_codes import SPAN
from flowsleuth.detect.days.meetings import in_earnest
from flowsleuth.detect.days.network_day import NetworkDay, count_hours
from flowsleuth.detect.days.pair_times import as_ints
from flowsleuth.detect.dense_codes import TextCodes, only_value, pack, places_in
from flowsleuth.detect.findings import KEPT_P, NONE, Extent, no_findings, tell
from flowsleuth.detect.kernels.familiarity import Met, judge_met
from flowsleuth.detect.kernels.p_values import least_of
from flowsleuth.detect.wording import each, join
from flowsleuth.store.portable import bits_or, hour_of_day

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]

TCP = 6
SHOWN = 80
"""Characters of a mark that a reason shows."""
SELF_SIGNED = "self-signed"


@dataclass(frozen=True)
class Mark:
    """A kind of mark.

    Attributes
    ----------
    name : str
        Of its counts.
    table : str
        Where it stands.
    words : str
        What it is.
    technique : str
        ATT&CK.
    of : callable
        Its text, of a row of the table; null where there is none.
    family : callable
        What each text belongs to.
    """

    name: str
    table: str
    words: str
    technique: str
    of: Callable[[ir.Table], ir.Value]
    family: Callable[[pa.Array], pa.Array]


def _fingerprint(tls: ir.Table) -> ir.Value:
    return tls.ja4.nullif("").coalesce(tls.ja3.nullif(""))


def _issuer(tls: ir.Table) -> ir.Value:
    import ibis

    named = tls.issuer.nullif("")
    return ibis.ifelse(tls.subject == tls.issuer, ibis.literal(f"{SELF_SIGNED} ") + named, named)


def _itself(texts: pa.Array) -> pa.Array:
    return texts


def _without_numbers(texts: pa.Array) -> pa.Array:
    """The same program in any version."""
    import pyarrow.compute as pc

    return pc.replace_substring_regex(texts, pattern=r"\d+", replacement="0")


def _signer(texts: pa.Array) -> pa.Array:
    """All that signed themselves are one family."""
    import pyarrow.compute as pc

    return pc.if_else(pc.starts_with(texts, f"{SELF_SIGNED} "), SELF_SIGNED, texts)


MARKS = (
    Mark("tls_clients", "tls", "TLS client", "T1071.001", _fingerprint, _itself),
    Mark("tls_issuers", "tls", "certificate by", "T1573", _issuer, _signer),
    Mark("user_agents", "http", "user agent", "T1071.001", lambda http: http.user_agent.nullif(""), _without_numbers),
)


def _count_marks(mark: Mark) -> Callable[[ir.Table], ir.Table]:
    """Counts of a day: source, destination, port and mark, with uses, hours and times."""

    def build(rows: ir.Table) -> ir.Table:
        import ibis

        hour = hour_of_day(rows.start).cast("float64")
        marked = rows.mutate(mark=mark.of(rows), hour_bit=(ibis.literal(2.0) ** hour).cast("int64"))
        marked = marked.filter(marked.mark.notnull())
        return marked.group_by("src_ip", "dst_ip", "dst_port", "mark").aggregate(
            uses=lambda t: t.count(),
            first=lambda t: t.start.min(),
            last=lambda t: t.start.max(),
            hours=lambda t: bits_or(t.hour_bit),
        )

    return build


def find_marks(day: NetworkDay, mark: Mark, dates: list[dt.date]) -> pa.Table:
    """Findings of hosts of ours with a mark that hardly anybody has."""
    import pyarrow as pa

    today = _DayMarks(day, mark)
    if not len(today.rows):
        return no_findings()
    earlier = [((day.date - date).days, _DayMarks(NetworkDay(day.input, date), mark).met) for date in dates]
    judged = judge_met(today.met, today.use, earlier)
    best, tested = today.best_of_ends(judged.p_value)
    p_value = least_of(judged.p_value[best], tested)
    kept = p_value <= KEPT_P
    best, p_value, tested = best[kept], p_value[kept], tested[kept]
    extent = today.extent(best)
    texts = today.texts.texts.take(pa.array(today.code[best]))
    return tell(
        day,
        src=today.client[best],
        dst=today.server[best],
        service=np.where(today.port[best] >= 0, TCP * SPAN + today.port[best], NONE),
        p_value=p_value,
        technique=mark.technique,
        extent=extent,
        reason=join(
            f"{mark.words} ",
            _shown(texts),
            ": ",
            say_unfamiliar(judged, best, len(dates), hours=today.hours[best], uses=extent.flows, unit="uses"),
            each(tested, lambda n: f"; the oddest of {n}" if n > 1 else ""),
        ),
        evidence=unfamiliar_evidence(judged, best) | {"mark": np.array(texts.to_pylist(), dtype=object)},
    )


def _shown(texts: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    short = pc.utf8_slice_codeunits(texts, 0, SHOWN)
    return pc.if_else(pc.equal(short, texts), texts, join(short, "…"))


class _DayMarks:
    """Marks of one kind of a day, by (client, mark)."""

    def __init__(self, day: NetworkDay, mark: Mark) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        counts = day.input.counts(mark.name, _count_marks(mark), [day.date], table=mark.table)
        found = day.input.arrow(counts.drop("date"))
        client = day.addresses.of(found["src_ip"])
        self.rows = found.filter(pa.array(np.append(day.is_ours, False)[client]))
        self.texts = TextCodes.distinct(self.rows["mark"])
        client, code = day.addresses.of(self.rows["src_ip"]), self.texts.of(self.rows["mark"])
        _, at, of = np.unique(client * max(len(self.texts), 1) + code, return_index=True, return_inverse=True)
        self._of = of.reshape(-1)
        self.client, self.code = client[at], code[at]
        family = TextCodes(pc.unique(mark.family(self.texts.texts)))
        family_of = family.hashes()[family.of(mark.family(self.texts.texts))]
        self.met = Met(day.addresses.hashes()[self.client], self.texts.hashes()[self.code], family_of[self.code])
        self.hours = count_hours(as_ints(self.rows["hours"]), self._of, at.size)
        self.server = only_value(day.addresses.of(self.rows["dst_ip"]), self._of, at.size)
        ports = as_ints(self.rows["dst_port"].fill_null(NONE))
        self.port = only_value(ports, self._of, at.size)
        uses = np.bincount(self._of, weights=as_ints(self.rows["uses"]), minlength=at.size)
        self.use = in_earnest(self.hours, uses)

    def best_of_ends(self, p_value: Floats) -> tuple[Ints, Ints]:
        """The oddest mark of each client towards the same end (or several), and how many it has there."""
        ends = pack(self.client, self.server, self.port)
        _, of, tested = np.unique(ends, return_inverse=True, return_counts=True)
        order = np.lexsort((self.code, p_value, of))
        best = order[np.unique(of[order], return_index=True)[1]]
        return best, tested

    def extent(self, wanted: Ints) -> Extent:
        """Uses of some, as flows; how many bytes they have is not told."""
        uses, first, last = (as_ints(self.rows[name]) for name in ("uses", "first", "last"))
        untold = np.full(uses.size, np.nan)
        of = places_in(wanted, self.client.size)[self._of]
        return Extent.of_groups(Extent(uses, first, last, untold, untold), of, wanted.size)
