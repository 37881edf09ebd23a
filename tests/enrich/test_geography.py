"""Places and autonomous systems: MMDB files as their own reader reads them, tables of networks, the package's table."""

from __future__ import annotations

import gzip
import ipaddress
import pickle
import random

import pyarrow as pa
import pyarrow.csv as pcsv
import pytest

import flowsleuth
from flowsleuth.enrich.geography import _loaded, load_geography, read_geography, registered_countries
from flowsleuth.enrich.mmdb import unroll
from flowsleuth.enrich.network_tables import read_network_table
from flowsleuth.enrich.networks import parse_networks
from flowsleuth.enrich.place_columns import of_record
from flowsleuth.errors import FlowsleuthError
from flowsleuth.schema.ranges import RangeMap
from flowsleuth.workspace import init


@pytest.fixture
def maxmind(data):
    return data / "geo" / "maxmind_test"


def test_a_city(maxmind):
    facts = read_geography(maxmind / "GeoLite2-City-Test.mmdb")
    asked = pa.array(["81.2.69.160", "2001:480:10::1", "10.0.0.1", "no address", None])
    assert facts.look_up(asked).slice(0, 3).to_pylist() == [
        {"country_code": "GB", "country": "United Kingdom", "region": "England", "city": "London", "lat": 51.5142,
         "lon": -0.0931},
        {"country_code": "US", "country": "United States", "region": "California", "city": "San Diego", "lat": 32.7203,
         "lon": -117.1552},
        dict.fromkeys(("country_code", "country", "region", "city", "lat", "lon")),
    ]  # fmt: skip
    assert facts.as_of is not None and facts.as_of.isoformat() == "2026-02-04T22:49:29+00:00"


def test_an_autonomous_system_and_anonymity(maxmind):
    found = read_geography(maxmind / "GeoLite2-ASN-Test.mmdb").look_up(pa.array(["1.128.0.0", "1.127.255.255"]))
    assert found.to_pylist() == [{"asn": 1221, "as_name": "Telstra Pty Ltd"}, {"asn": None, "as_name": None}]
    hidden = read_geography(maxmind / "GeoIP2-Anonymous-IP-Test.mmdb").look_up(pa.array(["1.2.0.0", "81.2.69.0"]))
    assert hidden["anonymity"].to_pylist() == [
        "vpn",
        "vpn, tor exit node, public proxy, residential proxy, hosting provider",
    ]


@pytest.mark.parametrize("name", ["GeoLite2-City-Test", "GeoLite2-ASN-Test", "GeoIP2-Anonymous-IP-Test"])
def test_every_network_is_as_maxmind_reads_it(maxmind, name):
    maxminddb = pytest.importorskip("maxminddb")
    path = maxmind / f"{name}.mmdb"
    base = unroll(path)
    assert compare(maxminddb.open_database(str(path)), base, 5_000) > 100


@pytest.mark.real
def test_a_complete_database_is_as_maxmind_reads_it(shared_data):
    maxminddb = pytest.importorskip("maxminddb")
    path = shared_data / "geo" / "GeoLite2-Country_2019-04-02.mmdb"
    base = unroll(path)
    assert (len(base.four.low), len(base.six.low), len(base.records)) == (202_229, 91_879, 3_588)
    assert compare(maxminddb.open_database(str(path)), base, 20_000) > 30_000


def compare(theirs, base, networks):
    """Both ends of networks and the addresses after them, and any others; how many were known."""
    chance = random.Random(1)
    asked = []
    for network, _ in zip((one for one, _ in theirs), range(networks), strict=False):
        last = int(network[-1])
        asked += [network[0], network[-1], *([] if last in (2**32 - 1, 2**128 - 1) else [network[-1] + 1])]
    asked += [ipaddress.IPv4Address(chance.getrandbits(32)) for _ in range(2_000)]
    asked += [ipaddress.IPv6Address(chance.getrandbits(125) | 1 << 125) for _ in range(2_000)]
    texts = [str(a) for a in asked if not (a.version == 6 and (a.sixtofour or a.teredo or a.ipv4_mapped))]
    found = RangeMap.of_pieces(base.four, base.six).find(pa.array(texts)).tolist()
    wanted = [theirs.get(text) for text in texts]
    assert [None if at < 0 else base.records[at] for at in found] == wanted
    return sum(one is not None for one in wanted)


