"""What came of asking: a verdict, or a status that says why there is none."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flowsleuth.enrich.intel.cache import Kept
from flowsleuth.enrich.intel.provider import FAILED, NO_DATA, NOT_ASKED, OK, OTHER, NoVerdictError, Verdict
from flowsleuth.enrich.intel.requests import Ask
from flowsleuth.enrich.intel.severity import Severity


@dataclass(frozen=True)
class Outcome:
    """One row's worth.

    Attributes
    ----------
    status : int
        See :mod:`flowsleuth.enrich.intel.provider`; 100 and more are HTTP codes.
    found : bool
    severity : str
    details : mapping
        With ``reason`` when there is no verdict.
    raw : str or None
        The answer as it came.
    reference : str or None
    as_of : datetime or None
        When it was asked, UTC; None when that is not known, or nobody was asked.
    from_cache : bool
    """

    status: int
    found: bool = False
    severity: Severity = "unknown"
    details: Mapping[str, Any] = field(default_factory=dict)
    raw: str | None = None
    reference: str | None = None
    as_of: dt.datetime | None = None
    from_cache: bool = False


def read_answer(ask: Ask, kept: Kept, *, from_cache: bool = False) -> Outcome:
    """An answer, read by its provider's parser; whatever the answer holds, nothing is raised."""
    if kept.http in ask.access.provider.absent:
        return _without(NO_DATA, "nothing is known", ask, kept, from_cache)
    try:
        answer = json.loads(kept.body)
    except (ValueError, RecursionError):
        return _without(FAILED, "the answer is no JSON", ask, kept, from_cache)
    try:
        verdict = ask.question.parse(answer, ask.value)
    except NoVerdictError as refusal:
        return _without(refusal.status, refusal.reason, ask, kept, from_cache)
    except Exception as error:  # a plug-in's parser, on text that others chose
        return _without(OTHER, f"the answer could not be read: {type(error).__name__}", ask, kept, from_cache)
    return _with(verdict, ask, kept, from_cache)


def _with(verdict: Verdict, ask: Ask, kept: Kept, from_cache: bool) -> Outcome:
    reference = verdict.reference or ask.page()
    return Outcome(
        OK, verdict.found, verdict.severity, verdict.details, kept.body, reference, kept.as_of, from_cache
    )  # fmt: skip


def _without(status: int, reason: str, ask: Ask, kept: Kept, from_cache: bool) -> Outcome:
    details = {"reason": reason}
    return Outcome(
        status, details=details, raw=kept.body, reference=ask.page(), as_of=kept.as_of, from_cache=from_cache
    )


def failed(reason: str, status: int = FAILED, raw: str | None = None) -> Outcome:
    """No answer, and why."""
    return Outcome(status, details={"reason": reason}, raw=raw, as_of=dt.datetime.now(dt.UTC))


def not_asked(reason: str) -> Outcome:
    """It was not even tried, and why."""
    return Outcome(NOT_ASKED, details={"reason": reason})
