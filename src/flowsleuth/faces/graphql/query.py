"""The queries: Apache Spot's eleven under ``flow``, by its names, with paging, sorting and ranges of days added."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.types import Info

from flowsleuth.errors import OptionError
from flowsleuth.faces.graphql import rows, types
from flowsleuth.faces.graphql.arguments import Date, Days, First, Last, Page, Size, check_page, cut, listed
from flowsleuth.faces.graphql.context import QUESTION, Context, context_of
from flowsleuth.faces.graphql.scalars import BigInt, SpotDate, SpotDatetime, SpotIp
from flowsleuth.faces.graphql.threat import Threat
from flowsleuth.triage.filters import QueueFilter
from flowsleuth.workspace import investigation
from flowsleuth.workspace.flow_lists import flows_between
from flowsleuth.workspace.lead_list import LeadFilter

if TYPE_CHECKING:
    from flowsleuth.workspace.queue import QueuePage

MOST_BINS = 50_000
LONGEST, LONGEST_BY_MINUTE = 3_660, 31
"""Days of an ingest summary."""
LISTED = 250
KNOWN = "context files"


@strawberry.type(name="NetflowThreatsType", description="What analysts have decided.")
class Threats:
    """Ratings and stories."""

    @strawberry.field(name="list", description="Suspects that have been rated, by any of the severities.")
    def rated(
        self,
        info: Info,
        *,
        date: Date = None,
        start_date: First = None,
        end_date: Last = None,
        page: Page = 1,
        size: Size = LISTED,
    ) -> list[types.Scored | None] | None:
        found = queue_page(
            context_of(info), Days(date, start_date, end_date), {"state": "rated"}, {"page": page, "size": size}
        )
        return [types.Scored(**rows.renamed(row, rows.SCORED)) for row in found.rows.table.to_pylist()] if found else []

    @strawberry.field(description="Title and text of the saved stories whose window holds the day; all without one.")
    def comments(
        self,
        info: Info,
        *,
        date: Annotated[SpotDate | None, strawberry.argument(description="Only stories about this day.")] = None,
        page: Page = 1,
        size: Size = LISTED,
    ) -> list[types.Comment | None] | None:
        context = context_of(info)
        check_page(page, size)
        context.spend(QUESTION + 20 * size)
        stories = context.workspace.stories().table.to_pylist()
        if date is not None:
            start, end = Days(date).bounds(context)
            stories = [s for s in stories if _overlaps(s, start, end)]
        chosen = stories[(page - 1) * size : page * size]
        return [rows.comment(context.workspace.story(story["story_id"])) for story in chosen]


def _overlaps(story: dict[str, Any], start: dt.datetime | None, end: dt.datetime | None) -> bool:
    begins_in_time = story["start"] is None or end is None or story["start"] < end
    return begins_in_time and (story["end"] is None or start is None or story["end"] > start)


@strawberry.type(name="NetflowQueryType", description="Everything about flows.")
class Flow:
    """The queries."""

    @strawberry.field(description="The queue of suspects, most suspicious first; rated and suppressed ones aside.")
    def suspicious(
        self,
        info: Info,
        *,
        date: Date = None,
        ip: Annotated[SpotIp | None, strawberry.argument(description="Only with this address at either end.")] = None,
        start_date: First = None,
        end_date: Last = None,
        page: Page = 1,
        size: Size = LISTED,
        sort: Annotated[str, strawberry.argument(description="A column of the queue, such as rank or score.")] = "rank",
        descending: Annotated[bool, strawberry.argument(description="Largest first.")] = False,
        state: Annotated[str, strawberry.argument(description="unrated, rated or all.")] = "unrated",
        detector: Annotated[str | None, strawberry.argument(description="By default the default one.")] = None,
        text: Annotated[
            str | None, strawberry.argument(description="Part of the reason, a name, an address, a service.")
        ] = None,
    ) -> list[types.Suspicious | None] | None:
        context = context_of(info)
        order = {"page": page, "size": size, "sort": sort, "descending": descending, "detector": detector}
        found = queue_page(context, Days(date, start_date, end_date), {"ip": ip, "state": state, "text": text}, order)
        return [*rows.suspicious(found.rows.table, known_of(context))] if found else []

    @strawberry.field(description="How many suspects there are for the same question, on all pages. (new)")
    def suspicious_total(
        self,
        info: Info,
        *,
        date: Date = None,
        ip: Annotated[SpotIp | None, strawberry.argument(description="Only with this address at either end.")] = None,
        start_date: First = None,
        end_date: Last = None,
        state: Annotated[str, strawberry.argument(description="unrated, rated or all.")] = "unrated",
        detector: Annotated[str | None, strawberry.argument(description="By default the default one.")] = None,
        text: Annotated[str | None, strawberry.argument(description="As for suspicious.")] = None,
    ) -> BigInt | None:
        order = {"page": 1, "size": 1, "detector": detector}
        asked = {"ip": ip, "state": state, "text": text}
        found = queue_page(context_of(info), Days(date, start_date, end_date), asked, order)
        return BigInt(found.total if found else 0)

    @strawberry.field(description="Hosts, or pairs, by all evidence of a day, least chance first. (new)")
    def leads(
        self,
        info: Info,
        *,
        by: Annotated[str, strawberry.argument(description="host or pair.")] = "host",
        date: Annotated[SpotDate | None, strawberry.argument(description="Only this day; all without one.")] = None,
        ip: Annotated[SpotIp | None, strawberry.argument(description="The host or the other end.")] = None,
        detector: Annotated[str | None, strawberry.argument(description="One of those that found it.")] = None,
        technique: Annotated[str | None, strawberry.argument(description="ATT&CK technique.")] = None,
        text: Annotated[str | None, strawberry.argument(description="Part of an end, the reason, the role.")] = None,
        state: Annotated[str, strawberry.argument(description="open, rated or all.")] = "open",
        page: Page = 1,
        size: Size = LISTED,
    ) -> list[types.Lead | None] | None:
        context = context_of(info)
        check_page(page, size)
        context.spend(QUESTION + size)
        dates = None if date is None else [date.isoformat()]
        narrow = {"dates": dates, "ip": ip, "detector": detector, "technique": technique, "text": text}
        asked = LeadFilter(by, state, **narrow)  # type: ignore[arg-type]
        return rows.leads(context.workspace.leads(asked, page=page, size=size).rows.table)

    @strawberry.field(description="What a lead rests on, strongest first; or one finding by its own id. (new)")
    def findings(
        self,
        info: Info,
        *,
        id: Annotated[BigInt, strawberry.argument(description="A leadId or findingId.")],
    ) -> list[types.Finding | None] | None:
        context = context_of(info)
        context.spend(4 * QUESTION)
        return rows.findings(context.workspace.findings(lead_id=id).table)

    @strawberry.field(description="A host: its leads by day, its pairs, its findings. (new)")
    def host(
        self,
        info: Info,
        *,
        ip: Annotated[SpotIp, strawberry.argument(description="The address.")],
        size: Size = LISTED,
    ) -> types.Host | None:
        context = context_of(info)
        check_page(1, size)
        context.spend(4 * QUESTION + 3 * size)
        ws = context.workspace
        days = ws.leads(LeadFilter("host", "all", ip=ip), size=None).rows.table.sort_by("day")
        pairs = ws.leads(LeadFilter("pair", "all", ip=ip), size=size).rows.table
        roles = [role for role in days["role"].to_pylist() if role]
        history = rows.leads(days.slice(max(len(days) - size, 0)))
        found = ws.findings(host=ip).table.slice(0, size)
        return types.Host(
            ip=ip, role=roles[-1] if roles else None, history=history, pairs=rows.leads(pairs),
            findings=rows.findings(found),
        )  # fmt: skip

    @strawberry.field(description="All flows between two addresses, either way, in the minute of a moment.")
    def edge_details(
        self,
        info: Info,
        *,
        tstart: Annotated[SpotDatetime, strawberry.argument(description="A moment in that minute, UTC.")],
        src_ip: Annotated[SpotIp, strawberry.argument(description="One address.")],
        dst_ip: Annotated[SpotIp, strawberry.argument(description="The other.")],
        page: Page = 1,
        size: Size = LISTED,
    ) -> list[types.EdgeDetails | None] | None:
        context = context_of(info)
        context.spend(QUESTION + size)
        found = flows_between(context.workspace, src_ip, dst_ip, tstart, columns=rows.EDGE_COLUMNS)
        return [rows.edge(row) for row in cut(found.table, page, size)]

    @strawberry.field(description="Volume between an address and each of its suspicious peers, by direction.")
    def ip_details(
        self,
        info: Info,
        *,
        ip: Annotated[SpotIp, strawberry.argument(description="The address.")],
        date: Date = None,
        page: Page = 1,
        size: Size = LISTED,
    ) -> list[types.IpDetails | None] | None:
        context = context_of(info)
        context.spend(10 * QUESTION + size)
        day = context.day(date)
        found = context.workspace.chord(ip, day.isoformat() if day else None)
        return [types.IpDetails(**rows.renamed(row, rows.CHORD)) for row in cut(found.table, page, size)]

    @strawberry.field(description="What analysts have decided.")
    def threats(self) -> Threats | None:
        return Threats()

    @strawberry.field(description="Everything about one address.")
    def threat(self) -> Threat | None:
        return Threat()

    @strawberry.field(description="Flows ingested by minute, or by wider bins; bins without flows are left out.")
    def ingest_summary(
        self,
        info: Info,
        *,
        start_date: Annotated[SpotDate, strawberry.argument(description="First day, UTC.")],
        end_date: Annotated[SpotDate, strawberry.argument(description="Last day, itself included.")],
        bins: Annotated[
            int | None, strawberry.argument(description="At most so many bins; by default one a minute.")
        ] = None,
    ) -> list[types.IngestSummary | None] | None:
        context = context_of(info)
        if bins is not None and not 1 <= bins <= MOST_BINS:
            raise OptionError(f"1 to {MOST_BINS:,}", where=f"bins {bins}")
        listed(start_date, end_date, LONGEST if bins else LONGEST_BY_MINUTE)
        context.spend(10 * QUESTION)
        start, end = Days(first=start_date, last=end_date).bounds(context)
        found = context.workspace.ingest_summary(start, end, bins).table.to_pylist()
        return [
            types.IngestSummary(datetime=row["start"], total=row["rows"], seconds=row["bin_s"])
            for row in found
            if row["table"] == "flow"
        ]


def queue_page(context: Context, days: Days, asked: dict[str, Any], order: dict[str, Any]) -> QueuePage | None:
    """A page of the queue; None when nothing was scored."""
    check_page(order["page"], order["size"])
    context.spend(QUESTION + order["size"])
    dates = days.names(context)
    if dates is None:
        return None
    return context.workspace.queue(QueueFilter(**asked, dates=dates), **order)


def known_of(context: Context) -> Any:
    """What the context files tell, read once a request."""
    if KNOWN not in context.found:
        context.found[KNOWN] = investigation.context_of(context.workspace)
    return context.found[KNOWN]


@strawberry.type(description="Reading.")
class Query:
    """The root."""

    @strawberry.field(description="Everything about flows. Spot's dns and proxy are not here.")
    def flow(self) -> Flow | None:
        return Flow()
