"""Rows of the tables that Microsoft Sentinel, Log Analytics and Defender export: which field becomes which column."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import by_value, flat, mask_of
from flowsleuth.readers.records import Kind, Made, Records, field
from flowsleuth.schema import ALERT, LOGON, PROCESS, SYSLOG


def _settle_device_logon(records: Records, made: Made) -> None:
    made.columns["is_success"] = by_value(
        flat(records.get("ActionType")), {"LogonSuccess": True, "LogonFailed": False}.get, pa.bool_()
    )


def _settle_sign_in(records: Records, made: Made) -> None:
    size = len(records)
    result = flat(records.get("ResultType"))
    good = by_value(result, lambda text: text.strip() in ("0", "0.0"), pa.bool_())
    made.columns["is_success"] = good
    made.columns["logon_type"] = pa.repeat("sign_in", size)
    failed = mask_of(pc.invert(good))
    told = made.columns.get("reason", pa.nulls(size, pa.string()))
    made.columns["reason"] = pc.if_else(pa.array(failed), pc.coalesce(told, result), pa.scalar(None, pa.string()))


def _settle_execve(records: Records, made: Made) -> None:
    """The program's title has all arguments where the command line was cut off (it holds 128 bytes at most)."""
    size = len(records)
    line = made.columns.get("command_line", pa.nulls(size, pa.string()))
    title = pc.replace_substring(flat(records.get("proctitle")), "\x00", " ")
    is_longer = pc.greater(pc.utf8_length(title), pc.utf8_length(pc.utf8_trim_whitespace(line)))
    chosen = mask_of(is_longer)
    made.columns["command_line"] = pc.if_else(pa.array(chosen), title, line)
    if "cmdline" in records.columns:
        made.take("cmdline", ~chosen)
        made.used["cmdline"] &= ~chosen
    if "proctitle" in records.columns:
        made.take("proctitle", chosen | mask_of(pc.equal(title, line)))


SECURITY_ALERT = Kind(
    "SecurityAlert",
    ALERT,
    {
        "start": field("StartTimeUtc", "StartTime", "TimeGenerated", how="time"),
        "end": field("EndTimeUtc", "EndTime", how="time"),
        "name": field("AlertDisplayName", "DisplayName", "AlertName"),
        "category": field("AlertType"),
        "severity": field("Severity", "AlertSeverity", how="severity"),
        "alert_id": field("SystemAlertId"),
        "provider": field("ProviderName"),
        "description": field("Description", how="whole"),
        "host": field("CompromisedEntity"),
        "tactics": field("Tactics"),
        "entities": field("Entities", how="whole"),
    },
)

DEVICE_PROCESS = Kind(
    "ProcessCreated",
    PROCESS,
    {
        "start": field("ProcessCreationTime", "Timestamp", "TimeGenerated", how="time"),
        "host": field("DeviceName"),
        "pid": field("ProcessId", how="int"),
        "process_guid": field("ProcessUniqueId"),
        "name": field("FileName"),
        "path": field("FolderPath"),
        "command_line": field("ProcessCommandLine", how="whole"),
        "user": field("AccountName"),
        "domain": field("AccountDomain"),
        "user_id": field("AccountSid", how="sid"),
        "logon_id": field("LogonId", how="session"),
        "integrity": field("ProcessIntegrityLevel", how="lower"),
        "parent_pid": field("InitiatingProcessId", how="int"),
        "parent_guid": field("InitiatingProcessUniqueId"),
        "parent_name": field("InitiatingProcessFileName"),
        "parent_path": field("InitiatingProcessFolderPath"),
        "parent_command_line": field("InitiatingProcessCommandLine", how="whole"),
        "parent_start": field("InitiatingProcessCreationTime", how="time"),
        "md5": field("MD5", how="lower"),
        "sha1": field("SHA1", how="lower"),
        "sha256": field("SHA256", how="lower"),
        "record_id": field("ReportId"),
    },
)

