"""Entities of what was found: alerts, incidents, threat intelligence, and what no schema knows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from flowsleuth.schema.entities.entity import EMPTY, Entity


@dataclass(frozen=True, eq=False, repr=False)
class Alert(Entity):
    """An alert with what it is about; ``from_row`` reads a SecurityAlert row or one of our table ``alert``."""

    kind: ClassVar[str] = "alert"
    identifiers: ClassVar = (
        ("SystemAlertId",),
        ("SystemAlertIds",),
        ("ProviderName", "ProviderAlertId"),
        ("ProviderAlertId",),
    )
    folded: ClassVar = frozenset({"SystemAlertId", "ProviderName", "ProviderAlertId"})
    label_fields: ClassVar = ("AlertName", "DisplayName", "AlertType", "SystemAlertId")
    columns: ClassVar = {
        "SystemAlertId": ("systemalertid", "alertid"),
        "ProviderAlertId": ("provideralertid", "vendororiginalid"),
        "AlertName": ("alertname", "name"),
        "DisplayName": ("alertdisplayname", "displayname", "title"),
        "AlertType": ("alerttype", "category"),
        "Severity": ("severity", "alertseverity"),
        "Description": ("description",),
        "ProviderName": ("providername", "provider"),
        "VendorName": ("vendorname",),
        "ProductName": ("productname",),
        "StartTimeUtc": ("starttimeutc", "starttime", "start"),
        "EndTimeUtc": ("endtimeutc", "endtime", "end"),
        "TimeGenerated": ("timegenerated",),
        "CompromisedEntity": ("compromisedentity", "host"),
        "Status": ("status",),
        "Tactics": ("tactics",),
        "ConfidenceLevel": ("confidencelevel",),
        "ConfidenceScore": ("confidencescore",),
        "ResourceId": ("resourceid",),
        "SourceComputerId": ("sourcecomputerid",),
        "ExtendedProperties": ("extendedproperties",),
        "Entities": ("entities",),
    }

    SystemAlertId: str | None = None
    AlertName: str | None = None
    DisplayName: str | None = None
    AlertType: str | None = None
    Severity: str | None = None
    Description: str | None = None
    ProviderName: str | None = None
    VendorName: str | None = None
    ProductName: str | None = None
    ProviderAlertId: str | None = None
    SystemAlertIds: tuple[str, ...] = ()
    StartTimeUtc: dt.datetime | None = None
    EndTimeUtc: dt.datetime | None = None
    TimeGenerated: dt.datetime | None = None
    CompromisedEntity: str | None = None
    Status: str | None = None
    Tactics: str | None = None
    ConfidenceLevel: str | None = None
    ConfidenceScore: float | None = None
    ResourceId: str | None = None
    SourceComputerId: str | None = None
    ExtendedProperties: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    Entities: tuple[Entity, ...] = ()

    def of_kind(self, kind: type[Entity]) -> tuple[Entity, ...]:
        """Its entities of one kind.

        Examples
        --------
        >>> from flowsleuth.schema.entities import Alert, Host, IpAddress
        >>> Alert("1", Entities=(Host("web1"), IpAddress("192.0.2.1"))).of_kind(Host)
        (Host(HostName='web1'),)
        """
        return tuple(one for one in self.Entities if isinstance(one, kind))


@dataclass(frozen=True, eq=False, repr=False)
class Incident(Entity):
    """An incident: alerts that belong together."""

    kind: ClassVar[str] = "incident"
    identifiers: ClassVar = (("IncidentName",), ("ProviderName", "ProviderIncidentId"), ("IncidentNumber",))
    folded: ClassVar = frozenset({"IncidentName", "ProviderName", "ProviderIncidentId"})
    label_fields: ClassVar = ("Title", "DisplayName", "IncidentName")
    columns: ClassVar = {
        "IncidentName": ("incidentname",),
        "IncidentNumber": ("incidentnumber",),
        "ProviderName": ("providername",),
        "ProviderIncidentId": ("providerincidentid",),
        "Title": ("title",),
        "Description": ("description",),
        "Severity": ("severity",),
        "Status": ("status",),
        "Classification": ("classification",),
        "AlertIds": ("alertids",),
        "CreatedTime": ("createdtime",),
        "FirstActivityTime": ("firstactivitytime",),
        "LastActivityTime": ("lastactivitytime",),
    }

    IncidentName: str | None = None
    IncidentNumber: int | None = None
    ProviderName: str | None = None
    ProviderIncidentId: str | None = None
    Title: str | None = None
    DisplayName: str | None = None
    Description: str | None = None
    Severity: str | None = None
    Status: str | None = None
    Classification: str | None = None
    AlertIds: tuple[str, ...] = ()
    CreatedTime: dt.datetime | None = None
    FirstActivityTime: dt.datetime | None = None
    LastActivityTime: dt.datetime | None = None
    Alerts: tuple[Alert, ...] = ()
    Entities: tuple[Entity, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class ThreatIntelligence(Entity):
    """What a source of intelligence says."""

    kind: ClassVar[str] = "threatintelligence"
    identifiers: ClassVar = (
        ("ProviderName", "ThreatType", "ThreatName"),
        ("ProviderName", "ThreatName"),
        ("ProviderName", "ThreatType"),
        ("ThreatName",),
    )
    folded: ClassVar = frozenset({"ProviderName", "ThreatType", "ThreatName"})
    label_fields: ClassVar = ("ThreatName", "ThreatType", "ProviderName")
    columns: ClassVar = {
        "ProviderName": ("provider", "sourcesystem"),
        "ThreatType": ("threattype",),
        "ThreatName": ("threatname",),
        "Confidence": ("confidencescore", "confidence"),
        "ReportLink": ("reference",),
    }

    ProviderName: str | None = None
    ThreatType: str | None = None
    ThreatName: str | None = None
    Confidence: str | None = None
    ReportLink: str | None = None
    ThreatDescription: str | None = None


@dataclass(frozen=True, eq=False, repr=False)
class UnknownEntity(Entity):
    """What has a kind that no schema here knows; all of it is in ``additional``. Equal only to itself."""

    kind: ClassVar[str] = "unknown"

    @property
    def label(self) -> str:
        """Its own word for its kind."""
        return str(self.additional.get("Type") or self.kind)
