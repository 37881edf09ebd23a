"""Events put together in bins of time, by whole columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.investigate.timeline import WIDTHS_S, in_words

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

BINS = 4_000
"""Bins of all lanes together, at most."""
US_PER_S = 1_000_000
WIDTHS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


def width_text(width_ms: int) -> str:
    """The width of a bin in words.

    Examples
    --------
    >>> width_text(250), width_text(3_600_000), width_text(21_600_000)
    ('250 ms', '1 hour', '6 hours')
    """
    if width_ms % 1000:
        return f"{width_ms:,} ms"
    words = in_words(width_ms // 1000)
    return words if words[0].isdigit() else f"1 {words}"


def timestamps(micros: Any) -> Any:
    """Microseconds since 1970 as times, UTC."""
    import pyarrow as pa

    return micros.cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))


def in_bins(rows: pa.Table, names: Sequence[str], tips: int) -> tuple[int, pa.Table]:
    """A row for each lane and bin that has something: first, last, how many, and the most common texts.

    Parameters
    ----------
    rows : pyarrow.Table
        ``start``, ``end`` (microseconds), ``lane`` and ``tip_0`` …; at least one.
    names : sequence of str
        All lanes that are in it.
    tips : int
        Columns of texts.

    Returns
    -------
    tuple
        Width of a bin in microseconds, and the rows.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    starts = rows["start"].to_numpy()
    width = bin_width(int(starts.max() - starts.min()), len(names))
    lane = pc.index_in(rows["lane"], value_set=pa.array(names, pa.string())).to_numpy().astype(np.int64)
    bins = starts // width
    keys = (bins - bins.min()) * len(names) + lane
    found, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
    first, last = np.full(len(found), np.iinfo(np.int64).max), np.full(len(found), np.iinfo(np.int64).min)
    np.minimum.at(first, place, starts)
    np.maximum.at(last, place, pc.coalesce(rows["end"], rows["start"]).to_numpy())
    columns = {"start": timestamps(pa.array(first)), "end": timestamps(pa.array(last))}
    columns |= {"lane": pc.take(pa.array(names, pa.string()), pa.array(found % len(names))), "events": counts}
    for at in range(tips):
        columns |= _most_common(rows[f"tip_{at}"], place, len(found), f"tip_{at}")
    return width, pa.table(columns)


def _most_common(texts: pa.ChunkedArray, place: npt.NDArray[np.int64], bins: int, name: str) -> dict[str, Any]:
    """For each bin its most common text, how often it is there, and how many texts there are."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    coded = texts.combine_chunks().dictionary_encode()
    words = len(coded.dictionary)
    told_ones = pc.is_valid(coded).to_numpy(zero_copy_only=False)
    pairs = place[told_ones] * max(words, 1) + coded.indices.drop_null().to_numpy().astype(np.int64)
    found, counts = np.unique(pairs, return_counts=True)
    bin_of, word = found // max(words, 1), found % max(words, 1)
    order = np.lexsort((word, -counts, bin_of))
    which, begin, of = np.unique(bin_of[order], return_index=True, return_counts=True)
    best = order[begin]
    text, often, many = (np.full(bins, -1, dtype=np.int64) for _ in range(3))
    text[which], often[which], many[which] = word[best], counts[best], of
    is_none = text < 0
    columns = [pa.array(one, pa.int64(), mask=is_none) for one in (text, often, many)]
    strings = pc.take(coded.dictionary.cast(pa.string()), columns[0])
    return {name: strings, f"{name}_n": columns[1], f"{name}_of": columns[2]}


def bin_width(span_us: int, lanes: int, bins: int = BINS) -> int:
    """The smallest round width, in microseconds, that leaves few enough bins.

    Examples
    --------
    >>> bin_width(86_400_000_000, 10), bin_width(1_000_000, 1)
    (300000000, 1000)
    """
    wanted = span_us * max(lanes, 1) / bins
    widths = [*(1000 * ms for ms in WIDTHS_MS), *(US_PER_S * s for s in WIDTHS_S)]
    return next((one for one in widths if one >= wanted), -(-int(wanted) // widths[-1]) * widths[-1])
