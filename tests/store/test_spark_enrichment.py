"""Facts and indicators on Spark: gathered, joined and matched as on DuckDB."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from tests.store.spark_cluster import SparkCluster

import flowsleuth
from flowsleuth.testing.same_rows import same_rows
from flowsleuth.workspace import init

pytestmark = pytest.mark.spark

DATA = Path(__file__).resolve().parents[1] / "data"
SAMPLES = ("zeek/tsv_2014_fields", "suricata", "sentinel", "windows")


@pytest.fixture(scope="module")
def cases(spark: SparkCluster, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same logs and the same feed in two workspaces, enriched by the engine of each."""
    maxmind = DATA / "geo" / "maxmind_test"
    folders = {}
    for name, engine in (("duckdb", "duckdb"), ("spark", spark.sc_url)):
        folder = init(tmp_path_factory.mktemp(name) / "case", home=["10.0.0.0/8"])
        with (folder / "flowsleuth.toml").open("a") as file:
            file.write(f'geography = ["{maxmind}/GeoLite2-City-Test.mmdb", "{maxmind}/GeoLite2-ASN-Test.mmdb"]\n')
        with flowsleuth.open(folder, engine=engine) as ws:
            assert ws.ingest(*(DATA / sample for sample in SAMPLES)).failed == []
            ws.intel_add(feed(ws, folder), name="ours", severity="high")
            ws.enrich()
        folders[name] = folder
    return folders


def feed(ws, folder: Path) -> Path:
    """Indicators of every kind that the logs meet: an address, its network, names, a URL and a hash."""
    flow = ws.store.arrow(ws.store.table("flow").order_by("flow_id").limit(1)).to_pylist()[0]
    http = ws.store.arrow(ws.store.table("http").filter(ws.store.table("http").host.notnull()).order_by("event_id"))
    request = http.to_pylist()[0]
    process = ws.store.table("process")
    hashed = ws.store.arrow(process.filter(process.sha256.notnull()).order_by("event_id")).to_pylist()
    lines = [flow["dst_ip"], f"{flow['src_ip']}/24", request["host"], f"http://{request['host']}{request['uri']}"]
    lines += [hashed[0]["sha256"]] if hashed else []
    path = folder / "ours.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def both(spark: SparkCluster, cases: dict[str, Path]):
    """Both workspaces, open."""
    with flowsleuth.open(cases["duckdb"]) as one, flowsleuth.open(cases["spark"], engine=spark.sc_url) as other:
        yield one, other


def test_facts_are_the_same(both):
    one, other = (ws.facts().to_arrow() for ws in both)
    assert len(one) > 100
    same_rows(one, other, ["observable", "fact", "value", "source"])


@pytest.mark.parametrize("table", ["flow", "dns", "http", "alert", "logon"])
def test_rows_with_facts_are_the_same(both, table):
    key = "flow_id" if table == "flow" else "event_id"
    found = []
    for ws in both:
        rows = ws.rows_with_facts(table)
        assert rows.count().execute() == ws.store.table(table).count().execute()
        found.append(ws.store.arrow(rows))
    assert found[0]["src_address_type"].null_count < len(found[0])
    same_rows(*found, [key])


def test_questions_about_joined_flows_are_the_same(both):
    def by_country(ws) -> pa.Table:
        flow = ws.flows_with_facts()
        return ws.store.arrow(
            flow.group_by("dst_country_code", "dst_operator", "dst_address_type").aggregate(
                flows=flow.count(), bytes=flow.src_bytes.sum()
            )
        )

    one, other = (by_country(ws) for ws in both)
    assert len(one) > 1
    same_rows(one, other, ["dst_country_code", "dst_operator", "dst_address_type"])


@pytest.mark.parametrize("by", ["row", "value"])
@pytest.mark.parametrize("table", ["flow", "dns", "http", "process"])
def test_matches_are_the_same(both, table, by):
    one, other = (ws.intel_match(table, by=by).to_arrow() for ws in both)
    if table in ("flow", "http"):
        assert len(one)
    same_rows(one, other, ["row_id", "column", "value", "indicator"])


def test_what_is_asked_of_one_address_is_the_same(both):
    address = both[0].facts(fact="country_code").to_arrow()["observable"][0].as_py()
    one, other = ((ws.geo(address), ws.passive_dns(address).to_arrow().to_pylist()) for ws in both)
    assert one == other
