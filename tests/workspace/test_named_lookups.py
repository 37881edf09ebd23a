"""Look-ups by the calls that MSTICPy's users know: nothing private sent, nobody asked unasked, recorded answers."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.enrich.intel.documented import ANSWERS, IP, VALUES

import flowsleuth
from flowsleuth.errors import OptionError, ReaderError
from flowsleuth.schema.entities import IpAddress
from flowsleuth.testing.intel_server import Answer, Asked, IntelServer
from flowsleuth.toolkit import GeoLiteLookup, TILookup, WhoisLookup, get_whois_info
from flowsleuth.workspace.results import Rows

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key and no answer of this machine counts."""
    for name in ("MSTICPYCONFIG", "FLOWSLEUTH_OTX_API_KEY", "FLOWSLEUTH_VIRUSTOTAL_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))


def answering(asked: Asked) -> Answer:
    return Answer(ANSWERS["internetdb"][0]["ipv4"])


def through(server: IntelServer, folder: Path, **more: object) -> TILookup:
    setting = {"url": server.url, "enabled": True, "per_minute": 1e6, "scope": "primary"}
    return TILookup(settings={"providers": {"internetdb": setting}}, folder=folder, **more)


# threat intelligence ------------------------------------------------------------------------------------------------


def test_rejected_values_are_never_sent(tmp_path: Path) -> None:
    with IntelServer(answering) as server:
        lookup = through(server, tmp_path)
        refused = ["10.0.0.5", "printer.local", "0" * 32, "", "not an observable"]
        for text in refused:
            rows = lookup.lookup_ioc(observable=text).table.to_pylist()
            assert [row["Status"] for row in rows] == [2], text
            assert json.loads(rows[0]["Details"])["reason"]
        found = lookup.lookup_iocs([*refused, None, IP])
        assert len(server.asked) == 1
        assert server.asked[0].path.endswith(IP)
        assert {row["SafeIoc"] for row in found.table.to_pylist() if row["Status"] == 0} == {IP}


def test_the_call_of_the_demonstration(tmp_path: Path) -> None:
    with IntelServer(answering) as server:
        lookup = through(server, tmp_path)
        results = lookup.lookup_ioc(observable=IP.replace(".", "[.]"), ioc_type="ipv4")
        assert isinstance(results, Rows)
        frame = lookup.result_to_df(results)
        assert isinstance(frame, pd.DataFrame)
        assert next(iter(frame[["Ioc", "Details", "Severity", "RawResult"]].iloc[0])) == IP.replace(".", "[.]")
        assert len(lookup.result_to_df([results, results])) == 2
        assert len(lookup.lookup_ioc(IP, ioc_type="dns").table) == 1
        assert lookup.lookup_ioc(IP, ioc_type="dns").table["Status"].to_pylist() == [2]  # not of that type
        assert len(server.asked) == 1  # the second is from the cache


def test_frames_mappings_and_lists(tmp_path: Path) -> None:
    iocs = {
        "Observable": [IP, "c:\\x.exe", None, "10.0.0.1", IP],
        "IoCType": ["ipv4", "windows_path", None, "ipv4", "ipv4"],
    }
    with IntelServer(answering) as server:
        lookup = through(server, tmp_path)
        for make in (pd.DataFrame, pl.DataFrame, pa.table):
            given = make(iocs)
            found = lookup.lookup_iocs(given)
            assert type(found) is type(given)
            assert lookup.result_to_df(found)["Ioc"].tolist() == [IP, "c:\\x.exe", "10.0.0.1"]
            assert lookup.result_to_df(found)["Status"].tolist() == [0, 2, 2]
        assert lookup.lookup_iocs({IP: "ipv4"}).table["Status"].to_pylist() == [0]
        assert len(lookup.lookup_iocs([]).table) == len(lookup.lookup_iocs(pd.DataFrame({"Ioc": []}))) == 0
        with pytest.raises(OptionError, match="ioc_col"):
            lookup.lookup_iocs(pd.DataFrame({"text": [IP]}))
        with pytest.raises(OptionError, match="did you mean text"):
            lookup.lookup_iocs(pd.DataFrame({"text": [IP]}), ioc_col="tex")
        assert len(server.asked) == 1


def test_a_time_out_spoils_no_other(tmp_path: Path) -> None:
    quick = VALUES["ipv4"]

    def sometimes(asked: Asked) -> Answer:
        return Answer(ANSWERS["internetdb"][0]["ipv4"], delay_s=2.0 if asked.path.endswith("8.8.4.4") else 0.0)

    with IntelServer(sometimes) as server:
        setting = {"url": server.url, "enabled": True, "per_minute": 1e6, "scope": "primary"}
        own = {"timeout_s": 1, "attempts": 1, "providers": {"internetdb": setting}}
        found = TILookup(settings=own, folder=tmp_path).lookup_iocs(["8.8.4.4", quick]).table.to_pylist()
    assert [row["Status"] for row in found] == [3, 0]


def test_services_are_listed_turned_on_and_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lookup = TILookup(folder=tmp_path)
    assert lookup.loaded_providers == []
    with pytest.raises(OptionError, match="no service is set up"):
        lookup.lookup_ioc(IP)
    lookup.enable_provider(["GreyNoise", "InternetDB"])
    assert lookup.loaded_providers == ["greynoise", "internetdb"]
    lookup.disable_provider("greynoise")
    assert lookup.loaded_providers == ["internetdb"]
    assert "internetdb" in lookup.list_available_providers(as_list=True)
    lookup.list_available_providers(show_query_types=True)
    assert "virustotal - " in capsys.readouterr().out
    with pytest.raises(OptionError, match="no such provider"):
        lookup.enable_provider("grey noise")
    assert TILookup("InternetDB", folder=tmp_path).available_providers == lookup.available_providers
    assert any("needs api_key" in line for line in lookup.provider_status)


def test_recorded_answers_take_the_place_of_the_network(tmp_path: Path) -> None:
    with IntelServer(answering) as server:
        lookup = through(server, tmp_path / "kept")
        lookup.lookup_ioc(IP)
        assert lookup.record(tmp_path / "lookups.jsonl") == 1
    text = (tmp_path / "lookups.jsonl").read_text()
    assert json.loads(text)["observable"] == IP and server.url not in text
    recorded = TILookup(recorded=tmp_path)
    assert recorded.is_offline
    rows = recorded.lookup_iocs([IP, "9.9.9.9"]).table.to_pylist()
    assert [(row["Status"], row["from_cache"]) for row in rows] == [(0, True), (5, False)]
    assert rows[0]["RawResult"] and rows[0]["as_of"].year >= 2024


def test_recorded_answers_of_services_that_need_keys(tmp_path: Path) -> None:
    file = tmp_path / "said.jsonl"
    lines = [
        {"provider": name, "type": kind, "observable": VALUES[kind] if kind != "ipv4" else IP, "body": body}
        for name in ("virustotal", "otx", "xforce")
        for kind, body in ANSWERS[name][0].items()
        if kind in ("ipv4", "url")
    ]
    file.write_text("\n".join(json.dumps(line) for line in lines))
    lookup = TILookup(recorded=file)
    rows = lookup.lookup_ioc(IP).table.to_pylist()
    assert [(row["Provider"], row["Status"]) for row in rows] == [("virustotal", 0), ("otx", 0), ("xforce", 0)]
    assert [row["as_of"] for row in rows] == [None] * 3, "nobody wrote down when they were asked"
    assert "recorded" not in json.dumps(rows)


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"provider": "otx"}', '{"provider": "otx", "type": "path", "observable": "x", "body": 1}']
)
def test_recorded_files_that_cannot_be_read_say_where(line: str, tmp_path: Path) -> None:
    file = tmp_path / "said.jsonl"
    file.write_text(f"\n{line}\n")
    with pytest.raises(ReaderError, match=r"said.jsonl:2"):
        TILookup(recorded=file)
    with pytest.raises(ReaderError, match="cannot be read"):
        TILookup(recorded=tmp_path / "none.jsonl")


