"""What Sigma calls the parts of a process start, and the columns of a table that tell them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flowsleuth.schema.tabular import column_names, need_columns, text_column

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS: dict[str, tuple[str, ...]] = {
    "Image": (
        "path", "NewProcessName", "Image", "FolderPath", "CreatedProcessName", "exe", "process.executable",
        "process_path", "FileName", "ProcessName", "name",
    ),
    "CommandLine": (
        "command_line", "CommandLine", "ProcessCommandLine", "CreatedProcessCommandLine", "cmdline", "proctitle",
        "process.command_line", "Process_CommandLine", "Command",
    ),
    "ParentImage": (
        "parent_path", "ParentProcessName", "ParentImage", "InitiatingProcessFolderPath", "InitiatingProcessName",
        "process.parent.executable", "InitiatingProcessFileName", "parent_name",
    ),
    "ParentCommandLine": (
        "parent_command_line", "ParentCommandLine", "InitiatingProcessCommandLine", "pcmdline",
        "process.parent.command_line",
    ),
    "CurrentDirectory": ("cwd", "CurrentDirectory", "process.working_directory"),
    "User": ("user", "User", "Account", "SubjectUserName", "AccountName", "CreatedProcessAccountName", "user.name"),
    "LogonId": ("logon_id", "LogonId", "SubjectLogonId", "ses"),
    "IntegrityLevel": (
        "integrity", "IntegrityLevel", "CreatedProcessIntegrityLevel", "ProcessIntegrityLevel", "MandatoryLabel",
    ),
    "ProcessId": ("pid", "NewProcessId", "ProcessId", "CreatedProcessId", "process.pid"),
    "ParentProcessId": ("parent_pid", "ParentProcessId", "InitiatingProcessId", "ppid", "process.parent.pid"),
    "ProcessGuid": ("process_guid", "ProcessGuid"),
    "ParentProcessGuid": ("parent_guid", "ParentProcessGuid"),
    "md5": ("md5", "MD5", "CreatedProcessFileMd5", "process.hash.md5"),
    "sha1": ("sha1", "SHA1", "CreatedProcessFileSha1", "process.hash.sha1"),
    "sha256": ("sha256", "SHA256", "CreatedProcessFileSha256", "process.hash.sha256"),
    "Hashes": ("Hashes", "hashes", "Hash"),
    "Computer": ("host", "Computer", "DeviceName", "ComputerDnsName", "host.name"),
    "OriginalFileName": ("OriginalFileName", "ProcessVersionInfoOriginalFileName", "process.pe.original_file_name"),
    "Product": ("Product", "ProcessVersionInfoProductName", "process.pe.product"),
    "Company": ("Company", "ProcessVersionInfoCompanyName", "process.pe.company"),
    "Description": ("Description", "ProcessVersionInfoFileDescription", "process.pe.description"),
    "FileVersion": ("FileVersion", "ProcessVersionInfoProductVersion", "process.pe.file_version"),
}  # fmt: skip
"""A field of Sigma's process_creation → columns that tell it, the surest first."""
DOMAINS = ("domain", "SubjectDomainName", "AccountDomain", "CreatedProcessAccountDomainName", "user.domain")
HASHES = ("md5", "sha1", "sha256")
_PROGRAMS = ("Image", "ParentImage")


class ProcessFields:
    """The fields of a table of process starts, each as text when it is asked for.

    Parameters
    ----------
    data : table
    columns : mapping of str to str, optional
        Field → column, before those of :data:`COLUMNS`.

    Raises
    ------
    OptionError
        A column that is named is not there.
    """

    def __init__(self, data: Any, columns: Mapping[str, str] | None = None) -> None:
        need_columns(data, (columns or {}).values())
        self._data = data
        self._own = {name.casefold(): column for name, column in (columns or {}).items()}
        self._there = column_names(data)
        self._known: dict[str, pa.Array | None] = {}

    def __len__(self) -> int:
        return len(self._data)

    def text(self, field: str) -> pa.Array | None:
        """A field as text; None when no column tells it. Names of fields are compared without regard to case."""
        key = field.casefold()
        if key not in self._known:
            self._known[key] = self._made(key)
        return self._known[key]

    def column_of(self, field: str) -> str | None:
        """Which column tells a field."""
        if field.casefold() in self._own:
            return self._own[field.casefold()]
        canonical = next((name for name in COLUMNS if name.casefold() == field.casefold()), None)
        named = COLUMNS[canonical] if canonical else (field,)
        there = {name.casefold(): name for name in reversed(self._there)}
        exact = next((name for name in named if name in self._there), None)
        return exact or (None if canonical else there.get(field.casefold()))

    def _made(self, key: str) -> pa.Array | None:
        column = self.column_of(key)
        if column is None:
            return self._hashes() if key == "hashes" else None
        text = text_column(self._data, column).combine_chunks()
        if key in (name.casefold() for name in _PROGRAMS):
            return _with_separator(text)
        return self._with_domain(text) if key == "user" else text

    def _with_domain(self, users: pa.Array) -> pa.Array:
        """``DOMAIN\\user``, as Sysmon writes it, where the domain has a column of its own."""
        import pyarrow.compute as pc

        domain = next((name for name in DOMAINS if name in self._there), None)
        if domain is None:
            return users
        both = pc.binary_join_element_wise(text_column(self._data, domain).combine_chunks(), users, "\\")
        return pc.if_else(pc.fill_null(pc.match_substring(users, "\\"), False), users, pc.coalesce(both, users))

    def _hashes(self) -> pa.Array | None:
        """``MD5=…,SHA1=…,SHA256=…``, as Sysmon writes it, of columns of their own."""
        import pyarrow.compute as pc

        told = [(name, self.text(name)) for name in HASHES]
        parts = [pc.binary_join_element_wise(f"{name.upper()}=", text, "") for name, text in told if text is not None]
        if not parts:
            return None
        joined = pc.utf8_rtrim(pc.binary_join_element_wise(*parts, "", ",", null_handling="skip"), ",")
        return pc.if_else(pc.equal(joined, ""), None, joined)  # without the "" rows that have no hash vanish


def _with_separator(programs: pa.Array) -> pa.Array:
    """Programs of which only the name is told with a separator before it, as rules say ``\\\\cmd.exe`` or ``/bash``."""
    import pyarrow.compute as pc

    is_bare = pc.invert(pc.match_substring_regex(programs, r"[\\/]"))
    is_windows = pc.match_substring_regex(programs, r"(?i)\.(?:exe|com|scr|bat|cmd)$")
    bare = pc.binary_join_element_wise(pc.if_else(is_windows, "\\", "/"), programs, "")
    return pc.if_else(is_bare, bare, programs)
