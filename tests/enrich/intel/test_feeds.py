"""Feeds in the formats they come in; made by hand here, real ones in tests/real."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.enrich.intel.feeds.canonical import FeedOrigin
from flowsleuth.enrich.intel.feeds.reading import FORMATS, read_feed, read_folder
from flowsleuth.enrich.intel.feeds.stix import pattern_values
from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.schema import INDICATOR

AS_OF = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
ORIGIN = FeedOrigin("kit", "", "kit.txt", None, "warning", AS_OF)
MD5 = "12c8aec5766ac3e6f26f2505e2f4a8f2"
SHA256 = "01fa56184fcaa42b6ee1882787a34098c79898c182814774fd81dc18a6af0b00"


def read(content, format=None):
    if not isinstance(content, bytes | str):
        content = json.dumps(content)
    return read_feed(content if isinstance(content, bytes) else content.encode(), ORIGIN, format)


def values(reading):
    rows = reading.rows.to_pylist()
    return [(row["indicator_type"], row["indicator"]) for row in rows]


def test_a_list_of_everything():
    found = read(
        "\ufeff# a list\n! also a comment\n\n5.9.1.1\n 5.9[.]1.2:8080 # c2 server\n5.9.0.0/16\n5.9.2.0 - 5.9.2.2\n"
        "5.9.1.9/32\nhxxp://Evil[.]com/a\n*.bad.com\n.worse.com\n0.0.0.0 hosted.com\n"
        f"{MD5.upper()}\n2001:DB8::1\nfd00::/8\n10.0.0.7\n5.9.1.1\n"
        "AS39770\nsetup.exe\n0.0.0.0/0\nevil..com\n" + "0" * 32 + "\n"
    )
    assert found.format == "list"
    assert values(found) == [
        ("ipv4", "5.9.1.1"), ("ipv4", "5.9.1.2"), ("cidr", "5.9.0.0/16"), ("cidr", "5.9.2.0/31"),
        ("ipv4", "5.9.2.2"), ("ipv4", "5.9.1.9"), ("url", "http://evil.com/a"), ("domain", "bad.com"),
        ("domain", "worse.com"), ("domain", "hosted.com"), ("md5", MD5), ("ipv6", "2001:db8::1"), ("cidr", "fd00::/8"),
        ("ipv4", "10.0.0.7"),
    ]  # fmt: skip
    assert [(one.row, one.reason) for one in found.refused] == [
        (18, "no address, domain, URL or hash"),
        (19, "'exe' is no top-level domain"),
        (20, "wider than /4"),
        (21, "no domain name: an empty part"),
        (22, "a placeholder, no hash"),
    ]
    assert found.rows.to_pylist()[1] == {
        "feed": "kit", "indicator": "5.9.1.2", "indicator_type": "ipv4", "is_exact": False, "severity": "warning",
        "confidence": None, "threat": None, "description": "c2 server", "tags": None, "valid_from": None,
        "valid_until": None, "reference": None, "mentions": 1, "feed_format": "list", "feed_url": None, "as_of": AS_OF,
        "source_file": "kit.txt", "source_row": 5,
    }  # fmt: skip
    assert found.rows["mentions"].to_pylist()[0] == 2
    assert found.rows.schema == INDICATOR.arrow_schema()


def test_marks_inside_urls_are_theirs():
    found = read("http://a.com/x;y?q=1,2|3\nhxxps[:]//b[.]com/z\nhttp://c.com/1,2,3\n")
    assert found.format == "list"
    assert values(found) == [
        ("url", "http://a.com/x;y?q=1,2|3"), ("url", "https://b.com/z"), ("url", "http://c.com/1,2,3"),
    ]  # fmt: skip
    assert read("http://a.com/x,high\nhttp://b.com/y,low\n").rows["severity"].to_pylist() == ["high", "information"]


def test_published_csv_dialects():
    """The headers of abuse.ch's feeds (URLhaus, ThreatFox, Feodo Tracker, SSL Blacklist) and Spamhaus DROP."""
    sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
    for text, expected in (
        (
            (
                "# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\n"
                '"7","2024-01-02 03:04:05","http://bad.com/x","online","","malware_download","elf,mirai",'
                '"https://urlhaus.abuse.ch/url/7/","x"\n'
            ),
            [("url", "http://bad.com/x")],
        ),
        (
            (
                '# "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","malware_printable",'
                '"confidence_level"\n'
                '"2024-01-02 03:04:05", "1", "5.9.1.1:443", "ip:port", "botnet_cc", "Cobalt Strike", "100"\n'
            ),
            [("ipv4", "5.9.1.1")],
        ),
        (
            (
                '"first_seen_utc","dst_ip","dst_port","c2_status","last_online","malware"\n'
                '"2024-01-02 03:04:05","5.9.1.1","443","online","2024-01-02","QakBot"\n'
            ),
            [("ipv4", "5.9.1.1")],
        ),
        (f"# Listingdate,SHA1,Listingreason\n2024-01-02 03:04:05,{sha1},Vidar C&C\n", [("sha1", sha1)]),
        ("; Spamhaus DROP List\n1.10.16.0/20 ; SBL256894\n1.19.0.0/16 ; SBL434604\n", [("cidr", "1.10.16.0/20")]),
    ):
        assert values(read(text))[:1] == expected, text


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_compressed(pack):
    assert values(read(pack(b"5.9.1.1\n"))) == [("ipv4", "5.9.1.1")]


