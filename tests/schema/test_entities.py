"""Entities: equal by identity, JSON both ways, made from rows, escaped, as a graph."""

from __future__ import annotations

import copy
import datetime as dt
import json
import pickle

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.errors import CatalogueError, MissingExtraError, OptionError
from flowsleuth.schema.entities import (
    ENTITIES,
    Account,
    Alert,
    AzureResource,
    CloudApplication,
    Dns,
    Entity,
    File,
    FileHash,
    GeoLocation,
    Host,
    HostLogonSession,
    Incident,
    IpAddress,
    Mailbox,
    NetworkConnection,
    Process,
    RegistryKey,
    RegistryValue,
    SecurityGroup,
    ThreatIntelligence,
    UnknownEntity,
    Url,
    entities_of_row,
    entities_of_table,
    entities_to_json,
    entity_class,
    entity_graph,
    parse_entities,
)

# From microsoft/msticpy docs/notebooks/data/alertlist.csv (MIT), "Suspicious WindowPosition registry value detected".
REGISTRY_ALERT = r"""[
  {"$id": "4", "DnsDomain": "", "NTDomain": "", "HostName": "MSTICALERTSWIN1", "NetBiosName": "MSTICALERTSWIN1",
   "OSFamily": "Windows", "OSVersion": "Windows", "IsDomainJoined": false, "Type": "host"},
  {"$id": "5", "Directory": "c:\\windows\\system32", "Name": "cmd.exe", "Type": "file"},
  {"$id": "6", "ProcessId": "0x165c", "CommandLine": "", "ImageFile": {"$ref": "5"}, "Host": {"$ref": "4"},
   "Type": "process"},
  {"$id": "7", "Name": "MSTICAdmin", "NTDomain": "MSTICAlertsWin1", "Host": {"$ref": "4"},
   "Sid": "S-1-5-21-996632719-2361334927-4038480536-500", "IsDomainJoined": false, "Type": "account",
   "LogonId": "0x13bded7"},
  {"$id": "8", "Directory": "c:\\diagnostics\\usertmp", "Name": "reg.exe", "Type": "file"},
  {"$id": "9", "ProcessId": "0x13a8", "CommandLine": ".\\reg.exe   add \"hkcu\\console\" /v windowposition",
   "ElevationToken": "Default", "CreationTimeUtc": "2019-01-15T09:15:13.305287Z", "ImageFile": {"$ref": "8"},
   "Account": {"$ref": "7"}, "ParentProcess": {"$ref": "6"}, "Host": {"$ref": "4"}, "Type": "process"},
  {"$id": "10", "Hive": "HKEY_CURRENT_USER", "Key": "console", "Type": "registry-key"},
  {"$id": "12", "Key": {"$ref": "10"}, "Name": "windowposition", "Value": "System.Byte[]", "ValueType": "DWord",
   "Type": "registry-value"},
  {"$id": "13", "SessionId": "0x13bded7", "StartTimeUtc": "2019-01-15T09:15:13.305287Z",
   "EndTimeUtc": "2019-01-15T09:15:13.305287Z", "Type": "host-logon-session", "Host": {"$ref": "4"},
   "Account": {"$ref": "7"}}
]"""


