"""Host logs and alerts of the developer data set: the counts of its README, and nothing rejected."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest

from flowsleuth.readers.auditd import AuditdReader
from flowsleuth.readers.evtx import EvtxReader
from flowsleuth.readers.osquery import OsqueryReader
from flowsleuth.readers.pcap import PcapReader
from flowsleuth.readers.sentinel import SentinelReader
from flowsleuth.readers.windows_events import WindowsReader
from flowsleuth.testing import read_all

pytestmark = pytest.mark.real

EXPORTS = [
    ("alerts/alertlist.csv", {"alert": 189}),
    ("alerts/alerts_list_2021.csv", {"alert": 41}),
    ("host/processes_on_host.csv", {"process": 363}),
    ("host/process_tree.csv", {"process": 117}),
    ("host/win_processes_22979.csv.gz", {"process": 22_979}),
    ("host/linux_proc_execve.csv.gz", {"process": 1_000}),
    ("host/mde_proc_cs1.csv.gz", {"process": 1_564}),
    ("host/host_logons.csv", {"logon": 14}),
    ("host/aad_signin_logs.csv", {"logon": 86}),
    ("host/syslog_data.csv", {"syslog": 100}),
    ("host/sudo_data.csv", {"syslog": 22}),
    ("host/linux_events_auditd_packed.csv", {"syslog": 100, "process": 82}),
]


@pytest.mark.parametrize(("path", "rows"), EXPORTS)
def test_exported_tables(shared_data: Path, path: str, rows: dict[str, int]) -> None:
    found = read_all(SentinelReader(), shared_data / path)
    assert (found.rows, found.rejects, found.skipped) == (rows, [], {})
    if "packed" in path:
        return
    csv.field_size_limit(1 << 24)
    unpacked = gzip.open if path.endswith(".gz") else open
    with unpacked(shared_data / path, "rt", encoding="utf-8-sig", newline="") as file:  # type: ignore[operator]
        records = list(csv.DictReader(file))
    [(table, count)] = found.rows.items()
    assert len(records) == count
    column = {"alert": "Entities", "syslog": "SyslogMessage"}.get(table)
    if column:
        name = {"alert": "entities", "syslog": "message"}[table]
        said = found.tables[table][name].to_pylist()
        assert said == [record[column] or None for record in records]


def test_pids_are_numbers_and_parents_are_found(shared_data: Path) -> None:
    table = read_all(SentinelReader(), shared_data / "host/processes_on_host.csv").tables["process"]
    with (shared_data / "host/processes_on_host.csv").open(encoding="utf-8", newline="") as file:
        records = list(csv.DictReader(file))
    assert table["pid"].to_pylist() == [int(record["NewProcessId"], 16) for record in records]
    assert table["parent_pid"].to_pylist() == [int(record["ProcessId"], 16) for record in records]


def test_audit_log_has_an_event_per_serial(shared_data: Path) -> None:
    found = read_all(AuditdReader(), shared_data / "host/auditd_log.txt")
    assert (found.rows, found.rejects) == ({"syslog": 938, "process": 146, "logon": 191}, [])
    lines = (shared_data / "host/auditd_log.txt").read_text().split("\n")
    ids = {line.partition("audit(")[2].partition(")")[0] for line in lines if line}
    assert set(found.tables["syslog"]["record_id"].to_pylist()) == ids


def test_osquery_results(shared_data: Path) -> None:
    found = read_all(OsqueryReader(), shared_data / "host/osqueryd.results.log")
    assert (found.rows, found.rejects) == ({"syslog": 266, "process": 14}, [])


ZIPS = [
    ("aptsimulator_cobaltstrike.zip", 2_611, {"process": 73, "flow": 2}),
    ("cmd_mshta_vbscript_execute_psh.zip", 1_127, {"process": 6}),
    ("covenant_psremoting_command.zip", 4_284, {"logon": 16, "flow": 55, "process": 16}),
    ("empire_launcher_vbs.zip", 2_067, {"logon": 2, "flow": 10, "process": 10}),
    ("psh_python_webserver.zip", 2_395, {"process": 6}),
]


@pytest.mark.parametrize(("name", "records", "rows"), ZIPS)
def test_windows_events_in_zip_archives(shared_data: Path, name: str, records: int, rows: dict[str, int]) -> None:
    found = read_all(WindowsReader(), shared_data / "host/otrf" / name)
    assert (found.rows, found.rejects) == (rows, [])
    assert sum(found.rows.values()) + sum(found.skipped.values()) == records


def test_messages_of_linux_sysmon_and_auoms(shared_data: Path) -> None:
    kinds = {"sysmon": {"syslog": 93, "process": 31, "flow": 6}, "auoms_auditd": {"syslog": 50, "process": 50}}
    for name, rows in kinds.items():
        log = shared_data / f"host/otrf/syslog_{name}_log4shell_cve2021_44228_jndi_reference.zip"
        found = read_all(SentinelReader(), log)
        assert (found.rows, found.rejects) == (rows, [])
        commands = found.tables["process"]["command_line"].to_pylist()
        assert any(line and "YmFzaCAtaSA+JiAvZGV2L3RjcC8" in line for line in commands)


EVENT_LOGS = [
    ("privesc_rotten_potato_from_webshell_metasploit_sysmon_1_8_3", {"process": 2, "flow": 7}, 4),
    ("sysmon_1_7_11_sysprep_uacbypass", {"process": 4}, 3),
    ("win10_4703_SeDebugPrivilege_enabled", {}, 1),
]


@pytest.mark.parametrize(("name", "rows", "others"), EVENT_LOGS)
def test_event_logs(shared_data: Path, name: str, rows: dict[str, int], others: int) -> None:
    """Every record, as the library counts them."""
    evtx = pytest.importorskip("evtx")
    path = shared_data / f"host/evtx/{name}.evtx.gz"
    found = read_all(EvtxReader(), path)
    assert (found.rows, found.rejects, sum(found.skipped.values())) == (rows, [], others)
    parser = evtx.PyEvtxParser(io.BytesIO(gzip.decompress(path.read_bytes())))
    assert sum(rows.values()) + others == sum(1 for _ in parser.records_json())


def test_audit_log_in_an_archive(shared_data: Path) -> None:
    found = read_all(AuditdReader(), shared_data / "host/otrf/sh_arp_cache.zip")
    assert (found.rows, found.rejects) == ({"syslog": 2, "process": 2}, [])


CAPTURES = [
    ("maccdc2012_00000_small.pcap.gz", 618, 9_928, 1_284_880, {"LLC frame": 66, "ARP frame": 6}, 0),
    ("slips_test7-malicious.pcap", 369, 1_969, 277_512, {"ARP frame": 31}, 0),
    ("slips_test12-icmp-scan.pcap", 18, 37, 1_036, {}, 0),
    ("../host/otrf/pcap_log4shell_cve2021_44228_jndi_reference.zip", 4, 65, 5_868, {"ARP frame": 2}, 0),
    ("covenant_psremoting_command.zip", 7, 153, 430_698, {}, 1),
]


@pytest.mark.parametrize(("name", "flows", "packets", "size", "skipped", "rejects"), CAPTURES)
def test_captures(
    shared_data: Path, name: str, flows: int, packets: int, size: int, skipped: dict[str, int], rejects: int
) -> None:
    """Packets and bytes of the IP layer as dpkt counts them (Covenant's headers say 0 where the card cut them up)."""
    found = read_all(PcapReader(), shared_data / "pcap" / name)
    assert (found.rows, len(found.rejects), found.skipped) == ({"flow": flows}, rejects, skipped)
    table = found.tables["flow"]
    assert sum(table["src_packets"].to_pylist()) + sum(table["dst_packets"].to_pylist()) == packets
    assert sum(table["src_bytes"].to_pylist()) + sum(table["dst_bytes"].to_pylist()) == size
    again = read_all(PcapReader(window=500), shared_data / "pcap" / name).tables["flow"]
    assert again.sort_by("flow_id").equals(table.sort_by("flow_id"))
