"""Pivots over stored tables: what is found about an address, host, account, domain, URL, file; one or many at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.workspace.pivot_rows import HASH, at, fill

import flowsleuth
from flowsleuth.errors import CatalogueError, OptionError, WorkspaceError
from flowsleuth.schema import TABLES
from flowsleuth.schema.entities import Account, Dns, File, FileHash, Host, IpAddress, Url
from flowsleuth.testing import check_pivot
from flowsleuth.workspace.pivots import PIVOTS, Answer, Found, Pivot, Question, load_pivot
from flowsleuth.workspace.pivots import pivot as pivot_module
from flowsleuth.workspace.results import Rows


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    with flowsleuth.open(tmp_path_factory.mktemp("pivots") / "case", create=True) as ws:
        fill(ws)
        yield ws


def pairs(answer, *columns):
    return [tuple(row[name] for name in columns) for row in answer.table.to_pylist()]


def ids(answer):
    name = next(name for name in answer.table.column_names if name.endswith("_id"))
    return answer.table[name].to_pylist()


# addresses ----------------------------------------------------------------------------------------------------------


def test_flows_of_an_address_with_all_columns(ws):
    found = ws.ip("10.0.0.5").flows()
    assert ids(found) == [1, 2, 4, 5]  # 10.0.0.50 is another
    assert {"start", "src_ip", "src_bytes", "server_name"} <= set(found.table.column_names)
    assert ws.ip("10.0.0.5").flows(columns="all").table.column_names == list(TABLES["flow"].names)
    assert ws.ip("10.0.0.5").flows(columns=["dst_port", "uid"]).table.column_names == ["dst_port", "uid"]
    with pytest.raises(OptionError, match="no such columns"):
        ws.ip("10.0.0.5").flows(columns="dst_prt")
    assert found.table.to_pylist()[0]["server_name"] == "www.example.org"
    assert found.notes == ()
    assert ids(ws.ip(IpAddress("2001:DB8:0:0::9")).flows()) == [3]
    assert len(ws.ip("203.0.113.1").flows()) == 0


@pytest.mark.parametrize(
    ("network", "flows"),
    [
        ("10.0.0.4/31", [1, 2, 4, 5]),
        ("10.0.0.0/8", [1, 2, 3, 4, 5, 6, 7]),
        ("2001:db8::/32", [3]),
        ("2001:d00::/24", [3]),
    ],
)
def test_flows_of_a_network(ws, network, flows):
    assert ids(ws.ip(network).flows()) == flows


def test_a_cut_is_told(ws):
    found = ws.ip("10.0.0.5").flows(limit=3)
    assert ids(found) == [1, 2, 4] and found.notes == ("only the first 3 rows in order of start: limit=None gives all",)
    assert "limit=None" in found._repr_html_()
    assert ids(ws.ip("10.0.0.5").flows(limit=4)) == [1, 2, 4, 5]
    assert ws.ip("10.0.0.5").flows(limit=4).notes == ()
    assert len(ws.ip("10.0.0.5").peers(limit=1)) == 1
    with pytest.raises(OptionError, match="at least one row"):
        ws.ip("10.0.0.5").flows(limit=0)


def test_the_windows_of_workspace_and_call(ws):
    try:
        ws.time_range = "2024-03-15"
        assert ids(ws.ip("10.0.0.5").flows()) == [5]
        assert ids(ws.ip("10.0.0.5").flows(start="2024-03-14", end="2024-03-14T00:01")) == [1]
        assert ids(ws.ip("10.0.0.5").flows(time_range=(None, "2024-03-15"))) == [1, 2, 4]
        with pytest.raises(OptionError, match="ends before"):
            ws.ip("10.0.0.5").flows(time_range=("2024-03-15", "2024-03-14"))
    finally:
        ws.time_range = None
    assert ws.time_range.is_open


def test_peers_of_an_address(ws):
    found = ws.ip("10.0.0.5").peers()
    assert found.table.to_pylist()[0] == {
        "peer": "192.0.2.7", "way": "two way", "is_internal": False, "connections": 2, "connections_to_peer": 1,
        "connections_from_peer": 1, "bytes_out": 100, "bytes_in": 905, "packets_out": None, "packets_in": None,
        "ports": 2, "service": "ssh", "server_name": "www.example.org", "first_seen": at(0), "last_seen": at(60),
    }  # fmt: skip
    assert pairs(found, "peer", "way") == [
        ("192.0.2.7", "two way"), ("10.0.0.6", "outbound"), ("198.51.100.1", "outbound"),
    ]  # fmt: skip
    assert pairs(ws.ip("198.51.100.1").peers(), "peer", "way") == [("10.0.0.5", "outbound")]  # our side opened it
    assert pairs(ws.ip("10.0.0.6").peers(), "peer", "way", "bytes_in") == [
        ("10.0.0.5", "inbound", 1), ("2001:db8::9", "outbound", None),
    ]  # fmt: skip
    assert len(ws.ip("10.0.0.7").peers()) == 0  # only with itself


def test_peers_of_a_network_are_outside_it(ws):
    assert sorted(pairs(ws.ip("10.0.0.4/30").peers(), "peer")) == [("192.0.2.7",), ("198.51.100.1",), ("2001:db8::9",)]
    both = ws.pivots().IpAddress.peers(["10.0.0.4/30", "10.0.0.5"])
    assert sorted(pairs(both, "asked", "peer")) == [
        ("10.0.0.4/30", "192.0.2.7"), ("10.0.0.4/30", "198.51.100.1"), ("10.0.0.4/30", "2001:db8::9"),
        ("10.0.0.5", "10.0.0.6"), ("10.0.0.5", "192.0.2.7"), ("10.0.0.5", "198.51.100.1"),
    ]  # fmt: skip


def test_names_of_an_address_by_role(ws):
    assert pairs(ws.ip("192.0.2.7").dns(), "name", "role", "qtype", "times") == [
        ("www.example.org", "answer", "A", 1), ("www.example.org", "tls", None, 1),
    ]  # fmt: skip
    assert pairs(ws.ip("2001:db8::9").dns(), "name", "role", "qtype") == [("WWW.example.org", "answer", "AAAA")]
    assert {name for name, role in pairs(ws.ip("10.0.0.6").dns(), "name", "role") if role == "client"} == {
        "WWW.example.org", "db2.corp.example", "badexample.org",
    }  # fmt: skip
    assert ("db2.corp.example", "10.0.0.60") in pairs(ws.ip("10.0.0.32/27").dns(), "name", "address")
    assert ("www.example.org", "answer", "2001:db8::/32") in [
        (name.lower(), role, asked) for name, role, asked in
        pairs(ws.pivots().IpAddress.dns(["2001:db8::/32", "10.0.0.6"]), "name", "role", "asked")
    ]  # fmt: skip


def test_alerts_by_ends_and_entities(ws):
    assert pairs(ws.ip("192.0.2.7").alerts(), "name") == [("scan",)]
    assert pairs(ws.ip("2001:db8::9").alerts(), "name") == [("evil",)]
    assert pairs(ws.ip("2001:db8::/32").alerts(), "name") == [("evil",)]
    assert len(ws.ip("2001:db8::").alerts()) == 0
    assert pairs(ws.host("web1").alerts(), "name") == [("scan",), ("evil",)]  # scan by its address
    assert pairs(ws.account("corp\\ANA").alerts(), "name") == [("evil",)]
    assert len(ws.account("other\\ana").alerts()) == 0
    assert pairs(ws.dns("example.org").alerts(), "name") == [("evil",)]
    assert pairs(ws.url("HTTP://evil.example.org/a?b").alerts(), "name") == [("evil",)]
    for file in (HASH.upper(), "c:\\temp\\EVIL.exe", "evil.exe"):
        assert pairs(ws.file(file).alerts(), "name") == [("evil",)]
    assert len(ws.file("d:\\evil.exe").alerts()) == 0


def test_logons(ws):
    assert ids(ws.ip("192.0.2.7").logons()) == [2]
    assert ids(ws.ip("10.0.0.0/8").logons()) == [1]
    assert ids(ws.host("WEB1").logons()) == [1, 3]
    assert ids(ws.host("web1.corp.example").logons()) == [1, 3]  # WEB1 without a domain may be it
    assert ids(ws.host("web1.other.example").logons()) == [3]
    assert ids(ws.account("ANA").logons()) == [1, 2, 3]
    assert ids(ws.account("corp\\ana").logons()) == [1, 2]
    assert ids(ws.account(Account("ana", UPNSuffix="corp.example")).logons()) == [1, 2]


# hosts, files -------------------------------------------------------------------------------------------------------


def test_a_host_by_name_and_by_its_addresses(ws):
    assert ids(ws.host("web1").flows()) == [1, 2, 4, 5]
    assert ids(ws.host(Host("WEB1", DnsDomain="corp.example")).flows()) == [1, 2, 4, 5]
    assert ids(ws.host("web1.other.example").flows()) == [1, 2, 4, 5]  # "rg/web1" names no domain
    found = ws.host("DB2").flows()
    assert ids(found) == [3, 4] and found.notes == (
        "also by addresses that DNS answers gave for the name: 10.0.0.6, 10.0.0.60",
    )
    assert ids(ws.host("10.0.0.6").flows()) == [3, 4]
    assert len(ws.host("web").flows()) == 0
    assert pairs(ws.host("web1").peers(), "peer")[0] == ("192.0.2.7",)
    assert "badexample.org" in [name for (name,) in pairs(ws.host("db2").dns(), "name")]


def test_addresses_of_a_host_and_who_tells(ws):
    assert sorted(pairs(ws.host("web1").addresses(), "address", "source", "name", "times")) == [
        ("10.0.0.5", "flow", "WEB1.corp.example", 2),
    ]  # fmt: skip
    assert pairs(ws.host("db2").addresses(), "address", "source") == [("10.0.0.6", "dns"), ("10.0.0.60", "dns")]


def test_hosts_of_an_address_and_who_tells(ws):
    assert pairs(ws.ip("10.0.0.5").hosts(), "host", "source", "times") == [
        ("WEB1.corp.example", "flow", 1), ("rg/web1", "flow", 1),
    ]  # fmt: skip
    assert pairs(ws.ip("10.0.0.60").hosts(), "host", "source") == [("db2.corp.example", "dns")]
    assert sorted(pairs(ws.ip("10.0.0.0/24").hosts(), "host", "address")) == [
        ("WEB1.corp.example", "10.0.0.5"), ("db2.corp.example", "10.0.0.6"), ("db2.corp.example", "10.0.0.60"),
        ("rg/web1", "10.0.0.5"),
    ]  # fmt: skip


def test_processes(ws):
    assert ids(ws.host("web1").processes()) == [1]
    assert ids(ws.account("ana").processes()) == [1]
    for file in (HASH, "C:\\TEMP\\evil.exe", "EVIL.EXE", FileHash(Value=HASH), File("evil.exe", "c:\\temp")):
        assert ids(ws.file(file).processes()) == [1]
    assert ids(ws.file("/usr/bin/wget").processes()) == [2]
    assert len(ws.file("/usr/bin/WGET").processes()) == 0


def test_domains_and_urls(ws):
    assert ids(ws.dns("example.org").flows()) == [1, 6]
    assert ids(ws.dns("www.example.org.").flows()) == [1]
    assert ids(ws.dns("example.org").dns()) == [1, 2]  # badexample.org is another
    assert ids(ws.url("https://www.example.org/x").flows()) == [1]
    assert ids(ws.url("http://192.0.2.7/x").flows()) == [1, 2]
    assert ids(ws.url("http://evil.example.org/a?b").requests()) == [1, 2]
    assert ids(ws.url(Url("https://EVIL.example.org/a")).requests()) == [3]
    assert ids(ws.url("https://www.example.org/").dns()) == [1, 2]
    assert pairs(ws.dns("www.example.org").addresses(), "address", "role") == [
        ("192.0.2.7", "answer"), ("192.0.2.7", "tls"), ("2001:db8::9", "answer"),
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["x' OR 1=1 --", 'a"b', "%", "_", "\\", "';drop table flow;--"])
def test_values_are_bound_whatever_they_hold(ws, value):
    for kind, ask in (("host", ws.host), ("account", ws.account), ("file", ws.file), ("dns", ws.dns)):
        try:
            subject = ask(value)
        except OptionError:
            continue
        for name in subject.__dir__():
            if name in ("flows", "alerts", "logons", "processes", "addresses", "peers"):
                assert len(getattr(subject, name)()) == 0, (kind, name)


@pytest.mark.parametrize(
    ("ask", "value"),
    [("ip", "web1"), ("ip", ""), ("ip", None), ("ip", 5), ("url", "no url"), ("dns", "a b"), ("host", " "),
     ("ip", Host("web1")), ("host", IpAddress("10.0.0.5"))],
)  # fmt: skip
def test_what_is_no_such_thing_is_refused(ws, ask, value):
    with pytest.raises(OptionError):
        getattr(ws, ask)(value)


# facts from elsewhere -----------------------------------------------------------------------------------------------


class Told:
    """Answers for the workspace's look-ups, and counts what it is asked."""

    def __init__(self):
        self.asked = []

    def lookup(self, observables, *, providers=None, scope="primary", offline=False):
        from flowsleuth.workspace.results import Rows

        self.asked += observables
        return Rows(pa.table({"Ioc": observables, "Severity": ["high"] * len(observables)}))