# identity -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (IpAddress("2001:DB8:0:0:0:0:0:1"), IpAddress("2001:db8::1")),
        (IpAddress("8.8.8.8", AddressScope="anything"), IpAddress("8.8.8.8")),
        (IpAddress("8.8.8.8"), IpAddress(" 8.8.8.8 ", Location=GeoLocation("US"))),
        (Host("WEB1"), Host("web1")),
        (Host("WEB1.example.org"), Host("web1", DnsDomain="EXAMPLE.ORG.")),
        (Host("web1", NTDomain="WORKGROUP"), Host(NetBiosName="WEB1")),
        (Account("Ana", UPNSuffix="contoso.com"), Account("ana@CONTOSO.com")),
        (Account("CONTOSO\\ana"), Account("ANA", NTDomain="contoso")),
        (Account("ana", NTDomain="WEB1", Host=Host("web1")), Account("web1\\ana", Host=Host("WEB1"))),
        (Url("HTTP://Example.ORG:80"), Url("http://example.org/")),
        (Dns("Example.ORG."), Dns("example.org")),
        (File("CMD.exe", "C:\\Windows"), File("c:\\windows\\cmd.EXE")),
        (File("wget", "/usr/bin/"), File("/usr/bin/wget")),
        (FileHash("SHA-256", "AB" * 32), FileHash(Value="ab" * 32)),
        (Process("0x10", Host=Host("a")), Process("16", Host=Host("A"))),
        (RegistryKey("HKLM", "SOFTWARE\\x"), RegistryKey("HKEY_LOCAL_MACHINE", "software\\X")),
        (CloudApplication("Box", AppId="10489"), CloudApplication(SaasId="10489")),
        (SecurityGroup(SID="s-1-5-32-544"), SecurityGroup(SID="S-1-5-32-544")),
        (Mailbox("Ana@contoso.com"), Mailbox("ana@contoso.com", DisplayName="Ana")),
        (AzureResource("/subscriptions/A/x"), AzureResource("/Subscriptions/a/X", ResourceName="x")),
        (ThreatIntelligence("otx", "botnet", "x"), ThreatIntelligence("OTX", "Botnet", "X", Confidence="9")),
        (
            NetworkConnection(IpAddress("::1"), 5, IpAddress("10.0.0.1"), 53, "UDP"),
            NetworkConnection(IpAddress("0:0:0:0:0:0:0:1"), 5, IpAddress("10.0.0.1"), 53, "udp"),
        ),
    ],
    ids=str,
)
def test_the_same_thing_is_equal_however_it_is_written(one, other):
    assert one == other
    assert hash(one) == hash(other)
    assert one.matches(other) and other.matches(one)
    assert len({one, other}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (IpAddress("10.0.0.1", AddressScope="a"), IpAddress("10.0.0.1", AddressScope="b")),
        (IpAddress("10.0.0.1"), IpAddress("10.0.0.10")),
        (Host("web1", DnsDomain="a.org"), Host("web1", DnsDomain="b.org")),
        (Host("10.0.0.1"), Host("10.0.0.2")),
        (Account("root", Host=Host("a")), Account("root", Host=Host("b"))),
        (Account("SYSTEM", NTDomain="NT AUTHORITY", Host=Host("a")), Account("NT AUTHORITY\\SYSTEM", Host=Host("b"))),
        (Account("x", Sid="1001:1001", Host=Host("a")), Account("x", Sid="1001:1001", Host=Host("b"))),
        (File("cmd.exe", "c:\\windows"), File("cmd.exe", "c:\\temp")),
        (File("wget", "/usr/bin"), File("WGET", "/usr/bin")),
        (Url("http://example.org/A"), Url("http://example.org/a")),
        (FileHash("MD5", "ab" * 16), FileHash("SHA256", "ab" * 32)),
        (Process("16", Host=Host("a")), Process("16", Host=Host("b"))),
        (IpAddress("example"), Host("example")),
        (UnknownEntity(), UnknownEntity()),
    ],
    ids=str,
)
def test_different_things_are_not_equal(one, other):
    assert one != other
    assert not one.matches(other)


def test_equality_asks_for_the_strongest_identifier_and_matches_for_a_shared_one():
    short, full = Host("web1"), Host("WEB1", DnsDomain="example.org", AzureID="/subscriptions/1")
    assert short != full and short.matches(full) and full.matches(short)
    assert not Host("web2").matches(full)
    ana, by_sid = Account("ana"), Account("ANA", Sid="S-1-5-21-1-2-3-1104")
    assert ana != by_sid and ana.matches(by_sid)


def test_time_of_making_and_later_details_do_not_count():
    """msticpy compares the creation time of the object, so that no two entities are ever equal."""
    first, second = IpAddress("192.0.2.1"), IpAddress("192.0.2.1", additional={"Count": 3})
    assert first == second
    assert Alert("ID-1", Severity="Low") == Alert("id-1", Severity="High")


def test_merge_fills_gaps_joins_lists_and_keeps_what_is_there():
    one = Host("web1", IpInterfaces=(IpAddress("10.0.0.1"),), additional={"a": 1, "b": 1})
    other = Host("WEB1", DnsDomain="example.org", OSFamily="Linux",
                 IpInterfaces=(IpAddress("10.0.0.1"), IpAddress("10.0.0.2")), additional={"b": 2, "c": 3})  # fmt: skip
    both = one.merge(other)
    assert (both.HostName, both.DnsDomain, both.OSFamily) == ("web1", "example.org", "Linux")
    assert [ip.Address for ip in both.IpInterfaces] == ["10.0.0.1", "10.0.0.2"]
    assert dict(both.additional) == {"a": 1, "b": 1, "c": 3}
    assert one.OSFamily is None
    with pytest.raises(OptionError, match="not the same thing"):
        one.merge(Host("web2"))


