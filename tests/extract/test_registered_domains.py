"""Domains that names were registered under."""

from __future__ import annotations

import pyarrow as pa

from flowsleuth.extract.registered_domains import registered_domains


def test_last_two_labels_or_three_below_a_country() -> None:
    names = [
        "example.com", "a.b.c.example.com", "www.bbc.co.uk", "bbc.co.uk", "x.y.com.br", "yahoo.co.jp", "t.co", "com",
        "evil.com.example.ru", "WWW.Bücher.DE.", "net.evil.xyz", "co.evil.net", "", None, "2001:db8::1", "10.1.2.3",
    ]  # fmt: skip
    assert registered_domains(pa.array(names)).to_pylist() == [
        "example.com", "example.com", "bbc.co.uk", "bbc.co.uk", "y.com.br", "yahoo.co.jp", "t.co", "com",
        "example.ru", "bücher.de", "evil.xyz", "evil.net", "", None, "2001:db8::1", "10.1.2.3",
    ]  # fmt: skip


def test_no_names_and_only_nulls() -> None:
    assert registered_domains(pa.array([], pa.string())).to_pylist() == []
    assert registered_domains(pa.array([None, None], pa.string())).to_pylist() == [None, None]
