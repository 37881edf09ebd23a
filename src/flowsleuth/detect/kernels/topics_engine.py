"""Which inner loops a topic model runs on: compiled by numba where that is installed, else numpy."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from flowsleuth.detect.kernels.topics_counts import Floats, Ints, Keys, WordCounts
from flowsleuth.detect.kernels.topics_numpy import NumpyEngine
from flowsleuth.errors import OptionError

ENGINES = ("auto", "numba", "numpy")
INSTALL = "pip install 'flowsleuth[fast]'"


class Engine(Protocol):
    """The inner loops of a topic model; a model of both makes agrees to 1e-10.

    ``phi_wk`` is P(word | topic), shape (n_words, n_topics); ``theta`` is P(topic | document), one row each;
    ``alpha_excess`` is the Dirichlet parameter less 1, i.e. the tokens added to each topic of a document.
    """

    @property
    def name(self) -> str: ...

    def random_start(
        self, counts: WordCounts, doc_keys: Keys, n_topics: int, alpha_excess: float
    ) -> tuple[Floats, Floats]:
        """Split every entry over the topics by chance; theta and the (n_words, n_topics) token table of that."""
        ...

    def em_pass(self, counts: WordCounts, theta: Floats, phi_wk: Floats, alpha_excess: float) -> tuple[Floats, float]:
        """One batch pass: `theta` is updated in place; the new token table, and the old log-likelihood."""
        ...

    def fold_in(self, counts: WordCounts, rows: Ints, phi_wk: Floats, alpha_excess: float, n_steps: int) -> Floats:
        """Theta of some documents under fixed topics, from an even start: shape (rows.size, n_topics)."""
        ...

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
        """Fold some documents in and add `weight` times their token table to `word_topics`, in place."""
        ...

    def pair_probabilities(self, theta: Floats, phi_wk: Floats, docs: Ints, words: Ints, out: Floats) -> None:
        """Write P(word | document) of each pair to `out`; 0 where either index is negative."""
        ...


def make_engine(engine: str, n_threads: int | None) -> AbstractContextManager[Engine]:
    """The inner loops named `engine`, to be closed by ``with``.

    Parameters
    ----------
    engine : {"auto", "numba", "numpy"}
        ``"auto"`` takes numba where it is installed.
    n_threads : int, optional
        Threads for numba, at least 1; default: every processor this process may use. numpy uses one.

    Raises
    ------
    OptionError
        No such engine, numba is asked for and missing, or `n_threads` is below 1.
    """
    if engine not in ENGINES:
        raise OptionError(f"no engine {engine!r}", where="engine", available=ENGINES)
    if n_threads is not None and n_threads < 1:
        raise OptionError(f"{n_threads} threads", where="n_threads", hint="give 1 or more")
    compiled = None if engine == "numpy" else _numba_loops()
    if compiled is not None:
        return compiled(n_threads or _usable_processors())
    if engine == "numba":
        raise OptionError("numba is not installed, or not for this numpy", where="engine", hint=INSTALL)
    return NumpyEngine()


def _numba_loops() -> Callable[[int], AbstractContextManager[Engine]] | None:
    if importlib.util.find_spec("numba") is None:
        return None
    from flowsleuth.detect.kernels import topics_numba  # numba takes some 0.5 s to import

    return topics_numba.NumbaEngine if topics_numba.numba is not None else None


def _usable_processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # absent on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1