def test_damaged_compression():
    with pytest.raises(FlowsleuthError, match="damaged"):
        read(gzip.compress(b"5.9.1.1\n" * 1000)[:40])


def test_ipsum():
    found = read("# IPsum\n#\n77.90.185.20\t10\n2.57.122.53\t3\n")
    assert found.format == "ipsum"
    assert found.rows["severity"].to_pylist() == ["high", "warning"]
    assert found.rows["description"].to_pylist() == ["on 10 blacklists", "on 3 blacklists"]


def test_csv_with_a_comment_header_and_several_values_in_a_cell():
    found = read(
        "####\n# Ransomware Tracker CSV Feed #\n#\n"
        "# Firstseen (UTC),Threat,Malware,Host,URL,Status,Registrar,IP address(es),ASN(s),Country\n"
        '"2016-06-28 12:54:35","C2","Locky","pny.eu","http://pny.eu/main.php","offline","eNom, Inc",'
        '"5.9.1.1|5.9.1.1|5.9.1.2","32748","US"\n'
        '"2016-06-28 12:55:00","C2","Locky","5.9.1.1","-","offline","","","1","US"\n'
        '"2016-06-28 12:56:00","C2","Locky","","","offline","","","1","US"\n'
    )
    assert found.format == "csv"
    assert values(found) == [
        ("domain", "pny.eu"), ("url", "http://pny.eu/main.php"), ("ipv4", "5.9.1.1"), ("ipv4", "5.9.1.2"),
    ]  # fmt: skip
    first = found.rows.to_pylist()[0]
    assert (first["threat"], first["description"], first["source_row"]) == ("Locky", "C2", 5)
    assert first["valid_from"] == dt.datetime(2016, 6, 28, 12, 54, 35, tzinfo=dt.UTC)
    assert [(one.row, one.reason) for one in found.refused] == [(7, "no indicator in this row")]


def test_csv_without_a_header():
    found = read('5.9.1.1,high,Simda CC\nbad.com, critical, "Variant, Zusy"\nAS39770, high, ELITETEAM\n')
    assert [(row["indicator"], row["severity"], row["description"]) for row in found.rows.to_pylist()] == [
        ("5.9.1.1", "high", "Simda CC"),
        ("bad.com", "high", "Variant, Zusy"),
    ]
    assert found.refused[0].row == 3


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_with_a_header_row(mark):
    rows = [["id", "dst_ip", "md5_hash", "confidence_level", "tags"], ["7", "5.9.1.1", MD5, "80", "a b"]]
    found = read("\n".join(mark.join(row) for row in rows) + "\n", "csv")
    assert values(found) == [("ipv4", "5.9.1.1"), ("md5", MD5)]
    assert found.rows.to_pylist()[0] | {} == {
        **found.rows.to_pylist()[0], "severity": "high", "confidence": 80.0, "tags": '["a", "b"]', "reference": "7",
    }  # fmt: skip


def test_sentinel():
    head = "IndicatorId,TimeGenerated,Active,ConfidenceScore,Description,ExpirationDateTime,ThreatType"
    found = read(
        f"{head},DomainName,NetworkIP,Url\n"
        "A,2019-08-05 22:18:24,True,70.0,from X,2019-09-03 22:16:15,Malware,,51.255.107.37,\n"
        'B,2019-08-05 22:18:24,True,90,,,Botnet,,,"http://evil.com/a,b;c d"\n'
        "C,2019-08-05 22:18:24,False,90,,,Botnet,old.com,,\n"
    )
    assert found.format == "sentinel"
    assert [(row["indicator"], row["severity"], row["threat"]) for row in found.rows.to_pylist()] == [
        ("51.255.107.37", "warning", "Malware"),
    ]
    assert found.rows["valid_until"].to_pylist() == [dt.datetime(2019, 9, 3, 22, 16, 15, tzinfo=dt.UTC)]
    assert [one.reason for one in found.refused] == [
        "no URL: a blank or control character inside",
        "not active any more",
    ]


