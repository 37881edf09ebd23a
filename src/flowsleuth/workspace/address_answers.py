"""One address or name at a time: where it is, whose, and which lists it is on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.workspace.enrichment import canonical, geography_of, lists_of
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    from flowsleuth.settings import Settings

_GIVEN = ("country", "country_code", "region", "city", "latitude", "longitude", "asn", "as_name", "owner")
_OURS = {"latitude": "lat", "longitude": "lon"}


def address_of(text: str) -> str:
    """Canonical text of an address.

    Raises
    ------
    OptionError
        It is none.

    Examples
    --------
    >>> address_of("2001:DB8::0:1")
    '2001:db8::1'
    """
    from flowsleuth.schema.addresses import canonical_address

    try:
        return canonical_address(text.strip())
    except ValueError:
        raise OptionError("not an IP address", where=text, hint="write it like 192.0.2.7 or 2001:db8::7") from None


def geo(folder: Path, settings: Settings, ip: str) -> dict[str, Any]:
    """See :meth:`flowsleuth.Workspace.geo`."""
    import pyarrow as pa

    from flowsleuth.workspace.investigation import load_context

    address = address_of(ip)
    found: dict[str, Any] = {}
    told = []
    context = load_context(folder / settings.context, settings.home, geography_of(folder, settings))
    for source in context.facts:
        if source.absent is not None:
            continue
        row = source.look_up(pa.array([address])).to_pylist()[0]
        fresh = {name: value for name, value in row.items() if value is not None and name not in found}
        if fresh:
            told.append(source.name)
            found |= fresh
    answer: dict[str, Any] = {"address": address} | {name: found.get(_OURS.get(name, name)) for name in _GIVEN}
    return answer | {"source": ", ".join(told) or None}


def on_lists(folder: Path, settings: Settings, observable: str) -> Rows:
    """See :meth:`flowsleuth.Workspace.lists_of`."""
    import pyarrow as pa

    from flowsleuth.enrich.address_types import INVALID, address_type
    from flowsleuth.enrich.fact_rows import list_rows
    from flowsleuth.schema.facts import FACT

    asked = canonical(observable)
    lists, _ = lists_of(folder, settings)
    kind = "domain" if address_type(asked) == INVALID else "ip"
    rows = list(list_rows(pa.array([asked]), kind, lists))  # type: ignore[arg-type]
    return Rows(pa.concat_tables(rows) if rows else FACT.arrow_schema().empty_table())


def list_lists(folder: Path, settings: Settings) -> Rows:
    """See :meth:`flowsleuth.Workspace.lists`."""
    import pyarrow as pa

    listed, _ = lists_of(folder, settings)
    rows = [
        {"list": one.name, "kind": one.kind, "entries": one.size, "version": one.version, "as_of": one.as_of,
         "source": one.source, "title": one.title}
        for one in listed
    ]  # fmt: skip
    return Rows(pa.Table.from_pylist(rows))
