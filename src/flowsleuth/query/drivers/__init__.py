"""Drivers: where queries can be put to; loaded when used, official SDKs as extras."""

from flowsleuth.catalogue import Catalogue

DRIVERS = Catalogue(
    "flowsleuth.query_drivers",
    {
        "LocalData": "flowsleuth.query.drivers.local_files:LocalFiles",
        "Workspace": "flowsleuth.query.drivers.workspace_tables:WorkspaceTables",
        "Sentinel": "flowsleuth.query.drivers.sentinel:Sentinel",
        "DefenderXDR": "flowsleuth.query.drivers.defender:DefenderXDR",
        "Kusto": "flowsleuth.query.drivers.kusto:Kusto",
        "Splunk": "flowsleuth.query.drivers.splunk:Splunk",
        "Elastic": "flowsleuth.query.drivers.elastic:Elastic",
        "OpenSearch": "flowsleuth.query.drivers.elastic:OpenSearch",
    },
)
"""Our names; others come by entry points in ``flowsleuth.query_drivers``."""
