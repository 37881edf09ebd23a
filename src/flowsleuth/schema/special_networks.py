"""IANA's special-purpose registries: which networks are not like the rest of the Internet.

Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190), the multicast and IPv6 address
space registries; ``data/ORIGIN.md`` says which rows and as of when. Of overlapping networks the smaller one counts.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

REGISTRY_DATE = "2026-07-18"
_FILE = "special_purpose.csv"


@dataclass(frozen=True)
class SpecialNetwork:
    """A row of the registries.

    Attributes
    ----------
    network : str
        CIDR.
    name, rfc, allocated : str
        As the registry writes them; ``allocated`` is ``YYYY-MM`` or empty.
    is_globally_reachable : bool or None
        None where the registry says "N/A" or nothing.
    type : str
        Ours: ``private``, ``shared``, ``documentation`` …; see :mod:`flowsleuth.enrich.address_types`.
    """

    network: str
    name: str
    rfc: str
    allocated: str
    is_globally_reachable: bool | None
    type: str


@lru_cache(maxsize=1)
def special_networks() -> tuple[SpecialNetwork, ...]:
    """All rows.

    Examples
    --------
    >>> special_networks()[3]
    SpecialNetwork(network='100.64.0.0/10', name='Shared Address Space', rfc='RFC 6598', allocated='2012-04',
        is_globally_reachable=False, type='shared')
    """
    content = (resources.files("flowsleuth.schema") / "data" / _FILE).read_text(encoding="utf-8")
    reachable = {"True": True, "False": False}
    return tuple(
        SpecialNetwork(
            row["network"],
            row["name"],
            row["rfc"],
            row["allocated"],
            reachable.get(row["is_globally_reachable"]),
            row["type"],
        )
        for row in csv.DictReader(content.splitlines())
    )
