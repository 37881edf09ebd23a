"""What hosts met is kept, and a later day reads it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from flowsleuth.detect.days.kept_meetings import met_before
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.kernels.familiarity import Met
from flowsleuth.testing.detectors import MemoryDay, make_flows

DAY = dt.date(2024, 5, 1)
DATES = [DAY - dt.timedelta(days=n) for n in (1, 3)]
LARGE = 2**64 - 1


def at(date: dt.date) -> list[dict[str, object]]:
    return [{"start": dt.datetime.combine(date, dt.time(9), dt.UTC)}]


def keys(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.uint64)


def met_on(date: dt.date) -> Met:
    return Met(keys(1, LARGE), keys(date.day, 0), keys(date.day, LARGE))


@pytest.fixture
def memory() -> MemoryDay:
    return MemoryDay(make_flows(at(DAY)), DAY, {date: make_flows(at(date)) for date in DATES})


def test_a_day_of_which_nothing_is_kept_is_worked_out_once(memory: MemoryDay) -> None:
    asked = []

    def of_day(day: NetworkDay) -> Met:
        asked.append(day.date)
        return met_on(day.date)

    with memory:
        day = NetworkDay(memory)
        for _ in range(2):
            found = met_before(day, "met", met_on(DAY), of_day)
            assert [age for age, _ in found] == [1, 3]
            for (_, met), date in zip(found, DATES, strict=True):
                for name in ("who", "what", "group"):
                    np.testing.assert_array_equal(getattr(met, name), getattr(met_on(date), name))
    assert asked == DATES


def test_the_day_itself_is_kept_for_later_ones(memory: MemoryDay) -> None:
    with memory:
        met_before(NetworkDay(memory), "met", met_on(DAY), lambda day: met_on(day.date), [])
        memory.day, memory.baseline = DAY + dt.timedelta(days=1), [DAY]
        later = NetworkDay(memory, memory.day)
        memory._keep("flow", memory.day, make_flows(at(memory.day)))
        ((age, met),) = met_before(later, "met", met_on(memory.day), lambda day: pytest.fail(f"{day.date} asked again"))
    assert age == 1
    np.testing.assert_array_equal(met.what, keys(DAY.day, 0))


def test_nothing_met_is_kept_too(memory: MemoryDay) -> None:
    nothing = Met(keys(), keys(), keys())
    with memory:
        ((_, first), (_, second)) = met_before(NetworkDay(memory), "met", nothing, lambda day: nothing)
    assert len(first) == len(second) == 0
    assert first.who.dtype == np.uint64
