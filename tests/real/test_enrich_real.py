"""Real lists, feeds and geography of the developer data set, all at once: what they hold is found in stored flows."""

from __future__ import annotations

import csv
import gzip
import ipaddress
import json

import pytest

import flowsleuth
from flowsleuth.workspace import init

pytestmark = pytest.mark.real

HEAD = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
LINE = "2023-11-14 22:13:20.500,0.250,TCP,10.0.0.5,50000,{},443,4,900,1\n"
STRANGER = "9.9.9.10"
"""An address that none of the lists has."""


def lines(path):
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    return [line.split()[0] for line in text.splitlines() if line.strip() and not line.startswith("#")]


def networks(path):
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    return [ipaddress.ip_network(entry, strict=False) for entry in json.loads(text)["list"]]


def middle_of(network):
    return str(network[network.num_addresses // 2])


@pytest.fixture(scope="module")
def asked(shared_data):
    """For each file, every so many of the addresses that it holds."""
    intel = shared_data / "intel"
    misp = intel / "misp_warninglists"
    found = {
        "ipsum_ge3": lines(intel / "ipsum_ge3.txt.gz")[::500],
        "tor-exit-nodes": [a for a in lines(intel / "tor-exit-nodes.lst") if ":" not in a][::100],
        **{
            name: [middle_of(network) for network in networks(misp / f"{name}.json") if network.version == 4][::100]
            for name in ("amazon-aws", "microsoft-azure", "google-gcp", "cloudflare", "sinkholes")
        },
    }
    assert all(found.values())
    return found


@pytest.fixture(scope="module")
def case(shared_data, asked, tmp_path_factory):
    folder = init(tmp_path_factory.mktemp("real") / "case", home=["10.0.0.0/8"])
    intel, geo = shared_data / "intel", shared_data / "geo"
    with (folder / "flowsleuth.toml").open("a") as file:
        file.write(f'geography = ["{geo}/country_cidr_blocks.csv.gz", "{geo}/GeoLite2-Country_2019-04-02.mmdb"]\n')
        file.write(f'lists = ["{intel}/ipsum_ge3.txt.gz", "{intel}/tor-exit-nodes.lst"]\n')
    log = folder.parent / "flows.csv"
    every = dict.fromkeys([*(address for addresses in asked.values() for address in addresses), STRANGER])
    log.write_text(HEAD + "".join(LINE.format(address) for address in every))
    with flowsleuth.open(folder) as ws:
        assert ws.ingest(log).rows == {"flow": len(every)}
        for name in ("ipsum_ge3.txt.gz", "tor-exit-nodes.lst", "stix2_sco-examples-bundle.json"):
            ws.intel_add(intel / name, name=name.partition(".")[0])
        ws.intel_add(intel / "misp_warninglists" / "sinkholes.json", name="sinkholes")
        ws.enrich()
    return folder


def test_what_a_list_holds_is_found_on_it(case, asked):
    with flowsleuth.open(case) as ws:
        listed = ws.facts(fact="list").to_pandas()
    for name, addresses in asked.items():
        on = set(listed.loc[listed["value"] == name, "observable"])
        assert set(addresses) <= on, name
        assert STRANGER not in on


def test_feeds_match_the_flows_that_they_name(case, asked, shared_data):
    with flowsleuth.open(case) as ws:
        met = ws.intel_match("flow", by="value").to_pandas()
    for name in ("ipsum_ge3", "tor-exit-nodes", "sinkholes"):
        assert set(asked[name]) <= set(met.loc[met["feed"] == name, "value"]), name
    assert STRANGER not in set(met["value"])


def test_countries_are_those_of_the_table(case, asked, shared_data):
    """The most specific network of the table, looked for one after another."""
    with gzip.open(shared_data / "geo" / "country_cidr_blocks.csv.gz", "rt") as file:
        rows = [row for row in csv.reader(file) if ":" not in row[0] and "/" in row[0]]
    table = {}
    for cidr, country in rows:
        network = ipaddress.ip_network(cidr)
        table[int(network.network_address), network.prefixlen] = country.upper()
    with flowsleuth.open(case) as ws:
        told = ws.facts(fact="country_code").to_pandas()
    ours = told[told["source"] == "country_cidr_blocks.csv.gz"].set_index("observable")["value"]
    checked = 0
    for address in asked["ipsum_ge3"] + asked["tor-exit-nodes"]:
        value = int(ipaddress.ip_address(address))
        nets = [(value >> (32 - bits) << (32 - bits), bits) for bits in range(32, 0, -1)]
        expected = next((table[net] for net in nets if net in table), None)
        assert ours.get(address) == expected, address
        checked += expected is not None
    assert checked > 20


def test_geolite_tells_what_the_table_does_not(case, shared_data):
    maxminddb = pytest.importorskip("maxminddb")
    with flowsleuth.open(case) as ws:
        stored = set(ws.store.arrow(ws.store.table("flow").select("dst_ip"))["dst_ip"].to_pylist())
        told = ws.facts(fact="country").to_pandas()
    by_source = {
        name: dict(zip(rows["observable"], rows["value"], strict=True)) for name, rows in told.groupby("source")
    }
    left = stored - set(by_source["country_cidr_blocks.csv.gz"])
    with maxminddb.open_database(shared_data / "geo" / "GeoLite2-Country_2019-04-02.mmdb") as database:
        answers = {address: database.get(address) for address in left}
    expected = {address: one["country"]["names"]["en"] for address, one in answers.items() if one and "country" in one}
    assert expected
    assert by_source["GeoLite2-Country_2019-04-02.mmdb"] == expected
