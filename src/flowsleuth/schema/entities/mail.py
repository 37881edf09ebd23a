"""Entities of mail: mailboxes, messages, submissions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

from flowsleuth.schema.entities.entity import Entity
from flowsleuth.schema.entities.files import File


@dataclass(frozen=True, eq=False, repr=False)
class Mailbox(Entity):
    """A mailbox."""

    kind: ClassVar[str] = "mailbox"
    identifiers: ClassVar = (("MailboxPrimaryAddress",), ("Upn",), ("ExternalDirectoryObjectId",), ("AadId",))
    folded: ClassVar = frozenset({"MailboxPrimaryAddress", "Upn", "ExternalDirectoryObjectId", "AadId"})
    columns: ClassVar = {"MailboxPrimaryAddress": ("mailboxprimaryaddress", "mailboxownerupn", "recipientemailaddress")}

    MailboxPrimaryAddress: str | None = None
    DisplayName: str | None = None
    Upn: str | None = None
    AadId: str | None = None
    RiskLevel: str | None = None
    ExternalDirectoryObjectId: str | None = None


@dataclass(frozen=True, eq=False, repr=False)
class MailMessage(Entity):
    """A message, one for each who received it."""

    kind: ClassVar[str] = "mail-message"
    identifiers: ClassVar = (("NetworkMessageId", "Recipient"), ("NetworkMessageId",), ("InternetMessageId",))
    folded: ClassVar = frozenset({"NetworkMessageId", "Recipient"})
    label_fields: ClassVar = ("Subject", "NetworkMessageId")
    columns: ClassVar = {
        "NetworkMessageId": ("networkmessageid",),
        "InternetMessageId": ("internetmessageid",),
        "Recipient": ("recipient", "recipientemailaddress"),
        "Sender": ("sender", "senderfromaddress"),
        "SenderIP": ("senderip", "senderipv4"),
        "Subject": ("subject",),
    }

    NetworkMessageId: str | None = None
    Recipient: str | None = None
    Sender: str | None = None
    SenderIP: str | None = None
    Subject: str | None = None
    ReceivedDate: dt.datetime | None = None
    InternetMessageId: str | None = None
    Files: tuple[File, ...] = ()
    Urls: tuple[str, ...] = ()
    Threats: tuple[str, ...] = ()
    P1Sender: str | None = None
    P1SenderDisplayName: str | None = None
    P1SenderDomain: str | None = None
    P2Sender: str | None = None
    P2SenderDisplayName: str | None = None
    P2SenderDomain: str | None = None
    AntispamDirection: str | None = None
    DeliveryAction: str | None = None
    DeliveryLocation: str | None = None
    Language: str | None = None
    CampaignId: str | None = None
    SuspiciousRecipients: tuple[str, ...] = ()
    ForwardedRecipients: tuple[str, ...] = ()
    ForwardingType: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class SubmissionMail(Entity):
    """A message that somebody reported."""

    kind: ClassVar[str] = "SubmissionMail"
    identifiers: ClassVar = (
        ("SubmissionId", "NetworkMessageId", "Recipient", "Submitter"),
        ("SubmissionId",),
        ("NetworkMessageId", "Recipient"),
    )
    folded: ClassVar = frozenset({"SubmissionId", "NetworkMessageId", "Recipient", "Submitter"})
    label_fields: ClassVar = ("Subject", "SubmissionId")
    columns: ClassVar = {"SubmissionId": ("submissionid",), "Submitter": ("submitter",)}

    SubmissionId: str | None = None
    NetworkMessageId: str | None = None
    Recipient: str | None = None
    Submitter: str | None = None
    SubmissionDate: dt.datetime | None = None
    Timestamp: dt.datetime | None = None
    Sender: str | None = None
    SenderIp: str | None = None
    Subject: str | None = None
    ReportType: str | None = None
