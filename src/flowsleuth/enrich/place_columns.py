"""The columns that geography tells, and how the known databases say them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.countries import country_names
from flowsleuth.enrich.range_facts import PLACE_COLUMNS, UNKNOWN
from flowsleuth.schema.columns import Column

if TYPE_CHECKING:
    import pyarrow as pa

GEOGRAPHY = (
    *PLACE_COLUMNS,
    Column("asn", "int64", "number of the autonomous system that announces the address", null=UNKNOWN),
    Column("as_name", "string", "who runs that autonomous system", null=UNKNOWN),
    Column("anonymity", "string", "why the address hides who uses it: vpn, tor exit node, …", null="not in the file"),
)
BY_NAME = {column.name: column for column in GEOGRAPHY}

_ANONYMOUS = {
    "is_anonymous_vpn": "vpn",
    "is_tor_exit_node": "tor exit node",
    "is_public_proxy": "public proxy",
    "is_residential_proxy": "residential proxy",
    "is_hosting_provider": "hosting provider",
    "is_anonymous": "anonymous",
}
_PATHS: dict[str, tuple[tuple[Any, ...], ...]] = {
    "country_code": (("country", "iso_code"), ("country_code",), ("registered_country", "iso_code")),
    "country": (("country", "names", "en"), ("country_name",), ("registered_country", "names", "en")),
    "region": (("subdivisions", 0, "names", "en"), ("region",), ("stateprov",)),
    "city": (("city", "names", "en"), ("city",)),
    "lat": (("location", "latitude"), ("latitude",), ("lat",)),
    "lon": (("location", "longitude"), ("longitude",), ("lng",), ("lon",)),
    "owner": (("organization",), ("traits", "organization"), ("isp",), ("traits", "isp")),
    "domain": (("domain",), ("traits", "domain"), ("as_domain",)),
    "asn": (("autonomous_system_number",), ("traits", "autonomous_system_number"), ("asn",), ("as_number",)),
    "as_name": (("autonomous_system_organization",), ("traits", "autonomous_system_organization"), ("as_name",),
                ("as_organization",)),
}  # fmt: skip


def of_record(record: Any) -> dict[str, Any]:
    """What a record of a MaxMind, DB-IP or IPinfo database says, in our columns.

    Examples
    --------
    >>> of_record({"country": {"iso_code": "CZ"}, "location": {"latitude": 50.1, "longitude": 14.4}})
    {'country_code': 'CZ', 'lat': 50.1, 'lon': 14.4}
    >>> of_record({"country": "CZ", "asn": "AS2852", "as_name": "CESNET"})
    {'country_code': 'CZ', 'asn': 2852, 'as_name': 'CESNET'}
    """
    if not isinstance(record, Mapping):
        return {}
    made: dict[str, Any] = {}
    if isinstance(plain := record.get("country"), str):
        made["country_code" if len(plain) == 2 else "country"] = plain
    for name, paths in _PATHS.items():
        for path in paths:
            value = _fitting(name, _at(record, path))
            if value is not None:
                made.setdefault(name, value)
                break
    if hidden := _anonymity(record):
        made["anonymity"] = hidden
    return made


def _at(record: Any, path: Iterable[Any]) -> Any:
    for step in path:
        if isinstance(record, Mapping):
            record = record.get(step)
        elif isinstance(record, list) and isinstance(step, int) and step < len(record):
            record = record[step]
        else:
            return None
    return record


def _fitting(name: str, value: Any) -> Any:
    """The value in the column's type; None when it does not fit."""
    kind = BY_NAME[name].type
    if value is None or isinstance(value, (Mapping, list, bool)):
        return None
    try:
        if kind == "float64":
            return float(value)
        if kind == "int64":
            return int(str(value).removeprefix("AS")) or None
    except ValueError:
        return None
    return str(value) or None


def _anonymity(record: Mapping[str, Any]) -> str:
    traits = record.get("traits")
    flags = {**traits, **record} if isinstance(traits, Mapping) else record
    told = [text for flag, text in _ANONYMOUS.items() if flags.get(flag) is True]
    return ", ".join(text for text in told if text != "anonymous" or len(told) == 1)


def to_columns(made: list[dict[str, Any]]) -> pa.Table:
    """Records as columns; those that no record has are left out, names of countries are filled in."""
    import pyarrow as pa

    there = set().union(*made) if made else set()
    columns = {
        name: pa.array([one.get(name) for one in made], column.arrow_type())
        for name, column in BY_NAME.items()
        if name in there
    }
    return with_country_names(pa.table(columns))


def with_country_names(values: pa.Table) -> pa.Table:
    """Codes in capitals, and the name of each country that has a code only."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if "country_code" not in values.column_names:
        return values
    given = {name: values[name].combine_chunks() for name in values.column_names}
    codes = pc.utf8_upper(given["country_code"])
    names = country_names(codes)
    told = given.get("country")
    given |= {"country_code": codes, "country": names if told is None else pc.coalesce(told, names)}
    return pa.table({name: given[name] for name in BY_NAME if name in given})


def columns_of(values: pa.Table) -> tuple[Column, ...]:
    """The declared columns that a table has."""
    return tuple(BY_NAME[name] for name in values.column_names)
