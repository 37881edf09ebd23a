"""``flowsleuth pivot`` on the demo's logs."""

from __future__ import annotations

import io
import json

import pytest

from flowsleuth.faces.cli import main


def run(capsys, *arguments):
    code = main(["pivot", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_list(demo_case, capsys):
    code, out, _ = run(capsys, "list", "-w", str(demo_case), "--format", "json")
    assert code == 0 and {"IpAddress.flows", "Host.peers"} <= {row["pivot"] for row in json.loads(out)}
    assert "IpAddress.whois" in run(capsys, "list", "-w", str(demo_case))[1]


def test_one_value_and_many(demo_case, capsys, monkeypatch):
    case = str(demo_case)
    code, out, err = run(capsys, "IpAddress.peers", "10.0.1.4", "-w", case, "--limit", "2", "--format", "json")
    one = json.loads(out)
    assert code == 0 and len(one) == 2 and "asked" not in one[0] and "only the 2 peers with most bytes" in err
    monkeypatch.setattr("sys.stdin", io.StringIO("10.0.1.5\n\n"))
    code, out, _ = run(capsys, "ipaddress.PEERS", "10.0.1.4", "-", "-w", case, "--all", "--format", "csv")
    assert code == 0 and out.startswith("asked,peer,way,")
    code, out, _ = run(capsys, "IpAddress.flows", "10.0.1.4", "-w", case, "--range", "1999-01-01")
    assert code == 0 and out.strip().endswith("0 rows")
    code, out, _ = run(capsys, "IpAddress.flows", "10.0.1.4", "-w", case)
    assert code == 0 and "src_ip" in out and "10.0.1.4" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["IpAddress.nothing", "10.0.0.1"], "IpAddress.nothing"),
        (["IpAddress.flows"], "nothing to ask about"),
        (["IpAddress.flows", "web1"], "neither an address nor a network"),
        (["IpAddress.flows", "10.0.0.1", "--last", "1d", "--start", "2020-01-01"], "one or the other"),
        (["IpAddress.flows", "10.0.0.1", "--start", "2020-01-02", "--end", "2020-01-01"], "ends before"),
        (["IpAddress.flows", "10.0.0.1", "--option", "x=y"], "no such options"),
    ],
)
def test_wrong_usage(demo_case, capsys, arguments, says):
    code, _, err = run(capsys, *arguments, "-w", str(demo_case))
    assert code == 2 and says in err
