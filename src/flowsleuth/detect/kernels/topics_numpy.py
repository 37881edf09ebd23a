"""The topic model's inner loops on numpy alone: the fallback without numba, and the oracle for it.

A block of documents is laid out as one row per (document, word) entry and one column per topic; a block is small
enough to stay in the processor's cache, so memory is flat however large the corpus is.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.kernels.topics_counts import MIX_STEP, Floats, Ints, Keys, WordCounts, mix64

BLOCK_ENTRIES = 16_384  # entries in a block: times 20 topics and 8 bytes, 2.6 MB, about one core's L2 cache
SMALLEST_PROBABILITY = 1e-300  # below it a division would overflow; such an entry is left out


class NumpyEngine:
    """The inner loops as whole-array operations on one thread; see `Engine` for what each one does."""

    name = "numpy"

    def __enter__(self) -> NumpyEngine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        return None

    def random_start(
        self, counts: WordCounts, doc_keys: Keys, n_topics: int, alpha_excess: float
    ) -> tuple[Floats, Floats]:
        theta = np.full((counts.n_docs, n_topics), 1.0 / n_topics)
        word_topics = np.zeros((counts.n_words, n_topics))
        for rows, entries, starts in _blocks(counts, np.arange(counts.n_docs)):
            words = counts.words[entries]
            keys = np.repeat(doc_keys[rows], np.diff(starts))
            chances = _uniform(keys, words, n_topics)
            share = chances * (counts.counts[entries] / chances.sum(axis=1))[:, None]
            theta[rows] = _row_shares(np.add.reduceat(share, starts[:-1], axis=0), alpha_excess)
            _add_rows(word_topics, words, share)
        return theta, word_topics

    def em_pass(self, counts: WordCounts, theta: Floats, phi_wk: Floats, alpha_excess: float) -> tuple[Floats, float]:
        word_topics = np.zeros_like(phi_wk)
        log_likelihood = 0.0
        for rows, entries, starts in _blocks(counts, np.arange(counts.n_docs)):
            words, count = counts.words[entries], counts.counts[entries]
            share = np.repeat(theta[rows], np.diff(starts), axis=0) * phi_wk[words]
            total = share.sum(axis=1)
            share *= _ratio(count, total)[:, None]
            log_likelihood += _log_sum(count, total)
            theta[rows] = _row_shares(np.add.reduceat(share, starts[:-1], axis=0), alpha_excess)
            _add_rows(word_topics, words, share)
        return word_topics, log_likelihood

    def fold_in(self, counts: WordCounts, rows: Ints, phi_wk: Floats, alpha_excess: float, n_steps: int) -> Floats:
        n_topics = phi_wk.shape[1]
        theta = np.full((rows.size, n_topics), 1.0 / n_topics)
        at = 0
        for some, entries, starts in _blocks(counts, rows, keep_empty=True):
            here = np.arange(at, at + some.size)
            at += some.size
            filled = np.flatnonzero(np.diff(starts))
            if not filled.size:
                continue
            theta[here[filled]] = _fold_block(
                phi_wk[counts.words[entries]],
                counts.counts[entries],
                np.append(starts[filled], starts[-1]),
                alpha_excess,
                n_steps,
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
        for _, entries, starts in _blocks(counts, rows):
            words, count = counts.words[entries], counts.counts[entries]
            phi = phi_wk[words]
            theta = _fold_block(phi, count, starts, alpha_excess, n_steps)
            phi *= np.repeat(theta, np.diff(starts), axis=0)
            phi *= (weight * _ratio(count, phi.sum(axis=1)))[:, None]
            _add_rows(word_topics, words, phi)

    def pair_probabilities(self, theta: Floats, phi_wk: Floats, docs: Ints, words: Ints, out: Floats) -> None:
        for at in range(0, docs.size, BLOCK_ENTRIES):
            some = slice(at, at + BLOCK_ENTRIES)
            out[some] = np.einsum("ik,ik->i", theta[docs[some]], phi_wk[words[some]])
            out[some][(docs[some] < 0) | (words[some] < 0)] = 0.0


def _blocks(counts: WordCounts, rows: Ints, keep_empty: bool = False) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Runs of `rows` of about BLOCK_ENTRIES entries: the rows, their entries, and where each row's entries start."""
    sizes = counts.indptr[rows + 1] - counts.indptr[rows]
    if not keep_empty:
        rows, sizes = rows[sizes > 0], sizes[sizes > 0]
    ends = np.cumsum(sizes)
    at = 0
    while at < rows.size:
        done = ends[at - 1] if at else 0
        stop = max(at + 1, int(np.searchsorted(ends, done + BLOCK_ENTRIES, side="right")))
        starts = np.concatenate([[0], ends[at:stop] - done])
        entries = np.arange(starts[-1]) + np.repeat(counts.indptr[rows[at:stop]] - starts[:-1], sizes[at:stop])
        yield rows[at:stop], entries, starts
        at = stop


def _fold_block(phi: Floats, count: Floats, starts: Ints, alpha_excess: float, n_steps: int) -> Floats:
    sizes = np.diff(starts)
    theta = np.full((sizes.size, phi.shape[1]), 1.0 / phi.shape[1])
    for _ in range(n_steps):
        total = np.einsum("ik,ik->i", np.repeat(theta, sizes, axis=0), phi)
        pull = np.add.reduceat(phi * _ratio(count, total)[:, None], starts[:-1], axis=0)
        theta = _row_shares(theta * pull, alpha_excess)
    return theta


def _row_shares(doc_topics: Floats, alpha_excess: float) -> Floats:
    smoothed = doc_topics + alpha_excess
    total = smoothed.sum(axis=1, keepdims=True)
    shares = np.full_like(smoothed, 1.0 / smoothed.shape[1])
    np.divide(smoothed, total, out=shares, where=total > SMALLEST_PROBABILITY)
    return shares


def _ratio(count: Floats, total: Floats) -> Floats:
    return np.divide(count, total, out=np.zeros_like(total), where=total > SMALLEST_PROBABILITY)


def _log_sum(count: Floats, total: Floats) -> float:
    return float((count * np.log(np.maximum(total, SMALLEST_PROBABILITY))).sum())


def _add_rows(table: Floats, words: NDArray[np.int32], rows: Floats) -> None:
    order = np.argsort(words, kind="stable")
    ordered = words[order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    table[ordered[first]] += np.add.reduceat(rows[order], first, axis=0)


def _uniform(keys: Keys, words: NDArray[np.int32], n_topics: int) -> Floats:
    """Chances in (0, 1], fixed by document key, word and topic: float64, shape (n_entries, n_topics)."""
    base = mix64(keys + (words.astype(np.uint64) + np.uint64(1)) * MIX_STEP)
    bits = mix64(base[:, None] + np.arange(1, n_topics + 1, dtype=np.uint64) * MIX_STEP)
    return ((bits >> np.uint64(11)).astype(np.float64) + 1.0) * 2.0**-53
