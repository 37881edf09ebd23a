"""NetworkFlowSummary: what the flows of a host tell, by protocol, direction, peer and autonomous system."""

from flowsleuth.notebooklets.network_flow.result import NetworkFlowResult
from flowsleuth.notebooklets.network_flow.summary import NetworkFlowSummary

__all__ = ["NetworkFlowResult", "NetworkFlowSummary"]
