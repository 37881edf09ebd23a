"""What a text is an observable of: address, name, URL or hash; its canonical value, and whether it may be asked about.

Nothing is guessed: what is not wholly one of the types is refused with the reason.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast

from flowsleuth.errors import OptionError
from flowsleuth.extract.domains import canonical_domain, has_known_end, why_not_public
from flowsleuth.extract.refang import refang
from flowsleuth.extract.special_addresses import why_not_global
from flowsleuth.extract.urls import Url, parse_url
from flowsleuth.schema.addresses import canonical_address

ObservableType = Literal["ipv4", "ipv6", "domain", "url", "md5", "sha1", "sha256"]
TYPES: tuple[ObservableType, ...] = ("ipv4", "ipv6", "domain", "url", "md5", "sha1", "sha256")
ADDRESSES = ("ipv4", "ipv6")
HASHES = ("md5", "sha1", "sha256")
CIDR = "cidr"
"""What lists have besides: a network."""
OTHER_NAMES = {
    "dns": "domain", "hostname": "domain", "host": "domain", "fqdn": "domain", "ip6": "ipv6", "ip4": "ipv4",
    "md5_hash": "md5", "sha1_hash": "sha1", "sha256_hash": "sha256", "uri": "url",
}  # fmt: skip
"""Names of the same types in msticpy and elsewhere; understood, never given."""
LEAST_BITS = 3.0
"""Shannon entropy of a real hash's digits; what has less (``aaaa…``) is a placeholder. The limit is msticpy's."""
LONGEST = 8_192
_HASH_LENGTHS = {32: "md5", 40: "sha1", 64: "sha256"}
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_QUAD = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}\Z")
_PORT = re.compile(r"(?P<host>\[[^\]]+\]|[^:\s]+):(?P<port>\d{1,5})\Z")
_AROUND = " \t\r\n\"'`<>“”‘’"


@dataclass(frozen=True)
class Observable:
    """One observable, checked.

    Attributes
    ----------
    given : str
        As it was given.
    value : str or None
        Canonical: lower case name and hash, RFC 5952 address, refanged; None when it is not recognised.
    type : str or None
        One of :data:`TYPES`.
    refused : str or None
        Why it is not sent to anybody: not recognised, private, a placeholder; None when it may be.
    is_doubtful : bool
        It has the form, but is hardly one: a hash of zeros, a name without a known top-level domain (``setup.exe``).
    """

    given: str
    value: str | None
    type: ObservableType | None
    refused: str | None = None
    is_doubtful: bool = False

    @property
    def is_known(self) -> bool:
        """It is one of the types, though perhaps not for others' eyes."""
        return self.value is not None


def type_named(name: str) -> ObservableType:
    """A type by its name or another tool's name for it.

    Raises
    ------
    OptionError
        There is no such type.

    Examples
    --------
    >>> type_named("md5_hash"), type_named("dns")
    ('md5', 'domain')
    """
    plain = name.strip().lower()
    plain = OTHER_NAMES.get(plain, plain)
    if plain not in TYPES:
        raise OptionError("no such type of observable", where=name, available=TYPES)
    return plain


def recognize(text: object, type: str | None = None) -> Observable:
    """Say what a text is, in its canonical form, and whether others may be asked about it.

    Parameters
    ----------
    text : object
        Defanged or not, with quotes or ``<>`` around it or not; an address may have a port. None and anything that is
        no text are refused, never raised.
    type : str, optional
        Only this type will do.

    Returns
    -------
    Observable

    Examples
    --------
    >>> found = recognize("hxxp://Evil[.]Example.COM/a?b")
    >>> found.type, found.value, found.refused
    ('url', 'http://evil.example.com/a?b', None)
    >>> recognize("10.0.0.5").refused, recognize("11:22:33").refused
    ('private (RFC 1918)', 'no address, domain, URL or hash')
    """
    if not isinstance(text, str):
        return Observable("" if text is None else str(text), None, None, "no text")
    wanted = None if type is None else type_named(type)
    found = _recognize(text)
    if wanted is not None and found.type != wanted:
        return Observable(text, None, None, f"no {wanted}: {found.refused or 'it is of type ' + str(found.type)}")
    return found


def recognize_all(texts: Iterable[object], type: str | None = None) -> list[Observable]:
    """:func:`recognize` for many; equal texts are looked at once.

    Examples
    --------
    >>> [one.type for one in recognize_all(["8.8.8.8", None, "8.8.8.8"])]
    ['ipv4', None, 'ipv4']
    """
    known: dict[object, Observable] = {}
    found = []
    for text in texts:
        key = text if isinstance(text, str) else repr(text)
        if key not in known:
            known[key] = recognize(text, type)
        found.append(known[key])
    return found


def _recognize(given: str) -> Observable:
    if len(given) > LONGEST:
        return _refused(given, "too long")
    text = refang(given.strip(_AROUND))
    if not text:
        return _refused(given, "empty")
    if "://" in text:
        return _as_url(given, text)
    if _HEX.match(text) and len(text) in _HASH_LENGTHS:
        return _as_hash(given, text)
    with_port = _PORT.match(text)
    host = with_port["host"] if with_port else text
    return _as_address(given, host) or _as_network_or_name(given, host)


def _refused(given: str, why: str) -> Observable:
    return Observable(given, None, None, why)


def _as_network_or_name(given: str, text: str) -> Observable:
    before, slash, after = text.partition("/")
    if slash and after.isdigit() and _as_address(given, before) is not None:
        return _refused(given, "a network, not an address")
    if slash and "." in before:
        return _refused(given, "a URL without its scheme; write http:// before it")
    if "." not in text.removesuffix("."):
        return _refused(given, "no address, domain, URL or hash")
    return _as_domain(given, text)


def _as_url(given: str, text: str) -> Observable:
    try:
        url = parse_url(text.partition("#")[0].rstrip(_AROUND))
    except ValueError as error:
        return _refused(given, str(error))
    return Observable(given, str(url), "url", why_not_sent(url))


def why_not_sent(url: Url) -> str | None:
    """Why nobody outside can know the host of a URL; None when they can."""
    why = why_not_global(url.host) if url.is_address else why_not_public(url.host)
    return f"the host is {why}" if why and not why.startswith("'") else why


def _as_hash(given: str, text: str) -> Observable:
    value = text.lower()
    kind = cast(ObservableType, _HASH_LENGTHS[len(value)])
    counts = Counter(value).values()
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in counts)
    is_placeholder = bits < LEAST_BITS
    return Observable(given, value, kind, "a placeholder, no hash" if is_placeholder else None, is_placeholder)


def _as_address(given: str, text: str) -> Observable | None:
    if not (_QUAD.match(text) or ":" in text):
        return None
    try:
        value = canonical_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return _refused(given, "no address: a part above 255") if _QUAD.match(text) else None
    return Observable(given, value, "ipv6" if ":" in value else "ipv4", why_not_global(value))


def _as_domain(given: str, text: str) -> Observable:
    if "@" in text:
        return _refused(given, "an e-mail address")
    try:
        value = canonical_domain(text)
    except ValueError as error:
        return _refused(given, str(error))
    if value.rpartition(".")[2].isdigit():
        return _refused(given, "no domain name: its end is a number")
    return Observable(given, value, "domain", why_not_public(value), not has_known_end(value))
