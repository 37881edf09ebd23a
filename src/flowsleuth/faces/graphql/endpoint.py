"""One GraphQL request over HTTP: JSON in, JSON out; it runs in a worker thread, on that thread's workspace."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import FlowsleuthError
from flowsleuth.faces.graphql.context import Context
from flowsleuth.faces.graphql.schema import SCHEMA

if TYPE_CHECKING:
    from graphql import GraphQLError

    from flowsleuth.faces.serving import Runner
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.accounts import Identity

Endpoint = Callable[["Identity", bytes], Awaitable[tuple[int, bytes]]]
KEYS = {"query", "variables", "operationName", "extensions"}

_log = logging.getLogger("flowsleuth.graphql")


def build(run: Runner) -> Endpoint:
    """The function that answers requests.

    Parameters
    ----------
    run : Runner
        Does work on a workspace in the name of who asks.

    Returns
    -------
    callable
        From who asks and the request's body to the HTTP status and the answer's body.
    """

    async def endpoint(who: Identity, body: bytes) -> tuple[int, bytes]:
        try:
            asked = _read(body)
        except ValueError as error:
            return 400, _written({"errors": [{"message": str(error)}]})
        return await run(who, lambda workspace: answer(workspace, who, asked))

    return endpoint


def _read(body: bytes) -> dict[str, Any]:
    """The request; a batch of several is refused, because it would multiply the limits."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("the body is not JSON") from None
    if not isinstance(asked, dict) or not isinstance(asked.get("query"), str) or set(asked) - KEYS:
        raise ValueError("the body must be one object with query, variables, operationName")
    if not isinstance(asked.get("variables") or {}, dict) or not isinstance(asked.get("operationName") or "", str):
        raise ValueError("variables must be an object, operationName a text")
    return asked


def answer(workspace: Workspace, who: Identity, asked: dict[str, Any]) -> tuple[int, bytes]:
    """Execute one request."""
    result = SCHEMA.execute_sync(
        asked["query"],
        variable_values=asked.get("variables"),
        operation_name=asked.get("operationName"),
        context_value=Context(workspace, who),
    )
    told: dict[str, Any] = {}
    if result.errors:
        told["errors"] = [_told(error) for error in result.errors]
    if result.data is not None or not result.errors:
        told["data"] = result.data
    return (200 if "data" in told else 400), _written(told)


def _told(error: GraphQLError) -> dict[str, Any]:
    """Our own errors and those of the query in full; of anything else only that it happened."""
    cause = error.original_error
    while cause is not None and getattr(cause, "original_error", None) is not None:
        cause = cause.original_error  # type: ignore[attr-defined]
    told = error.formatted
    found: dict[str, Any] = {key: told[key] for key in ("message", "locations", "path") if key in told}
    if isinstance(cause, FlowsleuthError):
        found["message"] = cause.message
        found["extensions"] = {"where": cause.where, "hint": cause.hint, "available": cause.available}
    elif cause is not None and not isinstance(cause, ValueError):
        _log.error("a resolver failed", exc_info=cause)
        found["message"] = "an error of the server itself; its log says more"
    return found


def _written(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
