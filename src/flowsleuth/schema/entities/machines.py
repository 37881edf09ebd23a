"""Entities of machines and those who use them: hosts, accounts, sessions, groups, devices, resources, applications."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, ClassVar

from flowsleuth.schema.entities.entity import Entity, text_or_none
from flowsleuth.schema.entities.network import IpAddress, Url

BUILT_IN_DOMAINS = frozenset(
    {
        "builtin",
        "nt authority",
        "nt service",
        "workgroup",
        "font driver host",
        "window manager",
        "iis apppool",
        "localhost",
    }
)
"""Domains that every Windows machine has of its own, so that they name no account without its host."""
_DOMAIN_SIDS = ("S-1-5-21-", "S-1-12-1-")
_BUILT_IN_RIDS = ("-500", "-501", "-502", "-503")


@dataclass(frozen=True, eq=False, repr=False)
class AzureResource(Entity):
    """A resource in Azure."""

    kind: ClassVar[str] = "azure-resource"
    identifiers: ClassVar = (("ResourceId",),)
    folded: ClassVar = frozenset({"ResourceId"})
    label_fields: ClassVar = ("ResourceName", "ResourceId")
    columns: ClassVar = {"ResourceId": ("resourceid", "azureresourceid"), "SubscriptionId": ("subscriptionid",)}

    ResourceId: str | None = None
    SubscriptionId: str | None = None
    ResourceType: str | None = None
    ResourceName: str | None = None
    ActiveContacts: tuple[Any, ...] = ()
    ResourceIdParts: Any = None


@dataclass(frozen=True, eq=False, repr=False)
class CloudApplication(Entity):
    """An application in the cloud."""

    kind: ClassVar[str] = "cloud-application"
    identifiers: ClassVar = (
        ("_app", "InstanceName"),
        ("Name", "InstanceName"),
        ("_app",),
        ("Name",),
    )
    folded: ClassVar = frozenset({"Name", "InstanceName"})
    label_fields: ClassVar = ("Name",)
    columns: ClassVar = {"Name": ("appdisplayname", "applicationname"), "AppId": ("appid",)}

    Name: str | None = None
    AppId: str | None = None
    SaasId: str | None = None
    InstanceName: str | None = None
    InstanceId: str | None = None
    Risk: str | None = None
    Stream: Any = None

    @property
    def _app(self) -> str | None:
        return text_or_none(self.SaasId) or text_or_none(self.AppId)


@dataclass(frozen=True, eq=False, repr=False)
class IoTDevice(Entity):
    """A device on the internet of things."""

    kind: ClassVar[str] = "iotdevice"
    identifiers: ClassVar = (("IoTHub", "DeviceId"), ("DeviceId",))
    label_fields: ClassVar = ("DeviceName", "DeviceId")
    columns: ClassVar = {"DeviceId": ("iotdeviceid",)}

    DeviceId: str | None = None
    DeviceName: str | None = None
    IoTHub: AzureResource | None = None
    Owners: tuple[str, ...] = ()
    IoTSecurityAgentId: str | None = None
    DeviceType: str | None = None
    DeviceTypeId: str | None = None
    DeviceSubType: str | None = None
    Source: str | None = None
    SourceRef: Url | None = None
    Manufacturer: str | None = None
    Model: str | None = None
    OperatingSystem: str | None = None
    IpAddress: IpAddress | None = None
    MacAddress: str | None = None
    Nics: tuple[Any, ...] = ()
    Protocols: tuple[str, ...] = ()
    SerialNumber: str | None = None
    Site: str | None = None
    Zone: str | None = None
    Sensor: str | None = None
    Importance: str | None = None
    PurdueLayer: str | None = None
    IsProgramming: bool | None = None
    IsAuthorized: bool | None = None
    IsScanner: bool | None = None
    DevicePageLink: Url | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Host(Entity):
    """A machine. Names are compared without case; a full name in ``HostName`` counts as name and domain."""

    kind: ClassVar[str] = "host"
    identifiers: ClassVar = (
        ("name", "_dns_domain"),
        ("name", "_nt_domain"),
        ("AzureID",),
        ("OMSAgentID",),
        ("IoTDevice",),
        ("name",),
    )
    folded: ClassVar = frozenset({"AzureID", "OMSAgentID"})
    label_fields: ClassVar = ("HostName", "NetBiosName")
    columns: ClassVar = {
        "HostName": ("host", "hostname", "computer", "computername", "devicename", "dvchostname", "compromisedentity"),
        "OSFamily": ("osfamily", "ostype"),
        "OSVersion": ("osversion",),
        "AzureID": ("azureid",),
        "OMSAgentID": ("sourcecomputerid", "omsagentid"),
        "DnsDomain": ("dnsdomain",),
    }
    roles: ClassVar = {
        "src": {"HostName": ("srchost", "srchostname", "sourcehostname", "workstationname")},
        "dst": {"HostName": ("dsthost", "dsthostname", "destinationhostname")},
    }

    HostName: str | None = None
    NetBiosName: str | None = None
    DnsDomain: str | None = None
    NTDomain: str | None = None
    IpInterfaces: tuple[IpAddress, ...] = ()
    AzureID: str | None = None
    OMSAgentID: str | None = None
    OSFamily: str | None = None
    OSVersion: str | None = None
    IsDomainJoined: bool | None = None
    IoTDevice: IoTDevice | None = None

    @property
    def name(self) -> str | None:
        """Short name, lower case."""
        text = text_or_none(self.HostName) or text_or_none(self.NetBiosName)
        return text if text is None or _is_address(text) else text.partition(".")[0] or None

    @property
    def fqdn(self) -> str | None:
        """Name and DNS domain, lower case; None when no domain is known.

        Examples
        --------
        >>> Host("WEB1.Example.org").fqdn, Host("WEB1", DnsDomain="example.org.").fqdn, Host("WEB1").fqdn
        ('web1.example.org', 'web1.example.org', None)
        """
        return f"{self.name}.{self._dns_domain}" if self.name and self._dns_domain else None

    @property
    def _dns_domain(self) -> str | None:
        if given := text_or_none((self.DnsDomain or "").strip().strip(".")):
            return given
        text = text_or_none((self.HostName or "").strip().rstrip(".")) or ""
        return None if _is_address(text) else text.partition(".")[2] or None

    @property
    def _nt_domain(self) -> str | None:
        text = text_or_none(self.NTDomain)
        return None if text is None or text in BUILT_IN_DOMAINS or text == self.name else text


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


def _is_address(text: str) -> bool:
    from flowsleuth.schema.addresses import canonical_address

    try:
        return bool(canonical_address(text))
    except ValueError:
        return False
