"""Packet captures as flows: made packet by packet, so that every number can be worked out by hand."""

from __future__ import annotations

import socket
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flowsleuth.errors import OptionError
from flowsleuth.readers.pcap import PcapOptions, PcapReader
from flowsleuth.schema import FLOW
from flowsleuth.testing import check_reader, read_all

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
A, B = "10.0.0.5", "192.0.2.7"
T0 = 1_700_000_000_000_000
"""2023-11-14 22:13:20 UTC in microseconds."""
Packet = tuple[int, bytes]


def ipv4(src: str, dst: str, proto: int, body: bytes, *, fragment: int = 0, tos: int = 0) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, tos, 20 + len(body), 7, fragment, 64, proto, 0)
    return head + socket.inet_aton(src) + socket.inet_aton(dst) + body


def ipv6(src: str, dst: str, following: int, body: bytes) -> bytes:
    ends = socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst)
    return struct.pack(">IHBB", 6 << 28 | 0x2E << 20, len(body), following, 64) + ends + body


def tcp(ports: tuple[int, int], flags: int, payload: int = 0) -> bytes:
    return struct.pack(">HHIIBBHHH", *ports, 0, 0, 5 << 4, flags, 0, 0, 0) + bytes(payload)


def udp(ports: tuple[int, int], payload: int = 4) -> bytes:
    return struct.pack(">HHHH", *ports, 8 + payload, 0) + bytes(payload)


def ethernet(body: bytes, ethertype: int = 0x0800, *, vlans: tuple[int, ...] = ()) -> bytes:
    tags = b"".join(struct.pack(">HH", 0x8100, vlan) for vlan in vlans)
    return bytes(12) + tags + struct.pack(">H", ethertype) + body


def pcap(packets: list[Packet], *, order: str = "<", link: int = 1, nanos: bool = False) -> bytes:
    magic = 0xA1B23C4D if nanos else 0xA1B2C3D4
    out = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65_535, link)
    for micros, frame in packets:
        second, part = divmod(micros, 1_000_000)
        out += struct.pack(f"{order}IIII", second, part * (1_000 if nanos else 1), len(frame), len(frame)) + frame
    return out


def pcapng(packets: list[Packet], *, order: str = "<") -> bytes:
    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        length = struct.pack(f"{order}I", 12 + len(body))
        return struct.pack(f"{order}I", kind) + length + body + length

    out = block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))
    resolution = struct.pack(f"{order}HHB3x", 9, 1, 9) + struct.pack(f"{order}HH", 0, 0)
    out += block(1, struct.pack(f"{order}HHI", 1, 0, 0) + resolution)
    for micros, frame in packets:
        nanos = micros * 1_000
        head = struct.pack(f"{order}IIIII", 0, nanos >> 32, nanos & 0xFFFFFFFF, len(frame), len(frame))
        out += block(6, head + frame)
    return out + block(3, struct.pack(f"{order}I", 60) + bytes(60))


def connection(start: int = T0) -> list[Packet]:
    """A connection that is opened, used and closed, in VLAN 12."""
    ours, theirs = (50_000, 443), (443, 50_000)
    told = [
        (A, B, ours, SYN, 0), (B, A, theirs, SYN | ACK, 0), (A, B, ours, ACK, 0), (A, B, ours, PSH | ACK, 100),
        (B, A, theirs, ACK, 0), (B, A, theirs, PSH | ACK, 500), (A, B, ours, FIN | ACK, 0),
        (B, A, theirs, FIN | ACK, 0), (A, B, ours, ACK, 0),
    ]  # fmt: skip
    return [
        (start + 1_000 * at, ethernet(ipv4(src, dst, 6, tcp(ports, flags, size), tos=8), vlans=(12, 13)))
        for at, (src, dst, ports, flags, size) in enumerate(told)
    ]


