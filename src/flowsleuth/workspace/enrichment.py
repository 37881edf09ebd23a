"""Facts about the addresses and names of a workspace: gathered, kept in table ``fact``, and joined to its flows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.enrich.lists import NamedList
    from flowsleuth.enrich.range_facts import RangeFacts
    from flowsleuth.settings import Settings
    from flowsleuth.store import Store
    from flowsleuth.store.catalog import Part
    from flowsleuth.workspace.online_lookups import OnlineLookups

CACHE = "cache"
LISTS = "lists"
LOCAL = ("types", "geography", "lists")
"""What is gathered unless something else is asked for; none of it asks the network."""
KINDS = (*LOCAL, "whois", "rdap", "ptr")
NO_SYSTEMS = (
    "no source tells autonomous systems: name an ASN file as geography in flowsleuth.toml, or pip install "
    '"flowsleuth[geo]" for names of June 2024, or ask Team Cymru with --only whois'
)
SIDES = ("src", "dst")
JOINED = {
    "country_code": "string",
    "country": "string",
    "city": "string",
    "operator": "string",
    "asn": "int64",
    "as_name": "string",
    "address_type": "string",
}
"""Facts of which an address has one, by the type of the column that flows get."""


@dataclass
class EnrichReport:
    """What :meth:`flowsleuth.Workspace.enrich` did.

    Attributes
    ----------
    addresses, names : int
        Distinct ones that were looked up.
    asked : dict of str to int
        Addresses that others were asked about (or had been), by kind.
    facts : dict of str to int
        Rows written, by fact.
    notes : list of str
        Sources that told nothing, entries that were passed by, and why.
    seconds : float
    """

    addresses: int = 0
    names: int = 0
    asked: dict[str, int] = field(default_factory=dict)
    facts: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def count(self, rows: pa.Table) -> None:
        """Note rows that were written."""
        if len(rows):
            fact = rows["fact"][0].as_py()
            self.facts[fact] = self.facts.get(fact, 0) + len(rows)


def geography_of(folder: Path, settings: Settings) -> tuple[RangeFacts, ...]:
    """The geography files of the settings in their order, geoip2fast if it is installed, the package's countries."""
    from flowsleuth.enrich.geography import installed_geography, load_geography, registered_countries

    files, cache = [folder / path for path in settings.geography], folder / CACHE / "geography"
    return (*load_geography(files, cache), *installed_geography(cache), registered_countries())


def lists_of(folder: Path, settings: Settings) -> tuple[tuple[NamedList, ...], tuple[str, ...]]:
    """The package's lists, those fetched into ``lists/``, and those of the settings; and what could not be read."""
    from flowsleuth.enrich.lists import load_lists

    fetched = sorted(path for path in (folder / LISTS).glob("*") if path.is_file() and not path.name.startswith("."))
    return load_lists([*fetched, *(folder / path for path in settings.lists)])


def enrich(
    store: Store,
    folder: Path,
    settings: Settings,
    only: Iterable[str] = LOCAL,
    tell: Callable[[str], None] | None = None,
    *,
    lookups: OnlineLookups | None = None,
    limit: int = 10_000,
) -> EnrichReport:
    """Gather facts about every stored address and name; see :meth:`flowsleuth.Workspace.enrich`."""
    wanted = _checked(only)
    if limit < 1:
        raise OptionError("must be a whole number of at least 1", where=f"--limit {limit}")
    begin = time.perf_counter()
    report = EnrichReport()
    others = {kind: _ask_others(store, lookups, kind, limit, report) for kind in wanted if kind not in LOCAL}
    with store.writing():  # not while others are asked, which may take long
        makers = {kind: _maker(folder, settings, kind, report) for kind in wanted if kind in LOCAL}
        parts: dict[str, list[Part]] = {kind: [] for kind in wanted}
        for values, observed in _observed(store, wanted, report):
            for kind, make in makers.items():
                if observed == "ip" or kind == "lists":
                    for rows in _joined(make(values, observed), report):
                        parts[kind] += store.write("fact", rows, tag=kind)
            if tell is not None:
                tell(f"{report.addresses:,} addresses, {report.names:,} names")
        for kind, rows in others.items():
            parts[kind] = store.write("fact", rows, tag=kind)
        old = [part for kind in wanted for part in store.catalog.parts("fact", tag=kind)]
        store.replace(old, [part for kind in wanted for part in parts[kind]])
    report.seconds = time.perf_counter() - begin
    return report


def _ask_others(store: Store, lookups: OnlineLookups | None, kind: str, limit: int, report: EnrichReport) -> pa.Table:
    """What others say."""
    from flowsleuth.workspace.online_lookups import gather

    assert lookups is not None
    rows, addresses, notes = gather(store, lookups, kind, limit)
    report.asked[kind] = addresses
    report.notes += notes
    for count in rows["fact"].value_counts().to_pylist():
        report.facts[count["values"]] = report.facts.get(count["values"], 0) + count["counts"]
    return rows


