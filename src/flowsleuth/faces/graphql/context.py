"""What resolvers have in hand: the workspace, who asks, and a budget that no query can exceed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError, RefusedError

if TYPE_CHECKING:
    from strawberry.types import Info

    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.accounts import Identity, Role

BUDGET = 20_000
"""What one request may cost: a row costs 1, the work behind it as below."""
QUESTION = 50
INVESTIGATION = 2_500
MUTATION = 100


@dataclass
class Context:
    """One request's.

    Attributes
    ----------
    workspace : Workspace
    who : Identity
    left : int
        Of the budget.
    """

    workspace: Workspace
    who: Identity
    left: int = BUDGET
    found: dict[Any, Any] = field(default_factory=dict)

    def spend(self, points: int) -> None:
        """Take from the budget before the work is done.

        Raises
        ------
        OptionError
            There is not so much left.
        """
        self.left -= points
        if self.left < 0:
            hint = "ask for fewer rows or addresses at a time"
            raise OptionError(f"the request costs more than {BUDGET:,} points", where="query", hint=hint)

    def needs(self, role: Role) -> None:
        """Go on only for those with this role.

        Raises
        ------
        RefusedError
            The asker has a lesser one.
        """
        if not self.who.role.includes(role):
            raise RefusedError(f"this needs the role {role.value}")

    @cached_property
    def latest(self) -> str | None:
        """The latest day that was scored."""
        dates = self.workspace.queue(size=1).dates
        return max(dates) if dates else None

    def day(self, date: dt.date | None) -> dt.date | None:
        """The day that is meant: the one given, or else the latest scored one, whatever today is."""
        if date is not None:
            return date
        return None if self.latest is None else dt.date.fromisoformat(self.latest)


def context_of(info: Info[Any, Any]) -> Context:
    """The context of a resolver."""
    found: Context = info.context
    return found
