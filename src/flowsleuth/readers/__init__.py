"""Bytes into batches of canonical rows; a module per source."""

from flowsleuth.catalogue import Catalogue

READERS = Catalogue(
    "flowsleuth.readers",
    {
        "zeek": "flowsleuth.readers.zeek:ZeekReader",
        "suricata": "flowsleuth.readers.suricata:SuricataReader",
        "nfdump": "flowsleuth.readers.nfdump:NfdumpReader",
        "nfcapd": "flowsleuth.readers.nfcapd:NfcapdReader",
        "argus": "flowsleuth.readers.argus:ArgusReader",
        "azure": "flowsleuth.readers.azure_blob:AzureBlobReader",
        "sentinel": "flowsleuth.readers.sentinel:SentinelReader",
        "auditd": "flowsleuth.readers.auditd:AuditdReader",
        "azure_tables": "flowsleuth.readers.azure_tables:AzureTableReader",
        "aws_vpc": "flowsleuth.readers.aws_vpc:AwsVpcReader",
        "syslog": "flowsleuth.readers.syslog:SyslogReader",
        "osquery": "flowsleuth.readers.osquery:OsqueryReader",
        "windows": "flowsleuth.readers.windows_events:WindowsReader",
        "evtx": "flowsleuth.readers.evtx:EvtxReader",
        "pcap": "flowsleuth.readers.pcap:PcapReader",
        "netflow": "flowsleuth.readers.flow_exports.reader:FlowExportReader",
        "gcp_vpc": "flowsleuth.readers.gcp_vpc:GcpVpcReader",
        "paloalto": "flowsleuth.readers.paloalto:PaloAltoReader",
        "asim": "flowsleuth.readers.interchange.reader:AsimReader",
        "ecs": "flowsleuth.readers.interchange.reader:EcsReader",
        "ocsf": "flowsleuth.readers.interchange.reader:OcsfReader",
        "flowsleuth": "flowsleuth.readers.own:OwnReader",
        "table": "flowsleuth.readers.mapped:MappedReader",
    },
)
