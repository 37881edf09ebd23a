"""Query providers from settings: which place, which query files, which keys."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flowsleuth.errors import CatalogueError
from flowsleuth.provider_settings import (
    ProviderSetting,
    ProviderSettings,
    find_msticpy_config,
    read_msticpy_config,
    read_toml,
)
from flowsleuth.query import QueryProvider
from flowsleuth.query.drivers import DRIVERS
from flowsleuth.query.files import environment_of
from flowsleuth.settings import FILE_NAME


def provider_settings(
    folder: Path | None = None, msticpy_config: str | Path | None = None, environ: Mapping[str, str] | None = None
) -> ProviderSettings:
    """The settings of a workspace folder, over those of msticpy.

    Parameters
    ----------
    folder : Path, optional
        With a ``flowsleuth.toml``.
    msticpy_config : path, optional
        A ``msticpyconfig.yaml``; by default the one that the variable ``MSTICPYCONFIG`` names, if any.
    environ : mapping, optional
        The environment.
    """
    ours = ProviderSettings() if folder is None else read_toml(folder / FILE_NAME)
    config = find_msticpy_config(os.environ if environ is None else environ, msticpy_config)
    return ours if config is None else ours.over(read_msticpy_config(config))


def open_provider(
    name: str, settings: ProviderSettings, environ: Mapping[str, str] | None = None, **given: Any
) -> QueryProvider:
    """A query provider by the name of a section of the settings, or of an environment.

    Raises
    ------
    CatalogueError
        There is neither.
    OptionError
        A secret's environment variable is not set.
    """
    found = settings.get(name)
    if found is None:
        ours = environment_of(name) or (name if name in DRIVERS.names() else None)
        if ours is None:
            raise CatalogueError("no such place to ask", where=name, available=known_places(settings))
        found = settings.get(ours) or ProviderSetting(name, name)
    connection = found.connection(os.environ if environ is None else environ)
    paths = [*settings.query_paths, *given.pop("query_paths", ())]
    return QueryProvider(found.environment, query_paths=paths, **(connection | given))


def known_places(settings: ProviderSettings) -> list[str]:
    """Sections of the settings and environments that there are drivers for."""
    return list(dict.fromkeys([*settings.providers, *DRIVERS.names()]))