def test_entities_cannot_be_changed_but_copied():
    host = Host("web1")
    with pytest.raises(AttributeError):
        host.HostName = "web2"
    with pytest.raises(TypeError):
        parse_entities('[{"Type": "ip", "Address": "::1", "Count": 1}]')[0].additional["Count"] = 2
    assert copy.copy(host) == host


# JSON ---------------------------------------------------------------------------------------------------------------


def test_a_real_alert_in_full():
    found = parse_entities(REGISTRY_ALERT)
    assert [type(one).__name__ for one in found] == [
        "Host", "File", "Process", "Account", "File", "Process", "RegistryKey", "RegistryValue", "HostLogonSession",
    ]  # fmt: skip
    host, cmd, parent, account, reg, process, key, value, session = found
    assert process.Host is host and process.ParentProcess is parent and parent.ImageFile is cmd
    assert process.Account is account and account.Host is host and value.Key is key and session.Account is account
    assert process.CreationTimeUtc == dt.datetime(2019, 1, 15, 9, 15, 13, 305287, tzinfo=dt.UTC)
    assert (process.pid, parent.pid, reg.path) == (0x13A8, 0x165C, "c:\\diagnostics\\usertmp\\reg.exe")
    assert (host.IsDomainJoined, host.DnsDomain, account.LogonId) == (False, "", "0x13bded7")
    assert isinstance(session, HostLogonSession) and isinstance(value, RegistryValue)
    assert account.identity[1] == "Sid+Host"  # …-500 is the built-in administrator: its SID needs the host


def test_json_both_ways_keeps_every_field():
    """msticpy's to_json always raises."""
    given = json.loads(REGISTRY_ALERT)
    back = json.loads(entities_to_json(parse_entities(REGISTRY_ALERT)))
    number = {one["$id"]: str(place) for place, one in enumerate(given, start=1)}

    def renumbered(value):
        if isinstance(value, dict):
            return {k: number[v] if k in ("$id", "$ref") else renumbered(v) for k, v in value.items()}
        return value

    assert back == [renumbered(one) for one in given]


def test_forward_references_and_circles():
    text = """[{"$id": "1", "Type": "process", "ProcessId": "1", "ParentProcess": {"$ref": "2"}},
               {"$id": "2", "Type": "process", "ProcessId": "2", "ParentProcess": {"$ref": "1"}},
               {"$id": "3", "Type": "process", "ProcessId": "3", "ParentProcess": {"$ref": "3"}}]"""
    one, two, three = parse_entities(text)
    assert one.ParentProcess is two and two.ParentProcess is one and three.ParentProcess is three
    assert "ParentProcess" in repr(one) and one._repr_html_() and hash(one)
    again = parse_entities(entities_to_json([one, two, three]))
    assert again == (one, two, three) and again[0].ParentProcess.ParentProcess is again[0]
    single = Entity.from_json(one.to_json())
    assert single.ParentProcess.ParentProcess is single
    assert entity_graph([one]).edges.num_rows == 2


def test_references_within_nested_objects():
    text = """[{"$id": "1", "Type": "file", "Name": "a", "FileHashes": [{"$id": "2", "Algorithm": "MD5",
               "Value": "d41d8cd98f00b204e9800998ecf8427e", "Type": "filehash"}]},
               {"$ref": "1"}, {"Type": "malware", "Name": "x", "Files": {"$ref": "1"}}]"""
    file, same, malware = parse_entities(text)
    assert same is file and malware.Files == (file,) and file.FileHashes[0].algorithm == "MD5"
    written = json.loads(entities_to_json([file, same, malware]))
    assert written[1] == {"$ref": "1"} and written[2]["Files"] == [{"$ref": "1"}]


def test_what_is_not_known_is_kept():
    text = """[{"$id": "1", "Type": "ip", "Address": "192.0.2.1", "Count": 3, "Odd": {"Host": {"$ref": "2"}}},
               {"$id": "2", "Type": "host", "HostName": "a", "Boss": {"$ref": "99"}, "IoTDevice": {"$ref": "77"}},
               {"$id": "3", "Type": "spaceship", "Name": "x", "Crew": [1, 2]},
               {"$id": "4", "Type": "alerts", "DisplayName": "d", "Location": "Central US"},
               {"$id": "5", "Type": "host", "HostName": {"a": 1}, "IsDomainJoined": "maybe"}]"""
    ip, host, ship, alert, odd = parse_entities(text)
    assert ip.additional["Count"] == 3 and ip.additional["Odd"]["Host"] is host
    assert host.additional == {"Boss": {"$ref": "99"}, "IoTDevice": {"$ref": "77"}}
    assert isinstance(ship, UnknownEntity) and ship.additional["Crew"] == [1, 2] and ship.label == "spaceship"
    assert isinstance(alert, Alert) and alert.additional == {"Location": "Central US", "Type": "alerts"}
    assert odd.HostName is None and odd.additional == {"HostName": {"a": 1}, "IsDomainJoined": "maybe"}
    back = json.loads(entities_to_json([ip, host, ship, alert, odd]))
    assert back == json.loads(text)