def mixed() -> list[Packet]:
    """Nine kinds of things that happen, and frames that are no flow."""
    v6, w6 = "2001:db8::5", "2001:db8::7"
    hop_by_hop = struct.pack(">BBHI", 17, 0, 0, 0)
    big = struct.pack(">HHHH", 53, 40_000, 3_000, 0) + bytes(1_472)
    return [
        *connection(),
        (T0 + 20_000, ethernet(ipv6(v6, w6, 0, hop_by_hop + udp((5_000, 53), 30)), 0x86DD)),
        (T0 + 21_000, ethernet(ipv6(w6, v6, 17, udp((53, 5_000), 90)), 0x86DD)),
        (T0 + 22_000, ethernet(ipv4(A, B, 1, struct.pack(">BBHHH", 8, 0, 0, 1, 1) + bytes(56)))),
        (T0 + 23_000, ethernet(ipv4(B, A, 1, struct.pack(">BBHHH", 0, 0, 0, 1, 1) + bytes(56)))),
        (T0 + 24_000, ethernet(ipv4(A, "192.0.2.8", 6, tcp((50_001, 22), SYN)))),
        (T0 + 25_000, ethernet(ipv4("192.0.2.8", A, 6, tcp((22, 50_001), RST | ACK)))),
        (T0 + 26_000, ethernet(ipv4(B, A, 6, tcp((80, 50_002), SYN | ACK)))),
        (T0 + 27_000, ethernet(ipv4(B, A, 17, big, fragment=0x2000))),
        (T0 + 28_000, ethernet(ipv4(B, A, 17, bytes(1_000), fragment=185))),
        (T0 + 29_000, ethernet(bytes(28), 0x0806)),
        (T0 + 30_000, ethernet(b"\x45", 0x0800)),
        (T0 + 31_000, ethernet(ipv4(A, B, 47, bytes(8)))),
        *connection(T0 + 90_000),
        (T0 + 40_000_000_000, ethernet(ipv4(A, B, 17, udp((5_353, 53))))),
    ]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "mixed.pcap"
    path.write_bytes(pcap(mixed()))
    return path


def test_keeps_every_promise(capture: Path) -> None:
    check_reader(
        PcapReader(window=7),
        capture,
        expect_rows={"flow": 9},
        expect_skipped={"ARP frame": 1, "packet with too little of its IP header": 1},
        has_zone=True,
        null_columns={"flow": ["service", "server_name", "uid", "sampling_rate"]},
    )


def test_a_connection_in_full(capture: Path) -> None:
    row = read_all(PcapReader(), capture, source_file="x").row("flow", 1)
    assert str(row.pop("community_id")).startswith("1:")  # the specification's example is below
    assert row == dict.fromkeys(name for name in FLOW.names if name != "community_id") | {
        "flow_id": 2**31 + 1,
        "start": datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        "end": datetime(2023, 11, 14, 22, 13, 20, 8_000, tzinfo=UTC),
        "duration_s": 0.008,
        "src_ip": A,
        "src_port": 50_000,
        "dst_ip": B,
        "dst_port": 443,
        "proto": "tcp",
        "src_bytes": 5 * 40 + 100,
        "dst_bytes": 4 * 40 + 500,
        "src_packets": 5,
        "dst_packets": 4,
        "tcp_flags": "FSPA/FSPA",
        "conn_state": "SF",
        "history": "ShADadFf",
        "direction": "outbound",
        "vlan": 12,
        "tos": 8,
        "source_kind": "pcap",
        "source_file": "x",
        "source_row": 1,
    }


