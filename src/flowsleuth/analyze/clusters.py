"""Clusters of events: many rows as few templates, with what each looks like, how often it was seen, from when to when.

Rows of one cluster have the same program and command lines of the same template
(:func:`flowsleuth.extract.skeletons.skeletons`, near ones as one: :mod:`flowsleuth.analyze.templates`), and are equal
in all other columns that are clustered by. The work grows with the rows, and so does the memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.codes import pairs, ranks
from flowsleuth.analyze.columns import COMMANDS, NO_TIME, PROGRAMS, TIMES, first_there, micros_of, text_of
from flowsleuth.analyze.templates import merged, program_templates
from flowsleuth.errors import OptionError
from flowsleuth.schema.joined_columns import with_columns
from flowsleuth.schema.tabular import like, need_columns, row_labels, to_table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    Ints = npt.NDArray[np.int64]

NOTHING = -1


@dataclass(frozen=True)
class Clusters:
    """Which cluster each row is in.

    Attributes
    ----------
    of_row : array of int64
        Number of the cluster, from 0; the largest first, of equal ones that whose first row comes first.
    count : array of int64
        Rows of each cluster.
    exemplar : array of int64
        The earliest row of each; the first one where no times are told.
    template : pyarrow.Array of string
        What the texts of each have in common, in the order of the columns.
    variants : array of int64
        Different texts of each.
    """

    of_row: Ints
    count: Ints
    exemplar: Ints
    template: pa.Array
    variants: Ints


def cluster_events(
    data: Any,
    columns: Sequence[str] | None = None,
    *,
    time_column: str | None = None,
    min_cluster_samples: int = 2,
    merge: bool = True,
) -> Any:
    """The clusters of events, largest first: one row each, with its earliest event as it is.

    Parameters
    ----------
    data : table
        pandas, polars or Arrow. It is not changed.
    columns : sequence of str, optional
        What to cluster by: texts by their template, programs (columns of
        :data:`~flowsleuth.analyze.columns.PROGRAMS`) by file name and folder without names of users and numbers, all
        else (numbers, times, truths) by equality. The program and the command line when not given, as far as they are
        found.
    time_column : str, optional
        Found by its name when not given; without one there is no first and last.
    min_cluster_samples : int
        Clusters of fewer events are one-offs.
    merge : bool
        Whether near templates become one.

    Returns
    -------
    table of the make that was given
        ``cluster_id`` (from 0), ``count``, ``is_one_off``, ``template``, ``variants`` (different texts), ``first_seen``
        and ``last_seen`` (UTC, null without times), ``source_index`` (label of the earliest event), and all columns of
        that event; of columns that have such a name the one given is called ``…_given``.

    Raises
    ------
    OptionError
        There is no such column, or no column to cluster by is found.

    Notes
    -----
    Blind spots: data that looks like a word of a choice (the same few names of hosts again and again) makes clusters of
    their own; two programs of one name and folder are one.

    Examples
    --------
    >>> import pandas
    >>> events = pandas.DataFrame({"CommandLine": [f"ping -n {n} 10.0.0.{n}" for n in range(9)] + ["whoami /all"]})
    >>> cluster_events(events)[["count", "is_one_off", "template", "variants"]].values.tolist()
    [[9, False, 'ping -n <n> <ip>', 9], [1, True, 'whoami /all', 1]]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found = find_clusters(data, columns, time_column=time_column, merge=merge)
    table = to_table(data)
    first, last = _seen(table, _time_of(table, time_column), found)
    rows = pa.array(found.exemplar)
    facts = {
        "cluster_id": pa.array(range(len(found.count)), pa.int64()),
        "count": pa.array(found.count),
        "is_one_off": pc.less(pa.array(found.count), min_cluster_samples),
        "template": found.template,
        "variants": pa.array(found.variants),
        "first_seen": first,
        "last_seen": last,
        "source_index": row_labels(data).take(rows),
    }
    own = table.take(rows)
    names = [f"{name}_given" if name in facts else name for name in own.column_names]
    whole = pa.table([*facts.values(), *own.columns], names=[*facts, *names])
    return like(whole, data)


def assign_clusters(
    data: Any, columns: Sequence[str] | None = None, *, time_column: str | None = None, merge: bool = True
) -> Any:
    """The events as they are, each with the ``cluster_id`` and ``cluster_size`` that :func:`cluster_events` tells of.

    Examples
    --------
    >>> import pandas
    >>> events = pandas.DataFrame({"CommandLine": ["ping -n 3", "whoami", "ping -n 4"]})
    >>> assign_clusters(events)["cluster_id"].tolist()
    [0, 1, 0]
    """
    import pyarrow as pa

    found = find_clusters(data, columns, time_column=time_column, merge=merge)
    sizes = found.count[found.of_row] if len(found.count) else found.of_row
    columns_of = {"cluster_id": pa.array(found.of_row), "cluster_size": pa.array(sizes)}
    return with_columns(data, columns_of, replace=True)