def indicator(pattern, **more):
    return {
        "type": "indicator",
        "id": "indicator--1",
        "spec_version": "2.1",
        "pattern_type": "stix",
        "pattern": pattern,
    } | more


def test_stix_indicators():
    bundle = {
        "type": "bundle",
        "objects": [
            indicator(
                "[ipv4-addr:value = '5.9.1.1' OR ipv4-addr:value ISSUBSET '5.9.0.0/16']",
                name="C2", confidence=90, valid_from="2026-01-01T00:00:00Z", labels=["x"],
                external_references=[{"source_name": "r", "url": "https://r.example"}],
            ),
            indicator("[file:hashes.'SHA-256' = '" + SHA256 + "' AND file:name = 'a.exe']", id="indicator--2"),
            indicator("[domain-name:value IN ('a.com','b.corp')] FOLLOWEDBY [url:value = 'http://c.com/']"),
            indicator("[domain-name:value IN ('a.com', 'b.corp')]", indicator_types=["benign"]),
            indicator("[url:value = 'http://d.com/it\\'s']", revoked=True),
            indicator("rule x {}", pattern_type="yara"),
            {"type": "malware", "id": "malware--1", "name": "Emotet"},
            {
                "type": "relationship", "relationship_type": "indicates", "source_ref": "indicator--2",
                "target_ref": "malware--1",
            },
            {"type": "domain-name", "id": "domain-name--1", "value": "example.com"},
            {"type": "file", "hashes": {"MD5": MD5, "SSDEEP": "3:a"}, "name": "b.exe"},
        ],
    }  # fmt: skip
    found = read(bundle)
    assert found.format == "stix"
    names = ("indicator", "severity", "threat", "source_row")
    assert [tuple(row[name] for name in names) for row in found.rows.to_pylist()] == [
        ("5.9.1.1", "high", "C2", 1), ("5.9.0.0/16", "high", "C2", 1), (SHA256, "warning", "Emotet", 2),
        ("a.com", "information", None, 4), ("b.corp", "information", None, 4), ("example.com", "warning", None, 9),
        (MD5, "warning", None, 10),
    ]  # fmt: skip
    assert [(one.row, one.reason) for one in found.refused] == [
        (3, "no pattern that one address, name, URL or hash meets"),
        (5, "revoked"),
        (6, "a pattern in yara"),
    ]
    first = found.rows.to_pylist()[0]
    assert (first["reference"], first["tags"], first["confidence"]) == ("https://r.example", '["x"]', 90.0)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[ipv4-addr:value = '1.2.3.4']", ["1.2.3.4"]),
        ("[ipv4-addr:value != '1.2.3.4']", []),
        ("[ipv4-addr:value NOT = '1.2.3.4']", []),
        ("[url:value = 'http://a.com/x AND y']", ["http://a.com/x AND y"]),
        ("[domain-name:value LIKE '%.evil.com']", []),
        ("[file:hashes.MD5='ab' OR file:hashes.'SHA-1'='cd']", ["ab", "cd"]),
        ("[network-traffic:dst_ref.value = '1.2.3.4' AND network-traffic:dst_port = 443]", []),
        ("", []),
        ("[" * 1000, []),
    ],
)
def test_stix_patterns(pattern, expected):
    assert pattern_values(pattern) == expected


EVENT = {
    "Event": {
        "info": "RedLine",
        "uuid": "e-1",
        "threat_level_id": "1",
        "Tag": [{"name": "tlp:green"}],
        "Attribute": [
            {"type": "ip-dst|port", "value": "5.9.1.1|443", "to_ids": True, "comment": "C2", "uuid": "a-1"},
            {"type": "domain|ip", "value": "evil.com|5.9.1.2", "to_ids": False},
            {"type": "filename|md5", "value": f"a.exe|{MD5}", "to_ids": True},
            {"type": "comment", "value": "nothing", "to_ids": False},
            {"type": "domain", "value": "gone.com", "to_ids": True, "deleted": True},
        ],
        "Object": [{"name": "file", "Attribute": [{"type": "sha256", "value": SHA256, "to_ids": True}]}],
    }
}


