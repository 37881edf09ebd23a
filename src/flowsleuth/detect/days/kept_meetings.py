"""What hosts met on a day, kept at rest, so that a later day reads it and does not work it out again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.dense_codes import to_signed
from flowsleuth.detect.kernels.familiarity import Met

if TYPE_CHECKING:
    import datetime as dt

    import ibis.expr.types as ir

COLUMNS = tuple(one.name for one in fields(Met))


def met_before(
    day: NetworkDay, name: str, today: Met, of_day: Callable[[NetworkDay], Met], dates: Sequence[dt.date] | None = None
) -> list[tuple[int, Met]]:
    """Keep what was met on a day, and read what was met on the days before.

    Parameters
    ----------
    day : NetworkDay
    name : str
        Of what is kept.
    today : Met
        What was met on the day; it must follow from the day's flows alone.
    of_day : callable
        Gives the same of an earlier day, for one of which nothing is kept.
    dates : sequence of datetime.date, optional
        The earlier days that are wanted; all of ``day.earlier_days`` when not given.

    Returns
    -------
    list of tuple of int and Met
        How many days before, and what was met.
    """
    _kept(name, day, lambda _: today)
    wanted = day.earlier_days if dates is None else dates
    return [((day.date - date).days, _kept(name, NetworkDay(day.input, date), of_day)) for date in wanted]


def _kept(name: str, day: NetworkDay, of_day: Callable[[NetworkDay], Met]) -> Met:
    import pyarrow as pa

    def build(flows: ir.Table) -> ir.Table:
        import ibis

        met = of_day(day)
        return ibis.memtable(pa.table({column: to_signed(getattr(met, column)) for column in COLUMNS}))

    rows = day.input.arrow(day.input.counts(name, build, [day.date]))
    return Met(*(rows[column].to_numpy().view(np.uint64) for column in COLUMNS))
