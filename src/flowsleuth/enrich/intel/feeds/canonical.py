"""From indicators as they are written to rows of the table: canonical, each once per feed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network, summarize_address_range
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.intel.feeds.raw import Raw, Refused
from flowsleuth.enrich.intel.severity import Severity, worst
from flowsleuth.extract.observables import CIDR, recognize
from flowsleuth.extract.refang import refang
from flowsleuth.schema.addresses import canonical_address
from flowsleuth.schema.intel import INDICATOR

if TYPE_CHECKING:
    import pyarrow as pa

WIDEST = {4: 4, 6: 8}
"""Prefixes that are shorter stand for whole continents: such a row is a slip of the feed."""


@dataclass(frozen=True)
class FeedOrigin:
    """Where a feed's rows are from.

    Attributes
    ----------
    feed : str
        Its name.
    format : str
    file : str
        As it was given.
    url : str or None
        Where it can be fetched again.
    severity : str
        Of indicators whose feed does not say.
    as_of : datetime
        UTC.
    """

    feed: str
    format: str
    file: str
    url: str | None
    severity: Severity
    as_of: dt.datetime


def canonical(raw: Raw) -> Iterator[tuple[str, str]]:
    """Type and value of an indicator; a range of addresses is several.

    Raises
    ------
    ValueError
        It is none, with the reason.

    Examples
    --------
    >>> list(canonical(Raw("*.Evil[.]com", 1))), list(canonical(Raw("10.0.0.0-10.0.0.2", 1)))
    ([('domain', 'evil.com')], [('cidr', '10.0.0.0/31'), ('ipv4', '10.0.0.2')])
    """
    if raw.text[:1].isdigit():  # nearly all lines of nearly all feeds
        try:
            address = canonical_address(raw.text)
        except ValueError:
            pass
        else:
            yield ("ipv6" if ":" in address else "ipv4"), address
            return
    text = refang(raw.text.strip().strip("\"'`<>"))
    network = _networks(text)
    if network is not None:
        yield from network
        return
    if "://" not in text:
        text = text.removeprefix("*.").removeprefix(".").partition("|")[0]
    found = recognize(text)
    if found.value is None or found.type is None:
        raise ValueError(found.refused or "not recognised")
    if found.is_doubtful and raw.type is None:
        raise ValueError(found.refused or "doubtful")
    yield found.type, found.value


def _networks(text: str) -> list[tuple[str, str]] | None:
    """CIDRs and single addresses of a network or range; None when it is neither."""
    first, dash, last = text.partition("-")
    blocks: Iterable[Any]
    try:
        if dash:
            low: Any = ip_address(first.strip())
            blocks = list(summarize_address_range(low, ip_address(last.strip())))
        elif "/" in text:
            blocks = [ip_network(text, strict=False)]
        else:
            return None
    except (ValueError, TypeError):
        return None
    return [_block(block) for block in blocks]


def _block(block: Any) -> tuple[str, str]:
    if block.prefixlen < WIDEST[block.version]:
        raise ValueError(f"wider than /{WIDEST[block.version]}")
    if block.prefixlen == block.max_prefixlen:
        return f"ipv{block.version}", str(block.network_address)
    return CIDR, str(block)


class Gatherer:
    """Collects a feed's indicators, each once, and what was refused.

    Parameters
    ----------
    origin : FeedOrigin
    """

    def __init__(self, origin: FeedOrigin) -> None:
        self._origin = origin
        self._rows: dict[tuple[str, str, bool], dict[str, Any]] = {}
        self.refused: list[Refused] = []

    def take(self, items: Iterable[Raw | Refused]) -> None:
        """Add what a reader gives."""
        for item in items:
            if isinstance(item, Refused):
                self.refused.append(item)
                continue
            try:
                for kind, value in canonical(item):
                    self._add(item, kind, value)
            except ValueError as error:
                self.refused.append(Refused(item.row, str(error), item.text[:200]))

    def _add(self, raw: Raw, kind: str, value: str) -> None:
        key = (kind, value, raw.is_exact)
        severity = raw.severity or self._origin.severity
        known = self._rows.get(key)
        if known is None:
            self._rows[key] = self._row(raw, kind, value, severity)
            return
        known["mentions"] += 1
        known["severity"] = worst((known["severity"], severity))
        for name, mine in (("threat", raw.threat), ("description", raw.description), ("reference", raw.reference)):
            known[name] = known[name] or mine

    def _row(self, raw: Raw, kind: str, value: str, severity: str) -> dict[str, Any]:
        origin = self._origin
        return {
            "feed": origin.feed,
            "indicator": value,
            "indicator_type": kind,
            "is_exact": raw.is_exact,
            "severity": severity,
            "confidence": raw.confidence,
            "threat": raw.threat,
            "description": raw.description,
            "tags": json.dumps(list(raw.tags), ensure_ascii=False) if raw.tags else None,
            "valid_from": raw.valid_from,
            "valid_until": raw.valid_until,
            "reference": raw.reference,
            "mentions": 1,
            "feed_format": origin.format,
            "feed_url": origin.url,
            "as_of": origin.as_of,
            "source_file": origin.file,
            "source_row": raw.row,
        }

    def table(self) -> pa.Table:
        """Rows of ``schema.INDICATOR``."""
        import pyarrow as pa

        return pa.Table.from_pylist(list(self._rows.values()), schema=INDICATOR.arrow_schema())
