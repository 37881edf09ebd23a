"""The REST routes as Markdown, for the manual: what OpenAPI tells, so that it cannot be out of date."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from flowsleuth.faces.serving import ServeOptions
from flowsleuth.faces.web.app import create_app
from flowsleuth.workspace import init
from flowsleuth.workspace.accounts import Accounts

ORDER = ("GET", "POST", "PUT", "DELETE")


def reference() -> str:
    """Every route with its parameters, by group.

    Examples
    --------
    >>> "`POST /api/ratings`" in reference()
    True
    """
    schema = _schema()
    groups: dict[str, list[str]] = {}
    for path, methods in schema["paths"].items():
        for method in sorted(methods, key=lambda name: ORDER.index(name.upper())):
            what = methods[method]
            row = f"| `{method.upper()} {path}` | {_parameters(what, schema)} | {_cell(what['description'])} |"
            groups.setdefault(what["tags"][0], []).append(row)
    out = []
    for group, rows in groups.items():
        out += [f"### {group.capitalize()}\n", "| request | takes | does |", "|---|---|---|", *rows, ""]
    return "\n".join(out)


def _schema() -> dict[str, Any]:
    """Of a server that demands login, so that all routes are there."""
    import flowsleuth

    with tempfile.TemporaryDirectory() as folder:
        case = init(Path(folder) / "case")
        with flowsleuth.open(case) as ws:
            Accounts(ws.case).add("reader", "only for the manual", "viewer", by="manual")
        app = create_app(case, ServeOptions(login=True))
        try:
            found: dict[str, Any] = app.openapi()
        finally:
            app.state.desk.close()
    return found


def _parameters(what: dict[str, Any], schema: dict[str, Any]) -> str:
    named = [p["name"] for p in what.get("parameters", []) if p["in"] == "query"]
    body = what.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    reference_of = body.get("$ref", "").rpartition("/")[2]
    named += list(schema["components"]["schemas"].get(reference_of, {}).get("properties", {}))
    return " ".join(f"`{name}`" for name in named)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
