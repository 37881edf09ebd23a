"""HostSummary: who a host is, who used it, what ran on it, what was said of it, and when its logs were silent."""

from flowsleuth.notebooklets.host_summary.result import HostSummaryResult
from flowsleuth.notebooklets.host_summary.summary import HostSummary

__all__ = ["HostSummary", "HostSummaryResult"]
