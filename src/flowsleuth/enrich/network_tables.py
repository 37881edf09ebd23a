"""Tables of networks as text (CSV or TSV, plain or gz): a network, or its two ends, and what is told about it.

With a header line the columns are known by name (``cidr`` or ``network``, or ``start`` and ``end``; ``country``,
``asn``, ``as_name``, ``city`` …). Without one the layouts of these files are known by their number of fields:

======  ==============================================================================================
fields  file
======  ==============================================================================================
2       network and country code, or network and AS number
3       low, high, country code (DB-IP country)
4       low, high, AS number, AS name (DB-IP ASN)
5       low, high, AS number, country code, AS name (iptoasn.com)
8       low, high, continent, country code, region, city, latitude, longitude (DB-IP city)
======  ==============================================================================================
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.networks import Networks, parse_ends, parse_networks
from flowsleuth.enrich.place_columns import BY_NAME, columns_of, with_country_names
from flowsleuth.enrich.range_facts import RangeFacts, shorten
from flowsleuth.errors import FlowsleuthError

if TYPE_CHECKING:
    import pyarrow as pa

NETWORK, LOW, HIGH = "network", "low", "high"
_NAMES = {
    NETWORK: ("network", "cidr", "prefix", "range", "ip_range", "netblock", "subnet", "ip"),
    LOW: ("low", "start", "start_ip", "ip_start", "range_start", "ip_from", "first", "from", "begin"),
    HIGH: ("high", "end", "end_ip", "ip_end", "range_end", "ip_to", "last", "to"),
    "country_code": ("country_code", "country_iso_code", "iso_code", "cc", "code"),
    "country": ("country", "country_name"),
    "region": ("region", "state", "subdivision_1_name", "stateprov"),
    "city": ("city", "city_name"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "lng", "longitude"),
    "owner": ("owner", "organization", "org", "isp"),
    "domain": ("domain", "as_domain"),
    "asn": ("asn", "as_number", "autonomous_system_number", "as"),
    "as_name": ("as_name", "as_organization", "autonomous_system_organization", "as_description"),
    "anonymity": ("anonymity",),
}
_LAYOUTS = {
    3: (LOW, HIGH, "country_code"),
    4: (LOW, HIGH, "asn", "as_name"),
    5: (LOW, HIGH, "asn", "country_code", "as_name"),
    8: (LOW, HIGH, "", "country_code", "region", "city", "lat", "lon"),
}


def read_network_table(path: Path) -> RangeFacts:
    """Read a table.

    Raises
    ------
    FlowsleuthError
        It cannot be read, or its columns are not known.

    Examples
    --------
    >>> import tempfile, pyarrow as pa
    >>> path = Path(tempfile.mkdtemp()) / "as.csv"
    >>> _ = path.write_text("network,asn,as_name\\n192.0.2.0/24,AS64496,Example Net\\n")
    >>> read_network_table(path).look_up(pa.array(["192.0.2.9"])).to_pylist()
    [{'asn': 64496, 'as_name': 'Example Net'}]
    """
    import pyarrow as pa

    content = _content(path)
    notes: list[str] = []
    first = content.lstrip(b"\r\n").split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    delimiter = max("\t;,", key=first.count) if any(mark in first for mark in "\t;,") else ","
    fields = next(csv.reader([first], delimiter=delimiter), [])
    names, has_header = _columns(fields, path)

    def refuse(row: Any) -> str:
        notes.append(f"{path.name}: {row.actual_columns} fields instead of {row.expected_columns}")
        return "skip"

    rows = _read(content, names, delimiter, int(has_header), refuse)
    rows = _codes_named(rows)
    networks = _networks(rows)
    if len(networks.bad) == len(rows):
        raise FlowsleuthError("no row of it has a network", where=str(path))
    if len(networks.bad):
        notes.append(f"{path.name}: {len(networks.bad):,} rows whose network cannot be read")
    told = {name: _value(rows[name].combine_chunks(), name) for name in BY_NAME if name in rows.column_names}
    values = with_country_names(pa.table(told))
    return RangeFacts(path.name, networks.to_map(), values, columns_of(values), notes=shorten(notes))


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError) as error:
        raise FlowsleuthError(f"cannot be read: {error}", where=str(path)) from None
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        content = content.decode("utf-8", "replace").encode()
    content = content.removeprefix(b"\xef\xbb\xbf")
    while content[:1] == b"#":
        content = content.partition(b"\n")[2]
    return content


def _columns(fields: list[str], path: Path) -> tuple[list[str], bool]:
    """Our names for the file's columns, ``""`` for those passed by, and whether its first line names them."""
    ours = {theirs: name for name, many in _NAMES.items() for theirs in many}
    given = [field.strip().lower().replace(" ", "_") for field in fields]
    named = [ours.get(field, "") for field in given]
    if NETWORK in named or (LOW in named and HIGH in named):
        return _once(named), True
    if len(fields) == 2:
        number = given[1].removeprefix("as").isdigit()
        return [NETWORK, "asn" if number else "country_code"], False
    if len(fields) in _LAYOUTS:
        return list(_LAYOUTS[len(fields)]), False
    hint = "name the columns in a first line, such as network,country_code,asn,as_name"
    raise FlowsleuthError("its columns are not known", where=str(path), available=sorted(_NAMES), hint=hint)


