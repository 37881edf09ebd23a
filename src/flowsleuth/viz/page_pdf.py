"""A dossier as PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Dossier


def pdf_page(dossier: Dossier) -> bytes:
    """The pages."""
    return dossier.title.encode()