CREATED_PROCESS = Kind(
    "CreatedProcess",
    PROCESS,
    {
        "start": field("CreatedProcessCreationTime", "ReportTime", how="time"),
        "host": field("ComputerDnsName"),
        "pid": field("CreatedProcessId", how="int"),
        "process_guid": field("CreatedProcessStartKey"),
        "name": field("CreatedProcessName"),
        "path": field("CreatedProcessFilePath"),
        "command_line": field("CreatedProcessCommandLine", how="whole"),
        "user": field("CreatedProcessAccountName"),
        "domain": field("CreatedProcessAccountDomainName"),
        "user_id": field("CreatedProcessAccountSid", how="sid"),
        "logon_id": field("LogonId", how="session"),
        "integrity": field("CreatedProcessIntegrityLevel", how="lower"),
        "parent_pid": field("CreatedProcessParentId", "InitiatingProcessId", how="int"),
        "parent_guid": field("InitiatingProcessStartKey"),
        "parent_name": field("InitiatingProcessName"),
        "parent_path": field("CreatedProcessParentName"),
        "parent_command_line": field("Process_CommandLine", how="whole"),
        "parent_start": field("CreatedProcessParentCreationTimeUtc", "InitiatingProcessCreationTime", how="time"),
        "md5": field("CreatedProcessFileMd5", how="lower"),
        "sha1": field("CreatedProcessFileSha1", how="lower"),
        "sha256": field("CreatedProcessFileSha256", how="lower"),
        "record_id": field("ReportGuid"),
    },
)

DEVICE_LOGON = Kind(
    "DeviceLogonEvents",
    LOGON,
    {
        "start": field("Timestamp", "TimeGenerated", how="time"),
        "host": field("DeviceName"),
        "user": field("AccountName"),
        "domain": field("AccountDomain"),
        "user_id": field("AccountSid", how="sid"),
        "src_ip": field("RemoteIP", how="address"),
        "src_port": field("RemotePort", how="port"),
        "src_host": field("RemoteDeviceName"),
        "reason": field("FailureReason"),
        "logon_type": field("LogonType", how="logon_type"),
        "method": field("Protocol"),
        "logon_id": field("LogonId", how="session"),
        "by_user": field("InitiatingProcessAccountName"),
        "by_domain": field("InitiatingProcessAccountDomain"),
        "event_type": field("ActionType"),
        "record_id": field("ReportId"),
    },
    _settle_device_logon,
)

SIGN_IN = Kind(
    "sign-in",
    LOGON,
    {
        "start": field("CreatedDateTime", "TimeGenerated", how="time"),
        "user": field("UserPrincipalName", "AlternateSignInName", "Identity"),
        "user_id": field("UserId"),
        "src_ip": field("IPAddress", how="address"),
        "reason": field("ResultDescription"),
        "method": field("AuthenticationRequirement"),
        "app": field("AppDisplayName"),
        "event_type": field("Type", "Category"),
        "record_id": field("Id"),
    },
    _settle_sign_in,
)

SYSLOG_ROW = Kind(
    "Syslog",
    SYSLOG,
    {
        "start": field("TimeGenerated", "EventTime", how="time"),
        "host": field("HostName", "Computer"),
        "host_ip": field("HostIP", how="address"),
        "facility": field("Facility", how="lower"),
        "severity": field("SeverityLevel", how="lower"),
        "program": field("ProcessName"),
        "pid": field("ProcessID", how="int"),
        "message": field("SyslogMessage", how="whole"),
    },
)

EXECVE = Kind(
    "EXECVE",
    PROCESS,
    {
        "start": field("TimeGenerated", how="time"),
        "host": field("Computer"),
        "pid": field("pid", how="int"),
        "path": field("exe"),
        "name": field("exe", how="name"),
        "command_line": field("cmdline", how="whole"),
        "cwd": field("cwd"),
        "user_id": field("uid"),
        "parent_pid": field("ppid", how="int"),
        "is_success": field("success", how="bool"),
        "event_type": field("EventType"),
        "record_id": field("mssg_id"),
    },
    _settle_execve,
)
