"""Pivots asked of Spark give the rows that they give on DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from tests.store.spark_cluster import SparkCluster
from tests.workspace.pivot_rows import HASH, at, fill

import flowsleuth
from flowsleuth.workspace import Workspace

pytestmark = pytest.mark.spark

MANY = [f"10.0.{n // 250}.{n % 250}" for n in range(1_500)]


def asked(ws: Workspace, values: list[str], pivot: str) -> Any:
    """A pivot asked about a column."""
    return ws.pivot(pa.table({"value": values}), pivot, column="value", join="none")


PIVOTS: dict[str, Callable[[Workspace], Any]] = {
    "flows": lambda ws: ws.ip("10.0.0.5").flows(),
    "flows, all columns": lambda ws: ws.ip("10.0.0.5").flows(columns="all"),
    "flows, cut": lambda ws: ws.ip("10.0.0.5").flows(limit=2),
    "flows of a network": lambda ws: ws.ip("10.0.0.4/31").flows(),
    "flows of a v6 network": lambda ws: ws.ip("2001:d00::/24").flows(),
    "flows, a window": lambda ws: ws.ip("10.0.0.5").flows(start=at(60), end=at(90_000)),
    "peers": lambda ws: ws.ip("10.0.0.5").peers(),
    "peers of a network": lambda ws: ws.ip("10.0.0.0/29").peers(),
    "peers of two": lambda ws: asked(ws, ["10.0.0.5", "192.0.2.0/24"], "IpAddress.peers"),
    "names": lambda ws: ws.ip("192.0.2.7").dns(),
    "names asked for": lambda ws: ws.ip("10.0.0.6").dns(),
    "names of a network": lambda ws: ws.ip("10.0.0.0/28").dns(),
    "alerts": lambda ws: ws.ip("10.0.0.5").alerts(),
    "alerts by an entity": lambda ws: ws.ip("2001:db8::9").alerts(),
    "logons from": lambda ws: ws.ip("10.0.0.6").logons(),
    "hosts": lambda ws: ws.ip("10.0.0.5").hosts(),
    "host addresses": lambda ws: ws.host("web1").addresses(),
    "host flows": lambda ws: ws.host("web1").flows(),
    "host peers": lambda ws: ws.host("web1").peers(),
    "host dns": lambda ws: ws.host("web1").dns(),
    "host alerts": lambda ws: ws.host("web1").alerts(),
    "host logons": lambda ws: ws.host("web1").logons(),
    "host processes": lambda ws: ws.host("web1").processes(),
    "account logons": lambda ws: ws.account("CORP\\ana").logons(),
    "account processes": lambda ws: ws.account("ana").processes(),
    "account alerts": lambda ws: ws.account("CORP\\ana").alerts(),
    "url requests": lambda ws: ws.url("http://evil.example.org/a?b").requests(),
    "url flows": lambda ws: ws.url("https://www.example.org/").flows(),
    "url dns": lambda ws: ws.url("https://www.example.org/").dns(),
    "url alerts": lambda ws: ws.url("http://evil.example.org/a?b").alerts(),
    "domain flows": lambda ws: ws.dns("example.org").flows(),
    "domain dns": lambda ws: ws.dns("example.org").dns(),
    "domain addresses": lambda ws: ws.dns("example.org").addresses(),
    "domain alerts": lambda ws: ws.dns("example.org").alerts(),
    "file processes": lambda ws: asked(ws, [HASH, "wget"], "File.processes"),
    "quotes": lambda ws: ws.file("it's \\\" ; drop table flow; --.exe").processes(),
    "quotes in a URL": lambda ws: ws.url("http://evil.example.org/a?b';--").requests(),
    "many": lambda ws: asked(ws, MANY, "IpAddress.flows"),
}
EMPTY = {"quotes", "quotes in a URL"}


@pytest.fixture(scope="module")
def both(spark: SparkCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, Workspace]]:
    """The same rows, asked of both engines."""
    folder: Path = tmp_path_factory.mktemp("pivots") / "case"
    with flowsleuth.open(folder, create=True) as one:
        fill(one)
        with flowsleuth.open(folder, engine=spark.sc_url) as other:
            yield one, other


@pytest.mark.parametrize("name", PIVOTS)
def test_the_rows_are_the_same(both: tuple[Workspace, Workspace], name: str) -> None:
    one, other = (PIVOTS[name](ws) for ws in both)
    assert other.table.schema == one.table.schema
    assert other.table.to_pylist() == one.table.to_pylist()
    assert other.notes == one.notes
    assert (len(one) == 0) == (name in EMPTY)


def test_answers_join_to_a_frame_the_same(both: tuple[Workspace, Workspace]) -> None:
    frame = pd.DataFrame({"n": [3, 1, 2], "ip": ["192.0.2.7", "nonsense", "10.0.0.5"]})
    one, other = (ws.pivot(frame, "IpAddress.peers", column="ip", join="left") for ws in both)
    pd.testing.assert_frame_equal(one, other)
    assert one["n"].drop_duplicates().tolist() == [3, 1, 2]
