"""Flows as integer codes in Ibis: protocol, service, who owns the service, how it ended, sizes as bit lengths.

Only comparisons, ``+ - * /`` of doubles and integer arithmetic are used: what every engine computes to the last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.schema.protocols import ICMP, KEYWORDS

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

OTHER_PROTO = 255
"""Code of a protocol name that IANA's list of :data:`flowsleuth.schema.protocols.KEYWORDS` does not have."""
NO_PROTO = 256
"""Code of a missing protocol."""
SPAN = 131_072
"""Service code = protocol code x SPAN + port, or SPAN / 2 + ICMP type x 256 + code, or SPAN - 1 for neither."""
NO_PORT = SPAN - 1
DNS = 17 * SPAN + 53
"""Service code of 53/udp, which stands for questions about names whatever carried them."""
RESOLVERS = (DNS, 6 * SPAN + 53)
"""Services of resolvers."""

ANSWERED, FAILED, UNKNOWN = 0, 1, 2
FAILED_STATES = ("S0", "REJ", "RSTOS0", "SH")
"""Zeek connection states in which the originator got no conversation (Zeek manual, ``Conn::Info$conn_state``)."""
ANSWERED_STATES = ("SF", "S1", "S2", "S3", "RSTO", "RSTR", "RSTRH", "SHR")

DIRECTION_ODDS = 64.0
"""How much likelier (squared odds: 8 x 8) the source must own the service before the recorded direction is overruled.

Who sent the first packet is nearly always right; it is wrong where a sensor began in mid-stream or an exporter splits
the two ways. Eight to one asks for clear evidence and still turns a reply of a busy service round.
"""
PORT_PRIOR = 2.0
"""Uses of a port as either end that are assumed before any is seen, so that a single flow decides nothing."""


def bit_length(value: ir.Value, bits: int = 63) -> ir.Value:
    """Bit length of a non-negative number as a tree of comparisons: 0 → 0, 1 → 1, 2..3 → 2, 4..7 → 3.

    Exact for every int64 and, for a double, the bit length of its integer part. Null and negative give 0.

    Examples
    --------
    >>> import ibis
    >>> bit_length(ibis.literal(222)).type().is_integer()
    True
    """
    import ibis

    def tree(low: int, high: int) -> Any:
        if low == high:
            return ibis.literal(low, type="int16")
        middle = (low + high + 1) // 2
        return ibis.ifelse(value >= 2 ** (middle - 1), tree(middle, high), tree(low, middle - 1))

    return tree(0, bits)


def protocol_code(proto: ir.StringValue) -> ir.Value:
    """IANA number of a protocol keyword; :data:`OTHER_PROTO` for a name not listed, :data:`NO_PROTO` for null."""
    import ibis

    common = [6, 17, 1, 58]
    order = common + [number for number in KEYWORDS if number not in common]
    branches = [(proto.isnull(), ibis.literal(NO_PROTO, type="int64"))]
    branches += [(proto == KEYWORDS[number], ibis.literal(number, type="int64")) for number in order]
    return ibis.cases(*branches, else_=ibis.literal(OTHER_PROTO, type="int64"))


def is_icmp(proto: ir.StringValue) -> ir.BooleanValue:
    """Whether the protocol is ICMP for IPv4 or IPv6; False for null."""
    return proto.isin(list(ICMP)).fill_null(False)


