"""What a workspace knows about addresses without asking anybody: its files, and the tables of the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowsleuth.enrich.context_files import RangeFacts
    from flowsleuth.settings import Settings

CACHE = "cache"


def geography_of(folder: Path, settings: Settings) -> tuple[RangeFacts, ...]:
    """The geography files of the settings in their order, then the countries that come with the package."""
    from flowsleuth.enrich.geography import load_geography, registered_countries

    files = [folder / path for path in settings.geography]
    return (*load_geography(files, folder / CACHE / "geography"), registered_countries())
