"""Flow records of NetFlow and IPFIX datagrams in captures: made field by field, and sent by nfdump's own tool."""

from __future__ import annotations

import shutil
import socket
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import flowsleuth
from flowsleuth.errors import ReaderError
from flowsleuth.readers.flow_exports.reader import FlowExportReader
from flowsleuth.readers.nfcapd import NfcapdReader
from flowsleuth.readers.pcap import PcapReader
from flowsleuth.testing import ReadResult, check_reader, read_all

DATA = Path(__file__).parent.parent / "data/flow_exports"
T0 = 1_700_000_000
"""2023-11-14 22:13:20 UTC: when every datagram here was sent, by its header."""
SENT = datetime.fromtimestamp(T0, UTC)
UPTIME_MS = 600_000
A, B = socket.inet_aton("10.0.0.5"), socket.inet_aton("192.0.2.7")
BASIC = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (1, 4), (2, 4), (22, 4), (21, 4)]
RECORD = A + B + struct.pack(">HHBBIIII", 50_000, 443, 6, 0x1B, 1_000, 10, UPTIME_MS - 5_000, UPTIME_MS - 3_000)


def packet(payload: bytes, *, sender: str = "198.51.100.1", port: int = 2_055, captured: int | None = None) -> bytes:
    udp = struct.pack(">HHHH", 40_000, port, 8 + len(payload), 0) + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 7, 0, 64, 17, 0)
    frame = head + socket.inet_aton(sender) + socket.inet_aton("198.51.100.9") + udp
    kept = frame[:captured]
    return struct.pack("<IIII", T0, 0, len(kept), len(frame)) + kept


def capture(*packets: bytes) -> bytes:
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 101) + b"".join(packets)


def of_set(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack(">HH", kind, 4 + len(body)) + body


def pairs(fields: list[tuple[int, int]]) -> bytes:
    return b"".join(struct.pack(">HH", *one) for one in fields)


def v9_template(number: int, fields: list[tuple[int, int]]) -> bytes:
    return of_set(0, struct.pack(">HH", number, len(fields)) + pairs(fields))


def v9_options(number: int, scopes: list[tuple[int, int]], fields: list[tuple[int, int]]) -> bytes:
    return of_set(1, struct.pack(">HHH", number, 4 * len(scopes), 4 * len(fields)) + pairs(scopes) + pairs(fields))


def v9(*sets: bytes, domain: int = 7, uptime_ms: int = UPTIME_MS) -> bytes:
    return struct.pack(">HHIIII", 9, len(sets), uptime_ms, T0, 1, domain) + b"".join(sets)


def ipfix(*sets: bytes, domain: int = 7) -> bytes:
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body), T0, 1, domain) + body


def v5(*records: bytes, sampling: int = 0) -> bytes:
    return struct.pack(">HHIIIIBBH", 5, len(records), UPTIME_MS, T0, 500_000_000, 1, 0, 0, sampling) + b"".join(records)


def v5_record(flags: int = 0x12) -> bytes:
    ends = A + B + socket.inet_aton("10.0.0.1")
    counters = struct.pack(">HHIIII", 3, 4, 10, 1_000, UPTIME_MS - 5_000, UPTIME_MS - 3_000)
    return ends + counters + struct.pack(">HHBBBBHHBBH", 50_000, 443, 0, flags, 6, 8, 64_500, 64_501, 24, 16, 0)


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def of(*packets: bytes, reader: Any = None) -> ReadResult:
        path = tmp_path / "export.pcap"
        path.write_bytes(capture(*packets))
        return read_all(reader or FlowExportReader(), path)

    return of


def rows(found: ReadResult) -> list[dict[str, Any]]:
    return sorted(found.tables["flow"].to_pylist(), key=lambda row: row["flow_id"])


def said(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None and not name.startswith("source_")}


