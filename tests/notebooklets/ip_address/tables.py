"""Small tables about one address, and a Sentinel that answers from them."""

from __future__ import annotations

import json
from typing import ClassVar

import pandas as pd
import pyarrow as pa

from flowsleuth.errors import QueryError
from flowsleuth.query.drivers.contract import Answer

OURS, THEIRS, PUBLIC = "10.0.0.5", "192.0.2.7", "193.0.6.139"
EVIL = "<script>alert(1)</script>\x1b[31m'; DROP TABLE flow --"
DAY = "2024-05-01"


def moment(text):
    return pd.Timestamp(f"{DAY}T{text}Z")


def flow(src, dst, at="10:00", **more):
    given = {"start": moment(at), "src_ip": src, "dst_ip": dst, "proto": "tcp", "dst_port": 443, "service": "https"}
    return given | {"src_bytes": 1_000, "dst_bytes": 5_000, "direction": None, "action": None} | more


def logon(src, at="11:00", *, ok=True, **more):
    given = {"start": moment(at), "src_ip": src, "host": "web1", "user": "ana", "domain": "CONTOSO", "is_success": ok}
    return given | {"logon_type": "network", "event_type": "4624" if ok else "4625", "src_host": None} | more


def frame(*rows):
    return pd.DataFrame(list(rows))


def alert(at="12:00", name="Odd logon", *, about=PUBLIC, **more):
    entities = json.dumps(
        [{"$id": "1", "Address": about, "Type": "ip"}, {"$id": "2", "HostName": EVIL, "Type": "host"}]
    )
    given = {"start": moment(at), "name": name, "severity": 1, "alert_id": f"a-{at}", "provider": "Test", "host": None}
    return given | {"entities": entities, "description": EVIL} | more