def test_new_ids_do_not_take_those_of_references_to_nothing():
    (host,) = parse_entities('[{"$id": "9", "Type": "host", "HostName": "a", "Boss": {"$ref": "1"}}]')
    assert json.loads(host.to_json()) == {"$id": "2", "HostName": "a", "Boss": {"$ref": "1"}, "Type": "host"}


def test_the_spelling_of_sentinels_rest_interface():
    (host,) = parse_entities([{"kind": "Host", "properties": {"hostName": "a", "dnsDomain": "example.org"}}])
    assert host == Host("a", DnsDomain="example.org") and not host.additional
    assert parse_entities({"entities": [{"kind": "Ip", "properties": {"address": "::1"}}]}) == (IpAddress("::1"),)


def test_nothing_gives_nothing_and_broken_text_says_so():
    assert parse_entities(None) == parse_entities("") == parse_entities("[]") == parse_entities(float("nan")) == ()
    for broken in ("{", "[1]", '"text"', "[" * 100_000, '{"a":' * 100_000):
        with pytest.raises(OptionError):
            parse_entities(broken)
    with pytest.raises(OptionError, match="this is no Host"):
        Host.from_json('{"Type": "ip", "Address": "::1"}')
    with pytest.raises(CatalogueError, match="no such kind of entity"):
        entity_class("spaceship")


def test_a_chain_of_ten_thousand_references():
    chain = [{"$id": str(n), "Type": "process", "ProcessId": str(n), "ParentProcess": {"$ref": str(n + 1)}}
             for n in range(10_000)]  # fmt: skip
    found = parse_entities(chain)
    assert found[0].ParentProcess.ParentProcess.ProcessId == "2"
    assert len(parse_entities(entities_to_json(found))) == 10_000
    assert entity_graph(found).nodes.num_rows == 10_000
    with pytest.raises(OptionError, match="nested too deep"):
        found[0].to_json()


@pytest.mark.parametrize("name", ENTITIES)
def test_every_kind_by_its_own_type_word(name):
    one = ENTITIES[name]
    first = one.field_names()[0]
    made = one.from_json({"Type": one.kind, first: "1"})
    assert type(made) is one and type(Entity.from_json(made.to_json())) is one
    assert Entity.from_json(made.to_json()) == made and made._repr_html_() and repr(made) and str(made)
    assert entity_class(one.kind) is one and entity_class(name) is one
    assert all(hasattr(made, field) for identifier in one.identifiers for field in identifier)
    assert set(one.columns) <= set(one.field_names())


TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)


@given(st.lists(st.builds(Host, HostName=TEXT, DnsDomain=st.none() | TEXT, additional=st.dictionaries(
    st.text("abc", min_size=1), st.integers() | TEXT | st.none(), max_size=2)), max_size=4))  # fmt: skip
def test_json_round_trip_of_anything(hosts):
    back = parse_entities(entities_to_json(hosts))
    assert [(h.HostName, h.DnsDomain, {k: v for k, v in h.additional.items() if v is not None}) for h in hosts] == [
        (h.HostName, h.DnsDomain, dict(h.additional)) for h in back
    ]


# showing ------------------------------------------------------------------------------------------------------------


def test_nothing_an_attacker_wrote_becomes_markup():
    """msticpy's entities and alerts are not escaped."""
    evil = "<img src=x onerror=alert(1)>"
    host = Host(evil, IpInterfaces=(IpAddress(evil),), additional={evil: {evil: [evil, Host(evil)]}})
    alert = Alert(evil, AlertName=evil, Entities=(host,), ExtendedProperties={evil: evil})
    for one in (host, alert, parse_entities([{"Type": evil, "x": evil}])[0]):
        shown = one._repr_html_()
        assert "<img" not in shown and "&lt;img src=x onerror=alert(1)&gt;" in shown


