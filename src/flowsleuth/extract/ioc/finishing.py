"""What the scan leaves for later, as it is rare: check sums of Bitcoin addresses, names of other scripts, and what
percent escapes hide in URLs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from flowsleuth.extract.domains import canonical_domain, has_known_end
from flowsleuth.extract.ioc.engine import ScanOptions, Texts, as_texts, scan, takes_numba
from flowsleuth.extract.ioc.found import Found, join
from flowsleuth.extract.ioc.kernels.urls import HAS_ESCAPES
from flowsleuth.extract.ioc.kinds import BITCOIN, DNS, EMAIL, FILE, URL
from flowsleuth.extract.ioc.words import table_array, tables

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_STEPS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_ENDS = {0: 1}  # by the version of the program; all others have the next
_BECH32M_END = 0x2BC830A3
_HOST = re.compile(r"(?P<before>[a-z0-9]+://(?:[^/?#@]*@)?)(?P<host>[^/?#:]+)(?P<rest>.*)\Z", re.DOTALL)


def finish(texts: pa.Array, found: Found, options: ScanOptions, kinds: frozenset[int]) -> Found:
    """Findings with hidden ones added, wrong ones dropped, and all canonical; only of the kinds that are wanted.

    Parameters
    ----------
    texts : pyarrow.Array of string
        The column that was scanned.
    found : Found
    options : ScanOptions
    kinds : frozenset of int
    """
    import numpy as np

    hidden = _hidden(texts, found, options, kinds)
    found = _named(_paid(found))
    if len(hidden):
        hidden = _named(_paid(hidden))
        told = set(zip(found.rows.tolist(), found.starts.tolist(), found.kinds.tolist(), strict=True))
        places = zip(hidden.rows.tolist(), hidden.starts.tolist(), hidden.kinds.tolist(), strict=True)
        found = join([found, hidden.take(np.array([place not in told for place in places], dtype=bool))])
        found = found.take(np.lexsort((found.starts, found.rows)))
    return found if URL in kinds else found.take(found.kinds != URL)


def _paid(found: Found) -> Found:
    """Without Bitcoin addresses whose check sum is wrong."""
    import numpy as np

    at = np.flatnonzero(found.kinds == BITCOIN)
    wrong = [place for place in at if not is_bitcoin(found.values[int(place)].as_py())]
    return found.take(np.delete(np.arange(len(found)), wrong)) if wrong else found


def _named(found: Found) -> Found:
    """With names of other scripts as punycode, and without those that are none."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    of_names = np.isin(found.kinds, (DNS, URL, EMAIL, FILE))
    at = np.flatnonzero(of_names & ~pc.string_is_ascii(found.values).to_numpy(zero_copy_only=False))
    if not len(at):
        return found
    changed = {int(place): _FORMS[int(found.kinds[place])](found.values[int(place)].as_py()) for place in at}
    mask = np.zeros(len(found), dtype=bool)
    mask[at] = True
    values = pc.replace_with_mask(found.values, pa.array(mask), pa.array([changed[int(k)] for k in at], pa.string()))
    return replace(found, values=values).take(values.is_valid().to_numpy(zero_copy_only=False))


@lru_cache(maxsize=65_536)
def _name(text: str) -> str | None:
    try:
        name = canonical_domain(text)
    except ValueError:
        return None
    return name if has_known_end(name) else None


def _url(text: str) -> str:
    parts = _HOST.match(text)
    if parts is None or parts["host"].isascii():
        return text
    try:
        return parts["before"] + canonical_domain(parts["host"]) + parts["rest"]
    except ValueError:
        return text


def _mail(text: str) -> str | None:
    local, _, host = text.rpartition("@")
    name = host if host.isascii() else _name(host)
    return None if name is None else f"{local}@{name}"


_FORMS: dict[int, Callable[[str], str | None]] = {DNS: _name, FILE: _name, URL: _url, EMAIL: _mail}


