"""``[query]`` of ``flowsleuth.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flowsleuth.errors import WorkspaceError
from flowsleuth.provider_settings.places import ProviderSetting, ProviderSettings, secret_or_value

SECTION = "query"


def read_toml(path: Path) -> ProviderSettings:
    """The ``[query.…]`` sections of a ``flowsleuth.toml``; nothing when there is no such file.

    Raises
    ------
    WorkspaceError
        The file is not readable as settings.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "flowsleuth.toml"
    >>> _ = file.write_text('''
    ... [query]
    ... paths = ["queries"]
    ... [query.prod]
    ... environment = "Splunk"
    ... host = "splunk.example"
    ... bearer_token = { env = "SPLUNK_TOKEN" }
    ... ''')
    >>> read_toml(file).need("prod").values
    {'host': 'splunk.example', 'bearer_token': Secret(env='SPLUNK_TOKEN')}
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ProviderSettings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorkspaceError(f"cannot read the settings: {error}", where=str(path)) from None
    return parse_table(content.get(SECTION, {}), path)


def parse_table(table: Any, path: Path) -> ProviderSettings:
    """The table ``[query]`` of a ``flowsleuth.toml`` that was read already; paths in it are from its folder.

    Raises
    ------
    WorkspaceError
        It is not as it should be.
    """
    if not isinstance(table, Mapping):
        raise WorkspaceError(f"[{SECTION}] is a section", where=str(path))
    sections = dict(table)
    paths = sections.pop("paths", [])
    if not isinstance(paths, list) or not all(isinstance(one, str) for one in paths):
        raise WorkspaceError(f"[{SECTION}] paths is a list of paths", where=str(path))
    providers = {name: _toml_provider(name, one, path) for name, one in sections.items()}
    return ProviderSettings(providers, tuple(str(path.parent / one) for one in paths))


def _toml_provider(name: str, section: Any, path: Path) -> ProviderSetting:
    if not isinstance(section, dict):
        where = f"{path}: [{SECTION}] {name}"
        raise WorkspaceError("is no section", where=where, hint=f"write [{SECTION}.{name}] with environment = …")
    rest = dict(section)
    environment = str(rest.pop("environment", name))
    values = {key: secret_or_value(key, value) for key, value in rest.items()}
    if "data_paths" in values:
        given = values["data_paths"]
        values["data_paths"] = [str(path.parent / one) for one in ([given] if isinstance(given, str) else given)]
    return ProviderSetting(name, environment, values, str(path))
