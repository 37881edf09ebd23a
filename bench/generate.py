"""Write synthetic flows (see traffic.py) as Zeek TSV, Zeek JSON, one-way records in CSV, or a real nfcapd file.

``python bench/generate.py zeek-tsv 3000000`` writes ``bench/out/conn-3000000-seed7.log`` unless it is there. An nfcapd
file is made by nfdump's own collector, to which the flows are sent as NetFlow v5 on loopback, never faster than it
reads. Memory stays flat whatever the size.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from traffic import DAY_START_S, SERVICES, Flows, Ints, Site

OUT = Path(__file__).parent / "out"
SEED = 7
US = 1_000_000

FIELDS = (
    "ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration", "orig_bytes",
    "resp_bytes", "conn_state", "local_orig", "local_resp", "missed_bytes", "history", "orig_pkts", "orig_ip_bytes",
    "resp_pkts", "resp_ip_bytes", "tunnel_parents",
)  # fmt: skip
TYPES = (
    "time", "string", "addr", "port", "addr", "port", "enum", "string", "interval", "count", "count", "string", "bool",
    "bool", "count", "string", "count", "count", "count", "count", "set[string]",
)  # fmt: skip
QUOTED = ("uid", "id.orig_h", "id.resp_h", "proto", "service", "conn_state", "history")

_DIGITS6 = pa.array([f"{n:06d}" for n in range(US)])
_NOTHING = pa.scalar(None, pa.string())


def _seconds(micros: Ints) -> pa.Array:
    """Microseconds as seconds with six digits behind the point."""
    whole = pa.array(micros // US).cast(pa.string())
    return pc.binary_join_element_wise(whole, _DIGITS6.take(pa.array(micros % US)), ".")


def zeek_columns(flows: Flows, site: Site) -> dict[str, pa.Array]:
    """The fields of conn.log as text; null where Zeek has no value."""
    half = len(site.addresses) // 2
    hosts = half // 11

    def is_ours(place: Ints) -> pa.Array:
        return pc.if_else(pa.array(place % half < hosts), "true", "false")

    def known(values: Ints) -> pa.Array:
        return pc.if_else(pa.array(flows.is_short), _NOTHING, pa.array(values).cast(pa.string()))

    history = flows.history_text
    columns = {
        "ts": _seconds(flows.start_us),
        "uid": flows.uid,
        "id.orig_h": site.addresses.take(pa.array(flows.src)),
        "id.orig_p": flows.src_port,
        "id.resp_h": site.addresses.take(pa.array(flows.dst)),
        "id.resp_p": flows.dst_port,
        "proto": flows.proto,
        "service": flows.service_text,
        "duration": pc.if_else(pa.array(flows.is_short), _NOTHING, _seconds(flows.duration_us)),
        "orig_bytes": known(flows.src_bytes),
        "resp_bytes": known(flows.dst_bytes),
        "conn_state": flows.state_text,
        "local_orig": is_ours(flows.src),
        "local_resp": is_ours(flows.dst),
        "missed_bytes": flows.missed_bytes,
        "history": pc.if_else(pc.equal(history, "-"), _NOTHING, history),
        "orig_pkts": flows.src_packets,
        "orig_ip_bytes": flows.src_ip_bytes,
        "resp_pkts": flows.dst_packets,
        "resp_ip_bytes": flows.dst_ip_bytes,
        "tunnel_parents": pa.nulls(len(flows), pa.string()),
    }
    return {k: v if isinstance(v, pa.Array) else pa.array(v).cast(pa.string()) for k, v in columns.items()}


def write_zeek_tsv(target: IO[bytes], rows: int, seed: int) -> None:
    """Zeek's own text format, with its header and its closing line."""
    head = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tconn"]
    head += ["#open\t2025-03-11-00-00-00", "\t".join(("#fields", *FIELDS)), "\t".join(("#types", *TYPES))]
    target.write(("\n".join(head) + "\n").encode())
    site = Site(seed)
    options = pacsv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
    with pacsv.CSVWriter(target, pa.schema([(n, pa.string()) for n in FIELDS]), write_options=options) as writer:
        for flows in site.chunks(rows):
            columns = zeek_columns(flows, site)
            for name in ("local_orig", "local_resp"):
                columns[name] = pc.if_else(pc.equal(columns[name], "true"), "T", "F")
            writer.write(pa.table({name: column.fill_null("-") for name, column in columns.items()}))
    target.write(b"#close\t2025-03-12-00-00-00\n")


def write_zeek_json(target: IO[bytes], rows: int, seed: int) -> None:
    """Zeek's JSON lines; fields without a value are left out, as Zeek does."""
    site = Site(seed)
    for flows in site.chunks(rows):
        pieces = []
        for name, column in zeek_columns(flows, site).items():
            if column.null_count < len(column):
                mark = '"' if name in QUOTED else ""
                pieces.append(pc.binary_join_element_wise(f'"{name}":{mark}', column, mark, ""))
        lines = pc.binary_join_element_wise(*pieces, ",", null_handling="skip")
        text = pc.binary_join_element_wise("{", lines, "}\n", "")
        _, offsets, data = text.buffers()
        target.write(data[: np.frombuffer(offsets, np.int32)[len(text)]])


