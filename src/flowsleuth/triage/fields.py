"""Fields of a flow and of a suspect that a condition can name, and the operators."""

from __future__ import annotations

ADDRESSES = ("src_ip", "dst_ip")
PORTS = ("src_port", "dst_port")
NUMBERS = (
    "src_bytes", "dst_bytes", "src_packets", "dst_packets", "duration_s", "icmp_type", "icmp_code", "src_as", "dst_as",
)  # fmt: skip
TEXTS = (
    "proto", "service", "conn_state", "direction", "action", "server_name", "src_host", "dst_host", "sensor",
    "tcp_flags",
)  # fmt: skip
OF_SUSPECT = ("suspect_id", "flow_id", "score", "surprise", "flows", "reason", "first_seen", "last_seen", "detector")
"""Fields of the suspect as a whole, or of the one flow that shows it."""
SUMS = {"bytes": ("src_bytes", "dst_bytes"), "packets": ("src_packets", "dst_packets")}
EITHER = {"ip": ADDRESSES, "port": ("src_port", "dst_port"), "as": ("src_as", "dst_as")}
FIELDS = (*ADDRESSES, *PORTS, *NUMBERS, *TEXTS, *SUMS, *EITHER, "start", "score", "surprise", "flows", "reason")
"""Fields that people may name. ``bytes`` and ``packets`` are both ways together; ``ip``, ``port`` and ``as`` are met by
either end."""
OPERATORS = ("=", "!=", "<=", ">=", "in", "cidr", "matches", "contains")
SPANS = {"src_ip": "src_ips", "dst_ip": "dst_ips", "src_port": "src_ports", "dst_port": "dst_ports"}
"""Field and the column that counts its distinct values in the group."""