def test_reprs_are_one_line_and_never_endless():
    process = Process("1", "x" * 1_000, ParentProcess=Process("2"))
    assert len(repr(process)) < 200 and "<Process 2>" in repr(process)
    assert Alert(AlertName="a\nb").label == "a b"


# rows ---------------------------------------------------------------------------------------------------------------


def test_from_our_own_columns():
    flow = {"src_ip": "10.0.0.5", "src_port": 50_000, "dst_ip": "192.0.2.7", "dst_port": 443, "proto": "tcp",
            "src_host": None, "dst_host": "www", "server_name": "example.org"}  # fmt: skip
    assert IpAddress.from_row(flow, role="src") == IpAddress("10.0.0.5")
    assert NetworkConnection.from_row(flow).label == "10.0.0.5:50000 -> 192.0.2.7:443 tcp"
    assert [str(one) for one in entities_of_row(flow)] == [
        "NetworkConnection 10.0.0.5:50000 -> 192.0.2.7:443 tcp", "IpAddress 10.0.0.5", "IpAddress 192.0.2.7",
        "Host www", "Dns example.org",
    ]  # fmt: skip
    started = {"start": dt.datetime(2021, 6, 6, tzinfo=dt.UTC), "host": "WEB1", "pid": 5_800, "path": "c:\\a\\b.exe",
               "user": "ana", "domain": "CONTOSO", "command_line": "b -x", "user_id": "S-1-5-21-1-1104"}  # fmt: skip
    process = Process.from_row(started)
    assert (process.pid, process.Host, process.ImageFile.path) == (5_800, Host("web1"), "c:\\a\\b.exe")
    assert Account.from_row(started) == Account("contoso\\ana", Sid="S-1-5-21-1-1104")


def test_from_microsofts_columns_in_any_casing():
    row = pd.Series({"SrcIP_s": "10.0.0.5", "DestIP_s": "192.0.2.7", "Computer": "WEB1", "TargetUserName": "ana",
                     "TargetDomainName": "CONTOSO", "DestPort_d": 443.0, "Empty": float("nan")})  # fmt: skip
    assert IpAddress.from_row(row, role="dst") == IpAddress("192.0.2.7")
    assert Host.from_row(row) == Host("web1")
    assert Account.from_row(row) == Account("CONTOSO\\ana", Host=Host("web1"))
    assert NetworkConnection.from_row(row).DestinationPort == 443
    assert IpAddress.from_row({"ClientIP": "::1"}) == IpAddress("::1")
    assert IpAddress.from_row({"Verbindung": "::1"}, fields={"Address": "Verbindung"}) == IpAddress("::1")


def test_a_row_that_tells_nothing_says_so():
    with pytest.raises(OptionError, match=r"the row tells no Host.*name the columns"):
        Host.from_row({"src_ip": "10.0.0.5"})
    with pytest.raises(OptionError, match="role='src' or 'dst'"):
        IpAddress.from_row({"src_ip": "10.0.0.5", "dst_ip": None, "DestIP": "::1"})
    with pytest.raises(OptionError, match="no such role"):
        IpAddress.from_row({"src_ip": "10.0.0.5"}, role="middle")
    with pytest.raises(OptionError, match="no such fields"):
        IpAddress.from_row({"x": "10.0.0.5"}, fields={"Adress": "x"})
    with pytest.raises(OptionError, match="not a row"):
        IpAddress.from_row("10.0.0.5")


def test_an_alert_from_its_row():
    row = {"SystemAlertId": "2518", "AlertName": "a", "AlertDisplayName": "b", "Severity": "Low", "TenantId": "t",
           "StartTimeUtc": "2019-01-15 09:15:03", "Entities": REGISTRY_ALERT, "ExtendedProperties": '{"x": "1"}',
           "ConfidenceScore": float("nan"), "IsIncident": False}  # fmt: skip
    alert = Alert.from_row(row)
    assert (alert.SystemAlertId, alert.DisplayName, alert.StartTimeUtc) == (
        "2518", "b", dt.datetime(2019, 1, 15, 9, 15, 3, tzinfo=dt.UTC),
    )  # fmt: skip
    assert len(alert.Entities) == 9 and len(alert.of_kind(Process)) == 2 and alert.ExtendedProperties["x"] == "1"
    assert dict(alert.additional) == {"TenantId": "t", "IsIncident": False}
    assert Entity.from_json(alert.to_json()) == alert
    graph = entity_graph(alert)
    assert graph.nodes.num_rows == 10  # the alert and its nine
    assert sum(edge["source"] == 0 for edge in graph.edges.to_pylist()) == 9


