"""What may be asked about on the network: addresses of the Internet and public names; nothing private ever leaves."""

from __future__ import annotations

import re

from flowsleuth.enrich.address_types import GLOBAL, INVALID, address_type

PRIVATE_ENDINGS = (
    "local", "localhost", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa", "test", "invalid",
    "example", "onion", "arpa", "localdomain",
)  # fmt: skip
"""Names that end so are of no public zone (RFC 6761, RFC 6762, RFC 7686, RFC 8375, ICANN's reserved names)."""
_NAME = re.compile(r"(?=.{4,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+(xn--[a-z0-9-]{1,59}|[a-z]{2,63})")


def refusal(observable: str) -> str | None:
    """Why an observable must not be asked about; None when it may.

    Parameters
    ----------
    observable : str
        An address in canonical text or a name in lower case.

    Examples
    --------
    >>> refusal("9.9.9.9"), refusal("10.0.0.1"), refusal("host7"), refusal("printer.local"), refusal("example.org")
    (None, 'an address of type private', 'no public name', 'no public name', None)
    """
    kind = address_type(observable)
    if kind == GLOBAL:
        return None
    if kind != INVALID:
        return f"an address of type {kind}"
    if not _NAME.fullmatch(observable):
        return "no public name"
    ends = any(observable.endswith(f".{ending}") for ending in PRIVATE_ENDINGS)
    return "no public name" if ends else None