def _once(names: list[str]) -> list[str]:
    """The first column of each name."""
    return [name if name and name not in names[:at] else "" for at, name in enumerate(names)]


def _read(content: bytes, names: list[str], delimiter: str, skip: int, refuse: Any) -> pa.Table:
    import pyarrow as pa
    import pyarrow.csv as pcsv

    columns = [name or f"passed_{at}" for at, name in enumerate(names)]
    kept = [name for name in names if name]
    text = pcsv.ConvertOptions(
        column_types={name: pa.string() for name in kept}, include_columns=kept, strings_can_be_null=False
    )
    if not content.strip():
        return pa.table({name: pa.array([], pa.string()) for name in kept})
    return pcsv.read_csv(
        pa.BufferReader(content),
        read_options=pcsv.ReadOptions(column_names=columns, skip_rows=skip),
        parse_options=pcsv.ParseOptions(delimiter=delimiter, invalid_row_handler=refuse),
        convert_options=text,
    )


def _codes_named(rows: pa.Table) -> pa.Table:
    """A column ``country`` that holds codes is called what it is."""
    import pyarrow.compute as pc

    if "country" not in rows.column_names or "country_code" in rows.column_names:
        return rows
    if pc.max(pc.utf8_length(rows["country"])).as_py() not in (None, 0, 2):
        return rows
    return rows.rename_columns({"country": "country_code"})


def _networks(rows: pa.Table) -> Networks:
    if NETWORK in rows.column_names:
        return parse_networks(rows[NETWORK].combine_chunks())
    return parse_ends(rows[LOW].combine_chunks(), rows[HIGH].combine_chunks())


def _value(column: pa.Array, name: str) -> pa.Array:
    """A column in its type; what does not fit is null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.utf8_trim_whitespace(column)
    kind = BY_NAME[name].type
    if kind == "int64":
        text = pc.replace_substring_regex(text, "^(AS|as)", "")
        number = pc.cast(pc.if_else(pc.match_substring_regex(text, r"^\d{1,10}$"), text, "0"), pa.int64())
        return pc.if_else(pc.equal(number, 0), pa.scalar(None, pa.int64()), number)
    if kind == "float64":
        good = pc.match_substring_regex(text, r"^[+-]?\d{1,3}(\.\d+)?$")
        return pc.cast(pc.if_else(good, text, pa.scalar(None, pa.string())), pa.float64())
    if name == "country_code":
        text = pc.if_else(pc.match_substring_regex(text, "^[A-Za-z]{2}$"), text, "")
        text = pc.if_else(pc.equal(pc.utf8_upper(text), "ZZ"), "", text)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
