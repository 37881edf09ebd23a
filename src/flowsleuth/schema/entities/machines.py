"""Entities of machines: hosts, devices, resources, applications."""

from __future__ import annotations

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


def _is_address(text: str) -> bool:
    from flowsleuth.schema.addresses import canonical_address

    try:
        return bool(canonical_address(text))
    except ValueError:
        return False
