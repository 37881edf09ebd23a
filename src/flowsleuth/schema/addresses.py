"""IP addresses as whole columns: canonical text, and whether an address is one of ours.

Canonical text is what RFC 5952 asks for IPv6 (lower case, longest run of zeros shortened) and dotted decimal without
leading zeros for IPv4. Only the distinct values of a column are looked at.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

NOT_ROUTED = (
    "0.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "224.0.0.0/4",
    "255.255.255.255/32",
    "::/127",
    "fe80::/10",
    "ff00::/8",
)
"""Never leave a site by routing (RFC 6890), so they count as inside whatever the home networks are."""

_BLOCK = 32_768
_LONGEST_IPV4 = 15
_WINDOW = 16


class Addresses(NamedTuple):
    """Result of :func:`canonical_addresses`.

    Attributes
    ----------
    text : pyarrow.Array of string
        Canonical text; null where the input was null or is no address.
    is_home : numpy array of bool
        In a home network, or never routed; False for null.
    is_bad : numpy array of bool
        The input was text that is no address.
    """

    text: Any
    is_home: npt.NDArray[np.bool_]
    is_bad: npt.NDArray[np.bool_]


def canonical_address(text: str) -> str:
    """Canonical text of one address; a zone id (``%eth0``) is dropped.

    Raises
    ------
    ValueError
        The text is no IP address.

    Examples
    --------
    >>> canonical_address("2001:DB8:0:0:0:0:0:1%eth0")
    '2001:db8::1'
    """
    try:
        if ":" in text:
            return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, text.partition("%")[0]))
        return socket.inet_ntop(socket.AF_INET, socket.inet_pton(socket.AF_INET, text))
    except (OSError, ValueError):
        raise ValueError(f"not an IP address: {text!r}") from None


class HomeNetworks:
    """The networks that are ours, ready to be asked about whole columns.

    Parameters
    ----------
    networks : sequence of str
        CIDRs, IPv4 and IPv6.

    Examples
    --------
    >>> HomeNetworks(["fd00::/8"]).look_up("FD00::0:1")
    ('fd00::1', True)
    """

    def __init__(self, networks: Sequence[str]) -> None:
        import numpy as np

        parsed = [ip_network(n) for n in (*networks, *NOT_ROUTED)]
        spans4 = sorted((int(n.network_address), int(n.broadcast_address)) for n in parsed if n.version == 4)
        merged: list[list[int]] = []
        for low, high in spans4:
            if merged and low <= merged[-1][1] + 1:
                merged[-1][1] = max(merged[-1][1], high)
            else:
                merged.append([low, high])
        self._low4 = np.array([low for low, _ in merged], dtype=np.uint32)
        self._high4 = np.array([high for _, high in merged], dtype=np.uint32)
        self._spans6 = [(n.network_address.packed, n.broadcast_address.packed) for n in parsed if n.version == 6]
        self.look_up = lru_cache(maxsize=65_536)(self._look_up)

    def contains_ipv4(self, values: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
        """Which of these IPv4 addresses, as integers, are ours."""
        import numpy as np

        at = np.searchsorted(self._low4, values, side="right") - 1
        return (at >= 0) & (values <= self._high4[at])

    def _look_up(self, text: str) -> tuple[str | None, bool]:
        """Canonical text of what is not plain IPv4, and whether it is ours; None when it is no address."""
        try:
            canonical = canonical_address(text)
        except ValueError:
            return None, False
        if ":" not in canonical:
            return canonical, False
        packed = socket.inet_pton(socket.AF_INET6, canonical)
        return canonical, any(low <= packed <= high for low, high in self._spans6)


def parse_ipv4(column: pa.Array) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_]]:
    """IPv4 text to integers, whole column at a time.

    Parameters
    ----------
    column : pyarrow.Array of string
        Any text; nulls allowed.

    Returns
    -------
    values : numpy array of uint32
    is_ipv4 : numpy array of bool
        True where the text is a dotted quad without leading zeros.

    Examples
    --------
    >>> import pyarrow as pa
    >>> [a.tolist() for a in parse_ipv4(pa.array(["10.0.0.1", "10.0.0.01", "::1", None]))]
    [[167772161, 0, 0, 0], [True, False, False, False]]
    """
    import numpy as np

    size = len(column)
    values = np.zeros(size, dtype=np.uint32)
    is_ipv4 = np.zeros(size, dtype=bool)
    _, offset_buffer, data_buffer = column.buffers()
    if size == 0 or data_buffer is None:
        return values, is_ipv4
    offsets = np.frombuffer(offset_buffer, dtype=np.int32)[column.offset : column.offset + size + 1]
    data = np.frombuffer(data_buffer, dtype=np.uint8)
    for low in range(0, size, _BLOCK):
        high = min(size, low + _BLOCK)
        values[low:high], is_ipv4[low:high] = _parse_ipv4_block(data, offsets[low : high + 1])
    if column.null_count:
        is_ipv4 &= column.is_valid().to_numpy(zero_copy_only=False)
    values[~is_ipv4] = 0
    return values, is_ipv4


def _parse_ipv4_block(
    data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_]]:
    """One block of :func:`parse_ipv4`: a character at a time, for all rows at once.

    Every text is laid in a window of 16 characters, characters as rows; its end counts as one more dot.
    """
    import numpy as np

    length = np.diff(offsets)
    good = (length >= 7) & (length <= _LONGEST_IPV4)
    length = np.minimum(length, _LONGEST_IPV4 + 1).astype(np.uint8)
    begin, end = int(offsets[0]), int(offsets[-1])
    padded = np.zeros(end - begin + _WINDOW, dtype=np.uint8)
    padded[: end - begin] = data[begin:end]
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[offsets[:-1] - begin]
    characters = np.ascontiguousarray(windows.T)
    size = len(length)
    value = np.zeros(size, dtype=np.uint32)
    octet = np.zeros(size, dtype=np.uint16)
    digits = np.zeros(size, dtype=np.uint8)
    dots = np.zeros(size, dtype=np.uint8)
    bad = np.zeros(size, dtype=np.uint8)
    for place in range(_WINDOW):
        inside = (length > place).view(np.uint8)
        digit = characters[place] - np.uint8(48)
        is_digit = (digit < 10).view(np.uint8) & inside
        is_dot = ((digit == 254).view(np.uint8) & inside) | (length == place).view(np.uint8)
        bad |= (is_digit | is_dot) ^ inside ^ (length == place).view(np.uint8)
        bad |= is_digit & ((octet == 0) & (digits == 1)).view(np.uint8)
        bad |= is_dot & (digits == 0).view(np.uint8)
        shift = is_dot.astype(np.uint32)
        value = (value << (shift << np.uint32(3))) | (octet * shift)
        octet = octet * (is_digit * np.uint16(10)) + digit * is_digit
        digits = (digits + np.uint8(1)) * is_digit
        bad |= (octet > 255).view(np.uint8)
        dots += is_dot
    return value, good & (bad == 0) & (dots == 4)


def canonical_addresses(column: pa.Array | pa.ChunkedArray, home: HomeNetworks) -> Addresses:
    """Canonical text of a column of addresses, and which are ours.

    Parameters
    ----------
    column : pyarrow.Array or ChunkedArray of string
        Addresses as a log writes them; nulls allowed.
    home : HomeNetworks
        What counts as ours.

    Returns
    -------
    Addresses

    Examples
    --------
    >>> import pyarrow as pa
    >>> found = canonical_addresses(pa.array(["10.0.0.1", "2001:DB8::0:1", "host7"]), HomeNetworks(["10.0.0.0/8"]))
    >>> found.text.to_pylist(), found.is_home.tolist(), found.is_bad.tolist()
    (['10.0.0.1', '2001:db8::1', None], [True, False, False], [False, False, True])
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    distinct = encoded.dictionary
    values, is_ipv4 = parse_ipv4(distinct)
    is_home = np.zeros(len(distinct) + 1, dtype=bool)
    is_bad = np.zeros(len(distinct) + 1, dtype=bool)
    is_home[:-1][is_ipv4] = home.contains_ipv4(values[is_ipv4])
    others = np.flatnonzero(~is_ipv4)
    text_column: Any = column
    if len(others):
        given = distinct.take(pa.array(others)).to_pylist()
        found = [(None, False) if text is None else home.look_up(text) for text in given]
        is_home[others] = [is_ours for _, is_ours in found]
        is_bad[others] = [old is not None and new is None for old, (new, _) in zip(given, found, strict=True)]
        if any(old != new for old, (new, _) in zip(given, found, strict=True)):
            canonical = pa.array([new for new, _ in found], type=pa.string())
            text_column = pc.replace_with_mask(distinct, pa.array(~is_ipv4), canonical).take(encoded.indices)
    if text_column.type != pa.string():
        text_column = text_column.cast(pa.string())
    codes = encoded.indices
    rows = codes.fill_null(len(distinct)).to_numpy(zero_copy_only=False) if codes.null_count else codes.to_numpy()
    return Addresses(text_column, is_home[rows], is_bad[rows])
