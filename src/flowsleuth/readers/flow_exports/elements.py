"""What the fields of a flow record are, and their bytes as whole columns.

Source: IANA "IP Flow Information Export (IPFIX) Entities"; numbers up to 127 are also those of NetFlow v9 (RFC 3954,
section 8). Fields that no table names keep their number: ``e9.12`` is field 12 of enterprise 9, ``ie500`` an IANA one.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

NUMBER, ADDRESS, MAC, TEXT, NTP_TIME, OCTETS = "number", "address", "MAC", "text", "NTP time", "octets"
IANA, SCOPE, REVERSE = 0, -1, 29305
"""Enterprises: IANA's own fields, the scopes of NetFlow v9's options, and the other direction (RFC 5103)."""

_NAMES = {
    NUMBER: {
        1: "octetDeltaCount", 2: "packetDeltaCount", 3: "deltaFlowCount", 4: "protocolIdentifier",
        5: "ipClassOfService", 6: "tcpControlBits", 7: "sourceTransportPort", 9: "sourceIPv4PrefixLength",
        10: "ingressInterface", 11: "destinationTransportPort", 13: "destinationIPv4PrefixLength",
        14: "egressInterface", 16: "bgpSourceAsNumber", 17: "bgpDestinationAsNumber", 21: "flowEndSysUpTime",
        22: "flowStartSysUpTime", 23: "postOctetDeltaCount", 24: "postPacketDeltaCount", 25: "minimumIpTotalLength",
        26: "maximumIpTotalLength", 29: "sourceIPv6PrefixLength", 30: "destinationIPv6PrefixLength",
        31: "flowLabelIPv6", 32: "icmpTypeCodeIPv4", 34: "samplingInterval", 35: "samplingAlgorithm",
        38: "engineType", 39: "engineId", 48: "samplerId", 49: "samplerMode", 50: "samplerRandomInterval",
        52: "minimumTTL", 53: "maximumTTL", 54: "fragmentIdentification", 55: "postIpClassOfService", 58: "vlanId",
        59: "postVlanId", 60: "ipVersion", 61: "flowDirection", 85: "octetTotalCount", 86: "packetTotalCount",
        88: "fragmentOffset", 89: "forwardingStatus", 128: "bgpNextAdjacentAsNumber",
        129: "bgpPrevAdjacentAsNumber", 136: "flowEndReason", 137: "commonPropertiesId", 138: "observationPointId",
        139: "icmpTypeCodeIPv6", 148: "flowId", 150: "flowStartSeconds", 151: "flowEndSeconds",
        152: "flowStartMilliseconds", 153: "flowEndMilliseconds", 158: "flowStartDeltaMicroseconds",
        159: "flowEndDeltaMicroseconds", 160: "systemInitTimeMilliseconds", 161: "flowDurationMilliseconds",
        162: "flowDurationMicroseconds", 176: "icmpTypeIPv4", 177: "icmpCodeIPv4", 178: "icmpTypeIPv6",
        179: "icmpCodeIPv6", 180: "udpSourcePort", 181: "udpDestinationPort", 182: "tcpSourcePort",
        183: "tcpDestinationPort", 192: "ipTTL", 210: "paddingOctets", 227: "postNAPTSourceTransportPort",
        228: "postNAPTDestinationTransportPort", 229: "natOriginatingAddressRealm", 230: "natEvent",
        231: "initiatorOctets", 232: "responderOctets", 233: "firewallEvent", 234: "ingressVRFID",
        235: "egressVRFID", 239: "biflowDirection", 243: "dot1qVlanId", 256: "ethernetType",
        298: "initiatorPackets", 299: "responderPackets", 302: "selectorId", 304: "selectorAlgorithm",
        305: "samplingPacketInterval", 306: "samplingPacketSpace", 309: "samplingSize", 310: "samplingPopulation",
        323: "observationTimeMilliseconds",
    },
    ADDRESS: {
        8: "sourceIPv4Address", 12: "destinationIPv4Address", 15: "ipNextHopIPv4Address", 18: "bgpNextHopIPv4Address",
        27: "sourceIPv6Address", 28: "destinationIPv6Address", 62: "ipNextHopIPv6Address",
        63: "bgpNextHopIPv6Address", 130: "exporterIPv4Address", 131: "exporterIPv6Address",
        225: "postNATSourceIPv4Address", 226: "postNATDestinationIPv4Address", 281: "postNATSourceIPv6Address",
        282: "postNATDestinationIPv6Address",
    },
    MAC: {
        56: "sourceMacAddress", 57: "postDestinationMacAddress", 80: "destinationMacAddress",
        81: "postSourceMacAddress",
    },
    TEXT: {
        82: "interfaceName", 83: "interfaceDescription", 84: "samplerName", 94: "applicationDescription",
        96: "applicationName", 236: "VRFname", 371: "userName", 459: "httpRequestMethod", 460: "httpRequestHost",
        461: "httpRequestTarget", 468: "httpUserAgent",
    },
    NTP_TIME: {
        154: "flowStartMicroseconds", 155: "flowEndMicroseconds", 156: "flowStartNanoseconds",
        157: "flowEndNanoseconds",
    },
    OCTETS: {95: "applicationId", **{number: f"mplsTopLabelStackSection{number - 69}" for number in range(70, 80)}},
}  # fmt: skip
_KIND_OF = {number: kind for kind, names in _NAMES.items() for number in names}
_NAME_OF = {number: name for names in _NAMES.values() for number, name in names.items()}
_NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900 to 1970."""