def test_a_damaged_database_is_refused_by_name(maxmind, tmp_path):
    whole = (maxmind / "GeoLite2-City-Test.mmdb").read_bytes()
    chance = random.Random(2)
    broken = tmp_path / "broken.mmdb"
    for at in range(40):
        content = bytearray(whole[: chance.randrange(len(whole))] if at % 2 else whole)
        for _ in range(20):
            if content:
                content[chance.randrange(len(content))] = chance.randrange(256)
        broken.write_bytes(content)
        (facts,) = load_geography([broken])
        assert facts.absent is None or "broken.mmdb" in facts.absent
    broken.write_bytes(b"no database")
    (facts,) = load_geography(
        [
            broken,
        ]
    )
    assert facts.absent is not None and "it has no metadata" in facts.absent
    assert facts.look_up(pa.array(["8.8.8.8"])).num_rows == 1
    (facts,) = load_geography([tmp_path / "none.mmdb"])
    assert facts.absent is not None and "No such file" in facts.absent


def test_what_was_unrolled_is_kept_under_the_digest_of_the_file(maxmind, tmp_path):
    path, cache = maxmind / "GeoLite2-City-Test.mmdb", tmp_path / "cache"
    asked = pa.array(["81.2.69.160", "2001:480:10::1", "::1", "8.8.8.8"])
    (first,) = load_geography([path], cache)
    kept = list(cache.iterdir())
    assert len(kept) == 1
    _loaded.cache_clear()
    (second,) = load_geography([path], cache)
    assert first is not second and first.look_up(asked).equals(second.look_up(asked)) and first.as_of == second.as_of
    (kept[0] / "four.arrow").write_bytes(b"damaged")
    _loaded.cache_clear()
    (third,) = load_geography([path], cache)
    assert third.look_up(asked).equals(first.look_up(asked))


@pytest.mark.parametrize(
    ("text", "asked", "told"),
    [
        ("cidr,country\n192.0.2.0/24,cz\n192.0.2.128/25,SK\n2001:db8::/32,AT\n",
         ["192.0.2.1", "192.0.2.200", "2001:db8::5"], ["CZ", "SK", "AT"]),
        ("192.0.2.0/24,CZ\n", ["192.0.2.1"], ["CZ"]),
        ("# made today\nstart\tend\tcc\n192.0.2.0\t192.0.2.9\tCZ\n2001:db8::\t2001:db8::f\tAT\n",
         ["192.0.2.9", "192.0.2.10", "2001:db8::f", "2001:db8::10"], ["CZ", None, "AT", None]),
        ("3221225984,3221226239,CZ\n", ["192.0.2.77"], ["CZ"]),
        ("network,country_code\nrubbish,CZ\n192.0.2.0/24,ZZ\n192.0.3.0/24,AT\n",
         ["192.0.2.1", "192.0.3.1"], [None, "AT"]),
    ],
)  # fmt: skip
def test_tables_of_countries(tmp_path, text, asked, told):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    facts = read_network_table(path)
    assert facts.look_up(pa.array(asked))["country_code"].to_pylist() == told
    assert len(facts.notes) == ("rubbish" in text)


def test_a_table_of_autonomous_systems_without_a_header(tmp_path):
    path = tmp_path / "ip2asn.tsv"
    path.write_text(
        "192.0.2.0\t192.0.2.255\t64496\tCZ\tEXAMPLE, Net\n198.51.100.0\t198.51.100.255\t0\tNone\tNot routed\n"
    )
    assert read_network_table(path).look_up(pa.array(["192.0.2.1", "198.51.100.1"])).to_pylist() == [
        {"country_code": "CZ", "country": "Czech Republic", "asn": 64496, "as_name": "EXAMPLE, Net"},
        {"country_code": None, "country": None, "asn": None, "as_name": "Not routed"},
    ]


def test_a_table_of_unknown_columns_says_what_would_do(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("when,what,why,who,where,how\n1,2,3,4,5,6\n")
    with pytest.raises(FlowsleuthError, match="name the columns in a first line"):
        read_network_table(path)


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"country": "CZ", "asn": "AS2852", "as_domain": "cesnet.cz"},
         {"country_code": "CZ", "asn": 2852, "domain": "cesnet.cz"}),
        ({"registered_country": {"iso_code": "FR"}}, {"country_code": "FR"}),
        ({"location": {"latitude": "north"}, "asn": "none"}, {}),
        ({"traits": {"is_tor_exit_node": True}}, {"anonymity": "tor exit node"}),
        (["no", "record"], {}),
    ],
)  # fmt: skip
def test_records_of_several_makers(record, told):
    assert of_record(record) == told


def test_the_packages_own_countries(shared_data):
    """Every 17th network of the source, at both ends, answers with the country of the source."""
    convert = pcsv.ConvertOptions(strings_can_be_null=False)
    rows = pcsv.read_csv(shared_data / "geo" / "country_cidr_blocks.csv.gz", convert_options=convert)
    assert len(rows) == 246_358
    networks = rows["cidr"].combine_chunks()
    assert not len(parse_networks(networks).bad)
    codes = dict(zip(networks.to_pylist(), rows["country"].to_pylist(), strict=True))
    asked = [ipaddress.ip_network(text) for text, code in list(codes.items())[::17] if code not in ("ZZ", "EU", "AP")]
    for end in (0, -1):
        told = registered_countries().look_up(pa.array([str(network[end]) for network in asked]))["country_code"]
        wanted = [codes[str(network)] for network in asked]
        differ = [(n, *two) for n, *two in zip(asked, told.to_pylist(), wanted, strict=True) if two[0] != two[1]]
        assert len(differ) < 20, differ  # where the source gives two countries, or a smaller network has another