@pytest.fixture
def told(ws, monkeypatch):
    told = Told()
    monkeypatch.setattr(type(ws), "lookup", staticmethod(told.lookup), raising=False)
    return told


def test_facts_are_handed_on(ws, told):
    alone = ws.whois("193.0.6.139")
    alone.pop("observable")
    assert ws.ip("193.0.6.139").whois() == alone and alone["country"] == "Netherlands"
    assert ws.url("http://193.0.6.139/").whois()["country"] == "Netherlands"
    assert ws.dns("example.org").whois()["status"] == ws.whois("example.org")["status"]
    assert pairs(ws.ip("192.0.2.7").ti(), "Ioc", "Severity") == [("192.0.2.7", "high")]
    with pytest.raises(OptionError, match="no such options"):
        ws.pivots().IpAddress.whois("192.0.2.7", fast=True)
    assert len(ws.pivots().IpAddress.whois(["10.0.0.0/8"]).notes) == 1
    assert len(ws.ip("192.0.2.7").facts()) == 0


def test_whois_asks_the_registries_about_all_at_once_and_only_when_told_to(ws, monkeypatch):
    from flowsleuth.workspace.online_lookups import OnlineLookups

    asked = []

    def looked_up(self, service, observables, *more):
        asked.append((service, tuple(observables), self.offline))
        return real(self, service, asked[-1][1], *more)

    real = OnlineLookups._look_up
    monkeypatch.setattr(OnlineLookups, "_look_up", looked_up)
    frame = pd.DataFrame({"ip": ["193.0.6.139", "8.8.8.8", "193.0.6.139", None]})
    found = ws.pivot(frame, "IpAddress.whois", column="ip")
    assert [one[1:] for one in asked] == [(("193.0.6.139", "8.8.8.8"), True)] * 2
    assert found["country"].tolist()[:3] == ["Netherlands", "United States", "Netherlands"]