def test_v5_record_in_full(read: Any) -> None:
    found = read(packet(v5(v5_record(), v5_record(0), sampling=1 << 14 | 100)))
    assert (found.rows, found.rejects, found.skipped) == ({"flow": 2}, [], {})
    first, second = rows(found)
    assert first["flow_id"] != second["flow_id"]
    first.pop("flow_id")
    start = SENT + timedelta(milliseconds=500 - 5_000)
    assert said(first) == {
        "start": start, "end": start + timedelta(seconds=2), "duration_s": 2.0, "src_ip": "10.0.0.5",
        "src_port": 50_000, "dst_ip": "192.0.2.7", "dst_port": 443, "proto": "tcp", "src_bytes": 1_000,
        "src_packets": 10, "tcp_flags": "...A..S.", "direction": "outbound", "src_as": 64_500, "dst_as": 64_501,
        "sensor": "198.51.100.1", "in_if": "3", "out_if": "4", "tos": 8, "sampling_rate": 100,
        "extra": '{"ipNextHopIPv4Address":"10.0.0.1","sourceIPv4PrefixLength":24,"destinationIPv4PrefixLength":16}',
    }  # fmt: skip
    assert (first["source_row"], first["dst_bytes"]) == (1, None)


def test_v9_template_and_records(read: Any) -> None:
    found = read(packet(v9(v9_template(256, BASIC), of_set(256, RECORD * 3))))
    assert (found.rows, found.rejects, found.skipped) == ({"flow": 3}, [], {})
    row = rows(found)[2]
    assert (row["src_ip"], row["dst_port"], row["src_bytes"], row["tcp_flags"]) == ("10.0.0.5", 443, 1_000, "...AP.SF")
    assert (row["start"], row["duration_s"]) == (SENT - timedelta(seconds=5), 2.0)
    assert (row["sampling_rate"], row["sensor"], row["extra"]) == (None, "198.51.100.1", None)


def test_clock_of_v9_that_went_round(read: Any) -> None:
    """The flow began before the exporter's 32-bit clock was back at zero."""
    times = struct.pack(">II", 2**32 - 1_000, 500)
    found = read(packet(v9(v9_template(256, BASIC), of_set(256, RECORD[:-8] + times), uptime_ms=1_000)))
    [row] = rows(found)
    assert (row["start"], row["end"]) == (SENT - timedelta(seconds=2), SENT - timedelta(seconds=0.5))


def test_template_that_comes_later_and_never(read: Any) -> None:
    data = packet(v9(of_set(256, RECORD)))
    found = read(data, packet(v9(v9_template(256, BASIC))), packet(v9(of_set(300, RECORD))))
    assert (found.rows, [row["source_row"] for row in rows(found)]) == ({"flow": 1}, [1])
    [reject] = found.rejects
    assert (reject.source_row, reject.reason) == (3, "no template for these records")
    assert reject.detail == "template 300 of 198.51.100.1: 32 bytes"
    assert bytes.fromhex(reject.raw).startswith(RECORD)


def test_templates_belong_to_their_exporter_and_domain(read: Any) -> None:
    template = packet(v9(v9_template(256, BASIC)))
    others = packet(v9(of_set(256, RECORD)), sender="198.51.100.2"), packet(v9(of_set(256, RECORD), domain=8))
    found = read(template, *others, packet(v9(of_set(256, RECORD))))
    assert (found.rows, [reject.source_row for reject in found.rejects]) == ({"flow": 1}, [2, 3])


def test_template_is_replaced_and_withdrawn(read: Any) -> None:
    def template(*fields: tuple[int, int]) -> bytes:
        return of_set(2, struct.pack(">HH", 256, len(fields)) + pairs(list(fields)))

    short = A + B + struct.pack(">Q", T0 * 1_000)
    found = read(
        packet(ipfix(template((8, 4), (12, 4), (152, 8)), of_set(256, short))),
        packet(ipfix(template((12, 4), (8, 4), (152, 8)), of_set(256, short))),
        packet(ipfix(of_set(2, struct.pack(">HH", 256, 0)))),
        packet(ipfix(of_set(256, short))),
    )
    assert [row["src_ip"] for row in rows(found)] == ["10.0.0.5", "192.0.2.7"]
    assert [(reject.source_row, reject.reason) for reject in found.rejects] == [(4, "no template for these records")]


