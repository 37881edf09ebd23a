"""Facts of a workspace: gathered once, kept in one step, joined to flows, shown by the command line."""

from __future__ import annotations

import json

import pytest

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli import main
from flowsleuth.workspace import init

HEAD = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
LINE = "2023-11-14 22:13:20.500,0.250,TCP,{},50000,{},443,4,900,1\n"
PAIRS = (
    ("10.0.0.5", "81.2.69.160"),
    ("10.0.0.5", "1.128.0.1"),
    ("10.0.0.9", "104.16.0.1"),
    ("fd00::1", "2001:480:10::1"),
    ("10.0.0.9", "224.0.0.251"),
)


@pytest.fixture
def case(tmp_path, data):
    folder = init(tmp_path / "case", home=["10.0.0.0/8", "fd00::/8"])
    maxmind = data / "geo" / "maxmind_test"
    with (folder / "flowsleuth.toml").open("a") as file:
        file.write(
            f'geography = ["{maxmind}/GeoLite2-City-Test.mmdb", "{maxmind}/GeoLite2-ASN-Test.mmdb", "none.mmdb"]\n'
        )
    log = tmp_path / "flows.csv"
    log.write_text(HEAD + "".join(LINE.format(*pair) for pair in PAIRS))
    with flowsleuth.open(folder) as ws:
        ws.ingest(log)
    return folder


def told(ws, address):
    return {(row["fact"], row["value"], row["source"]) for row in ws.facts(address).to_arrow().to_pylist()}


def test_facts_of_every_address_with_source_and_date(case):
    with flowsleuth.open(case) as ws:
        report = ws.enrich()
        assert (report.addresses, report.names) == (8, 0)
        assert report.facts["address_type"] == 8 and report.facts["list"] == 1
        assert any("none.mmdb" in note and "No such file" in note for note in report.notes)
        assert told(ws, "2001:0480:0010::0001") >= {
            ("city", "San Diego", "GeoLite2-City-Test.mmdb"),
            ("country_code", "US", "GeoLite2-City-Test.mmdb"),
            ("address_type", "global", "IANA special-purpose registries 2026-07-18"),
        }
        assert told(ws, "104.16.0.1") >= {("country_code", "US", "registries' countries 2025-09"),
                                          ("list", "cloudflare", "package"),
                                          ("operator", "Cloudflare", "list cloudflare")}  # fmt: skip
        (row,) = ws.facts("1.128.0.1", "asn").to_arrow().to_pylist()
    assert row | {"as_of": str(row["as_of"])} == {
        "observable": "1.128.0.1", "observable_type": "ip", "fact": "asn", "value": "1221",
        "source": "GeoLite2-ASN-Test.mmdb", "as_of": "2026-02-04 22:49:29+00:00", "detail": None,
    }  # fmt: skip


def test_without_a_table_of_systems_it_says_what_would_do(tmp_path):
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        assert any('pip install "flowsleuth[geo]"' in note for note in ws.enrich().notes)


def test_again_gives_the_same_rows_and_only_replaces_its_kind(case):
    with flowsleuth.open(case) as ws:
        ws.enrich()
        first = ws.facts().to_arrow()
        again = ws.enrich(["types"])
        assert list(again.facts) == ["address_type"]
        assert ws.facts().to_arrow().equals(first)
        assert ws.enrich("lists").facts == {"list": 1, "operator": 1}
        assert ws.facts().to_arrow().equals(first)
        with pytest.raises(OptionError, match="no such kind of facts"):
            ws.enrich(["whatever"])


def test_a_failure_leaves_what_was_there(case, monkeypatch):
    with flowsleuth.open(case) as ws:
        ws.enrich()
        first = ws.facts().to_arrow()
        import flowsleuth.enrich.fact_rows as rows

        def fail(*_):
            raise RuntimeError("killed")
            yield

        monkeypatch.setattr(rows, "list_rows", fail)
        with pytest.raises(RuntimeError):
            ws.enrich()
        assert ws.facts().to_arrow().equals(first)


