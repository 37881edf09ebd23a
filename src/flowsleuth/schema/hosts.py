"""The tables of what hosts say: ``process``, ``logon``, ``syslog``."""

from flowsleuth.schema.columns import NEVER, Column, Table, provenance

_ID = Column("event_id", "int64", "stable: the same file content and row give the same id", null=NEVER)
_HOST = Column("host", "string", "name of the host it happened on, as the source writes it")
_RECORD = Column("record_id", "string", "the source's own id of the record (auditd time:serial, Windows record number)")
_KIND = Column("event_type", "string", "the source's word for the kind of record (4688, Sysmon 1, EXECVE, …)")

PROCESS = Table(
    name="process",
    meaning="one row per process that was started, or seen running",
    columns=(
        _ID,
        Column("start", "timestamp", "when it was started, or seen first", "UTC", NEVER),
        _HOST,
        Column("pid", "int64", "process id, a plain number however the source writes it"),
        Column("process_guid", "string", "the source's own id of the process, which outlives the reuse of pids"),
        Column("name", "string", "file name of the program"),
        Column("path", "string", "the program's file with its folder, as the source writes it"),
        Column("command_line", "string", "program and all its arguments"),
        Column("cwd", "string", "folder it was started in"),
        Column("user", "string", "account it runs as, without domain"),
        Column("domain", "string", "domain or realm of the account"),
        Column("user_id", "string", "SID or uid of the account"),
        Column(
            "logon_id", "string", "logon session of the account: Windows logon id (0x…, lower case), auditd session"
        ),
        Column("integrity", "string", "integrity level (low, medium, high, system)"),
        Column("parent_pid", "int64", "process id of the parent"),
        Column("parent_guid", "string", "the source's own id of the parent"),
        Column("parent_name", "string", "file name of the parent's program"),
        Column("parent_path", "string", "the parent's program with its folder"),
        Column("parent_command_line", "string", "program and arguments of the parent"),
        Column("parent_start", "timestamp", "when the parent was started", "UTC"),
        Column("md5", "string", "MD5 of the program's file, lower case"),
        Column("sha1", "string", "SHA-1 of the program's file, lower case"),
        Column("sha256", "string", "SHA-256 of the program's file, lower case"),
        Column("is_success", "bool", "the start succeeded"),
        _KIND,
        _RECORD,
        *provenance(),
    ),
)

LOGON = Table(
    name="logon",
    meaning="one row per logon or attempt to log on",
    columns=(
        _ID,
        Column("start", "timestamp", "when it was tried", "UTC", NEVER),
        _HOST,
        Column("user", "string", "account that was to be logged on, without domain"),
        Column("domain", "string", "domain or realm of the account"),
        Column("user_id", "string", "SID, uid or object id of the account"),
        Column("src_ip", "string", "address it came from, canonical text", null="local, or not given"),
        Column("src_port", "int32", "port it came from"),
        Column("src_host", "string", "name of the machine it came from"),
        Column("is_success", "bool", "whether it succeeded"),
        Column("reason", "string", "why it failed, as the source says", null="it succeeded, or no reason is given"),
        Column(
            "logon_type",
            "string",
            "interactive, network, batch, service, unlock, network_cleartext, new_credentials, remote_interactive, "
            "cached_interactive, cached_remote_interactive, cached_unlock, system, ssh or sign_in",
        ),
        Column("method", "string", "how it was proved (NTLM, Kerberos, password, publickey, …)"),
        Column("app", "string", "program or application that was logged on to"),
        Column("logon_id", "string", "logon session that began: Windows logon id (0x…, lower case), auditd session"),
        Column("by_user", "string", "account that asked for it, without domain"),
        Column("by_domain", "string", "domain of the account that asked for it"),
        _KIND,
        _RECORD,
        *provenance(),
    ),
)

SYSLOG = Table(
    name="syslog",
    meaning="one row per message or event of a host: syslog, the Linux audit log, osquery results",
    columns=(
        _ID,
        Column("start", "timestamp", "when it was logged", "UTC", NEVER),
        _HOST,
        Column("host_ip", "string", "address of the host, as the source gives it"),
        Column("facility", "string", "syslog facility keyword (auth, daemon, local0, …)"),
        Column("severity", "string", "emerg, alert, crit, err, warning, notice, info or debug"),
        Column("program", "string", "who logged it"),
        Column("pid", "int64", "process id of who logged it"),
        _KIND,
        Column("message", "string", "what was logged"),
        _RECORD,
        *provenance(),
    ),
)
