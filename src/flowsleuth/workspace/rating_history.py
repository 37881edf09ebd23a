"""What was rated, and taking it back: single ratings, and whole days with their restoration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store.case import CaseDatabase, CaseTransaction

CHUNK = 5_000


def undo(case_database: CaseDatabase, analyst: str, rating_id: int | None = None) -> int:
    """Take a rating back; what it overrode holds again.

    Parameters
    ----------
    case_database : CaseDatabase
    analyst : str
    rating_id : int, optional
        The analyst's latest when not given; ratings that rules made are only taken back by number.

    Returns
    -------
    int
        The rating taken back.

    Raises
    ------
    OptionError
        There is no such rating, or it was taken back already.
    """
    if rating_id is None:
        mine = {"undone": None, "analyst": analyst, "rule_id": None}
        latest = case_database.rows("rating", mine, order=["-rating_id"], limit=1, columns=["rating_id"])
        if not latest:
            raise OptionError("there is nothing to take back", where=analyst)
        rating_id = int(latest[0]["rating_id"])
    with case_database.transaction(analyst) as case:
        take_back(case, rating_id)
    return rating_id


def take_back(case: CaseTransaction, rating_id: int, *, because: str | None = None) -> None:
    """Take one rating back within a transaction."""
    done = {"undone": dt.datetime.now(dt.UTC), "undone_by": case.analyst}
    if not case.update("rating", done, {"rating_id": rating_id, "undone": None}):
        hint = "see: flowsleuth rate list"
        raise OptionError("no rating that holds has this number", where=str(rating_id), hint=hint)
    case.update("label", {"is_live": False}, {"rating_id": rating_id})
    case.audit("undo", "rating", rating_id, None if because is None else {"because": because})


def ratings(case: CaseDatabase, state: str = "live", limit: int | None = 250, offset: int = 0) -> pa.Table:
    """Ratings, the latest first.

    Raises
    ------
    OptionError
        `state` is neither ``live`` nor ``all``.
    """
    import pyarrow as pa

    from flowsleuth.schema.analyst import RATING

    if state not in ("live", "all"):
        raise OptionError("no such state of ratings", where=str(state)[:50], available=["live", "all"])
    where = {"undone": None} if state == "live" else None
    found = case.rows("rating", where, order=["-rating_id"], limit=limit, offset=offset)
    return pa.Table.from_pylist([_as_text(row) for row in found], schema=RATING.arrow_schema())


def audit(case: CaseDatabase, limit: int | None = 250) -> pa.Table:
    """The trail of deeds, the latest first."""
    import pyarrow as pa

    from flowsleuth.schema.analyst import AUDIT

    found = case.rows("audit", order=["-audit_id"], limit=limit)
    return pa.Table.from_pylist([_as_text(row) for row in found], schema=AUDIT.arrow_schema())


def _as_text(row: dict[str, Any]) -> dict[str, Any]:
    """JSON values as text."""
    import json

    return {k: json.dumps(v, sort_keys=True) if isinstance(v, dict | list) else v for k, v in row.items()}


def reset_day(database: CaseDatabase, analyst: str, date: str, detector: str | None = None) -> int:
    """Take back all ratings of one day; other days of the same ratings keep theirs. Nothing is deleted.

    Parameters
    ----------
    database : CaseDatabase
    analyst : str
    date : str
        UTC day, ``YYYY-MM-DD``.
    detector : str, optional
        Only in this one's queue.

    Returns
    -------
    int
        Number of the reset, for :func:`restore_day`.

    Raises
    ------
    OptionError
        Nothing is rated on that day.
    """
    of_day = {"date": date, "is_live": True} | ({} if detector is None else {"detector": detector})
    now = dt.datetime.now(dt.UTC)
    with database.transaction(analyst) as case:
        touched = sorted({row["rating_id"] for row in case.rows("label", of_day)})
        if not touched:
            raise OptionError("nothing is rated on this day", where=date)
        detail = {"date": date, "detector": detector, "ratings": touched}
        deed = {"at": now, "analyst": analyst, "verb": "reset", "object": "reset", "object_id": date, "detail": detail}
        reset_id = int(case.insert("audit", deed))
        case.update("label", {"is_live": False}, of_day)
        for some in _chunks(touched):
            left = {row["rating_id"] for row in case.rows("label", {"rating_id": some, "is_live": True})}
            done = {"undone": now, "undone_by": analyst, "reset_id": reset_id}
            case.update("rating", done, {"rating_id": [one for one in some if one not in left], "undone": None})
    return reset_id


def restore_day(database: CaseDatabase, analyst: str, reset_id: int) -> int:
    """Bring back what a reset took; what was taken back by other means stays so.

    Returns
    -------
    int
        Ratings that hold again.

    Raises
    ------
    OptionError
        There was no such reset, or it was restored already.
    """
    with database.transaction(analyst) as case:
        found = case.rows("audit", {"audit_id": reset_id, "verb": "reset"})
        if not found:
            raise OptionError("there was no such reset", where=str(reset_id), hint="see: flowsleuth audit")
        if case.rows("audit", {"object": "reset", "verb": "restore", "object_id": str(reset_id)}):
            raise OptionError("was restored already", where=str(reset_id))
        detail = found[0]["detail"]
        of_day = {"date": detail["date"]} | ({"detector": detail["detector"]} if detail["detector"] else {})
        holds = 0
        for some in _chunks(detail["ratings"]):
            case.update(
                "rating",
                {"undone": None, "undone_by": None, "reset_id": None},
                {"rating_id": some, "reset_id": reset_id},
            )
            live = [row["rating_id"] for row in case.rows("rating", {"rating_id": some, "undone": None})]
            case.update("label", {"is_live": True}, of_day | {"rating_id": live})
            holds += len(live)
        case.audit("restore", "reset", reset_id, {"date": detail["date"], "ratings": holds})
    return holds


def _chunks(ids: list[int]) -> Iterable[list[int]]:
    return (ids[at : at + CHUNK] for at in range(0, len(ids), CHUNK))
