"""One address: expanded search, progression, impact, map, timeline; from the saved story, or found now."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.types import Info

from flowsleuth.errors import OptionError
from flowsleuth.faces.graphql import rows, types
from flowsleuth.faces.graphql.arguments import MOST, Date, Days, First, Last, Page, Size, check_page, cut
from flowsleuth.faces.graphql.context import INVESTIGATION, QUESTION, Context, context_of
from flowsleuth.faces.graphql.scalars import SpotIp
from flowsleuth.viz import figure
from flowsleuth.workspace.flow_lists import flows_of

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Dossier
    from flowsleuth.workspace.investigation import Investigation

TOP = 20

Ip = Annotated[SpotIp, strawberry.argument(description="The address.")]
Top = Annotated[int, strawberry.argument(description="How many peers of each kind are shown one by one.")]


def investigated(
    context: Context, ip: str, bounds: tuple[dt.datetime | None, dt.datetime | None], top: int = TOP
) -> Investigation:
    """An investigation; asked once for all fields of a request that want the same."""
    if not 1 <= top <= MOST:
        raise OptionError(f"1 to {MOST:,}", where=f"top {top}")
    key = (ip, *bounds, top)
    if key not in context.found:
        context.spend(INVESTIGATION)
        context.found[key] = context.workspace.investigate(ip, start=bounds[0], end=bounds[1], top=top)
    found: Investigation = context.found[key]
    return found


def evidence(context: Context, ip: str, days: Days, top: int) -> Dossier:
    """What the saved story of this address and window tells; found now when there is none."""
    bounds = days.bounds(context)
    for row in context.workspace.stories().table.to_pylist():
        if (row["target"], row["start"], row["end"]) == (ip, *bounds):
            context.spend(QUESTION)
            return context.workspace.story(row["story_id"]).dossier
    return investigated(context, ip, bounds, top).dossier()


def figure_of(dossier: Dossier, name: str) -> dict[str, Any] | None:
    """The figure of a section; None when there is nothing to see."""
    section = dossier[name]
    return figure(section) if section.absent is None else None


@strawberry.type(name="NetflowThreatInformation", description="Everything about one address.")
class Threat:
    """The queries about one address."""

    @strawberry.field(description="Expanded search: a row per source, destination, destination port and protocol.")
    def details(
        self,
        info: Info,
        *,
        ip: Ip,
        date: Date = None,
        start_date: First = None,
        end_date: Last = None,
        page: Page = 1,
        size: Size = MOST,
    ) -> list[types.ThreatDetails | None] | None:
        context = context_of(info)
        context.spend(size)
        found = investigated(context, ip, Days(date, start_date, end_date).bounds(context))
        return [rows.details(row) for row in cut(found.search.table, page, size)]

    @strawberry.field(description="The incident as a tree: address, way, network, peer.")
    def incident_progression(
        self,
        info: Info,
        *,
        ip: Ip,
        date: Date = None,
        start_date: First = None,
        end_date: Last = None,
        top: Top = TOP,
    ) -> types.ProgressionNode | None:
        spec = figure_of(evidence(context_of(info), ip, Days(date, start_date, end_date), top), "progression")
        return None if spec is None else rows.progression(spec["root"])

    @strawberry.field(description="How many peers, by way and network.")
    def impact_analysis(
        self,
        info: Info,
        *,
        ip: Ip,
        date: Date = None,
        start_date: First = None,
        end_date: Last = None,
        top: Top = TOP,
    ) -> types.ImpactNode | None:
        spec = figure_of(evidence(context_of(info), ip, Days(date, start_date, end_date), top), "impact")
        return None if spec is None else rows.impact({"name": "", "size": spec["total"], **spec})

    @strawberry.field(description="Where the peers are; null without iploc.csv.")
    def geo_localization(
        self,
        info: Info,
        *,
        ip: Ip,
        date: Date = None,
        start_date: First = None,
        end_date: Last = None,
        top: Top = TOP,
    ) -> types.MapView | None:
        spec = figure_of(evidence(context_of(info), ip, Days(date, start_date, end_date), top), "places")
        return None if spec is None else rows.map_view(spec)

    @strawberry.field(
        description="The address's flows in order of time, all of them by pages (in Spot: the first 1000)."
    )
    def timeline(
        self,
        info: Info,
        *,
        ip: Ip,
        date: Date = None,
        start_date: First = None,
        end_date: Last = None,
        page: Page = 1,
        size: Size = MOST,
    ) -> list[types.Timeline | None] | None:
        context = context_of(info)
        check_page(page, size)
        context.spend(4 * QUESTION + size)
        start, end = Days(date, start_date, end_date).bounds(context)
        which = {"limit": size, "offset": (page - 1) * size}
        found = flows_of(context.workspace, ip, start, end, columns=list(rows.TIMELINE.values()), **which)
        return [types.Timeline(**rows.renamed(row, rows.TIMELINE)) for row in found.table.to_pylist()]
