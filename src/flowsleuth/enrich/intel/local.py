"""What local feeds say about single observables, as rows of the look-up's table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.intel.answers import told
from flowsleuth.enrich.intel.lookup_rows import Checked, Row, row_of
from flowsleuth.enrich.intel.outcome import Outcome
from flowsleuth.enrich.intel.provider import NO_DATA, OK
from flowsleuth.enrich.intel.severity import severity_named
from flowsleuth.extract.indicator_matching import Matcher, Pairs
from flowsleuth.extract.observables import ADDRESSES, HASHES
from flowsleuth.extract.urls import parse_url

if TYPE_CHECKING:
    import pyarrow as pa

FEEDS = "feeds"
"""The name under which local feeds are asked for, and say that they know nothing."""
HOST = "host"


def local_rows(checked: Sequence[Checked], indicators: pa.Table) -> dict[Checked, list[Row]]:
    """For each observable a row for every indicator it meets, private ones too; one that says so when it meets none.

    Parameters
    ----------
    checked : sequence of Checked
    indicators : pyarrow.Table
        Rows of ``schema.INDICATOR``; without any, there are no rows.
    """
    found: dict[Checked, list[Row]] = {one: [] for one in checked}
    if not len(indicators):
        return found
    matcher = Matcher(indicators)
    for one, subtype, place in _meetings(checked, matcher):
        found[one].append(_row(one, subtype, indicators.slice(place, 1).to_pylist()[0]))
    for one, rows in found.items():
        if not rows and one.observable.is_known:
            rows.append(row_of(one, FEEDS, None, Outcome(NO_DATA, details={"reason": "in no feed"})))
    return found


def _meetings(checked: Sequence[Checked], matcher: Matcher) -> list[tuple[Checked, str | None, int]]:
    """Observable, which part of it when not the whole, and row of the indicator."""
    import pyarrow as pa

    def of(types: Sequence[str]) -> list[Checked]:
        return [one for one in checked if one.observable.type in types]

    def values(some: Sequence[Checked]) -> pa.Array:
        return pa.array([one.observable.value for one in some], pa.string())

    addresses, names, urls, hashes = of(ADDRESSES), of(("domain",)), of(("url",)), of(HASHES)
    hosts = pa.array([parse_url(str(one.observable.value)).host for one in urls], pa.string())
    asked: list[tuple[list[Checked], str | None, Pairs]] = [
        (addresses, None, matcher.addresses(values(addresses))),
        (names, None, matcher.domains(values(names))),
        (urls, None, matcher.urls([one.observable.value for one in urls])),
        (urls, HOST, matcher.domains(hosts)),
        (urls, HOST, matcher.addresses(hosts)),
        (hashes, None, matcher.hashes(values(hashes))),
    ]
    return [
        (some[value], subtype, place)
        for some, subtype, pairs in asked
        for value, place in zip(pairs.values.tolist(), pairs.indicators.tolist(), strict=True)
    ]


def _row(one: Checked, subtype: str | None, indicator: dict[str, Any]) -> Row:
    details = told(
        indicator=indicator["indicator"],
        threat=indicator["threat"],
        description=indicator["description"],
        tags=indicator["tags"],
        confidence=indicator["confidence"],
        valid_from=_text(indicator["valid_from"]),
        valid_until=_text(indicator["valid_until"]),
        mentions=indicator["mentions"] if indicator["mentions"] > 1 else None,
    )
    place = f"{indicator['source_file']}, row {indicator['source_row']}"
    outcome = Outcome(
        OK,
        found=True,
        severity=severity_named(indicator["severity"]),
        details=details,
        reference=indicator["reference"] or place,
        as_of=indicator["as_of"],
    )
    return row_of(one, indicator["feed"], subtype, outcome)


def _text(moment: Any) -> str | None:
    return None if moment is None else str(moment.isoformat(timespec="seconds"))
