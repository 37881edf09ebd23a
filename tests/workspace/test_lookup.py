"""``ws.lookup`` and ``flowsleuth lookup``, against a server on this machine."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest
from tests.enrich.intel.documented import CROWDSEC, INTERNETDB, OTX

import flowsleuth
from flowsleuth.enrich.intel.access import find_access
from flowsleuth.enrich.intel.keys import find_key
from flowsleuth.errors import MissingExtraError, OptionError
from flowsleuth.faces.cli import main
from flowsleuth.schema.intel import LOOKUP
from flowsleuth.testing.intel_server import Answer, IntelServer
from flowsleuth.workspace import init
from flowsleuth.workspace.lookups import look_up, offered_providers

KEY = "kit-key-31415926535"
MSTICPY = (
    "Ioc", "IocType", "SafeIoc", "QuerySubtype", "Provider", "Result", "Severity", "Details", "RawResult", "Reference",
    "Status",
)  # fmt: skip


@pytest.fixture
def server():
    def answer(asked):
        if asked.path.startswith("/indicators"):
            assert asked.headers["x-otx-api-key"] == KEY
            return Answer(OTX)
        if asked.path.startswith("/v2/smoke"):
            return Answer(CROWDSEC)
        return Answer(INTERNETDB)

    with IntelServer(answer) as server:
        yield server


@pytest.fixture
def case(tmp_path, server):
    init(tmp_path / "case")
    settings = tmp_path / "case" / "flowsleuth.toml"
    rate = "per_minute = 6000\nburst = 10"
    settings.write_text(
        settings.read_text() + f'[intel]\nurl_query = "strip"\n[intel.providers.otx]\napi_key = "{KEY}"\n'
        f'url = "{server.url}"\n{rate}\n[intel.providers.crowdsec]\napi_key = "{KEY}"\nurl = "{server.url}"\n'
        f'scope = "secondary"\n{rate}\n[intel.providers.internetdb]\nenabled = true\nurl = "{server.url}"\n{rate}\n'
    )
    return tmp_path / "case"


def test_the_result_has_msticpys_names(case, server):
    given = ["185[.]7.214.104", "http://ana:pw@evil.com/a?token=1", "10.0.0.5", None]
    with flowsleuth.open(case) as ws:
        found = ws.lookup(given)
        assert KEY not in repr(ws.settings)
    assert found.table.column_names == [*MSTICPY, "as_of", "from_cache"] == list(LOOKUP.names)
    rows = found.table.to_pylist()
    assert [(row["SafeIoc"], row["Provider"], row["Status"]) for row in rows] == [
        ("185.7.214.104", "otx", 0),
        ("http://evil.com/a", "otx", 0),
        ("10.0.0.5", None, 2),
        (None, None, 2),
    ]
    first = dict(rows[0])
    assert first.pop("as_of").tzinfo is not None
    assert json.loads(first.pop("RawResult")) == OTX
    assert json.loads(first.pop("Details")) == {
        "pulses": 2, "names": ["Scanners", "RedLine C2"], "tags": ["ssh", "scan", "c2"], "adversaries": ["X"],
        "malware": ["RedLine"], "asn": "AS57523 chang way",
    }  # fmt: skip
    assert first == {
        "Ioc": "185[.]7.214.104", "IocType": "ipv4", "SafeIoc": "185.7.214.104", "QuerySubtype": None,
        "Provider": "otx", "Result": True, "Severity": "high",
        "Reference": "https://otx.alienvault.com/browse/global/pulses?q=185.7.214.104", "Status": 0,
        "from_cache": False,
    }  # fmt: skip
    assert all("token" not in asked.path and "pw" not in asked.path for asked in server.asked)


def test_scope_names_and_types(case):
    with flowsleuth.open(case) as ws:
        asked = {scope: ws.lookup("8.8.8.8", scope=scope).table["Provider"].to_pylist() for scope in ("primary", "all")}
        named = ws.lookup(["8.8.8.8", "evil.com"], providers="crowdsec", types="ipv4").table.to_pylist()
        with pytest.raises(OptionError, match="FLOWSLEUTH_VIRUSTOTAL_API_KEY"):
            ws.lookup("8.8.8.8", providers=["virustotal"])
    assert asked == {"primary": ["otx"], "all": ["otx", "internetdb", "crowdsec"]}
    assert [(row["SafeIoc"], row["Status"]) for row in named] == [("8.8.8.8", 0), ("evil.com", 2)]


def test_nothing_in_something_odd(case):
    with flowsleuth.open(case) as ws:
        assert len(ws.lookup([])) == 0
        with pytest.raises(OptionError, match="neither"):
            ws.lookup(5)


def test_the_command(case, server, capsys):
    assert main(["lookup", "8.8.8[.]8", "10.0.0.1", "-w", str(case), "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["SafeIoc"], row["Severity"], row["Status"]) for row in rows] == [
        ("8.8.8.8", "high", 0),
        ("10.0.0.1", "unknown", 2),
    ]
    before = len(server.asked)
    assert main(["lookup", "8.8.8.8", "-w", str(case), "--offline"]) == 0
    out = capsys.readouterr().out
    assert "answered (cache)" in out
    assert "RedLine" in out
    assert len(server.asked) == before
    assert main(["intel", "providers", "-w", str(case), "--format", "json"]) == 0
    offered = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert offered["otx"]["is_enabled"]
    assert offered["virustotal"]["missing"] == ["api_key"]
    assert main(["lookup", "8.8.8.8", "--provider", "nobody"]) == 2


def test_text_from_services_is_harmless_on_a_terminal(case, server, capsys, monkeypatch):
    monkeypatch.setattr(server, "_answer", lambda asked: Answer(OTX | {"asn": "\x1b[31mred"}))
    assert main(["lookup", "9.9.9.9", "-w", str(case)]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_text_from_services_is_harmless_in_a_notebook(case, server, monkeypatch):
    monkeypatch.setattr(server, "_answer", lambda asked: Answer(OTX | {"asn": "<script>alert(1)</script>"}))
    with flowsleuth.open(case) as ws:
        assert "<script>" not in ws.lookup("9.9.9.9")._repr_html_()


def test_an_extra_that_is_missing_is_named(case, monkeypatch):
    monkeypatch.setitem(sys.modules, "httpx", None)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with flowsleuth.open(case) as ws:
        with pytest.raises(MissingExtraError, match=r"flowsleuth\[intel\]"):
            ws.lookup("8.8.8.8")
        assert ws.lookup("8.8.8.8", offline=True).table["Status"].to_pylist() == [5]
    with pytest.raises(MissingExtraError, match=r"flowsleuth\[keyring\]"):
        find_key({"keyring": "vt", "user": "ana"}, [], {})


def test_an_interrupt_keeps_what_was_answered(case, server, monkeypatch):
    monkeypatch.setattr(server, "_answer", lambda asked: Answer(OTX, delay_s=60 if "9.9.9.9" in asked.path else 0))
    command = [sys.executable, "-m", "flowsleuth", "lookup", "8.8.8.8", "9.9.9.9", "-w", str(case), "--provider", "otx"]
    settings = case / "flowsleuth.toml"
    settings.write_text(settings.read_text().replace("[intel]\n", "[intel]\ntimeout_s = 120\n"))
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        deadline = time.monotonic() + 30
        while len(server.asked) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    assert said == "flowsleuth: interrupted; what was committed stays\n"
    with flowsleuth.open(case) as ws:
        found = ws.lookup(["8.8.8.8", "9.9.9.9"], providers="otx", offline=True).table
    assert found["Status"].to_pylist() == [0, 5]


def test_without_a_workspace(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("FLOWSLEUTH_OTX_API_KEY", raising=False)
    assert main(["lookup", "8.8.8.8"]) == 2
    assert "no service is set up" in capsys.readouterr().err
    assert main(["lookup", "8.8.8.8", "--provider", "internetdb", "--offline", "--format", "csv"]) == 0
    assert "offline, and not in the cache" in capsys.readouterr().out


def test_keys_from_the_environment(monkeypatch):
    from flowsleuth.enrich.intel import PROVIDERS

    assert find_access(PROVIDERS.load("otx"), {}, {"FLOWSLEUTH_OTX_API_KEY": KEY}).is_enabled


MSTICPY_SETTINGS = """
TIProviders:
  OTX: {Args: {AuthKey: {EnvironmentVar: OTX_AUTH}}, Primary: True, Provider: OTX}
  VirusTotal: {Args: {AuthKey: {EnvironmentVar: NOT_SET}}, Primary: True, Provider: VirusTotal}
  XForce: {Args: {ApiID: plain-id-123, AuthKey: plain-password-123}, Primary: False, Provider: XForce}
  Greynoise: {Args: {AuthKey: ""}, Primary: True, Provider: Greynoise}
  AbuseIPDB: {Args: {AuthKey: {KeyVault: secret}}, Primary: True, Provider: AbuseIPDB}
  CrowdSec: {Args: {AuthKey: theirs-123}, Primary: True, Provider: CrowdSec}
  TorExitNodes: {Primary: True, Provider: Tor}
