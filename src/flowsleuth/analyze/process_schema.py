"""Which columns of a table tell of processes: schemas of common sources, and the one that a table looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError, suggestion

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class ProcessSchema:
    """Names of the columns that tell of a process; those without a default are needed.

    Attributes
    ----------
    process_name : str
        Program, with or without its folder.
    process_id, parent_id : str
        Process ids of the process and of who started it; numbers, or text in decimal or hexadecimal (``0x1f4``).
    time_stamp : str, optional
        When the process was started.
    cmd_line, user_name, logon_id : str, optional
    host_name_column : str, optional
        Ids are told apart by host; without it all rows are of one host.
    parent_name, parent_start : str, optional
        The parent's program and start, where the row tells them: who has the id but not these is not the parent.
    process_guid, parent_guid : str, optional
        Ids that are not used again; they decide where both are told.
    end_time : str, optional
        When the process ended.
    grandparent_id, grandparent_name, grandparent_start : str, optional
        Of the parent's parent, where the row tells them: for parents that have no row of their own.
    event_id_column : str, optional
        The column that says what kind of record a row is.
    event_id_identifier : optional
        Its value for the start of a process. Other rows are left out.
    exit_identifier, exit_id : optional
        Its value for the end of a process, and the column that names which.
    name : str
        What the schema is called.

    Examples
    --------
    >>> ProcessSchema("prog", "pid", "ppid").columns()
    {'process_name': 'prog', 'process_id': 'pid', 'parent_id': 'ppid'}
    """

    process_name: str
    process_id: str
    parent_id: str
    time_stamp: str | None = None
    cmd_line: str | None = None
    user_name: str | None = None
    logon_id: str | None = None
    host_name_column: str | None = None
    parent_name: str | None = None
    parent_start: str | None = None
    process_guid: str | None = None
    parent_guid: str | None = None
    end_time: str | None = None
    grandparent_id: str | None = None
    grandparent_name: str | None = None
    grandparent_start: str | None = None
    event_id_column: str | None = None
    event_id_identifier: str | int | None = None
    exit_identifier: str | int | None = None
    exit_id: str | None = None
    name: str = "own"

    def columns(self) -> dict[str, str]:
        """What each named column tells → its name."""
        told = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in _NO_COLUMN}
        return {field: column for field, column in told.items() if column is not None}


_NO_COLUMN = ("name", "event_id_identifier", "exit_identifier")
NEEDED = ("process_id", "parent_id", "process_name")
_Spelled = dict[str, tuple[str, ...]]

SCHEMAS: dict[str, tuple[_Spelled, dict[str, str | int]]] = {
    "flowsleuth": (
        {
            "process_name": ("path", "name"), "process_id": ("pid",), "parent_id": ("parent_pid",),
            "time_stamp": ("start",), "cmd_line": ("command_line",), "user_name": ("user",), "logon_id": ("logon_id",),
            "host_name_column": ("host",), "parent_name": ("parent_path", "parent_name"),
            "parent_start": ("parent_start",), "process_guid": ("process_guid",), "parent_guid": ("parent_guid",),
        },
        {},
    ),
    "windows_4688": (
        {
            "process_name": ("NewProcessName",), "process_id": ("NewProcessId",), "parent_id": ("ProcessId",),
            "time_stamp": ("TimeCreatedUtc", "TimeGenerated", "@timestamp", "EventTime"), "cmd_line": ("CommandLine",),
            "user_name": ("SubjectUserName", "Account"), "logon_id": ("SubjectLogonId",),
            "host_name_column": ("Computer", "Hostname", "host"), "parent_name": ("ParentProcessName",),
            "event_id_column": ("EventID", "EventId"), "exit_id": ("ProcessId",),
        },
        {"event_id_identifier": 4688, "exit_identifier": 4689},
    ),
    "sysmon_1": (
        {
            "process_name": ("Image",), "process_id": ("ProcessId",), "parent_id": ("ParentProcessId",),
            "time_stamp": ("UtcTime", "TimeGenerated", "@timestamp", "EventTime"), "cmd_line": ("CommandLine",),
            "user_name": ("User",), "logon_id": ("LogonId",), "host_name_column": ("Computer", "Hostname", "host"),
            "parent_name": ("ParentImage",), "process_guid": ("ProcessGuid",), "parent_guid": ("ParentProcessGuid",),
            "event_id_column": ("EventID", "EventId"), "exit_id": ("ProcessId",),
        },
        {"event_id_identifier": 1, "exit_identifier": 5},
    ),
    "mde": (
        {
            "process_name": ("FileName", "FolderPath"), "process_id": ("ProcessId",),
            "parent_id": ("InitiatingProcessId",), "time_stamp": ("ProcessCreationTime", "Timestamp", "TimeGenerated"),
            "cmd_line": ("ProcessCommandLine",), "user_name": ("AccountName",), "logon_id": ("LogonId",),
            "host_name_column": ("DeviceName", "DeviceId"), "parent_name": ("InitiatingProcessFileName",),
            "parent_start": ("InitiatingProcessCreationTime",), "grandparent_id": ("InitiatingProcessParentId",),
            "grandparent_name": ("InitiatingProcessParentFileName",),
            "grandparent_start": ("InitiatingProcessParentCreationTime",), "event_id_column": ("ActionType",),
        },
        {"event_id_identifier": "ProcessCreated"},
    ),
    "mde_internal": (
        {
            "process_name": ("CreatedProcessName",), "process_id": ("CreatedProcessId",),
            "parent_id": ("InitiatingProcessId", "CreatedProcessParentId"),
            "time_stamp": ("CreatedProcessCreationTime",), "cmd_line": ("CreatedProcessCommandLine",),
            "user_name": ("CreatedProcessAccountName",), "logon_id": ("LogonId",),
            "host_name_column": ("ComputerDnsName", "MachineId"), "parent_name": ("InitiatingProcessName",),
            "parent_start": ("InitiatingProcessCreationTime",), "grandparent_id": ("InitiatingProcessParentProcessId",),
            "grandparent_name": ("InitiatingProcessParentProcessName",),
            "grandparent_start": ("InitiatingProcessParentCreationTime",),
        },
        {},
    ),
    "auditd": (
        {
            "process_name": ("exe",), "process_id": ("pid",), "parent_id": ("ppid",),
            "time_stamp": ("TimeGenerated", "start", "time"), "cmd_line": ("cmdline", "proctitle"),
            "user_name": ("acct", "auid", "uid"), "logon_id": ("ses",),
            "host_name_column": ("Computer", "host", "node"), "event_id_column": ("EventType",),
        },
        {"event_id_identifier": "SYSCALL_EXECVE"},
    ),
    "osquery": (
        {
            "process_name": ("path", "name"), "process_id": ("pid",), "parent_id": ("parent",),
            "time_stamp": ("start_time", "unixTime", "calendarTime", "time"), "cmd_line": ("cmdline",),
            "user_name": ("username", "uid"), "host_name_column": ("hostIdentifier",), "event_id_column": ("action",),
        },
        {"event_id_identifier": "added"},
    ),
    "ecs": (
        {
            "process_name": ("process.executable", "process.name"), "process_id": ("process.pid",),
            "parent_id": ("process.parent.pid", "process.ppid"), "time_stamp": ("process.start", "@timestamp"),
            "cmd_line": ("process.command_line",), "user_name": ("user.name",),
            "host_name_column": ("host.name", "host.hostname"),
            "parent_name": ("process.parent.executable", "process.parent.name"),
            "process_guid": ("process.entity_id",), "parent_guid": ("process.parent.entity_id",),
            "end_time": ("process.end",),
        },
        {},
    ),
    "fireeye_hx": (
        {
            "process_name": ("processpath", "process"), "process_id": ("pid",), "parent_id": ("parentpid",),
            "time_stamp": ("starttime",), "cmd_line": ("processcmdline",), "user_name": ("username",),
            "host_name_column": ("hostname",), "parent_name": ("parentprocesspath", "parentprocess"),
            "event_id_column": ("eventtype",),
        },
        {"event_id_identifier": "start"},
    ),
}  # fmt: skip
"""Name of a schema → for each of its fields the names a column may have, best first; and values of the event column."""


def schema_named(name: str, columns: list[str]) -> ProcessSchema:
    """A schema of :data:`SCHEMAS` over the columns that a table has, whatever the case of their letters.

    Raises
    ------
    OptionError
        There is no schema of that name, or the table lacks a column that it needs.

    Examples
    --------
    >>> schema_named("sysmon_1", ["Image", "ProcessId", "ParentProcessId", "UtcTime"]).time_stamp
    'UtcTime'
    """
    if name not in SCHEMAS:
        raise OptionError("no such schema", where=name, available=SCHEMAS, hint=suggestion(name, list(SCHEMAS)))
    found = _fitted(name, columns)
    if missing := [field for field in NEEDED if field not in found]:
        wanted = "; ".join(" or ".join(SCHEMAS[name][0][field]) for field in missing)
        raise OptionError(f"schema {name} needs {wanted}", where=", ".join(missing), available=columns)
    values = SCHEMAS[name][1] if "event_id_column" in found else {}
    return ProcessSchema(**found, **values, name=name)  # type: ignore[arg-type]


def guess_schema(table: pa.Table) -> ProcessSchema:
    """The schema that tells of most rows of a table; of several the one with most columns.

    Raises
    ------
    OptionError
        None fits.

    Examples
    --------
    >>> import pyarrow as pa
    >>> guess_schema(pa.table({"NewProcessId": ["0x4"], "ProcessId": ["0x0"], "NewProcessName": ["System"]})).name
    'windows_4688'
    """
    fitting = [name for name in SCHEMAS if set(NEEDED) <= set(_fitted(name, table.column_names))]
    if not fitting:
        hint = "say which columns: schema=ProcessSchema(process_name=…, process_id=…, parent_id=…, time_stamp=…)"
        raise OptionError("no schema of processes fits", where="columns", available=table.column_names, hint=hint)
    schemas = [schema_named(name, table.column_names) for name in fitting]
    if len(schemas) == 1:
        return schemas[0]
    return max(schemas, key=lambda one: (_rows_told(table, one), len(one.columns())))


def schema_of(asked: ProcessSchema | Mapping[str, Any] | str | None, table: pa.Table) -> ProcessSchema:
    """The schema that was asked for - by name, as columns, or not at all - checked against a table.

    Raises
    ------
    OptionError
        A column is not there, a field is unknown, or none fits.

    Examples
    --------
    >>> import pyarrow as pa
    >>> asked = {"process_name": "p", "process_id": "i", "parent_id": "j"}
    >>> schema_of(asked, pa.table({"p": [], "i": [], "j": []})).name
    'own'
    """
    from flowsleuth.schema.tabular import need_columns

    if asked is None:
        return guess_schema(table)
    if isinstance(asked, str):
        return schema_named(asked, table.column_names)
    if not isinstance(asked, ProcessSchema):
        known = [one.name for one in fields(ProcessSchema)]
        for name in asked:
            if name not in known:
                raise OptionError("no such field of a schema", where=name, available=known)
        if missing := [name for name in NEEDED if name not in asked]:
            raise OptionError("a schema needs it", where=", ".join(missing), available=table.column_names)
        asked = ProcessSchema(**asked)
    need_columns(table, asked.columns().values())
    return asked


def is_event(table: pa.Table, column: str | None, value: str | int | None) -> Any:
    """Which rows are of one kind of record, as a numpy array of bool; all where no kind is told."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.schema.tabular import text_column

    if column is None or value is None:
        return np.ones(len(table), dtype=bool)
    if pa.types.is_integer(table[column].type) and str(value).isdecimal():
        return pc.fill_null(pc.equal(table[column], int(value)), False).to_numpy(zero_copy_only=False)
    texts = pc.replace_substring_regex(text_column(table, column), r"\.0+$", "")
    return pc.fill_null(pc.equal(texts, str(value)), False).to_numpy(zero_copy_only=False)


def _fitted(name: str, columns: list[str]) -> dict[str, str]:
    """Field → the column of a table that tells it."""
    exact = set(columns)
    folded = {column.casefold(): column for column in reversed(columns)}
    found = {}
    for field, spelled in SCHEMAS[name][0].items():
        for one in spelled:
            if one in exact or one.casefold() in folded:
                found[field] = one if one in exact else folded[one.casefold()]
                break
    if found.get("exit_id") and "event_id_column" not in found:
        del found["exit_id"]
    return found


def _rows_told(table: pa.Table, schema: ProcessSchema) -> int:
    """How many rows tell the id of a process that was started."""
    import numpy as np
    import pyarrow.compute as pc

    told = pc.is_valid(table[schema.process_id]).to_numpy(zero_copy_only=False)
    return int(np.count_nonzero(told & is_event(table, schema.event_id_column, schema.event_id_identifier)))
