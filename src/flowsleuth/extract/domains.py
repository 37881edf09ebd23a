"""Domain names: canonical spelling, and why a text is none."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

LONGEST = 253
LONGEST_LABEL = 63
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\Z")
SPECIAL_NAMES = {
    "local": "a local name (RFC 6762)",
    "localhost": "this machine (RFC 6761)",
    "localdomain": "a local name",
    "internal": "for private use (ICANN, 2024)",
    "intranet": "a local name",
    "lan": "a local name",
    "home": "a local name",
    "corp": "a local name",
    "home.arpa": "a local name (RFC 8375)",
    "test": "for tests (RFC 6761)",
    "example": "for documentation (RFC 2606)",
    "invalid": "never a name (RFC 6761)",
    "alt": "not of the DNS (RFC 9476)",
    "in-addr.arpa": "the reverse name of an address",
    "ip6.arpa": "the reverse name of an address",
}
"""Ends of names that nobody outside can know anything about."""
HIDDEN_SERVICE = "onion"


@lru_cache(maxsize=1)
def top_level_domains() -> frozenset[str]:
    """The top-level domains of the IANA root zone, as it was when this version was made."""
    text = files("flowsleuth.extract").joinpath("tlds.txt").read_text(encoding="ascii")
    return frozenset(line for line in text.split() if not line.startswith("#"))


def canonical_domain(text: str) -> str:
    """Lower case, no final dot, other scripts as punycode.

    Raises
    ------
    ValueError
        It is no domain name: empty or too long labels, characters that no name has.

    Examples
    --------
    >>> canonical_domain("WWW.Bücher.example."), canonical_domain("_dmarc.xn--bcher-kva.example")
    ('www.xn--bcher-kva.example', '_dmarc.xn--bcher-kva.example')
    """
    name = text.strip().lower().removesuffix(".")
    if not name.isascii():
        name = _to_ascii(name)
    if not name or len(name) > LONGEST:
        raise ValueError("no domain name: too long" if name else "no domain name: empty")
    for label in name.split("."):
        if len(label) > LONGEST_LABEL or not _LABEL.match(label):
            raise ValueError(f"no domain name: the part {label!r}" if label else "no domain name: an empty part")
    return name


def _to_ascii(name: str) -> str:
    labels = re.split("[.\u3002\uff0e\uff61]", name)
    try:
        return ".".join(x if x.isascii() else x.encode("idna").decode("ascii") for x in labels).lower()
    except UnicodeError as error:
        raise ValueError(f"no domain name: {error}") from None


def why_not_public(domain: str) -> str | None:
    """Why nobody outside can know a canonical domain name; None when they can.

    Examples
    --------
    >>> why_not_public("printer.local"), why_not_public("server7"), why_not_public("evil.example.com")
    ('a local name (RFC 6762)', 'a name without a domain', None)
    """
    labels = domain.split(".")
    for size in (1, 2):
        found = SPECIAL_NAMES.get(".".join(labels[-size:]))
        if found:
            return found
    if len(labels) == 1:
        return "a name without a domain"
    return None if has_known_end(domain) else f"{labels[-1]!r} is no top-level domain"


def has_known_end(domain: str) -> bool:
    """The last label is a top-level domain, or one for local or special use.

    Examples
    --------
    >>> has_known_end("evil.com"), has_known_end("printer.local"), has_known_end("setup.exe")
    (True, True, False)
    """
    last = domain.rpartition(".")[2]
    return last in top_level_domains() or last in SPECIAL_NAMES or last in (HIDDEN_SERVICE, "arpa")
