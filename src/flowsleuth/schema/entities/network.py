"""Entities of the network: addresses, places, names, URLs, connections."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import ClassVar, TypeAlias
from urllib.parse import urlsplit

from flowsleuth.schema.addresses import canonical_address
from flowsleuth.schema.entities.entity import Entity, text_or_none

_DEFAULT_PORTS = {"http": 80, "https": 443, "ftp": 21}


@dataclass(frozen=True, eq=False, repr=False)
class GeoLocation(Entity):
    """Where an address is thought to be."""

    kind: ClassVar[str] = "geolocation"
    identifiers: ClassVar = (
        ("Latitude", "Longitude"),
        ("CountryCode", "State", "City"),
        ("CountryCode", "City"),
        ("CountryCode",),
        ("CountryName",),
        ("Asn",),
    )
    folded: ClassVar = frozenset({"CountryCode", "CountryName", "State", "City"})
    columns: ClassVar = {
        "CountryCode": ("countrycode",),
        "CountryName": ("countryname", "countryorregionname", "country"),
        "State": ("state", "region"),
        "City": ("city",),
        "Longitude": ("longitude", "lon"),
        "Latitude": ("latitude", "lat"),
        "Asn": ("asn",),
    }

    CountryCode: str | None = None
    CountryName: str | None = None
    State: str | None = None
    City: str | None = None
    Longitude: float | None = None
    Latitude: float | None = None
    Asn: int | None = None
    Carrier: str | None = None
    Organization: str | None = None

    @property
    def label(self) -> str:
        """City, state, country."""
        told = [part for part in (self.City, self.State, self.CountryName or self.CountryCode) if part]
        return ", ".join(told) or self.kind


@dataclass(frozen=True, eq=False, repr=False)
class IpAddress(Entity):
    """An IP address. Private addresses are told apart by ``AddressScope``; of global ones the scope says nothing."""

    kind: ClassVar[str] = "ip"
    identifiers: ClassVar = (("canonical", "_scope"), ("canonical",))
    label_fields: ClassVar = ("Address",)
    columns: ClassVar = {"Address": ("ipaddress", "ip", "address", "ioc", "clientip", "remoteip", "hostip")}
    roles: ClassVar = {
        "src": {"Address": ("srcip", "sourceip", "srcipaddr", "sourceaddress", "localip", "src")},
        "dst": {"Address": ("dstip", "destinationip", "destip", "dstipaddr", "destinationaddress", "dst")},
    }

    Address: str | None = None
    AddressScope: str | None = None
    Location: GeoLocation | None = None
    ThreatIntelligence: tuple[Entity, ...] = ()

    @property
    def canonical(self) -> str | None:
        """The address as the tables spell it; what is no address as it stands, lower case."""
        text = (self.Address or "").strip()
        try:
            return canonical_address(text)
        except ValueError:
            return text.casefold() or None

    @property
    def _scope(self) -> str | None:
        try:
            is_global = ip_address(self.canonical or "").is_global
        except ValueError:
            is_global = False
        return None if is_global else text_or_none(self.AddressScope)


_Ip: TypeAlias = IpAddress


@dataclass(frozen=True, eq=False, repr=False)
class Url(Entity):
    """A URL. Scheme and host are compared without case, a default port and an empty path count as none."""

    kind: ClassVar[str] = "url"
    identifiers: ClassVar = (("canonical",),)
    label_fields: ClassVar = ("Url",)
    columns: ClassVar = {"Url": ("url", "requesturl", "remoteurl", "uri")}

    Url: str | None = None

    @property
    def canonical(self) -> str | None:
        """The URL as it is compared."""
        text = (self.Url or "").strip()
        try:
            parts = urlsplit(text)
            host, port = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            return text or None
        if not host:
            return text or None
        at = parts.netloc.rpartition("@")
        shown = f"[{host}]" if ":" in host else host
        colon = "" if port is None or port == _DEFAULT_PORTS.get(parts.scheme) else f":{port}"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return f"{parts.scheme}://{at[0]}{at[1]}{shown}{colon}{path}"

    @property
    def host(self) -> str | None:
        """Its host name or address, lower case.

        Examples
        --------
        >>> Url("https://EXAMPLE.org:8443/a?b").host
        'example.org'
        """
        text = (self.Url or "").strip()
        try:
            return (urlsplit(text if "//" in text else f"//{text}").hostname or "").rstrip(".") or None
        except ValueError:
            return None


@dataclass(frozen=True, eq=False, repr=False)
class Dns(Entity):
    """A name in the DNS, and what it resolved to."""

    kind: ClassVar[str] = "dns"
    identifiers: ClassVar = (
        ("canonical", "DnsServerIp", "HostIpAddress"),
        ("canonical", "HostIpAddress"),
        ("canonical",),
    )
    label_fields: ClassVar = ("DomainName",)
    columns: ClassVar = {"DomainName": ("query", "domainname", "domain", "servername", "dnsquery", "fqdn")}

    DomainName: str | None = None
    IpAddress: tuple[_Ip, ...] = ()
    DnsServerIp: _Ip | None = None
    HostIpAddress: _Ip | None = None

    @property
    def canonical(self) -> str | None:
        """Lower case, without the dot of the root."""
        return text_or_none((self.DomainName or "").strip().rstrip("."))


@dataclass(frozen=True, eq=False, repr=False)
class NetworkConnection(Entity):
    """A connection between two addresses."""

    kind: ClassVar[str] = "network-connection"
    identifiers: ClassVar = (
        ("SourceAddress", "SourcePort", "DestinationAddress", "DestinationPort", "Protocol"),
        ("SourceAddress", "DestinationAddress", "DestinationPort", "Protocol"),
        ("SourceAddress", "DestinationAddress"),
    )
    folded: ClassVar = frozenset({"Protocol"})
    columns: ClassVar = {
        "SourceAddress": ("srcip", "sourceip", "srcipaddr", "sourceaddress", "localip"),
        "SourcePort": ("srcport", "sourceport", "srcportnumber", "localport"),
        "DestinationAddress": ("dstip", "destinationip", "destip", "dstipaddr", "destinationaddress", "remoteip"),
        "DestinationPort": ("dstport", "destinationport", "destport", "dstportnumber", "remoteport"),
        "Protocol": ("proto", "protocol", "l4protocol", "networkprotocol"),
    }

    SourceAddress: IpAddress | None = None
    SourcePort: int | None = None
    DestinationAddress: IpAddress | None = None
    DestinationPort: int | None = None
    Protocol: str | None = None

    @property
    def label(self) -> str:
        """Both ends and the protocol."""
        ends = []
        for address, port in ((self.SourceAddress, self.SourcePort), (self.DestinationAddress, self.DestinationPort)):
            ip = "?" if address is None else address.label
            ends.append(ip if port is None else f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}")
        return f"{ends[0]} -> {ends[1]}{f' {self.Protocol}' if self.Protocol else ''}"