def _hidden(texts: pa.Array, found: Found, options: ScanOptions, kinds: frozenset[int]) -> Found:
    """What percent escapes hide in URLs: ``?u=http%3A%2F%2Fevil.com``; places are those of the escaped text."""
    import numpy as np
    import pyarrow as pa

    urls = found.take((found.marks & HAS_ESCAPES) != 0)
    if not len(urls):
        return urls
    column = as_texts(texts)
    begins = column.offsets[urls.rows]
    plain, places, ends = _unescaped(column, begins + urls.starts, begins + urls.ends, options)
    inner = scan(plain, options, kinds | {URL})
    first = np.concatenate([[0], ends[:-1]])[inner.rows]
    from_byte, to_byte = places[first + inner.starts], places[first + inner.ends]
    is_escaped = (to_byte - from_byte) != (inner.ends - inner.starts)
    is_inside = (inner.starts > 0) & (is_escaped | _is_within(inner, is_escaped & (inner.starts > 0)))
    which = np.flatnonzero(is_inside & (inner.kinds != FILE))
    inner, from_byte, to_byte = inner.take(which), from_byte[which], to_byte[which]
    rows = urls.rows[inner.rows]
    starts, ends_of = from_byte - column.offsets[rows], to_byte - column.offsets[rows]
    before = [column.data[a:b] for a, b in zip(column.offsets[rows].tolist(), from_byte.tolist(), strict=True)]
    chars = np.array([int(((part & 0xC0) != 0x80).sum()) for part in before], dtype=np.int64)
    spellings = [column.data[a:b].tobytes().decode() for a, b in zip(from_byte.tolist(), to_byte.tolist(), strict=True)]
    marks = np.zeros(len(rows), np.int64)
    return Found(inner.kinds, rows, starts, ends_of, chars, inner.values, pa.array(spellings, pa.string()), marks)


def _is_within(inner: Found, is_kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The finding stands in a URL that is kept: its host."""
    import numpy as np

    within = np.zeros(len(inner), dtype=bool)
    for at in np.flatnonzero(is_kept & (inner.kinds == URL)):
        near = slice(int(at) + 1, int(at) + 8)
        within[near] |= (inner.rows[near] == inner.rows[at]) & (inner.ends[near] <= inner.ends[at])
    return within


def _unescaped(
    column: Texts, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], options: ScanOptions
) -> tuple[pa.Array, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """URLs without their escapes, each with a blank at its end; for each byte where it stood; where each URL ends."""
    import numpy as np
    import pyarrow as pa

    n, room = len(starts), int((ends - starts).sum()) + len(starts)
    to_ends = np.empty(n, np.int64)
    if takes_numba(options.engine, len(column.data)):
        from flowsleuth.extract.ioc.compiled import compiled

        to, places = np.empty(room, np.uint8), np.empty(room, np.int64)
        size = compiled().undo_all(
            column.data, starts, ends, n, table_array(options.file_endings, options.local_names), to, places, to_ends
        )
        text = to[:size].tobytes()
    else:
        from flowsleuth.extract.ioc.kernels.canonical import undo_all

        numbers = tables(options.file_endings, options.local_names)
        buffer, where = bytearray(room), [0] * room
        size = undo_all(memoryview(column.data), starts.tolist(), ends.tolist(), n, numbers, buffer, where, to_ends)
        text, places = bytes(buffer[:size]), np.array(where, dtype=np.int64)
    offsets = np.concatenate([[0], to_ends]).astype(np.int32)
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(text)), places, to_ends


@lru_cache(maxsize=4_096)
def is_bitcoin(text: str) -> bool:
    """Its check sum is right: base58check (P2PKH, P2SH), bech32 (BIP 173) or bech32m (BIP 350).

    Examples
    --------
    >>> is_bitcoin("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"), is_bitcoin("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb")
    (True, False)
    """
    if text[:3].lower() == "bc1":
        return _is_segwit(text)
    number = 0
    for sign in text:
        digit = _BASE58.find(sign)
        if digit < 0:
            return False
        number = number * 58 + digit
    if number >= 1 << 200:
        return False
    raw = number.to_bytes(25, "big")
    digest = hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()
    return raw[0] in (0, 5) and digest[:4] == raw[21:]


def _is_segwit(text: str) -> bool:
    if text != text.lower() and text != text.upper():
        return False
    values = [_BECH32.find(sign) for sign in text[3:].lower()]
    if min(values) < 0:
        return False
    check = 1
    for value in [3, 3, 0, 2, 3, *values]:  # "bc", spread as BIP 173 says
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, step in enumerate(_BECH32_STEPS):
            check ^= step if top >> bit & 1 else 0
    size = len(values) - 7
    is_of_length = size in (32, 52) if values[0] == 0 else 4 <= size <= 64 and values[0] <= 16
    return is_of_length and check == _BECH32_ENDS.get(values[0], _BECH32M_END)
