"""The names that hosts asked for on a day, by source and registered domain, and how much new is in them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.contract import DayInput
from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.pair_times import as_ints
from flowsleuth.detect.dense_codes import TextCodes, distinct, in_runs
from flowsleuth.detect.kernels.label_bits import label_bits, learn, pair_codes

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOCAL_PORTS = (137, 5353, 5355)
"""NetBIOS, multicast DNS and LLMNR: names of the neighbourhood, asked of everybody (RFC 1002, 6762, 4795)."""
USUAL_TYPES = ("A", "AAAA", "PTR", "HTTPS", "SVCB", "SRV", "NS", "SOA")
"""What systems and browsers ask without anybody's doing; tunnels like TXT, NULL, CNAME, MX, KEY for their room."""
LOCAL_ENDS = r"(^|\.)(arpa|local|localdomain|lan|home|internal|intranet|corp|test|invalid|alt)$"


def count_queries(day: DayInput, date: dt.date) -> ir.Table:
    """A day's ``src_ip``, ``query`` (lower case), ``asked``, ``odd``, ``refused``, ``found``, ``first``, ``last``.

    Rows of ``dns`` that asked; of an unusual type; to which there is no such name; that were answered; when.
    """

    def build(rows: ir.Table) -> ir.Table:
        wide = rows.filter(
            rows.query.notnull() & rows.src_ip.notnull() & ~rows.dst_port.isin(LOCAL_PORTS).fill_null(False)
        )
        named = wide.mutate(
            query=wide.query.lower(),
            is_odd=(~wide.qtype.isin(USUAL_TYPES)).fill_null(False).cast("int64"),
            is_refused=(wide.rcode == "NXDOMAIN").fill_null(False).cast("int64"),
            is_found=(wide.rcode == "NOERROR").fill_null(False).cast("int64"),
        )
        return named.group_by("src_ip", "query").aggregate(
            asked=lambda t: t.count(),
            odd=lambda t: t.is_odd.sum(),
            refused=lambda t: t.is_refused.sum(),
            found=lambda t: t.is_found.sum(),
            first=lambda t: t.start.min(),
            last=lambda t: t.start.max(),
        )

    return day.counts("queries", build, [date], "dns").drop("date")


@dataclass(frozen=True)
class Model:
    """Bits of pairs of characters, see :mod:`.kernels.label_bits`; `usual` is what a character takes on average."""

    bits: Floats
    usual: float


class QueriedNames:
    """What the hosts of a day asked for.

    Names of the neighbourhood, single labels and the reverse names of addresses are left out.

    Parameters
    ----------
    rows : pyarrow.Table
        Of :func:`count_queries`.
    """

    def __init__(self, rows: pa.Table) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        from flowsleuth.extract.registered_domains import registered_domains

        names = pc.unique(rows["query"].cast(pa.string()))
        plain = pc.utf8_rtrim(names, characters=".")
        is_wide = pc.and_(pc.match_substring(plain, "."), pc.invert(pc.match_substring_regex(plain, LOCAL_ENDS)))
        domain = pc.if_else(is_wide, registered_domains(plain), None)
        self.domains = TextCodes.distinct(pa.chunked_array([domain]))
        self._names = plain
        self._domain_of_name = self.domains.of(domain)
        name = TextCodes(names).of(rows["query"])
        keep = np.flatnonzero(self._domain_of_name[name] >= 0)
        rows = rows.take(pa.array(keep))
        self.name = name[keep]
        self.domain = self._domain_of_name[self.name]
        self.sources = TextCodes.distinct(rows["src_ip"])
        self.source = self.sources.of(rows["src_ip"])
        self.asked, self.odd, self.refused, self.found = (
            as_ints(rows[one]) for one in ("asked", "odd", "refused", "found")
        )
        self.first_us, self.last_us = (as_ints(rows[one]) for one in ("first", "last"))

    def __len__(self) -> int:
        return int(self.name.size)

    @cached_property
    def by_pair(self) -> Groups:
        """Rows of the same source and domain: keys are ``source * n_domains + domain``."""
        return Groups.by(self.source * max(len(self.domains), 1) + self.domain)

    @cached_property
    def labels(self) -> Labels:
        """The labels of the day's names below their domains."""
        return Labels.of(self._names, self._domain_of_name, self.domains)

    @cached_property
    def domain_bits(self) -> tuple[Floats, Floats, float]:
        """Bits and characters of each domain's own label, by a model of those that exist, and its mean bits of one.

        A domain exists where anybody was answered; where nobody tells answers, all are taken to.
        """
        import pyarrow.compute as pc

        text, offsets = _text(pc.replace_substring_regex(self.domains.texts, r"\..*$", ""))
        pairs = pair_codes(text, offsets)
        length = np.diff(offsets).astype(np.float64)
        is_found = np.bincount(self.domain, weights=self.found, minlength=length.size) > 0
        weight = is_found.astype(np.float64) if is_found.any() else np.ones(length.size)
        bits = label_bits(pairs, offsets, learn(pairs, np.repeat(weight, np.diff(offsets))))
        total = float((weight * length).sum())
        return bits, length, float((weight * bits).sum()) / total if total else 0.0

    def new_in(self, model: Model) -> New:
        """What each pair's distinct labels below the domain hold: see :class:`New`."""
        labels = self.labels
        starts = labels.offsets[self.name]
        size = labels.offsets[self.name + 1] - starts
        row, at = in_runs(starts, size)
        wide = max(len(labels.texts), 1)
        key = distinct(self.by_pair.of[row].astype(np.int64) * wide + labels.label[at])
        pair, label = key // wide, key % wide
        n = self.by_pair.keys.size
        found = [
            np.bincount(pair, weights=one[label], minlength=n).astype(np.float64)
            for one in (labels.bits(model), labels.lengths)
        ]
        return New(found[0] / 8.0, found[1], np.bincount(pair, minlength=n))


