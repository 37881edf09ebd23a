"""The names that users of MSTICPy know, each loaded when it is first used.

``from flowsleuth.toolkit import IoCExtract, unpack_items`` gives the call shapes of MSTICPy's own demonstration, as far
as they are good. ``docs/from-msticpy.md`` has the table from each of its names to ours.

Examples
--------
>>> from flowsleuth import toolkit
>>> toolkit.QueryProvider("LocalData").environment
'LocalData'
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

NAMES: dict[str, str] = {
    "add_process_features": "flowsleuth.analyze.process_features:add_process_features",
    "add_related_alerts": "flowsleuth.analyze.alerts:add_related_alerts",
    "build_and_show_process_tree": "flowsleuth.faces.views.process_trees:build_and_show_process_tree",
    "build_process_tree": "flowsleuth.analyze.process_tree:build_process_tree",
    "cluster_syslog_logons_df": "flowsleuth.analyze.syslog:cluster_syslog_logons_df",
    "cmd_speed": "flowsleuth.analyze.bursts:cmd_speed",
    "create_alert_graph": "flowsleuth.analyze.alerts:create_alert_graph",
    "create_time_period_kqlfilter": "flowsleuth.analyze.anomaly_periods:create_time_period_kqlfilter",
    "dbcluster_events": "flowsleuth.analyze.clusters:cluster_events",
    "display_timeline": "flowsleuth.faces.views.timelines:display_timeline",
    "display_timeline_duration": "flowsleuth.faces.views.timelines:display_timeline_duration",
    "display_timeline_values": "flowsleuth.faces.views.value_timelines:display_timeline_values",
    "display_timeseries_anomalies": "flowsleuth.faces.views.value_timelines:display_timeseries_anomalies",
    "EntityGraph": "flowsleuth.analyze.alerts:AlertGraph",
    "EntityGraphBrowser": "flowsleuth.faces.widgets:EntityGraphBrowser",
    "extract_anomaly_periods": "flowsleuth.analyze.anomaly_periods:extract_anomaly_periods",
    "extract_events_to_df": "flowsleuth.readers.audit_frames:extract_events_to_df",
    "find_anomaly_periods": "flowsleuth.analyze.anomaly_periods:find_anomaly_periods",
    "FoliumMap": "flowsleuth.faces.views.maps:FoliumMap",
    "format_alert": "flowsleuth.analyze.alerts:format_alert",
    "format_powershell": "flowsleuth.extract.powershell:format_powershell",
    "GeoLiteLookup": "flowsleuth.workspace.place_lookup:GeoLiteLookup",
    "get_ancestors": "flowsleuth.analyze.relatives:get_ancestors",
    "get_children": "flowsleuth.analyze.relatives:get_children",
    "get_descendents": "flowsleuth.analyze.relatives:get_descendants",
    "get_event_subset": "flowsleuth.readers.audit_frames:get_event_subset",
    "get_ip_type": "flowsleuth.enrich.ip_types:get_ip_type",
    "get_map_center": "flowsleuth.faces.views.maps:get_map_center",
    "get_parent": "flowsleuth.analyze.relatives:get_parent",
    "get_process": "flowsleuth.analyze.relatives:get_process",
    "get_related_alerts": "flowsleuth.analyze.alerts:get_related_alerts",
    "get_root": "flowsleuth.analyze.relatives:get_root",
    "get_root_tree": "flowsleuth.analyze.relatives:get_root_tree",
    "get_roots": "flowsleuth.analyze.relatives:get_roots",
    "get_siblings": "flowsleuth.analyze.relatives:get_siblings",
    "get_summary_info": "flowsleuth.analyze.relatives:get_summary_info",
    "get_tree_depth": "flowsleuth.analyze.relatives:get_tree_depth",
    "get_whois_info": "flowsleuth.workspace.whois_lookup:get_whois_info",
    "GetEnvironmentKey": "flowsleuth.faces.widgets:GetEnvironmentKey",
    "GetText": "flowsleuth.faces.widgets:GetText",
    "group_incidents": "flowsleuth.analyze.alerts:group_incidents",
    "identify_outliers": "flowsleuth.analyze.outliers:identify_outliers",
    "IoCExtract": "flowsleuth.extract.ioc.extractor:IoCExtract",
    "Lookback": "flowsleuth.faces.widgets:Lookback",
    "mask": "flowsleuth.extract.masking:mask",
    "OptionButtons": "flowsleuth.faces.widgets:OptionButtons",
    "plot_entity_graph": "flowsleuth.faces.views.graphs:plot_entity_graph",
    "plot_map": "flowsleuth.faces.views.maps:plot_map",
    "plot_matrix": "flowsleuth.faces.views.matrices:plot_matrix",
    "plot_network": "flowsleuth.faces.views.graphs:plot_network",
    "plot_process_tree": "flowsleuth.faces.views.process_trees:plot_process_tree",
    "ProcSchema": "flowsleuth.analyze.process_schema:ProcessSchema",
    "Progress": "flowsleuth.faces.widgets:Progress",
    "QueryProvider": "flowsleuth.query:QueryProvider",
    "QueryTime": "flowsleuth.faces.widgets:QueryTime",
    "read_from_file": "flowsleuth.readers.audit_frames:read_from_file",
    "risky_cmd_line": "flowsleuth.extract.command_lines:risky_cmd_line",
    "risky_sudo_sessions": "flowsleuth.analyze.syslog:risky_sudo_sessions",
    "score_sessions": "flowsleuth.analyze.sessions:score_sessions",
    "SecurityAlert": "flowsleuth.analyze.alerts:SecurityAlert",
    "SecurityEvent": "flowsleuth.analyze.alerts:SecurityEvent",
    "SelectAlert": "flowsleuth.faces.widgets:SelectAlert",
    "SelectItem": "flowsleuth.faces.widgets:SelectItem",
    "SelectSubset": "flowsleuth.faces.widgets:SelectSubset",
    "sessionize_data": "flowsleuth.analyze.sessions:sessionize_data",
    "set_new_anomaly_threshold": "flowsleuth.analyze.timeseries:set_new_anomaly_threshold",
    "TILookup": "flowsleuth.workspace.ti_lookup:TILookup",
    "timeseries_anomalies_stl": "flowsleuth.analyze.timeseries:timeseries_anomalies_stl",
    "tree_to_text": "flowsleuth.analyze.tree_text:tree_to_text",
    "ts_anomalies_stl": "flowsleuth.analyze.timeseries:timeseries_anomalies_stl",
    "unpack": "flowsleuth.extract.decoding:unpack",
    "unpack_df": "flowsleuth.extract.decoding:unpack_df",
    "unpack_items": "flowsleuth.extract.decoding:unpack_items",
    "WhoisLookup": "flowsleuth.workspace.whois_lookup:WhoisLookup",
}
"""Name to ``module:attribute``, in alphabetical order."""


def __getattr__(name: str) -> Any:
    if name not in NAMES:
        raise AttributeError(f"module 'flowsleuth.toolkit' has no attribute {name!r}")
    module, attribute = NAMES[name].split(":")
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(NAMES)
