"""Types of addresses by the words that MSTICPy's users know: ``Public``, ``Private``, ``Multicast`` …

The types are those of :mod:`flowsleuth.enrich.address_types`; ``Invalid`` is an answer of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.address_types import GLOBAL, type_codes

if TYPE_CHECKING:
    import pyarrow as pa

PUBLIC = "Public"
SAMPLE = 2_000
"""Texts that are looked at to see whether a column repeats itself."""


def type_word(address_type: str) -> str:
    """A type as a word for a person.

    Examples
    --------
    >>> type_word("global"), type_word("link_local")
    ('Public', 'Link Local')
    """
    return PUBLIC if address_type == GLOBAL else address_type.replace("_", " ").title()


def type_words(addresses: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The word of each address, a whole column at a time; null for null; blanks around an address do not count.

    Examples
    --------
    >>> import pyarrow as pa
    >>> type_words(pa.array(["8.8.8.8", " 10.0.0.1 ", "web1", None])).to_pylist()
    ['Public', 'Private', 'Invalid', None]
    """
    import pyarrow as pa

    column = addresses.combine_chunks() if isinstance(addresses, pa.ChunkedArray) else addresses
    texts = column.cast(pa.string())
    if _repeats(texts):
        encoded = texts.dictionary_encode()
        return _words_of(encoded.dictionary).take(encoded.indices)
    return _words_of(texts)


def _words_of(texts: pa.Array) -> pa.Array:
    """Blanks are taken off only where they may be why a text is no address."""
    import pyarrow as pa
    import pyarrow.compute as pc

    types, codes = type_codes(texts)
    words = pa.array([type_word(one) for one in types.to_pylist()], pa.string()).take(codes)
    is_none = pc.equal(codes, len(types) - 1)
    if not pc.any(is_none).as_py():
        return words
    trimmed = pc.utf8_trim_whitespace(texts.filter(is_none))
    if trimmed.equals(texts.filter(is_none)):
        return words
    return pc.replace_with_mask(words, is_none, _words_of(trimmed))


def _repeats(texts: pa.Array) -> bool:
    """Whether a column has the same texts often, so that telling them apart is less work than reading each."""
    import pyarrow.compute as pc

    middle = texts.slice(len(texts) // 2, SAMPLE)
    return len(middle) == SAMPLE and pc.count_distinct(middle).as_py() < SAMPLE // 2


def get_ip_type(ip: Any = None, ip_str: str | None = None) -> Any:
    """The type of an address, or of each of a column.

    Parameters
    ----------
    ip : str, list, or column of text
    ip_str : str, optional
        The same; MSTICPy's other name for it.

    Returns
    -------
    str, list or column
        ``Public``, ``Private``, ``Shared``, ``Loopback``, ``Link Local``, ``Multicast``, ``Broadcast``, ``Reserved``,
        ``Unspecified``, ``Documentation`` … or ``Invalid``; None where there is no text. A column of pandas, polars or
        Arrow gives a column of the same make, a list a list.

    Examples
    --------
    >>> get_ip_type("100.64.0.9"), get_ip_type("not an address"), get_ip_type(["8.8.8.8", None])
    ('Shared', 'Invalid', ['Public', None])
    """
    import pyarrow as pa

    given = ip_str if ip is None else ip
    if given is None or isinstance(given, str):
        return type_words(pa.array([given or ""], pa.string()))[0].as_py()
    if isinstance(given, pa.Array | pa.ChunkedArray):
        return type_words(given)
    if hasattr(given, "index") and hasattr(given, "to_frame"):  # pandas
        from flowsleuth.schema.tabular import text_column

        words = type_words(text_column(given.to_frame("ip"), "ip"))
        return type(given)(words.to_pandas().array, index=given.index, name=given.name)
    if hasattr(given, "to_arrow"):  # polars
        return type(given)(given.name, type_words(given.to_arrow()))
    texts = [one if isinstance(one, str) else None if one is None else str(one) for one in given]
    return type_words(pa.array(texts, pa.string())).to_pylist()