SENTINEL = {
    "Heartbeat": [
        {"TimeGenerated": moment("09:00"), "Computer": "WEB1.contoso.com", "ComputerIP": PUBLIC, "OSType": "Linux",
         "ComputerPrivateIPs": json.dumps([OURS]), "SourceComputerId": "c-1"},
        {"TimeGenerated": moment("08:00"), "Computer": "WEB1.contoso.com", "ComputerIP": PUBLIC, "OSType": "Linux",
         "ComputerPrivateIPs": json.dumps([OURS]), "SourceComputerId": "c-1"},
    ],
    "SecurityAlert": [
        {"TimeGenerated": moment("12:00"), "StartTime": moment("11:59"), "EndTime": moment("12:00"),
         "DisplayName": "Odd sign-in", "AlertSeverity": "High", "SystemAlertId": "s-1", "ProviderName": "IPC",
         "CompromisedEntity": "web1", "Entities": json.dumps([{"$id": "1", "Address": OURS, "Type": "ip"}]),
         "ExtendedProperties": "{}", "Description": EVIL},
    ],
    "SecurityEvent": [
        {"TimeGenerated": moment("10:00"), "EventID": 4625, "Computer": "web2.contoso.com", "TargetUserName": "bob",
         "TargetDomainName": "CONTOSO", "IpAddress": OURS, "LogonType": 3, "Account": "CONTOSO\\bob"},
        {"TimeGenerated": moment("10:05"), "EventID": 4624, "Computer": "web2.contoso.com", "TargetUserName": "bob",
         "TargetDomainName": "CONTOSO", "IpAddress": OURS, "LogonType": 3, "Account": "CONTOSO\\bob"},
    ],
    "Syslog": [
        {"TimeGenerated": moment("10:10"), "Computer": "lin1", "HostName": "lin1", "HostIP": "10.0.0.9",
         "Facility": "authpriv", "SeverityLevel": "info", "ProcessName": "sshd", "ProcessID": 77,
         "SyslogMessage": f"Accepted password for carl from {OURS} port 50022 ssh2"},
    ],
    "SigninLogs": [
        {"TimeGenerated": moment("10:20"), "CreatedDateTime": moment("10:20"), "UserPrincipalName": "bob@contoso.com",
         "ResultType": "50126", "ResultDescription": "Invalid password", "IPAddress": OURS, "AppDisplayName": "Portal"},
    ],
    "AzureActivity": [
        {"TimeGenerated": moment("10:30"), "Caller": "bob@contoso.com", "CallerIpAddress": OURS,
         "OperationNameValue": "MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE", "ResourceProviderValue": "MICROSOFT.COMPUTE",
         "ActivityStatusValue": "Success", "_ResourceId": "/subscriptions/1/vm1"},
    ],
    "OfficeActivity": [
        {"TimeGenerated": moment("10:40"), "UserId": "bob@contoso.com", "ClientIP": OURS, "OfficeWorkload": "Exchange",
         "Operation": "MailItemsAccessed"},
        {"TimeGenerated": moment("10:41"), "UserId": "bob@contoso.com", "ClientIP": OURS, "OfficeWorkload": "Exchange",
         "Operation": "MailItemsAccessed"},
    ],
    "CommonSecurityLog": [
        {"TimeGenerated": moment("10:50"), "SourceIP": OURS, "DestinationIP": PUBLIC, "SourcePort": 50_000,
         "DestinationPort": 443, "Protocol": "TCP", "SentBytes": 2_000, "ReceivedBytes": 100, "DeviceAction": "Deny",
         "DeviceName": "fw1", "Nothing": None},
    ],
    "HuntingBookmark": [
        {"TimeGenerated": moment("13:00"), "BookmarkId": "b-1", "BookmarkName": EVIL, "Notes": "look again",
         "CreatedBy": "dora", "QueryResultRow": json.dumps({"ip": OURS})},
    ],
    "AzureNetworkAnalytics_CL": [
        {"TimeGenerated": moment("14:00"), "FlowStartTime": moment("13:00"), "FlowEndTime": moment("13:40"),
         "FlowIntervalEndTime": moment("14:00"), "FlowType": "ExternalPublic", "ResourceGroup": "rg", "VMName": "web1",
         "VMIPAddress": OURS, "PublicIPs": json.dumps([PUBLIC]), "SrcIP": None, "DestIP": None, "L4Protocol": "T",
         "L7Protocol": "https", "DestPort": 443.0, "FlowDirection": "O", "AllowedOutFlows": 7.0, "AllowedInFlows": 0.0,
         "DeniedInFlows": 0.0, "DeniedOutFlows": 0.0, "AllExtIPs": PUBLIC},
    ],
    "VMComputer": [
        {"TimeGenerated": moment("09:30"), "Computer": "web1.contoso.com", "Ipv4Addresses": json.dumps([OURS]),
         "OperatingSystemFamily": "linux", "AzureResourceId": "/subscriptions/1/vm1"},
    ],
    "DeviceNetworkInfo": [
        {"TimeGenerated": moment("09:10"), "DeviceId": "d1", "DeviceName": "web1.contoso.com",
         "IPAddresses": json.dumps([{"IPAddress": OURS}])},
    ],
    "DeviceInfo": [
        {"TimeGenerated": moment("09:10"), "DeviceId": "d1", "DeviceName": "web1.contoso.com", "OSPlatform": "Ubuntu",
         "OSVersion": "22.04", "IsAzureADJoined": True},
    ],
    "DeviceNetworkEvents": [
        {"TimeGenerated": moment("09:20"), "DeviceName": "pc7", "LocalIP": "10.0.0.77", "RemoteIP": OURS,
         "ActionType": "ConnectionSuccess", "InitiatingProcessAccountName": "eve",
         "InitiatingProcessFolderPath": "c:\\x.exe", "InitiatingProcessSHA256": "ab" * 32},
    ],
}  # fmt: skip
"""What each table of a small Sentinel has; the network interfaces are in AzureNetworkAnalytics_CL too."""


class FakeSentinel:
    """A driver that answers a query with the rows of the table it begins with, and keeps what it was asked."""

    environment: ClassVar[str] = "Sentinel"
    language: ClassVar[str] = "kql"
    summary: ClassVar[str] = "rows by table"
    is_local: ClassVar[bool] = False

    def __init__(self, tables=SENTINEL, broken=()):
        self.parallel = 2
        self.asked: list[str] = []
        self._tables, self._broken = tables, broken

    def connect(self):
        pass

    def run(self, request):
        text = request.query.text
        self.asked.append(text)
        table = text.split()[0]
        if table in self._broken:
            raise QueryError(f"no table {table}", where="Sentinel")
        if table == "search":
            return Answer(pa.table({"Table": ["SecurityEvent", "Heartbeat"], "RowCount": [12, 3]}))
        if "NetworkInterface" in text:
            return Answer(pa.table({}))
        rows = self._tables.get(table, [])
        return Answer(pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False) if rows else pa.table({}))

    def tables(self):
        return {}

    def close(self):
        pass
