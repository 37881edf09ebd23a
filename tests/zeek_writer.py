"""Write format-faithful Zeek logs for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

HEADER = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t{path}\n#open\t{opened}\n"
CONN = (
    ("ts", "time"), ("uid", "string"), ("id.orig_h", "addr"), ("id.orig_p", "port"), ("id.resp_h", "addr"),
    ("id.resp_p", "port"), ("proto", "enum"), ("service", "string"), ("duration", "interval"),
    ("orig_bytes", "count"), ("resp_bytes", "count"), ("conn_state", "string"), ("history", "string"),
    ("orig_pkts", "count"), ("orig_ip_bytes", "count"), ("resp_pkts", "count"), ("resp_ip_bytes", "count"),
)  # fmt: skip
SSL = (
    ("ts", "time"), ("uid", "string"), ("id.orig_h", "addr"), ("id.orig_p", "port"), ("id.resp_h", "addr"),
    ("id.resp_p", "port"), ("version", "string"), ("server_name", "string"),
)  # fmt: skip
HTTP = (
    ("ts", "time"), ("uid", "string"), ("id.orig_h", "addr"), ("id.orig_p", "port"), ("id.resp_h", "addr"),
    ("id.resp_p", "port"), ("method", "string"), ("host", "string"), ("uri", "string"),
)  # fmt: skip


def header(path: str, columns: Sequence[tuple[str, str]], opened: str = "2023-11-14-00-00-00") -> str:
    """The header lines of a log."""
    names, types = zip(*columns, strict=True)
    top = HEADER.format(path=path, opened=opened)
    return top + "#fields\t" + "\t".join(names) + "\n#types\t" + "\t".join(types) + "\n"


def conn_line(number: int, start: float = 1_700_000_000.0) -> str:
    """One connection; different numbers give different connections."""
    source = f"10.0.{number // 250 % 8}.{number % 250 + 1}"
    target = f"192.0.2.{number * 7 % 250 + 1}"
    port = (443, 80, 53, 22, 8443)[number % 5]
    fields = (
        f"{start + number * 0.5:.6f}", f"C{number:017x}", source, 1025 + number % 60_000, target, port,
        "udp" if port == 53 else "tcp", "-", f"{0.1 + number % 100:.6f}", number % 900, number % 7000, "SF",
        "ShADadFf", 5 + number % 7, 300 + number % 900, 6, 400 + number % 7000,
    )  # fmt: skip
    return "\t".join(str(field) for field in fields) + "\n"


def write_conn(path: Path, rows: int, *, first: int = 0, close: bool = False) -> Path:
    """A conn.log of so many connections."""
    text = header("conn", CONN) + "".join(conn_line(n) for n in range(first, first + rows))
    path.write_text(text + ("#close\t2023-11-15-00-00-00\n" if close else ""))
    return path


def write_ssl(path: Path, names: dict[int, str]) -> Path:
    """An ssl.log that names the servers of some connections of :func:`conn_line`."""
    lines = []
    for number, name in names.items():
        conn = conn_line(number).split("\t")
        lines.append("\t".join([*conn[:6], "TLSv12", name]) + "\n")
    path.write_text(header("ssl", SSL) + "".join(lines))
    return path


def write_http(path: Path, names: dict[int, str]) -> Path:
    """An http.log that names the hosts of some connections of :func:`conn_line`."""
    lines = []
    for number, name in names.items():
        conn = conn_line(number).split("\t")
        lines.append("\t".join([*conn[:6], "GET", name, "/"]) + "\n")
    path.write_text(header("http", HTTP) + "".join(lines))
    return path
