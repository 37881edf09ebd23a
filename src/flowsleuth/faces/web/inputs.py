"""What requests may carry, with bounds; anything else is refused by name before a route runs."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator

NAME = 200
"""Longest text of one word: an address list, a name, a detector."""
COMMENT = 4_000
PAGE_SIZE = 1_000
IDS = 10_000
"""Suspects or flows that one rating may name."""
SAFE = 2**53 - 1


Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.-]+$")]
"""A detector, a heuristic, a column."""
Address = Annotated[str, Field(min_length=2, max_length=64)]
"""An address or CIDR; whether it is one, the workspace says."""
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


Text = Annotated[str, Field(max_length=500)]
Listed = Annotated[str, Field(max_length=2_000)]
"""Addresses, ports, days: several with commas."""


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


Moment = Annotated[dt.datetime, AfterValidator(_utc)]
"""ISO 8601; without a zone it is UTC."""


def _ports(value: Any) -> str | int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65_535):
        return value
    if isinstance(value, str) and len(value) <= 2_000:
        return value or None
    raise ValueError("not a port, a range, or several with commas")


Ports = Annotated[str | int | None, PlainValidator(_ports)]


class Input(BaseModel):
    """A request's body or query: nothing unknown, no coercion of one type to another in bodies."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Login(Input):
    """Name and password."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    password: Annotated[str, Field(min_length=1, max_length=1_024, repr=False)]


class Window(Input):
    """From when on, and before when; open where not given."""

    start: Moment | None = None
    end: Moment | None = None


class Inquiry(Input):
    """What is investigated, and when; an open end stays open."""

    target: Address
    start: Moment | None = None
    end: Moment | None = None
    top: Annotated[int, Field(ge=1, le=1_000)] = 20


class QueueQuery(Input):
    """Which suspects; see :class:`flowsleuth.triage.filters.QueueFilter`."""

    state: Literal["unrated", "rated", "all"] = "unrated"
    severity: Annotated[str, Field(pattern=r"^[123](,[123])*$|^$")] | None = None
    src_ip: Listed | None = None
    dst_ip: Listed | None = None
    ip: Listed | None = None
    src_port: Listed | None = None
    dst_port: Listed | None = None
    proto: Text | None = None
    direction: Text | None = None
    start: Moment | None = None
    end: Moment | None = None
    min_bytes: Annotated[int, Field(ge=0, le=SAFE)] | None = None
    max_bytes: Annotated[int, Field(ge=0, le=SAFE)] | None = None
    reason: Text | None = None
    name: Text | None = None
    text: Text | None = None
    dates: Annotated[str, Field(max_length=20_000)] | None = None
    include_suppressed: bool = False
    detector: Annotated[str, Field(max_length=64)] | None = None


Id = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""64 bits, signed; as text where JavaScript would round it."""


class CriteriaInput(Input):
    """What a rating is about; everything that is given must hold."""

    src_ip: Listed | None = None
    dst_ip: Listed | None = None
    src_port: Ports = None
    dst_port: Ports = None
    ip: Listed | None = None
    suspects: Annotated[list[Id] | None, Field(max_length=IDS)] = None
    flows: Annotated[list[Id] | None, Field(max_length=IDS)] = None
    leads: Annotated[list[Id] | None, Field(max_length=IDS)] = None
    by: Literal["host", "pair"] | None = None
    name: Text | None = None
    detector: Name | None = None
    dates: Annotated[list[Day] | None, Field(max_length=3_660)] = None

    def given(self) -> dict[str, Any]:
        """Criteria, detector and days, as the workspace takes them; what is empty is not given."""
        names = CriteriaInput.model_fields
        return {name: value for name in names if (value := getattr(self, name)) not in (None, "", [])}