def test_what_each_kind_of_traffic_becomes(capture: Path) -> None:
    found = read_all(PcapReader(), capture)
    names = ("src_ip", "src_port", "dst_ip", "dst_port", "proto", "src_packets", "dst_packets", "conn_state", "history")
    told = {row["source_row"]: tuple(row[name] for name in names) for row in found.tables["flow"].to_pylist()}
    assert told == {
        1: (A, 50_000, B, 443, "tcp", 5, 4, "SF", "ShADadFf"),
        10: ("2001:db8::5", 5_000, "2001:db8::7", 53, "udp", 1, 1, "SF", "Dd"),
        12: (A, None, B, None, "icmp", 1, 1, "OTH", "Dd"),
        14: (A, 50_001, "192.0.2.8", 22, "tcp", 1, 1, "REJ", "Sr"),
        16: (A, 50_002, B, 80, "tcp", 0, 1, "OTH", "^h"),
        17: (B, 53, A, 40_000, "udp", 2, 0, "S0", "D"),
        21: (A, None, B, None, "gre", 1, 0, "OTH", "D"),
        22: (A, 50_000, B, 443, "tcp", 5, 4, "SF", "ShADadFf"),
        31: (A, 5_353, B, 53, "udp", 1, 0, "S0", "D"),
    }
    ping, query, large = found.row("flow", 12), found.row("flow", 10), found.row("flow", 17)
    assert (ping["icmp_type"], ping["icmp_code"], ping["src_bytes"]) == (8, 0, 84)
    assert (query["src_bytes"], query["dst_bytes"], query["tos"]) == (86, 138, 0x2E)
    assert large["src_bytes"] == 20 + 1_480 + 20 + 1_000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("big endian", pcap(mixed(), order=">")),
        ("nanoseconds", pcap(mixed(), nanos=True)),
        ("pcapng", pcapng(mixed())),
        ("pcapng big endian", pcapng(mixed(), order=">")),
        ("raw IP", pcap([(when, frame[22:]) for when, frame in connection()], link=101)),
        ("Linux cooked", pcap([(when, bytes(14) + frame[20:]) for when, frame in connection()], link=113)),
        ("BSD loopback", pcap([(when, struct.pack("<I", 2) + frame[22:]) for when, frame in connection()], link=0)),
    ],
)
def test_every_container_and_link_gives_the_same(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    row = read_all(PcapReader(), path).row("flow", 1)
    assert (row["src_ip"], row["dst_port"], row["history"], row["src_bytes"], row["duration_s"]) == (
        A, 443, "ShADadFf", 300, 0.008,
    )  # fmt: skip


def test_windows_of_any_size_give_the_same_flows(capture: Path) -> None:
    whole = read_all(PcapReader(), capture).tables["flow"].sort_by("flow_id")
    for window in (1, 2, 3, 5, 10, 30):
        assert read_all(PcapReader(window), capture).tables["flow"].sort_by("flow_id").equals(whole), window


def test_silence_ends_a_flow(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    beats = [(T0 + gap * 1_000_000, ethernet(ipv4(A, B, 17, udp((1, 2))))) for gap in (0, 30, 60, 121, 122)]
    path.write_bytes(pcap(beats))
    assert read_all(PcapReader(), path).tables["flow"]["src_packets"].to_pylist() == [3, 2]
    longer = PcapOptions(udp_timeout_s="61")  # type: ignore[arg-type]
    assert read_all(PcapReader(), path, options=longer).rows == {"flow": 1}
    with pytest.raises(OptionError, match="not a number of seconds"):
        read_all(PcapReader(), path, options=PcapOptions(udp_timeout_s=0))


def test_a_capture_that_ends_within_a_packet(capture: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(capture.read_bytes()[:-5])
    found = read_all(PcapReader(), cut)
    assert found.rows == {"flow": 8}
    assert [(r.source_row, r.reason) for r in found.rejects] == [(31, "damaged capture")]
    cut.write_bytes(pcap(connection()) + struct.pack("<IIII", 1, 1, 2**31, 1))
    assert "a packet of 2147483648 bytes" in str(read_all(PcapReader(), cut).rejects[0].detail)


def test_community_id_of_the_specification(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap([(T0, ethernet(ipv4("128.232.110.120", "66.35.250.204", 6, tcp((34_855, 80), SYN))))]))
    assert read_all(PcapReader(), path).row("flow", 1)["community_id"] == "1:LQU9qZlK+B5F3KDmev6m5PMibrg="


def test_a_capture_that_grows_is_continued(tmp_path: Path) -> None:
    import flowsleuth

    path, content = tmp_path / "x.pcap", pcap(mixed())
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        path.write_bytes(content[: 24 + 5 * 80])
        ws.ingest(path)
        path.write_bytes(content)
        ws.ingest(path)
        grown = ws.table("flow").order_by("flow_id").to_pyarrow()
    assert grown["source_row"].to_pylist() == [1, 10, 12, 14, 16, 17, 21, 22, 31]
    assert grown["src_packets"].to_pylist()[0] == 5
