"""Topic model kernel: Spot's golden toy, EM's promises, both engines alike, and chance that repeats."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.detect.kernels.topics import (
    StepwiseOptions,
    WordCounts,
    carry_topics,
    fit_em,
    fit_topics,
    infer_theta,
    perplexity,
    word_probabilities,
)
from flowsleuth.detect.kernels.topics_stepwise import join_alike
from flowsleuth.errors import OptionError

SRC = Path(__file__).parents[3] / "src"
SAME = 1e-9


@pytest.fixture
def needs_numba() -> None:
    """CI installs the ``fast`` extra and sets CI, so there the numba half can't be skipped unseen."""
    if os.environ.get("CI"):
        import numba  # noqa: F401
    pytest.importorskip("numba", reason="numba not installed: pip install 'flowsleuth[fast]'")


def corpus(
    n_docs: int = 300, n_words: int = 60, n_topics: int = 4, length: int = 40, seed: int = 1
) -> tuple[WordCounts, WordCounts, np.ndarray]:
    """Documents of mostly one topic, each topic with words of its own; about a tenth of the tokens held out."""
    chance = np.random.default_rng(seed)
    phi = chance.gamma(0.1, size=(n_topics, n_words)) + 1e-3
    phi[np.arange(n_words) % n_topics, np.arange(n_words)] += 1.0
    phi /= phi.sum(axis=1, keepdims=True)
    theta = chance.dirichlet(np.full(n_topics, 0.1), n_docs)
    tokens = np.array([chance.multinomial(length, mix @ phi) for mix in theta])
    held = chance.binomial(tokens, 0.1)
    return dense(tokens - held), dense(held), phi


def dense(table: np.ndarray) -> WordCounts:
    docs, words = np.nonzero(table)
    return WordCounts.from_pairs(docs, words, table[docs, words], n_docs=table.shape[0], n_words=table.shape[1])


tables = st.integers(0, 2**32 - 1).flatmap(
    lambda seed: st.tuples(st.integers(1, 30), st.integers(1, 12)).map(
        lambda shape: np.random.default_rng(seed).poisson(0.7, shape)
    )
)