@pytest.mark.parametrize("document", [EVENT, [EVENT], {"response": [EVENT]}])
def test_misp_events(document):
    found = read(document)
    assert found.format == "misp"
    assert [(row["indicator"], row["severity"]) for row in found.rows.to_pylist()] == [
        ("5.9.1.1", "high"), ("evil.com", "information"), ("5.9.1.2", "information"), (MD5, "high"), (SHA256, "high"),
    ]  # fmt: skip
    assert [one.reason for one in found.refused] == ["an attribute of type comment", "deleted"]
    first = found.rows.to_pylist()[0]
    assert (first["threat"], first["description"], first["reference"], first["tags"]) == (
        "RedLine", "C2", "a-1", '["tlp:green"]',
    )  # fmt: skip


def test_a_misp_feed_as_a_folder(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"e-1": {"info": "RedLine"}}))
    (tmp_path / "e-1.json").write_text(json.dumps(EVENT))
    (tmp_path / "e-2.json").write_text("{broken")
    found = read_folder(tmp_path, ORIGIN)
    assert len(found.rows) == 5
    assert found.refused[-1].reason.startswith("e-2.json")


@pytest.mark.parametrize(
    ("kind", "listed", "expected", "is_exact"),
    [
        ("cidr", ["5.9.0.0/16", "5.9.1.1"], [("cidr", "5.9.0.0/16"), ("ipv4", "5.9.1.1")], False),
        ("hostname", ["evil.com", ".bad.com"], [("domain", "evil.com"), ("domain", "bad.com")], False),
        ("string", ["www.evil.com"], [("domain", "www.evil.com")], True),
        ("regex", ["/evil/"], [], False),
    ],
)
def test_misp_warning_lists(kind, listed, expected, is_exact):
    found = read({"name": "List", "type": kind, "version": 1, "list": listed, "matching_attributes": ["ip-dst"]})
    assert values(found) == expected
    assert set(found.rows["severity"].to_pylist()) <= {"information"}
    assert all(row == is_exact for row in found.rows["is_exact"].to_pylist())
    assert bool(found.refused) == (kind == "regex")


OPENIOC = f"""<?xml version="1.0" encoding="utf-8"?>
<ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="ioc-1" last-modified="2011-10-28T19:28:20">
<short_description>STUXNET VIRUS</short_description><description>Generic.</description><definition>
<Indicator operator="OR" id="1">
<IndicatorItem id="2" condition="is"><Context search="FileItem/Md5sum"/><Content>{MD5}</Content></IndicatorItem>
<IndicatorItem id="3" condition="is"><Context search="PortItem/remoteIP"/><Content>5.9.1.1</Content></IndicatorItem>
<IndicatorItem id="4" condition="contains"><Context search="Network/DNS"/><Content>evil.com</Content></IndicatorItem>
<IndicatorItem id="5" condition="is"><Context search="FileItem/FileName"/><Content>a.exe</Content></IndicatorItem>
<IndicatorItem id="6" condition="isnot"><Context search="Network/DNS"/><Content>good.com</Content></IndicatorItem>
<Indicator operator="AND" id="7">
<IndicatorItem id="8" condition="is"><Context search="Network/DNS"/><Content>maybe.com</Content></IndicatorItem>
<IndicatorItem id="9" condition="is"><Context search="FileItem/Sha256sum"/><Content>{SHA256}</Content></IndicatorItem>
</Indicator></Indicator></definition></ioc>"""


def test_openioc():
    found = read(OPENIOC)
    assert found.format == "openioc"
    assert values(found) == [("md5", MD5), ("ipv4", "5.9.1.1"), ("domain", "evil.com"), ("sha256", SHA256)]
    assert [(one.row, one.reason) for one in found.refused] == [
        (4, "an item that searches fileitem/filename"),
        (5, "the condition isnot"),
        (6, "others must hold together with it"),
    ]
    assert set(found.rows["threat"].to_pylist()) == {"STUXNET VIRUS"}


def test_openioc_with_entities_is_refused():
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><ioc>&b;</ioc>'
    with pytest.raises(FlowsleuthError, match="document type"):
        read(bomb)


def test_unknown_format_and_broken_json():
    with pytest.raises(OptionError, match="no such format"):
        read("x", "stix1")
    with pytest.raises(FlowsleuthError, match="no JSON"):
        read("{broken")


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)), st.sampled_from([None, *FORMATS]))
def test_whatever_a_file_holds_it_is_read_or_refused_in_words(content, format):
    try:
        found = read(content, format)
    except FlowsleuthError:
        return
    assert found.rows.schema == INDICATOR.arrow_schema()