def test_an_alert_with_broken_entities_keeps_their_text():
    alert = Alert.from_row({"SystemAlertId": "1", "Entities": "[{", "ExtendedProperties": "no json"})
    assert alert.Entities == () and dict(alert.additional) == {"Entities": "[{", "ExtendedProperties": "no json"}


def test_a_stored_alert_row():
    row = {"event_id": 1, "name": "n", "alert_id": "A-1", "provider": "p", "severity": 2, "host": "WEB1",
           "start": dt.datetime(2021, 6, 6, tzinfo=dt.UTC), "entities": '[{"Type": "ip", "Address": "::1"}]',
           "signature_id": None, "src_ip": "10.0.0.5"}  # fmt: skip
    alert = Alert.from_row(row)
    assert (alert.AlertName, alert.SystemAlertId, alert.CompromisedEntity) == ("n", "A-1", "WEB1")
    assert alert.Entities == (IpAddress("::1"),)
    assert IpAddress("10.0.0.5") in entities_of_row(row)
    assert Incident.from_row({"IncidentName": "g", "AlertIds": '["1", "2"]'}).AlertIds == ("1", "2")


@pytest.mark.parametrize("form", ["arrow", "pandas", "rows"])
def test_different_entities_of_a_table(form):
    table = pa.table({"SrcIp": ["10.0.0.5", "10.0.0.5", None, "::1", "0::1"], "n": [1, 2, 3, 4, 5]})
    rows = {"arrow": table, "pandas": table.to_pandas(), "rows": table.to_pylist()}[form]
    assert entities_of_table(IpAddress, rows, role="src") == (IpAddress("10.0.0.5"), IpAddress("::1"))
    assert entities_of_table(Host, rows) == ()


# graph --------------------------------------------------------------------------------------------------------------


def test_the_graph_of_a_real_alert():
    graph = entity_graph(parse_entities(REGISTRY_ALERT))
    assert graph.nodes["entity"].to_pylist()[:2] == ["Host", "File"]
    relations = {(e["source"], e["target"]): e["relation"] for e in graph.edges.to_pylist()}
    assert relations[5, 2] == "ParentProcess" and relations[3, 0] == "Host" and len(relations) == 10


def test_networkx_where_it_is_installed(monkeypatch):
    graph = entity_graph([Account("ana", Host=Host("web1"))])
    networkx = pytest.importorskip("networkx")
    made = graph.to_networkx()
    assert isinstance(made, networkx.MultiDiGraph) and made.number_of_edges() == 1
    assert made.nodes[1]["label"] == "web1"
    monkeypatch.setitem(__import__("sys").modules, "networkx", None)
    with pytest.raises(MissingExtraError, match=r"flowsleuth\[graph\]"):
        graph.to_networkx()


def test_pickling_is_not_needed_to_compare():
    """Entities can be sent to other processes; their identity does not depend on the process."""
    made = Host("web1", DnsDomain="example.org")
    assert pickle.loads(pickle.dumps(made.identity)) == made.identity


def test_words_about_it_are_safe_on_a_terminal():
    host = Host("a\x1b[31m\u202eb")
    assert str(host) == "Host a\\x1b[31m\\u202eb"
    assert "\x1b" not in repr(Process("1", Host=host)) and "\u202e" not in repr(Process("1", Host=host))
    assert host.HostName == "a\x1b[31m\u202eb"


@pytest.mark.parametrize(
    ("value", "kept"), [("NaN", "NaN"), ("-Infinity", "-Infinity"), ("1e999", "1e999"), ('"\\ud800"', "\ud800")]
)
def test_what_json_can_hardly_hold_is_written_as_json_that_others_read(value, kept):
    [host] = parse_entities(f'[{{"Type": "host", "HostName": "web1", "Odd": {value}}}]')
    assert host.additional["Odd"] == kept
    text = entities_to_json([host])
    text.encode()
    assert json.loads(text, parse_constant=pytest.fail)[0]["Odd"] == kept
    assert parse_entities(text)[0].additional["Odd"] == kept


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[" * 5_000 + "]" * 5_000, '[{"Type":"process","ProcessId":' + "9" * 6_000 + "}]"]
)
def test_json_made_to_break_readers_is_refused_in_words(text):
    with pytest.raises(OptionError, match="not JSON"):
        parse_entities(text)
    alert = Alert.from_row({"AlertName": "x", "Entities": text})
    assert (alert.AlertName == "x" and alert.Entities is None) or alert.Entities == ()