def test_feeds_of_a_workspace_answer_too(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text("evil.com\n")
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        ws.intel_add(tmp_path / "bad.txt", name="mine", severity="high")
        found = TILookup(workspace=ws, offline=True).lookup_ioc("www.evil[.]com", ioc_type="dns")
    assert found.table.select(["Provider", "Severity"]).to_pylist() == [{"Provider": "mine", "Severity": "high"}]


# place and owner ----------------------------------------------------------------------------------------------------

PLACES = "network,country_code,country,city,lat,lon,asn,as_name\n9.9.9.0/24,CZ,Czechia,Brno,49.2,16.6,64496,EXAMPLE\n"


@pytest.fixture
def places(tmp_path: Path) -> Path:
    (tmp_path / "places.csv").write_text(PLACES)
    return tmp_path / "places.csv"


def test_places_of_addresses(places: Path) -> None:
    geo = GeoLiteLookup(places)
    raw, found = geo.lookup_ip(ip_addr_list=["9.9.9.9", None, "10.0.0.1", EVIL])  # type: ignore[list-item]
    assert raw[0] == {
        "IpAddress": "9.9.9.9", "CountryCode": "CZ", "CountryName": "Czechia", "City": "Brno", "Longitude": 16.6,
        "Latitude": 49.2, "Asn": 64496, "AsName": "EXAMPLE",
    }  # fmt: skip
    assert found[0]["Location"]["Latitude"] == 49.2
    assert [one.Location is None for one in found] == [False, True, True, True]
    assert geo.lookup_ip("9.9.9.9")[1] == geo.lookup_ip(ip_entity=IpAddress("9.9.9.9"))[1]
    assert geo.lookup_ip("193.0.6.139")[1][0]["Location"]["CountryCode"] == "NL"  # the package's own table
    with pytest.raises(OptionError, match="no address"):
        geo.lookup_ip()
    with pytest.raises(OptionError, match="GeoLiteLookup"):
        GeoLiteLookup(places.parent / "none.mmdb")


def test_places_of_a_frame(places: Path) -> None:
    frame = pd.DataFrame({"ip": ["9.9.9.9", None, 5], "City": ["x", "y", "z"]}, index=list("abc"))
    before = frame.copy()
    found = GeoLiteLookup(places).df_lookup_ip(frame, "ip")
    assert found["City_"].tolist()[0] == "Brno" and found["City"].tolist() == ["x", "y", "z"]
    assert list(found.index) == list("abc") and frame.equals(before)
    assert GeoLiteLookup(places).df_lookup_ip(pl.DataFrame({"ip": ["9.9.9.9"]}), "ip")["Asn"].to_list() == [64496]
    with pytest.raises(OptionError, match="no such column"):
        GeoLiteLookup(places).df_lookup_ip(frame, "Ip")


def test_whose_an_address_is(places: Path) -> None:
    lookup = WhoisLookup(geography=[places])
    assert lookup("9.9.9.9")[0] == "EXAMPLE"
    assert lookup("9.9.9.9").properties["asn"] == 64496
    assert lookup("10.0.0.1")[0] == "No ASN Information for IP type: Private"
    assert lookup("not an address")[0] == "No ASN Information for IP type: Invalid"
    assert "offline" in get_whois_info("8.8.8.8", show_progress=True)[0]  # nobody is asked unless told to
    frame = pd.DataFrame({"ip": ["9.9.9.9", None, "10.0.0.1"]})
    assert lookup.frame(frame, "ip", all_columns=True)["AsnDescription"].tolist()[0] == "EXAMPLE"
    assert list(frame.columns) == ["ip"]


def test_recorded_answers_of_registries(tmp_path: Path) -> None:
    lines = [
        {"service": "Team Cymru", "observable": "8.8.8.0/24", "facts": {"asn": 15169, "as_name": "GOOGLE, US"}},
        {"service": "Team Cymru", "observable": "8.8.8.9", "facts": {"asn": 1, "as_name": EVIL}, "as_of": "2020-05-01"},
        {"service": "RDAP", "observable": "8.8.8.8", "status": "no data"},
    ]
    (tmp_path / "answers.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert get_whois_info("8.8.8.8", recorded=tmp_path)[0] == "GOOGLE, US"
    told = get_whois_info("8.8.8.9", recorded=tmp_path, online=True)
    assert told.name == EVIL and told.properties["as_of"].year == 2020
    assert "not among the recorded answers" in get_whois_info("8.8.4.4", recorded=tmp_path)[0]
    (tmp_path / "answers.jsonl").write_text('{"service": "RDAP"}')
    with pytest.raises(ReaderError, match=r"answers.jsonl:1"):
        get_whois_info("8.8.8.8", recorded=tmp_path)
