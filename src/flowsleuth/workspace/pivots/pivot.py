"""What a pivot is: a question about things of one kind, asked of many at once; and the catalogue of all of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from flowsleuth.catalogue import Catalogue
from flowsleuth.errors import CatalogueError, OptionError
from flowsleuth.schema.printable import printable_text
from flowsleuth.schema.time_range import TimeRange
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.schema.entities import Entity
    from flowsleuth.workspace import Workspace

ASKED = "asked"
"""Column of an answer to several values: which of them a row is about."""
LIMIT = 10_000
"""Rows of a table that a pivot gives unless it is told otherwise; what is left out is told."""


@dataclass(frozen=True)
class Question:
    """What a pivot is asked.

    Attributes
    ----------
    workspace : Workspace
    values : tuple of str
        Different values, as :func:`flowsleuth.investigate.asked_values.canonical_value` writes them.
    time : TimeRange
        Only rows that start in it.
    limit : int or None
        At most so many rows of a table; None for all.
    options : mapping
        The pivot's own options.
    """

    workspace: Workspace
    values: tuple[str, ...]
    time: TimeRange = field(default_factory=TimeRange)
    limit: int | None = LIMIT
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What a pivot answers: rows with the column ``asked``, and what has to be said about them."""

    rows: pa.Table
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pivot:
    """A question about one kind of entity.

    A plug-in adds one by an entry point in the group ``flowsleuth.pivots`` named ``Entity.pivot`` that leads to such an
    object.

    Attributes
    ----------
    entity : str
        ``IpAddress``, ``Host``, ``Account``, ``Url``, ``Dns`` or ``File``.
    name : str
        What it is called: lower case, a Python name.
    summary : str
        One sentence.
    ask : callable
        Takes a :class:`Question`, gives :class:`Found`, or an Arrow table with the column ``asked``.
    needs : str
        What it reads: tables, or the workspace's method it calls.
    options : tuple of str
        Options it takes, besides time and limit.

    Examples
    --------
    >>> import pyarrow as pa
    >>> length = Pivot("Dns", "length", "How long a name is.",
    ...     lambda question: pa.table({"asked": list(question.values), "length": [len(v) for v in question.values]}))
    >>> length.full_name
    'Dns.length'
    """

    entity: str
    name: str
    summary: str
    ask: Callable[[Question], Found | pa.Table]
    needs: str = ""
    options: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """``Entity.pivot``."""
        return f"{self.entity}.{self.name}"

    def answer(self, question: Question) -> Found:
        """Ask, and check what comes back.

        Raises
        ------
        OptionError
            An option is not one of its own, or the pivot of a plug-in gives no column ``asked``.
        """
        if unknown := sorted(set(question.options) - set(self.options)):
            raise OptionError(f"no such options {unknown}", where=self.full_name, available=self.options)
        found = self.ask(question)
        found = found if isinstance(found, Found) else Found(found)
        if ASKED not in found.rows.column_names:
            raise OptionError("this pivot's answer has no column 'asked'", where=self.full_name)
        return found


@dataclass(frozen=True, repr=False)
class Answer(Rows):
    """Rows that a pivot found.

    Attributes
    ----------
    table : pyarrow.Table
    notes : tuple of str
        What was left out, and how rows were found, where that needs saying.
    """

    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "\n".join([super().__repr__(), *(f"Note: {printable_text(note)}" for note in self.notes)])

    def _repr_html_(self) -> str:
        from html import escape

        return super()._repr_html_() + "".join(f"<p>{escape(note)}</p>" for note in self.notes)