def test_options_say_how_packets_were_sampled(read: Any) -> None:
    options = v9_options(257, [(1, 4)], [(48, 1), (49, 1), (50, 4)])
    rates = of_set(257, b"".join(struct.pack(">IBBI", 1, *one) for one in ((1, 2, 64), (2, 2, 512))))
    with_sampler = [*BASIC, (48, 1)]
    records = of_set(256, RECORD + b"\x01" + RECORD + b"\x02" + RECORD + b"\x09")
    found = read(packet(v9(v9_template(256, with_sampler), options, rates, records)))
    assert [row["sampling_rate"] for row in rows(found)] == [64, 512, None]
    assert (found.skipped, found.rejects) == ({"NetFlow options record": 2}, [])


def test_ipfix_selector_is_a_share_of_packets(read: Any) -> None:
    fields = [(302, 2), (305, 4), (306, 4)]
    options = of_set(3, struct.pack(">HHH", 257, 3, 1) + pairs(fields))
    rate = of_set(257, struct.pack(">HII", 5, 1, 999))
    template = of_set(2, struct.pack(">HH", 256, 3) + pairs([(8, 4), (12, 4), (152, 8)]))
    found = read(packet(ipfix(options, rate, template, of_set(256, A + B + struct.pack(">Q", T0 * 1_000)))))
    assert [row["sampling_rate"] for row in rows(found)] == [1_000], "the only sampler there is"


def test_ipfix_fields_of_any_length_and_of_enterprises(read: Any) -> None:
    v6 = [socket.inet_pton(socket.AF_INET6, text) for text in ("2001:db8::1", "2001:db8::2")]
    fields = pairs([(27, 16), (28, 16), (7, 2), (11, 2), (4, 1), (152, 8), (153, 8), (1, 5), (460, 65_535)])
    fields += struct.pack(">HHI", 0x8001, 8, 29_305) + struct.pack(">HHI", 0x8064, 65_535, 9)
    template = of_set(2, struct.pack(">HH", 256, 11) + fields)

    def record(host: bytes, mark: bytes, long_form: bool = False) -> bytes:
        length = struct.pack(">BH", 255, len(host)) if long_form else bytes([len(host)])
        fixed = struct.pack(">HHBQQ", 50_000, 443, 17, T0 * 1_000 - 1_500, T0 * 1_000) + (2**33).to_bytes(5, "big")
        return b"".join(v6) + fixed + length + host + struct.pack(">Q", 77) + bytes([len(mark)]) + mark

    body = record(b"a.example", b"\x01\x02") + record(b"x" * 300, b"", long_form=True)
    found = read(packet(ipfix(template, of_set(256, body))))
    assert (found.rows, found.rejects) == ({"flow": 2}, [])
    one, other = rows(found)
    assert (one["src_ip"], one["dst_ip"], one["proto"]) == ("2001:db8::1", "2001:db8::2", "udp")
    assert (one["src_bytes"], one["dst_bytes"], one["duration_s"]) == (2**33, 77, 1.5)
    assert (one["server_name"], one["extra"]) == ("a.example", '{"e9.100":"0102"}')
    assert (other["server_name"], other["extra"]) == ("x" * 300, None)


def test_ntp_times_icmp_and_verdict(read: Any) -> None:
    fields = [(8, 4), (12, 4), (4, 1), (32, 2), (154, 8), (162, 4), (89, 1), (3, 4)]
    half = struct.pack(">II", T0 + 2_208_988_800, 1 << 31)
    record = A + B + struct.pack(">BH", 1, 8 << 8 | 3) + half + struct.pack(">IBI", 250_000, 130, 12)
    found = read(packet(ipfix(of_set(2, struct.pack(">HH", 256, 8) + pairs(fields)), of_set(256, record))))
    [row] = rows(found)
    assert (row["start"], row["duration_s"]) == (SENT + timedelta(seconds=0.5), 0.25)
    assert (row["icmp_type"], row["icmp_code"], row["dst_port"], row["tcp_flags"]) == (8, 3, None, None)
    assert (row["action"], row["flow_count"]) == ("denied", 12)