# one-way records ----------------------------------------------------------------------------------------------------

ONE_WAY = (
    "firstSeen", "lastSeen", "duration", "proto", "srcAddr", "srcPort", "dstAddr", "dstPort", "flags", "inPackets",
    "inBytes", "routerIP",
)  # fmt: skip
TWICE_EVERY = 10
ANSWER_AFTER_US = 20_000


def _clock(micros: Ints) -> pa.Array:
    return pa.array(micros // 1_000, pa.timestamp("ms")).cast(pa.string())


def one_way_records(flows: Flows, site: Site) -> pa.Table:
    """What routers would export: a record each way where both sides sent, every tenth from a second router too."""
    ends = {
        "srcAddr": flows.src, "srcPort": flows.src_port, "dstAddr": flows.dst, "dstPort": flows.dst_port,
    }  # fmt: skip
    turned = dict(zip(ends, (flows.dst, flows.dst_port, flows.src, flows.src_port), strict=True))
    forth = ends | {"inPackets": flows.src_packets, "inBytes": flows.src_ip_bytes, "later": 0, "routerIP": 0}
    back = turned | {"inPackets": flows.dst_packets, "inBytes": flows.dst_ip_bytes, "later": ANSWER_AFTER_US}
    again = forth | {"later": 300_000, "routerIP": 1}
    every = np.arange(len(flows))
    chosen = [every, np.flatnonzero(flows.dst_packets > 0), every[::TWICE_EVERY]]
    sides = [forth, back | {"routerIP": 0}, again]

    def whole(name: str) -> Ints:
        pieces = zip(sides, chosen, strict=True)
        return np.concatenate([np.broadcast_to(side[name], len(flows))[which] for side, which in pieces])

    place = np.concatenate(chosen)
    start = flows.start_us[place] + whole("later")
    end = start + flows.duration_us[place]
    told = {name: whole(name) for name in ("srcPort", "dstPort", "inPackets", "inBytes")}
    proto = flows.proto.take(pa.array(place))
    columns = told | {
        "firstSeen": _clock(start),
        "lastSeen": _clock(end),
        "duration": _seconds(end // 1_000 * 1_000 - start // 1_000 * 1_000),
        "proto": pc.utf8_upper(proto),
        "srcAddr": site.addresses.take(pa.array(whole("srcAddr"))),
        "dstAddr": site.addresses.take(pa.array(whole("dstAddr"))),
        "flags": pc.if_else(pc.equal(proto, "tcp"), "...AP.SF", "........"),
        "routerIP": pa.array(["192.0.2.1", "192.0.2.2"]).take(pa.array(whole("routerIP"))),
    }
    order = np.argsort(end, kind="stable")
    return pa.table({name: columns[name] for name in ONE_WAY}).take(pa.array(order))


def write_one_way(target: IO[bytes], rows: int, seed: int) -> None:
    """nfdump's CSV of one-way records, in the order of their ends."""
    site, left = Site(seed), rows
    target.write((",".join(ONE_WAY) + "\n").encode())
    options = pacsv.WriteOptions(include_header=False, quoting_style="none")
    for flows in site.chunks(rows):
        records = one_way_records(flows, site).slice(0, left)
        pacsv.write_csv(records, target, options)
        left -= len(records)


# nfcapd ---------------------------------------------------------------------------------------------------------------

_RECORDS_PER_PACKET = 30
_BOOT_S = DAY_START_S - 3_600
_BUFFER = 4 << 20
_RECORD = np.dtype([
    ("src", ">u4"), ("dst", ">u4"), ("next", ">u4"), ("in_if", ">u2"), ("out_if", ">u2"), ("packets", ">u4"),
    ("bytes", ">u4"), ("first", ">u4"), ("last", ">u4"), ("src_port", ">u2"), ("dst_port", ">u2"), ("pad", "u1"),
    ("flags", "u1"), ("proto", "u1"), ("tos", "u1"), ("src_as", ">u2"), ("dst_as", ">u2"), ("src_mask", "u1"),
    ("dst_mask", "u1"), ("pad2", ">u2"),
])  # fmt: skip
_NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17}


def netflow_records(flows: Flows, site: Site) -> np.ndarray:
    """What a router would export of the packets that the originators sent: NetFlow v5 records."""
    records = np.zeros(len(flows), dtype=_RECORD)
    records["src"], records["dst"] = site.ipv4[flows.src], site.ipv4[flows.dst]
    numbers = np.array([_NUMBERS[s.proto] for s in SERVICES] + [6])
    records["proto"] = numbers[np.where(flows.is_scan, len(SERVICES), flows.service)]
    is_icmp = records["proto"] == 1
    records["src_port"] = np.where(is_icmp, 0, flows.src_port)
    records["dst_port"] = np.where(is_icmp, flows.src_port * 256, flows.dst_port)
    records["flags"] = np.where(records["proto"] == 6, np.where(flows.dst_packets > 1, 0x1B, 0x02), 0)
    records["in_if"], records["out_if"] = 1, 2
    records["packets"] = flows.src_packets
    records["bytes"] = np.minimum(flows.src_ip_bytes, 2**32 - 1)
    first = flows.start_us // 1_000 - _BOOT_S * 1_000
    records["first"], records["last"] = first, first + flows.duration_us // 1_000
    return records


def write_nfcapd(target: Path, rows: int, seed: int) -> None:
    """Send the flows to nfcapd (LZ4) on loopback and keep the one file it writes.

    Raises
    ------
    RuntimeError
        nfcapd is not installed, did not start, or did not store every flow.
    """
    if shutil.which("nfcapd") is None:
        raise RuntimeError("nfcapd is not installed (Debian package nfdump)")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        port = _free_port()
        command = ["nfcapd", "-l", folder, "-b", "127.0.0.1", "-p", str(port), "-t", "86400", "-y", "-B", str(_BUFFER)]
        collector = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for(lambda: _queued(port) is not None, collector)
            _send(port, rows, seed, collector)
            _wait_for(lambda: not _queued(port), collector)
            time.sleep(0.5)
            collector.send_signal(signal.SIGTERM)
            collector.wait(60)
        finally:
            if collector.poll() is None:
                collector.kill()
                collector.wait()
        made = [path for path in Path(folder).iterdir() if path.name.startswith("nfcapd.2")]
        if len(made) != 1:
            raise RuntimeError(f"nfcapd wrote {len(made)} files, not one")
        said = subprocess.run(["nfdump", "-r", made[0], "-I"], capture_output=True, text=True, check=True).stdout
        stored = next(int(line.split(":")[1]) for line in said.splitlines() if line.startswith("Flows:"))
        if stored != rows:
            raise RuntimeError(f"nfcapd stored {stored:,} of {rows:,} flows")
        made[0].replace(target)


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _queued(port: int) -> int | None:
    """Bytes that wait in a UDP port's receive queue; None when nobody listens."""
    wanted = f"0100007F:{port:04X}"
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1] == wanted:
            return int(words[4].split(":")[1], 16)
    return None


