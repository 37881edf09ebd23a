"""An alert as a card: plain text for terminals, HTML in which every text is escaped."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from flowsleuth.analyze.alerts.alert import SecurityAlert, alert_of
from flowsleuth.analyze.alerts.item import SecurityItem
from flowsleuth.schema.printable import printable_text

LONGEST = 2_000
"""Characters of a value that are shown."""
MOST_ENTITIES = 200
COLOURS = {"high": "#b3261e", "medium": "#b4500f", "low": "#6b5d00", "informational": "#2166b8"}
_LABEL = 'style="text-align:left;vertical-align:top;padding-right:1em;font-weight:600;white-space:nowrap"'
_VALUE = 'style="text-align:left;white-space:pre-wrap;overflow-wrap:anywhere"'


@dataclass(frozen=True)
class AlertCard:
    """What a notebook and a terminal show of an alert.

    Attributes
    ----------
    html : str
        Escaped; without script, style sheets or links.
    text : str
        Safe on a terminal.
    """

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


def format_alert(alert: Any, show_entities: bool = False) -> AlertCard:
    """An alert as a card.

    Parameters
    ----------
    alert : SecurityAlert, SecurityEvent, or a row
    show_entities : bool
        List what it is about; else only counts.

    Examples
    --------
    >>> card = format_alert({"SystemAlertId": "a1", "AlertName": "<script>alert(1)</script>", "Severity": "Low"})
    >>> print(card)
    <script>alert(1)</script>
      severity      low
      alert id      a1
    >>> "<script>" in card.html
    False
    """
    item = alert if isinstance(alert, SecurityItem) else alert_of(alert)
    title, facts = _title(item), list(_facts(item))
    more = [(str(name), _value_text(value)) for name, value in _extended(item).items()]
    entities = [(type(one).__name__, one.label) for one in item.entities]
    colour = COLOURS.get(item.severity or "", "#444") if isinstance(item, SecurityAlert) else "#444"
    return AlertCard(
        _html(title, colour, facts, more, entities, whole=show_entities),
        _text(title, facts, more, entities, whole=show_entities),
    )


def _title(item: SecurityItem) -> str:
    return item.name if isinstance(item, SecurityAlert) else item.label


def _facts(item: SecurityItem) -> Iterator[tuple[str, str]]:
    """What is told at the head of the card, in order."""
    told: dict[str, Any] = {}
    if isinstance(item, SecurityAlert):
        alert = item.alert
        told = {"severity": item.severity, "begins": item.first_seen, "ends": alert.EndTimeUtc}
        told |= {"compromised": alert.CompromisedEntity, "product": alert.ProductName or alert.ProviderName}
        told |= {"type": alert.AlertType, "tactics": alert.Tactics, "status": alert.Status, "alert id": item.id}
    else:
        told = {"time": item.first_seen}
    named = {"host": item.primary_host, "account": item.primary_account, "process": item.primary_process}
    told |= {name: entity.label if entity is not None else None for name, entity in named.items()}
    if isinstance(item, SecurityAlert):
        told["description"] = item.description
    yield from ((name, _value_text(value)) for name, value in told.items() if value not in (None, ""))


def _extended(item: SecurityItem) -> Mapping[str, Any]:
    return item.extended_properties if isinstance(item, SecurityAlert) else {}


def _value_text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds").replace("+00:00", " UTC")
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"


Pairs = list[tuple[str, str]]


def _html(title: str, colour: str, facts: Pairs, more: Pairs, entities: Pairs, *, whole: bool) -> str:
    parts = [
        f'<div style="border-left:4px solid {colour};padding:0.2em 0.9em">',
        f'<h4 style="margin:0.2em 0">{escape(printable_lines(title))}</h4>',
        _table(facts),
    ]
    if more:
        parts.append(f"<details><summary>Extended properties ({len(more)})</summary>{_table(more)}</details>")
    if entities and whole:
        left = len(entities) - MOST_ENTITIES
        parts.append(f"<p><b>Entities ({len(entities)})</b></p>{_table(entities[:MOST_ENTITIES])}")
        parts += [f"<p>and {left:,} more</p>"] if left > 0 else []
    elif entities:
        parts.append(f"<p><b>Entities:</b> {escape(_counts(entities))}</p>")
    return "".join(parts) + "</div>"


def _table(pairs: Pairs) -> str:
    rows = (
        f"<tr><th {_LABEL}>{escape(name)}</th><td {_VALUE}>{escape(printable_lines(text))}</td></tr>"
        for name, text in pairs
    )
    return f'<table style="border-collapse:collapse">{"".join(rows)}</table>'


def _text(title: str, facts: Pairs, more: Pairs, entities: Pairs, *, whole: bool) -> str:
    lines = [printable_text(title), *_lines(facts)]
    if more:
        lines += ["Extended properties", *_lines(more)]
    if entities and whole:
        lines += ["Entities", *_lines(entities[:MOST_ENTITIES])]
        lines += [f"  and {len(entities) - MOST_ENTITIES:,} more"] if len(entities) > MOST_ENTITIES else []
    elif entities:
        lines.append(f"Entities: {_counts(entities)}")
    return "\n".join(lines)


def _lines(pairs: Pairs) -> list[str]:
    wide = max((len(name) for name, _ in pairs), default=0)
    return [
        f"  {printable_text(name):<{max(12, wide)}}  {printable_text(' '.join(text.split()))}" for name, text in pairs
    ]


def _counts(entities: Pairs) -> str:
    counted = Counter(kind for kind, _ in entities).most_common()
    return ", ".join(f"{count} × {kind}" for kind, count in counted)


def printable_lines(text: str) -> str:
    """Text whose line ends stay, and of which other control characters are shown."""
    return "\n".join(printable_text(line) for line in text.splitlines())
