"""Topic models on word counts: which few habits explain what every address says, and how likely each word is.

A document (an address) mixes topics, a topic mixes words (Latent Dirichlet Allocation, Blei, Ng and Jordan 2003).
`fit_em` is Spark MLlib's expectation-maximisation, pass for pass; `fit_topics` gets there with a fraction of the work.

Parameters mean the same in every function: ``alpha`` and ``beta`` are the Dirichlet parameters of the topics in a
document and of the words in a topic, above 1, in the maximum a posteriori form of Asuncion et al. 2009, "On smoothing
and inference for topic models": every topic of a document gets ``alpha - 1`` tokens for free, every word of a topic
``beta - 1``. ``seed`` settles all chance. ``engine`` is ``"auto"``, ``"numba"`` or ``"numpy"``, ``n_threads`` counts
for numba only; neither changes the model beyond rounding (up to 1e-10 seen; threads not at all).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from flowsleuth.detect.kernels.topics_apply import infer_theta, perplexity, word_probabilities
from flowsleuth.detect.kernels.topics_counts import Floats, TopicModel, WordCounts, as_indices, check_range, word_rows
from flowsleuth.detect.kernels.topics_engine import Engine, make_engine
from flowsleuth.detect.kernels.topics_stepwise import StepwiseOptions, find_start, topic_shares
from flowsleuth.errors import OptionError

__all__ = [
    "StepwiseOptions",
    "TopicModel",
    "WordCounts",
    "carry_topics",
    "fit_em",
    "fit_topics",
    "infer_theta",
    "perplexity",
    "word_probabilities",
]

SPOT_TOPICS, SPOT_ALPHA, SPOT_BETA, SPOT_ITERATIONS = 20, 1.02, 1.001, 20  # spot-ml, SuspiciousConnectsArgumentParser
CONVERGED = 1e-6  # gain of `fit_em`'s last pass, as a share of the objective, that counts as none
EVEN_WORDS = 1e-3  # share mixed into a warm start, so that EM can revive a word that was impossible
DEFAULT_OPTIONS = StepwiseOptions()


def fit_em(
    counts: WordCounts,
    *,
    n_topics: int = SPOT_TOPICS,
    alpha: float = SPOT_ALPHA,
    beta: float = SPOT_BETA,
    n_iterations: int = SPOT_ITERATIONS,
    seed: int = 0,
    smoothed: bool = False,
    engine: str = "auto",
    n_threads: int | None = None,
) -> TopicModel:
    """Fit topics the way Apache Spot did: Spark MLlib's batch EM, from a random split of every entry.

    Parameters
    ----------
    counts : WordCounts
        Tokens by document and word.
    n_topics : int
        Topics, at least 1.
    alpha, beta : float
        Dirichlet parameters, above 1.
    n_iterations : int
        Passes over all entries, at least 1; there is no early stop.
    seed : int
        Settles the random split, at least 0. The split depends on each document's content, not on its place.
    smoothed : bool
        False: shares of the expected tokens as they are, as MLlib's ``topicDistributions`` and ``topicsMatrix`` (and
        so Spot) give them. True: with ``alpha - 1`` and ``beta - 1`` added, so that nothing is impossible.
    engine : {"auto", "numba", "numpy"}
        Inner loops to use.
    n_threads : int, optional
        Threads for numba; default: every usable processor.

    Returns
    -------
    TopicModel
        `is_converged` is False unless the last pass moved the objective by less than 1e-6 of it.

    Raises
    ------
    OptionError
        An option is out of range, or numba is asked for and missing.

    Notes
    -----
    Blind spots: MLlib's own random numbers are not reproduced, so a run equals one of Spark's in law, not digit by
    digit; EM finds a local optimum; an empty document, which MLlib drops, gets an even mix.
    Source: ``EMLDAOptimizer`` in Spark's ``mllib/clustering/LDAOptimizer.scala``.

    Examples
    --------
    Spot's golden test: one pair of addresses, nine flows at 13 h and one at midnight.

    >>> flows = WordCounts([0, 2, 4], [0, 1, 0, 1], [9, 1, 9, 1], n_words=2)
    >>> model = fit_em(flows, engine="numpy")
    >>> word_probabilities(model.theta, model.phi, [0, 0], [0, 1], engine="numpy").round(2).tolist()
    [0.9, 0.1]
    """
    excess = _check_priors(n_topics, alpha, beta, seed)
    if n_iterations < 1:
        raise OptionError(f"{n_iterations} passes", where="n_iterations", hint="give 1 or more")
    with make_engine(engine, n_threads) as loops:
        theta, word_topics = loops.random_start(counts, counts.doc_keys(seed), n_topics, excess[0])
        phi_wk = topic_shares(word_topics, excess[1])
        return _climb(loops, counts, theta, phi_wk, excess=excess, n_passes=n_iterations, smoothed=smoothed)


def fit_topics(
    counts: WordCounts,
    *,
    n_topics: int = 20,
    alpha: float = 1.05,
    beta: float = 1.01,
    seed: int = 0,
    options: StepwiseOptions = DEFAULT_OPTIONS,
    start_phi: Floats | None = None,
    with_theta: bool = True,
    engine: str = "auto",
    n_threads: int | None = None,
) -> TopicModel:
    """Fit topics fast: stepwise EM from several seedings, the likeliest one polished by batch EM.

    Parameters
    ----------
    counts : WordCounts
        Tokens by document and word.
    n_topics : int
        Topics, at least 1.
    alpha, beta : float
        Dirichlet parameters, above 1.
    seed : int
        Settles the seedings and the order of documents, at least 0.
    options : StepwiseOptions
        Starts, passes and tolerance.
    start_phi : array of float, shape (n_topics, n_words), optional
        Yesterday's topics on today's vocabulary (see `carry_topics`); replaces the search for a start.
    with_theta : bool
        False leaves `theta` out, which saves the last fold-in when there are no batch passes.
    engine : {"auto", "numba", "numpy"}
        Inner loops to use.
    n_threads : int, optional
        Threads for numba; default: every usable processor.

    Returns
    -------
    TopicModel
        Smoothed: no word is impossible.

    Raises
    ------
    OptionError
        An option is out of range, `start_phi` has the wrong shape, or numba is asked for and missing.

    Notes
    -----
    Blind spot: topics are found only up to their order, and a rare habit may share a topic with another.
    Source: Cappé and Moulines 2009, "On-line expectation-maximization algorithm for latent data models".

    Examples
    --------
    >>> counts = WordCounts([0, 2, 4, 6], [0, 1, 0, 1, 2, 3], [5, 4, 6, 5, 7, 3], n_words=4)
    >>> model = fit_topics(counts, n_topics=2, engine="numpy")
    >>> bool(model.theta[0].argmax() == model.theta[1].argmax() != model.theta[2].argmax())
    True
    """
    excess = _check_priors(n_topics, alpha, beta, seed)
    starts: tuple[float, ...] = ()
    with make_engine(engine, n_threads) as loops:
        if start_phi is None:
            phi_wk, starts = find_start(loops, counts, n_topics=n_topics, excess=excess, seed=seed, options=options)
        else:
            phi_wk = word_rows(start_phi, counts.n_words, "start_phi", n_topics) + EVEN_WORDS / counts.n_words
            phi_wk /= phi_wk.sum(axis=0)
        if not options.n_batch_passes and not with_theta:
            return TopicModel(np.ascontiguousarray(phi_wk.T), None, (), (), False, starts, loops.name)
        theta = loops.fold_in(counts, np.arange(counts.n_docs), phi_wk, excess[0], options.n_inner_steps)
        model = _climb(
            loops,
            counts,
            theta,
            phi_wk,
            excess=excess,
            n_passes=options.n_batch_passes,
            tolerance=options.tolerance,
            starts=starts,
        )
    return model if with_theta else replace(model, theta=None)


def carry_topics(phi: Floats, word_from: ArrayLike) -> Floats:
    """Yesterday's topics on today's vocabulary, to start `fit_topics` with.

    Parameters
    ----------
    phi : array of float, shape (n_topics, n_words_before)
        P(word | topic) of the earlier model.
    word_from : array of int, shape (n_words_now,)
        For each word of today its index in `phi`, or -1 for a new word.

    Returns
    -------
    array of float64, shape (n_topics, n_words_now)
        Rows sum to 1. A new word is equally likely in every topic, so it takes no side; vanished words are dropped.

    Raises
    ------
    OptionError
        An index is outside `phi`.

    Examples
    --------
    >>> carry_topics(np.array([[0.9, 0.1], [0.2, 0.8]]), [1, 0, -1]).round(2).tolist()
    [[0.07, 0.6, 0.33], [0.53, 0.13, 0.33]]
    """
    source = as_indices(word_from, "word_from", np.int64)
    check_range(source, phi.shape[1], "word_from", lowest=-1)
    is_new = source < 0
    carried = np.where(is_new, 0.0, np.asarray(phi, dtype=np.float64)[:, source])
    total = carried.sum(axis=1, keepdims=True)
    n_words, n_new = max(1, int(source.size)), int(is_new.sum())
    shares: Floats = np.full_like(carried, 1.0 / max(1, n_words - n_new)) * ~is_new
    np.divide(carried, total, out=shares, where=total > 0)
    result: Floats = shares * (1 - n_new / n_words) + is_new / n_words
    return result


def _climb(
    loops: Engine,
    counts: WordCounts,
    theta: Floats,
    phi_wk: Floats,
    *,
    excess: tuple[float, float],
    n_passes: int,
    tolerance: float = 0.0,
    smoothed: bool = True,
    starts: tuple[float, ...] = (),
) -> TopicModel:
    """Batch EM from (theta, phi_wk), which it overwrites, until the objective gains less than `tolerance` of itself."""
    log_likelihoods: list[float] = []
    objectives: list[float] = []
    is_converged = False
    for n_done in range(1, n_passes + 1):
        bare = n_done == n_passes and not smoothed
        log_prior = excess[0] * float(np.log(theta).sum()) + excess[1] * float(np.log(phi_wk).sum())
        word_topics, log_likelihood = loops.em_pass(counts, theta, phi_wk, 0.0 if bare else excess[0])
        phi_wk = topic_shares(word_topics, 0.0 if bare else excess[1])
        log_likelihoods.append(log_likelihood)
        objectives.append(log_likelihood + log_prior)
        is_converged = _is_settled(objectives, tolerance or CONVERGED)
        if tolerance and is_converged:
            break
    phi = np.ascontiguousarray(phi_wk.T)
    return TopicModel(phi, theta, tuple(log_likelihoods), tuple(objectives), is_converged, starts, loops.name)


def _is_settled(objectives: list[float], tolerance: float) -> bool:
    return len(objectives) > 1 and objectives[-1] - objectives[-2] <= tolerance * abs(objectives[-1])


def _check_priors(n_topics: int, alpha: float, beta: float, seed: int) -> tuple[float, float]:
    if n_topics < 1:
        raise OptionError(f"{n_topics} topics", where="n_topics", hint="give 1 or more")
    for name, value in (("alpha", alpha), ("beta", beta)):
        if not 1 < value < np.inf:
            raise OptionError(f"{value} is not above 1", where=name, hint="EM's form: 1 + tokens added, e.g. 1.02")
    if seed < 0:
        raise OptionError(f"{seed} is negative", where="seed")
    return alpha - 1, beta - 1
