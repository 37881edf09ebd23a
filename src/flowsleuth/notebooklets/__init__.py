"""Named sequences of steps that answer one question: NetworkFlowSummary, IpAddressSummary, …; and how to write more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.catalogue import Catalogue
from flowsleuth.notebooklets.attributes import Found, entities, entity, figure, table, value
from flowsleuth.notebooklets.metadata import Choice, FollowUp, Metadata, Option
from flowsleuth.notebooklets.notebooklet import Notebooklet
from flowsleuth.notebooklets.result import NotebookletResult
from flowsleuth.notebooklets.run import Asked, Run
from flowsleuth.notebooklets.step import Progress, SkipStep, Step, StepReport

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "NOTEBOOKLETS",
    "Asked",
    "Choice",
    "FollowUp",
    "Found",
    "Metadata",
    "Notebooklet",
    "NotebookletResult",
    "Option",
    "Progress",
    "Run",
    "SkipStep",
    "Step",
    "StepReport",
    "entities",
    "entity",
    "figure",
    "find_notebooklet",
    "table",
    "value",
]

_HERE = "flowsleuth.notebooklets"
NOTEBOOKLETS = Catalogue(
    "flowsleuth.notebooklets",
    {
        "account.AccountSummary": f"{_HERE}.account_summary:AccountSummary",
        "host.HostSummary": f"{_HERE}.host_summary:HostSummary",
        "host.HostNetworkSummary": f"{_HERE}.host_network_summary:HostNetworkSummary",
        "network.NetworkFlowSummary": f"{_HERE}.network_flow:NetworkFlowSummary",
        "network.IpAddressSummary": f"{_HERE}.ip_address:IpAddressSummary",
        "url.UrlSummary": f"{_HERE}.url_summary:UrlSummary",
    },
)
"""``group.ClassName`` → where it is; others add theirs by entry points of this group."""


def find_notebooklet(name: str, names: Iterable[str] | None = None) -> type[Notebooklet[Any]] | None:
    """A notebooklet of the catalogue by its class name, with or without the group, any case; None when there is none.

    Examples
    --------
    >>> find_notebooklet("urlsummary").name()
    'UrlSummary'
    """
    for full in NOTEBOOKLETS.names() if names is None else names:
        if name.casefold() in (full.casefold(), full.casefold().rpartition(".")[2]):
            found: type[Notebooklet[Any]] = NOTEBOOKLETS.load(full)
            return found
    return None
