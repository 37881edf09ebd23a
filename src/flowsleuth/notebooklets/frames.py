"""Rows that a user has in hand, in a workspace of their own, so that steps ask the same questions of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from flowsleuth.catalogue import Catalogue

if TYPE_CHECKING:
    from flowsleuth.notebooklets.sources import OpenWorkspace

OPENERS = Catalogue("flowsleuth.notebooklet_frames", {"frames": "flowsleuth.workspace.frames:open_frames"})


def open_frames(tables: Mapping[str, Any], like: OpenWorkspace | None = None) -> OpenWorkspace:
    """See :func:`flowsleuth.workspace.frames.open_frames`; the workspace wires it, rooms below do not import it."""
    return cast("OpenWorkspace", OPENERS.load("frames")(tables, like))
