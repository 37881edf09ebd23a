"""Names of the columns of Azure's flow tables, however an export writes them.

Log Analytics' custom tables add a suffix for the type (``SrcIP_s``), the portal's CSV a zone (``FlowStartTime [UTC]``),
pages of the manual differ in case (``DestIP``, ``DestIp``) and in words (``NSGRule``, ``AclRule``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_ENDING = re.compile(r"(_[sdtgb])?(\s*\[utc\])?$")

ALIASES: dict[str, str] = {
    "flowstarttime": "start", "flowendtime": "end", "flowintervalstarttime": "interval_start",
    "flowintervalendtime": "interval_end", "timegenerated": "time",
    "srcip": "src_ip", "sourceip": "src_ip", "destip": "dst_ip", "dstip": "dst_ip", "destinationip": "dst_ip",
    "srcpublicips": "src_public", "destpublicips": "dst_public", "publicips": "public", "allextips": "one_public",
    "vmip": "vm_ip", "vmipaddress": "vm_ip", "vm": "vm", "vmname": "vm",
    "vm1": "src_vm", "srcvm": "src_vm", "vm2": "dst_vm", "destvm": "dst_vm",
    "destport": "dst_port", "destinationport": "dst_port", "l4protocol": "proto", "protocol": "proto",
    "l7protocol": "service", "flowdirection": "way", "direction": "way", "flowstatus": "status",
    "allowedinflows": "allowed_in", "allowedoutflows": "allowed_out", "deniedinflows": "denied_in",
    "deniedoutflows": "denied_out", "flowcount": "flows",
    "outboundpackets": "src_packets", "packetssrctodest": "src_packets", "outboundbytes": "src_bytes",
    "bytessrctodest": "src_bytes", "inboundpackets": "dst_packets", "packetsdesttosrc": "dst_packets",
    "inboundbytes": "dst_bytes", "bytesdesttosrc": "dst_bytes",
    "computer": "computer", "bytessent": "bytes_sent", "bytesreceived": "bytes_received",
    "linksestablished": "established", "connectionid": "uid", "subtype": "subtype", "type": "type",
}  # fmt: skip
"""Name in lower case without its ending → what it is."""


def plain_name(name: str) -> str:
    """A column's name without case, suffix and zone.

    Examples
    --------
    >>> plain_name("SrcPublicIPs_s"), plain_name("FlowStartTime [UTC]"), plain_name("DestPort_d")
    ('srcpublicips', 'flowstarttime', 'destport')
    """
    return _ENDING.sub("", name.strip().lower())


def field_of(name: str) -> str | None:
    """What a column is; None where it only goes to ``extra``."""
    return ALIASES.get(plain_name(name))


def kind_of(names: Iterable[str]) -> str | None:
    """Which table has these columns: ``"AzureNetworkAnalytics_CL"``, ``"NTANetAnalytics"``, ``"VMConnection"``.

    Examples
    --------
    >>> kind_of(["FlowStartTime", "SrcIp", "DestIp", "DestPort", "L4Protocol", "BytesSrcToDest"])
    'NTANetAnalytics'
    """
    plain = {plain_name(name) for name in names}
    if plain >= {"sourceip", "destinationip", "direction", "timegenerated"} and plain & {
        "linksestablished", "bytessent", "remoteip",
    }:  # fmt: skip
        return "VMConnection"
    if not plain >= {"l4protocol", "destport"} or not plain & {"flowstarttime", "flowintervalstarttime"}:
        return None
    if plain & {"bytessrctodest", "packetssrctodest", "aclrule", "flowencryption", "srcsubscription", "srcvm"}:
        return "NTANetAnalytics"
    return "AzureNetworkAnalytics_CL" if plain & {"srcip", "destip", "vmip", "vmipaddress", "publicips"} else None
