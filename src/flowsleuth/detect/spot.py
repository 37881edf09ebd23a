"""Apache Spot's flow model as it was: which words an address is known for, and how improbable this one is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.spot_words import HOURS, LENGTHS, PORTS, PROTOS, add_words, spell
from flowsleuth.detect.contract import DayInput, DayReport
from flowsleuth.detect.dense_codes import TextCodes, distinct, hash_rows, look_up, to_signed
from flowsleuth.detect.kernels.topics import fit_em, word_probabilities
from flowsleuth.detect.kernels.topics_counts import TopicModel, WordCounts
from flowsleuth.detect.scored_rows import BATCH_ROWS, evidence_matrix, scored_rows, texts
from flowsleuth.errors import DetectorError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAX_SURPRISE = 700.0
"""Nats that stand for a probability of 0: about -ln of the smallest normal float64."""
SMALLEST = float(np.exp(-MAX_SURPRISE))
PROTO_SPAN = HOURS * LENGTHS * LENGTHS
SPAN = PROTOS * PROTO_SPAN
DAY_US = 86_400_000_000


@dataclass(frozen=True)
class SpotOptions:
    """Options of :class:`SpotDetector`; the defaults are Spot's own (``spot.conf``, ``ml_ops.sh``)."""

    topics: int = field(default=20, metadata={"help": "topics (TOPIC_COUNT)", "unit": "topics", "min": 1, "max": 1000})
    alpha: float = field(
        default=1.02,
        metadata={"help": "document concentration, as MLlib's EM counts it", "unit": "", "min": 1.0, "max": 100.0},
    )
    beta: float = field(
        default=1.001,
        metadata={"help": "topic concentration, as MLlib's EM counts it", "unit": "", "min": 1.0, "max": 100.0},
    )
    iterations: int = field(default=20, metadata={"help": "EM passes", "unit": "passes", "min": 1, "max": 10_000})
    seed: int = field(
        default=0, metadata={"help": "seed of the starting point, recorded", "unit": "", "min": 0, "max": 2**31}
    )
    dup_factor: int = field(
        default=1000,
        metadata={
            "help": "times a flow that was rated low is put into the training counts (DUPFACTOR)",
            "unit": "times",
            "min": 0,
            "max": 10**6,
        },
    )


@dataclass(frozen=True)
class _Fitted:
    """A run's model: addresses and words by code, and the topic model over both."""

    protos: list[str]
    addresses: TextCodes
    hashes: NDArray[np.uint64]
    proto_hashes: NDArray[np.uint64]
    words: Ints
    model: TopicModel

    def probability(self, address: Ints, word: Ints) -> Floats:
        """P(word | address) = sum over topics of P(topic | address) P(word | topic)."""
        if self.model.theta is None:
            raise DetectorError("the topic model has no documents", where="spot")
        return word_probabilities(self.model.theta, self.model.phi, address, look_up(self.words, word))


class SpotDetector:
    """Tells flows that are improbable for what their two addresses usually do, as Apache Spot 1.0 told it.

    Each flow is one word in the document of its source and one in that of its destination (:mod:`.spot_words`); a topic
    model gives ``P(word | address) = sum_t P(t | address) P(word | t)``, and the flow's probability is the smaller of
    the two. Model and scores are of the same flows. ``score = 1 - p``, ``surprise = -ln p`` in nats, at most
    :data:`MAX_SURPRISE`.

    Ratings: a flow that was rated low (severity 3), on whatever day, is put ``dup_factor`` times into the training
    counts, its source's word into the source's document and its destination's word into the destination's, which makes
    the like of it probable; severities 1 and 2 do nothing to the model. So Spot's manual says; its code lost every
    rating on the way (comma for tab, bytes for packets, no protocol, the file of the day before never read).

    Blind spots: all those of Spot. A flood makes its own word common; two ports above 1024 are one token; an ICMP type
    is not looked at; bytes of the answer, duration and state are not looked at; many flows tie. The detector is kept
    to compare with; ``suspicious`` is the one to use.

    Source: Apache Spot, ``FlowWordCreator.scala``, ``FlowScoreFunction.scala``, ``SpotLDAWrapper.scala``. Where its
    input would drop a row (missing port, bytes or packets), the missing number is taken as 0 and the flow is scored.
    """

    name: ClassVar[str] = "spot"
    summary: ClassVar[str] = (
        "Apache Spot's flow model, exactly: topic model over words of port, protocol, hour and size"
    )
    is_default: ClassVar[bool] = False
    Options: ClassVar[type] = SpotOptions
    version: ClassVar[int] = 1
    learns_from: ClassVar[tuple[str, ...]] = ("dismissed",)
    evidence_names: ClassVar[tuple[str, ...]] = ("p_source", "p_destination", "source_word", "destination_word")

    def __init__(self, options: SpotOptions | None = None) -> None:
        self.options = options or SpotOptions()

    def score(self, day: DayInput, sink: Callable[[pa.Table], None]) -> DayReport:
        """Fit the model on the day's flows and score them; see :class:`flowsleuth.detect.contract.Detector`."""
        dismissed = day.dismissed if self.options.dup_factor else None
        protos = _protocols(day, dismissed)
        counts = day.arrow(_word_counts(day.flows, protos))
        if not len(counts):
            return DayReport()
        if dismissed is not None and len(dismissed):
            counts = _with_dismissed(day, counts, dismissed, protos, self.options.dup_factor)
        fitted = self._fit(protos, counts)
        del counts
        scored = 0
        wanted = ["flow_id", "start", "src_ip", "dst_ip", "src_word", "dst_word"]
        for batch in day.batches(add_words(day.flows, protos).select(*wanted), BATCH_ROWS):
            if batch.num_rows:
                sink(_score_batch(fitted, batch))
                scored += batch.num_rows
        notes = {
            **asdict(self.options),
            "addresses": len(fitted.addresses),
            "words": int(fitted.words.size),
            "log_likelihood": float(fitted.model.log_likelihood[-1]),
            "converged": fitted.model.is_converged,
            "protocols": protos,
            "dismissed": 0 if dismissed is None else len(dismissed),
        }
        return DayReport(scored, notes)

    def _fit(self, protos: list[str], counts: pa.Table) -> _Fitted:
        addresses = TextCodes.distinct(counts["ip"])
        docs, word = addresses.of(counts["ip"]), counts["word"].to_numpy()
        words = distinct(word)
        order = np.lexsort((word, docs))
        docs = docs[order]
        indptr = np.searchsorted(docs, np.arange(len(addresses) + 1))
        corpus = WordCounts(
            indptr,
            look_up(words, word[order]).astype(np.int32),
            counts["n"].to_numpy()[order].astype(float),
            words.size,
        )
        o = self.options
        model = fit_em(corpus, n_topics=o.topics, alpha=o.alpha, beta=o.beta, n_iterations=o.iterations, seed=o.seed)
        return _Fitted(protos, addresses, addresses.hashes(), _proto_hashes(protos), words, model)

    def reasons(self, rows: pa.Table) -> pa.Array:
        """Both words spelt out, each with its probability, the less probable side first."""
        import pyarrow as pa

        evidence = evidence_matrix(rows["evidence"], len(self.evidence_names))
        names = texts(rows["proto"])
        protos = sorted(set(names) - {"-"})
        at = {name: code for code, name in enumerate([*protos, "-"])}
        codes = np.array([at[name] for name in names], dtype=np.int64)
        sides = []
        for side, role in ((0, "src_ip"), (1, "dst_ip")):
            words = spell(evidence[:, 2 + side].astype(np.int64) + codes * PROTO_SPAN, protos)
            spelt = zip(words, texts(rows[role]), evidence[:, side], strict=True)
            sides.append([f"word {w} at {ip}: probability {p:.3g}" for w, ip, p in spelt])
        is_src_first = (evidence[:, 0] <= evidence[:, 1]).tolist()
        pairs = zip(*sides, is_src_first, strict=True)
        return pa.array([f"{a}; {b}" if first else f"{b}; {a}" for a, b, first in pairs], type=pa.string())


