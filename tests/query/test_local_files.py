"""Local files: real saved results asked in SQL, whole files by msticpy's names, and no pickles."""

from __future__ import annotations

import gzip
import pickle
import subprocess
import sys
import warnings

import pandas as pd
import pytest

from flowsleuth.errors import QueryError
from flowsleuth.query import PartialResultWarning, QueryProvider, report_of


@pytest.fixture
def local(data):
    with QueryProvider("LocalData", data_paths=data / "query" / "az_net_flows_2019") as provider:
        yield provider


def test_flows_by_host_and_one_row_in_full(local):
    flows = local.Network.list_azure_network_flows_by_host(host_name="MSTICAlertsWin1")
    assert len(flows) == 38  # two of the 40 have no name of a machine
    row = flows.iloc[0]
    assert str(flows["FlowStartTime"].dtype) == "datetime64[us, UTC]"
    assert row["FlowStartTime"].isoformat() == "2019-02-12T13:00:07+00:00"
    assert (row["VMIPAddress"], row["AllExtIPs"], row["DestPort"]) == ("10.0.3.5", "65.55.44.109", 443.0)
    assert flows["FlowStartTime"].is_monotonic_increasing
    assert report_of(flows).is_complete and flows.attrs["query"]["query"] == "Network.list_azure_network_flows_by_host"


def test_windows_are_half_open_and_parts_add_up(local):
    whole = local.Network.list_azure_network_flows_by_host(
        host_name="msticalertswin1", start="2019-02-12", end="2019-02-14"
    )
    parts = local.Network.list_azure_network_flows_by_host(
        host_name="msticalertswin1", start="2019-02-12", end="2019-02-14", split_by="1h"
    )
    assert len(whole) == len(parts) > 0 and len(report_of(parts).parts) == 48
    pd.testing.assert_frame_equal(whole, parts, check_flags=False)
    first = whole["FlowStartTime"].iloc[0]
    at = {"host_name": "msticalertswin1", "start": first, "end": first + pd.Timedelta(seconds=1)}
    before = {"host_name": "msticalertswin1", "start": first - pd.Timedelta(days=1), "end": first}
    assert len(local.Network.list_azure_network_flows_by_host(**at)) > 0
    assert len(local.Network.list_azure_network_flows_by_host(**before)) == 0


def test_logons_and_peers(local):
    assert len(local.WindowsSecurity.list_host_logons(host_name="MSTICAlertsWin1")) == 14
    peers = local.Network.list_external_ips(host_name="msticalertswin1")
    assert peers["Records"].sum() == 38 and peers["ExternalIP"].is_unique


@pytest.mark.parametrize("value", ["x' OR 1=1 --", "'; DROP TABLE AzureNetworkAnalytics; --", '" OR ""="'])
def test_hostile_values_find_nothing(local, value):
    assert len(local.Network.list_azure_network_flows_by_host(host_name=value)) == 0
    assert len(local.Network.list_azure_network_flows_by_ip(ip_address_list=[value, value])) == 0


