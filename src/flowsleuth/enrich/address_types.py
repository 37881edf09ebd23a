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
from flowsleuth.schema.columns import Column
from flowsleuth.schema.ranges import AddressKeys, RangeMap
from flowsleuth.schema.special_networks import REGISTRY_DATE, special_networks

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

SOURCE = f"IANA special-purpose registries {REGISTRY_DATE}"
GLOBAL, INVALID = "global", "invalid"
_MIXED = -1
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
    types, codes = type_codes(addresses)
    return types.take(codes)


def type_codes(addresses: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The types there are, and for each address the place of its type among them; null for null.

    Examples
    --------
    >>> import pyarrow as pa
    >>> types, codes = type_codes(pa.array(["10.0.0.1", None]))
    >>> types[codes[0].as_py()].as_py(), codes[1].as_py()
    ('private', None)
    """
    import numpy as np
    import pyarrow as pa

    known, keys = registry(), AddressKeys.of(addresses)
    types, of_range = _types_of_ranges()
    codes = np.full(len(addresses), len(types) - 1, dtype=np.int8)
    codes[keys.four_at] = _codes_of_ipv4(keys.four)
    codes[keys.six_at] = len(types) - 2
    special = known.ranges.pieces[1].find(keys.six)
    codes[keys.six_at[special >= 0]] = of_range[special[special >= 0]]
    unknown = addresses.is_null().to_numpy(zero_copy_only=False) if addresses.null_count else None
    return types, pa.array(codes, mask=unknown)


def _codes_of_ipv4(values: npt.NDArray[np.uint32]) -> npt.NDArray[np.int8]:
    """Places of the types: by the first 16 bits where they decide, else by search."""
    import numpy as np

    codes: npt.NDArray[np.int8] = _by_first_bits()[values >> np.uint32(16)]
    mixed = np.flatnonzero(codes == _MIXED)
    if len(mixed):
        codes[mixed] = _searched(values[mixed])
    return codes


def _searched(values: npt.NDArray[np.uint32]) -> npt.NDArray[np.int8]:
    import numpy as np

    types, of_range = _types_of_ranges()
    at = registry().ranges.pieces[0].find(values)
    found: npt.NDArray[np.int8] = np.where(at >= 0, of_range[at], np.int8(len(types) - 2))
    return found


@lru_cache(maxsize=1)
def _by_first_bits() -> npt.NDArray[np.int8]:
    """For each value of the first 16 bits the place of the type of all its addresses, or that they are of several."""
    import numpy as np

    four, _ = registry().ranges.pieces
    first = np.arange(2**16, dtype=np.uint32) << np.uint32(16)
    codes = _searched(first)
    borders = np.concatenate([four.low, four.high.astype(np.uint64) + 1])
    inner = borders[borders % 2**16 != 0].astype(np.uint64) >> np.uint64(16)
    codes[inner.astype(np.int64)] = _MIXED
    return codes


@lru_cache(maxsize=1)
def _types_of_ranges() -> tuple[pa.Array, npt.NDArray[np.int8]]:
    """The types, ``global`` and ``invalid`` last, and which of them each range of the registry has."""
    import numpy as np
    import pyarrow as pa

    encoded = registry().rows["type"].combine_chunks().dictionary_encode()
    names = [one for one in encoded.dictionary.to_pylist() if one != GLOBAL]
    types = [*names, GLOBAL, INVALID]
    places = np.array([types.index(one) for one in encoded.dictionary.to_pylist()], dtype=np.int8)
    return pa.array(types, pa.string()), places[encoded.indices.to_numpy()]


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
