"""What kind of address it is, by IANA's special-purpose registries: private, shared, documentation, global …

==================  ==================================================================================================
type                which addresses
==================  ==================================================================================================
``global``          anything that is routed on the Internet, special anycast services included
``private``         RFC 1918; unique local (``fc00::/7``)
``shared``          carrier-grade NAT, ``100.64.0.0/10`` (RFC 6598)
``loopback``        ``127.0.0.0/8``, ``::1``
``link_local``      ``169.254.0.0/16``, ``fe80::/10``
``unspecified``     ``0.0.0.0``, ``::``
``this_network``    the rest of ``0.0.0.0/8``
``documentation``   TEST-NET-1 to 3, ``2001:db8::/32``, ``3fff::/20``
``benchmarking``    ``198.18.0.0/15``, ``2001:2::/48``
``multicast``       ``224.0.0.0/4``, ``ff00::/8``
``broadcast``       ``255.255.255.255``
``reserved``        ``240.0.0.0/4``, blocks given back, IPv6 outside of ``2000::/3`` that nobody was given
``protocol``        assigned to a protocol of the IETF (NAT64 discovery, ORCHIDv2, SRv6 …)
``tunnel``          6to4, Teredo: an IPv4 address is inside
``translation``     NAT64, ``64:ff9b::/96``: an IPv4 address is inside
``mapped``          IPv4-mapped, ``::ffff:0:0/96``
``discard``         ``100::/64``
``invalid``         text that is no address
==================  ==================================================================================================

The registries are :mod:`flowsleuth.schema.special_networks`. A broadcast address of a network cannot be told from its
text; only ``255.255.255.255`` is called broadcast.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from flowsleuth.enrich.networks import parse_networks
from flowsleuth.enrich.ranges import AddressKeys, RangeMap
from flowsleuth.schema.columns import Column
from flowsleuth.schema.special_networks import REGISTRY_DATE, special_networks

if TYPE_CHECKING:
    import pyarrow as pa

SOURCE = f"IANA special-purpose registries {REGISTRY_DATE}"
GLOBAL, INVALID = "global", "invalid"
ADDRESS_TYPE = Column("address_type", "string", "by IANA's special-purpose registries", null="no address")


@dataclass(frozen=True)
class Registry:
    """The table, ready to be asked.

    Attributes
    ----------
    ranges : RangeMap
    rows : pyarrow.Table
        ``network name rfc allocated is_globally_reachable type``.
    """

    ranges: RangeMap
    rows: pa.Table


@lru_cache(maxsize=1)
def registry() -> Registry:
    """The registries' rows.

    Examples
    --------
    >>> registry().rows.slice(3, 1).to_pylist()[0]["name"]
    'Shared Address Space'
    """
    import pyarrow as pa

    rows = pa.Table.from_pylist([asdict(one) for one in special_networks()])
    return Registry(parse_networks(rows["network"].combine_chunks()).to_map(), rows)


def address_types(addresses: pa.Array) -> pa.Array:
    """The type of each address, a whole column at a time; null for null.

    Parameters
    ----------
    addresses : pyarrow.Array of string

    Examples
    --------
    >>> import pyarrow as pa
    >>> address_types(pa.array(["100.64.0.9", "8.8.8.8", "203.0.113.5", "ff02::1", "10.0.0.256"])).to_pylist()
    ['shared', 'global', 'documentation', 'multicast', 'invalid']
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    known, keys = registry(), AddressKeys.of(addresses)
    at = known.ranges.find(keys)
    special = known.rows["type"].combine_chunks().take(pa.array(at, mask=at < 0))
    is_address = np.zeros(len(addresses), dtype=bool)
    is_address[keys.four_at] = True
    is_address[keys.six_at] = True
    fallback = pc.if_else(pa.array(is_address), GLOBAL, INVALID)
    found = pc.coalesce(special, fallback)
    return pc.if_else(addresses.is_valid(), found, pa.scalar(None, pa.string()))


def address_type(address: str) -> str:
    """The type of one address; ``invalid`` when it is none.

    Examples
    --------
    >>> address_type("fe80::1"), address_type("fe80::1%eth0"), address_type("255.255.255.255")
    ('link_local', 'invalid', 'broadcast')
    """
    import pyarrow as pa

    return str(address_types(pa.array([address], pa.string()))[0].as_py())


def is_global(addresses: pa.Array) -> pa.Array:
    """Which addresses are of type ``global``: only these may be asked about on the network.

    Examples
    --------
    >>> import pyarrow as pa
    >>> is_global(pa.array(["9.9.9.9", "192.168.1.1", None])).to_pylist()
    [True, False, False]
    """
    import pyarrow.compute as pc

    return pc.equal(address_types(addresses), GLOBAL).fill_null(False)


class AddressTypes:
    """Address types by the door of :class:`flowsleuth.enrich.facts.AddressFacts`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> AddressTypes().look_up(pa.array(["224.0.0.251"]))["address_type"].to_pylist()
    ['multicast']
    """

    name = SOURCE
    columns: tuple[Column, ...] = (ADDRESS_TYPE,)
    absent: str | None = None
    notes: tuple[str, ...] = ()

    def look_up(self, addresses: pa.Array) -> pa.Table:
        """See :class:`flowsleuth.enrich.facts.AddressFacts`."""
        import pyarrow as pa

        return pa.table({"address_type": address_types(addresses)})
