"""IpAddressSummary: what is known about an address, whichever tables, files or services know it."""

from flowsleuth.notebooklets.ip_address.result import IpSummaryResult
from flowsleuth.notebooklets.ip_address.summary import IpAddressSummary

__all__ = ["IpAddressSummary", "IpSummaryResult"]