_HERE = "flowsleuth.workspace.pivots"
PIVOTS = Catalogue(
    "flowsleuth.pivots",
    {
        "IpAddress.whois": f"{_HERE}.delegated:IP_WHOIS",
        "IpAddress.geo": f"{_HERE}.delegated:IP_GEO",
        "IpAddress.ti": f"{_HERE}.delegated:IP_TI",
        "IpAddress.facts": f"{_HERE}.delegated:IP_FACTS",
        "IpAddress.hosts": f"{_HERE}.hosts:IP_HOSTS",
        "IpAddress.flows": f"{_HERE}.flows:IP_FLOWS",
        "IpAddress.peers": f"{_HERE}.flows:IP_PEERS",
        "IpAddress.dns": f"{_HERE}.names:IP_DNS",
        "IpAddress.alerts": f"{_HERE}.alerts:IP_ALERTS",
        "IpAddress.logons": f"{_HERE}.hosts:IP_LOGONS",
        "Host.addresses": f"{_HERE}.hosts:HOST_ADDRESSES",
        "Host.flows": f"{_HERE}.hosts:HOST_FLOWS",
        "Host.peers": f"{_HERE}.hosts:HOST_PEERS",
        "Host.dns": f"{_HERE}.hosts:HOST_DNS",
        "Host.alerts": f"{_HERE}.alerts:HOST_ALERTS",
        "Host.logons": f"{_HERE}.hosts:HOST_LOGONS",
        "Host.processes": f"{_HERE}.hosts:HOST_PROCESSES",
        "Account.logons": f"{_HERE}.hosts:ACCOUNT_LOGONS",
        "Account.processes": f"{_HERE}.hosts:ACCOUNT_PROCESSES",
        "Account.alerts": f"{_HERE}.alerts:ACCOUNT_ALERTS",
        "Dns.whois": f"{_HERE}.delegated:DNS_WHOIS",
        "Dns.ti": f"{_HERE}.delegated:DNS_TI",
        "Dns.facts": f"{_HERE}.delegated:DNS_FACTS",
        "Dns.addresses": f"{_HERE}.names:DNS_ADDRESSES",
        "Dns.flows": f"{_HERE}.names:DNS_FLOWS",
        "Dns.dns": f"{_HERE}.names:DNS_DNS",
        "Dns.alerts": f"{_HERE}.alerts:DNS_ALERTS",
        "Url.whois": f"{_HERE}.delegated:URL_WHOIS",
        "Url.ti": f"{_HERE}.delegated:URL_TI",
        "Url.requests": f"{_HERE}.names:URL_REQUESTS",
        "Url.flows": f"{_HERE}.names:URL_FLOWS",
        "Url.dns": f"{_HERE}.names:URL_DNS",
        "Url.alerts": f"{_HERE}.alerts:URL_ALERTS",
        "File.ti": f"{_HERE}.delegated:FILE_TI",
        "File.processes": f"{_HERE}.hosts:FILE_PROCESSES",
        "File.alerts": f"{_HERE}.alerts:FILE_ALERTS",
    },
)


@cache
def load_pivot(name: str) -> Pivot:
    """A pivot by its full name, whatever the case.

    Raises
    ------
    CatalogueError
        There is none of that name, or a plug-in's entry point leads to something else.

    Examples
    --------
    >>> load_pivot("ipaddress.FLOWS").full_name
    'IpAddress.flows'
    """
    wanted = next((one for one in PIVOTS.names() if one.casefold() == name.casefold()), name)
    found = PIVOTS.load(wanted)
    if not isinstance(found, Pivot):
        raise CatalogueError("the entry point leads to no Pivot", where=f"{wanted}: {inspect.getmodule(found)}")
    return found


def pivots_of(entity: str) -> list[str]:
    """Short names of the pivots of one kind of entity."""
    return [name.partition(".")[2] for name in PIVOTS.names() if name.partition(".")[0] == entity]


def ask(
    workspace: Workspace,
    pivot: Pivot,
    values: Sequence[str | Entity],
    time: TimeRange,
    *,
    limit: int | None = LIMIT,
    options: Mapping[str, Any],
    is_one: bool = True,
) -> Answer:
    """Ask about one value or some; the answer to one has no column ``asked``."""
    from flowsleuth.investigate.asked_values import canonical_value

    if limit is not None and limit < 1:
        raise OptionError("at least one row", where=f"limit={limit}", hint="None for all")
    distinct = tuple(dict.fromkeys(canonical_value(pivot.entity, value) for value in values))
    found = pivot.answer(Question(workspace, distinct, time, limit, options))
    rows = found.rows.drop_columns([ASKED]) if is_one else found.rows
    return Answer(rows, found.notes)