def test_records_that_are_no_flows(read: Any) -> None:
    """Without a time, without addresses, and with a counter no column holds."""
    template = v9_template(256, [(8, 4), (12, 4), (1, 8)])
    found = read(packet(v9(template, of_set(256, A + B + bytes(8)))))
    assert [(reject.reason, reject.detail) for reject in found.rejects] == [("no start time", "start")]
    assert found.rejects[0].raw == (A + B + bytes(8)).hex()
    template = v9_template(256, [(1, 8), (22, 4)])
    found = read(packet(v9(template, of_set(256, struct.pack(">QI", 2**63, 1)))))
    assert [reject.reason for reject in found.rejects] == ["no address"]


def test_datagrams_cut_off_and_damaged(read: Any) -> None:
    whole = v9(v9_template(256, BASIC), of_set(256, RECORD))
    odd = v9(v9_template(256, BASIC), of_set(256, RECORD + b"\x01\x02\x03\x04"))
    broken = v9(of_set(0, struct.pack(">HH", 256, 40) + bytes(8)))
    found = read(packet(whole, captured=100), packet(odd), packet(broken))
    assert found.rows == {"flow": 1}
    assert [(reject.source_row, reject.reason) for reject in found.rejects] == [
        (number, "damaged flow export") for number in (1, 2, 3)
    ]
    assert [reject.detail for reject in found.rejects] == [
        f"NetFlow v9: 72 of {len(whole)} bytes are in the capture",
        "6 bytes of a set are no whole record",
        "NetFlow v9: a template ends within a field",
    ]


def test_what_only_looks_like_an_export_is_a_packet(read: Any) -> None:
    not_v5 = v5(v5_record()) + b"\x00"
    not_v9 = struct.pack(">HHIIII", 9, 1, 1, T0, 1, 7) + struct.pack(">HH", 5, 8) + bytes(4)
    not_ipfix = ipfix(of_set(256, bytes(8)))[:-4]
    packets = [packet(body, port=port) for port, body in enumerate((not_v5, not_v9, not_ipfix), 1)]
    found = read(*packets)
    assert (found.rows, found.rejects) == ({}, [])
    assert found.skipped == {"packet that is no NetFlow or IPFIX datagram": 3}
    found = read(*packets, reader=PcapReader())
    assert ([row["dst_port"] for row in rows(found)], found.skipped) == ([1, 2, 3], {})


def test_packets_are_metered_and_exports_announced(read: Any) -> None:
    packets = packet(v9(v9_template(256, BASIC), of_set(256, RECORD))), packet(v5(v5_record()), port=9_995)
    found = read(*packets, reader=PcapReader())
    assert [row["dst_port"] for row in rows(found)] == [2_055, 9_995]
    assert found.skipped == {"NetFlow v9 datagram": 1, "NetFlow v5 datagram": 1}
    reasons = {why for batch in found.batches for kind in batch.skipped for why in [batch.why_skipped[kind]]}
    assert reasons == {"metered as a packet; its flow records are read with --reader netflow"}


