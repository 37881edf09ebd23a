"""Events of a host that an analyst wants to see: by what programs were told to do, and by what the host's log says.

The patterns say what was done, not that it was wrong: administrators make accounts too.
"""

from __future__ import annotations

import functools
import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.host_identity import rows_of_host

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from flowsleuth.notebooklets.run import Run

Group = Literal["account_actions", "scheduled_tasks", "notable_events"]


@dataclass(frozen=True)
class Pattern:
    """What to look for.

    Attributes
    ----------
    group : str
        The attribute of the result it belongs to.
    what : str
        What was done.
    technique : str
        MITRE ATT&CK, https://attack.mitre.org/techniques/
    text : str
        Regular expression over a lower-case command line or message, that RE2, Java and Python read alike.
    """

    group: Group
    what: str
    technique: str
    text: str


_A: Final = "account_actions"
_T: Final = "scheduled_tasks"
_N: Final = "notable_events"
COMMANDS = (
    Pattern(_A, "account or group changed by net", "T1136",
            r"\bnet1?(\.exe)?\"?\s+(user|group|localgroup)\b.*\s/(add|del|delete|active)"),
    Pattern(_A, "account or group changed", "T1136",
            r"(^|[\s/])(useradd|adduser|userdel|deluser|usermod|groupadd|groupdel|groupmod|gpasswd|chpasswd)\b"),
    Pattern(_A, "account or group changed by PowerShell", "T1136",
            r"\b(new|remove|set|add|disable|enable)-(localuser|localgroup|localgroupmember|aduser|adgroupmember|adaccount)"),
    Pattern(_T, "scheduled task", "T1053", r"\bschtasks(\.exe)?\"?\s.*/(create|change|delete|run)\b"),
    Pattern(_T, "scheduled task by PowerShell", "T1053", r"\b(register|set|start|unregister)-scheduledtask\b"),
    Pattern(_T, "cron table", "T1053.003", r"(^|[\s/])crontab\b|/etc/cron"),
    Pattern(_T, "at job", "T1053.002", r"(^|[\s\\/])at(\.exe)?\"?\s+([0-9]{1,2}:[0-9]{2}|now\b|\\\\)"),
    Pattern(_N, "log cleared", "T1070",
            r"\bwevtutil(\.exe)?\"?\s+(cl|clear-log)\b|\bclear-eventlog\b|\bhistory\s+-c\b"),
    Pattern(_N, "log files removed", "T1070", r"\brm\b.*\s/var/log|\bshred\b.*\s/var/log"),
    Pattern(_N, "shadow copies deleted", "T1490",
            r"\bvssadmin.*\bdelete\b.*\bshadows|\bwmic.*\bshadowcopy\b.*\bdelete"),
    Pattern(_N, "service made or changed", "T1543",
            r"\bsc(\.exe)?\"?\s+(\\\\\S+\s+)?(create|config)\b|\bnew-service\b"),
    Pattern(_N, "encoded command", "T1027", r"\b(powershell|pwsh)\b.*\s[-/]e[a-z]*\s+[a-z0-9+/=]{20,}"),
    Pattern(_N, "firewall changed", "T1562.004",
            r"\bnetsh\b.*\bfirewall\b|\biptables\b.*\s-(f|a|d|i)\b|\bufw\s+disable\b"),
    Pattern(_N, "protection changed", "T1562.001", r"\bset-mppreference\b|\badd-mppreference\b|\bsetenforce\s+0\b"),
    Pattern(_N, "credentials dumped", "T1003",
            r"\bcomsvcs(\.dll)?\b.*\bminidump\b|\bprocdump.*\blsass|\breg(\.exe)?\"?\s+save\s+hklm\\(sam|security|system)\b"),
    Pattern(_N, "run key of the registry", "T1547.001", r"\breg(\.exe)?\"?\s+add\b.*\\currentversion\\run"),
    Pattern(_N, "download", "T1105",
            r"\bcertutil(\.exe)?\b.*[-/]urlcache|\bbitsadmin(\.exe)?\b.*/transfer|\bdownload(string|file|data)\b|"
            r"\binvoke-webrequest\b"),
    Pattern(_N, "download piped into a shell", "T1105", r"\b(curl|wget)\b.*\|\s*(sudo\s+)?(ba|z|da|k)?sh\b"),
    Pattern(_N, "script through a signed program", "T1218",
            r"\bmshta(\.exe)?\"?\s.*(https?:|vbscript:|javascript:)|\bregsvr32(\.exe)?\b.*/i:\"?http|"
            r"\brundll32(\.exe)?\b.*javascript:"),
    Pattern(_N, "shell to the network", "T1059", r"/dev/(tcp|udp)/|\b(nc|ncat|netcat)(\.exe)?\"?\s.*\s-e\s"),
)  # fmt: skip
MESSAGES = (
    Pattern(_A, "account or group changed", "T1136",
            r"\b(new user|new group|delete user|delete group|removed group|add '.*' to group|password changed for)\b"),
    Pattern(_T, "cron table", "T1053.003", r"\b(replace|begin edit|end edit|delete)\s\("),
    Pattern(_N, "sudo refused", "T1548.003", r"not in sudoers|incorrect password attempt|authentication failure"),
    Pattern(_N, "sudo", "T1548.003", r"\bcommand=/"),
)  # fmt: skip
AUDIT = {
    **dict.fromkeys(("ADD_USER", "DEL_USER", "ADD_GROUP", "DEL_GROUP", "USER_MGMT", "USER_CHAUTHTOK", "GRP_MGMT",
                     "CHGRP_ID", "CHUSER_ID", "ACCT_LOCK", "ACCT_UNLOCK"), (_A, "account or group changed", "T1136")),
    **dict.fromkeys(("DAEMON_END", "DAEMON_ABORT"), (_N, "audit log ended", "T1562")),
    **dict.fromkeys(("CONFIG_CHANGE", "DAEMON_CONFIG"), (_N, "audit rules changed", "T1562")),
    **dict.fromkeys(("ANOM_PROMISCUOUS", "ANOM_ABEND", "ANOM_LOGIN_FAILURES", "ANOM_ROOT_TRANS"),
                    (_N, "told as an anomaly by the audit log", "")),
}  # fmt: skip
"""Types of audit records (linux/audit.h, libaudit.h) → group, what, technique."""
COLUMNS = ("start", "what", "technique", "user", "source", "event_type", "text", "event_id")


