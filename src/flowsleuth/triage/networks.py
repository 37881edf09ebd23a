"""Sets of addresses: single ones, networks, and both mixed, asked about whole columns."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from functools import cached_property
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.schema.addresses import canonical_address
from flowsleuth.schema.ipv4 import parse_ipv4

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class AddressSet:
    """Addresses and networks, IPv4 and IPv6.

    Parameters
    ----------
    items : sequence of str
        Addresses or CIDRs; host bits in a CIDR are ignored.

    Raises
    ------
    OptionError
        One is neither.

    Examples
    --------
    >>> import pyarrow as pa
    >>> ours = AddressSet.parse("10.0.0.0/8, 2001:db8::1")
    >>> ours.contains(pa.array(["10.1.2.3", "192.0.2.1", "2001:db8::1", None])).tolist()
    [True, False, True, False]
    """

    def __init__(self, items: Sequence[str]) -> None:
        self.items = tuple(_canonical(item) for item in items)
        if not self.items:
            raise OptionError("no address is given", where="address")

    @classmethod
    def parse(cls, text: str) -> AddressSet:
        """Read a list separated by commas."""
        return cls([item for item in (part.strip() for part in text.split(",")) if item])

    @cached_property
    def is_plain(self) -> bool:
        """Whether there are only single addresses."""
        return not any("/" in item for item in self.items)

    @cached_property
    def _spans(self) -> tuple[list[tuple[int, int]], list[tuple[bytes, bytes]]]:
        networks = [ip_network(item) for item in self.items]
        four = [(int(n.network_address), int(n.broadcast_address)) for n in networks if n.version == 4]
        six = [(n.network_address.packed, n.broadcast_address.packed) for n in networks if n.version == 6]
        return four, six

    def contains(self, column: Any) -> npt.NDArray[np.bool_]:
        """Which addresses of a column (canonical text) are in it; null is not."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        if self.is_plain:
            found: npt.NDArray[np.bool_] = pc.is_in(column, pa.array(self.items)).to_numpy(zero_copy_only=False)
            return found
        four, six = self._spans
        values, is_ipv4 = parse_ipv4(column)
        inside = np.zeros(len(column), dtype=bool)
        for low, high in four:
            inside |= is_ipv4 & (values >= low) & (values <= high)
        others = np.flatnonzero(~is_ipv4) if six else np.zeros(0, dtype=np.int64)
        for at, text in zip(others.tolist(), column.take(pa.array(others)).to_pylist(), strict=True):
            if text is not None and ":" in text:
                packed = socket.inet_pton(socket.AF_INET6, text)
                inside[at] = any(low <= packed <= high for low, high in six)
        return inside


def _canonical(item: str) -> str:
    try:
        if "/" not in item:
            return canonical_address(item)
        return str(ip_network(item, strict=False))
    except ValueError:
        hint = "write it like 10.0.0.5, 10.0.0.0/8 or 2001:db8::/32"
        raise OptionError("not an address or network", where=item[:100], hint=hint) from None
