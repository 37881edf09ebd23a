# mypy: allow-untyped-defs
# ruff: noqa: PLR0917 (a compiled loop takes its arrays and bounds one by one)
"""The topic model's inner loops compiled by numba (optional extra ``flowsleuth[fast]``), on several threads.

Threads come from Python's own pool, and the compiled loops release the interpreter's lock. numba's parallel layers are
not used: its OpenMP layer spins at barriers (twice the CPU on a busy host) and its workqueue layer aborts the process
when two Python threads enter it. An idle thread here sleeps, several models can be fitted at once, and no environment
variable or numba setting is touched.

Sums are grouped by the shape of the input, never by the number of threads, so any number gives the same bits. And
they are added in the order that is written here: with numba's ``fastmath`` the loops just compiled and the same loops
loaded from numba's cache gave other last bits, and so may every processor's vectors.
Importing this module imports numba; `make_engine` does that at first use.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.kernels.topics_counts import Floats, Ints, Keys, WordCounts
from flowsleuth.detect.kernels.topics_numpy import SMALLEST_PROBABILITY

try:
    numba: Any = importlib.import_module("numba")  # it ships no type information
except ImportError:
    numba = None  # the loops below then stay plain Python, which `make_engine` never picks

CHUNK_ENTRIES = 500_000  # entries summed into one table of a batch pass
MAX_CHUNKS = 32  # hence at most 32 threads in a batch pass
TABLES_BYTES = 512 * 2**20  # memory for those tables
TASK_ENTRIES = 32_768  # entries in one task of a fold-in: some 3 ms of work
TASK_PAIRS = 1_000_000
MAX_PARTS = 8  # shares of the vocabulary; each part reads the whole batch, so more would not pay
WORDS_TOGETHER = 8  # neighbouring words of one part, so that parts rarely share a cache line


def _compile(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call, kept on disk where a cache directory can be written."""
    if numba is None:
        return function
    options = {"nogil": True, "error_model": "numpy"}
    try:
        compiled: Callable[..., Any] = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # "cannot cache function: no locator available": neither __pycache__ nor ~/.cache is writable
        compiled = numba.njit(**options)(function)
    return compiled


