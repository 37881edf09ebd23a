"""Where a topic model begins: quick stepwise passes from several seedings, of which the likeliest is kept."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from flowsleuth.detect.kernels.topics_counts import Floats, Ints, WordCounts
from flowsleuth.detect.kernels.topics_engine import Engine
from flowsleuth.errors import OptionError

SEED_CANDIDATES_PER_TOPIC = 50  # documents looked at for each topic's seed
SEED_WORDS = 20  # distinct words that make a document worth seeding a topic with
SEED_SHARE = 0.5  # of a seeded topic; the rest is the corpus's word frequencies
SEED_NOISE = 0.1  # so that topics seeded alike drift apart
JUDGED_ENTRIES = 500_000  # entries of the sample that the starts are compared on
JUDGED_STEPS = 10  # fold-in steps for that
BATCHES_PER_PASS = 64
BATCH_ENTRIES = (2_048, 131_072)  # least and most entries in a mini-batch
SMALLEST_SIZE = 1e-9  # tokens, against a topic without any
SMALLEST_SCALE = 1e-50  # the decayed scale is multiplied out before it underflows


@dataclass(frozen=True)
class StepwiseOptions:
    """How hard `fit_topics` looks for a start, and how long it polishes it.

    Parameters
    ----------
    n_starts : int
        Seedings to try, at least 1. The cost grows in step.
    seeds_per_topic : int
        Topics that a start begins with for each one wanted, at least 1; the most alike are then joined. With 1,
        every third start or so leaves two true topics stuck together.
    start_share : float
        Share of the entries that a start is tried on, in (0, 1]; only the likeliest goes on from there.
    n_stepwise_passes : int
        Mini-batch passes over all documents that the likeliest one then makes, at least 0.
    n_inner_steps : int
        Updates of a document's topic mix each time it is met, at least 1.
    n_batch_passes : int
        Most batch passes after the best start, at least 0.
    tolerance : float
        Stop once a batch pass raises the objective by less than this fraction of it, at least 0.
    forgetting : float
        Exponent kappa of the step size ``(t + delay) ** -kappa``, in (0.5, 1].
    delay : float
        Batches by which the step size is held back, above 1.
    """

    n_starts: int = 1
    seeds_per_topic: int = 2
    start_share: float = 0.25
    n_stepwise_passes: int = 1
    n_inner_steps: int = 4
    n_batch_passes: int = 20
    tolerance: float = 1e-5
    forgetting: float = 0.6
    delay: float = 2.0

    def __post_init__(self) -> None:
        least = {
            "n_starts": 1,
            "seeds_per_topic": 1,
            "n_stepwise_passes": 0,
            "n_inner_steps": 1,
            "n_batch_passes": 0,
            "tolerance": 0,
        }
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in least and not value >= least[field.name]:
                raise OptionError(f"{value} is below {least[field.name]}", where=field.name)
        if not 0 < self.start_share <= 1:
            raise OptionError(f"{self.start_share} is outside (0, 1]", where="start_share")
        if not 0.5 < self.forgetting <= 1:
            raise OptionError(f"{self.forgetting} is outside (0.5, 1]", where="forgetting")
        if not self.delay > 1:
            raise OptionError(f"{self.delay} is not above 1", where="delay")


def find_start(
    engine: Engine,
    counts: WordCounts,
    *,
    n_topics: int,
    excess: tuple[float, float],
    seed: int,
    options: StepwiseOptions,
) -> tuple[Floats, tuple[float, ...]]:
    """The likeliest of several stepwise starts, judged on one sample of the training documents.

    Returns
    -------
    phi_wk : array of float64, shape (n_words, n_topics)
        P(word | topic); each column sums to 1.
    log_likelihoods : tuple of float
        Per token of the sample, one for each start; the largest is the one kept. Empty with a single start.
    """
    filled = np.flatnonzero(counts.doc_sums() > 0)
    order = filled[np.argsort(counts.doc_keys(seed)[filled], kind="stable")]
    walks: list[StepwiseWalk] = []
    results: list[float] = []
    for start in range(options.n_starts):
        chance = np.random.default_rng([seed, start])
        table = seed_topics(counts, order, n_topics * options.seeds_per_topic, chance)
        batches = _batches(counts, order[chance.permutation(order.size)])
        walk = StepwiseWalk(engine, counts, table, excess)
        walk.take(batches[: math.ceil(options.start_share * len(batches))], options)
        walk.join_topics(n_topics)
        if options.n_starts > 1:
            results.append(_judge(engine, counts, order, walk.phi_wk(), excess[0]))
        walks = [walk] if not walks or results[-1] == max(results) else walks
    for _ in range(options.n_stepwise_passes):
        walks[0].take(_batches(counts, order[chance.permutation(order.size)]), options)
    return walks[0].phi_wk(), tuple(results)


def seed_topics(counts: WordCounts, order: Ints, n_topics: int, chance: np.random.Generator) -> Floats:
    """One unlike document for each topic, mixed with the corpus's word frequencies: tokens, (n_words, n_topics).

    Documents are drawn like the centres of k-means++ (Arthur and Vassilvitskii 2007): the less a document resembles
    those drawn so far (Bhattacharyya coefficient of the word shares), the likelier it is drawn.
    """
    background = np.bincount(counts.words, weights=counts.counts, minlength=counts.n_words)
    n_tokens = max(background.sum(), 1.0)
    table = np.repeat(background[:, None] / n_tokens, n_topics, axis=1)
    if order.size:
        picked = _draw_unlike(counts, order, n_topics, chance)
        table *= 1 - SEED_SHARE
        for topic, doc in enumerate(picked):
            entries = slice(counts.indptr[doc], counts.indptr[doc + 1])
            weight = SEED_SHARE / counts.counts[entries].sum()
            np.add.at(table[:, topic], counts.words[entries], weight * counts.counts[entries])
    table *= chance.uniform(1 - SEED_NOISE, 1 + SEED_NOISE, table.shape)
    seeded: Floats = table * (n_tokens / n_topics)
    return seeded


def _draw_unlike(counts: WordCounts, order: Ints, n_topics: int, chance: np.random.Generator) -> list[int]:
    rich = order[counts.indptr[order + 1] - counts.indptr[order] >= SEED_WORDS]
    pool = rich if rich.size >= n_topics else order
    pool = chance.choice(pool, min(pool.size, SEED_CANDIDATES_PER_TOPIC * n_topics), replace=False, shuffle=False)
    sizes = counts.indptr[pool + 1] - counts.indptr[pool]
    starts = np.cumsum(sizes) - sizes
    entries = np.arange(sizes.sum()) + np.repeat(counts.indptr[pool] - starts, sizes)
    words, amount = counts.words[entries], counts.counts[entries]
    root = np.sqrt(amount / np.repeat(np.add.reduceat(amount, starts), sizes))
    unlike = np.ones(pool.size)
    picked: list[int] = []
    for _ in range(n_topics):
        if unlike.sum() <= 0:
            unlike[:] = 1.0  # fewer different documents than topics: begin again
        place = int(chance.choice(pool.size, p=unlike / unlike.sum()))
        picked.append(int(pool[place]))
        own = slice(starts[place], starts[place] + sizes[place])
        profile = np.bincount(words[own], weights=root[own], minlength=counts.n_words)
        alike = np.add.reduceat(root * profile[words], starts)
        unlike = np.minimum(unlike, np.maximum(1.0 - alike, 0.0))
        unlike[place] = 0.0
    return picked


class StepwiseWalk:
    """Stepwise EM (Cappé and Moulines 2009): after each mini-batch the token table moves a step towards it.

    The table is kept as ``scale * word_topics``, so that forgetting old batches costs nothing.
    """

    def __init__(self, engine: Engine, counts: WordCounts, word_topics: Floats, excess: tuple[float, float]) -> None:
        self.engine, self.counts, self.word_topics, self.excess = engine, counts, word_topics, excess
        self.doc_tokens = counts.doc_sums()
        self.scale, self.n_done = 1.0, 0
        self._phi_wk = np.empty_like(word_topics)

    def phi_wk(self) -> Floats:
        """P(word | topic) as of now, shape (n_words, n_topics); overwritten by the next call."""
        return topic_shares(self.word_topics, self.excess[1], self.scale, self._phi_wk)

    def join_topics(self, n_topics: int) -> None:
        """Join the topics most alike until `n_topics` are left."""
        self.word_topics = np.ascontiguousarray(join_alike(self.word_topics * self.scale, n_topics))
        self.scale = 1.0
        self._phi_wk = np.empty_like(self.word_topics)

    def take(self, batches: list[Ints], options: StepwiseOptions) -> None:
        """Move through some mini-batches of documents."""
        n_tokens = self.doc_tokens.sum()
        for rows in batches:
            phi_wk = self.phi_wk()
            step = (self.n_done + options.delay) ** -options.forgetting
            self.scale *= 1 - step
            self.n_done += 1
            weight = step * n_tokens / self.doc_tokens[rows].sum() / self.scale
            self.engine.add_batch(
                self.counts,
                rows,
                phi_wk,
                self.word_topics,
                alpha_excess=self.excess[0],
                n_steps=options.n_inner_steps,
                weight=weight,
            )
            if self.scale < SMALLEST_SCALE:
                self.word_topics *= self.scale
                self.scale = 1.0


def join_alike(word_topics: Floats, n_topics: int) -> Floats:
    """Add up the columns of a token table that are most alike until `n_topics` are left.

    Each time the pair goes whose joining loses least: ``n_a * n_b / (n_a + n_b)`` tokens times one less the pair's
    Bhattacharyya coefficient (Ward's rule on square roots of word shares).
    """
    size = word_topics.sum(axis=0) + SMALLEST_SIZE
    root = np.sqrt(word_topics / size)
    alike = np.einsum("wa,wb->ab", root, root)  # not `@`: BLAS threads spin, and their number would show in the sums
    while size.size > n_topics:
        loss = np.outer(size, size) / np.add.outer(size, size) * (1.0 - alike)
        loss[np.tri(size.size, dtype=bool)] = np.inf  # each pair once, none with itself
        kept, gone = np.unravel_index(np.argmin(loss), loss.shape)
        word_topics[:, kept] += word_topics[:, gone]
        size[kept] += size[gone]
        root[:, kept] = np.sqrt(word_topics[:, kept] / size[kept])
        word_topics, root = np.delete(word_topics, gone, axis=1), np.delete(root, gone, axis=1)
        size, alike = np.delete(size, gone), np.delete(np.delete(alike, gone, axis=0), gone, axis=1)
        place = int(kept)  # kept < gone, so it has not moved
        alike[place] = alike[:, place] = np.einsum("wa,w->a", root, root[:, place])
    return word_topics


def topic_shares(word_topics: Floats, beta_excess: float, scale: float = 1.0, out: Floats | None = None) -> Floats:
    """P(word | topic), shape (n_words, n_topics), of ``scale`` times a token table plus `beta_excess` tokens a word.

    A topic without any token is even over the words.
    """
    shares = np.multiply(word_topics, scale, out=out)
    shares += beta_excess
    total = shares.sum(axis=0)
    if not total.all():
        shares[:, total == 0] = 1.0
        total = shares.sum(axis=0)
    shares /= total
    return shares


def _batches(counts: WordCounts, rows: Ints) -> list[Ints]:
    """Runs of rows of about equal weight in entries; a small last one would spoil the table with its full step."""
    if not rows.size:
        return []
    until = _entries_until(counts, rows)
    least, most = BATCH_ENTRIES
    size = max(min(max(until[-1] // BATCHES_PER_PASS, least), most), counts.n_words)
    n_batches = max(1, int(until[-1] // size))
    cuts = np.searchsorted(until, np.arange(1, n_batches) * (until[-1] / n_batches))
    return [batch for batch in np.split(rows, cuts) if batch.size]


def _entries_until(counts: WordCounts, rows: Ints) -> Ints:
    return np.cumsum(counts.indptr[rows + 1] - counts.indptr[rows])


def _judge(engine: Engine, counts: WordCounts, order: Ints, phi_wk: Floats, alpha_excess: float) -> float:
    """Log-likelihood per token of the first documents in `order`."""
    rows = order[: 1 + int(np.searchsorted(_entries_until(counts, order), JUDGED_ENTRIES))]
    if not rows.size:
        return 0.0
    theta = engine.fold_in(counts, rows, phi_wk, alpha_excess, JUDGED_STEPS)
    total, n_tokens = score_documents(engine, counts, rows, theta, phi_wk)
    return total / n_tokens


def score_documents(
    engine: Engine, counts: WordCounts, rows: Ints, theta: Floats, phi_wk: Floats
) -> tuple[float, float]:
    """Log-likelihood (natural, minus infinity for an impossible token) and tokens of documents `rows`."""
    sizes = counts.indptr[rows + 1] - counts.indptr[rows]
    starts = np.cumsum(sizes) - sizes
    entries = np.arange(sizes.sum()) + np.repeat(counts.indptr[rows] - starts, sizes)
    amount = counts.counts[entries]
    chances = np.empty(entries.size)
    places = np.repeat(np.arange(rows.size), sizes)
    engine.pair_probabilities(theta, phi_wk, places, counts.words[entries].astype(np.int64), chances)
    counted = amount > 0
    with np.errstate(divide="ignore"):
        return float((amount[counted] * np.log(chances[counted])).sum()), float(amount.sum())
