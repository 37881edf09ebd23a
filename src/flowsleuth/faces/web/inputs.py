"""What requests may carry, with bounds; anything else is refused by name before a route runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

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


class Input(BaseModel):
    """A request's body or query: nothing unknown, no coercion of one type to another in bodies."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Login(Input):
    """Name and password."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    password: Annotated[str, Field(min_length=1, max_length=1_024, repr=False)]


class Inquiry(Input):
    """What is investigated, and when; an open end stays open."""

    target: Address
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    top: Annotated[int, Field(ge=1, le=1_000)] = 20
