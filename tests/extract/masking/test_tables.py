"""Tables masked: nothing of the original is left, and it is still a table of its kind."""

from __future__ import annotations

import json
import pickle

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.errors import OptionError
from flowsleuth.extract.masking import MaskKey, mask, plan_mask

KEY = b"a key of the tests"
SID = "S-1-5-21-3623811015-3361044348-30300820-1013"
GUID = "9b6a1c52-0f2e-4a1c-9d4e-2f5b8c7a6d10"
HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
EVENTS = pd.DataFrame(
    {
        "TimeGenerated": pd.to_datetime(["2024-05-01T10:00:00Z", "2024-05-01T11:00:00Z", "2024-05-01T12:00:00Z"]),
        "Computer": ["FINSRV01.contoso.co.uk", "finsrv01", None],
        "Account": ["CONTOSO\\anabel", "anabel@contoso.co.uk", "NT AUTHORITY\\SYSTEM"],
        "TargetUserSid": [SID, "S-1-5-18", None],
        "src_ip": ["10.20.30.40", "198.51.100.77", "fe80::1234:5678:9abc:def0"],
        "SHA256": [HASH, HASH, None],
        "CorrelationId": [GUID, f"{{{GUID.upper()}}}", None],
        "Addresses": [["10.20.30.40", "203.0.113.9"], [], None],
        "Details": [{"HostName": "finsrv01", "UserName": "bertram", "n": 7, "Type": "account"}, None, "plain"],
        "Properties": [json.dumps({"Account": "bertram", "list": [{"ip": "10.20.30.41"}]}), "{broken", None],
        "CommandLine": [
            'net use \\\\finsrv01\\share /user:CONTOSO\\anabel & ping 10.20.30.40 && type "C:\\Users\\bertram\\a.txt"',
            f"wget https://files.contoso.co.uk/anabel/report.pdf?id=4711 -O /home/bertram/x # {GUID} {SID} {HASH}",
            "mail -s anabel_backup dora.lind@contoso.co.uk 00:1a:2b:3c:4d:5e 12:34:56 v1.2.3",
        ],
        "pid": [4, 8, 15],
        "ok": [True, False, True],
    },
    index=["finsrv01", "other", "anabel"],
)
SECRETS = (
    "finsrv01", "contoso", "anabel", "bertram", "dora.lind", "3623811015", "10.20.30.40", "10.20.30.41",
    "198.51.100.77", "203.0.113.9", "1234:5678", HASH, GUID, "00:1a:2b:3c:4d:5e", "report", "4711",
)  # fmt: skip


def everything(frame: pd.DataFrame) -> str:
    return f"{frame.to_dict('records')} {list(frame.index)}".casefold()


def test_nothing_of_the_original_is_left():
    before = EVENTS.copy(deep=True)
    shared = mask(EVENTS)
    text = everything(shared)
    assert [secret for secret in SECRETS if secret.casefold() in text] == []
    pd.testing.assert_frame_equal(EVENTS, before)
    assert list(shared.columns) == list(EVENTS.columns)
    assert shared.dtypes.astype(str).tolist() == EVENTS.dtypes.astype(str).tolist()
    assert shared.isna().equals(pd.DataFrame(EVENTS.isna().to_numpy(), shared.index, shared.columns))
    for name in ("TimeGenerated", "pid", "ok"):
        assert shared[name].tolist() == EVENTS[name].tolist()


def test_what_is_kept():
    shared = mask(EVENTS, key=KEY)
    host = shared["Computer"].iloc[1]
    assert shared["Computer"].iloc[0].startswith(f"{host}.")
    assert shared["Computer"].iloc[0].endswith(".co.uk")
    domain, user = shared["Account"].iloc[0].split("\\")
    assert shared["Account"].iloc[1] == f"{user}@{domain}.co.uk"
    assert shared["Account"].iloc[2] == "NT AUTHORITY\\SYSTEM"
    assert shared["TargetUserSid"].iloc[0].startswith("S-1-5-21-")
    assert shared["TargetUserSid"].iloc[1] == "S-1-5-18"
    assert len(shared["SHA256"].iloc[0]) == 64
    assert shared["SHA256"].iloc[0] == shared["SHA256"].iloc[1]
    assert shared["CorrelationId"].iloc[1] == f"{{{shared['CorrelationId'].iloc[0].upper()}}}"
    address = shared["src_ip"].iloc[0]
    assert address.startswith("10.")
    assert shared["src_ip"].iloc[2].startswith("fe80:")
    assert shared["Addresses"].iloc[0][0] == address
    assert shared["Addresses"].iloc[1] == []
    details = shared["Details"].iloc[0]
    assert (details["HostName"], details["n"], details["Type"]) == (host, 7, "account")
    properties = json.loads(shared["Properties"].iloc[0])
    assert properties["Account"] == details["UserName"]
    assert properties["list"][0]["ip"].rsplit(".", 1)[0] == address.rsplit(".", 1)[0]
    first, second, third = shared["CommandLine"]
    assert first == (
        f"net use \\\\{host}\\share /user:{domain}\\{user} & ping {address} && "
        f'type "C:\\Users\\{details["UserName"]}\\a.txt"'
    )
    assert second.startswith("wget https://")
    assert ".pdf?" in second
    assert f".{domain}.co.uk/{user}/" in second
    assert f"-O /home/{details['UserName']}/x" in second
    assert second.endswith(shared["SHA256"].iloc[0])
    assert third.startswith(f"mail -s {user}_backup ")
    assert third.endswith(" 12:34:56 v1.2.3")
    assert shared.index.tolist() == [host, "other", user]


