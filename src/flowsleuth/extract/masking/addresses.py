"""Addresses masked so that networks stay networks: prefix-preserving, keyed.

Two addresses that share their first *k* bits share exactly *k* bits afterwards. Xu, Fan, Ammar and Moon describe such
functions (Prefix-Preserving IP Address Anonymization, ICNP 2002), known as Crypto-PAn: each bit is flipped or not by a
keyed function of the bits before it. Here that is keyed BLAKE2b, not AES, so results are not those of Crypto-PAn.

So that a private address stays private, no bit is flipped on the way to a special network (10.0.0.0/8, fe80::/10 …).
The price: of a public address, the first bits that it shares with one of those networks stay as they were.
"""

from __future__ import annotations

import ipaddress

from flowsleuth.extract.masking.keys import MaskKey

KEPT_4 = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "224.0.0.0/4", "240.0.0.0/4",
)  # fmt: skip
"""Networks whose addresses stay in them (IANA's special-purpose registry; those for documentation count as public)."""
KEPT_6 = ("::/8", "2000::/3", "fc00::/7", "fd00::/8", "fe80::/10", "fe80::/64", "ff00::/12")
_CONSTANT = frozenset(
    [ipaddress.IPv4Address(number) for number in (0, 0x7F000001, 0xFFFFFFFF, 0xEFFFFFFA)]
    + [ipaddress.IPv6Address(text) for text in ("::", "::1", "ff02::1", "ff02::2", "ff02::16", "ff02::fb", "ff02::1:2")]
)
"""Addresses that mean the same everywhere; they tell nothing about anybody and stay as they are."""
_LOCAL_CONTROL = ipaddress.ip_network("224.0.0.0/24")
_MAPPED = tuple(map(ipaddress.ip_network, ("::ffff:0:0/96", "64:ff9b::/96")))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressMask:
    """Masks addresses by a key.

    Examples
    --------
    >>> mask = AddressMask(MaskKey(b"sixteen bytes or"))
    >>> one, two = mask.text("10.1.2.3"), mask.text("10.1.2.200")
    >>> one.rsplit(".", 1)[0] == two.rsplit(".", 1)[0], one.startswith("10."), one != "10.1.2.3"
    (True, True, True)
    """

    def __init__(self, key: MaskKey) -> None:
        self._key = key
        self._kept = {4: _paths(KEPT_4, 32), 6: _paths(KEPT_6, 128)}
        self._known: dict[tuple[int, bytes], int] = {}
        self._given: set[Address] = set()
        self._made: set[Address] = set()

    @property
    def has_overlap(self) -> bool:
        """By chance, some address has become another one that was given."""
        return not self._given.isdisjoint(self._made)

    def text(self, text: str) -> str | None:
        """An address, or a network with its length, masked; None for what is neither. A zone (``%eth0``) is cut."""
        bare, slash, length = text.partition("/")
        try:
            address = ipaddress.ip_address(bare.partition("%")[0])
            size = int(length) if slash else None
        except ValueError:
            return None
        masked = self.address(address)
        if size is None:
            return str(masked)
        try:
            return str(ipaddress.ip_network((masked, size), strict=False))
        except ValueError:
            return None

    def address(self, address: Address) -> Address:
        """One address masked."""
        if address in _CONSTANT or address in _LOCAL_CONTROL:
            return address
        if isinstance(address, ipaddress.IPv6Address):
            for network in _MAPPED:
                if address in network:
                    inner = self.address(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
                    return ipaddress.IPv6Address(int(network.network_address) | int(inner))
        masked = type(address)(self._masked(address.packed, address.version))
        self._given.add(address)
        self._made.add(masked)
        return masked

    def _masked(self, packed: bytes, version: int) -> bytes:
        out = bytearray()
        for at in range(len(packed)):
            place = (version, packed[: at + 1])
            found = self._known.get(place)
            if found is None:
                found = self._known[place] = self._byte(packed, at, version)
            out.append(found)
        return bytes(out)

    def _byte(self, packed: bytes, at: int, version: int) -> int:
        """One byte: each of its bits is flipped or not by the bits before it."""
        before = int.from_bytes(packed[:at])
        bits = self._key.digest(f"address {version}", packed[:at], 32)
        kept, byte, node, out = self._kept[version], packed[at], 1, 0
        for step in range(8):
            place = (at * 8 + step, before << step | (node - (1 << step)))
            bit = byte >> (7 - step) & 1
            if place in kept:
                flip = 0
            elif place[0] == 0 or (place[0] - 1, place[1] >> 1) in kept:
                flip = 1  # the first free bit always, so that no address stays itself
            else:
                flip = bits[node >> 3] >> (node & 7) & 1
            out = out << 1 | (bit ^ flip)
            node = node << 1 | bit
        return out


def _paths(networks: tuple[str, ...], width: int) -> frozenset[tuple[int, int]]:
    """The nodes on the way to each network: how many bits, and which."""
    nodes = set()
    for text in networks:
        network = ipaddress.ip_network(text)
        value = int(network.network_address)
        nodes |= {(size, value >> (width - size)) for size in range(network.prefixlen)}
    return frozenset(nodes)