def _observed(store: Store, wanted: list[str], report: EnrichReport) -> Iterator[tuple[pa.Array, str]]:
    """What is stored in any table, a batch at a time: addresses, then names."""
    from flowsleuth.workspace.observed import ADDRESSES, BATCH, distinct, observed_hosts

    if not set(wanted) & set(LOCAL):
        return
    in_texts = observed_hosts(store)
    for addresses in distinct(store, ADDRESSES, besides=in_texts.addresses):
        report.addresses += len(addresses)
        yield addresses, "ip"
    if "lists" in wanted:
        report.names = len(in_texts.names)
        for begin in range(0, len(in_texts.names), BATCH):
            yield in_texts.names.slice(begin, BATCH), "domain"


def _checked(only: Iterable[str]) -> list[str]:
    wanted = [only] if isinstance(only, str) else list(only)
    for name in wanted:
        if name not in KINDS:
            raise OptionError("no such kind of facts", where=name, available=KINDS)
    return [name for name in KINDS if name in wanted]


def _joined(tables: Iterable[pa.Table], report: EnrichReport) -> Iterator[pa.Table]:
    """The rows of a batch as one table, counted."""
    import pyarrow as pa

    made = []
    for table in tables:
        report.count(table)
        made.append(table)
    if made:
        yield pa.concat_tables(made)


def _maker(folder: Path, settings: Settings, kind: str, report: EnrichReport) -> Callable[..., Iterator[pa.Table]]:
    from flowsleuth.enrich.fact_rows import list_rows, source_rows, with_operators

    if kind == "lists":
        lists, notes = lists_of(folder, settings)
        report.notes += [
            *notes,
            *(f"{one.name}: {one.passed_by:,} entries passed by" for one in lists if one.passed_by),
        ]
        return lambda values, observed: with_operators(list_rows(values, observed, lists))
    sources: Sequence[Any]
    if kind == "types":
        from flowsleuth.enrich.address_types import AddressTypes

        sources = [AddressTypes()]
    else:
        from flowsleuth.workspace.investigation import load_context

        sources = load_context(folder / settings.context, settings.home, geography_of(folder, settings)).facts
        report.notes += [f"{one.name}: {one.absent}" for one in sources if one.absent and one.name in _named(settings)]
        report.notes += [note for one in sources for note in getattr(one, "notes", ())]
        if not any(column.name == "as_name" for one in sources if one.absent is None for column in one.columns):
            report.notes.append(NO_SYSTEMS)
    return lambda values, _: source_rows(values, sources)


def _named(settings: Settings) -> set[str]:
    return {Path(path).name for path in settings.geography}


def facts_of(store: Store, observable: str | None, fact: str | None) -> Rows:
    """See :meth:`flowsleuth.Workspace.facts`."""
    table = store.table("fact")
    if observable is not None:
        table = table.filter(table.observable == canonical(observable))
    if fact is not None:
        table = table.filter(table.fact == fact)
    return Rows(store.arrow(table.order_by(["observable", "fact", "value", "source"])))


def canonical(observable: str) -> str:
    """An address in canonical text, anything else in lower case.

    Examples
    --------
    >>> canonical("2001:DB8::0:1"), canonical("Example.ORG.")
    ('2001:db8::1', 'example.org')
    """
    from flowsleuth.schema.addresses import canonical_address

    try:
        return canonical_address(observable.strip())
    except ValueError:
        return observable.strip().lower().rstrip(".")


def rows_with_facts(store: Store, name: str = "flow") -> ir.Table:
    """See :meth:`flowsleuth.Workspace.rows_with_facts`."""
    from flowsleuth.workspace.observed import ROWS

    sides = {one.name: [side for side in SIDES if f"{side}_ip" in one.names] for one in ROWS}
    if not sides.get(name):
        able = [table for table, its in sides.items() if its]
        raise OptionError("no table with addresses of its own", where=name[:50], available=able)
    rows, known = store.table(name), address_facts(store)
    for side in sides[name]:
        renamed = known.rename({f"{side}_{fact}": fact for fact in known.columns})
        rows = rows.left_join(renamed, rows[f"{side}_ip"] == renamed[f"{side}_address"]).drop(f"{side}_address")
    return rows


def address_facts(store: Store) -> ir.Table:
    """One row per address that has facts: ``address``, the facts it has one of, ``lists``."""
    fact = store.table("fact")
    fact = fact.filter(fact.observable_type == "ip")
    columns = {name: _one_of(fact, name).cast(kind) for name, kind in JOINED.items()}
    lists = fact.value.collect(where=fact.fact == "list", distinct=True).sort().join(", ")
    return fact.group_by(address=fact.observable).aggregate(**columns, lists=lists)


def _one_of(fact: ir.Table, name: str) -> Any:
    """The value of a fact; where no local source knows it, what whois said."""
    return fact.value.max(where=fact.fact == name).coalesce(fact.value.max(where=fact.fact == f"whois_{name}"))
