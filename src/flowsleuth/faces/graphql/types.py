"""What queries answer with. Names are Apache Spot's; every field says what it holds and what is new about it."""

from __future__ import annotations

from typing import Any, Optional

import strawberry

from flowsleuth.faces.graphql.scalars import BigInt, SpotDate, SpotDatetime, SpotIp


def said(description: str, name: str | None = None) -> Any:
    """A field with its sentence."""
    return strawberry.field(description=description, name=name, default=None)


@strawberry.type(name="NetflowSuspiciousType", description="A suspect: near-identical flows, shown by the strongest.")
class Suspicious:
    """One row of the queue."""

    sev: int | None = said("Rating: 1 high, 2 medium, 3 low; null while unrated.")
    tstart: SpotDatetime | None = said("Start of the strongest flow, UTC (in Spot: when the collector received it).")
    src_ip: SpotIp | None = said("Who sent the first packet.")
    dst_ip: SpotIp | None = said("The other side.")
    src_port: int | None = said("Port of the source; null where the protocol has none (in Spot: 0).")
    dst_port: int | None = said("Port of the destination; null where the protocol has none (in Spot: 0).")
    protocol: str | None = said("IANA transport keyword, lower case.")
    in_pkts: BigInt | None = said("Packets sent by the source; null where the log does not say.")
    in_bytes: BigInt | None = said("Bytes sent by the source.")
    out_pkts: BigInt | None = said("Packets sent by the destination.")
    out_bytes: BigInt | None = said("Bytes sent by the destination.")
    score: float | None = said("0 to 1, HIGH is suspicious (in Spot a probability, low was suspicious).")
    rank: int | None = said("Place in the queue, from 1, ratings taken into account (in Spot from 0, without).")
    src_ip_is_internal: bool | None = said("The source is in a home network or an internal range.", "srcIp_isInternal")
    dst_ip_is_internal: bool | None = said("The same of the destination.", "dstIp_isInternal")
    src_ip_geoloc: str | None = said("Place of the source from iploc.csv; null where nothing is known.", "srcIp_geoloc")
    dst_ip_geoloc: str | None = said("Place of the destination.", "dstIp_geoloc")
    src_ip_domain: str | None = said("Domain of the source from iploc.csv.", "srcIp_domain")
    dst_ip_domain: str | None = said(
        "Domain of the destination from iploc.csv, or else the server name.", "dstIp_domain"
    )
    src_ip_rep: str | None = said("Reputation; always null, no service is asked.", "srcIp_rep")
    dst_ip_rep: str | None = said("Reputation; always null, no service is asked.", "dstIp_rep")
    reason: str | None = said("Why it is suspicious, in words. (new)")
    surprise: float | None = said("Unbounded evidence behind the score, nats. (new)")
    moved: int | None = said("Places that ratings moved it; + is up. (new)")
    flows: BigInt | None = said("Near-identical flows in the group. (new)")
    first_seen: SpotDatetime | None = said("Start of the earliest flow of the group. (new)")
    last_seen: SpotDatetime | None = said("Start of the latest flow of the group. (new)")
    server_name: str | None = said("TLS server name or HTTP host. (new)")
    service: str | None = said("Application protocol. (new)")
    suspect_id: BigInt | None = said("Id of the group. (new)")
    flow_id: BigInt | None = said("Id of the strongest flow; details and explanations are asked for by it. (new)")


@strawberry.type(name="LeadType", description="A host or a pair of a day, by all evidence together. (new)")
class Lead:
    """One lead as it stands."""

    lead_id: BigInt | None = said("Its id; ratings and its findings are asked for by it.")
    day: SpotDate | None = said("The UTC day.")
    by: str | None = said("host or pair.")
    rank: int | None = said("Place in the day's list of its kind, from 1.")
    score: float | None = said("0 to 1, high is suspicious: 1 less the share of usual ones with as much evidence.")
    q_value: float | None = said("Expected share of false leads in the list down to this one.")
    surprise: float | None = said("Evidence, nats.")
    host: SpotIp | None = said("The address that it is about.")
    role: str | None = said("What the host is, by its flows.")
    src_ip: SpotIp | None = said("Who began it; null for a host.")
    dst_ip: SpotIp | None = said("The other end; null for a host, or where there are several.")
    server_name: str | None = said("Name of the other end.")
    protocol: str | None = said("IANA transport keyword; null where there are several.")
    service_port: int | None = said("Port of the service; null where there are several.")
    detectors: str | None = said("What found it, strongest first, with commas.")
    technique: str | None = said("ATT&CK techniques, with commas.")
    flows: BigInt | None = said("Flows that it rests on.")
    first_seen: SpotDatetime | None = said("Start of the earliest of them, UTC.")
    last_seen: SpotDatetime | None = said("Start of the latest of them, UTC.")
    in_bytes: BigInt | None = said("Bytes sent by the source in them.")
    out_bytes: BigInt | None = said("Bytes sent by the destination in them.")
    reason: str | None = said("Why, in words and numbers; plain, to be escaped by whoever shows it.")
    normal_if: str | None = said("What would make it normal: its rank without its strongest evidence.")
    sev: int | None = said("Rating: 1 high, 2 medium, 3 low; null while unrated.")
    is_hidden: bool | None = said("It is rated low or suppressed.")
    set_aside: int | None = said("Findings that do not count any more.")
    moved: int | None = said("Places that ratings and suppressions moved it; + is up.")


