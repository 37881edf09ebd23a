"""IPv4 text as whole columns, against the standard library's ipaddress."""

from __future__ import annotations

import ipaddress
import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.schema.ipv4 import parse_ipv4

IPV4 = st.ip_addresses(v=4)
DIGITS = st.text(alphabet="0123456789. -+x:", max_size=17)


def strict_ipv4(text: str) -> int | None:
    try:
        return int(ipaddress.IPv4Address(text))
    except ValueError:
        return None


@given(st.lists(st.one_of(IPV4.map(str), DIGITS, st.text(max_size=8), st.none()), max_size=30), st.integers(0, 5))
def test_parse_ipv4_is_ipaddress(texts: list[str | None], cut: int) -> None:
    column = pa.array(texts, type=pa.string())[cut:]
    values, is_ipv4 = parse_ipv4(column)
    wanted = [None if text is None else strict_ipv4(text) for text in texts[cut:]]
    assert is_ipv4.tolist() == [value is not None for value in wanted]
    assert values.tolist() == [value or 0 for value in wanted]


@pytest.mark.parametrize(
    "text",
    [
        "1.2.3.4.",
        ".1.2.3.4",
        "1..2.3",
        "256.1.1.1",
        "1.2.3.1000",
        "01.2.3.4",
        "1.2.3.04",
        "1.2.3",
        "0.0.0.0.0",
        "1.2.3.4 ",
        "٣.٢.١.٠",
    ],
)
def test_parse_ipv4_refuses(text: str) -> None:
    assert parse_ipv4(pa.array([text, "0.0.0.0", "255.255.255.255"]))[1].tolist() == [False, True, True]


def agrees(texts: list[str]) -> None:
    values, is_ipv4 = parse_ipv4(pa.array(texts, pa.string()))
    wanted = [strict_ipv4(text) for text in texts]
    assert [
        text for text, is_one, value in zip(texts, is_ipv4, wanted, strict=True) if is_one != (value is not None)
    ] == []
    assert values.tolist() == [value or 0 for value in wanted]


@pytest.mark.parametrize("widths", list(itertools.product((1, 2, 3), repeat=4)), ids=str)
def test_every_layout_with_every_character_in_every_place(widths: tuple[int, ...]) -> None:
    whole = ".".join({1: "0", 2: "10", 3: "255"}[width] for width in widths)
    spoilt = [
        whole[:place] + chr(code) + whole[place + 1 :] for place in range(len(whole)) for code in (*range(128), 0xE9)
    ]
    longer = [whole + more for more in ("0", ".", ".0", "." + "1" * 20, " ", "\0")]
    agrees([whole, *spoilt, *longer, *(whole[:end] for end in range(len(whole)))])


def test_octets_up_to_999() -> None:
    agrees([".".join(parts) for n in range(1000) for parts in itertools.permutations((str(n), "7", "88", "199"))])


@pytest.mark.parametrize("skipped", [0, 1, 6_143, 6_145])
def test_a_column_of_many_blocks(skipped: int) -> None:
    """Whatever text comes after, a slice of a column reads only its own."""
    rng = np.random.default_rng(7)
    numbers = rng.integers(0, 2**32, 20_000, dtype=np.uint32)
    texts = [str(ipaddress.IPv4Address(int(number))) for number in numbers]
    texts[::7] = ["" if at % 2 else "web" * at for at in range(len(texts[::7]))]
    wanted = np.where(np.arange(len(texts)) % 7 == 0, 0, numbers)[skipped:15_000]
    values, is_ipv4 = parse_ipv4(pa.array(texts).slice(skipped, 15_000 - skipped))
    assert values.tolist() == wanted.tolist()
    assert is_ipv4.tolist() == [at % 7 != 0 for at in range(skipped, 15_000)]
