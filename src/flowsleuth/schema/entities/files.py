"""Entities of files and what runs: files, hashes, processes, registry, malware."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

from flowsleuth.schema.entities.accounts import Account, HostLogonSession
from flowsleuth.schema.entities.entity import Entity, text_or_none
from flowsleuth.schema.entities.machines import Host
from flowsleuth.schema.entities.network import Url

_ALGORITHMS = {32: "MD5", 40: "SHA1", 64: "SHA256", 128: "SHA512"}
_HIVES = {
    "hklm": "hkey_local_machine",
    "hkcu": "hkey_current_user",
    "hkcr": "hkey_classes_root",
    "hku": "hkey_users",
    "hkcc": "hkey_current_config",
}


@dataclass(frozen=True, eq=False, repr=False)
class FileHash(Entity):
    """A hash of a file; the algorithm is told by the length where it is not named."""

    kind: ClassVar[str] = "filehash"
    identifiers: ClassVar = (("algorithm", "Value"), ("Value",))
    folded: ClassVar = frozenset({"Value"})
    label_fields: ClassVar = ("Value",)
    columns: ClassVar = {"Value": ("sha256", "sha1", "md5", "filehash", "filehashvalue", "hash")}

    Algorithm: str | None = None
    Value: str | None = None

    @property
    def algorithm(self) -> str | None:
        """``MD5``, ``SHA1``, ``SHA256`` …

        Examples
        --------
        >>> FileHash(Value="d41d8cd98f00b204e9800998ecf8427e").algorithm
        'MD5'
        """
        named = (self.Algorithm or "").upper().replace("-", "").strip()
        return named if named not in ("", "UNKNOWN") else _ALGORITHMS.get(len((self.Value or "").strip()))


@dataclass(frozen=True, eq=False, repr=False)
class File(Entity):
    """A file. Windows paths are compared without case, others with it."""

    kind: ClassVar[str] = "file"
    identifiers: ClassVar = (("path", "FileHashes"), ("path",), ("FileHashes",), ("_name",))
    label_fields: ClassVar = ("full_path",)
    columns: ClassVar = {
        "Name": ("path", "filename", "newprocessname", "processpath", "image"),
        "Directory": ("folderpath", "filedirectory"),
        "FileHashes": ("sha256", "sha1", "md5"),
    }

    Name: str | None = None
    Directory: str | None = None
    AlternateDataStreamName: str | None = None
    Host: Host | None = None
    HostUrl: Url | None = None
    WindowsSecurityZoneType: str | None = None
    ReferrerUrl: Url | None = None
    SizeInBytes: int | None = None
    FileHashes: tuple[FileHash, ...] = ()

    @property
    def full_path(self) -> str | None:
        """Directory and name, as they are written.

        Examples
        --------
        >>> File("cmd.exe", "c:\\\\windows").full_path, File("wget", "/usr/bin").full_path
        ('c:\\\\windows\\\\cmd.exe', '/usr/bin/wget')
        """
        name, folder = (self.Name or "").strip(), (self.Directory or "").strip()
        if not folder or not name:
            return name or folder or None
        mark = "\\" if _is_windows(folder) else "/"
        if folder.replace("/", mark).casefold().endswith(f"{mark}{name}".casefold()):
            return folder
        return f"{folder.rstrip(mark)}{mark}{name}"

    @property
    def path(self) -> str | None:
        """The full path as it is compared; None where no folder is known."""
        full = self.full_path or ""
        if not self.Directory and "\\" not in full and "/" not in full:
            return None
        return full.replace("/", "\\").casefold() if _is_windows(full) else full or None

    @property
    def _name(self) -> str | None:
        return text_or_none(self.Name)


@dataclass(frozen=True, eq=False, repr=False)
class Process(Entity):
    """A process; ids are compared as numbers, so ``0x10`` is ``16``."""

    kind: ClassVar[str] = "process"
    identifiers: ClassVar = (
        ("Host", "pid", "CreationTimeUtc"),
        ("pid", "CreationTimeUtc", "CommandLine"),
        ("pid", "CreationTimeUtc", "ImageFile"),
        ("pid", "CreationTimeUtc"),
        ("Host", "pid"),
        ("Host", "ImageFile", "CommandLine"),
        ("ImageFile", "CommandLine"),
        ("CommandLine",),
        ("ImageFile",),
        ("pid",),
    )
    label_fields: ClassVar = ("CommandLine", "ProcessId")
    columns: ClassVar = {
        "ProcessId": ("pid", "newprocessid", "processid"),
        "CommandLine": ("commandline", "processcommandline"),
        "CreationTimeUtc": ("start", "processcreationtime", "timecreatedutc", "timegenerated"),
        "ImageFile": ("path", "newprocessname", "processpath", "image"),
        "Account": ("user", "accountname", "subjectusername", "targetusername"),
        "Host": ("host", "computer", "computername", "devicename"),
    }

    ProcessId: str | None = None
    CommandLine: str | None = None
    ImageFile: File | None = None
    Account: Account | None = None
    ParentProcess: Process | None = None
    Host: Host | None = None
    CreationTimeUtc: dt.datetime | None = None
    ElevationToken: str | None = None
    LogonSession: HostLogonSession | None = None

    @property
    def pid(self) -> int | None:
        """The process id as a number."""
        text = (self.ProcessId or "").strip()
        try:
            return int(text, 16) if text[:2] in ("0x", "0X") else int(text)
        except ValueError:
            return None


@dataclass(frozen=True, eq=False, repr=False)
class RegistryKey(Entity):
    """A key of the Windows registry; ``HKLM`` is ``HKEY_LOCAL_MACHINE``."""

    kind: ClassVar[str] = "registry-key"
    identifiers: ClassVar = (("hive", "Key"), ("Key",))
    folded: ClassVar = frozenset({"Key"})
    label_fields: ClassVar = ("Key",)
    columns: ClassVar = {"Key": ("registrykey", "objectname"), "Hive": ("registryhive",)}

    Hive: str | None = None
    Key: str | None = None

    @property
    def hive(self) -> str | None:
        """The hive in full, lower case."""
        text = text_or_none(self.Hive)
        return text and _HIVES.get(text.replace(":", ""), text)


@dataclass(frozen=True, eq=False, repr=False)
class RegistryValue(Entity):
    """A value of the Windows registry."""

    kind: ClassVar[str] = "registry-value"
    identifiers: ClassVar = (("Host", "Key", "Name"), ("Key", "Name"), ("Key",), ("Name",))
    folded: ClassVar = frozenset({"Name"})
    label_fields: ClassVar = ("Name",)
    columns: ClassVar = {"Name": ("registryvaluename",), "Value": ("registryvaluedata",)}

    Key: RegistryKey | None = None
    Name: str | None = None
    Value: str | None = None
    ValueType: str | None = None
    Host: Host | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Malware(Entity):
    """Malware, by the name its finder gave it."""

    kind: ClassVar[str] = "malware"
    identifiers: ClassVar = (("Name", "Category"), ("Name",))
    folded: ClassVar = frozenset({"Name", "Category"})
    columns: ClassVar = {"Name": ("malwarename", "threatname"), "Category": ("malwarecategory",)}

    Name: str | None = None
    Category: str | None = None
    Files: tuple[File, ...] = ()
    Processes: tuple[Process, ...] = ()


def _is_windows(path: str) -> bool:
    return "\\" in path or path[1:2] == ":"