def test_what_is_missing_is_said(ws, monkeypatch):
    monkeypatch.setattr(type(ws), "lookup", None, raising=False)
    with pytest.raises(WorkspaceError, match=r"no ws\.lookup\(\)"):
        ws.ip("192.0.2.7").ti()


def test_a_place_is_told_for_whole_columns_as_for_one(ws):
    addresses = ["193.0.6.139", "8.8.8.8", "10.0.0.5", "2001:67c:2e8:22::c100:68b"]
    frame = pd.DataFrame({"ip": addresses})
    found = ws.pivot(frame, "IpAddress.geo", column="ip")
    assert found["country"].tolist()[:2] == [ws.geo(one)["country"] for one in addresses[:2]]
    for one in addresses:
        told = ws.geo(one)
        told.pop("address")
        assert ws.ip(one).geo() == told
    assert len(ws.pivots().IpAddress.geo(["10.0.0.0/8"]).notes) == 1


# columns ------------------------------------------------------------------------------------------------------------


def test_a_column_joined_back(ws, told):
    frame = pd.DataFrame(
        {"IPAddress": ["192.0.2.7", " 192.0.2.7", None, 5, "no address", "203.0.113.1", float("nan"), ["192.0.2.7"]],
         "Severity": range(8)},
        index=list("abcdefgh"),
    )  # fmt: skip
    before = frame.copy(deep=True)
    found = ws.pivot(frame, "IpAddress.ti", column="IPAddress")
    pd.testing.assert_frame_equal(frame, before)
    assert frame.attrs == {}
    assert told.asked == ["192.0.2.7", "203.0.113.1"]  # each once, nothing that is none
    assert list(found.index) == list("abcdefgh")
    assert found["Severity_ti"].tolist()[:2] == ["high", "high"] and found["Severity_ti"].isna().sum() == 5
    assert found["Severity"].dtype == frame["Severity"].dtype
    assert found.attrs["notes"] == ["5 rows have no IpAddress in 'IPAddress'"]


