"""How many bits a label takes under a model of pairs of characters: little for words, most for what looks random."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

ALPHABET = b"abcdefghijklmnopqrstuvwxyz0123456789-_"
OTHER, START = len(ALPHABET), len(ALPHABET) + 1
SYMBOLS = START + 1
PRIOR = 5.0
"""Characters at everybody's frequencies that follow each character before any is seen."""

_CODE = np.full(256, OTHER, dtype=np.int16)
_CODE[np.frombuffer(ALPHABET, dtype=np.uint8)] = np.arange(len(ALPHABET))


def pair_codes(text: Bytes, offsets: Ints) -> Ints:
    """Each character and the one before it as one number: int16-sized, shape (len(text),); labels begin anew.

    Parameters
    ----------
    text : array of uint8
        Labels one after another, lower case.
    offsets : array of int64, shape (n_labels + 1,)
        Label i is ``text[offsets[i]:offsets[i + 1]]``.
    """
    here = _CODE[text].astype(np.int64)
    before = np.empty_like(here)
    before[1:] = here[:-1]
    starts = offsets[:-1][np.diff(offsets) > 0]
    before[starts] = START
    return before * SYMBOLS + here


def learn(pairs: Ints, weight: Floats) -> Floats:
    """Bits of each pair of characters, by weighted counts: float64, shape (SYMBOLS * SYMBOLS,).

    ``-log2 (c(ab) + k P(b)) / (c(a) + k)`` with k = :data:`PRIOR` and ``P(b) = (c(b) + 1) / (c + symbols)``, at most
    what a character of the alphabet can carry (5.25).
    """
    counts = np.bincount(pairs, weights=weight, minlength=SYMBOLS * SYMBOLS).reshape(SYMBOLS, SYMBOLS)
    single = (counts.sum(axis=0) + 1.0) / (counts.sum() + SYMBOLS)
    chance = (counts + PRIOR * single) / (counts.sum(axis=1, keepdims=True) + PRIOR)
    return np.asarray(np.minimum(-np.log2(chance), np.log2(len(ALPHABET)))).ravel()


def label_bits(pairs: Ints, offsets: Ints, bits: Floats) -> Floats:
    """Bits of each label: float64, shape (n_labels,).

    Examples
    --------
    >>> text, offsets = np.frombuffer(b"aaaaaaq", dtype=np.uint8), np.array([0, 3, 6, 7])
    >>> pairs = pair_codes(text, offsets)
    >>> found = label_bits(pairs, offsets, learn(pairs, np.ones(7)))
    >>> bool(found[0] / 3 < found[2])
    True
    """
    before = np.append(0.0, np.cumsum(bits[pairs]))
    found: Floats = before[offsets[1:]] - before[offsets[:-1]]
    return found
