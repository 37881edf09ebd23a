"""What a topic model reads and what it hands back: word counts by document, and the fitted model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flowsleuth.errors import OptionError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]

MIX_A = np.uint64(0xBF58476D1CE4E5B9)  # SplitMix64's constants (Steele, Lea and Flood 2014)
MIX_B = np.uint64(0x94D049BB133111EB)
MIX_STEP = np.uint64(0x9E3779B97F4A7C15)
MIX_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))


@dataclass(frozen=True, eq=False)
class WordCounts:
    """How often each word occurs in each document, as sparse rows (CSR).

    Parameters
    ----------
    indptr : array of int64, shape (n_docs + 1,)
        Document ``d`` owns the entries ``indptr[d]:indptr[d + 1]``. An empty document is allowed.
    words : array of int32, shape (n_nonzeros,)
        Word index of each entry, in ``[0, n_words)``.
    counts : array of float64, shape (n_nonzeros,)
        Tokens of each entry, finite, at least 0; need not be whole. float32 is widened.
    n_words : int
        Size of the vocabulary, at least 1. Words that never occur are allowed.

    Raises
    ------
    OptionError
        The arrays do not fit together, an index is out of range, or a count is negative or not finite.

    Examples
    --------
    >>> WordCounts([0, 2, 3], [0, 1, 1], [9, 1, 4], n_words=2).n_tokens
    14.0
    """

    indptr: NDArray[np.int64]
    words: NDArray[np.int32]
    counts: NDArray[np.float64]
    n_words: int

    def __post_init__(self) -> None:
        indptr = as_indices(self.indptr, "indptr", np.int64)
        words = as_indices(self.words, "words", np.int32)
        counts = np.ascontiguousarray(self.counts, dtype=np.float64)
        if self.n_words < 1:
            raise OptionError("the vocabulary has no words", where="n_words")
        if counts.shape != words.shape or counts.ndim != 1:
            raise OptionError(f"{counts.shape} counts for {words.shape} words", where="counts")
        if indptr.ndim != 1 or indptr.size == 0 or indptr[0] != 0 or indptr[-1] != words.size:
            raise OptionError(f"does not run from 0 to the {words.size} entries", where="indptr")
        if np.any(np.diff(indptr) < 0):
            raise OptionError("goes down", where="indptr")
        check_range(words, self.n_words, "words")
        if counts.size and not (counts.min() >= 0 and np.isfinite(counts.max())):
            raise OptionError("a count is negative or not finite", where="counts")
        for name, array in (("indptr", indptr), ("words", words), ("counts", counts)):
            object.__setattr__(self, name, array)

    @classmethod
    def from_pairs(
        cls, docs: ArrayLike, words: ArrayLike, counts: ArrayLike, *, n_docs: int, n_words: int
    ) -> WordCounts:
        """Rows of (document, word, count) in any order become sparse rows; equal pairs are added up.

        Parameters
        ----------
        docs, words : array of int, shape (n_rows,)
            Indices in ``[0, n_docs)`` and ``[0, n_words)``.
        counts : array of float, shape (n_rows,)
            Tokens of each row, at least 0.
        n_docs, n_words : int
            Sizes of the two index spaces.

        Raises
        ------
        OptionError
            An index is out of range, or the three arrays differ in length.

        Examples
        --------
        >>> pairs = WordCounts.from_pairs([1, 0, 1], [0, 0, 0], [1, 2, 3], n_docs=2, n_words=1)
        >>> pairs.counts.tolist()
        [2.0, 4.0]
        """
        doc = as_indices(docs, "docs", np.int64)
        word = as_indices(words, "words", np.int64)
        count = np.asarray(counts, dtype=np.float64)
        if not doc.shape == word.shape == count.shape:
            raise OptionError(f"shapes differ: {doc.shape}, {word.shape}, {count.shape}", where="docs, words, counts")
        check_range(doc, n_docs, "docs")
        check_range(word, n_words, "words")
        pair, entry = np.unique(doc * n_words + word, return_inverse=True)
        row, column = np.divmod(pair, n_words)
        indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n_docs))])
        summed: Floats = np.bincount(entry, weights=count, minlength=pair.size).astype(np.float64)
        return cls(indptr, column, summed, n_words)

    @property
    def n_docs(self) -> int:
        """Documents, the empty ones included."""
        return int(self.indptr.size - 1)

    @property
    def n_nonzeros(self) -> int:
        """Stored (document, word) entries."""
        return int(self.words.size)

    @property
    def n_tokens(self) -> float:
        """All counts added up."""
        return float(self.counts.sum())

    def doc_sums(self) -> Floats:
        """Tokens of each document: float64, shape (n_docs,)."""
        sums = np.zeros(self.n_docs)
        filled = np.flatnonzero(np.diff(self.indptr))
        if filled.size:
            sums[filled] = np.add.reduceat(self.counts, self.indptr[filled])
        return sums

    def doc_keys(self, seed: int) -> Keys:
        """A hash of each document's content and the seed: uint64, shape (n_docs,).

        It stands in for the row number wherever chance is needed, so that a model does not depend on the order of
        the documents, nor on the order of words within one. Documents of equal content share a key.
        """
        key: Keys = np.array([seed % 2**64], dtype=np.uint64)
        places: Keys = np.arange(self.n_words).astype(np.uint64)
        table = mix64(mix64(key) + places)
        weight = (self.counts.view(np.uint64) >> np.uint64(32)) | np.uint64(1)
        keys: Keys = np.zeros(self.n_docs, dtype=np.uint64)
        filled = np.flatnonzero(np.diff(self.indptr))
        if filled.size:
            keys[filled] = np.add.reduceat(table[self.words] * weight, self.indptr[filled])
        return mix64(keys)


@dataclass(frozen=True, eq=False)
class TopicModel:
    """A fitted topic model and how its fit went.

    Attributes
    ----------
    phi : array of float64, shape (n_topics, n_words)
        P(word | topic); each row sums to 1.
    theta : array of float64, shape (n_docs, n_topics), or None
        P(topic | document); each row sums to 1, an empty document's is even. None if it was not asked for.
    log_likelihood : tuple of float
        Natural log of the probability of all training tokens, one value for each batch pass, of the parameters the
        pass started from. Never above 0.
    objective : tuple of float
        The same plus the log priors (up to a constant): what the passes climb, so it never falls.
    is_converged : bool
        Whether the last two objectives differ by less than the tolerance.
    start_log_likelihood : tuple of float
        Log-likelihood per token of each start on the same sample of documents; empty without such starts.
    engine : str
        ``"numba"`` or ``"numpy"``.
    """

    phi: Floats
    theta: Floats | None
    log_likelihood: tuple[float, ...]
    objective: tuple[float, ...]
    is_converged: bool
    start_log_likelihood: tuple[float, ...]
    engine: str


def as_indices(values: ArrayLike, where: str, dtype: type[Any]) -> NDArray[Any]:
    """Whole numbers as a contiguous array of `dtype`; OptionError when they are not whole or do not fit."""
    array = np.asarray(values)
    if array.dtype.kind not in "iu" and array.size:
        raise OptionError(f"holds {array.dtype}, not whole numbers", where=where)
    if array.dtype != dtype and array.size and array.max() > np.iinfo(dtype).max:
        raise OptionError(f"{array.max()} does not fit {np.dtype(dtype)}", where=where)
    return np.ascontiguousarray(array, dtype=dtype)


def check_range(indices: NDArray[Any], size: int, where: str, lowest: int = 0) -> None:
    """Raise OptionError unless every index lies in ``[lowest, size)``."""
    if indices.size and (indices.min() < lowest or indices.max() >= size):
        raise OptionError(f"{indices.min()} to {indices.max()} is outside {lowest} to {size - 1}", where=where)


def mix64(values: Keys) -> Keys:
    """SplitMix64's finaliser: every input bit reaches every output bit; exact on any machine."""
    values = (values ^ (values >> MIX_SHIFTS[0])) * MIX_A
    values = (values ^ (values >> MIX_SHIFTS[1])) * MIX_B
    return values ^ (values >> MIX_SHIFTS[2])


def word_rows(phi: Floats, n_words: int, where: str, n_topics: int | None = None) -> Floats:
    """P(word | topic) turned to one contiguous row per word; OptionError when the shape does not fit."""
    phi = np.asarray(phi, dtype=np.float64)
    if phi.ndim != 2 or phi.shape[1] != n_words or n_topics not in (None, phi.shape[0]):
        raise OptionError(f"shape {phi.shape} does not fit ({n_topics or 'topics'}, {n_words} words)", where=where)
    return np.array(phi.T, order="C")