def test_several_answers_to_a_row(ws):
    frame = pd.DataFrame(
        {"ip": ["10.0.0.6", "203.0.113.1", "10.0.0.5", "10.0.0.6"], "n": [1, 2, 3, 4]}, index=[9, 8, 7, 6]
    )
    found = ws.pivot(frame, "IpAddress.peers", column="ip")
    assert found[["n", "peer"]].to_numpy().tolist()[:2] == [[1, "10.0.0.5"], [1, "2001:db8::9"]]
    assert list(found.index) == [9, 9, 8, 7, 7, 7, 6, 6] and pd.isna(found["peer"].iloc[2])
    inner = ws.pivot(frame, "IpAddress.peers", column="ip", join="inner")
    assert list(inner.index) == [9, 9, 7, 7, 7, 6, 6]
    alone = ws.pivot(frame, "IpAddress.peers", column="ip", join="none")
    assert sorted(set(alone["ip"])) == ["10.0.0.5", "10.0.0.6"] and len(alone) == 5


def test_arrow_and_rows_in_answer_out(ws):
    table = pa.table({"ip": ["10.0.0.7", "192.0.2.7"], "name": ["a", "b"]})
    found = ws.pivot(table, "ipaddress.DNS", column="ip")
    assert found.table.column_names[:3] == ["ip", "name", "name_dns"]
    assert found.table["name_dns"].to_pylist() == [None, "www.example.org", "www.example.org"]
    flows = ws.pivot(ws.ip("10.0.0.6").peers(), "IpAddress.flows", column="peer", limit=None)
    assert len(flows) == 5 and flows.notes == ()


