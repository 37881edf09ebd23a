"""Tables: CSV of any make by the names of its columns, and Microsoft Sentinel's own."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from flowsleuth.enrich.intel.feeds.raw import Raw, Read, Refused, moment, number, text_or_none
from flowsleuth.enrich.intel.severity import Severity, severity_of_number, severity_of_word
from flowsleuth.extract.observables import recognize
from flowsleuth.extract.refang import refang

CONFIDENCE_HIGH = 75
SEVERAL = re.compile(r"\s*[|;,\s]\s*")
_VALUES = frozenset((
    "ip", "ips", "ipaddress", "ipaddresses", "address", "addresses", "srcip", "dstip", "sourceip",
    "destinationip", "remoteip", "networkip", "networksourceip", "networkdestinationip", "networkcidrblock",
    "networksourcecidrblock", "networkdestinationcidrblock", "emailsourceipaddress", "emailsourcedomain",
    "host", "hosts", "hostname", "hostnames", "domain", "domains", "domainname", "fqdn", "url", "urls", "uri",
    "md5", "md5hash", "sha1", "sha1hash", "sha256", "sha256hash", "hash", "hashes", "filehash", "filehashvalue",
    "ioc", "iocvalue", "indicator", "indicatorvalue", "value", "observable", "observablevalue", "c2", "c2ip",
    "dstipaddress", "ja3", "ja3md5", "cidr", "network", "ipdomainiprangeasn",
))  # fmt: skip
_ROLES = {
    "threat": ("malwarenames", "malware", "malwareprintable", "malwarefamily", "family", "threat", "threattype",
               "signature", "campaign", "category"),
    "kind": ("threattype", "threat", "category", "type"),
    "description": ("description", "comment", "comments", "title", "name", "note", "notes"),
    "severity": ("severity", "threatlevel", "threatseverity", "risk", "level"),
    "confidence": ("confidence", "confidencescore", "confidencelevel"),
    "tags": ("tags", "tag", "labels"),
    "valid_from": ("firstseen", "firstseenutc", "validfrom", "dateadded", "date", "created", "timegenerated"),
    "valid_until": ("expirationdatetime", "validuntil", "expires", "expiration", "validto"),
    "reference": ("reference", "link", "urlhausreference", "urlhauslink", "externalindicatorid", "source", "id"),
    "active": ("active", "isactive"),
}  # fmt: skip


def plain_name(name: str) -> str:
    """A column's name without case, blanks and marks.

    Examples
    --------
    >>> plain_name("# IP address(es)"), plain_name("FirstSeen (UTC)")
    ('ipaddresses', 'firstseenutc')
    """
    return re.sub(r"[^a-z0-9]", "", name.lower())


@dataclass(frozen=True)
class Header:
    """Which column holds what.

    Attributes
    ----------
    values : tuple of int
        Columns of indicators; empty when the names do not tell.
    roles : dict of str to list of int
    """

    values: tuple[int, ...] = ()
    roles: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Sequence[str]) -> Header:
        """From the names."""
        plain = [plain_name(name) for name in names]
        values = tuple(at for at, name in enumerate(plain) if name in _VALUES)
        roles = {
            role: [plain.index(name) for name in known if name in plain and plain.index(name) not in values]
            for role, known in _ROLES.items()
        }
        return cls(values, roles)

    def told(self, role: str, cells: Sequence[str]) -> str | None:
        """The first non-empty cell of a role."""
        found = (text_or_none(cells[at]) for at in self.roles.get(role, ()) if at < len(cells))
        return next((text for text in found if text is not None), None)


def read_csv(text: str) -> Read:
    """A table. Its header is the first row, or the last comment before it, if they name a column we know.

    Examples
    --------
    >>> table = "# Firstseen,Malware,Host,IP address(es)\\n2016-06-29,Locky,evil.com,5.9.1.1|5.9.1.2\\n"
    >>> [(raw.text, raw.threat) for raw in read_csv(table)]
    [('evil.com', 'Locky'), ('5.9.1.1', 'Locky'), ('5.9.1.2', 'Locky')]
    """
    header, rows = Header(), _rows(text)
    for row, cells, is_comment in rows:
        if is_comment or (not header.values and _is_header(cells)):
            named = Header.of([cell.lstrip("#").strip() for cell in cells])
            if named.values and len(cells) > 1:
                header = named
            continue
        yield from _row(row, cells, header)


def _is_header(cells: Sequence[str]) -> bool:
    return bool(Header.of(cells).values) and not any(recognize(cell).is_known for cell in cells if "." in cell)


def _rows(text: str) -> Iterator[tuple[int, list[str], bool]]:
    """Row number, cells, and whether it is a comment."""
    delimiter = _delimiter(text)
    row = 0
    reader = csv.reader(io.StringIO(text.replace("\0", "")), delimiter=delimiter, skipinitialspace=True)
    while True:
        before = reader.line_num
        try:
            cells = next(reader, None)
        except csv.Error:
            continue
        if cells is None:
            return
        row = before + 1
        if any(cell.strip() for cell in cells):
            yield row, cells, cells[0].lstrip("\ufeff").lstrip().startswith(("#", "//"))


def _delimiter(text: str) -> str:
    """The one that most lines have."""
    lines = [line for line in text[:100_000].splitlines() if line.strip() and not line.startswith("#")][:200]
    counts = {mark: sum(mark in line for line in lines) for mark in (",", ";", "\t")}
    return max(counts, key=lambda mark: (counts[mark], mark == ","))


def _row(row: int, cells: Sequence[str], header: Header) -> Read:
    if (header.told("active", cells) or "").lower() == "false":
        yield Refused(row, "not active any more", ",".join(cells)[:200])
        return
    values = list(_named(cells, header) if header.values else _recognised(cells))
    told = _told(cells, header) if header.values else _guessed(cells)
    if not values:
        yield Refused(row, "no indicator in this row", ",".join(cells)[:200])
    for value in values:
        yield Raw(value, row, **told)  # type: ignore[arg-type]


def _named(cells: Sequence[str], header: Header) -> Iterator[str]:
    for at in header.values:
        if at < len(cells) and (cell := text_or_none(cells[at])):
            yield from dict.fromkeys(part for part in _parts(cell) if text_or_none(part))


def _parts(cell: str) -> list[str]:
    """Several values of one cell; a URL may have any of the marks in it."""
    return [cell] if "://" in refang(cell) and "|" not in cell else SEVERAL.split(cell)


def _recognised(cells: Sequence[str]) -> Iterator[str]:
    for cell in cells:
        for part in dict.fromkeys(_parts(cell.strip())):
            found = recognize(part)
            if (found.is_known and not found.is_doubtful) or found.refused == "a network, not an address":
                yield part


def _guessed(cells: Sequence[str]) -> dict[str, object]:
    """Without a header: a word of the scale is the severity, the rest describes."""
    rest = [cell.strip() for cell in cells if cell.strip() and not list(_recognised([cell]))]
    words = [word for word in rest if severity_of_word(word) != "unknown"]
    severity = severity_of_word(words[0]) if words else None
    return {"severity": severity, "description": text_or_none(", ".join(w for w in rest if w not in words[:1]))}


def _told(cells: Sequence[str], header: Header) -> dict[str, object]:
    confidence = number(header.told("confidence", cells))
    kind, threat = header.told("kind", cells), header.told("threat", cells)
    described = header.told("description", cells) or (kind if kind != threat else None)
    return {
        "severity": _severity(header.told("severity", cells), confidence),
        "confidence": confidence,
        "threat": _first_of_list(threat),
        "description": described,
        "reference": header.told("reference", cells),
        "tags": tuple(_listed(header.told("tags", cells))),
        "valid_from": moment(header.told("valid_from", cells)),
        "valid_until": moment(header.told("valid_until", cells)),
    }


def _severity(word: str | None, confidence: float | None) -> Severity | None:
    found = severity_of_word(word)
    if found != "unknown":
        return found
    return None if confidence is None else severity_of_number(confidence, 0, CONFIDENCE_HIGH)


def _listed(text: str | None) -> list[str]:
    """A list in a cell: JSON, or parts with marks between them.

    Examples
    --------
    >>> _listed('["a", "b"]'), _listed("a,b"), _listed(None)
    (['a', 'b'], ['a', 'b'], [])
    """
    if not text:
        return []
    if text.startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            found = text.strip("[]").replace("'", "").split(",")
        return [str(one).strip() for one in found if str(one).strip()] if isinstance(found, list) else []
    return [part for part in SEVERAL.split(text) if part]


def _first_of_list(text: str | None) -> str | None:
    if text and text.startswith("["):
        return next(iter(_listed(text)), None)
    return text
