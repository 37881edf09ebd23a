"""An alert: of Microsoft's SecurityAlert, or of our table ``alert``, whoever raised it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from flowsleuth.analyze.alerts.item import SecurityItem
from flowsleuth.analyze.alerts.rows import row_of, rows_of
from flowsleuth.errors import FlowsleuthError
from flowsleuth.schema.entities import Alert, Entity, Host, IpAddress, entities_of_row
from flowsleuth.schema.entities.rows import plain_column
from flowsleuth.schema.entities.values import is_absent
from flowsleuth.schema.printable import printable_text

SEVERITIES = ("high", "medium", "low", "informational")
"""The strongest first."""
_NUMBERS = {"1": "high", "2": "medium", "3": "low"}
_WORDS = {"critical": "high", "severe": "high", "info": "informational", "information": "informational"}


class SecurityAlert(SecurityItem):
    """An alert, with typed entities and the chief host, account, process and logon session.

    Columns are attributes: ``alert.AlertName``. It can be handed to a query for its parameters.

    Parameters
    ----------
    row : mapping, pandas row, named tuple, Alert or SecurityAlert

    Examples
    --------
    >>> alert = SecurityAlert({"SystemAlertId": "a1", "AlertName": "New user", "Severity": "High", "Entities":
    ...     '[{"$id": "1", "HostName": "WEB1", "Type": "host"},'
    ...     ' {"$id": "2", "Name": "ana", "Host": {"$ref": "1"}, "Type": "account"}]'})
    >>> alert.primary_host.name, alert.primary_account.Host is alert.primary_host, alert.severity
    ('web1', True, 'high')
    >>> alert.query_params
    {'host_name': 'WEB1', 'account_name': 'ana', 'system_alert_id': 'a1'}
    """

    def __init__(self, row: Any = None) -> None:
        super().__init__(row)
        self._given = row if isinstance(row, Alert) else None

    @cached_property
    def alert(self) -> Alert:
        """The alert as a typed entity."""
        if self._given is not None:
            return self._given
        try:
            return Alert.from_row(self._row)
        except FlowsleuthError:
            return Alert()

    def _listed(self) -> tuple[Entity, ...]:
        listed = tuple(one for one in self.alert.Entities if not _is_empty(one))
        if not listed:
            listed = tuple(one for one in _of_columns(self._row) if not isinstance(one, Alert))
        if not any(isinstance(one, Host) for one in listed) and (named := _compromised(self.alert.CompromisedEntity)):
            listed = (*listed, named) if named not in listed else listed
        return listed

    @cached_property
    def id(self) -> str | None:
        """Its id by its source: ``SystemAlertId`` or ``alert_id``; else our row's ``event_id``."""
        told = (
            self.alert.SystemAlertId,
            *self.alert.SystemAlertIds[:1],
            self.alert.ProviderAlertId,
            self._row.get("event_id"),
        )
        return next((str(one) for one in told if not is_absent(one) and str(one)), None)

    @property
    def name(self) -> str:
        """What it is called."""
        return self.alert.DisplayName or self.alert.AlertName or self.alert.AlertType or "alert without a name"

    @property
    def label(self) -> str:
        """Its name and severity."""
        return printable_text(f"{' '.join(self.name.split())} ({self.severity})" if self.severity else self.name)

    @property
    def severity(self) -> str | None:
        """``high``, ``medium``, ``low`` or ``informational``; another word as it is; None where none is told."""
        return severity_word(self.alert.Severity)

    @property
    def description(self) -> str | None:
        """What it means, in its source's words."""
        return self.alert.Description

    @cached_property
    def extended_properties(self) -> Mapping[str, Any]:
        """What the source tells besides."""
        return self.alert.ExtendedProperties

    @property
    def is_incident(self) -> bool:
        """Whether the row says that it stands for several alerts."""
        return str(self._row.get("IsIncident", "")).casefold() in ("true", "1")

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """The alerts that it is about, where it stands for several."""
        return self.of_kind(Alert)

    @cached_property
    def query_params(self) -> dict[str, Any]:
        """See :attr:`SecurityItem.query_params`; besides, ``system_alert_id``."""
        found = dict(super().query_params)
        return found | {"system_alert_id": self.id} if self.id else found

    def to_html(self, show_entities: bool = False) -> str:
        """As HTML, every text escaped; see :func:`flowsleuth.analyze.alerts.format_alert`."""
        from flowsleuth.analyze.alerts.cards import format_alert

        return format_alert(self, show_entities=show_entities).html

    def _repr_html_(self) -> str:
        return self.to_html(show_entities=True)

    def __str__(self) -> str:
        from flowsleuth.analyze.alerts.cards import format_alert

        return format_alert(self, show_entities=True).text


def severity_word(severity: Any) -> str | None:
    """A severity as one word, however it is written; our tables' numbers too (1 is high).

    Examples
    --------
    >>> severity_word("High"), severity_word(2), severity_word("5"), severity_word("  "), severity_word("urgent")
    ('high', 'medium', 'informational', None, 'urgent')
    """
    text = "" if is_absent(severity) else str(severity).strip().casefold().removesuffix(".0")
    if not text:
        return None
    if text.isdecimal():
        return _NUMBERS.get(text, "informational" if text.strip("0") else "high")
    return _WORDS.get(text, text)


def severity_rank(severity: str | None) -> int:
    """0 for high, 1 for medium, …; what is not known comes last."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def read_alerts(data: Any) -> list[SecurityAlert]:
    """The alerts of a frame, one for each row, in their order.

    Parameters
    ----------
    data : pandas, polars or Arrow table, or iterable of rows
        Never changed. Entities that cannot be read are none.

    Examples
    --------
    >>> [alert.id for alert in read_alerts([{"SystemAlertId": "a"}, {"alert_id": "b", "severity": 1}])]
    ['a', 'b']
    """
    if isinstance(data, SecurityAlert):
        return [data]
    if isinstance(data, list | tuple) and all(isinstance(one, SecurityAlert) for one in data):
        return list(data)
    return [SecurityAlert(row) for row in rows_of(data)]


def alert_of(thing: Any) -> SecurityAlert:
    """A SecurityAlert of a row, an Alert, or one itself."""
    return (
        thing
        if isinstance(thing, SecurityAlert)
        else SecurityAlert(thing if isinstance(thing, Alert) else row_of(thing))
    )


_NOT_OF_ENDS = frozenset({"entities", "alertname", "name", "compromisedentity", "severity"})
"""Columns that are read by themselves."""


def _is_empty(entity: Entity) -> bool:
    return next(iter(entity), None) is None and not entity.additional


def _of_columns(row: Mapping[str, Any]) -> tuple[Entity, ...]:
    """What the columns tell of: ends of a connection, a host."""
    kept = {name: value for name, value in row.items() if plain_column(name) not in _NOT_OF_ENDS}
    try:
        return entities_of_row(kept)
    except FlowsleuthError:
        return ()


def _compromised(text: str | None) -> Entity | None:
    """What ``CompromisedEntity`` names, where it is a host or an address; accounts and paths are told elsewhere."""
    named = (text or "").strip()
    address = IpAddress(named)
    if address.identity[1:2] == ("canonical",) and named and _is_address(named):
        return address
    return Host(named) if named and not set(named) & set("\\/@ ") else None


def _is_address(text: str) -> bool:
    from flowsleuth.schema.addresses import canonical_address

    try:
        return bool(canonical_address(text))
    except ValueError:
        return False