@strawberry.type(name="FindingType", description="What one finder tells of a host or a pair. (new)")
class Finding:
    """One finding."""

    finding_id: BigInt | None = said("Its id.")
    day: SpotDate | None = said("The UTC day.")
    detector: str | None = said("Who found it.")
    host: SpotIp | None = said("The address whose conduct it is.")
    src_ip: SpotIp | None = said("Who began it.")
    dst_ip: SpotIp | None = said("The other end; null where there are several, or it is told by name.")
    server_name: str | None = said("Name of the other end.")
    protocol: str | None = said("IANA transport keyword.")
    service_port: int | None = said("Port of the service.")
    p_value: float | None = said("Chance of something as extreme by what is normal.")
    technique: str | None = said("ATT&CK technique.")
    flows: BigInt | None = said("Flows that it rests on.")
    first_seen: SpotDatetime | None = said("Start of the earliest of them, UTC.")
    last_seen: SpotDatetime | None = said("Start of the latest of them, UTC.")
    reason: str | None = said("Why, in words and numbers; plain, to be escaped by whoever shows it.")
    evidence: str | None = said("The numbers of the reason, a JSON object.")


@strawberry.type(name="HostType", description="A host: how it stands, what was found of it. (new)")
class Host:
    """One address."""

    ip: SpotIp | None = said("The address.")
    role: str | None = said("What it is, by its flows on the latest day that tells.")
    history: list[Lead | None] | None = said("Its leads by day, oldest first, set aside or not.")
    pairs: list[Lead | None] | None = said("Leads about pairs with it, least chance first, set aside or not.")
    findings: list[Finding | None] | None = said("What was found of it, the least likely first.")


@strawberry.type(name="NetflowEdgeDetailsType", description="A flow between two addresses, either way.")
class EdgeDetails:
    """One flow."""

    tstart: SpotDatetime | None = said("Start, UTC.")
    src_ip: SpotIp | None = said("Who sent the first packet.")
    dst_ip: SpotIp | None = said("The other side.")
    src_port: int | None = said("Port of the source.")
    dst_port: int | None = said("Port of the destination.")
    protocol: str | None = said("IANA transport keyword, lower case.")
    flags: str | None = said("TCP flags as the log writes them; else the connection's state.")
    tos: int | None = said("IP type of service.")
    in_bytes: BigInt | None = said("Bytes sent by the source.")
    in_pkts: BigInt | None = said("Packets sent by the source.")
    in_iface: str | None = said("Interface it came in by.")
    out_iface: str | None = said("Interface it left by.")
    router_ip: str | None = said("Exporter or sensor that saw it.")
    out_bytes: BigInt | None = said("Bytes sent by the destination.")
    out_pkts: BigInt | None = said("Packets sent by the destination (in Spot: its bytes).")
    flow_id: BigInt | None = said("Id of the flow. (new)")


@strawberry.type(name="NetflowIpConnectionDetailsType", description="Volume between an address and a suspicious peer.")
class IpDetails:
    """One direction."""

    src_ip: SpotIp | None = said("Who sent.")
    dst_ip: SpotIp | None = said("Who got.")
    in_bytes: BigInt | None = said("Bytes sent that way.")
    in_pkts: BigInt | None = said("Packets sent that way.")


@strawberry.type(name="NetflowScoredConnectionType", description="A suspect that has been rated.")
class Scored:
    """One rated suspect."""

    tstart: SpotDatetime | None = said("Start of the strongest flow, UTC.")
    src_ip: SpotIp | None = said("Who sent the first packet.")
    src_port: int | None = said("Port of the source; null where the protocol has none.")
    dst_ip: SpotIp | None = said("The other side.")
    dst_port: int | None = said("Port of the destination; null where the protocol has none.")
    score: int | None = said("Rating: 1 high, 2 medium, 3 low; of two ratings of the same, the later holds.")
    rating_id: BigInt | None = said("The rating, for undoing it. (new)")


@strawberry.type(name="NetflowCommentType", description="What an analyst said of an address: a saved story.")
class Comment:
    """One story's words."""

    ip: str | None = said("The address or network that the story is about.")
    title: str | None = said("Its title.")
    text: str | None = said("Its text; plain, to be escaped by whoever shows it.")
    story_id: BigInt | None = said("Id of the story. (new)")
    analyst: str | None = said("Who saved it. (new)")