def test_workspace_takes_packets_and_then_their_flows(tmp_path: Path) -> None:
    path = tmp_path / "export.pcap"
    path.write_bytes(capture(packet(b"hello", port=53), packet(v9(v9_template(256, BASIC), of_set(256, RECORD * 3)))))
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        first = ws.ingest(path)
        assert first.rows == {"flow": 2}
        [told] = first.skipped
        assert (told.kind, told.records) == ("NetFlow v9 datagram", 1)
        assert told.reason == "metered as a packet; its flow records are read with --reader netflow"
        assert ws.ingest(path, reader="netflow").rows == {"flow": 3}
        assert ws.ingest(path, reader="netflow").rows == {}
        flows = ws.table("flow").to_pyarrow().to_pylist()
    assert sorted(row["source_kind"] for row in flows) == ["netflow"] * 3 + ["pcap"] * 2
    assert len({row["flow_id"] for row in flows}) == 5


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "conn.log"
    path.write_bytes(b"no capture")
    with pytest.raises(ReaderError, match="not a packet capture"):
        read_all(FlowExportReader(), path)


def test_windows_and_growth_change_nothing(tmp_path: Path) -> None:
    """Records, templates and other packets over many windows; the file is read before its last third is there."""
    data = [packet(b"hello", port=53), packet(v9(of_set(256, RECORD))), packet(v9(v9_template(256, BASIC)))]
    packets = [*data, *(packet(v9(of_set(256, RECORD * 2)), sender="198.51.100.1") for _ in range(30)), *data]
    path = tmp_path / "export.pcap"
    path.write_bytes(capture(*packets))
    whole = read_all(FlowExportReader(), path)
    assert (whole.rows, whole.rejects) == ({"flow": 62}, [])
    assert whole.skipped == {"packet that is no NetFlow or IPFIX datagram": 2}
    small = read_all(FlowExportReader(window=4), path)
    assert rows(small) == rows(whole)
    path.write_bytes(capture(*packets[:22]))
    young = read_all(FlowExportReader(window=4), path)
    kept = [batch for batch in young.batches if not batch.is_tail]
    path.write_bytes(capture(*packets))
    rest = read_all(FlowExportReader(window=4), path, start=kept[-1].end)
    tables = [table for batch in [*kept, *rest.batches] for table in batch.tables.values()]
    skipped = [batch.skipped for batch in [*young.batches, *rest.batches] if batch.skipped]
    assert sum(one["packet that is no NetFlow or IPFIX datagram"] for one in skipped) == 2
    assert sorted(number for table in tables for number in table["flow_id"].to_pylist()) == [
        row["flow_id"] for row in rows(whole)
    ]


@pytest.mark.parametrize(("version", "flows"), [("v5", 582), ("v9", 600)])
def test_sent_by_nfreplay_keeps_every_promise(version: str, flows: int) -> None:
    check_reader(
        FlowExportReader(),
        DATA / f"nfreplay_{version}/{version}.pcap",
        expect_rows={"flow": flows},
        records=flows,
        has_zone=True,
        sniffs=False,
        other_readers=[],
    )


@pytest.mark.skipif(shutil.which("nfdump") is None, reason="the program nfdump is not installed")
@pytest.mark.parametrize("version", ["v5", "v9"])
def test_sent_by_nfreplay_is_what_nfdump_has(version: str) -> None:
    """What nfdump reads in the file that nfreplay sent (v5 has no room for IPv6, VLANs and large numbers)."""
    names = (
        "start", "end", "src_ip", "dst_ip", "src_port", "dst_port", "proto", "src_bytes", "src_packets", "tcp_flags",
        "src_as", "dst_as", "in_if", "out_if", "tos", "icmp_type", "icmp_code",
    )  # fmt: skip
    ours = rows(read_all(FlowExportReader(), DATA / f"nfreplay_{version}/{version}.pcap"))
    theirs = rows(read_all(NfcapdReader(), DATA / "nfreplay_source.nfcapd"))
    if version == "v5":
        theirs = [row for row in theirs if ":" not in row["src_ip"]]
        for row in theirs:
            row |= {name: (row[name] or 0) % 65_536 or None for name in ("src_as", "dst_as")}
            row["src_bytes"] %= 2**32
    else:
        names += ("vlan",)

    def key(row: dict[str, Any]) -> list[str]:
        return [str(row[name]) for name in names]

    assert sorted(map(key, ours)) == sorted(map(key, theirs))
