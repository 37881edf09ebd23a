"""What the fields of Zeek's logs are: which are read into columns, as what, and which log a record belongs to.

Names and types are those of Zeek's ``base/protocols/*/main.zeek``, from Bro 2.1 (2012) to Zeek 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

FieldType = Literal["time", "text", "int32", "int64", "float", "bool", "json"]
"""``json`` is JSON text of any value: a set, a vector, or something not known beforehand."""

STREAM_KEYS = ("@stream", "_path", "@path")
"""JSON keys that name the log where several are mixed in one file (``_path`` is Corelight's)."""

SENSOR_KEYS = ("_node_name", "_system_name", "@system", "sensorname", "sensor_name")
"""Fields that say which sensor wrote the record, best first."""

_ENDPOINTS: dict[str, FieldType] = {
    "ts": "time",
    "uid": "text",
    "id.orig_h": "text",
    "id.orig_p": "int32",
    "id.resp_h": "text",
    "id.resp_p": "int32",
    "proto": "text",
    "community_id": "text",
    **dict.fromkeys(SENSOR_KEYS, "text"),
}


@dataclass(frozen=True)
class Log:
    """A Zeek log that has a table.

    Attributes
    ----------
    table : str
    fields : mapping of str to FieldType
        Fields that are read with a type; all others go to ``extra`` as they are.
    kept : frozenset of str
        Fields with a type that go to ``extra`` as well, because no column holds them as they were.
    marks : frozenset of str
        A record with one of these fields is of this log.
    needs : frozenset of str
        … and with all of these.
    """

    table: str
    fields: Mapping[str, FieldType]
    marks: frozenset[str]
    needs: frozenset[str] = frozenset()
    kept: frozenset[str] = field(default=frozenset())


LOGS: dict[str, Log] = {
    "conn": Log(
        table="flow",
        fields={
            **_ENDPOINTS,
            "service": "text",
            "duration": "float",
            "orig_bytes": "int64",
            "resp_bytes": "int64",
            "conn_state": "text",
            "local_orig": "bool",
            "local_resp": "bool",
            "missed_bytes": "int64",
            "history": "text",
            "orig_pkts": "int64",
            "orig_ip_bytes": "int64",
            "resp_pkts": "int64",
            "resp_ip_bytes": "int64",
            "vlan": "int32",
            "ip_proto": "int64",
        },
        marks=frozenset({"conn_state", "missed_bytes", "orig_ip_bytes"}),
        kept=frozenset({"orig_bytes", "resp_bytes", "local_orig", "local_resp", "missed_bytes", "ip_proto"}),
    ),
    "dns": Log(
        table="dns",
        fields={
            **_ENDPOINTS,
            "trans_id": "int64",
            "rtt": "float",
            "query": "text",
            "qclass_name": "text",
            "qtype_name": "text",
            "rcode_name": "text",
            "answers": "json",
            "TTLs": "json",
            "rejected": "bool",
        },
        marks=frozenset({"query", "qtype", "qtype_name", "qclass", "rcode", "rcode_name", "rejected"}),
    ),
    "http": Log(
        table="http",
        fields={
            **_ENDPOINTS,
            "method": "text",
            "host": "text",
            "uri": "text",
            "referrer": "text",
            "user_agent": "text",
            "version": "text",
            "status_code": "int32",
            "request_body_len": "int64",
            "response_body_len": "int64",
            "orig_mime_types": "json",
            "resp_mime_types": "json",
            "username": "text",
        },
        marks=frozenset({"request_body_len"}),
        needs=frozenset({"trans_depth"}),
    ),
    "ssl": Log(
        table="tls",
        fields={
            **_ENDPOINTS,
            "version": "text",
            "cipher": "text",
            "server_name": "text",
            "subject": "text",
            "issuer": "text",
            "issuer_subject": "text",
            "cert_hash": "text",
            "cert_chain_fps": "json",
            "ja3": "text",
            "ja3s": "text",
            "ja4": "text",
            "next_protocol": "text",
            "resumed": "bool",
            "established": "bool",
            "validation_status": "text",
        },
        marks=frozenset({"established", "resumed", "ssl_history", "cert_chain_fuids", "cert_chain_fps"}),
        kept=frozenset({"cert_chain_fps"}),
    ),
}

_OTHERS: dict[str, frozenset[str]] = {
    "sip": frozenset({"call_id", "seq"}),
    "smtp": frozenset({"trans_depth", "last_reply"}),
    "dhcp": frozenset({"uids", "msg_types"}),
    "x509": frozenset({"certificate.version", "certificate.serial"}),
    "files": frozenset({"fuid", "seen_bytes"}),
    "pe": frozenset({"machine", "compile_ts"}),
    "ocsp": frozenset({"hashAlgorithm", "certStatus"}),
    "notice": frozenset({"note", "actions"}),
    "weird": frozenset({"name", "notice", "peer"}),
    "ssh": frozenset({"auth_attempts", "client"}),
    "kerberos": frozenset({"request_type", "client"}),
    "ntlm": frozenset({"server_nb_computer_name", "uid"}),
    "dce_rpc": frozenset({"named_pipe", "operation"}),
    "smb_mapping": frozenset({"share_type", "path"}),
    "smb_files": frozenset({"action", "times.modified"}),
    "dpd": frozenset({"analyzer", "failure_reason"}),
    "analyzer": frozenset({"analyzer_kind", "analyzer_name"}),
    "ftp": frozenset({"command", "arg"}),
    "ntp": frozenset({"stratum", "mode"}),
    "snmp": frozenset({"get_requests", "set_requests"}),
    "software": frozenset({"software_type", "unparsed_version"}),
    "capture_loss": frozenset({"percent_lost", "ts_delta"}),
    "stats": frozenset({"pkts_proc", "mem"}),
    "tunnel": frozenset({"tunnel_type", "action"}),
    "known_hosts": frozenset({"ts", "host"}),
}
"""Logs without a table, by two fields that are theirs alone; the first that fits."""

_ALIASES = {
    "id_orig_h": "id.orig_h",
    "id_orig_p": "id.orig_p",
    "id_resp_h": "id.resp_h",
    "id_resp_p": "id.resp_p",
}


def field_name(name: str) -> str:
    """Zeek's own name of a field; shippers that dislike dots write ``id_orig_h``.

    Examples
    --------
    >>> field_name("id_orig_h")
    'id.orig_h'
    """
    return _ALIASES.get(name, name)


def log_of(names: Iterable[str]) -> str | None:
    """Which log a record is of, told by its fields; None for one that has no table.

    Examples
    --------
    >>> log_of(["ts", "uid", "conn_state"]), log_of(["ts", "fuid"])
    ('conn', None)
    """
    present = frozenset(names)
    for name, log in LOGS.items():
        if present & log.marks and log.needs <= present:
            return name
    return None


def other_log_of(names: Iterable[str]) -> str | None:
    """Name of a log without a table, told by its fields; None when it does not look like Zeek at all."""
    present = frozenset(field_name(name) for name in names)
    if "ts" not in present:
        return None
    for name, marks in _OTHERS.items():
        if marks <= present:
            return name
    return "other" if present & {"uid", "fuid", "id.orig_h", "id"} else None
