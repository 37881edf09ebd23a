"""Answers as JSON, errors among them, all of one shape."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from flowsleuth.errors import CatalogueError, FlowsleuthError, MissingExtraError, OptionError, RefusedError, StoreError
from flowsleuth.faces.plain import browser_plain
from flowsleuth.faces.web.pool import BusyError

if TYPE_CHECKING:
    from flowsleuth.workspace.results import Rows

STATUS: tuple[tuple[type[FlowsleuthError], int], ...] = (
    (BusyError, 503),
    (RefusedError, 403),
    (CatalogueError, 404),
    (OptionError, 400),
    (MissingExtraError, 501),
    (StoreError, 503),
)
"""The first that fits; anything else that flowsleuth refuses on purpose is 409, a conflict with what is there."""


def records(rows: Rows | Any) -> list[dict[str, Any]]:
    """Rows as dicts."""
    found: list[dict[str, Any]] = rows.table.to_pylist()
    return found


def json_bytes(value: Any) -> bytes:
    """JSON text; whole numbers beyond 2^53 as strings."""
    return json.dumps(browser_plain(value), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def answer(body: bytes, status: int = 200) -> Response:
    """An answer whose JSON is made already."""
    return Response(body, status, media_type="application/json")


def error_answer(
    message: str,
    status: int,
    *,
    where: str | None = None,
    hint: str | None = None,
    available: Iterable[str] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """An error as every face of this server tells it."""
    error = FlowsleuthError(message, where=where, hint=hint, available=available)
    made = answer(json_bytes({"error": plain_error(error)}), status)
    made.headers.update(headers or {})
    return made


def plain_error(error: FlowsleuthError) -> dict[str, Any]:
    """One of our own errors as it stands in an answer."""
    return {"message": error.message, "where": error.where, "hint": error.hint, "available": error.available}


def told(error: FlowsleuthError) -> Response:
    """Our own errors."""
    status = next((number for kind, number in STATUS if isinstance(error, kind)), 409)
    retry = {"Retry-After": "2"} if status == 503 else None
    return error_answer(
        error.message, status, where=error.where, hint=error.hint, available=error.available, headers=retry
    )
