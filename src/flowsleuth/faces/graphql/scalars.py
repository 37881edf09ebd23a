"""Scalars: Spot's three, checked wherever a value comes from, and whole numbers of 64 bits.

A value in the query's text and a value of a variable go through the same function here, so that neither is trusted.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from flowsleuth.faces.plain import SAFE_INTEGER
from flowsleuth.schema.addresses import canonical_address

SpotDate = NewType("SpotDate", dt.date)
SpotDatetime = NewType("SpotDatetime", dt.datetime)
SpotIp = NewType("SpotIp", str)
BigInt = NewType("BigInt", int)

SHAPE_OF_TIME = "%Y-%m-%d %H:%M:%S"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?")
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]{2,45}(%[\w.-]{1,15})?")
_BITS = 63
_LONGEST = 64


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError("not a short text")
    return value


def parse_date(value: Any) -> dt.date:
    """A UTC day.

    Examples
    --------
    >>> parse_date("2021-06-06")
    datetime.date(2021, 6, 6)
    """
    text = _text(value)
    if not _DATE.fullmatch(text):
        raise ValueError("not a date like 2021-06-06")
    return dt.date.fromisoformat(text)


def parse_time(value: Any) -> dt.datetime:
    """A moment, UTC.

    Examples
    --------
    >>> parse_time("2021-06-06 12:30:00").isoformat()
    '2021-06-06T12:30:00+00:00'
    """
    text = _text(value)
    if not _TIME.fullmatch(text):
        raise ValueError("not a time like 2021-06-06 12:30:00 (UTC)")
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def time_text(value: dt.datetime) -> str:
    """A moment as Spot writes it, UTC, whole seconds."""
    return value.astimezone(dt.UTC).strftime(SHAPE_OF_TIME)


def parse_ip(value: Any) -> str:
    """An address, IPv4 or IPv6, canonical.

    Examples
    --------
    >>> parse_ip("2001:DB8:0::7")
    '2001:db8::7'
    """
    try:
        text = _text(value)
        if not _ADDRESS.fullmatch(text):
            raise ValueError
        return canonical_address(text)
    except ValueError:
        raise ValueError("not an IP address") from None


def parse_big(value: Any) -> int:
    """A whole number of 64 bits, as a number or as decimal text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("not a whole number")
    text = str(value)
    if not re.fullmatch(r"-?\d{1,19}", text) or not -(2**_BITS) <= int(text) < 2**_BITS:
        raise ValueError("not a whole number of 64 bits")
    return int(text)


def big_value(value: int) -> int | str:
    """A number while every reader keeps it whole, decimal text beyond.

    Examples
    --------
    >>> big_value(2**40), big_value(2**60)
    (1099511627776, '1152921504606846976')
    """
    return value if abs(value) <= SAFE_INTEGER else str(value)


SCALARS: dict[object, ScalarDefinition] = {
    SpotDate: strawberry.scalar(
        name="SpotDateType",
        description="A day, yyyy-mm-dd, UTC.",
        serialize=lambda value: value.isoformat(),
        parse_value=parse_date,
    ),
    SpotDatetime: strawberry.scalar(
        name="SpotDatetimeType",
        description="A moment, yyyy-mm-dd hh:mm:ss, UTC. Fractions of a second are taken, and not given.",
        serialize=time_text,
        parse_value=parse_time,
    ),
    SpotIp: strawberry.scalar(
        name="SpotIpType",
        description="An IPv4 or IPv6 address; canonical text (RFC 5952). Checked in variables too.",
        serialize=str,
        parse_value=parse_ip,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number of 64 bits: a number up to 2^53 - 1, decimal text beyond. Both are taken.",
        serialize=big_value,
        parse_value=parse_big,
    ),
}
