"""Real feeds of the developer data set: how many indicators, and one in full."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from flowsleuth.enrich.intel.feeds.canonical import FeedOrigin
from flowsleuth.enrich.intel.feeds.reading import read_feed

pytestmark = pytest.mark.real


def read(path):
    origin = FeedOrigin("real", "", path.name, None, "warning", dt.datetime(2026, 1, 2, tzinfo=dt.UTC))
    return read_feed(path.read_bytes(), origin)


@pytest.mark.parametrize(
    ("name", "format", "types", "refused"),
    [
        ("ipsum_ge3.txt.gz", "ipsum", {"ipv4": 14_217}, 0),
        ("tor-exit-nodes.lst", "list", {"ipv4": 1_127, "ipv6": 619}, 0),
        ("ThreatIntelligenceIndicator.csv", "sentinel", {"ipv4": 333, "url": 300}, 0),
        ("abusech_ransomwaretracker_2016-06-30.csv", "csv", {"domain": 1_072, "url": 1_465, "ipv4": 885}, 0),
        (
            "stix2_sco-examples-bundle.json", "stix",
            {"ipv4": 12, "ipv6": 1, "cidr": 2, "domain": 1, "url": 1, "md5": 1, "sha1": 1, "sha256": 9}, 0,
        ),
        ("slips_own_malicious_iocs.csv", "csv", {"ipv4": 2, "domain": 8}, 4),
        ("slips_own_malicious_JA3.csv", "csv", {"md5": 2}, 0),
        ("misp_warninglists/sinkholes.json", "misp", {"ipv4": 97, "cidr": 10}, 0),
        ("misp_warninglists/amazon-aws.json", "misp", {"cidr": 3_690, "ipv4": 146, "ipv6": 11}, 0),
        ("misp_warninglists/common-ioc-false-positive.json", "misp", {"md5": 23, "sha1": 23, "sha256": 23}, 0),
        ("misp_warninglists/vpn-ipv4.json.gz", "misp", {"cidr": 42_358, "ipv4": 68}, 0),
    ],
)  # fmt: skip
def test_counts(shared_data, name, format, types, refused):
    found = read(shared_data / "intel" / name)
    assert found.format == format
    assert Counter(found.rows["indicator_type"].to_pylist()) == types
    assert len(found.refused) == refused


def test_one_row_of_sentinels_table_in_full(shared_data):
    first = read(shared_data / "intel" / "ThreatIntelligenceIndicator.csv").rows.to_pylist()[0]
    del first["as_of"]
    assert first == {
        "feed": "real", "indicator": "51.255.107.37", "indicator_type": "ipv4", "is_exact": False,
        "severity": "warning", "confidence": 70.0, "threat": "Malware",
        "description": "IPv4 indicator from ransomwaretracker.RW_IPBL", "tags": None,
        "valid_from": dt.datetime(2019, 8, 5, 22, 18, 24, 413000, tzinfo=dt.UTC),
        "valid_until": dt.datetime(2019, 9, 3, 22, 16, 15, 923000, tzinfo=dt.UTC),
        "reference": "IPv4:51.255.107.37", "mentions": 1, "feed_format": "sentinel", "feed_url": None,
        "source_file": "ThreatIntelligenceIndicator.csv", "source_row": 2,
    }  # fmt: skip
