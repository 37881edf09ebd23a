"""What an investigation finds: rows that are made when they are asked for, and not stored as tables."""

from flowsleuth.schema.columns import NEVER, Column, Table

UNTOLD = "no flow told it"


def _sizes() -> tuple[Column, ...]:
    """Largest, mean and total of bytes and packets, each way; the mean is over the flows that tell a number."""
    made = []
    for side in ("src", "dst"):
        for unit in ("bytes", "packets"):
            made += [
                Column(f"max_{side}_{unit}", "int64", f"largest number sent by {side} in one flow", unit, UNTOLD),
                Column(f"mean_{side}_{unit}", "float64", f"mean number sent by {side} in a flow", unit, UNTOLD),
                Column(f"total_{side}_{unit}", "int64", f"sent by {side} in all flows", unit, UNTOLD),
            ]
    return tuple(made)


SEARCH = Table(
    name="search",
    meaning="expanded search: one row per source, destination, destination port and protocol",
    time_column="first_seen",
    id_column=None,
    columns=(
        Column("src_ip", "string", "who sent the first packet", null=NEVER),
        Column("dst_ip", "string", "the other side", null=NEVER),
        Column("dst_port", "int32", "port of dst", null="the protocol has no ports"),
        Column("proto", "string", "IANA transport keyword, lower case"),
        Column("first_seen", "timestamp", "start of the earliest flow", "UTC", NEVER),
        Column("last_seen", "timestamp", "end (or else start) of the latest flow", "UTC", NEVER),
        Column("connections", "int64", "flows", null=NEVER),
        *_sizes(),
        Column("service", "string", "application protocol; the last in the alphabet where there are several"),
        Column("server_name", "string", "TLS or HTTP name; the last in the alphabet where there are several"),
        Column("src_as", "int64", "AS number of src"),
        Column("dst_as", "int64", "AS number of dst"),
    ),
)

PEER = Table(
    name="peer",
    meaning="one row per address that the target exchanged flows with",
    time_column="first_seen",
    id_column=None,
    columns=(
        Column("peer", "string", "the other address", null=NEVER),
        Column("way", "string", "inbound, outbound or two way, from the target's own side", null=NEVER),
        Column("is_internal", "bool", "it is in a home network or an internal range", null=NEVER),
        Column("connections", "int64", "flows", null=NEVER),
        Column("connections_to_peer", "int64", "of these, opened by the target", null=NEVER),
        Column("connections_from_peer", "int64", "of these, opened by the peer", null=NEVER),
        Column("bytes_out", "int64", "sent by the target", "bytes", UNTOLD),
        Column("bytes_in", "int64", "sent by the peer", "bytes", UNTOLD),
        Column("packets_out", "int64", "sent by the target", "packets", UNTOLD),
        Column("packets_in", "int64", "sent by the peer", "packets", UNTOLD),
        Column("ports", "int64", "different destination ports", null=NEVER),
        Column("services", "string", "most used protocols and destination ports, such as tcp/443"),
        Column("server_name", "string", "TLS or HTTP name of the peer; one of several"),
        Column("first_seen", "timestamp", "start of the earliest flow", "UTC", NEVER),
        Column("last_seen", "timestamp", "end of the latest flow", "UTC", NEVER),
        Column("as_number", "int64", "AS number that the flows give"),
    ),
)
"""Columns that sources of facts add (``network``, ``country``, ``lat`` …) come after these."""

TOP = Table(
    name="top",
    meaning="one row per peer in one role: as a source (it opened the flows) or as a destination",
    time_column=None,
    id_column=None,
    columns=(
        Column("peer", "string", "the other address", null=NEVER),
        Column("connections", "int64", "flows in that role", null=NEVER),
        Column("bytes", "int64", "both ways together, in that role", "bytes", UNTOLD),
        Column("max_bytes", "int64", "largest number sent one way in one flow", "bytes", UNTOLD),
        Column("services", "string", "most used protocols and destination ports"),
    ),
)

MARK = Table(
    name="mark",
    meaning="one row per mark on the timeline: a flow, or all flows of a peer in one bin of time",
    id_column=None,
    columns=(
        Column("lane", "string", "the peer", null=NEVER),
        Column("way", "string", "the peer's: inbound, outbound or two way", null=NEVER),
        Column("start", "timestamp", "first packet", "UTC", NEVER),
        Column("end", "timestamp", "last packet", "UTC", NEVER),
        Column("connections", "int64", "flows", null=NEVER),
        Column("bytes", "int64", "both ways together", "bytes", UNTOLD),
        Column("dst_port", "int32", "most used destination port", null="the protocol has no ports"),
        Column("binned_s", "int64", "width of the bin", "seconds", "the mark is one flow"),
    ),
)

INGEST_SUMMARY = Table(
    name="ingest_summary",
    meaning="one row per bin of time and kind of row, with how many were ingested",
    id_column=None,
    columns=(
        Column("start", "timestamp", "beginning of the bin", "UTC", NEVER),
        Column("table", "string", "flow, dns, http, tls or alert", null=NEVER),
        Column("rows", "int64", "rows whose time is in the bin", null=NEVER),
        Column("bin_s", "int64", "width of the bin", "seconds", NEVER),
    ),
)

CHORD = Table(
    name="chord",
    meaning="one row per direction between an address and one of its suspicious peers",
    time_column=None,
    id_column=None,
    columns=(
        Column("src_ip", "string", "who sent", null=NEVER),
        Column("dst_ip", "string", "who got", null=NEVER),
        Column("bytes", "int64", "sent that way", "bytes", UNTOLD),
        Column("packets", "int64", "sent that way", "packets", UNTOLD),
    ),
)

FOUND = (SEARCH, PEER, TOP, MARK, CHORD, INGEST_SUMMARY)
"""What investigations and summaries answer with."""