def test_arrow_needs_no_pandas(data):
    code = (
        "import sys\n"
        "from flowsleuth.query import QueryProvider\n"
        f"local = QueryProvider('LocalData', data_paths={str(data / 'query' / 'az_net_flows_2019')!r})\n"
        "local.Network.list_azure_network_flows_by_host.arrow(host_name='x')\n"
        "print('pandas' in sys.modules)\n"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_arrow_and_your_own_sql(local):
    arrow = local.Network.list_azure_network_flows_by_host.arrow(host_name="msticalertswin1")
    assert arrow.num_rows == 38 and report_of(arrow).is_complete
    assert local.exec_query("SELECT count(*) AS n FROM SecurityEvent")["n"].tolist() == [14]
    joined = local.exec_query(
        "SELECT a.EventID, b.EventID FROM SecurityEvent a JOIN SecurityEvent b USING (TargetLogonId)"
    )
    assert list(joined.columns) == ["EventID", "EventID_2"]


def test_only_the_given_files_are_within_reach(local, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    for text in (
        f"SELECT * FROM read_csv('{secret}')",
        f"SELECT * FROM '{secret}'",
        f"COPY (SELECT 1) TO '{tmp_path}/x.csv'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ):
        with pytest.raises(QueryError):
            local.exec_query(text)
    assert not (tmp_path / "x.csv").exists()


def test_msticpys_names_of_pickles_find_the_file_of_that_name(tmp_path, data):
    content = (data / "query" / "az_net_flows_2019" / "SecurityEvent.csv").read_bytes()
    (tmp_path / "host_logons.csv.gz").write_bytes(gzip.compress(content))
    (tmp_path / "boom.pkl").write_bytes(pickle.dumps(pd.DataFrame({"a": [1]})))
    (tmp_path / "queries.yaml").write_text(
        "metadata: {version: 1, data_environments: [LocalData], data_families: [WindowsSecurity]}\n"
        "sources:\n"
        "  list_host_logons: {description: x, args: {query: host_logons_df.pkl}}\n"
        "  boom: {description: x, args: {query: boom.pkl}}\n"
    )
    local = QueryProvider("LocalData", data_paths=tmp_path, query_paths=tmp_path)
    assert len(local.WindowsSecurity.list_host_logons()) == 14
    with pytest.raises(QueryError, match="pickles run code"):
        local.WindowsSecurity.boom()


def test_json_and_parquet_and_names_of_your_own(tmp_path):
    rows = pd.DataFrame({"src_ip": ["10.0.0.1", "10.0.0.2"], "dst_ip": ["192.0.2.7"] * 2})
    rows["start"] = pd.to_datetime(["2024-05-01", "2024-05-02"], utc=True)
    rows.to_parquet(tmp_path / "one.parquet")
    rows.to_json(tmp_path / "two.jsonl", orient="records", lines=True, date_format="iso")
    local = QueryProvider("LocalData", tables={"flow": tmp_path / "one.parquet", "again": tmp_path / "two.jsonl"})
    for table in ("flow", "again"):
        found = local.Network.list_flows_by_ip(ip_address_list="10.0.0.1", table=table)
        assert found["dst_ip"].tolist() == ["192.0.2.7"]
    assert local.tables()["flow"]["src_ip"] == "VARCHAR"


def test_what_is_missing_is_told(tmp_path, data):
    with pytest.raises(QueryError, match="there is no file to ask"):
        QueryProvider("LocalData", data_paths=tmp_path).connect()
    with pytest.raises(QueryError, match="no such file or folder"):
        QueryProvider("LocalData", data_paths=tmp_path / "x").connect()
    local = QueryProvider("LocalData", data_paths=data / "query" / "az_net_flows_2019")
    with pytest.raises(QueryError, match="SecurityAlert") as caught:
        local.SecurityAlert.list_alerts()
    assert "tables: AzureNetworkAnalytics, SecurityEvent" in str(caught.value)
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "a.parquet").write_bytes(b"")
    with pytest.raises(QueryError, match="two files called a"):
        QueryProvider("LocalData", data_paths=tmp_path).connect()


def test_a_failed_part_is_told(local, monkeypatch):
    real = local.driver.run

    def fails_once(request):
        if request.start.day == 13:
            raise QueryError("the disk is on fire")
        return real(request)

    monkeypatch.setattr(local.driver, "run", fails_once)
    with pytest.warns(PartialResultWarning, match="1 of 2 parts are not complete"):
        flows = local.Network.list_azure_network_flows_by_host(
            host_name="msticalertswin1", start="2019-02-12", end="2019-02-14", split_by="1D"
        )
    report = report_of(flows)
    assert not report.is_complete
    assert [(part.status, part.start[:10]) for part in report.parts] == [
        ("complete", "2019-02-12"),
        ("failed", "2019-02-13"),
    ]
    assert report.to_pandas()["message"].tolist() == ["", "the disk is on fire"]


def test_nothing_is_printed_and_no_warning_without_reason(local, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        local.Network.list_azure_network_flows_by_host(host_name="x")
    assert capsys.readouterr() == ("", "")


def test_as_msticpys_demo_does_it(tmp_path, data):
    """The seed's calls: keywords by msticpy's names, a connection string that is not needed, a window, and an alert."""
    source = data / "query" / "az_net_flows_2019" / "AzureNetworkAnalytics.csv"
    (tmp_path / "az_net_comms_df.csv").write_bytes(source.read_bytes())
    (tmp_path / "data_queries.yaml").write_text(
        "metadata: {version: 1, description: Demo, data_environments: [LocalData], data_families: [Network]}\n"
        "defaults: {metadata: {data_source: network}}\n"
        "sources:\n"
        "  list_azure_network_flows_by_host:\n"
        "    description: List Azure network flows by host name\n"
        "    metadata: {data_families: [Network]}\n"
        "    args: {query: az_net_comms_df.pkl}\n"
    )
    provider = QueryProvider(data_environment="LocalData", data_paths=[str(tmp_path)], query_paths=[str(tmp_path)])
    provider.connect(connection_str="loganalytics://code().tenant('t').workspace('w')")
    alert = {"AlertName": "x", "CompromisedEntity": "MSTICALERTSWIN1"}
    flows = provider.Network.list_azure_network_flows_by_host(("2019-02-01", "2019-02-20"), alert)
    assert len(flows) == 40 and {"L7Protocol", "AllExtIPs", "TotalAllowedFlows"} <= set(flows.columns)


def test_a_limit_that_was_reached_is_told(demo_case, tmp_path):
    (tmp_path / "a.yaml").write_text(
        "metadata: {version: 1, data_environments: [Workspace], data_families: [Mine]}\n"
        "sources: {few: {description: x, args: {query: 'SELECT * FROM flow LIMIT {limit}'},\n"
        "  parameters: {limit: {description: x, type: int, default: 3}}}}\n"
    )
    with QueryProvider("Workspace", folder=demo_case, query_paths=tmp_path) as case:
        with pytest.warns(PartialResultWarning, match="cut off at 3 rows"):
            assert len(case.Mine.few()) == 3
        with warnings.catch_warnings():
            warnings.simplefilter("error", PartialResultWarning)
            assert len(case.Mine.few(limit=2)) == 2


def test_large_files_keep_their_order_and_closed_windows_their_rows(tmp_path):
    times = pd.date_range("2024-05-01", periods=60_000, freq="s", tz="UTC")
    pd.DataFrame({"t": times, "n": range(60_000), "text": "a\nb"}).to_csv(tmp_path / "big.csv", index=False)
    (tmp_path / "a.yaml").write_text(
        "metadata: {version: 1, data_environments: [LocalData], data_families: [Mine]}\n"
        "sources:\n"
        "  all: {description: x, args: {query: big.csv}}\n"
        "  closed:\n"
        "    description: x\n"
        "    args: {query: 'SELECT n FROM big WHERE t >= {start} AND t <= {end} ORDER BY n'}\n"
        "    parameters: {start: {description: s, type: datetime}, end: {description: e, type: datetime}}\n"
    )
    local = QueryProvider("LocalData", data_paths=tmp_path, query_paths=tmp_path)
    assert local.Mine.all()["n"].is_monotonic_increasing
    found = local.Mine.closed(start="2024-05-01", end="2024-05-01T06:00", split_by="1h")
    assert found["n"].tolist() == list(range(6 * 3600 + 1))


def test_quotes_in_command_lines_do_not_make_one_column_of_a_file():
    """The engine finds no dialect for this file and would take each line for one cell."""
    from flowsleuth.faces.notebook import demo_data

    with QueryProvider("LocalData", data_paths=demo_data() / "tables" / "process_tree.csv.gz") as provider:
        assert list(provider.tables()["process_tree"])[1:5] == ["TenantId", "Account", "EventID", "TimeGenerated"]
        rows = provider.WindowsSecurity.get_process_tree(
            host_name="msticalertswin1", start="2019-01-15", end="2019-01-16"
        )
        assert len(rows) == 117
        assert str(rows["TimeGenerated"].dtype) == "datetime64[us, UTC]"
        assert rows["CommandLine"].iloc[1] == "\\??\\C:\\Windows\\system32\\conhost.exe 0xffffffff -ForceV1"