def _wait_for(is_so: Callable[[], bool], collector: subprocess.Popen[bytes], limit_s: float = 60) -> None:
    until = time.monotonic() + limit_s
    while not is_so():
        if collector.poll() is not None or time.monotonic() > until:
            raise RuntimeError("nfcapd does not answer")
        time.sleep(0.005)


def _send(port: int, rows: int, seed: int, collector: subprocess.Popen[bytes]) -> None:
    site = Site(seed, ipv6_share=0.0)
    sequence = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.connect(("127.0.0.1", port))
        for flows in site.chunks(rows):
            records = netflow_records(flows, site)
            for low in range(0, len(records), _RECORDS_PER_PACKET):
                part = records[low : low + _RECORDS_PER_PACKET]
                uptime = int(part["last"].max())
                sent = divmod(_BOOT_S * 1_000 + uptime, 1_000)
                head = struct.pack(
                    ">HHIIIIBBH", 5, len(part), uptime, sent[0], sent[1] * US, sequence & 0xFFFFFFFF, 0, 0, 0
                )
                out.send(head + part.tobytes())
                sequence += len(part)
                if low // _RECORDS_PER_PACKET % 256 == 255:
                    _wait_for(lambda: (_queued(port) or 0) < _BUFFER // 8, collector)


# ---------------------------------------------------------------------------------------------------------------------

KINDS = {
    "zeek-tsv": "conn-{}-seed{}.log",
    "zeek-json": "conn-{}-seed{}.json",
    "one-way": "one-way-{}-seed{}.csv",
    "nfcapd": "nfcapd-{}-seed{}",
}
_TEXT = {"zeek-tsv": write_zeek_tsv, "zeek-json": write_zeek_json, "one-way": write_one_way}


def make(kind: str, rows: int, folder: Path = OUT, seed: int = SEED) -> Path:
    """The file of this kind, size and seed; written unless it is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / KINDS[kind].format(rows, seed)
    if target.exists():
        return target
    aside = target.with_name(f".{target.name}.part")
    if kind == "nfcapd":
        write_nfcapd(aside, rows, seed)
    else:
        with aside.open("wb") as file:
            _TEXT[kind](file, rows, seed)
    aside.replace(target)
    return target


def main() -> int:
    """Parse, write, say where."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("rows", type=int)
    parser.add_argument("--dir", type=Path, default=OUT)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    try:
        print(make(asked.kind, asked.rows, asked.dir, asked.seed))
    except RuntimeError as error:
        print(f"generate: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
