"""A dossier as one HTML file."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Dossier


def html_page(dossier: Dossier) -> str:
    """The page."""
    return f"<!doctype html><meta charset=utf-8><title>{escape(dossier.title)}</title>"