def find_events(group: Group, run: Run) -> dict[str, Any]:
    """Events of one group, earliest first."""
    return {group: _table([*_commands(run, group), *_messages(run, group), *_audit(run, group)])}


def _table(rows: list[dict[str, Any]]) -> Found:
    import pyarrow as pa

    text = pa.string()
    kinds = dict.fromkeys(COLUMNS, text) | {"start": pa.timestamp("us", tz="UTC"), "event_id": pa.int64()}
    plain = [{name: row.get(name) for name in COLUMNS} for row in rows]
    found = pa.Table.from_pylist(plain, schema=pa.schema(kinds))
    return Found(found.sort_by([("start", "ascending"), ("event_id", "ascending"), ("what", "ascending")]))


def _matching(rows: ir.Table, text: ir.StringValue, patterns: list[Pattern]) -> ir.Table:
    tests = [text.re_search(pattern.text) for pattern in patterns]
    return rows.filter(functools.reduce(operator.or_, tests).fill_null(False))


def _fetched(run: Run, rows: ir.Table) -> list[dict[str, Any]]:
    limit = run.parameters.limit
    found = run.arrow(rows.order_by(["start", "event_id"]).limit(limit + 1))
    if len(found) > limit:
        run.note(f"only the first {limit:,} events of a log: limit= gives more")
    listed: list[dict[str, Any]] = found.slice(0, limit).to_pylist()
    return listed


def _told(rows: list[dict[str, Any]], patterns: list[Pattern], source: str) -> list[dict[str, Any]]:
    """Rows with what was done; one that does two things is there twice."""
    compiled = [(pattern, re.compile(pattern.text)) for pattern in patterns]
    return [
        {**row, "what": one.what, "technique": one.technique or None, "source": source}
        for row in rows
        for one, text in compiled
        if text.search((row["text"] or "").lower())
    ]


def _commands(run: Run, group: Group) -> list[dict[str, Any]]:
    patterns = [pattern for pattern in COMMANDS if pattern.group == group]
    rows = rows_of_host(run, "process")
    rows = _matching(rows, rows.command_line.lower(), patterns)
    fetched = _fetched(run, rows.select("start", "user", "event_type", "event_id", text=rows.command_line))
    return _told(fetched, patterns, "process")


def _messages(run: Run, group: Group) -> list[dict[str, Any]]:
    patterns = [pattern for pattern in MESSAGES if pattern.group == group]
    rows = rows_of_host(run, "syslog")
    rows = rows.filter((rows.program != "auditd").fill_null(True))
    rows = _matching(rows, rows.message.lower(), patterns)
    fetched = _fetched(run, rows.select("start", "event_type", "event_id", text=rows.message))
    return _told(fetched, patterns, "syslog")


def _audit(run: Run, group: Group) -> list[dict[str, Any]]:
    kinds = sorted(name for name, told in AUDIT.items() if told[0] == group)
    rows = rows_of_host(run, "syslog")
    rows = rows.filter(rows.event_type.isin(kinds))
    found = []
    for row in _fetched(run, rows.select("start", "event_type", "event_id", text=rows.message)):
        _, what, technique = AUDIT[row["event_type"]]
        found.append({**row, "what": what, "technique": technique or None, "source": "syslog"})
    return found
