"""nfdump's names for the fields of NetFlow records, in each of its dialects, and how the text of each is read.

``firstSeen`` and the like are the header names of nfdump 1.7 (``src/output/output_csv.c``); the short tags of 1.6 and
of ``-o fmt:`` are their aliases. What the fields mean is in :mod:`.netflow`.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

TAGS: dict[str, str] = {
    "ts": "firstSeen", "te": "lastSeen", "td": "duration", "sa": "srcAddr", "da": "dstAddr", "sp": "srcPort",
    "dp": "dstPort", "pr": "proto", "flg": "flags", "fwd": "fwdStatus", "stos": "srcTos", "ipkt": "inPackets",
    "ibyt": "inBytes", "opkt": "outPackets", "obyt": "outBytes", "in": "input", "out": "output", "sas": "srcAS",
    "das": "dstAS", "smk": "srcMask", "dmk": "dstMask", "dtos": "dstTos", "dir": "direction", "nh": "nextIP",
    "nhb": "bgpNextIP", "svln": "srcVlan", "dvln": "dstVlan", "ismc": "inSrcMac", "odmc": "outDstMac",
    "idmc": "inDstMac", "osmc": "outSrcMac", "cl": "clientLatency", "sl": "serverLatency", "al": "appLatency",
    "ra": "routerIP", "eng": "engine", "exid": "exporterID", "tr": "received",
    **{f"mpls{n}": f"mplsLabel{n}" for n in range(1, 11)},
}  # fmt: skip
"""Header of the 1.6 dialect → name in 1.7."""

SYNONYMS: dict[str, str] = {"packets": "inPackets", "bytes": "inBytes", "tos": "srcTos"}
"""Names that 1.7 has for the same value."""

WHOLE = (
    "srcPort", "inPackets", "inBytes", "outPackets", "outBytes", "srcAS", "dstAS", "nextAS", "prevAS", "srcTos",
    "dstTos", "srcMask", "dstMask", "srcVlan", "dstVlan", "exporterID", "fwdStatus", "flows", "icmpTYpe", "icmpCode",
    "minTTL", "maxTTL", "endReason", "biDirection", "ingressVrfID", "egressVrfID", "srcXPort", "dstXPort",
)  # fmt: skip
"""Fields that are whole numbers."""

REAL = ("duration", "clientLatency", "serverLatency", "appLatency")
"""Fields that are numbers with a fraction: seconds, and three times milliseconds."""

PLAIN = ("firstSeen", "lastSeen", "received", "eventTime", "srcAddr", "dstAddr")
"""Text with many distinct values; all other text is read as a dictionary."""

NOTHING = frozenset({
    "", "0", "0.0.0.0", "::", "00:00:00:00:00:00", "0-0-0", "0/0", "0x00", "0x0", "0..0..0",  # noqa: S104
    "<none>", "<empty>", "no-ja3", "no-ja4", "no-nbar", "no-info", "INVALID", "Ignore", "..", "0x0 0x0 0x0",
    "0 0 0",
})  # fmt: skip
"""What nfdump prints where a record has nothing."""


def field_types(names: Iterable[str]) -> dict[str, pa.DataType]:
    """How each field is read: whole number, number, text, or text with few distinct values."""
    kinds: dict[str, pa.DataType] = {}
    for name in names:
        if name in WHOLE:
            kinds[name] = pa.int64()
        elif name in REAL:
            kinds[name] = pa.float64()
        elif name in PLAIN:
            kinds[name] = pa.string()
        else:
            kinds[name] = pa.dictionary(pa.int32(), pa.string())
    return kinds