"""
"""Written by hand, as msticpy's documentation and its own test settings have it."""


def test_keys_of_msticpys_settings(tmp_path, server):
    config = tmp_path / "msticpyconfig.yaml"
    config.write_text(MSTICPY_SETTINGS)
    environ = {"MSTICPYCONFIG": str(config), "OTX_AUTH": KEY, "FLOWSLEUTH_CROWDSEC_API_KEY": "ours-123456"}
    offered = {one["name"]: one for one in offered_providers({}, environ)}
    enabled = {name: one["scope"] for name, one in offered.items() if one["is_enabled"]}
    assert enabled == {"otx": "primary", "xforce": "secondary", "crowdsec": "primary"}
    assert "plain-password-123" not in repr(offered)
    settings = {"providers": {"otx": {"url": server.url}}}
    found = look_up("8.8.8.8", settings, tmp_path, providers=["otx"], environ=environ).to_pylist()
    assert [(row["Provider"], row["Status"]) for row in found] == [("otx", 0)]
    assert server.asked[-1].headers["x-otx-api-key"] == KEY
    ours = {"providers": {"otx": {"url": server.url, "api_key": KEY, "scope": "secondary"}}}
    again = {one["name"]: one for one in offered_providers(ours, {"MSTICPYCONFIG": str(config)})}
    assert (again["otx"]["scope"], again["otx"]["is_enabled"]) == ("secondary", True)
    assert again["crowdsec"]["is_enabled"]


@pytest.mark.parametrize("fault", [Answer(OTX | {"asn": f"you sent {KEY}"}), Answer(f"bad key {KEY}".encode(), 403)])
def test_keys_are_printed_by_no_verb_and_kept_nowhere(case, server, capsys, monkeypatch, fault):
    monkeypatch.setattr(server, "_answer", lambda asked: fault)
    for form in ("table", "json", "csv"):
        assert main(["lookup", "8.8.8.8", "-w", str(case), "--provider", "otx", "--format", form]) in (0, 1)
    assert main(["intel", "providers", "-w", str(case)]) == 0
    assert main(["lookup", "8.8.8.8", "-w", str(case), "--provider", "nobody"]) != 0
    told = capsys.readouterr()
    assert "***" in told.out or "403" in told.out
    assert KEY not in told.out + told.err
    kept = b"".join(path.read_bytes() for path in (case / "cache").rglob("*") if path.is_file())
    assert bool(kept) == (fault.status == 200)  # refusals are not kept
    assert KEY.encode() not in kept