def _protocols(day: DayInput, dismissed: pa.Table | None) -> list[str]:
    found = day.arrow(day.flows.filter(day.flows.proto.notnull()).select("proto").distinct())["proto"].to_pylist()
    if dismissed is not None:
        found += dismissed["proto"].drop_null().unique().to_pylist()
    return sorted(set(found))[: PROTOS - 1]


def _word_counts(flows: ir.Table, protos: list[str]) -> ir.Table:
    """How often each word is in each address's document; both ends, one table."""
    import ibis

    coded = add_words(flows, protos)
    ends = ibis.union(
        coded.select(ip=coded.src_ip, word=coded.src_word), coded.select(ip=coded.dst_ip, word=coded.dst_word)
    )
    return ends.group_by("ip", "word").aggregate(n=lambda t: t.count())


def _with_dismissed(
    day: DayInput, counts: pa.Table, dismissed: pa.Table, protos: list[str], dup_factor: int
) -> pa.Table:
    """The counts and, times `dup_factor`, those of the flows that were rated low."""
    import ibis
    import pyarrow as pa
    import pyarrow.compute as pc

    low = day.arrow(_word_counts(ibis.memtable(dismissed), protos)).select(counts.column_names)
    many = low.set_column(low.column_names.index("n"), "n", pc.multiply(low["n"], pa.scalar(dup_factor, pa.int64())))
    both = pa.concat_tables([counts, many.cast(counts.schema)])
    return both.group_by(["ip", "word"]).aggregate([("n", "sum")]).rename_columns(["ip", "word", "n"])


def _proto_hashes(protos: list[str]) -> NDArray[np.uint64]:
    """A hash for each protocol code of the run, so that a suspect's id does not hang on which protocols it saw."""
    import pyarrow as pa

    return TextCodes(pa.array(["", *protos], type=pa.string())).hashes()


def _proto_of(word: Ints) -> Ints:
    return word // PROTO_SPAN % PROTOS


def _score_batch(fitted: _Fitted, batch: pa.RecordBatch) -> pa.Table:
    src, dst = fitted.addresses.of(batch.column("src_ip")), fitted.addresses.of(batch.column("dst_ip"))
    src_word, dst_word = batch.column("src_word").to_numpy(), batch.column("dst_word").to_numpy()
    p_src, p_dst = fitted.probability(src, src_word), fitted.probability(dst, dst_word)
    p = np.clip(np.minimum(p_src, p_dst), 0.0, 1.0)
    surprise = -np.log(np.maximum(p, SMALLEST))
    proto = _proto_of(src_word)
    hashed = [fitted.hashes[src], fitted.hashes[dst], fitted.proto_hashes[(proto + 1) % fitted.proto_hashes.size]]
    day = batch.column("start").cast("int64").to_numpy() // DAY_US
    plain = [src_word // SPAN % PORTS, day]
    key = hash_rows(np.stack([*hashed, *(value.astype(np.uint64) for value in plain)], axis=1))
    # the code of a protocol is the run's own: it is left out of the evidence and put back from the row's protocol
    evidence = np.stack([p_src, p_dst, src_word - proto * PROTO_SPAN, dst_word - proto * PROTO_SPAN], axis=1)
    return scored_rows(batch, 1.0 - p, surprise, to_signed(key), evidence)
