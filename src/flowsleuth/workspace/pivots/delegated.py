"""Pivots that hand on to the workspace: who owns it, where it is, what intelligence says."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import WorkspaceError
from flowsleuth.investigate.asked_values import canonical_or_none
from flowsleuth.workspace.pivots.names import by_host
from flowsleuth.workspace.pivots.pivot import ASKED, Found, Pivot, Question
from flowsleuth.workspace.pivots.stored import rows_about

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.online_lookups import OnlineLookups

TI_OPTIONS = ("providers", "scope", "offline")


def method_of(workspace: Workspace, name: str) -> Callable[..., Any]:
    """A method of the workspace.

    Raises
    ------
    WorkspaceError
        This version of flowsleuth does not have it.
    """
    found: Callable[..., Any] | None = getattr(workspace, name, None)
    if found is None:
        hint = "install a version that has it, or ask only pivots over stored tables: ws.pivots()"
        raise WorkspaceError(f"this version of flowsleuth has no ws.{name}()", where=f"pivot {name}", hint=hint)
    return found


class _Answered:
    """Answers that were fetched together, handed out one by one."""

    def __init__(self, lookups: OnlineLookups, values: Sequence[str], addresses: Sequence[str]) -> None:
        self._rdap = lookups.rdap(values)
        self._cymru = lookups.cymru(addresses)

    def rdap(self, some: Sequence[str]) -> dict[str, Any]:
        return {one: self._rdap[one] for one in some}

    def cymru(self, some: Sequence[str]) -> dict[str, Any]:
        return {one: self._cymru[one] for one in some}


def registrations(question: Question) -> Found:
    """What ``ws.whois`` tells; the registries are asked about all values together, and only when online."""
    from flowsleuth.workspace.online_lookups import whois

    method_of(question.workspace, "whois")
    single = tuple(value for value in question.values if "/" not in value)
    is_online = _is_true(question.options.get("online", False))
    addresses = [value for value in single if canonical_or_none("IpAddress", value)]
    answered: Any = _Answered(question.workspace._lookups(not is_online), single, addresses)
    local = {row.pop(ASKED): row for row in geography(replace(question, values=tuple(addresses))).rows.to_pylist()}
    rows = []
    for value in single:
        facts = whois(answered, value, local.get(value, {}))
        facts.pop("observable", None)
        rows.append({ASKED: value, **{name: _cell(fact) for name, fact in facts.items()}})
    networks = len(question.values) - len(single)
    return Found(_table(rows), (f"{networks:,} networks: only single addresses are registered",) if networks else ())


def _is_true(value: Any) -> bool:
    """A switch, which a command line gives as text."""
    return str(value).casefold() in ("true", "yes", "1")


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool | dt.datetime):
        return value
    return json.dumps(value, default=str, ensure_ascii=False)


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as a table; a column whose values are of several types is text."""
    import pyarrow as pa

    names = list(dict.fromkeys((ASKED, *(name for row in rows for name in row))))
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        try:
            columns[name] = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            columns[name] = pa.array([None if value is None else str(value) for value in values], pa.string())
    columns[ASKED] = columns[ASKED].cast(pa.string())
    return pa.table(columns)


GEO = ("country", "country_code", "region", "city", "latitude", "longitude", "asn", "as_name", "owner")
_THEIRS = {"latitude": "lat", "longitude": "lon"}


def _whole(column: Any) -> Any:
    """A column as one array."""
    import pyarrow as pa

    return pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) and column.num_chunks else column


def geography(question: Question) -> Found:
    """What ``ws.geo`` tells, for whole columns: local sources, the first that knows a fact gives it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.workspace.investigation import context_of

    addresses = pa.array([value for value in question.values if "/" not in value], pa.string())
    columns: dict[str, Any] = {ASKED: addresses}
    who = pa.array([""] * len(addresses), pa.string())
    for source in context_of(question.workspace).facts:
        if source.absent is not None:
            continue
        told = source.look_up(addresses)
        tells = pa.array([False] * len(addresses), pa.bool_())
        for name in GEO:
            theirs = _THEIRS.get(name, name)
            if theirs in told.column_names:
                fresh = _whole(told[theirs])
                mine = columns.get(name)
                fresh = fresh if mine is None else fresh.cast(mine.type)
                is_new = pc.is_valid(fresh) if mine is None else pc.and_(pc.is_valid(fresh), pc.is_null(mine))
                tells = pc.or_(tells, is_new)
                columns[name] = fresh if mine is None else pc.coalesce(mine, fresh)
        longer = pc.if_else(pc.equal(who, ""), source.name, pc.binary_join_element_wise(who, source.name, ", "))
        who = pc.if_else(tells, longer, who)
    empty = pa.nulls(len(addresses), pa.string())
    columns["source"] = pc.if_else(pc.equal(who, ""), empty, who)
    rows = pa.table({name: columns.get(name, empty) for name in (ASKED, *GEO, "source")})
    networks = len(question.values) - len(addresses)
    return Found(rows, (f"{networks:,} networks: only single addresses have a place",) if networks else ())


def stored_facts(question: Question) -> Found:
    """Rows of table ``fact`` about each value; there are some after ``ws.enrich()``."""
    fact = question.workspace.store.table("fact")
    meaning = {value: [value] for value in question.values}
    return rows_about(question, fact, {"observable": meaning}, order=("observable", "fact", "value", "source"))


def intelligence(question: Question, kind: str) -> Found:
    """What providers say: the rows of ``ws.lookup``, each value sent once."""
    import pyarrow as pa

    lookup = method_of(question.workspace, "lookup")
    found = lookup(list(question.values), **question.options)
    rows: pa.Table = found.to_arrow() if hasattr(found, "to_arrow") else found
    named = [canonical_or_none(kind, ioc) or ioc for ioc in rows["Ioc"].to_pylist()]
    return Found(rows.add_column(0, ASKED, pa.array(named, pa.string())))


def _of_hosts(question: Question) -> Found:
    """Of URLs whose host is an address, the facts of the address."""
    return by_host(question, registrations, registrations)


def _ti(kind: str) -> Pivot:
    ask: Callable[[Question], Found] = partial(intelligence, kind=kind)
    return Pivot(kind, "ti", "What threat intelligence says.", ask, "ws.lookup", TI_OPTIONS)


IP_WHOIS = Pivot("IpAddress", "whois", "Whose network it is.", registrations, "ws.whois", ("online",))
IP_GEO = Pivot("IpAddress", "geo", "Where it is and which AS routes it.", geography, "local sources, as ws.geo")
IP_TI = _ti("IpAddress")
IP_FACTS = Pivot("IpAddress", "facts", "What ws.enrich() gathered about it.", stored_facts, "table fact")
DNS_FACTS = Pivot("Dns", "facts", "What ws.enrich() gathered about it.", stored_facts, "table fact")
DNS_WHOIS = Pivot("Dns", "whois", "Who registered it.", registrations, "ws.whois", ("online",))
DNS_TI = _ti("Dns")
URL_WHOIS = Pivot("Url", "whois", "Who registered its host.", _of_hosts, "ws.whois", ("online",))
URL_TI = _ti("Url")
FILE_TI = _ti("File")
