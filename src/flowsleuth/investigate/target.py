"""What is investigated: one address or a CIDR, as a condition an engine can filter by and as a mask over columns."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from flowsleuth.errors import OptionError
from flowsleuth.schema.addresses import canonical_address
from flowsleuth.schema.ranges import RangeMap, parse_range

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

LISTED = 1_000
"""Up to so many addresses are written into a query; more are joined."""
_HINT = "write it like 10.0.0.5, 10.1.0.0/16, 2001:db8::7 or 2001:db8::/48"


@dataclass(frozen=True)
class Target:
    """An address, or a network of them.

    Attributes
    ----------
    text : str
        Canonical: ``10.0.0.5``, ``10.1.0.0/16``, ``2001:db8::/48``. Host bits of a CIDR are cleared.

    Examples
    --------
    >>> Target.parse("10.1.2.3/16").text, Target.parse("2001:DB8::0:7").text
    ('10.1.0.0/16', '2001:db8::7')
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read what the user wrote.

        Raises
        ------
        OptionError
            It is neither an address nor a CIDR.
        """
        given = text.strip()
        try:
            if "/" not in given:
                return cls(canonical_address(given))
            network = ip_network(given, strict=False)
        except ValueError:
            raise OptionError("neither an address nor a network", where=text, hint=_HINT) from None
        return cls(str(network) if network.num_addresses > 1 else canonical_address(str(network.network_address)))

    @property
    def is_address(self) -> bool:
        """One address, not a network."""
        return "/" not in self.text

    @property
    def network(self) -> IPv4Network | IPv6Network:
        """The network; of one address where it is one."""
        return ip_network(self.text)

    def owns(self, addresses: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.bool_]:
        """Which addresses of a column are the target's own."""
        import pyarrow as pa

        column = addresses.combine_chunks() if isinstance(addresses, pa.ChunkedArray) else addresses
        encoded = column.dictionary_encode()
        inside = RangeMap([parse_range(self.text)]).find(encoded.dictionary) >= 0
        mine: npt.NDArray[np.bool_] = inside[encoded.indices.to_numpy(zero_copy_only=False)]
        return mine


Condition = Callable[["ir.StringColumn"], "ir.BooleanValue"]


def is_listable(target: Target) -> bool:
    """Whether a condition on the text alone is exact; else the addresses of the target must be known.

    Text is exact for every IPv4 network, and for IPv6 prefixes of whole groups in which nothing can be shortened to
    ``::``: 2001:db8::/32 and 2001:db8:5:1::/64 are, fe80::/10 and 2001:db8::/48 are not.

    Examples
    --------
    >>> [is_listable(Target(text)) for text in ("10.0.0.0/9", "2001:db8::/32", "2001:db8::/48", "fe80::/10")]
    [True, True, False, False]
    """
    network = target.network
    if target.is_address or network.version == 4:
        return True
    return network.prefixlen % 16 == 0 and 0 < network.prefixlen < 128 and "0" not in _groups(network)


def _groups(network: IPv4Network | IPv6Network) -> list[str]:
    """The groups of an IPv6 prefix, without leading zeros."""
    whole = network.network_address.exploded.split(":")[: network.prefixlen // 16]
    return [format(int(group, 16), "x") for group in whole]


def condition(target: Target, known: Sequence[str] | None = None) -> Condition:
    """Whether a column of canonical addresses is the target, for any engine.

    Parameters
    ----------
    target : Target
    known : sequence of str, optional
        The addresses of the target that there are; needed where :func:`is_listable` says no.

    Examples
    --------
    >>> import ibis
    >>> flow = ibis.table({"src_ip": "string"}, name="flow")
    >>> condition(Target("10.1.16.0/20"))(flow.src_ip).type()
    Boolean(nullable=True)
    """
    if target.is_address:
        return lambda column: column == target.text
    if known is not None:
        return one_of(list(known))
    network = target.network
    if network.version == 4:
        return _ipv4_condition(network)
    prefix = ":".join(_groups(network)) + ":"
    return lambda column: column.startswith(prefix)


def one_of(addresses: list[str]) -> Condition:
    """Whether a column is one of some addresses; many are joined, not written into the query."""
    if len(addresses) <= LISTED:
        return lambda column: column.isin(addresses or [""])
    import ibis
    import pyarrow as pa

    listed = ibis.memtable(pa.table({"address": pa.array(addresses, pa.string())}))
    return lambda column: column.isin(listed.address)


def _ipv4_condition(network: IPv4Network | IPv6Network) -> Condition:
    """By text: the octets that are fixed, then the one that is free in part."""
    whole, bits = divmod(network.prefixlen, 8)
    octets = str(network.network_address).split(".")
    prefix = "".join(f"{octet}." for octet in octets[:whole])
    if bits == 0:
        return (lambda column: column.startswith(prefix)) if prefix else (lambda column: ~column.contains(":"))
    first = int(octets[whole])
    last = first + 2 ** (8 - bits) - 1
    if whole == 3:
        return one_of([f"{prefix}{octet}" for octet in range(first, last + 1)])

    def matches(column: ir.StringColumn) -> ir.BooleanValue:
        return functools.reduce(operator.or_, _octet_between(column, prefix, first, last))

    return matches


def _octet_between(column: ir.StringColumn, prefix: str, first: int, last: int) -> Iterator[ir.BooleanValue]:
    """Conditions, of which one holds where the octet after a prefix is in a range: one for each number of digits.

    Texts of equally many digits are ordered as their numbers are. The comparisons come first because they are quick.
    """
    for digits, lowest, highest in ((1, 0, 9), (2, 10, 99), (3, 100, 255)):
        low, high = max(first, lowest), min(last, highest)
        if low <= high:
            in_order = (column >= f"{prefix}{low}") & (column < f"{prefix}{high}/")  # "/" comes after "."
            ends_here = column.substr(len(prefix) + digits, 1) == "."
            yield in_order & ends_here & ~column.substr(len(prefix), digits).contains(".")


def address_order(address: str) -> tuple[int, bytes]:
    """A sort key that orders addresses as numbers, IPv4 first; text that is no address comes last.

    Examples
    --------
    >>> sorted(["10.0.0.10", "2.0.0.1", "10.0.0.9", "::1"], key=address_order)
    ['2.0.0.1', '10.0.0.9', '10.0.0.10', '::1']
    """
    try:
        made = ip_address(address)
    except ValueError:
        return (9, address.encode())
    return (made.version, made.packed)
