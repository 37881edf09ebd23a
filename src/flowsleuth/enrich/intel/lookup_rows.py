"""From observables and services to questions, and from outcomes to the rows of the one result table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.intel.access import Access
from flowsleuth.enrich.intel.outcome import Outcome
from flowsleuth.enrich.intel.provider import BAD_FORMAT, NOT_SUPPORTED
from flowsleuth.enrich.intel.requests import Ask
from flowsleuth.errors import OptionError
from flowsleuth.extract.observables import Observable, recognize_all, type_named
from flowsleuth.extract.urls import Query, safe_url
from flowsleuth.schema.intel import LOOKUP

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Checked:
    """An observable, checked, and as it may be sent.

    Attributes
    ----------
    observable : Observable
    safe : str or None
        None when it is not recognised.
    refused : str or None
        Why no service is asked.
    """

    observable: Observable
    safe: str | None
    refused: str | None


def check(observables: object, types: Iterable[str] | None = None, query: Query = "keep") -> list[Checked]:
    """What was given, each distinct text once, in order.

    Parameters
    ----------
    observables : str or iterable
        A text, a list, a pandas or Arrow column.
    types : iterable of str, optional
        Only these types are asked about; the rest is refused by that reason.
    query : ``keep`` or ``strip``
        Whether the query of a URL is sent.

    Raises
    ------
    OptionError
        It is nothing of that kind, or an unknown type.

    Examples
    --------
    >>> [(one.safe, one.refused) for one in check(["hxxp://a:b@evil[.]com/x", "10.0.0.1"])]
    [('http://evil.com/x', None), ('10.0.0.1', 'private (RFC 1918)')]
    """
    wanted = None if types is None else {type_named(name) for name in types}
    found = []
    for one in dict.fromkeys(recognize_all(_texts(observables))):
        safe = safe_url(str(one.value), query) if one.type == "url" else one.value
        refused = one.refused
        if refused is None and wanted is not None and one.type not in wanted:
            refused = f"of type {one.type}, which is not asked about"
        found.append(Checked(one, safe, refused))
    return found


def _texts(observables: object) -> list[object]:
    if isinstance(observables, str):
        return [observables]
    if hasattr(observables, "to_pylist"):  # Arrow
        return list(observables.to_pylist())
    if isinstance(observables, Mapping) or not isinstance(observables, Iterable):
        raise OptionError("neither a text nor a column of texts", where=type(observables).__name__)
    return list(observables)


def asks_of(checked: Sequence[Checked], access: Sequence[Access]) -> list[tuple[Checked, Access, Ask | None]]:
    """Every observable that may be asked about with every service; no ask where the service has no such type."""
    found: list[tuple[Checked, Access, Ask | None]] = []
    for one in checked:
        kind, safe = one.observable.type, one.safe
        if one.refused is not None or kind is None or safe is None:
            continue
        for service in access:
            question = service.provider.questions.get(kind)
            found.append((one, service, None if question is None else Ask(service, kind, safe, question)))
    return found


Row = dict[str, Any]


def row_of(one: Checked, provider: str | None, subtype: str | None, outcome: Outcome) -> Row:
    """A row of the result table."""
    return {
        "Ioc": one.observable.given,
        "IocType": one.observable.type,
        "SafeIoc": one.safe,
        "QuerySubtype": subtype or None,
        "Provider": provider,
        "Result": outcome.found,
        "Severity": outcome.severity,
        "Details": json.dumps(dict(outcome.details), ensure_ascii=False, default=str),
        "RawResult": outcome.raw,
        "Reference": outcome.reference,
        "Status": outcome.status,
        "as_of": outcome.as_of,
        "from_cache": outcome.from_cache,
    }


def refused_row(one: Checked) -> Row:
    """The row of what no service is asked about."""
    return row_of(one, None, None, Outcome(BAD_FORMAT, details={"reason": one.refused}))


def unsupported_row(one: Checked, access: Access) -> Row:
    """The row of a type that a service has no question for."""
    reason = f"{access.name} is not asked about {one.observable.type}"
    return row_of(one, access.name, None, Outcome(NOT_SUPPORTED, details={"reason": reason}))


def as_table(rows: Sequence[Row]) -> pa.Table:
    """Rows in the order of the declared columns."""
    import pyarrow as pa

    return pa.Table.from_pylist(list(rows), schema=LOOKUP.arrow_schema())
