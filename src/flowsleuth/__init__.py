"""Investigate network flows: any flow log in, ranked and explained suspicious connections out.

Examples
--------
>>> import flowsleuth, tempfile
>>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
...     ws.info()["tables"]
{}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowsleuth.query import QueryProvider as QueryProvider
    from flowsleuth.workspace import Workspace as Workspace
    from flowsleuth.workspace import open as open

__version__ = "0.1.0.dev0"
__all__ = ["QueryProvider", "Workspace", "__version__", "open"]


def __getattr__(name: str) -> Any:
    if name in ("open", "Workspace"):
        from flowsleuth import workspace

        return getattr(workspace, name)
    if name == "QueryProvider":
        from flowsleuth.query import QueryProvider

        return QueryProvider
    raise AttributeError(f"module 'flowsleuth' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
