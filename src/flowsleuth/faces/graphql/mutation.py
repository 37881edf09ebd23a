"""The mutations: Apache Spot's three under ``flow``, by its names."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.faces.graphql import types
from flowsleuth.faces.graphql.arguments import Days
from flowsleuth.faces.graphql.context import INVESTIGATION, MUTATION, Context, context_of
from flowsleuth.faces.graphql.scalars import BigInt, SpotDate, SpotDatetime, SpotIp
from flowsleuth.workspace.accounts import Role

MOST_TOP = 1_000


def said(description: str) -> Any:
    """An input field that may be left out, with its sentence."""
    return strawberry.field(description=description, default=None)


@strawberry.input(
    name="NetflowScoreInputType", description="Which suspects are rated, and how; all criteria must hold."
)
class ScoreInput:
    """Criteria and severity."""

    score: int = strawberry.field(description="1 high, 2 medium, 3 low.")
    date: SpotDate | None = said("Only suspects of this day; by default the latest scored one.")
    src_ip: SpotIp | None = said("Source address.")
    dst_ip: SpotIp | None = said("Destination address.")
    src_port: int | None = said("Source port; 0 is a port (in Spot it was no criterion).")
    dst_port: int | None = said("Destination port.")
    ip: SpotIp | None = said("Address at either end. (new)")
    detector: str | None = said("Whose suspects; by default the default one. (new)")
    comment: str | None = said("Why. (new)")
    leads: list[BigInt] | None = said("Leads by id, instead of suspects. (new)")
    by: str | None = said("host or pair: leads of this kind that meet the criteria, instead of suspects. (new)")
    name: str | None = said("Server name of leads; *.example.com is everything below it. (new)")


@strawberry.input(
    name="NetflowThreatDetailsInputType", description="Taken as Spot's clients send it, and not looked at."
)
class ThreatDetailsInput:
    """A row of a search result; the server searches itself and believes no client's numbers."""

    first_seen: SpotDatetime | None = said("Not looked at.")
    last_seen: SpotDatetime | None = said("Not looked at.")
    src_ip: SpotIp | None = said("Not looked at.")
    dst_ip: SpotIp | None = said("Not looked at.")
    src_port: int | None = said("Not looked at.")
    dst_port: int | None = said("Not looked at.")
    connections: BigInt | None = said("Not looked at.")
    max_pkts: BigInt | None = said("Not looked at.")
    avg_pkts: BigInt | None = said("Not looked at.")
    max_bytes: BigInt | None = said("Not looked at.")
    avg_bytes: BigInt | None = said("Not looked at.")


@strawberry.input(name="NetflowCreateStoryboardInputType", description="A story to save.")
class StoryboardInput:
    """Address and words."""

    ip: SpotIp = strawberry.field(description="The address.")
    title: str = strawberry.field(description="Title, plain text.")
    text: str = strawberry.field(description="What the analyst says, plain text.")
    date: SpotDate | None = said("The day it is about; by default the latest scored one.")
    threat_details: list[ThreatDetailsInput | None] | None = said("Not looked at: the server searches itself.")
    first: int | None = said("How many peers of each kind are shown one by one (in Spot it never arrived); 20.")
    start_date: SpotDate | None = said("First day of a range, instead of date. (new)")
    end_date: SpotDate | None = said("Last day of a range, itself included. (new)")


@strawberry.type(name="NetflowMutationType", description="What analysts decide about flows.")
class FlowMutation:
    """The mutations."""

    @strawberry.field(description="Rate suspects. Each entry is a rating of its own, which can be undone.")
    def score(
        self,
        info: Info,
        *,
        input: Annotated[list[ScoreInput], strawberry.argument(description="Criteria and severities.")],
    ) -> list[types.Outcome | None] | None:
        context = context_of(info)
        context.spend(MUTATION * len(input))
        return [attempt(lambda one=one: _rate(context, one)) for one in input]

    @strawberry.field(description="Investigate an address and save what is found as a story; replaces the one before.")
    def create_storyboard(
        self, info: Info, input: Annotated[StoryboardInput, strawberry.argument(description="The story.")]
    ) -> types.Outcome | None:
        context = context_of(info)
        context.spend(INVESTIGATION)
        return attempt(lambda: _save(context, input))

    @strawberry.field(description="Take back all ratings of a day, for everybody; this can be undone (restore).")
    def reset_scored_connections(
        self, info: Info, date: Annotated[SpotDate, strawberry.argument(description="The day.")]
    ) -> types.Outcome | None:
        context = context_of(info)
        context.spend(MUTATION)
        return attempt(lambda: _reset(context, date))


def attempt(deed: Any) -> types.Outcome:
    """Do it; what is refused on purpose is told as no success."""
    try:
        done: types.Outcome = deed()
    except FlowsleuthError as error:
        return types.Outcome(success=False, message=str(error))
    return done


def _rate(context: Context, asked: ScoreInput) -> types.Outcome:
    day = context.day(asked.date)
    if day is None:
        raise OptionError("nothing was scored yet")
    made = context.workspace.rate(
        asked.score,
        src_ip=asked.src_ip,
        dst_ip=asked.dst_ip,
        src_port=asked.src_port,
        dst_port=asked.dst_port,
        ip=asked.ip,
        why=asked.comment or "",
        detector=asked.detector,
        leads=asked.leads,
        by=asked.by,
        name=asked.name,
        dates=None if asked.leads else [day.isoformat()],
    )
    return types.Outcome(
        success=made.suspects > 0, id=BigInt(made.rating_id), suspects=BigInt(made.suspects), flows=BigInt(made.flows)
    )


def _save(context: Context, asked: StoryboardInput) -> types.Outcome:
    start, end = Days(asked.date, asked.start_date, asked.end_date).bounds(context)
    top = 20 if asked.first is None else asked.first
    if not 1 <= top <= MOST_TOP:
        raise OptionError(f"1 to {MOST_TOP:,}", where=f"first {top}")
    found = context.workspace.investigate(asked.ip, start=start, end=end, top=top)
    return types.Outcome(success=True, id=BigInt(found.save_story(asked.title, asked.text).story_id))


def _reset(context: Context, date: SpotDate) -> types.Outcome:
    return types.Outcome(success=True, id=BigInt(context.workspace.reset_day(date.isoformat())))


@strawberry.type(description="Writing; needs the role of an analyst.")
class Mutation:
    """The root: nothing below it is reached without the role."""

    @strawberry.field(description="What analysts decide about flows.")
    def flow(self, info: Info) -> FlowMutation | None:
        context_of(info).needs(Role.ANALYST)
        return FlowMutation()
