"""Arguments that many queries take: days, and pages with their bounds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from flowsleuth.errors import OptionError
from flowsleuth.faces.graphql.scalars import SpotDate

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.faces.graphql.context import Context

MOST = 1_000
"""Rows of one answer."""

Date = Annotated[SpotDate | None, strawberry.argument(description="A day, UTC; by default the latest scored one.")]
First = Annotated[SpotDate | None, strawberry.argument(description="First day of a range, instead of date.")]
Last = Annotated[SpotDate | None, strawberry.argument(description="Last day of a range, itself included.")]
Page = Annotated[int, strawberry.argument(description="Page, from 1.")]
Size = Annotated[int, strawberry.argument(description=f"Rows of a page, at most {MOST:,}.")]


def cut(table: pa.Table, page: int, size: int) -> list[dict[str, Any]]:
    """One page of a table that is in memory."""
    check_page(page, size)
    found: list[dict[str, Any]] = table.slice((page - 1) * size, size).to_pylist()
    return found


def check_page(page: int, size: int) -> None:
    """Refuse pages that nobody should ask for.

    Raises
    ------
    OptionError
        The size or the number of the page is out of bounds.
    """
    if not 1 <= size <= MOST:
        raise OptionError(f"1 to {MOST:,} rows", where=f"size {size}")
    if not 1 <= page <= 1_000_000:
        raise OptionError("pages are counted from 1", where=f"page {page}")


@dataclass(frozen=True)
class Days:
    """The days that a query is about: one, or a range with its last day included.

    With none of them it is the latest day that was scored, whatever today is: the same question has the same answer
    tomorrow.

    Raises
    ------
    OptionError
        Both a day and a range are given, the range ends before it begins, or is longer than :data:`LONGEST_RANGE`.
    """

    date: dt.date | None = None
    first: dt.date | None = None
    last: dt.date | None = None

    def __post_init__(self) -> None:
        if self.date is not None and (self.first is not None or self.last is not None):
            raise OptionError("give a date or a range, not both", where="date")
        if self.first is not None and self.last is not None:
            listed(self.first, self.last)

    def bounds(self, context: Context) -> tuple[dt.datetime | None, dt.datetime | None]:
        """First moment and the one after the last, UTC; an open end of a range stays open."""
        if self.first is None and self.last is None:
            day = context.day(self.date)
            return _moment(day), _moment(day, 1)
        return _moment(self.first), _moment(self.last, 1)

    def names(self, context: Context) -> list[str] | None:
        """Each day; None when nothing was scored yet. A range with an open end is its other end."""
        if self.first is None and self.last is None:
            day = context.day(self.date)
            return None if day is None else [day.isoformat()]
        begin, end = self.first or self.last, self.last or self.first
        assert begin is not None
        assert end is not None
        return listed(begin, end)


LONGEST_RANGE = 3_660


def listed(first: dt.date, last: dt.date, longest: int = LONGEST_RANGE) -> list[str]:
    """All days from the first to the last.

    Raises
    ------
    OptionError
        They are too many, or the last is before the first.

    Examples
    --------
    >>> listed(dt.date(2021, 6, 6), dt.date(2021, 6, 7))
    ['2021-06-06', '2021-06-07']
    """
    count = (last - first).days + 1
    if not 1 <= count <= longest:
        raise OptionError(f"a range has 1 to {longest:,} days", where=f"{first} to {last}")
    return [(first + dt.timedelta(days=at)).isoformat() for at in range(count)]


def _moment(day: dt.date | None, later: int = 0) -> dt.datetime | None:
    return None if day is None else dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(days=later)
