"""Near templates as one: words that change from one to the next, all else being equal, become ``<*>``.

A position is taken for one that changes when :data:`VARIANTS` different words stand there in templates that are equal
everywhere else, most of them seen hardly ever, or :data:`MANY` however often; and when the words look like data: they
follow an option, or hold more than letters. The first word after the program is never taken, because that is mostly
what the program is told to do (``net user``, ``git push``). A word among a few that come again and again
(``svchost -k netsvcs``) is a choice and no data, so a choice that was made once stays a template of its own.

Whole columns at a time: each template is a sum of hashes of its words by position, from which the hash of the template
without one word is a subtraction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flowsleuth.analyze.codes import pairs, ranks

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]
    Hashes = npt.NDArray[np.uint64]

ANY = "<*>"
VARIANTS, RARE, MOSTLY = 5, 2, 0.5
"""Different words that a position needs, if so large a share of them was seen so often at most."""
MANY = 40
"""Different words that a position needs, however often they were seen: no program has so many choices."""
ROUNDS = 6
"""Positions of one template that may change, at most."""
_MARK = "\x1f"
_BETWEEN = r"([ .:=,@/\\])"
_ASSIGNS = r"^[:=]$"
_LETTERS = r"^[A-Za-z]*$"
_HEXADECIMAL = r"^[A-Fa-f]{0,8}<(?:n|id)>[A-Fa-f]{0,8}$"
"""Short hexadecimal numbers: which of their digits are letters is chance."""
_MAY_BE_NUMBER = r"^[A-Fa-f]{3,8}$"
_OPTION = r"^--?[A-Za-z?]"


def merged(templates: pa.Array, counts: Ints) -> pa.Array:
    """The templates, near ones as one.

    Parameters
    ----------
    templates : pyarrow.Array of string
        All different, no null.
    counts : array of int64
        How often each was seen.

    Returns
    -------
    pyarrow.Array of string
        As long; those that were put together are equal.

    Examples
    --------
    >>> import pyarrow as pa
    >>> told = [f"ssh -l {name} host<n>" for name in ("ann", "bob", "eve", "joe", "sue")] + ["ssh -l ann host<n> id"]
    >>> sorted(set(merged(pa.array(told), np.ones(6)).to_pylist()))
    ['ssh -l <*> host<n>', 'ssh -l ann host<n> id']
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(templates) < VARIANTS:
        return templates
    # words and what stands between them in turn, so that joining them gives the template again
    lists = pc.split_pattern(pc.replace_substring_regex(templates, _BETWEEN, f"{_MARK}\\1{_MARK}"), _MARK)
    lengths = pc.list_value_length(lists).to_numpy().astype(np.int64)
    words = _same_numbers(pc.list_flatten(lists).dictionary_encode())
    code = words.indices.to_numpy().astype(np.int64)
    owner = np.repeat(np.arange(len(templates)), lengths)
    position = np.arange(len(code)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    may = _may_change(words.dictionary, code, position)
    changed = _changed(code, owner, position, may, counts)
    texts = pa.concat_arrays([words.dictionary, pa.array([ANY])])
    flat = texts.take(pa.array(np.where(changed, len(texts) - 1, code)))
    offsets = np.append(0, np.cumsum(lengths)).astype(np.int32)
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), flat), "")


def program_templates(paths: pa.Array) -> pa.Array:
    """Paths of programs in lower case, with ``<user>``, ``<guid>`` and ``<n>`` for what changes from host to host.

    Examples
    --------
    >>> import pyarrow as pa
    >>> program_templates(pa.array(["C:/Users/Bob/App1.2/a.EXE", "/home/eve/x", "/usr/bin/python3"])).to_pylist()
    ['c:/users/<user>/app1.<n>/a.exe', '/home/<user>/x', '/usr/bin/python3']
    """
    import pyarrow.compute as pc

    texts = pc.utf8_lower(pc.utf8_trim(paths, ' "'))
    for expression, becomes in (
        (r"^((?:[a-z]:|/)?[\\/]?(?:users|home|documents and settings)[\\/])[^\\/]+([\\/])", r"\1<user>\2"),
        (r"\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?", "<guid>"),
    ):
        texts = pc.replace_substring_regex(texts, expression, becomes)
    # digits of the program's own name stay (python3), and those that belong to a word (system32)
    halves = pc.extract_regex(texts, r"(?s)^(?P<folder>(?:.*[\\/])?)(?P<name>[^\\/]*)$")
    folder = pc.replace_substring_regex(pc.struct_field(halves, "folder"), r"\d{3,}", "<n>")
    folder = pc.replace_substring_regex(folder, r"([._~-])\d+", r"\1<n>")
    return pc.binary_join_element_wise(folder, pc.struct_field(halves, "name"), "")


