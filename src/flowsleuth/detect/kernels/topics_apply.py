"""What a fitted topic model says of documents and words: topic mixes, word probabilities, perplexity."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from flowsleuth.detect.kernels.topics_counts import Floats, Ints, WordCounts, as_indices, check_range, word_rows
from flowsleuth.detect.kernels.topics_engine import make_engine
from flowsleuth.detect.kernels.topics_stepwise import score_documents
from flowsleuth.errors import OptionError

DOCS_AT_ONCE = 65_536  # documents whose theta is held while perplexity is measured


def infer_theta(
    counts: WordCounts,
    phi: Floats,
    *,
    alpha: float = 1.05,
    n_steps: int = 20,
    engine: str = "auto",
    n_threads: int | None = None,
) -> Floats:
    """Topic mix of documents the model has not seen, its topics kept as they are (fold-in).

    Parameters
    ----------
    counts : WordCounts
        Tokens by document and word, on the vocabulary of `phi`.
    phi : array of float, shape (n_topics, n_words)
        P(word | topic).
    alpha : float
        Dirichlet parameter, at least 1; 1 gives plain maximum likelihood.
    n_steps : int
        EM updates of each document, at least 1. After 20 few mixes move by more than 0.01.
    engine : {"auto", "numba", "numpy"}
        Inner loops to use.
    n_threads : int, optional
        Threads for numba; default: every usable processor.

    Returns
    -------
    array of float64, shape (n_docs, n_topics)
        P(topic | document); rows sum to 1. Even for an empty document; with `alpha` 1 also for one whose words are
        impossible in every topic.

    Raises
    ------
    OptionError
        The vocabularies differ in size, or an option is out of range.

    Examples
    --------
    >>> theta = infer_theta(WordCounts([0, 1, 1], [1], [50], n_words=2), np.eye(2), engine="numpy")
    >>> theta.round(2).tolist()
    [[0.0, 1.0], [0.5, 0.5]]
    """
    phi_wk = word_rows(phi, counts.n_words, "phi")
    _check_fold_in(alpha, n_steps)
    with make_engine(engine, n_threads) as loops:
        return loops.fold_in(counts, np.arange(counts.n_docs), phi_wk, alpha - 1, n_steps)


def word_probabilities(
    theta: Floats,
    phi: Floats,
    doc_idx: ArrayLike,
    word_idx: ArrayLike,
    *,
    engine: str = "auto",
    n_threads: int | None = None,
) -> Floats:
    """How likely each word is for its document: the sum over topics of P(topic | document) x P(word | topic).

    Parameters
    ----------
    theta : array of float, shape (n_docs, n_topics)
        P(topic | document).
    phi : array of float, shape (n_topics, n_words)
        P(word | topic).
    doc_idx, word_idx : array of int, shape (n_pairs,)
        The pairs to score; -1 for a document or word the model does not know.
    engine : {"auto", "numba", "numpy"}
        Inner loops to use.
    n_threads : int, optional
        Threads for numba; default: every usable processor.

    Returns
    -------
    array of float64, shape (n_pairs,)
        In [0, 1], low = unusual; 0 where an index is -1, as Spot scores unseen words. Pairs are worked off in blocks:
        beyond the result and a copy of `phi`, memory does not grow with their number.

    Raises
    ------
    OptionError
        Shapes do not fit, or an index is out of range.

    Examples
    --------
    >>> word_probabilities(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0], [0.4, 0.6]]), [0, 0], [1, -1]).tolist()
    [0.3, 0.0]
    """
    phi_wk = word_rows(phi, np.shape(phi)[1], "phi")
    theta = np.ascontiguousarray(theta, dtype=np.float64)
    if theta.ndim != 2 or theta.shape[1] != phi_wk.shape[1]:
        raise OptionError(f"{theta.shape} does not fit {phi_wk.shape[1]} topics", where="theta")
    docs, words = as_indices(doc_idx, "doc_idx", np.int64), as_indices(word_idx, "word_idx", np.int64)
    if docs.shape != words.shape or docs.ndim != 1:
        raise OptionError(f"{docs.shape} documents for {words.shape} words", where="doc_idx, word_idx")
    check_range(docs, theta.shape[0], "doc_idx", lowest=-1)
    check_range(words, phi_wk.shape[0], "word_idx", lowest=-1)
    chances = np.empty(docs.size)
    with make_engine(engine, n_threads) as loops:
        loops.pair_probabilities(theta, phi_wk, docs, words, chances)
    return chances


def perplexity(
    phi: Floats,
    train: WordCounts,
    held_out: WordCounts,
    *,
    alpha: float = 1.05,
    n_steps: int = 50,
    engine: str = "auto",
    n_threads: int | None = None,
) -> float:
    """How many equally likely words the model is torn between at each held-out token; lower is better.

    Each document's topic mix comes from its tokens in `train`, its tokens in `held_out` are scored.

    Parameters
    ----------
    phi : array of float, shape (n_topics, n_words)
        P(word | topic), of any model.
    train, held_out : WordCounts
        The same documents and vocabulary; tokens split between the two.
    alpha : float
        Dirichlet parameter of the fold-in, at least 1.
    n_steps : int
        EM updates of each document, at least 1.
    engine : {"auto", "numba", "numpy"}
        Inner loops to use.
    n_threads : int, optional
        Threads for numba; default: every usable processor.

    Returns
    -------
    float
        At least 1; infinity where a held-out token is impossible; NaN without held-out tokens.

    Raises
    ------
    OptionError
        Documents or vocabularies differ in number, or an option is out of range.

    Examples
    --------
    >>> counts = WordCounts([0, 2], [0, 1], [3, 3], n_words=2)
    >>> round(perplexity(np.array([[0.5, 0.5]]), counts, counts, engine="numpy"), 6)
    2.0
    """
    phi_wk = word_rows(phi, train.n_words, "phi")
    _check_fold_in(alpha, n_steps)
    if (train.n_docs, train.n_words) != (held_out.n_docs, held_out.n_words):
        raise OptionError("documents or vocabulary differ from those of train", where="held_out")
    total, n_tokens = 0.0, 0.0
    with make_engine(engine, n_threads) as loops:
        for first in range(0, train.n_docs, DOCS_AT_ONCE):
            rows: Ints = np.arange(first, min(first + DOCS_AT_ONCE, train.n_docs))
            theta = loops.fold_in(train, rows, phi_wk, alpha - 1, n_steps)
            part, tokens = score_documents(loops, held_out, rows, theta, phi_wk)
            total, n_tokens = total + part, n_tokens + tokens
    return float(np.exp(-total / n_tokens)) if n_tokens else float("nan")


def _check_fold_in(alpha: float, n_steps: int) -> None:
    if not 1 <= alpha < np.inf:
        raise OptionError(f"{alpha} is below 1", where="alpha")
    if n_steps < 1:
        raise OptionError(f"{n_steps} steps", where="n_steps", hint="give 1 or more")
