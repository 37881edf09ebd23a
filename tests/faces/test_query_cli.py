"""``flowsleuth query``."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from flowsleuth.errors import QueryError
from flowsleuth.faces.cli import main
from flowsleuth.query.drivers.local_files import LocalFiles

NAME = "Network.list_azure_network_flows_by_host"


@pytest.fixture
def local(data):
    return ["--provider", "LocalData", "--data", str(data / "query" / "az_net_flows_2019")]


def test_list_and_show(local, capsys):
    assert main(["query", "list", "flows", *local]) == 0
    assert NAME in capsys.readouterr().out
    assert main(["query", "list", *local, "--format", "json"]) == 0
    assert {"name", "description"} == set(json.loads(capsys.readouterr().out)[0])
    assert main(["query", "show", NAME, "--provider", "Sentinel"]) == 0
    assert "VM_s has" in capsys.readouterr().out
    assert main(["query", "list", "zzz", *local]) == 0
    assert "no query of LocalData" in capsys.readouterr().err


def test_run_in_every_format(local, capsys, tmp_path):
    run = ["query", "run", NAME, *local, "--param", "host_name=MSTICAlertsWin1"]
    assert main([*run, "--top", "2"]) == 0
    out, err = capsys.readouterr()
    assert "65.55.44.109" in out and err == "38 rows, 2 shown\n"
    assert main([*run, "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 38
    assert main([*run, "--format", "csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 39
    assert main([*run, "--format", "parquet", "--output", str(tmp_path / "x.parquet")]) == 0
    assert pq.read_metadata(tmp_path / "x.parquet").num_rows == 38


def test_windows_parts_and_print(local, capsys):
    run = ["query", "run", NAME, *local, "--param", "host_name=MSTICAlertsWin1", "--start", "2019-02-12", "--end"]
    assert main([*run, "2019-02-14", "--split", "6h", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)
    assert main([*run[:-3], "--start", "-2d", "--end", "-6h", "--print"]) == 0
    assert main([*run, "2019-02-14", "--print"]) == 0
    assert "'MSTICAlertsWin1'" in capsys.readouterr().out
    assert main([*run, "2019-02-11"]) == 2
    assert "ends before" in capsys.readouterr().err


def test_a_failed_part_is_told_and_the_exit_code_says_so(local, capsys, monkeypatch):
    real = LocalFiles.run

    def fails(self, request):
        if request.start.day == 13:
            raise QueryError("gone\x1b[31m")
        return real(self, request)

    monkeypatch.setattr(LocalFiles, "run", fails)
    run = ["query", "run", NAME, *local, "--param", "host_name=MSTICAlertsWin1", "--format", "json"]
    assert main([*run, "--start", "2019-02-12", "--end", "2019-02-14", "--split", "1d"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out) and "failed: 2019-02-13T00:00:00Z to 2019-02-14T00:00:00Z: gone\\x1b[31m" in err


def test_the_workspace(demo_case, capsys):
    case = ["-w", str(demo_case)]
    assert main(["query", "run", "list_peers", *case, "--param", "ip=10.0.1.4", "--format", "json"]) == 0
    assert sum(row["flows"] for row in json.loads(capsys.readouterr().out)) == 178


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "nothing"], "no such query"),
        (["run", NAME], "host_name=…): this parameter has no value"),
        (["run", NAME, "--param", "hostnam=x"], "did you mean"),
        (["run", NAME, "--param", "x"], "not of the form NAME=VALUE"),
        (["list", "--provider", "Nil"], "no such place to ask"),
        (["run", NAME, "--param", "host_name=x", "--format", "parquet"], "give --output"),
    ],
)
def test_what_is_refused(local, capsys, arguments, told):
    where = [] if "--provider" in arguments else local
    assert main(["query", *arguments, *where]) == 2
    assert told in capsys.readouterr().err
