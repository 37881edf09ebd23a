"""Topic model against scikit-learn's online LDA: CPU-seconds to the same held-out perplexity.

    python bench/topics.py                  # Spot's scale, some 4 minutes, most of them scikit-learn's
    python bench/topics.py --docs 20000     # a quick look

The corpus is generated (seed fixed): documents with lognormal lengths (a few addresses do most of the talking), 20 true
topics over 12,463 words of Zipf frequency, one token in ten held out. One evaluator, `perplexity`, scores everybody,
the true topics included. Needs scikit-learn and numba beside flowsleuth; times include no compilation (reported apart).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowsleuth.detect.kernels.topics import StepwiseOptions, WordCounts, fit_topics, infer_theta, perplexity
from measure import FULL_SIZE, Finding, Plan

N_WORDS = 12_463
N_TOPICS = 20
TOKENS_PER_DOC = 80
ZIPF_EXPONENT = 0.6
TOPIC_SHARPNESS = 110.0  # total Dirichlet weight of a true topic: the lower, the fewer words it uses
TOPICS_IN_DOC = 0.1  # Dirichlet weight of each true topic in a document
HELD_OUT = 0.1
PEER_BATCH = 1_024  # scikit-learn's best of 128, 1,024 and 4,096 on this corpus (perplexity 726, 691, 835)
PEER_STALLS = 0.999  # a further pass that gains less than this factor ends the peer's run
EVALUATION_ALPHA = 1.05


@dataclass(frozen=True)
class Run:
    way: str
    name: str
    cpu_s: float
    wall_s: float
    perplexity: float


def generate(n_docs: int, tail: float, seed: int) -> tuple[WordCounts, WordCounts, np.ndarray]:
    """Training counts, held-out counts, and the true P(word | topic), shape (N_TOPICS, N_WORDS).

    `tail` is the standard deviation of the log of the document length.
    """
    chance = np.random.default_rng(seed)
    frequency = (np.arange(N_WORDS) + 3.0) ** -ZIPF_EXPONENT
    chance.shuffle(frequency)
    phi = chance.gamma(np.tile(frequency * TOPIC_SHARPNESS / frequency.sum(), (N_TOPICS, 1))) + 1e-12
    phi /= phi.sum(axis=1, keepdims=True)
    length = chance.lognormal(0.0, tail, n_docs)
    length = np.maximum(1, np.round(length * TOKENS_PER_DOC * n_docs / length.sum())).astype(np.int64)
    per_topic = chance.multinomial(length, chance.dirichlet(np.full(N_TOPICS, TOPICS_IN_DOC), n_docs))
    tokens = []
    for topic in range(N_TOPICS):
        docs = np.repeat(np.arange(n_docs), per_topic[:, topic])
        words = np.searchsorted(np.cumsum(phi[topic])[:-1], chance.random(docs.size))
        tokens.append(docs * N_WORDS + words)
    pairs = np.concatenate(tokens)
    is_held_out = chance.random(pairs.size) < HELD_OUT
    return _count(pairs[~is_held_out], n_docs), _count(pairs[is_held_out], n_docs), phi


def _count(pairs: np.ndarray, n_docs: int) -> WordCounts:
    pair, count = np.unique(pairs, return_counts=True)
    docs, words = np.divmod(pair, N_WORDS)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(docs, minlength=n_docs))])
    return WordCounts(indptr, words.astype(np.int32), count.astype(np.float64), N_WORDS)


def clocked(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What `work` returns, its CPU-seconds (threads included; nobody here starts a process), its wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return result, time.process_time() - cpu, time.perf_counter() - wall


def judge(phi: np.ndarray, train: WordCounts, held_out: WordCounts) -> float:
    return perplexity(phi, train, held_out, alpha=EVALUATION_ALPHA)


def run_ours(train: WordCounts, held_out: WordCounts, seeds: list[int], n_threads: int | None) -> list[Run]:
    """`fit_topics` without batch passes (what a peer's ``fit`` does), with theta, and with everything it does."""
    quick = StepwiseOptions(n_batch_passes=0)
    ways: list[tuple[str, dict[str, Any]]] = [
        ("stepwise, topics only", {"options": quick, "with_theta": False}),
        ("stepwise, topics + theta", {"options": quick}),
        ("default (+ batch passes, theta)", {}),
    ]
    runs = []
    for name, arguments in ways:
        for seed in seeds:
            model, cpu_s, wall_s = clocked(lambda: fit_topics(train, seed=seed, n_threads=n_threads, **arguments))  # noqa: B023
            label = f"flowsleuth {name}, {len(model.objective)} passes, seed {seed}"
            runs.append(show(Run(f"flowsleuth {name}", label, cpu_s, wall_s, judge(model.phi, train, held_out))))
    return runs


def run_peer(train: WordCounts, held_out: WordCounts, most_passes: int, seed: int) -> list[Run]:
    from scipy.sparse import csr_matrix
    from sklearn.decomposition import LatentDirichletAllocation

    table = csr_matrix((train.counts, train.words, train.indptr), shape=(train.n_docs, train.n_words))
    runs: list[Run] = []
    for n_passes in range(1, most_passes + 1):
        peer = LatentDirichletAllocation(
            N_TOPICS, learning_method="online", max_iter=n_passes, batch_size=PEER_BATCH, random_state=seed
        )
        _, cpu_s, wall_s = clocked(lambda: peer.fit(table))  # noqa: B023
        phi = peer.components_ / peer.components_.sum(axis=1, keepdims=True)
        name = f"scikit-learn {n_passes} pass(es), topics only, seed {seed}"
        runs.append(show(Run(name, name, cpu_s, wall_s, judge(phi, train, held_out))))
        if n_passes > 1 and runs[-1].perplexity > PEER_STALLS * runs[-2].perplexity:
            break
    return runs


def show(run: Run) -> Run:
    print(f"{run.name:<70} {run.cpu_s:8.2f} CPU-s {run.wall_s:8.2f} s   perplexity {run.perplexity:8.1f}", flush=True)
    return run


def compare(ours: list[Run], peers: list[Run]) -> None:
    """Each peer run against each way of ours: median time over the seeds, and the worst perplexity of them."""
    for peer in peers:
        print(f"\n{peer.name}, perplexity {peer.perplexity:.1f}, against")
        for way in dict.fromkeys(run.way for run in ours):
            runs = [run for run in ours if run.way == way]
            worst = max(run.perplexity for run in runs)
            cpu, wall = (np.median([getattr(run, name) for run in runs]) for name in ("cpu_s", "wall_s"))
            verdict = "as good or better" if worst <= peer.perplexity else "WORSE"
            print(f"  {way:<50} {peer.cpu_s / cpu:6.1f}x CPU {peer.wall_s / wall:6.1f}x wall, {worst:.1f}: {verdict}")


MIN_RATIO = 20.0


def measure(plan: Plan) -> Iterator[Finding]:
    """For bench/run.py: scikit-learn's best run against each way of ours (median time, worst perplexity)."""
    is_full = plan.large >= FULL_SIZE
    train, held_out, _ = generate(200_000 if is_full else 10_000, 2.5, plan.seed)
    fit_topics(WordCounts([0, 2], [0, 1], [1, 2], n_words=2))
    ours = run_ours(train, held_out, [0, 1, 2] if is_full else [0], None)
    peer = min(run_peer(train, held_out, 3 if is_full else 1, 0), key=lambda run: run.perplexity)
    for way in dict.fromkeys(run.way for run in ours):
        runs = [run for run in ours if run.way == way]
        cpu_s, wall_s = (float(np.median([getattr(run, name) for run in runs])) for name in ("cpu_s", "wall_s"))
        worst = max(run.perplexity for run in runs)
        ratio, is_as_good = peer.cpu_s / cpu_s, worst <= peer.perplexity
        yield Finding(
            f"{way}, {train.n_docs:,} documents: scikit-learn's CPU against ours",
            f"{peer.cpu_s:.1f} CPU-s, {peer.wall_s:.1f} s, perplexity {peer.perplexity:.1f}",
            f"{cpu_s:.2f} CPU-s, {wall_s:.2f} s, perplexity {worst:.1f}",
            ratio,
            f">= {MIN_RATIO:g} x, as good" if "topics only" in way else "",
            (ratio >= MIN_RATIO and is_as_good) if "topics only" in way else None,
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--docs", type=int, default=200_000, help="documents (addresses)")
    options.add_argument("--tail", type=float, default=2.5, help="spread of log document length")
    options.add_argument("--seed", type=int, default=7, help="of the corpus")
    options.add_argument(
        "--fit-seeds", type=int, nargs="+", default=[0, 1, 2], help="of our fits; the peer's is the first"
    )
    options.add_argument("--passes", type=int, default=3, help="most passes for scikit-learn; 0 leaves it out")
    options.add_argument("--threads", type=int, default=None, help="for numba; default every processor")
    chosen = options.parse_args()

    (train, held_out, true_phi), _, wall_s = clocked(lambda: generate(chosen.docs, chosen.tail, chosen.seed))
    print(
        f"{train.n_docs:,} documents x {train.n_words:,} words, {train.n_nonzeros:,} non-zeros, "
        f"{train.n_tokens + held_out.n_tokens:,.0f} tokens, {held_out.n_tokens:,.0f} held out ({wall_s:.1f} s to make)"
    )
    tiny = WordCounts([0, 2], [0, 1], [1, 2], n_words=2)
    _, cpu_s, _ = clocked(
        lambda: (
            fit_topics(tiny),
            infer_theta(tiny, np.full((2, 2), 0.5)),
            perplexity(np.full((2, 2), 0.5), tiny, tiny),
        )
    )
    print(f"import and compilation, or reading it from the cache: {cpu_s:.2f} CPU-s")
    unigram = np.bincount(train.words, weights=train.counts, minlength=N_WORDS)[None, :] + HELD_OUT
    print(
        f"perplexity of word frequencies alone {judge(unigram / unigram.sum(), train, held_out):.1f}, "
        f"of the true topics {judge(true_phi, train, held_out):.1f}"
    )
    ours = run_ours(train, held_out, chosen.fit_seeds, chosen.threads)
    if chosen.passes:
        compare(ours, run_peer(train, held_out, chosen.passes, chosen.fit_seeds[0]))


if __name__ == "__main__":
    main()
