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

from flowsleuth.schema.ipv4 import parse_ipv4

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