def is_icmp_service(service: NDArray[Any]) -> NDArray[np.bool_]:
    """Which service codes are ICMP's, for IPv4 or IPv6.

    Examples
    --------
    >>> is_icmp_service(np.array([1 * SPAN + SPAN // 2, 6 * SPAN + 443])).tolist()
    [True, False]
    """
    return np.isin(service // SPAN, [number for number, word in KEYWORDS.items() if word in ICMP])


def is_group(address: ir.StringValue) -> ir.BooleanValue:
    """Whether an address is multicast or a limited or /24-aligned broadcast: nobody is bound to answer it."""
    head = address.substr(0, 4)
    multicast4 = (head >= "224.") & (head <= "239.") & (address.substr(3, 1) == ".")
    return multicast4 | address.startswith("ff") | address.endswith(".255")


def are_groups(addresses: pa.Array) -> NDArray[np.bool_]:
    """The same of addresses in memory: shape (n,).

    Examples
    --------
    >>> import pyarrow as pa
    >>> are_groups(pa.array(["239.1.2.3", "ff02::1", "10.0.0.255", "2.2.2.2"])).tolist()
    [True, True, True, False]
    """
    return _match(addresses, r"^(22[4-9]|23[0-9])\.|^ff|\.255$")


def are_nobody(addresses: pa.Array) -> NDArray[np.bool_]:
    """Which addresses can be no host's: unspecified, multicast and limited broadcast (RFC 6890); shape (n,).

    They begin flows in records all the same: a host that asks for an address has none yet, and a sensor that saw only
    the answer to a broadcast takes the broadcast for its client.

    Examples
    --------
    >>> import pyarrow as pa
    >>> are_nobody(pa.array(["0.0.0.0", "::", "255.255.255.255", "ff02::1", "10.0.0.255", "2.2.2.2"])).tolist()
    [True, True, True, True, False, False]
    """
    return _match(addresses, r"^0\.|^::$|^(22[4-9]|23[0-9])\.|^ff|^255\.255\.255\.255$")


def are_second(addresses: pa.Array) -> NDArray[np.bool_]:
    """Which addresses a host has besides the one that it is known by: of a link, of the host itself; shape (n,).

    Examples
    --------
    >>> import pyarrow as pa
    >>> are_second(pa.array(["fe80::1", "169.254.3.1", "127.0.0.1", "::1", "fec0::1", "10.0.0.1"])).tolist()
    [True, True, True, True, False, False]
    """
    return _match(addresses, r"^169\.254\.|^127\.|^fe[89ab][0-9a-f]:|^::1$")


def _match(addresses: pa.Array, pattern: str) -> NDArray[np.bool_]:
    import pyarrow.compute as pc

    return np.asarray(pc.match_substring_regex(addresses, pattern).to_numpy(zero_copy_only=False), dtype=np.bool_)


def has_protocol(service: ir.IntegerValue, number: int) -> ir.BooleanValue:
    """Whether a service code is of the protocol with IANA's number."""
    return service.between(number * SPAN, number * SPAN + NO_PORT)


def told_name(name: ir.StringValue) -> ir.StringValue:
    """A server's name in lower case; null where there is none."""
    return name.lower().nullif("")


def may_be_ours(direction: ir.StringValue) -> ir.BooleanValue:
    """Whether the source of a flow is not known to be somebody else's."""
    return direction.isnull() | direction.isin(["outbound", "internal"])


def outcome_code(flows: ir.Table, to_group: ir.BooleanValue) -> ir.Value:
    """How the attempt ended: :data:`ANSWERED`, :data:`FAILED`, or :data:`UNKNOWN`.

    ``conn_state`` decides where it can, then a denial, then what the other side sent. What went to a group
    (`to_group`, :func:`is_group`) is unknown: nobody is bound to answer.
    """
    import ibis

    code = {name: ibis.literal(number, type="int64") for name, number in zip("afu", range(3), strict=True)}
    got = flows.dst_packets.coalesce(flows.dst_bytes)
    return ibis.cases(
        (to_group, code["u"]),
        (flows.conn_state.isin(list(FAILED_STATES)), code["f"]),
        (flows.conn_state.isin(list(ANSWERED_STATES)), code["a"]),
        (flows.action == "denied", code["f"]),
        (got > 0, code["a"]),
        ((got == 0) & flows.conn_state.isnull() & flows.proto.isin(["tcp", "udp", "icmp"]), code["f"]),
        else_=code["u"],
    )


def count_ports(flows: ir.Table) -> ir.Table:
    """How each port of a day is used: one row per protocol code and port, with its ``value`` as a service.

    For each (protocol, port) count how often it is the destination's (d) and the source's (s):
    ``value = ((d + 2) / (s + 2))^2 (1 + d + s)``: the odds that the port answers rather than asks, and how much it is
    used at all, so that both ends of split (one-way) records agree. Nothing is assumed of ports below 1024.
    """
    import ibis

    def uses(end: str) -> ir.Table:
        plain = flows.select(proto_code=protocol_code(flows.proto), port=flows[end]).filter(lambda t: t.port.notnull())
        counted = plain.group_by("proto_code", "port").aggregate(n=lambda t: t.count())
        zero = ibis.literal(0, type="int64")
        ends = {"dst_port": (counted.n, zero), "src_port": (zero, counted.n)}[end]
        return counted.select("proto_code", "port", d=ends[0], s=ends[1])

    both = ibis.union(uses("dst_port"), uses("src_port")).group_by("proto_code", "port")
    ports = both.aggregate(d=lambda t: t.d.sum().cast("float64"), s=lambda t: t.s.sum().cast("float64"))
    odds = (ports.d + PORT_PRIOR) / (ports.s + PORT_PRIOR)
    return ports.select("proto_code", "port", value=odds * odds * (ports.d + ports.s + 1.0))


def service_end(flows: ir.Table, ports: ir.Table) -> ir.Table:
    """Add ``service`` and ``owner`` (0: the destination has the service, 1: the source has it).

    The source owns the service when its port's value (:func:`count_ports`) is :data:`DIRECTION_ODDS` times that of the
    destination's port.

    Blind spot: a service that is only ever seen from its own side looks like a client with a fixed port.
    """
    import ibis

    plain = flows.mutate(proto_code=protocol_code(flows.proto))
    at_src = ports.select(src_proto=ports.proto_code, src_key=ports.port, src_value=ports.value)
    at_dst = ports.select(dst_proto=ports.proto_code, dst_key=ports.port, dst_value=ports.value)
    joined = plain.left_join(at_src, [plain.proto_code == at_src.src_proto, plain.src_port == at_src.src_key])
    joined = joined.left_join(at_dst, [joined.proto_code == at_dst.dst_proto, joined.dst_port == at_dst.dst_key])
    src_owns = (joined.src_value > DIRECTION_ODDS * joined.dst_value.coalesce(0.0)).fill_null(False)
    port = ibis.ifelse(src_owns, joined.src_port, joined.dst_port).cast("int64")
    icmp = joined.icmp_type.cast("int64") * 256 + joined.icmp_code.cast("int64").coalesce(0) + SPAN // 2
    detail = ibis.ifelse(is_icmp(joined.proto), icmp, port).coalesce(NO_PORT)
    return joined.mutate(service=joined.proto_code * SPAN + detail, owner=src_owns.cast("int64"))