@pytest.mark.parametrize("values", [[], [None], [1.5]])
def test_nothing_to_ask(ws, values):
    found = ws.pivot(pd.DataFrame({"ip": values}), "IpAddress.peers", column="ip")
    assert len(found) == len(values) and "peer" in found.columns
    assert len(ws.pivot(pd.DataFrame({"ip": values}), "IpAddress.whois", column="ip")) == len(values)


@pytest.mark.parametrize("name", PIVOTS.names())
def test_every_pivot_keeps_its_word(ws, told, name):
    values = {
        "IpAddress": ["10.0.0.4/30", "192.0.2.7"], "Host": ["web1", "db2"], "Account": ["ana", "corp\\ana"],
        "Dns": ["example.org", "www.example.org"], "Url": ["http://evil.example.org/a?b", "http://192.0.2.7/"],
        "File": [HASH, "/usr/bin/wget"],
    }  # fmt: skip
    pivot = load_pivot(name)
    asked = values[pivot.entity] if pivot.needs.startswith("table") else [*values[pivot.entity][1:], "198.51.100.1"]
    assert pivot.full_name == name and pivot.needs
    check_pivot(ws, pivot, asked)
    if pivot.needs.startswith("table"):
        assert len(pivot.answer(Question(ws, ())).rows) == 0


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (lambda q: {"asked": ["x"]}, "what was not asked"),
        (lambda q: {"asked": list(q.values) if len(q.values) > 1 else []}, "other rows than among others"),
    ],
)
def test_the_kit_finds_what_is_wrong(ws, rows, says):
    wrong = Pivot(
        "Dns", "wrong", "Wrong.", lambda question: pa.table({"asked": pa.array(rows(question)["asked"], pa.string())})
    )
    with pytest.raises(AssertionError, match=says):
        check_pivot(ws, wrong, ["a.b", "c.d"])


def test_refusals_of_columns(ws):
    frame = pd.DataFrame([["a", "b"]], columns=["ip", "ip"])
    with pytest.raises(OptionError, match="more than once"):
        ws.pivot(frame, "IpAddress.peers", column="ip")
    with pytest.raises(OptionError, match="no such column"):
        ws.pivot(frame, "IpAddress.peers", column="IP")
    with pytest.raises(OptionError, match="no such join"):
        ws.pivot(frame, "IpAddress.peers", column="ip", join="right")
    with pytest.raises(CatalogueError, match=r"IpAddress\.nothing"):
        ws.pivot(frame, "IpAddress.nothing", column="ip")
    with pytest.raises(OptionError, match="not a table"):
        ws.pivot("10.0.0.5", "IpAddress.peers", column="ip")


