"""Entities of those who use machines: accounts, their sessions, their groups."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, ClassVar

from flowsleuth.schema.entities.entity import Entity, text_or_none
from flowsleuth.schema.entities.machines import BUILT_IN_DOMAINS, Host

_DOMAIN_SIDS = ("S-1-5-21-", "S-1-12-1-")
_BUILT_IN_RIDS = ("-500", "-501", "-502", "-503")


@dataclass(frozen=True, eq=False, repr=False)
class Account(Entity):
    """An account. ``DOMAIN\\user`` and ``user@suffix`` in ``Name`` are read as what they say; case does not count."""

    kind: ClassVar[str] = "account"
    identifiers: ClassVar = (
        ("name", "_upn"),
        ("AadUserId",),
        ("_domain_sid",),
        ("name", "_nt_domain"),
        ("name", "DnsDomain"),
        ("PUID",),
        ("ObjectGuid",),
        ("Sid", "Host"),
        ("name", "Host"),
        ("name", "_any_domain"),
        ("name",),
        ("Sid",),
        ("CloudAppAccountId",),
    )
    folded: ClassVar = frozenset({"AadUserId", "DnsDomain", "PUID", "ObjectGuid", "Sid"})
    label_fields: ClassVar = ("Name", "DisplayName", "Sid")
    columns: ClassVar = {
        "Name": (
            "user", "accountname", "account", "targetusername", "username", "userprincipalname", "accountupn", "upn",
            "subjectusername", "identity",
        ),
        "NTDomain": ("domain", "accountdomain", "targetdomainname", "accountntdomain", "subjectdomainname"),
        "Sid": ("userid", "targetusersid", "accountsid", "subjectusersid", "sid"),
        "LogonId": ("logonid", "targetlogonid", "subjectlogonid"),
        "AadUserId": ("aaduserid", "userobjectid", "accountobjectid"),
        "Host": ("host", "computer", "computername", "devicename"),
    }  # fmt: skip

    Name: str | None = None
    NTDomain: str | None = None
    DnsDomain: str | None = None
    UPNSuffix: str | None = None
    Host: Host | None = None
    Sid: str | None = None
    AadTenantId: str | None = None
    AadUserId: str | None = None
    PUID: str | None = None
    ObjectGuid: str | None = None
    IsDomainJoined: bool | None = None
    DisplayName: str | None = None
    LogonId: str | None = None
    CloudAppAccountId: str | None = None
    IsAnonymized: bool | None = None
    Stream: Any = None

    @property
    def name(self) -> str | None:
        """The name without its domain, lower case.

        Examples
        --------
        >>> Account("CONTOSO\\\\Ana").name, Account("ana@contoso.com").name
        ('ana', 'ana')
        """
        return text_or_none((self.Name or "").rpartition("\\")[2].partition("@")[0])

    @property
    def qualified(self) -> str:
        """The name as it is commonly written: ``user@suffix``, ``DOMAIN\\user``, or alone."""
        if self._upn:
            return f"{self.name}@{self._upn}"
        return f"{self._any_domain}\\{self.name}" if self._any_domain else self.name or ""

    @property
    def _upn(self) -> str | None:
        return text_or_none(self.UPNSuffix) or text_or_none((self.Name or "").partition("@")[2])

    @property
    def _any_domain(self) -> str | None:
        return text_or_none(self.NTDomain) or text_or_none((self.Name or "").rpartition("\\")[0])

    @property
    def _nt_domain(self) -> str | None:
        domain = self._any_domain
        is_local = domain in BUILT_IN_DOMAINS or (self.Host is not None and domain == self.Host.name)
        return None if is_local or domain == "." else domain

    @property
    def _domain_sid(self) -> str | None:
        """The SID where it is of a domain; others say nothing without their host."""
        sid = (self.Sid or "").strip().upper()
        return sid if sid.startswith(_DOMAIN_SIDS) and not sid.endswith(_BUILT_IN_RIDS) else None


@dataclass(frozen=True, eq=False, repr=False)
class HostLogonSession(Entity):
    """A session on a host."""

    kind: ClassVar[str] = "host-logon-session"
    identifiers: ClassVar = (
        ("Host", "SessionId", "StartTimeUtc"),
        ("Host", "SessionId"),
        ("Account", "SessionId"),
        ("SessionId",),
    )
    folded: ClassVar = frozenset({"SessionId"})
    label_fields: ClassVar = ("SessionId",)
    columns: ClassVar = {
        "SessionId": ("logonid", "targetlogonid", "sessionid"),
        "StartTimeUtc": ("start", "starttimeutc", "timegenerated"),
        "Account": ("user", "targetusername", "accountname"),
        "Host": ("host", "computer", "computername", "devicename"),
    }

    SessionId: str | None = None
    Account: Account | None = None
    Host: Host | None = None
    StartTimeUtc: dt.datetime | None = None
    EndTimeUtc: dt.datetime | None = None


@dataclass(frozen=True, eq=False, repr=False)
class SecurityGroup(Entity):
    """A security group of a directory."""

    kind: ClassVar[str] = "security-group"
    identifiers: ClassVar = (("DistinguishedName",), ("SID",), ("ObjectGuid",))
    folded: ClassVar = frozenset({"DistinguishedName", "SID", "ObjectGuid"})
    columns: ClassVar = {"DistinguishedName": ("distinguishedname",), "SID": ("groupsid",)}

    DistinguishedName: str | None = None
    SID: str | None = None
    ObjectGuid: str | None = None