def test_flows_join_facts_and_none_is_lost(case):
    with flowsleuth.open(case) as ws:
        before = ws.flows_with_facts()
        assert before.count().execute() == len(PAIRS)
        assert before.filter(before.dst_country.notnull()).count().execute() == 0
        ws.enrich()
        joined = ws.flows_with_facts()
        rows = {row["dst_ip"]: row for row in ws.store.arrow(joined).to_pylist()}
        by_country = joined.group_by("dst_country_code").aggregate(n=joined.count())
        counts = {row["dst_country_code"]: row["n"] for row in ws.store.arrow(by_country).to_pylist()}
    assert len(rows) == len(PAIRS)
    assert rows["81.2.69.160"]["dst_city"] == "London" and rows["81.2.69.160"]["src_country"] is None
    assert (rows["1.128.0.1"]["dst_asn"], rows["1.128.0.1"]["dst_as_name"]) == (1221, "Telstra Pty Ltd")
    assert (rows["104.16.0.1"]["dst_lists"], rows["104.16.0.1"]["src_address_type"]) == ("cloudflare", "private")
    assert (rows["104.16.0.1"]["dst_operator"], rows["1.128.0.1"]["dst_operator"]) == ("Cloudflare", None)
    assert rows["224.0.0.251"]["dst_address_type"] == "multicast" and rows["224.0.0.251"]["dst_lists"] is None
    assert counts == {"GB": 1, "AU": 1, "US": 2, None: 1}


def test_the_join_is_written_for_spark_too(case):
    pytest.importorskip("pyspark")
    import ibis

    assert ibis.pyspark  # declares the options that its SQL asks for
    with flowsleuth.open(case) as ws:
        ws.enrich()
        known = ibis.table(ws.store.table("fact").schema(), name="fact")
        flow = ibis.table(ws.store.table("flow").schema(), name="flow")

        class Stored:
            def table(self, name):
                return {"fact": known, "flow": flow}[name]

        from flowsleuth.workspace.enrichment import rows_with_facts

        text = ibis.to_sql(rows_with_facts(Stored()), dialect="pyspark")
    assert "LEFT OUTER JOIN" in text


def test_geo_of_one_address(case):
    with flowsleuth.open(case) as ws:
        assert ws.geo("81.2.69.160") == {
            "address": "81.2.69.160", "country": "United Kingdom", "country_code": "GB", "region": "England",
            "city": "London", "latitude": 51.5142, "longitude": -0.0931, "asn": None, "as_name": None, "owner": None,
            "source": "GeoLite2-City-Test.mmdb",
        }  # fmt: skip
        assert ws.geo("10.0.0.1")["source"] is None
        with pytest.raises(OptionError, match="not an IP address"):
            ws.geo("host7")


def test_the_command_line(case, capsys):
    assert main(["enrich", "-w", str(case)]) == 0
    out, err = capsys.readouterr()
    assert "address_type" in out and "8 addresses" in out and "none.mmdb" in err
    assert main(["facts", "1.128.0.1", "-w", str(case), "--fact", "as_name", "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["value"] == "Telstra Pty Ltd"
    assert main(["facts", "-w", str(case)]) == 0
    assert "London" in capsys.readouterr().out
    assert main(["lists", "show", "104.16.0.1", "-w", str(case)]) == 0
    assert "cloudflare" in capsys.readouterr().out
    assert main(["lists", "show", "-w", str(case), "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 11
    assert main(["enrich", "-w", str(case), "--only", "nothing"]) == 2


@pytest.mark.usefixtures("geoip2fast")
def test_right_after_install_with_the_extra_geo_systems_have_names(tmp_path):
    log = tmp_path / "flows.csv"
    log.write_text(HEAD + LINE.format("10.0.0.5", "8.8.8.8"))
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        ws.ingest(log)
        assert ws.enrich().notes == []
        assert ("as_name", "GOOGLE", "geoip2fast (GeoLite2)") in told(ws, "8.8.8.8")
