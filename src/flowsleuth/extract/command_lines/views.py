"""How a command line is looked at: as it is written, decoded, worked out, and without what breaks words up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowsleuth.schema.tabular import sound_text

if TYPE_CHECKING:
    import pyarrow as pa

ESCAPES_REMOVED = "escapes removed"
WORKED_OUT = "constants worked out"
LONGEST_SCRIPT = 200_000
"""Characters of a script whose constants are worked out."""
_HAS_CONSTANTS = (
    r"""(?i)["']\s*\)*\s*\+\s*\(*\s*["'\[]|["']\s*-f\s*["'(]|\[char|-join\b|["']\s*\)*\s*-[ci]?replace|\]::join"""
)
LARGEST_DECODED, ALL_DECODED = 8 << 20, 256 << 20
"""Bytes that what is encoded in one command line, and in all of a call, may become; the rest is not looked at."""
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
        What is encoded in them is decoded, to the last layer, and constant expressions of PowerShell are worked out.

    Returns
    -------
    pyarrow.Table
        ``source`` (number of the text), ``text``, ``path`` (how it was come by; null: as written), ``offset`` (where in
        the text the decoded part begins; null for all else) and ``stopped`` (why what is encoded there was not looked
        at as a whole; null: it was). As written comes first.

    Examples
    --------
    >>> import pyarrow as pa
    >>> views(pa.array(["w^h^o^ami"])).select(["text", "path"]).to_pylist()
    [{'text': 'w^h^o^ami', 'path': None}, {'text': 'whoami', 'path': 'escapes removed'}]
    """
    import numpy as np
    import pyarrow as pa

    nothing = pa.nulls(len(texts), pa.string())
    written = pa.table(
        {
            "source": pa.array(np.arange(len(texts), dtype=np.int64)),
            "text": texts,
            "path": nothing,
            "offset": pa.nulls(len(texts), pa.int64()),
            "stopped": nothing,
        }
    )
    seen = pa.concat_tables([written, _decoded(texts)]) if decode else written
    if decode:
        seen = pa.concat_tables([seen, _worked_out(seen)])
    return pa.concat_tables([seen, _without_escapes(seen)])


def _worked_out(seen: pa.Table) -> pa.Table:
    """PowerShell with its constant expressions worked out, where that changes anything; as a whole, from 0."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.extract.powershell import plain_powershell

    given = seen.filter(pc.match_substring_regex(seen["text"], _HAS_CONSTANTS))
    is_short = pc.less_equal(pc.utf8_length(given["text"]), LONGEST_SCRIPT)
    long, given = given.filter(pc.invert(is_short)), given.filter(is_short)
    found = [plain_powershell(text) for text in given["text"].to_pylist()]
    path = pc.binary_join_element_wise(pc.fill_null(given["path"], ""), WORKED_OUT, " > ")
    given = given.set_column(1, "text", pa.array([one.text for one in found], pa.string()))
    given = given.set_column(2, "path", pc.utf8_ltrim(path, characters=" >"))
    given = given.set_column(3, "offset", pc.fill_null(given["offset"], 0))
    changed = given.filter(pa.array([bool(one.steps) for one in found], pa.bool_()))
    said = f"Constants of scripts of more than {LONGEST_SCRIPT:,} characters are not worked out."
    return pa.concat_tables([changed, long.set_column(4, "stopped", pa.repeat(pa.scalar(said), len(long)))])


def _decoded(texts: pa.Array) -> pa.Table:
    """What is encoded in the texts, to the last layer."""
    import pyarrow as pa

    from flowsleuth.extract.decoding import DecodeLimits
    from flowsleuth.extract.decoding.tables import unpack_column
    from flowsleuth.extract.decoding.unpacking import LIMIT

    limits = DecodeLimits(max_bytes=LARGEST_DECODED, max_call_bytes=ALL_DECODED)
    found = [
        (row, sound_text(one.text or ""), " > ".join(one.path), one.offset, stopped)
        for rows, unpacking in unpack_column(texts, limits)
        for one in unpacking.walk()
        for stopped in (
            f"{one.note[:1].upper()}{one.note[1:]}; the rest was not looked at." if one.status == LIMIT else None,
        )
        if one.text or stopped
        for row in rows
    ]
    kinds = {
        "source": pa.int64(),
        "text": pa.string(),
        "path": pa.string(),
        "offset": pa.int64(),
        "stopped": pa.string(),
    }
    columns = zip(*found, strict=True) if found else ((),) * len(kinds)
    return pa.table({name: pa.array(values, kinds[name]) for name, values in zip(kinds, columns, strict=True)})


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
