"""What a mark tells when it is pointed at: texts of source columns, each text once, bounded in letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.viz.canvas import count_text
from flowsleuth.viz.measures import told

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = 12
"""Source columns, at most."""
LETTERS = (160, 80, 40, 20)
"""How long a text may be; the first that keeps all of them within :data:`TOTAL` is taken."""
TOTAL = 300_000
"""Letters of all texts together, about."""


@dataclass(frozen=True)
class Tips:
    """Texts of marks.

    Attributes
    ----------
    names : list of str
        The source columns.
    texts : list of list of str
        For each, its texts, each once.
    places : list of list
        For each, where in its texts the text of each row is; null where there is none.
    note : str
        What was cut or left out.
    """

    names: list[str]
    texts: list[list[str]]
    places: list[list[int | None]]
    note: str


def tips_of(rows: pa.Table, columns: Sequence[tuple[str, str]]) -> Tips:
    """Texts of some columns of text.

    Parameters
    ----------
    rows : pyarrow.Table
    columns : sequence of tuple
        Name of a column of ``rows``, and what it is called.

    Examples
    --------
    >>> import pyarrow as pa
    >>> found = tips_of(pa.table({"tip_0": ["dns", None, "dns"]}), [("tip_0", "L7Protocol")])
    >>> found.names, found.texts, found.places, found.note
    (['L7Protocol'], [['dns']], [[0, None, 0]], '')
    """
    encoded = [_encoded(rows[column]) for column, _ in columns[:COLUMNS]]
    letters = next((most for most in LETTERS if _letters(encoded, most) <= TOTAL), LETTERS[-1])
    kept = len(encoded)
    while kept > 1 and _letters(encoded[:kept], letters) > TOTAL:
        kept -= 1
    texts, places, is_cut = [], [], False
    for one in encoded[:kept]:
        words = one.dictionary.to_pylist()
        is_cut = is_cut or any(len(word) > letters for word in words)
        texts.append([shortened(word, letters) for word in words])
        places.append(one.indices.to_pylist())
    lost = len(columns) - kept
    said = told(
        f"texts longer than {letters} letters are cut" if is_cut else "",
        f"{count_text(lost, 'source column')} did not fit" if lost else "",
    )
    return Tips([name for _, name in columns[:kept]], texts, places, said)


def shortened(text: str, letters: int) -> str:
    """The beginning and the end of a long text.

    Examples
    --------
    >>> shortened("powershell.exe -enc AAAA", 12)
    'powers… AAAA'
    """
    if len(text) <= letters:
        return text
    return text[: letters // 2] + "…" + text[len(text) - (letters - letters // 2 - 1) :]


def shortened_all(texts: pa.ChunkedArray, letters: int) -> pa.ChunkedArray:
    """The same of a whole column; null stays null.

    Examples
    --------
    >>> import pyarrow as pa
    >>> shortened_all(pa.chunked_array([["powershell.exe -enc AAAA", None, "dir"]]), 12).to_pylist()
    ['powers… AAAA', None, 'dir']
    """
    import pyarrow.compute as pc

    is_long = pc.greater(pc.utf8_length(texts), letters)
    if not pc.any(is_long).as_py():
        return texts
    begin = pc.utf8_slice_codeunits(texts, 0, letters // 2)
    end = pc.utf8_slice_codeunits(texts, -(letters - letters // 2 - 1))
    return pc.if_else(is_long, pc.binary_join_element_wise(begin, end, "…"), texts)


def told_of(tips: Any, mark: Sequence[Any]) -> str:
    """The texts of a mark, as a spec has them, in one line.

    Examples
    --------
    >>> told_of({"tips": ["Severity", "Host"], "texts": [["Low"], ["WEB"]]}, [0, [0, 7, 3]])
    'Severity: Low, Host: WEB (7, and 2 other values)'
    """
    parts = []
    for name, texts, at in zip(tips["tips"], tips["texts"], mark, strict=True):
        if at is None:
            continue
        if isinstance(at, int):
            parts.append(f"{name}: {texts[at]}")
            continue
        place, count, of = at
        often = f" ({count:,}, and {count_text(of - 1, 'other value')})" if of > 1 else ""
        parts.append(f"{name}: {texts[place]}{often}")
    return ", ".join(parts)


def _encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    return column.combine_chunks().dictionary_encode()


def _letters(encoded: Sequence[pa.DictionaryArray], most: int) -> int:
    import pyarrow.compute as pc

    sums = (pc.sum(pc.min_element_wise(pc.utf8_length(one.dictionary), most)).as_py() for one in encoded)
    return sum(one or 0 for one in sums)
