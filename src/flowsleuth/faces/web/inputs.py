"""What requests may carry, with bounds; anything else is refused by name before a route runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

NAME = 200
"""Longest text of one word: an address list, a name, a detector."""
COMMENT = 4_000
PAGE_SIZE = 1_000
IDS = 10_000
"""Suspects or flows that one rating may name."""
SAFE = 2**53 - 1


class Input(BaseModel):
    """A request's body or query: nothing unknown, no coercion of one type to another in bodies."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Login(Input):
    """Name and password."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    password: Annotated[str, Field(min_length=1, max_length=1_024, repr=False)]
