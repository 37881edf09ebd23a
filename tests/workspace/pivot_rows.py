"""Rows of every table that pivots look into, with the spellings and traps that they must tell apart."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pyarrow as pa

from flowsleuth.schema import TABLES
from flowsleuth.workspace import Workspace

DAY = dt.datetime(2024, 3, 14, tzinfo=dt.UTC)
HASH = "ab" * 32


def at(seconds: float) -> dt.datetime:
    """A moment of the day."""
    return DAY + dt.timedelta(seconds=seconds)


def put(ws: Workspace, name: str, rows: list[dict[str, Any]]) -> None:
    """Rows of a table, numbered, straight into the store."""
    table = TABLES[name]
    full = [{table.id_column: n, **row, "start": at(row["start"])} for n, row in enumerate(rows, 1)]
    ws.store.replace([], ws.store.write(name, pa.Table.from_pylist(full, schema=table.arrow_schema())))


FLOWS = [
    {"start": 0, "src_ip": "10.0.0.5", "dst_ip": "192.0.2.7", "dst_port": 443, "proto": "tcp", "src_bytes": 100,
     "dst_bytes": 900, "server_name": "www.example.org", "src_host": "WEB1.corp.example"},
    {"start": 60, "src_ip": "192.0.2.7", "dst_ip": "10.0.0.5", "dst_port": 22, "proto": "tcp", "src_bytes": 5,
     "dst_bytes": None, "service": "ssh", "dst_host": "rg/web1"},
    {"start": 120, "src_ip": "10.0.0.6", "dst_ip": "2001:db8::9", "dst_port": 53, "proto": "udp"},
    {"start": 180, "src_ip": "10.0.0.5", "dst_ip": "10.0.0.6", "dst_port": 445, "proto": "tcp", "src_bytes": 1},
    {"start": 90_000, "src_ip": "10.0.0.5", "dst_ip": "198.51.100.1", "dst_port": 80, "proto": "tcp"},
    {"start": 90_060, "src_ip": "10.0.0.50", "dst_ip": "192.0.2.70", "dst_port": 80, "proto": "tcp",
     "server_name": "EXAMPLE.org"},
    {"start": 90_120, "src_ip": "10.0.0.7", "dst_ip": "10.0.0.7", "dst_port": 9, "proto": "udp"},
]  # fmt: skip
DNS = [
    {"start": 0, "src_ip": "10.0.0.5", "dst_ip": "10.0.0.1", "query": "www.example.org", "qtype": "A",
     "answers": '["cdn.example.net", "192.0.2.7"]'},
    {"start": 5, "src_ip": "10.0.0.6", "dst_ip": "10.0.0.1", "query": "WWW.example.org", "qtype": "AAAA",
     "answers": '["2001:DB8:0::9"]'},
    {"start": 9, "src_ip": "10.0.0.6", "dst_ip": "10.0.0.1", "query": "db2.corp.example", "qtype": "A",
     "answers": '["10.0.0.6", "10.0.0.60"]'},
    {"start": 9, "src_ip": "10.0.0.6", "dst_ip": "10.0.0.1", "query": "badexample.org", "qtype": "A",
     "answers": "no json"},
]  # fmt: skip
ENTITIES = [
    {"$id": "1", "Type": "host", "HostName": "WEB1"},
    {"$id": "2", "Type": "account", "Name": "Ana", "NTDomain": "CORP", "Host": {"$ref": "1"}},
    {"$id": "3", "Type": "ip", "Address": "2001:DB8:0:0::9"},
    {"$id": "4", "Type": "file", "Directory": "C:\\Temp", "Name": "Evil.exe",
     "FileHashes": [{"Type": "filehash", "Algorithm": "SHA256", "Value": HASH.upper()}]},
    {"$id": "5", "Type": "url", "Url": "http://Evil.example.org:80/a?b"},
]  # fmt: skip


def fill(ws: Workspace) -> None:
    """All of them, in an empty workspace."""
    put(ws, "flow", FLOWS)
    put(ws, "dns", DNS)
    put(ws, "tls", [{"start": 1, "src_ip": "10.0.0.5", "dst_ip": "192.0.2.7", "server_name": "www.example.org"}])
    put(ws, "http", [
        {"start": 2, "src_ip": "10.0.0.6", "dst_ip": "198.51.100.1", "host": "Evil.example.org", "uri": "/a?b"},
        {"start": 3, "src_ip": "10.0.0.6", "dst_ip": "198.51.100.1", "host": None, "uri": "http://evil.example.org/a?b"},
        {"start": 4, "src_ip": "10.0.0.6", "dst_ip": "198.51.100.1", "host": "evil.example.org", "uri": "/a"},
    ])  # fmt: skip
    put(ws, "alert", [
        {"start": 10, "name": "scan", "src_ip": "10.0.0.5", "dst_ip": "192.0.2.7", "severity": 2},
        {"start": 20, "name": "evil", "host": "WEB1", "entities": json.dumps(ENTITIES)},
        {"start": 30, "name": "broken", "entities": '[{"HostName": "web1"'},
    ])  # fmt: skip
    put(ws, "logon", [
        {"start": 1, "host": "web1.corp.example", "user": "ana", "domain": "CORP", "src_ip": "10.0.0.6"},
        {"start": 2, "host": "web10", "user": "ANA", "src_ip": "192.0.2.7", "is_success": False},
        {"start": 3, "host": "db2", "user": "ana", "domain": "OTHER", "src_host": "WEB1"},
    ])  # fmt: skip
    put(ws, "process", [
        {"start": 1, "host": "WEB1", "pid": 7, "path": "c:\\temp\\evil.exe", "name": "evil.exe", "user": "ana",
         "sha256": HASH},
        {"start": 2, "host": "db2", "pid": 8, "path": "/usr/bin/wget", "name": "wget", "user": "root"},
    ])  # fmt: skip
