"""Apache Spot's flow words, as one integer per word: ``<port>_<PROTO>_<hour>_<B>_<P>``, ``-1_`` before it for a server.

B and P are the bit lengths of the source's bytes and packets. The rules are those of Spot's ``FlowWordCreator.scala``
(see the manual's page on the ``spot`` detector); a word is built in the engine and spelt out only to be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.flow_codes import bit_length
from flowsleuth.store.portable import hour_of_day

if TYPE_CHECKING:
    import ibis.expr.types as ir

BOTH_LOW, BOTH_HIGH = 111_111, 333_333
LAST_LOW_PORT = 1024

PROTOS, HOURS, LENGTHS = 1024, 32, 64
"""Room of each field in a code; a code is ((((prefix, port), proto), hour), B), P in mixed radix."""
PORTS = 524_288


def add_words(flows: ir.Table, protos: Sequence[str]) -> ir.Table:
    """Add ``src_word`` and ``dst_word`` (int64), the words that go to the source's and the destination's document.

    Parameters
    ----------
    flows : ibis table
        ``flow`` rows. A missing port, byte or packet count is taken as 0, as Spot's input has no nulls.
    protos : sequence of str
        The protocols of the run, at most 1,023; a protocol's place is its code, null comes after the last.

    Returns
    -------
    ibis table
    """
    import ibis

    sport, dport = flows.src_port.coalesce(0).cast("int64"), flows.dst_port.coalesce(0).cast("int64")
    rules = _port_rules(sport, dport)
    number = ibis.literal(0, type="int64")
    branches = [(flows.proto == proto, ibis.literal(at, type="int64")) for at, proto in enumerate(protos)]
    proto = ibis.cases(*branches, else_=ibis.literal(len(protos), type="int64")) if branches else number
    sizes = bit_length(flows.src_bytes).cast("int64") * LENGTHS + bit_length(flows.src_packets).cast("int64")
    rest = (proto * HOURS + hour_of_day(flows.start)) * LENGTHS * LENGTHS + sizes
    span = PROTOS * HOURS * LENGTHS * LENGTHS

    def word(is_server: ir.BooleanValue) -> ir.Value:
        return (is_server.cast("int64") * PORTS + rules["port"]) * span + rest

    return flows.mutate(src_word=word(rules["src_is_server"]), dst_word=word(rules["dst_is_server"]))


def _port_rules(sport: ir.Value, dport: ir.Value) -> dict[str, ir.Value]:
    """Port token and who gets the prefix; the first rule that fits wins."""
    import ibis

    one_zero = (sport == 0) != (dport == 0)
    low_src, low_dst = sport <= LAST_LOW_PORT, dport <= LAST_LOW_PORT
    port = ibis.cases(
        ((sport == 0) & (dport == 0), 0),
        (dport == 0, sport),
        (sport == 0, dport),
        (low_src & low_dst, BOTH_LOW),
        (low_src, sport),
        (low_dst, dport),
        else_=BOTH_HIGH,
    )
    src_is_server = (one_zero & (dport == 0)) | (~one_zero & low_src & ~low_dst)
    dst_is_server = (one_zero & (sport == 0)) | (~one_zero & low_dst & ~low_src)
    return {"port": port, "src_is_server": src_is_server, "dst_is_server": dst_is_server}


def spell(words: NDArray[np.int64], protos: Sequence[str]) -> list[str]:
    """Write words out as Spot does, the protocol in upper case; an absent protocol is ``-``.

    Examples
    --------
    >>> code = ((((1 * PORTS + 23) * PROTOS + 0) * HOURS + 12) * LENGTHS + 8) * LENGTHS + 2
    >>> spell(np.array([code]), ["udp"])
    ['-1_23_UDP_12_8_2']
    """
    rest, packets = np.divmod(words, LENGTHS)
    rest, sizes = np.divmod(rest, LENGTHS)
    rest, hours = np.divmod(rest, HOURS)
    rest, codes = np.divmod(rest, PROTOS)
    is_server, ports = np.divmod(rest, PORTS)
    names = [*(proto.upper() for proto in protos), "-"]
    fields = zip(is_server, ports, codes, hours, sizes, packets, strict=True)
    return [f"{'-1_' if server else ''}{p}_{names[c]}_{h}_{b}_{k}" for server, p, c, h, b, k in fields]
