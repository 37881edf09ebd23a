"""The domain that a name was registered under, whole columns at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

SECOND_LEVEL = (
    "ac", "asn", "co", "com", "csiro", "ed", "edu", "firm", "gen", "go", "gob", "gouv", "gov", "gr", "govt", "id", "in",
    "ind", "info", "lg", "ltd", "me", "mil", "muni", "ne", "net", "nhs", "nic", "nom", "or", "org", "plc", "police",
    "pro", "res", "sch", "school", "web",
)  # fmt: skip
"""Labels below a country's top-level domain under which its registry sells names (``co.uk``, ``com.br``, ``or.jp``)."""
_REGISTERED = rf"(?P<domain>[^.]+\.(?:{'|'.join(SECOND_LEVEL)})\.[a-z][a-z]|[^.]+\.[^.]+)$"
_ADDRESS = r"^[0-9.]+$|:"


def registered_domains(names: pa.Array) -> pa.Array:
    """The domain that each name is below of: its last two labels, or three where a country sells names a level lower.

    Lower case, without a final dot. A single label and an address are themselves; null for null.

    Blind spot: there is no list of public suffixes here. A domain whose owner gives subdomains to strangers
    (``github.io``, ``duckdns.org``, ``cloudfront.net``) is one domain, and so is a rare second level such as
    ``blogspot.com.es`` that :data:`SECOND_LEVEL` does not have.

    Examples
    --------
    >>> import pyarrow as pa
    >>> registered_domains(pa.array(["a.b.Example.COM.", "www.shop.co.uk", "co.uk", "nas", "192.0.2.1"])).to_pylist()
    ['example.com', 'shop.co.uk', 'co.uk', 'nas', '192.0.2.1']
    """
    import pyarrow.compute as pc

    plain = pc.utf8_rtrim(pc.utf8_lower(names), characters=".")
    found = pc.struct_field(pc.extract_regex(plain, pattern=_REGISTERED), "domain")
    is_address = pc.match_substring_regex(plain, _ADDRESS)
    return pc.if_else(is_address, plain, pc.coalesce(found, plain))
