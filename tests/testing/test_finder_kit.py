"""What the kit of finders refuses."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.strobes import StrobeFinder, StrobeOptions
from flowsleuth.testing import check_finder
from flowsleuth.testing.detectors import make_flows

MIDNIGHT = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)


def many(source: str, peer: str, connections: int) -> list[dict[str, Any]]:
    usual = {"src_ip": source, "dst_ip": peer, "dst_port": 443, "proto": "tcp", "direction": "outbound"}
    return [{**usual, "start": MIDNIGHT + dt.timedelta(seconds=7 * n)} for n in range(connections)]


OFFICE = [row for host in range(60) for row in many(f"10.0.1.{host}", "192.0.2.1", 3)]
FLOWS = make_flows([*OFFICE, *many("10.0.0.7", "192.0.2.9", 500), *many("10.0.0.8", "192.0.2.8", 600)])


def broken(column: str, values: list[Any]) -> Any:
    """A finder that tells two hosts as it should, but for one column."""

    class Broken(StrobeFinder):
        def find(self, day: NetworkDay) -> pa.Table:
            found = super().find(day)
            if not len(found):
                return found
            field = found.schema.field(column)
            return found.set_column(found.column_names.index(column), field, pa.array(values, field.type))

    return lambda: Broken(StrobeOptions(least=500))


def test_a_finder_that_keeps_its_promises_passes() -> None:
    assert len(check_finder(lambda: StrobeFinder(StrobeOptions(least=500)), FLOWS)) == 2


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("p_value", [0.0, 0.01], "a p-value is outside"),
        ("score", [0.5, 1.5], "a score is outside"),
        ("reason", ["500 connections", " "], "a finding has no reason"),
        ("flows", [500, 0], "rests on no flow"),
        ("last_seen", [MIDNIGHT - dt.timedelta(seconds=1), MIDNIGHT + dt.timedelta(days=1)], "time runs backwards"),
        ("host", ["10.0.0.7", None], "host is null"),
    ],
)
def test_a_broken_promise_is_told(column: str, values: list[Any], told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        check_finder(broken(column, values), FLOWS)
