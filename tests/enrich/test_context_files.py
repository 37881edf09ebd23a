"""Apache Spot's context files, with what it got wrong in them."""

from __future__ import annotations

import pyarrow as pa

from flowsleuth.enrich.context_files import load_internal_ranges, load_network_names, load_places
from flowsleuth.investigate.sides import Inside


def names(tmp_path, text, *addresses):
    path = tmp_path / "networkcontext_1.csv"
    path.write_text(text, encoding="utf-8")
    found = load_network_names(path)
    return found.look_up(pa.array(addresses))["network"].to_pylist(), found.notes


def test_two_fields_are_enough(tmp_path):
    """Spot kept a row only if it had more than two, though its documented file has two."""
    assert names(tmp_path, "address,name\n10.0.0.1,Gate\n", "10.0.0.1") == (["Gate"], ())


def test_the_longest_prefix_counts_whatever_the_order(tmp_path):
    """Spot: whichever came first."""
    lines = ["10.0.0.0/8,Campus", "10.1.0.0/16,Prague", "10.1.2.0-10.1.2.9,Printers", "10.1.2.3,Laser"]
    for order in (lines, lines[::-1]):
        found, _ = names(tmp_path, "\n".join(["address,name", *order]), "10.1.2.3", "10.1.2.4", "10.1.3.1", "10.2.0.0")
        assert found == ["Laser", "Printers", "Prague", "Campus"]


def test_ipv6_quotes_and_commas(tmp_path):
    text = 'address,name\n"2001:db8::/32","Lab, north"\n2001:db8::1-2001:db8::5,Five\n'
    assert names(tmp_path, text, "2001:db8::3", "2001:DB8::9".lower(), "::1")[0] == ["Five", "Lab, north", None]


def test_a_file_without_header_loses_nothing(tmp_path):
    assert names(tmp_path, "10.0.0.0/8,Campus\n", "10.0.0.1")[0] == ["Campus"]


def test_bad_rows_are_told_and_the_rest_is_read(tmp_path):
    found, notes = names(tmp_path, "address,name\nhost7,x\n10.0.0.1\n\n10.0.0.2,b\n", "10.0.0.1", "10.0.0.2")
    assert found == [None, "b"]
    assert notes == (
        "networkcontext_1.csv, line 2: not an IP address: 'host7'",
        "networkcontext_1.csv, line 3: no name",
    )


def test_other_encodings_do_not_stop_it(tmp_path):
    path = tmp_path / "networkcontext_1.csv"
    path.write_bytes("address,name\n10.0.0.1,Brno-střed\n".encode("cp1250"))
    assert load_network_names(path).look_up(pa.array(["10.0.0.1"]))["network"][0].as_py().startswith("Brno-st")


def place(low, high, city, lat="50.1", lon="14.4"):
    return f'"{low}","{high}","CZ","Czechia","Bohemia","{city}","{lat}","{lon}","Owner, Inc.","x.example"'


def places(tmp_path, *rows):
    path = tmp_path / "iploc.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return load_places(path)


def test_the_end_of_a_range_is_checked(tmp_path):
    """Spot: an address in a gap was in the range before it, one before the first range was an error."""
    found = places(tmp_path, place(16777216, 16777471, "Praha"), place(33554432, 33554687, "Brno"))
    asked = pa.array(["1.0.0.255", "1.0.1.0", "2.0.0.0", "0.0.0.1", "223.1.1.1", "2001:db8::1"])
    assert found.look_up(asked)["city"].to_pylist() == ["Praha", None, "Brno", None, None, None]


def test_one_place_in_full(tmp_path):
    told = places(tmp_path, place(16777216, 16777471, "Praha")).look_up(pa.array(["1.0.0.0"])).to_pylist()
    assert told == [{
        "country_code": "CZ", "country": "Czechia", "region": "Bohemia", "city": "Praha", "lat": 50.1, "lon": 14.4,
        "owner": "Owner, Inc.", "domain": "x.example",
    }]  # fmt: skip


def test_unsorted_overlapping_and_ipv6_ranges(tmp_path):
    found = places(
        tmp_path,
        place("2001:db8::", "2001:db8::ffff", "Lab"),
        place(16777300, 16777310, "Small"),
        place(16777216, 16777471, "Large"),
    )
    assert found.look_up(pa.array(["1.0.0.85", "1.0.0.1", "2001:db8::5"]))["city"].to_pylist() == [
        "Small",
        "Large",
        "Lab",
    ]


def test_coordinates_that_are_none(tmp_path):
    rows = [
        place(n * 256, n * 256 + 255, "x", lat) for n, lat in enumerate(["", "north", "91", "-90", "1e3", "nan"], 1)
    ]
    found = places(tmp_path, *rows).look_up(pa.array([f"0.0.{n}.0" for n in range(1, 7)]))
    assert found["lat"].to_pylist() == [None, None, None, -90.0, None, None]


def test_rows_of_another_width_are_told(tmp_path):
    found = places(tmp_path, place(1, 2, "a"), '"3","4","CZ"', place(5, 6, "b"))
    assert found.look_up(pa.array(["0.0.0.5", "0.0.0.3"]))["city"].to_pylist() == ["b", None]
    assert found.notes == ("iploc.csv: 3 fields instead of 10",)


def test_internal_ranges_are_internal(tmp_path):
    path = tmp_path / "ipranges.csv"
    path.write_text("192.0.2.0,192.0.2.99,Office\n2001:db8::,2001:db8::ff,Lab\n", encoding="utf-8")
    ranges = load_internal_ranges(path)
    inside = Inside(("10.0.0.0/8",), ranges)
    asked = pa.array(["192.0.2.99", "192.0.2.100", "10.1.1.1", "2001:db8::9", "2001:db8::100"])
    assert inside.covers(asked).tolist() == [True, False, True, True, False]


def test_a_missing_or_empty_file_is_absent_with_a_reason(tmp_path):
    assert load_places(tmp_path / "iploc.csv").absent == f"there is no iploc.csv in the folder {tmp_path.name}"
    assert places(tmp_path, "").look_up(pa.array(["1.1.1.1"]))["city"].to_pylist() == [None]


def test_a_file_that_changed_is_read_again(tmp_path):
    assert names(tmp_path, "address,name\n10.0.0.1,a\n", "10.0.0.1")[0] == ["a"]
    assert names(tmp_path, "address,name\n10.0.0.1,longer\n", "10.0.0.1")[0] == ["longer"]