def test_many_values_are_joined_not_written_out(ws):
    many = [f"10.{a}.{b}.5" for a in range(40) for b in range(40)]
    frame = pd.DataFrame({"ip": np.array(many, dtype=object)})
    assert len(ws.pivot(frame, "IpAddress.flows", column="ip", join="none")) == 4
    assert len(ws.pivot(frame, "IpAddress.peers", column="ip", join="inner")) == 3


# finding them -------------------------------------------------------------------------------------------------------


def test_found_by_completion_and_listed(ws):
    assert {"whois", "geo", "ti", "flows", "peers", "dns", "alerts", "logons"} <= set(dir(ws.ip("::1")))
    assert {"flows", "peers", "addresses", "alerts", "logons", "processes"} <= set(dir(ws.host("web1")))
    assert set(dir(ws.pivots())) >= {"IpAddress", "Host", "Account", "Url", "Dns", "File"}
    assert "peers" in dir(ws.pivots().IpAddress)
    listed = ws.pivots().to_pandas()
    assert listed["pivot"].tolist() == PIVOTS.names() and len(ws.pivots()) == len(listed)
    assert "IpAddress.flows" in repr(ws.pivots()) and "whois" in repr(ws.ip("::1"))
    assert ws.pivots()["ipaddress.flows"].pivot is ws.pivots().IpAddress.flows.pivot
    with pytest.raises(AttributeError, match="no pivot 'nothing'"):
        ws.ip("::1").nothing()
    with pytest.raises(AttributeError, match="no pivots of 'Nothing'"):
        ws.pivots().Nothing  # noqa: B018


def test_nothing_is_grafted_onto_entities(ws):
    before = set(dir(IpAddress))
    ws.ip("::1").flows()
    assert set(dir(IpAddress)) == before


def length(question: Question) -> pa.Table:
    return pa.table({"asked": list(question.values), "length": [len(value) for value in question.values]})


LENGTH = Pivot("Dns", "length", "How long a name is.", length, "nothing")
BROKEN = Pivot("Dns", "broken", "Forgets the column.", lambda question: Found(pa.table({"a": [1]})), "nothing")


def test_a_plug_in_adds_one(ws, monkeypatch):
    plugged = dict(PIVOTS._entries()) | {"Dns.length": f"{__name__}:LENGTH", "Dns.broken": f"{__name__}:BROKEN"}
    monkeypatch.setattr(PIVOTS, "_entries", lambda: plugged)
    monkeypatch.setattr(pivot_module.PIVOTS, "load", lambda name: {"Dns.length": LENGTH, "Dns.broken": BROKEN}[name])
    load_pivot.cache_clear()
    try:
        assert "length" in dir(ws.dns("example.org")) and "Dns.length" in list(ws.pivots())
        assert ws.dns("Example.org").length().table.to_pylist() == [{"length": 11}]
        found = ws.pivot(pd.DataFrame({"name": ["a.b", None]}), "Dns.length", column="name")
        assert found["length"].tolist()[0] == 3
        with pytest.raises(OptionError, match="no column 'asked'"):
            ws.dns("example.org").broken()
    finally:
        load_pivot.cache_clear()


def test_an_entity_is_asked_about_by_its_identity(ws):
    assert ws.dns(Dns("WWW.example.org")).value == "www.example.org"
    assert ws.host(Host("web1", DnsDomain="corp.example")).value == "web1.corp.example"
    assert ws.ip("2001:DB8::0:1").entity == IpAddress("2001:db8::1")


def test_an_answer_shows_itself_in_a_terminal_safely():
    rows = {
        "name": ["a\x1b[2J\u202e", None, *"cdefghijkl"],
        "long\x07": ["x" * 99] * 12,
        "n": [1] * 12,
        **{f"w{n}": ["y" * 30] * 12 for n in range(9)},
    }
    shown = repr(Answer(pa.table(rows), ("only the first 12 rows\x1b",)))
    assert shown.startswith("<Answer: 12 rows, 12 columns>\nname")
    assert "a\\x1b[2J\\u202e" in shown and "… 2 more rows\n… more columns: w" in shown and shown.endswith("rows\\x1b")
    assert all(len(line) <= 110 for line in shown.splitlines()[:12]) and shown.replace("\n", "").isprintable()
    assert repr(Rows(pa.table({}))) == "<Rows: 0 rows, 0 columns>"