def assert_shares(model_theta: np.ndarray, phi: np.ndarray) -> None:
    np.testing.assert_allclose(model_theta.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(phi.sum(axis=1), 1.0, atol=1e-12)
    assert model_theta.min() >= 0
    assert phi.min() >= 0


# ---- Spot


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("smoothed", [False, True])
def test_spot_golden_toy(seed: int, smoothed: bool) -> None:
    """spot.md 2.4: one pair of addresses, nine flows in hour 13 and one in hour 0, k = 20."""
    flows = WordCounts([0, 2, 4], [0, 1, 0, 1], [9, 1, 9, 1], n_words=2)
    model = fit_em(flows, n_topics=20, alpha=1.02, beta=1.001, n_iterations=20, seed=seed, smoothed=smoothed)
    score = word_probabilities(model.theta, model.phi, [0, 1, 0, 1], [0, 0, 1, 1])
    np.testing.assert_allclose(score, [0.9, 0.9, 0.1, 0.1], atol=0.01)


def test_one_em_pass_by_hand() -> None:
    """MLlib's update written out with loops: gamma ~ (N_wk + b)(N_jk + a) / (N_k + W b), then shares of N."""
    counts = WordCounts([0, 2, 3], [0, 2, 1], [3.0, 1.0, 2.0], n_words=3)
    before = fit_em(counts, n_topics=2, n_iterations=1, smoothed=True, seed=3, engine="numpy")
    after = fit_em(counts, n_topics=2, n_iterations=2, smoothed=False, seed=3, engine="numpy")
    word_topics, doc_topics = np.zeros((3, 2)), np.zeros((2, 2))
    for doc, word, count in ((0, 0, 3.0), (0, 2, 1.0), (1, 1, 2.0)):
        gamma = before.theta[doc] * before.phi[:, word]
        gamma *= count / gamma.sum()
        word_topics[word] += gamma
        doc_topics[doc] += gamma
    np.testing.assert_allclose(after.theta, doc_topics / doc_topics.sum(axis=1, keepdims=True), atol=1e-14)
    np.testing.assert_allclose(after.phi, (word_topics / word_topics.sum(axis=0)).T, atol=1e-14)


# ---- EM's promises


@settings(max_examples=40, deadline=None)
@given(table=tables, n_topics=st.integers(1, 5), seed=st.integers(0, 9))
def test_objective_never_falls(table: np.ndarray, n_topics: int, seed: int) -> None:
    model = fit_em(dense(table), n_topics=n_topics, alpha=1.1, beta=1.01, seed=seed, engine="numpy")
    steps = np.diff(model.objective)
    assert steps.min() >= -1e-9 * max(1.0, abs(model.objective[-1]))
    assert max(model.log_likelihood) <= 1e-9
    assert_shares(model.theta, model.phi)


def test_batch_passes_of_fit_topics_never_fall_and_settle() -> None:
    model = fit_topics(corpus()[0], n_topics=4, options=StepwiseOptions(n_batch_passes=200))
    assert np.diff(model.objective).min() >= 0
    assert model.is_converged
    assert len(model.objective) < 200


def test_topics_are_recovered() -> None:
    train, held_out, phi = corpus(n_docs=1000)
    model = fit_topics(train, n_topics=4)
    overlap = np.sqrt(model.phi) @ np.sqrt(phi).T
    assert sorted(overlap.argmax(axis=1)) == [0, 1, 2, 3]
    assert overlap.max(axis=1).min() > 0.98
    assert perplexity(model.phi, train, held_out) < 1.05 * perplexity(phi, train, held_out)


def test_em_recovers_topics_too() -> None:
    train, held_out, phi = corpus(n_docs=1000)
    model = fit_em(train, n_topics=4, n_iterations=60, smoothed=True)
    assert perplexity(model.phi, train, held_out) < 1.05 * perplexity(phi, train, held_out)


# ---- the same input, the same model


@pytest.mark.parametrize("fit", [fit_em, fit_topics])
def test_seed_repeats_and_matters(fit) -> None:
    train = corpus()[0]
    first, again, other = (fit(train, n_topics=4, seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(first.phi, again.phi)
    assert np.array_equal(first.theta, again.theta)
    assert not np.array_equal(first.phi, other.phi)


@pytest.mark.parametrize("fit", [fit_em, fit_topics])
def test_order_of_documents_is_irrelevant(fit) -> None:
    tokens = np.random.default_rng(2).poisson(0.5, (200, 30))
    order = np.random.default_rng(3).permutation(200)
    plain, shuffled = fit(dense(tokens), n_topics=3), fit(dense(tokens[order]), n_topics=3)
    np.testing.assert_allclose(shuffled.phi, plain.phi, atol=SAME)
    np.testing.assert_allclose(shuffled.theta, plain.theta[order], atol=SAME)


def test_order_of_pairs_is_irrelevant() -> None:
    chance = np.random.default_rng(4)
    docs, words, counts = chance.integers(0, 9, 50), chance.integers(0, 7, 50), chance.integers(1, 4, 50)
    order = chance.permutation(50)
    plain = WordCounts.from_pairs(docs, words, counts, n_docs=9, n_words=7)
    shuffled = WordCounts.from_pairs(docs[order], words[order], counts[order], n_docs=9, n_words=7)
    for name in ("indptr", "words", "counts"):
        assert np.array_equal(getattr(plain, name), getattr(shuffled, name))


# ---- numba against numpy


@pytest.mark.usefixtures("needs_numba")
class TestNumba:
    @settings(max_examples=40, deadline=None)
    @given(table=tables, n_topics=st.integers(1, 5), seed=st.integers(0, 9), smoothed=st.booleans())
    def test_em_equals_numpy(self, table: np.ndarray, n_topics: int, seed: int, smoothed: bool) -> None:
        models = [
            fit_em(dense(table), n_topics=n_topics, seed=seed, smoothed=smoothed, engine=engine)
            for engine in ("numba", "numpy")
        ]
        assert [model.engine for model in models] == ["numba", "numpy"]
        np.testing.assert_allclose(models[0].phi, models[1].phi, atol=SAME)
        np.testing.assert_allclose(models[0].theta, models[1].theta, atol=SAME)
        np.testing.assert_allclose(models[0].objective, models[1].objective, rtol=SAME)

    @settings(max_examples=40, deadline=None)
    @given(table=tables, n_topics=st.integers(1, 5), seed=st.integers(0, 9), n_starts=st.integers(1, 3))
    def test_stepwise_equals_numpy(self, table: np.ndarray, n_topics: int, seed: int, n_starts: int) -> None:
        options = StepwiseOptions(n_starts=n_starts, n_batch_passes=3)
        models = [
            fit_topics(dense(table), n_topics=n_topics, seed=seed, options=options, engine=engine)
            for engine in ("numba", "numpy")
        ]
        np.testing.assert_allclose(models[0].phi, models[1].phi, atol=SAME)
        np.testing.assert_allclose(models[0].theta, models[1].theta, atol=SAME)

    def test_use_of_a_model_equals_numpy(self) -> None:
        train, held_out, phi = corpus()
        theta = infer_theta(train, phi, engine="numpy")
        np.testing.assert_allclose(infer_theta(train, phi, engine="numba"), theta, atol=1e-12)
        docs, words = np.arange(-1, 299), np.arange(-1, 299) % 60
        scores = [word_probabilities(theta, phi, docs, words, engine=engine) for engine in ("numba", "numpy")]
        np.testing.assert_allclose(*scores, atol=1e-14)
        scores = [perplexity(phi, train, held_out, engine=engine) for engine in ("numba", "numpy")]
        np.testing.assert_allclose(*scores, rtol=1e-12)

    @pytest.mark.parametrize("fit", [fit_em, fit_topics])
    def test_threads_do_not_change_a_bit(self, fit, monkeypatch: pytest.MonkeyPatch) -> None:
        from flowsleuth.detect.kernels import topics_numba, topics_stepwise

        monkeypatch.setattr(topics_numba, "CHUNK_ENTRIES", 200)
        monkeypatch.setattr(topics_numba, "TASK_ENTRIES", 100)
        monkeypatch.setattr(topics_stepwise, "BATCH_ENTRIES", (300, 300))
        train = corpus()[0]
        models = [fit(train, n_topics=4, engine="numba", n_threads=n_threads) for n_threads in (1, 2, 3, 7)]
        for model in models[1:]:
            assert np.array_equal(model.phi, models[0].phi)
            assert np.array_equal(model.theta, models[0].theta)
            assert model.objective == models[0].objective

    @pytest.mark.soak
    def test_compiled_cached_and_for_another_processor_do_not_change_a_bit(self, tmp_path: Path) -> None:
        """With numba's fastmath the loops loaded from its cache gave other bits than those just compiled."""
        np.savez(tmp_path / "train.npz", **vars(corpus()[0]))
        code = (
            "import hashlib, numpy as np; from flowsleuth.detect.kernels.topics import *\n"
            f"counts = WordCounts(**np.load({str(tmp_path / 'train.npz')!r}))\n"
            "for fit in fit_em, fit_topics:\n"
            "    model = fit(counts, n_topics=20, engine='numba')\n"
            "    print(hashlib.sha256(model.phi.tobytes() + model.theta.tobytes()).hexdigest())"
        )
        cache, other = str(tmp_path / "cache"), str(tmp_path / "other")
        runs = [run_python(code, NUMBA_CACHE_DIR=cache) for _ in range(2)]
        runs.append(run_python(code, NUMBA_CACHE_DIR=other, NUMBA_CPU_NAME="generic"))
        assert [run.stderr for run in runs] == ["", "", ""]
        assert len({run.stdout for run in runs}) == 1, runs

    def test_many_batches_and_chunks_equal_numpy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from flowsleuth.detect.kernels import topics_numba, topics_numpy, topics_stepwise

        monkeypatch.setattr(topics_numba, "CHUNK_ENTRIES", 200)
        monkeypatch.setattr(topics_numpy, "BLOCK_ENTRIES", 70)
        monkeypatch.setattr(topics_stepwise, "BATCH_ENTRIES", (300, 300))
        train = corpus()[0]
        models = [fit_topics(train, n_topics=4, engine=engine) for engine in ("numba", "numpy")]
        np.testing.assert_allclose(models[0].phi, models[1].phi, atol=SAME)
        np.testing.assert_allclose(models[0].theta, models[1].theta, atol=SAME)

    def test_several_python_threads_at_once(self) -> None:
        train = corpus()[0]
        expected = fit_em(train, n_topics=3, engine="numba", n_threads=2).phi
        found: list[np.ndarray] = []
        workers = [
            threading.Thread(target=lambda: found.append(fit_em(train, n_topics=3, engine="numba", n_threads=2).phi))
            for _ in range(4)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert len(found) == 4
        assert all(np.array_equal(phi, expected) for phi in found)

    def test_fork_after_use(self) -> None:
        ok = run_python(
            "import os; from flowsleuth.detect.kernels.topics import *\n"
            "c = WordCounts([0, 2], [0, 1], [1, 2], n_words=2)\n"
            "fit_em(c, n_topics=2, engine='numba', n_threads=2)\n"
            "pid = os.fork()\n"
            "fit_em(c, n_topics=2, engine='numba', n_threads=2)\n"
            "os._exit(0) if pid == 0 else print(os.waitpid(pid, 0)[1])"
        )
        assert ok.stdout.strip() == "0"

    def test_no_place_to_cache_is_no_error(self, tmp_path: Path) -> None:
        """Both of numba's cache places refused, as for a package of root's and a user without a home."""
        done = run_python(
            "from numba.core import caching\n"
            "caching.CacheImpl._locator_classes = []\n"
            "from flowsleuth.detect.kernels.topics import *\n"
            "c = WordCounts([0, 2], [0, 1], [1, 2], n_words=2)\n"
            "print(fit_em(c, n_topics=2, engine='numba').engine)"
        )
        assert done.stdout.strip() == "numba", done.stderr

    def test_numba_settings_and_environment_stay(self) -> None:
        done = run_python(
            "import os, numba; before = dict(os.environ), numba.config.THREADING_LAYER\n"
            "from flowsleuth.detect.kernels.topics import *\n"
            "fit_em(WordCounts([0, 2], [0, 1], [1, 2], n_words=2), n_topics=2, engine='numba')\n"
            "print(before == (dict(os.environ), numba.config.THREADING_LAYER))"
        )
        assert done.stdout.strip() == "True", done.stderr


def run_python(code: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(SRC), **more}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)


def test_import_is_cheap() -> None:
    done = run_python(
        "import sys, flowsleuth.detect.kernels.topics\n"
        "print([m for m in ('numba', 'scipy', 'pandas', 'duckdb', 'ibis', 'pyspark') if m in sys.modules])"
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_without_numba_numpy_takes_over() -> None:
    done = run_python(
        "import sys, importlib.util as u\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'numba' else find(name, *rest)\n"
        "from flowsleuth.detect.kernels.topics import *\n"
        "c = WordCounts([0, 2], [0, 1], [1, 2], n_words=2)\n"
        "print(fit_topics(c, n_topics=2).engine, 'numba' in sys.modules)\n"
        "try: fit_em(c, engine='numba')\n"
        "except ValueError as e: print(e)"
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "numpy False", done.stderr
    assert "flowsleuth[fast]" in lines[1]


def test_a_broken_numba_counts_as_none() -> None:
    """numba refuses a numpy newer than it knows with an ImportError."""
    done = run_python(
        "import sys, importlib.util, importlib.machinery as m\n"
        "importlib.util.find_spec = lambda name, *rest: m.ModuleSpec(name, None)\n"
        "sys.modules['numba'] = None\n"
        "from flowsleuth.detect.kernels.topics import *\n"
        "print(fit_em(WordCounts([0, 2], [0, 1], [1, 2], n_words=2)).engine)"
    )
    assert done.stdout.strip() == "numpy", done.stderr


# ---- odd shapes


@pytest.mark.parametrize("engine", ["auto", "numpy"])
class TestOddShapes:
    def test_empty_documents_get_an_even_mix(self, engine: str) -> None:
        counts = WordCounts([0, 0, 2, 2, 4, 4], [0, 1, 0, 1], [2, 1, 1, 2], n_words=3)
        for model in (fit_em(counts, n_topics=3, engine=engine), fit_topics(counts, n_topics=3, engine=engine)):
            np.testing.assert_allclose(model.theta[[0, 2, 4]], 1 / 3, atol=1e-12)
            assert_shares(model.theta, model.phi)

    def test_no_document_at_all(self, engine: str) -> None:
        counts = WordCounts([0], [], [], n_words=2)
        for model in (fit_em(counts, n_topics=3, engine=engine), fit_topics(counts, n_topics=3, engine=engine)):
            assert model.theta.shape == (0, 3)
            np.testing.assert_allclose(model.phi, 0.5)
        assert np.isnan(perplexity(model.phi, counts, counts, engine=engine))

    def test_only_zero_counts(self, engine: str) -> None:
        counts = WordCounts([0, 1], [0], [0], n_words=2)
        for model in (fit_em(counts, n_topics=2, engine=engine), fit_topics(counts, n_topics=2, engine=engine)):
            assert_shares(model.theta, model.phi)

    def test_one_word(self, engine: str) -> None:
        counts = WordCounts([0, 1, 2], [0, 0], [3, 5], n_words=1)
        for model in (fit_em(counts, n_topics=4, engine=engine), fit_topics(counts, n_topics=4, engine=engine)):
            np.testing.assert_allclose(model.phi, 1.0)
            np.testing.assert_allclose(word_probabilities(model.theta, model.phi, [0, 1], [0, 0], engine=engine), 1.0)

    def test_one_topic_is_the_word_frequency(self, engine: str) -> None:
        counts = WordCounts([0, 2, 3], [0, 1, 2], [2, 1, 1], n_words=3)
        model = fit_em(counts, n_topics=1, engine=engine)
        np.testing.assert_allclose(model.phi, [[0.5, 0.25, 0.25]], atol=1e-15)
        np.testing.assert_allclose(model.theta, 1.0)
        np.testing.assert_allclose(fit_topics(counts, n_topics=1, engine=engine).phi, model.phi, atol=0.01)

    def test_unknown_pairs_score_zero_and_impossible_words_are_infinitely_perplexing(self, engine: str) -> None:
        phi = np.array([[1.0, 0.0]])
        np.testing.assert_array_equal(
            word_probabilities(np.ones((1, 1)), phi, [-1, 0, 0, 0], [0, -1, 1, 0], engine=engine), [0, 0, 0, 1]
        )
        train, held_out = WordCounts([0, 1], [0], [2], n_words=2), WordCounts([0, 1], [1], [1], n_words=2)
        assert perplexity(phi, train, held_out, engine=engine) == np.inf
        assert perplexity(phi, train, train, engine=engine) == 1.0
        np.testing.assert_allclose(infer_theta(held_out, np.eye(2)[:1], alpha=1, engine=engine), 1.0)

    def test_fractional_and_float32_counts(self, engine: str) -> None:
        counts = np.array([0.25, 1.5], dtype=np.float32)
        model = fit_em(WordCounts([0, 2], [0, 1], counts, n_words=2), n_topics=1, engine=engine)
        np.testing.assert_allclose(model.phi, [[1 / 7, 6 / 7]], atol=1e-15)

    def test_a_document_longer_than_a_block(self, engine: str) -> None:
        counts = WordCounts([0, 40_000, 40_001], np.arange(40_001) % 40_000, np.ones(40_001), n_words=40_000)
        model = fit_em(counts, n_topics=2, n_iterations=2, engine=engine)
        assert_shares(model.theta, model.phi)


# ---- warm start


def test_warm_start_climbs_on_from_yesterday() -> None:
    train, held_out, _ = corpus(n_docs=600)
    yesterday = fit_topics(train, n_topics=4)
    today = fit_topics(train, n_topics=4, start_phi=carry_topics(yesterday.phi, np.arange(60)))
    assert len(today.objective) < len(yesterday.objective) + 3
    assert today.start_log_likelihood == ()
    overlap = np.sqrt(today.phi) @ np.sqrt(yesterday.phi).T
    assert np.array_equal(overlap.argmax(axis=1), np.arange(4))  # topics keep their places
    assert perplexity(today.phi, train, held_out) < 1.02 * perplexity(yesterday.phi, train, held_out)


def test_warm_start_with_new_vanished_and_dead_words() -> None:
    phi = np.array([[0.5, 0.5, 0.0, 0.0], [0.0, 0.5, 0.5, 0.0]])
    carried = carry_topics(phi, [2, -1, 0, 3])
    np.testing.assert_allclose(carried.sum(axis=1), 1.0)
    np.testing.assert_allclose(carried[:, 1], 0.25)
    counts = WordCounts([0, 2, 4], [0, 1, 2, 3], [5, 5, 5, 5], n_words=4)
    model = fit_topics(counts, n_topics=2, start_phi=carried)
    scores = word_probabilities(model.theta, model.phi, [0, 0, 1, 1], [0, 1, 2, 3])
    np.testing.assert_allclose(scores, 0.5, atol=0.02)
    np.testing.assert_allclose(carry_topics(phi, [-1, -1]), 0.5)


# ---- parts and refusals


def test_join_alike_joins_the_most_alike() -> None:
    table = np.array([[8.0, 0.0, 4.0], [0.0, 6.0, 0.5]])
    np.testing.assert_array_equal(join_alike(table.copy(), 2), [[12.0, 0.0], [0.5, 6.0]])


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (([0, 1], [0], [1], 0), "n_words"),
        (([0, 1], [0], [1, 2], 2), "counts"),
        (([0, 2], [0], [1], 2), "indptr"),
        (([0, 2, 1, 3], [0, 0, 0], [1, 1, 1], 2), "indptr"),
        (([0, 1], [2], [1], 2), "words"),
        (([0, 1], [-1], [1], 2), "words"),
        (([0, 1], [0.5], [1], 2), "words"),
        (([0, 1], [0], [-1], 2), "counts"),
        (([0, 1], [0], [np.nan], 2), "counts"),
        (([0, 1], [0], [np.inf], 2), "counts"),
    ],
)
def test_counts_that_do_not_fit(arguments: tuple, where: str) -> None:
    with pytest.raises(OptionError, match=f"^{where}: "):
        WordCounts(*arguments)


@pytest.mark.parametrize(
    "options",
    [
        {"n_topics": 0},
        {"alpha": 1.0},
        {"beta": 0.5},
        {"alpha": np.nan},
        {"seed": -1},
        {"engine": "fortran"},
        {"n_threads": 0},
    ],
)
@pytest.mark.parametrize("fit", [fit_em, fit_topics])
def test_options_out_of_range(fit, options: dict) -> None:
    with pytest.raises(OptionError, match=f"^{next(iter(options))}: "):
        fit(WordCounts([0, 1], [0], [1], n_words=1), **options)


@pytest.mark.parametrize(
    "option",
    [{"n_starts": 0}, {"n_inner_steps": 0}, {"start_share": 0}, {"forgetting": 0.5}, {"delay": 1}, {"tolerance": -1}],
)
def test_stepwise_options_out_of_range(option: dict) -> None:
    with pytest.raises(OptionError, match=f"^{next(iter(option))}: "):
        StepwiseOptions(**option)


def test_models_that_do_not_fit() -> None:
    counts = WordCounts([0, 1], [0], [1], n_words=2)
    with pytest.raises(OptionError, match=r"^phi: "):
        infer_theta(counts, np.ones((1, 3)))
    with pytest.raises(OptionError, match=r"^start_phi: "):
        fit_topics(counts, n_topics=2, start_phi=np.ones((1, 2)))
    with pytest.raises(OptionError, match=r"^theta: "):
        word_probabilities(np.ones((1, 2)), np.ones((1, 2)), [0], [0])
    with pytest.raises(OptionError, match=r"^word_idx: "):
        word_probabilities(np.ones((1, 1)), np.ones((1, 2)), [0], [2])
    with pytest.raises(OptionError, match=r"^word_from: "):
        carry_topics(np.ones((1, 2)), [2])
    with pytest.raises(OptionError, match=r"^held_out: "):
        perplexity(np.ones((1, 2)), counts, WordCounts([0], [], [], n_words=2))
    with pytest.raises(OptionError, match=r"^n_iterations: "):
        fit_em(counts, n_iterations=0)