def test_an_investigation_shows_place_and_owner_of_peers(maxmind, tmp_path):
    log = tmp_path / "flows.csv"
    head = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
    line = "2023-11-14 22:13:20.500,0.250,TCP,10.0.0.5,50000,{},443,4,900,1\n"
    log.write_text(head + "".join(line.format(ip) for ip in ("81.2.69.160", "1.128.0.1", "193.0.6.139", "10.0.0.9")))
    case = tmp_path / "case"
    init(case)
    with (case / "flowsleuth.toml").open("a") as file:
        file.write(f'geography = ["{maxmind}/GeoLite2-City-Test.mmdb", "{maxmind}/GeoLite2-ASN-Test.mmdb"]\n')
    with flowsleuth.open(case) as ws:
        ws.ingest(log)
        found = ws.investigate("10.0.0.5")
        peers = {row["peer"]: row for row in found.peers.to_arrow().to_pylist()}
        story = found.dossier()
    assert (peers["81.2.69.160"]["city"], peers["81.2.69.160"]["country"]) == ("London", "United Kingdom")
    assert (peers["1.128.0.1"]["asn"], peers["1.128.0.1"]["as_name"]) == (1221, "Telstra Pty Ltd")
    assert (peers["193.0.6.139"]["country_code"], peers["193.0.6.139"]["city"]) == ("NL", None)
    assert peers["10.0.0.9"]["country_code"] is None
    assert "GeoLite2-City-Test.mmdb" in story.provenance["context"]
    points = story["places"].nodes
    assert points is not None and points["ip"].to_pylist() == ["81.2.69.160"]


@pytest.mark.usefixtures("geoip2fast")
def test_names_of_systems_right_after_install(tmp_path):
    """Some whose answer is plain, and that a range ends where it ends (geoip2fast itself goes on to the next)."""
    from flowsleuth.enrich.geography import installed_geography

    (facts,) = installed_geography(tmp_path)
    assert facts.absent is None and str(facts.as_of) == "2024-06-18 00:00:00+00:00"
    asked = ["8.8.8.8", "2001:4860:4860::8888", "10.0.0.1", "151.183.80.146", "1.1.1.1"]
    named = registered_countries().look_up(pa.array(["193.0.6.139"]))["country"].to_pylist()
    assert facts.look_up(pa.array(["193.0.6.139"]))["country"].to_pylist() == named == ["Netherlands"]
    by_code = dict(zip(*(facts.values[name].to_pylist() for name in ("country_code", "country")), strict=True))
    assert (by_code["XK"], by_code["CZ"]) == ("Kosovo", "Czech Republic")  # a code that ISO lacks keeps its name
    assert facts.look_up(pa.array(asked)).to_pylist() == [
        {"country_code": "US", "country": "United States", "as_name": "GOOGLE"},
        {"country_code": "US", "country": "United States", "as_name": "GOOGLE"},
        {"country_code": None, "country": None, "as_name": None},
        {"country_code": "CH", "country": "Switzerland", "as_name": None},
        {"country_code": "AU", "country": "Australia", "as_name": "CLOUDFLARENET"},
    ]


def test_a_pickle_that_names_code_is_refused(tmp_path):
    from flowsleuth.enrich.geoip2fast_table import FILE_NAME, read_geoip2fast

    path = tmp_path / FILE_NAME
    for content in (pickle.dumps(print), pickle.dumps([1, 2]), b"", pickle.dumps([1, {}, 1, [[]] * 10])):
        path.write_bytes(gzip.compress(content))
        with pytest.raises(FlowsleuthError, match="not readable as geoip2fast's data"):
            read_geoip2fast(path)
        (facts,) = load_geography([path])
        assert facts.absent is not None  # a file of that name elsewhere is never unpickled


@pytest.mark.real
def test_a_real_table_of_networks_loads_and_matches(shared_data, tmp_path):
    (facts,) = load_geography([shared_data / "geo" / "country_cidr_blocks.csv.gz"], tmp_path)
    assert facts.absent is None and len(facts.values) == 246_358 and facts.notes == ()
    told = facts.look_up(pa.array(["193.0.6.139", "46.172.224.9", "2001:718::1", "10.0.0.1"]))
    assert told.to_pydict() == {
        "country_code": ["NL", "AD", "CZ", None],
        "country": ["Netherlands", "Andorra", "Czech Republic", None],
    }