def test_the_same_key_gives_the_same_words_and_none_gives_new_ones():
    one, again, other = mask(EVENTS, key=KEY), mask(EVENTS, key=KEY), mask(EVENTS)
    assert everything(one) == everything(again)
    assert everything(one) != everything(other)
    assert everything(other) != everything(mask(EVENTS))
    assert everything(mask(EVENTS, key="sixteen letters or so")) != everything(one)


def test_the_key_is_never_shown():
    key = MaskKey("a secret of our own")
    assert repr(key) == str(key) == "MaskKey(…)"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(key)
    with pytest.raises(OptionError, match="shorter than 16"):
        mask(EVENTS, key="secret")
    assert "a secret of our own" not in everything(mask(EVENTS, key="a secret of our own"))
    assert mask(EVENTS).attrs == {}


def test_only_the_columns_that_are_named():
    shared = mask(EVENTS, {"Account": "account", "pid": "keep"})
    assert shared["Computer"].equals(EVENTS["Computer"].set_axis(shared.index))
    assert "anabel" not in str(shared["Account"].tolist())
    with pytest.raises(OptionError, match=r"Acount: no such column .*did you mean Account"):
        mask(EVENTS, {"Acount": "account"})
    with pytest.raises(OptionError, match=r"Account=acount: no such kind .*did you mean account"):
        mask(EVENTS, {"Account": "acount"})
    with pytest.raises(OptionError, match="neither auto nor a mapping"):
        mask(EVENTS, "Account")


def test_the_plan():
    assert plan_mask(EVENTS) == {
        "TimeGenerated": "keep", "Computer": "host", "Account": "account", "TargetUserSid": "text", "src_ip": "address",
        "SHA256": "hash", "CorrelationId": "text", "Addresses": "text", "Details": "text", "Properties": "text",
        "CommandLine": "text", "pid": "keep", "ok": "keep",
    }  # fmt: skip


@pytest.mark.parametrize("make", ["arrow", "polars"])
def test_other_makes_of_tables(make):
    table = pa.table(
        {
            "host": pa.array(["web1", None, "web1"]).dictionary_encode(),
            "ips": pa.array([["10.1.2.3"], None, []]),
            "deep": pa.array([{"user": "anabel", "n": 1}, None, None]),
            "n": [1, 2, 3],
        }
    )
    data = table
    if make == "polars":
        data = pytest.importorskip("polars").from_arrow(table)
    shared = mask(data, key=KEY)
    assert type(shared) is type(data)
    rows = shared.to_pylist() if make == "arrow" else shared.to_dicts()
    assert rows[0]["host"] == rows[2]["host"] != "web1"
    assert rows[0]["ips"][0].startswith("10.")
    assert rows[0]["deep"]["user"] != "anabel"
    assert (rows[1]["host"], rows[1]["ips"], rows[2]["ips"]) == (None, None, [])
    assert [row["n"] for row in rows] == [1, 2, 3]


def test_odd_frames():
    assert len(mask(pd.DataFrame())) == 0
    assert mask(pd.DataFrame({"user": []})).empty
    assert mask(pd.DataFrame({"user": [None, None]}))["user"].isna().all()
    mixed = pd.DataFrame({"user": ["anabel", 7, b"anabel", None, float("nan"), ("anabel", 1)]})
    shared = mask(mixed)["user"].tolist()
    assert "anabel" not in str(shared)
    assert shared[1] == 7
    assert shared[3] is None
    categories = pd.DataFrame({"host": pd.Categorical(["web1", "WEB1", "web2"])})
    shared = mask(categories)["host"]
    assert str(shared.dtype) == "category"
    assert shared[0] == shared[1] != shared[2]
    levels = pd.DataFrame(
        {"n": [1]}, index=pd.MultiIndex.from_tuples([("anabel@contoso.com", 4)], names=["user", "pid"])
    )
    assert "anabel" not in str(mask(levels.assign(user="x")).index.tolist())


NAMES = st.from_regex(r"[a-z]{5,12}[0-9]{0,3}", fullmatch=True).filter(lambda name: name not in ("users", "guests"))


@settings(max_examples=60, deadline=None)
@given(
    users=st.lists(NAMES, min_size=1, max_size=5, unique=True),
    hosts=st.lists(NAMES, min_size=1, max_size=5, unique=True),
    addresses=st.lists(st.ip_addresses(v=4).filter(lambda one: one.is_global), min_size=1, max_size=5),
    rest=st.text(max_size=20),
)
def test_no_value_is_part_of_the_output(users, hosts, addresses, rest):
    rows = [
        {
            "user": user,
            "host": f"{host}.contoso-example.com",
            "ip": str(address),
            "cmd": f"{rest} {user}{address}x {host}",
        }
        for user in users
        for host in hosts
        for address in addresses
    ]
    frame = pd.DataFrame(rows)
    frame["cmd"] = [f"{rest} {row['user']}-{row['host']} {row['ip']}" for row in rows]
    text = everything(mask(frame).reset_index(drop=True))
    for secret in (*users, *hosts, "contoso-example", *map(str, addresses)):
        assert secret not in text.replace("'user'", "").replace("'host'", "")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300), st.sampled_from(["account", "address", "hash", "host", "opaque", "text"]))
def test_no_text_makes_it_raise(text, kind):
    shared = mask(pd.DataFrame({"a": [text]}), {"a": kind}, key=KEY)
    assert isinstance(shared["a"].iloc[0], str)


def test_long_texts_take_time_by_their_length():
    for text in ("a" * 200_000, "a." * 100_000, "a:" * 100_000, "1." * 100_000, "\\" * 100_000, "-1" * 100_000):
        mask(pd.DataFrame({"a": [text]}), {"a": "text"}, key=KEY)
