"""Names of countries by their ISO 3166-1 codes, from the list that comes with the time zones (public domain)."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@lru_cache(maxsize=1)
def names_by_code() -> dict[str, str]:
    """Every country's name.

    Examples
    --------
    >>> names_by_code()["CZ"]
    'Czech Republic'
    """
    text = (resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return {line[:2]: line[3:] for line in lines}


def country_names(codes: pa.Array) -> pa.Array:
    """The name for each code; null for a code that is no country's.

    Examples
    --------
    >>> import pyarrow as pa
    >>> country_names(pa.array(["JP", "ZZ", None])).to_pylist()
    ['Japan', None, None]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    known = names_by_code()
    at = pc.index_in(codes, value_set=pa.array(list(known)))
    return pa.array(list(known.values()), pa.string()).take(at)
