"""The things that alerts and logs talk about, typed, equal by identity, and JSON both ways.

Field names are those of Microsoft's v3 entity schema, so that alerts, playbooks and notebooks made for it fit.
"""

from flowsleuth.schema.entities.accounts import Account, HostLogonSession, SecurityGroup
from flowsleuth.schema.entities.entity import Entity
from flowsleuth.schema.entities.files import File, FileHash, Malware, Process, RegistryKey, RegistryValue
from flowsleuth.schema.entities.findings import Alert, Incident, ThreatIntelligence, UnknownEntity
from flowsleuth.schema.entities.graph import EntityGraph, entity_graph
from flowsleuth.schema.entities.json_form import entities_to_json, parse_entities
from flowsleuth.schema.entities.kinds import ENTITIES, entity_class
from flowsleuth.schema.entities.machines import AzureResource, CloudApplication, Host, IoTDevice
from flowsleuth.schema.entities.mail import Mailbox, MailMessage, SubmissionMail
from flowsleuth.schema.entities.network import Dns, GeoLocation, IpAddress, NetworkConnection, Url
from flowsleuth.schema.entities.rows import entities_of_row, entities_of_table

__all__ = [
    "ENTITIES",
    "Account",
    "Alert",
    "AzureResource",
    "CloudApplication",
    "Dns",
    "Entity",
    "EntityGraph",
    "File",
    "FileHash",
    "GeoLocation",
    "Host",
    "HostLogonSession",
    "Incident",
    "IoTDevice",
    "IpAddress",
    "MailMessage",
    "Mailbox",
    "Malware",
    "NetworkConnection",
    "Process",
    "RegistryKey",
    "RegistryValue",
    "SecurityGroup",
    "SubmissionMail",
    "ThreatIntelligence",
    "UnknownEntity",
    "Url",
    "entities_of_row",
    "entities_of_table",
    "entities_to_json",
    "entity_class",
    "entity_graph",
    "parse_entities",
]