@strawberry.type(name="NetflowThreatDetailsType", description="A row of the expanded search.")
class ThreatDetails:
    """One source, destination, destination port and protocol."""

    first_seen: SpotDatetime | None = said("Start of the earliest flow, UTC.")
    last_seen: SpotDatetime | None = said("End of the latest flow, UTC.")
    src_ip: SpotIp | None = said("Who sent the first packet.")
    dst_ip: SpotIp | None = said("The other side.")
    src_port: int | None = said("Always null: ephemeral ports of one source are put together (in Spot: a row each).")
    dst_port: int | None = said("Port of the destination.")
    protocol: str | None = said("IANA transport keyword. (new)")
    connections: BigInt | None = said("Flows.")
    max_pkts: BigInt | None = said("Most packets that the source sent in one flow.")
    avg_pkts: BigInt | None = said("Mean of the packets that the source sent, rounded.")
    max_bytes: BigInt | None = said("Most bytes that the source sent in one flow.")
    avg_bytes: BigInt | None = said("Mean of the bytes that the source sent, rounded.")
    total_bytes: BigInt | None = said("Bytes sent by the source in all. (new)")
    total_out_bytes: BigInt | None = said("Bytes sent by the destination in all. (new)")
    total_pkts: BigInt | None = said("Packets sent by the source in all. (new)")
    total_out_pkts: BigInt | None = said("Packets sent by the destination in all. (new)")


@strawberry.type(name="NetflowIncidentProgressionNodeType", description="A node of the incident's tree.")
class ProgressionNode:
    """Address, way, network or peer."""

    name: str = strawberry.field(description="The address, a way, a network or a peer.")
    impact: BigInt | None = said("Number of peers below (Spot kept it and never gave it out).")
    connections: BigInt | None = said("Flows below. (new)")
    children: list[Optional["ProgressionNode"]] | None = said("What is below.")  # noqa: UP037, UP045


@strawberry.type(name="NetflowImpactAnalysisNodeType", description="A bar of the impact analysis.")
class ImpactNode:
    """A way, a network or a peer, with its size."""

    name: str = strawberry.field(description="A way, a network or a peer.")
    size: BigInt | None = said("Number of peers; each level adds up to the one above.")
    bytes: BigInt | None = said("Bytes both ways. (new)")
    children: list[Optional["ImpactNode"]] | None = said("What is below.")  # noqa: UP037, UP045


@strawberry.type(name="NetflowMapViewGeometryType", description="A place.")
class Geometry:
    """GeoJSON point."""

    coordinates: list[float] | None = said("Longitude and latitude, degrees, in the order of GeoJSON.")


@strawberry.type(name="NetflowMapViewPropertiesType", description="What is at a place.")
class PlaceFacts:
    """An address there."""

    ip: SpotIp | None = said("The address.")
    location: str | None = said("Name of the place.")
    type: int | None = said("1 two way, 2 inbound, 3 outbound.")


@strawberry.type(name="NetflowMapViewIpType", description="One end of an arc.")
class MapEnd:
    """A place and who is there."""

    geometry: Geometry | None = said("Where it is.")
    properties: PlaceFacts | None = said("Who is there.")


@strawberry.type(name="NetflowMapViewType", description="The ends of the arcs; the n-th of both lists belong together.")
class MapView:
    """Arcs as two lists."""

    src_ips: list[MapEnd | None] | None = said(
        "Where the arcs begin; two-way arcs are here too (in Spot they were not)."
    )
    dst_ips: list[MapEnd | None] | None = said("Where the arcs end.")


@strawberry.type(name="NetflowTimelineType", description="A flow of the address.")
class Timeline:
    """One flow; Spot's fields were all non-null, so one missing port failed the whole answer."""

    tstart: SpotDatetime = strawberry.field(description="Start, UTC.")
    tend: SpotDatetime | None = said("End, UTC; null where the log does not say.")
    src_ip: SpotIp = strawberry.field(description="Who sent the first packet.")
    dst_ip: SpotIp = strawberry.field(description="The other side.")
    protocol: str | None = said("IANA transport keyword, lower case.")
    src_port: int | None = said("Port of the source; null where the protocol has none.")
    dst_port: int | None = said("Port of the destination; null where the protocol has none.")
    pkts: BigInt | None = said("Packets sent by the source; null where the log does not say.")
    bytes: BigInt | None = said("Bytes sent by the source; null where the log does not say.")


@strawberry.type(name="NetflowIngestSummaryType", description="Flows that were ingested in one bin of time.")
class IngestSummary:
    """One bin."""

    datetime: SpotDatetime | None = said("Its beginning, UTC.")
    total: BigInt | None = said("Flows that start in it.")
    seconds: int | None = said("Its width. (new)")


@strawberry.type(name="SpotOperationOutputType", description="What became of a mutation.")
class Outcome:
    """Success, and what it was about."""

    success: bool | None = said("It was done, and matched something.")
    message: str | None = said("Why not, in words. (new)")
    id: BigInt | None = said("Of the rating, the story or the reset. (new)")
    suspects: BigInt | None = said("Suspects that a rating matched. (new)")
    flows: BigInt | None = said("Flows that a rating matched. (new)")