def _same_numbers(words: pa.DictionaryArray) -> pa.DictionaryArray:
    """Short hexadecimal numbers as numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.replace_substring_regex(words.dictionary, _HEXADECIMAL, "<n>").dictionary_encode()
    return pa.DictionaryArray.from_arrays(texts.indices.take(words.indices), texts.dictionary)


def _may_change(words: pa.Array, code: Ints, position: Ints) -> Bools:
    """Words that look like data, where they stand."""
    import pyarrow.compute as pc

    def are(expression: str) -> Bools:
        found: Bools = pc.match_substring_regex(words, expression).to_numpy(zero_copy_only=False)[code]
        return found

    is_blank, is_slash, is_dash = are("^ $"), are("^/$"), are(_OPTION)
    starts = position == 0
    blanks = np.cumsum(is_blank) - np.repeat(
        np.cumsum(is_blank)[starts], np.diff(np.append(np.flatnonzero(starts), len(code)))
    )
    after = np.zeros((3, len(code)), dtype=bool)  # a blank, an assignment, a slash that begins an option
    after[0, 1:], after[1, 1:] = is_blank[:-1], are(_ASSIGNS)[:-1]
    after[2, 3:] = is_slash[2:-1] & is_blank[:-3]
    is_option = (after[0] & is_dash) | after[2]
    # the last option that began a word, if the word before this one is it
    word = np.cumsum(is_blank | starts)
    option_words = np.zeros(int(word[-1]) + 2 if len(word) else 2, dtype=bool)
    option_words[word[is_option]] = True
    follows = after[0] & option_words[np.maximum(word - 1, 0)]
    is_data = follows | after[1] | ~are(_LETTERS) | are(_MAY_BE_NUMBER)
    is_within = ~after[0] & (blanks >= 1)
    found: Bools = (position % 2 == 0) & ~is_option & ~are("^$") & is_data & ((blanks >= 2) | is_within)
    return found


def _changed(code: Ints, owner: Ints, position: Ints, may: Bools, counts: Ints) -> Bools:
    """Which words are to become any: round by round the position with the most variants of each template."""
    changed = np.zeros(len(code), dtype=bool)
    for _ in range(ROUNDS):
        hashes = _mixed(pairs(position, np.where(changed, -1, code)))
        whole = np.zeros(len(counts), dtype=np.uint64)
        np.add.at(whole, owner, hashes)
        _, first, same = np.unique(whole, return_index=True, return_inverse=True)
        together = np.bincount(same.ravel(), weights=counts)[same.ravel()]
        alone = np.zeros(len(counts), dtype=bool)
        alone[first] = True  # templates that are one by now count once
        open_ = np.flatnonzero(may & ~changed)
        groups = ranks(pairs(ranks((whole[owner[open_]] - hashes[open_]).view(np.int64)), position[open_]))
        one, rare = alone[owner[open_]], together[owner[open_]] <= RARE
        variants = np.bincount(groups, weights=one)[groups]
        rarely = np.bincount(groups, weights=one & rare)[groups]
        is_data = (variants >= MANY) | ((variants >= VARIANTS) & (rarely >= MOSTLY * variants))
        best = np.lexsort((position[open_], -variants, ~is_data, owner[open_]))
        is_first = np.r_[True, np.diff(owner[open_][best]) != 0] if len(best) else np.zeros(0, dtype=bool)
        chosen = best[is_first][is_data[best[is_first]]]
        if not len(chosen):
            break
        changed[open_[chosen]] = True
    return changed


def _mixed(values: Ints) -> Hashes:
    """Well spread hashes of numbers (the finalizer of SplitMix64, Steele, Lea and Flood, OOPSLA 2014)."""
    mixed = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