def find_clusters(
    data: Any, columns: Sequence[str] | None = None, *, time_column: str | None = None, merge: bool = True
) -> Clusters:
    """Which cluster each row is in; see :func:`cluster_events`."""
    import numpy as np

    table = to_table(data)
    chosen = _chosen(table, columns)
    keys = np.zeros(len(table), dtype=np.int64)
    spelled = keys
    parts: list[tuple[Ints, pa.Array]] = []
    for name in chosen:
        codes, words, exact = _coded(data, table, name, merge)
        keys = pairs(keys, codes)
        if words is not None:
            parts.append((codes, words))
            spelled = pairs(spelled, exact)
    of_key = ranks(keys)
    order = np.arange(len(table))
    when = micros_of(table, _time_of(table, time_column), np.iinfo(np.int64).max)  # not told: last
    early = np.lexsort((order, when, of_key))
    first = early[np.r_[True, np.diff(of_key[early]) != 0]] if len(early) else early
    count = np.bincount(of_key, minlength=len(first))
    by_size = np.lexsort((first, -count))
    new = np.empty_like(by_size)
    new[by_size] = np.arange(len(by_size))
    variants = _per_group(of_key, spelled, len(first))
    exemplar = first[by_size]
    return Clusters(new[of_key], count[by_size], exemplar, _template(parts, exemplar), variants[by_size])


def _per_group(group: Ints, value: Ints, groups: int) -> Ints:
    """Different values of each group."""
    import numpy as np

    order = np.lexsort((value, group))
    if not len(order):
        return np.zeros(groups, dtype=np.int64)
    is_new = np.r_[True, (np.diff(group[order]) != 0) | (np.diff(value[order]) != 0)]
    return np.bincount(group[order][is_new], minlength=groups)


def _chosen(table: pa.Table, columns: Sequence[str] | None) -> list[str]:
    if columns is not None:
        need_columns(table, columns)
        if not columns:
            raise OptionError("no columns to cluster by", available=table.column_names)
        return list(columns)
    found = [first_there(table, names) for names in (PROGRAMS, COMMANDS)]
    if not any(found):
        raise OptionError("no program and no command line", where="columns", available=table.column_names)
    return [name for name in found if name is not None]


def _time_of(table: pa.Table, asked: str | None) -> str | None:
    if asked is not None:
        need_columns(table, [asked])
    return asked or first_there(table, TIMES)


def _seen(table: pa.Table, column: str | None, found: Clusters) -> tuple[pa.Array, pa.Array]:
    import numpy as np
    import pyarrow as pa

    kind, when = pa.timestamp("us", tz="UTC"), micros_of(table, column)
    known = when != NO_TIME
    first = np.full(len(found.count), np.iinfo(np.int64).max)
    last = np.full(len(found.count), NO_TIME)
    np.minimum.at(first, found.of_row[known], when[known])
    np.maximum.at(last, found.of_row[known], when[known])
    unknown = last == NO_TIME
    return pa.array(first, mask=unknown).cast(kind), pa.array(last, mask=unknown).cast(kind)


def _coded(data: Any, table: pa.Table, name: str, merge: bool) -> tuple[Ints, pa.Array | None, Ints]:
    """A column as codes that are equal for rows of one cluster; the texts they stand for; codes of the exact texts."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = table[name]
    if not pa.types.is_string(column.type):
        exact = _indices(pa.concat_arrays([pa.array([], column.type), *column.chunks]).dictionary_encode())
        return exact, None, exact
    spelled = text_of(data, name).dictionary_encode()
    changed = program_templates(spelled.dictionary) if name in PROGRAMS else _command_templates(spelled, merge)
    kinds = changed.dictionary_encode()
    codes = kinds.indices.take(spelled.indices)
    exact = _indices(spelled)
    return pc.fill_null(codes.cast(pa.int64()), NOTHING).to_numpy(zero_copy_only=False), kinds.dictionary, exact


def _indices(coded: pa.DictionaryArray) -> Ints:
    import pyarrow as pa
    import pyarrow.compute as pc

    found: Ints = pc.fill_null(coded.indices.cast(pa.int64()), NOTHING).to_numpy(zero_copy_only=False)
    return found


def _command_templates(spelled: pa.DictionaryArray, merge: bool) -> pa.Array:
    """The template of each different text."""
    import numpy as np

    from flowsleuth.extract.skeletons import skeletons

    kinds = skeletons(spelled.dictionary).dictionary_encode()
    if not merge:
        return kinds.dictionary.take(kinds.indices)
    told = _indices(spelled)
    counts = np.bincount(kinds.indices.to_numpy()[told[told != NOTHING]], minlength=len(kinds.dictionary))
    return merged(kinds.dictionary, counts).take(kinds.indices)


def _template(parts: list[tuple[Ints, pa.Array]], rows: Ints) -> pa.Array:
    """The templates of some rows."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not parts:
        return pa.nulls(len(rows), pa.string())
    texts = []
    for codes, words in parts:
        chosen = codes[rows]
        texts.append(words.take(pa.array(np.where(chosen == NOTHING, 0, chosen), mask=chosen == NOTHING)))
    joined = texts[0]
    for text in texts[1:]:
        both = pc.and_(pc.is_valid(joined), pc.is_valid(text))
        together = pc.binary_join_element_wise(pc.fill_null(joined, ""), pc.fill_null(text, ""), " · ")
        joined = pc.if_else(both, together, pc.coalesce(joined, text))
    return joined
