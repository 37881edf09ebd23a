"""How a command line is looked at: as it is written, decoded, and without the characters that break words up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

ESCAPES_REMOVED = "escapes removed"
_HAS_ESCAPES = r"""[\^`]|\w["']["']?\w|\$\{?IFS"""
_STEPS = (
    (r"\$\{IFS\}", " " * len("${IFS}")),
    (r"\$IFS(?:\$\d)?", " " * len("$IFS")),
    (r"[\^`]", ""),
    (r"""(\w)(?:""|'')(\w)""", r"\1\2"),
    (r"""(\w)["'](\w)""", r"\1\2"),
)
_DROPPED = "^`\"'"


def views(texts: pa.Array, *, decode: bool = True) -> pa.Table:
    """All there is to look at in some texts.

    Parameters
    ----------
    texts : pyarrow.Array of string
        Without nulls.
    decode : bool
        What is encoded in them is decoded, to the last layer.

    Returns
    -------
    pyarrow.Table
        ``source`` (number of the text), ``text``, ``path`` (how it was come by; null: as written) and ``offset`` (where
        in the text the decoded part begins; null for all else). As written comes first.

    Examples
    --------
    >>> import pyarrow as pa
    >>> views(pa.array(["w^h^o^ami"])).select(["text", "path"]).to_pylist()
    [{'text': 'w^h^o^ami', 'path': None}, {'text': 'whoami', 'path': 'escapes removed'}]
    """
    import pyarrow as pa

    numbers = pa.array(range(len(texts)), pa.int64())
    nothing = pa.nulls(len(texts), pa.string())
    written = pa.table({"source": numbers, "text": texts, "path": nothing, "offset": pa.nulls(len(texts), pa.int64())})
    seen = pa.concat_tables([written, _decoded(texts)]) if decode else written
    return pa.concat_tables([seen, _without_escapes(seen)])


def _decoded(texts: pa.Array) -> pa.Table:
    """What is encoded in the texts, to the last layer."""
    import pyarrow as pa

    from flowsleuth.extract.decoding.tables import unpack_column

    found = [
        (row, one.text.encode("utf-8", "replace").decode(), " > ".join(one.path), one.offset)
        for rows, unpacking in unpack_column(texts)
        for one in unpacking.walk()
        if one.text
        for row in rows
    ]
    kinds = (pa.int64(), pa.string(), pa.string(), pa.int64())
    columns = zip(*found, strict=True) if found else ((), (), (), ())
    arrays = [pa.array(values, kind) for values, kind in zip(columns, kinds, strict=True)]
    return pa.table(arrays, names=["source", "text", "path", "offset"])


def _without_escapes(seen: pa.Table) -> pa.Table:
    """Texts again without carets, backticks and quotes within words, where that changes anything."""
    import pyarrow.compute as pc

    broken = seen.filter(pc.match_substring_regex(seen["text"], _HAS_ESCAPES))
    plain = broken["text"]
    for expression, becomes in _STEPS:
        plain = pc.replace_substring_regex(plain, pattern=expression, replacement=becomes)
    before = pc.fill_null(broken["path"], "")
    path = pc.utf8_ltrim(pc.binary_join_element_wise(before, ESCAPES_REMOVED, " > "), characters=" >")
    broken = broken.set_column(1, "text", plain).set_column(2, "path", path)
    return broken.filter(pc.greater(pc.utf8_length(plain), 0))


def offset_as_written(written: str, plain: str, offset: int) -> int:
    """Where a character of a text without escapes stands in the text as it is written.

    Examples
    --------
    >>> offset_as_written("w^h^o^ami", "whoami", 2)
    4
    """
    at = 0
    for character in plain[:offset]:
        while at < len(written) and written[at] != character and written[at] in _DROPPED:
            at += 1
        at += 1
    while at < len(written) and offset < len(plain) and written[at] != plain[offset] and written[at] in _DROPPED:
        at += 1
    return at
