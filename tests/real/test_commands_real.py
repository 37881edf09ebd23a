"""The rules on command lines of real hosts: what is known to be in them is found, and what is ordinary is not."""

from __future__ import annotations

from pathlib import Path

import pandas
import pytest

from flowsleuth.extract.command_lines import risky_commands

pytestmark = pytest.mark.real
QUIET = (
    r"conhost\.exe 0xffff", "MonitorKnowledgeDiscovery", "Microsoft Monitoring Agent", "wmiprvse", "WerFault",
    "TiWorker", "mscorsvw",
)  # fmt: skip


def _found(shared_data: Path, file: str, column: str) -> tuple[pandas.DataFrame, pandas.DataFrame]:
    frame = pandas.read_csv(shared_data / "host" / file)
    return frame, risky_commands(frame, column)


def test_simulated_attacks_on_a_windows_host(shared_data: Path) -> None:
    _, found = _found(shared_data, "processes_on_host.csv", "CommandLine")
    assert {
        "account-made", "backups-destroyed", "certutil-decode", "certutil-download", "cmd-carets", "double-ending",
        "event-log-off", "firewall-off", "log-files-deleted", "lsass-dump", "mimikatz", "mshta-runs-script",
        "named-pipe-of-attack-tool", "passwords-guessed", "powershell-amsi-bypass", "powershell-download-and-run",
        "program-in-base64", "regsvr32-script", "remote-desktop-opened", "rundll32-runs-script", "service-odd",
        "system-name-elsewhere", "system-name-misspelt",
    } <= set(found["rule"])  # fmt: skip


def test_services_of_windows_itself_are_left_alone(shared_data: Path) -> None:
    frame, found = _found(shared_data, "win_processes_22979.csv.gz", "CommandLine")
    quiet = frame["CommandLine"].str.contains("|".join(QUIET), na=False)
    assert quiet.sum() > 10_000
    assert not set(found["row"]) & set(frame.index[quiet])
    assert found["row"].nunique() < 300


def test_a_desktop_of_defender_for_endpoint(shared_data: Path) -> None:
    frame, found = _found(shared_data, "mde_proc_cs1.csv.gz", "CreatedProcessCommandLine")
    high = found[found["severity"] == "high"]
    assert set(high["rule"]) == {"logon-program", "logon-weakened", "mshta-runs-script"}
    assert found["row"].nunique() < 0.04 * len(frame)


@pytest.mark.parametrize(("file", "column"), [("linux_proc_execve.csv.gz", "cmdline"), ("sudo_data.csv", "Command")])
def test_ordinary_linux_hosts_are_left_alone(shared_data: Path, file: str, column: str) -> None:
    _, found = _found(shared_data, file, column)
    assert found["rule"].tolist() == []


def test_encoded_powershell_is_decoded_and_each_is_found(shared_data: Path) -> None:
    frame, found = _found(shared_data, "encoded_powershell_commands.csv", "text")
    assert set(found["row"]) == set(frame.index)
    hidden = found[found["decode_path"].fillna("").str.contains("utf-16-le")]
    assert {"powershell-amsi-bypass", "powershell-download-and-run", "powershell-logging-off"} <= set(hidden["rule"])


def test_sigma_rules_over_real_processes(shared_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("sigma.collection")
    from flowsleuth.analyze.sigma import load_sigma, match_sigma

    (tmp_path / "own.yml").write_text(
        "title: Registry written\nlogsource: {category: process_creation, product: windows}\ndetection:\n"
        "  sel: {Image|endswith: '\\reg.exe', CommandLine|contains: ' add '}\n"
        "  filter_known: {CommandLine|contains: windowposition}\n  condition: sel and not 1 of filter_*\n"
    )
    for file, image, line in (
        ("process_tree.csv", "NewProcessName", "CommandLine"),
        ("mde_proc_cs1.csv.gz", "CreatedProcessName", "CreatedProcessCommandLine"),
    ):
        frame = pandas.read_csv(shared_data / "host" / file)
        lines = frame[line].fillna("").str.lower()
        program = frame[image].fillna("").str.lower().str.rsplit("\\").str[-1]
        wanted = (program == "reg.exe") & lines.str.contains(" add ") & ~lines.str.contains("windowposition")
        found = match_sigma(frame, load_sigma(tmp_path))
        assert found.hits["row"].tolist() == frame.index[wanted].tolist() != []
