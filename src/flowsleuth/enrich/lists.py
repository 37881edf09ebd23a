"""Which lists an address or a name is on: clouds, public resolvers, scanners, sinkholes, VPNs, Tor, and your own.

A list is a MISP warning list (JSON) or plain text: an address, a network or a name a line, more fields after white
space or a comma passed by, comments after ``#`` or ``;``. Being on a list is a fact, no verdict.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.networks import parse_networks
from flowsleuth.errors import FlowsleuthError
from flowsleuth.schema.columns import Column
from flowsleuth.schema.ranges import AddressKeys, RangeMap

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

BUNDLED_DATE = dt.datetime(2026, 8, 22, tzinfo=dt.UTC)
TOR_DATE = dt.datetime(2024, 2, 1, tzinfo=dt.UTC)
TOR = "tor-exit-nodes"
KINDS = {
    "amazon-aws": "cloud",
    "microsoft-azure": "cloud",
    "google-gcp": "cloud",
    "oracle-oci": "cloud",
    "cloudflare": "cloud",
    "censys-scanning": "scanner",
    "shodan-scanning": "scanner",
    "sinkholes": "sinkhole",
    "public-dns-v4": "resolver",
    "vpn-ipv4": "vpn",
    TOR: "tor",
}
"""The lists that come with the package, and what is on each."""
OPERATORS = {
    "amazon-aws": "Amazon",
    "microsoft-azure": "Microsoft",
    "google-gcp": "Google",
    "oracle-oci": "Oracle",
    "cloudflare": "Cloudflare",
    "censys-scanning": "Censys",
    "shodan-scanning": "Shodan",
}
"""Lists that are the networks of one operator, and who that is."""
LARGEST_BYTES = 64 * 2**20
LONGEST_NAME = 253
LISTS = Column("lists", "string", "lists that the address is on, comma and blank between", null="on none")
_SUFFIXES = (".json", ".lst", ".txt", ".csv", ".netset", ".ipset")
_FIELD = r"^\s*([^\s,;#]*)"


@dataclass(frozen=True)
class NamedList:
    """One list.

    Attributes
    ----------
    name : str
        Name of its file without ending, such as ``amazon-aws``.
    title, kind : str
        What it says it is; ``cloud``, ``resolver``, ``scanner``, ``sinkhole``, ``vpn``, ``tor`` or empty.
    version : str
    as_of : datetime
        When it was true, UTC.
    source : str
        ``package``, or the file.
    networks : RangeMap
        Numbers of ``entries``.
    entries : pyarrow.Array of string
    names : pyarrow.Array of string
        Names on it, lower case; subdomains count where ``has_subdomains``.
    has_subdomains : bool
    passed_by : int
        Entries that are neither address, network nor name, or that only a pattern could match.
    """

    name: str
    title: str
    kind: str
    version: str
    as_of: dt.datetime
    source: str
    networks: RangeMap
    entries: pa.Array
    names: pa.Array
    has_subdomains: bool
    passed_by: int

    @property
    def size(self) -> int:
        """How many entries it has."""
        return len(self.entries)

    def find_names(self, names: pa.Array) -> tuple[npt.NDArray[np.int64], pa.Array]:
        """Which names are on it, and by which entry.

        Returns
        -------
        at : numpy array of int64
            Places in ``names``.
        entries : pyarrow.Array of string
        """
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        left, places = pc.utf8_lower(names), np.arange(len(names))
        found: list[tuple[Any, pa.Array]] = []
        while len(left) and len(self.names):
            at = pc.index_in(left, value_set=self.names)
            hit = at.is_valid()
            found.append((places[hit.to_numpy(zero_copy_only=False)], self.names.take(at.filter(hit))))
            if not self.has_subdomains:
                break
            more = pc.and_(pc.invert(hit), pc.match_substring(left, ".").fill_null(False))
            places = places[more.to_numpy(zero_copy_only=False)]
            left = pc.replace_substring_regex(left.filter(more), r"^[^.]*\.", "")
        if not found:
            return np.array([], np.int64), pa.array([], pa.string())
        return np.concatenate([one for one, _ in found]), pa.concat_arrays([entry for _, entry in found])


def read_list(path: Path) -> NamedList:
    """Read a list from a file.

    Raises
    ------
    FlowsleuthError
        It cannot be read, or has no entry that can be used.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "ours.txt"
    >>> _ = path.write_text("# our scanners\\n192.0.2.0/24\\n198.51.100.7\\t3\\nscan.example.org\\n")
    >>> made = read_list(path)
    >>> made.name, made.size, made.names.to_pylist()
    ('ours', 3, ['scan.example.org'])
    """
    try:
        content = path.read_bytes()
        as_of = dt.datetime.fromtimestamp(int(path.stat().st_mtime), dt.UTC)
    except OSError as error:
        raise FlowsleuthError(f"cannot be read: {error.strerror}", where=str(path)) from None
    return parse_list(name_of(path.name), content, str(path), as_of)


def name_of(file: str) -> str:
    """The name of a list, from its file's.

    Examples
    --------
    >>> name_of("vpn-ipv4.json.gz"), name_of("list.of.mine")
    ('vpn-ipv4', 'list.of.mine')
    """
    name = file.removesuffix(".gz")
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def parse_list(name: str, content: bytes, source: str, as_of: dt.datetime) -> NamedList:
    """A list from what its file holds; see :func:`read_list`."""
    try:
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        if content.lstrip()[:1] == b"{":
            return _misp(name, json.loads(content), source, as_of)
    except (ValueError, OSError, EOFError) as error:
        raise FlowsleuthError(f"not readable as a list: {error}", where=source) from None
    plain = {"list": [line for line in content.decode("utf-8", "replace").splitlines() if line.strip()]}
    return _made(name, plain, source, as_of, is_plain=True)


def _misp(name: str, given: dict[str, Any], source: str, as_of: dt.datetime) -> NamedList:
    entries = given.get("list")
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise ValueError("it has no list of texts")
    version = str(given.get("version", ""))
    if re.fullmatch(r"20\d{6}", version):
        as_of = dt.datetime.strptime(version, "%Y%m%d").replace(tzinfo=dt.UTC)
    return _made(name, given, source, as_of)


def _made(name: str, given: dict[str, Any], source: str, as_of: dt.datetime, is_plain: bool = False) -> NamedList:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = "string" if is_plain else str(given.get("type", "string"))
    entries = pa.array(given["list"], pa.string())
    if is_plain:
        entries = pc.struct_field(pc.extract_regex(entries, _FIELD.replace("(", "(?P<entry>", 1)), "entry")
    entries = pc.utf8_trim_whitespace(entries)
    entries = entries.filter(pc.not_equal(entries, ""))
    usable = entries if kind in ("cidr", "string", "hostname") else entries.slice(0, 0)
    networks = parse_networks(usable)
    others = pc.utf8_lower(usable.take(pa.array(networks.bad)))
    names = pc.utf8_trim(pc.replace_substring_regex(others, r"^\*?\.", ""), ".")
    is_name = pc.match_substring_regex(names, r"^[a-z0-9_-]+(\.[a-z0-9_-]+)+$")
    names = names.filter(pc.and_(is_name, pc.less_equal(pc.utf8_length(names), LONGEST_NAME)))
    used = len(usable) - len(others) + len(names)
    if not used:
        raise FlowsleuthError("no entry is an address, a network or a name", where=source)
    return NamedList(
        name,
        str(given.get("name") or name),
        KINDS.get(name, ""),
        str(given.get("version", "")),
        as_of,
        source,
        networks.to_map(),
        usable,
        names,
        kind == "hostname" or is_plain,
        len(entries) - used,
    )


@lru_cache(maxsize=1)
def bundled_lists() -> tuple[NamedList, ...]:
    """The lists that come with the package.

    Examples
    --------
    >>> [one.name for one in bundled_lists()][:3]
    ['amazon-aws', 'censys-scanning', 'cloudflare']
    """
    folder = resources.files("flowsleuth.enrich") / "data" / "lists"
    made = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        name = name_of(file.name)
        as_of = TOR_DATE if name == TOR else BUNDLED_DATE
        made.append(replace(parse_list(name, file.read_bytes(), file.name, as_of), source="package"))
    return tuple(made)


@lru_cache(maxsize=64)
def _read_again(path: Path, _size: int, _changed: int) -> NamedList:
    """One reading of a file as it is now."""
    return read_list(path)


def load_lists(paths: Iterable[Path]) -> tuple[tuple[NamedList, ...], tuple[str, ...]]:
    """The package's lists and those of files; a file of the same name takes the place of the package's.

    Returns
    -------
    lists : tuple of NamedList
        In the order of their names.
    notes : tuple of str
        Files that could not be read, and why.
    """
    found = {one.name: one for one in bundled_lists()}
    notes = []
    for path in paths:
        try:
            facts = path.stat()
            made = _read_again(path, facts.st_size, facts.st_mtime_ns)
        except OSError as error:
            notes.append(f"{path}: {error.strerror}")
            continue
        except FlowsleuthError as error:
            notes.append(str(error))
            continue
        found[made.name] = made
    return tuple(found[name] for name in sorted(found)), tuple(notes)


class ListFacts:
    """Lists by the door of :class:`flowsleuth.enrich.facts.AddressFacts`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> ListFacts(bundled_lists()).look_up(pa.array(["104.16.0.1", "192.0.2.1"]))["lists"].to_pylist()
    ['cloudflare', None]
    """

    name = "lists"
    columns = (LISTS,)
    absent: str | None = None

    def __init__(self, lists: Sequence[NamedList], notes: tuple[str, ...] = ()) -> None:
        self.lists = tuple(lists)
        self.notes = notes

    def look_up(self, addresses: pa.Array) -> pa.Table:
        """See :class:`flowsleuth.enrich.facts.AddressFacts`."""
        import numpy as np
        import pyarrow as pa

        told, keys = np.full(len(addresses), None, dtype=object), AddressKeys.of(addresses)
        for one in self.lists:
            hits = np.flatnonzero(one.networks.find(keys) >= 0)
            known = told[hits]
            told[hits] = [one.name if text is None else f"{text}, {one.name}" for text in known]
        return pa.table({"lists": pa.array(told, pa.string())})