Octets = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]


class Field(NamedTuple):
    """A field of a template: whose number it is, the number, and its bytes (65,535 where each record says)."""

    enterprise: int
    number: int
    length: int

    @property
    def name(self) -> str:
        """What to call it in ``extra``."""
        if self.enterprise == IANA:
            return _NAME_OF.get(self.number, f"ie{self.number}")
        if self.enterprise == REVERSE:
            return f"reverse_{_NAME_OF.get(self.number, f'ie{self.number}')}"
        return f"e{self.enterprise}.{self.number}"

    @property
    def kind(self) -> str:
        """How its bytes are read."""
        return _KIND_OF.get(self.number, OCTETS) if self.enterprise in (IANA, REVERSE) else OCTETS


def as_rectangle(values: Sequence[bytes], width: int) -> Octets:
    """Byte strings of any length as rows of one width, filled with zeros on the left; longer ones keep their end."""
    joined = b"".join(value[-width:].rjust(width, b"\x00") for value in values)
    return np.frombuffer(joined, dtype=np.uint8).reshape(len(values), width)


def numbers(octets: Octets) -> pa.Array:
    """Unsigned numbers of any width, most significant byte first; null where they do not fit 63 bits.

    Examples
    --------
    >>> numbers(np.array([[1, 2], [0, 7]], dtype=np.uint8)).to_pylist()
    [258, 7]
    """
    size, width = octets.shape
    wide = np.zeros((size, 8), dtype=np.uint8)
    kept = min(width, 8)
    if kept:
        wide[:, 8 - kept :] = octets[:, width - kept :]
    value = wide.view(">u8").ravel().astype(np.uint64)
    too_large = (value >> np.uint64(63)).astype(bool) | octets[:, : width - kept].any(axis=1)
    return pa.array(np.where(too_large, 0, value).astype(np.int64), mask=too_large)


def ntp_micros(octets: Octets) -> pa.Array:
    """Microseconds since 1970 of NTP's seconds and parts of 2**32 (RFC 7011, section 6.1.9); null where not 8 bytes."""
    if octets.shape[1] != 8:
        return pa.nulls(len(octets), pa.int64())
    halves = np.ascontiguousarray(octets).view(">u4").astype(np.int64)
    micros = (halves[:, 0] - _NTP_EPOCH_S) * 1_000_000 + (halves[:, 1] * 1_000_000 >> 32)
    return pa.array(micros, mask=halves[:, 0] == 0)


def addresses(octets: Octets) -> pa.Array:
    """IPv4 and IPv6 addresses as text; null where the bytes are neither.

    Examples
    --------
    >>> addresses(np.array([[192, 0, 2, 1]], dtype=np.uint8)).to_pylist()
    ['192.0.2.1']
    """
    family = {4: socket.AF_INET, 16: socket.AF_INET6}.get(octets.shape[1])
    if family is None:
        return pa.nulls(len(octets), pa.string())
    return _by_distinct(octets, lambda raw: socket.inet_ntop(family, raw))


def octet_words(octets: Octets, kind: str) -> pa.Array:
    """Other fields as text: text, a MAC address, or hexadecimal; null where all is zero or nothing."""
    return _by_distinct(octets, lambda raw: words_of(raw, kind))


def words_of(raw: bytes, kind: str) -> str | None:
    """One value as text; null for nothing.

    Examples
    --------
    >>> words_of(b"ge-0/0/1\\x00\\x00", TEXT), words_of(bytes.fromhex("0a1b2c3d4e5f"), MAC), words_of(bytes(2), OCTETS)
    ('ge-0/0/1', '0a:1b:2c:3d:4e:5f', None)
    """
    if not raw.strip(b"\x00"):
        return None
    if kind == TEXT:
        return raw.rstrip(b"\x00").decode("utf-8", "backslashreplace").strip() or None
    return raw.hex(":") if kind == MAC else raw.hex()


def _by_distinct(octets: Octets, convert: object) -> pa.Array:
    """Convert rows of bytes by their distinct values."""
    size, width = octets.shape
    if not size or not width:
        return pa.nulls(size, pa.string())
    rows = np.ascontiguousarray(octets).view(np.dtype((np.void, width))).ravel()
    distinct, which = np.unique(rows, return_inverse=True)
    texts = [convert(value.tobytes()) for value in distinct]  # type: ignore[operator]
    return pa.array(texts, pa.string()).take(pa.array(which))