@dataclass(frozen=True)
class New:
    """What is in the distinct labels of a source below a domain; arrays of shape (n_pairs,).

    Attributes
    ----------
    size : array of float64
        Bytes that they hold, by how unlike the labels of other domains they are.
    characters : array of float64
    labels : array of int64
    """

    size: Floats
    characters: Floats
    labels: Ints


@dataclass(frozen=True)
class Labels:
    """Labels of names below their registered domains.

    Attributes
    ----------
    texts : pyarrow.Array of string
        The distinct ones.
    label : array of int64
        Those of each name, one name after another.
    offsets : array of int64, shape (n_names + 1,)
    domain : array of int64
        Domain of each of `label`.
    """

    texts: Any
    label: Ints
    offsets: Ints
    domain: Ints

    @classmethod
    def of(cls, names: pa.Array, domain: Ints, domains: TextCodes) -> Labels:
        """Split names; one without a domain (-1) has none."""
        import pyarrow.compute as pc

        dots = pc.count_substring(domains.texts, ".").to_numpy(zero_copy_only=False).astype(np.int64)
        lists = pc.split_pattern(names, ".")
        length = pc.list_value_length(lists).to_numpy(zero_copy_only=False).astype(np.int64)
        below = np.where(domain >= 0, length - np.append(dots, 0)[domain] - 1, 0)
        flat = pc.list_flatten(lists)
        name, place = in_runs(np.zeros(length.size, dtype=np.int64), length)
        keep = np.flatnonzero(place < below[name])
        coded = flat.take(keep).dictionary_encode()
        offsets = np.append(0, np.cumsum(np.maximum(below, 0)))
        return cls(coded.dictionary, coded.indices.to_numpy().astype(np.int64), offsets, domain[name[keep]])

    @cached_property
    def _pairs(self) -> tuple[Ints, Ints]:
        text, offsets = _text(self.texts)
        return pair_codes(text, offsets), offsets

    @property
    def lengths(self) -> Floats:
        """Characters of each distinct label."""
        return np.diff(self._pairs[1]).astype(np.float64)

    def bits(self, model: Model) -> Floats:
        """Bits of each distinct label."""
        pairs, offsets = self._pairs
        return label_bits(pairs, offsets, model.bits)

    @cached_property
    def model(self) -> Model:
        """What labels are usual: each domain has one vote, spread over its distinct labels."""
        wide = max(len(self.texts), 1)
        key = distinct(self.domain * wide + self.label)
        domain, label = key // wide, key % wide
        votes = 1.0 / np.bincount(domain)[domain]
        weight = np.bincount(label, weights=votes, minlength=len(self.texts)).astype(np.float64)
        pairs, offsets = self._pairs
        of = np.repeat(np.arange(len(self.texts)), np.diff(offsets))
        bits = learn(pairs, weight[of])
        each = label_bits(pairs, offsets, bits)
        total = float((weight * self.lengths).sum())
        return Model(bits, float((weight * each).sum()) / total if total else 0.0)


def _text(texts: pa.Array) -> tuple[NDArray[np.uint8], Ints]:
    """Bytes of an array of text, and where each begins."""
    import pyarrow as pa

    whole = pa.concat_arrays([texts.cast(pa.large_string())])
    _, offsets, data = whole.buffers()
    if not len(whole) or data is None:
        return np.zeros(0, dtype=np.uint8), np.zeros(len(whole) + 1, dtype=np.int64)
    places = np.frombuffer(offsets, dtype=np.int64)[whole.offset : whole.offset + len(whole) + 1]
    return np.frombuffer(data, dtype=np.uint8)[places[0] : places[-1]], places - places[0]