class NumbaEngine:
    """The inner loops as compiled code; see `Engine` for what each one does.

    Parameters
    ----------
    n_threads : int
        Threads to spread the loops over; the result does not depend on it.
    """

    name = "numba"

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads
        self._pool = ThreadPoolExecutor(n_threads, "flowsleuth-topics") if n_threads > 1 else None

    def __enter__(self) -> NumbaEngine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._pool:
            self._pool.shutdown()

    def random_start(
        self, counts: WordCounts, doc_keys: Keys, n_topics: int, alpha_excess: float
    ) -> tuple[Floats, Floats]:
        theta = np.empty((counts.n_docs, n_topics))

        def start(first: int, last: int) -> tuple[Floats, float]:
            table = np.zeros((counts.n_words, n_topics))
            _random_start(*_csr(counts), doc_keys, first, last, alpha_excess, theta, table)
            return table, 0.0

        return theta, self._sum_tables(counts, n_topics, start)[0]

    def em_pass(self, counts: WordCounts, theta: Floats, phi_wk: Floats, alpha_excess: float) -> tuple[Floats, float]:
        def step(first: int, last: int) -> tuple[Floats, float]:
            table = np.zeros_like(phi_wk)
            return table, _em_pass(*_csr(counts), phi_wk, first, last, alpha_excess, theta, table)

        return self._sum_tables(counts, phi_wk.shape[1], step)

    def fold_in(self, counts: WordCounts, rows: Ints, phi_wk: Floats, alpha_excess: float, n_steps: int) -> Floats:
        theta = np.empty((rows.size, phi_wk.shape[1]))
        ends = np.cumsum(counts.indptr[rows + 1] - counts.indptr[rows])
        self._run(
            lambda first, last: _fold_in(*_csr(counts), phi_wk, rows, first, last, alpha_excess, n_steps, theta),
            _cuts(ends, TASK_ENTRIES),
        )
        return theta

    def add_batch(
        self,
        counts: WordCounts,
        rows: Ints,
        phi_wk: Floats,
        word_topics: Floats,
        *,
        alpha_excess: float,
        n_steps: int,
        weight: float,
    ) -> None:
        ends = np.cumsum(counts.indptr[rows + 1] - counts.indptr[rows])
        theta = np.empty((rows.size, phi_wk.shape[1]))
        ratio = np.empty(int(ends[-1]) if ends.size else 0)

        def infer(first: int, last: int) -> None:
            _fold_in(*_csr(counts), phi_wk, rows, first, last, alpha_excess, n_steps, theta)
            _ratios(*_csr(counts), phi_wk, rows, ends, first, last, theta, ratio)

        self._run(infer, _cuts(ends, TASK_ENTRIES))
        # Each part owns its words and meets their entries in the order of `rows`, so the split cannot be seen.
        n_parts = 1 << min(self.n_threads - 1, MAX_PARTS - 1).bit_length()
        self._run(
            lambda part, _: _add_words(
                *_csr(counts), phi_wk, rows, ends, theta, ratio, weight, part, n_parts, word_topics
            ),
            np.arange(n_parts + 1),
        )

    def pair_probabilities(self, theta: Floats, phi_wk: Floats, docs: Ints, words: Ints, out: Floats) -> None:
        cuts = np.append(np.arange(0, docs.size, TASK_PAIRS), docs.size)
        self._run(lambda first, last: _pair_probabilities(theta, phi_wk, docs, words, first, last, out), cuts)

    def _run(self, task: Callable[[int, int], Any], cuts: Ints) -> list[Any]:
        """Do `task` for each run of `cuts`; results in that order."""
        spans = [(int(first), int(last)) for first, last in pairwise(cuts)]
        if self._pool is None:
            return [task(first, last) for first, last in spans]
        return list(self._pool.map(lambda span: task(*span), spans))

    def _sum_tables(
        self, counts: WordCounts, n_topics: int, task: Callable[[int, int], tuple[Floats, float]]
    ) -> tuple[Floats, float]:
        """Add up the (words x topics) tables and log-likelihoods of runs of documents, in a fixed order."""
        table_bytes = 8 * counts.n_words * n_topics
        n_chunks = max(1, min(MAX_CHUNKS, TABLES_BYTES // table_bytes, counts.n_nonzeros // CHUNK_ENTRIES))
        cuts = _cuts(counts.indptr[1:], -(-counts.n_nonzeros // n_chunks))
        total, log_likelihood = np.zeros((counts.n_words, n_topics)), 0.0
        for table, value in self._run(task, cuts):
            total += table
            log_likelihood += value
        return total, log_likelihood


def _csr(counts: WordCounts) -> tuple[Ints, NDArray[np.int32], Floats]:
    return counts.indptr, counts.words, counts.counts


def _cuts(ends: Ints, size: int) -> Ints:
    """Where to cut rows ending at `ends` so that each run holds about `size` entries; starts at 0, ends at the last."""
    n_runs = max(1, -(-int(ends[-1]) // max(1, size))) if ends.size else 0
    inner = np.searchsorted(ends, np.arange(1, n_runs) * size, side="right")
    return np.unique(np.concatenate([[0], inner, [ends.size]]))


@_compile
def _mix64(value):
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@_compile
def _random_start(indptr, words, counts, doc_keys, first, last, alpha_excess, theta, table):
    n_topics = theta.shape[1]
    step = np.uint64(0x9E3779B97F4A7C15)
    chances = np.empty(n_topics)
    for doc in range(first, last):
        theta[doc, :] = 0.0
        for entry in range(indptr[doc], indptr[doc + 1]):
            word = words[entry]
            base = _mix64(doc_keys[doc] + (np.uint64(word) + np.uint64(1)) * step)
            total = 0.0
            for topic in range(n_topics):
                bits = _mix64(base + np.uint64(topic + 1) * step) >> np.uint64(11)
                chances[topic] = (np.float64(bits) + 1.0) * 2.0**-53
                total += chances[topic]
            share = counts[entry] / total
            for topic in range(n_topics):
                theta[doc, topic] += share * chances[topic]
                table[word, topic] += share * chances[topic]
        _to_shares(theta[doc], alpha_excess)


@_compile
def _to_shares(doc_topics, alpha_excess):
    n_topics = doc_topics.size
    total = 0.0
    for topic in range(n_topics):
        doc_topics[topic] += alpha_excess
        total += doc_topics[topic]
    for topic in range(n_topics):
        doc_topics[topic] = doc_topics[topic] / total if total > SMALLEST_PROBABILITY else 1.0 / n_topics


@_compile
def _em_pass(indptr, words, counts, phi_wk, first, last, alpha_excess, theta, table):
    n_topics = phi_wk.shape[1]
    mix = np.empty(n_topics)
    pull = np.empty(n_topics)
    log_likelihood = 0.0
    for doc in range(first, last):
        for topic in range(n_topics):
            mix[topic] = theta[doc, topic]
            pull[topic] = 0.0
        for entry in range(indptr[doc], indptr[doc + 1]):
            word = words[entry]
            phi = phi_wk[word]
            row = table[word]
            total = 0.0
            for topic in range(n_topics):
                total += mix[topic] * phi[topic]
            ratio = counts[entry] / total if total > SMALLEST_PROBABILITY else 0.0
            log_likelihood += counts[entry] * np.log(max(total, SMALLEST_PROBABILITY))
            for topic in range(n_topics):
                part = ratio * phi[topic]
                pull[topic] += part
                row[topic] += part * mix[topic]
        for topic in range(n_topics):
            theta[doc, topic] = mix[topic] * pull[topic]
        _to_shares(theta[doc], alpha_excess)
    return log_likelihood


@_compile
def _fold_in(indptr, words, counts, phi_wk, rows, first, last, alpha_excess, n_steps, theta):
    n_topics = phi_wk.shape[1]
    mix = np.empty(n_topics)
    pull = np.empty(n_topics)
    for row in range(first, last):
        doc = rows[row]
        mix[:] = 1.0 / n_topics
        for _ in range(n_steps if indptr[doc + 1] > indptr[doc] else 0):
            pull[:] = 0.0
            for entry in range(indptr[doc], indptr[doc + 1]):
                phi = phi_wk[words[entry]]
                total = 0.0
                for topic in range(n_topics):
                    total += mix[topic] * phi[topic]
                ratio = counts[entry] / total if total > SMALLEST_PROBABILITY else 0.0
                for topic in range(n_topics):
                    pull[topic] += ratio * phi[topic]
            for topic in range(n_topics):
                mix[topic] *= pull[topic]
            _to_shares(mix, alpha_excess)
        theta[row, :] = mix


@_compile
def _ratios(indptr, words, counts, phi_wk, rows, ends, first, last, theta, ratio):
    n_topics = phi_wk.shape[1]
    for row in range(first, last):
        doc = rows[row]
        shift = ends[row] - indptr[doc + 1]
        for entry in range(indptr[doc], indptr[doc + 1]):
            total = 0.0
            for topic in range(n_topics):
                total += theta[row, topic] * phi_wk[words[entry], topic]
            ratio[entry + shift] = counts[entry] / total if total > SMALLEST_PROBABILITY else 0.0


@_compile
def _add_words(indptr, words, counts, phi_wk, rows, ends, theta, ratio, weight, part, n_parts, table):
    n_topics = phi_wk.shape[1]
    for row in range(rows.size):
        doc = rows[row]
        shift = ends[row] - indptr[doc + 1]
        for entry in range(indptr[doc], indptr[doc + 1]):
            word = words[entry]
            if (word // WORDS_TOGETHER) & (n_parts - 1) != part:
                continue
            scaled = weight * ratio[entry + shift]
            for topic in range(n_topics):
                table[word, topic] += scaled * theta[row, topic] * phi_wk[word, topic]


@_compile
def _pair_probabilities(theta, phi_wk, docs, words, first, last, out):
    n_topics = phi_wk.shape[1]
    for pair in range(first, last):
        total = 0.0
        if docs[pair] >= 0 and words[pair] >= 0:
            for topic in range(n_topics):
                total += theta[docs[pair], topic] * phi_wk[words[pair], topic]
        out[pair] = total
