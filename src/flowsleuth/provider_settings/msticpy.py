"""``msticpyconfig.yaml``, as msticpy has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from flowsleuth.errors import OptionError, WorkspaceError
from flowsleuth.provider_settings.places import ProviderSetting, ProviderSettings, Secret, secret_or_value

MSTICPY_VARIABLE = "MSTICPYCONFIG"

_MSTICPY_NAMES = {
    "workspaceid": "workspace_id",
    "tenantid": "tenant_id",
    "clientid": "client_id",
    "clientsecret": "client_secret",
    "cluster": "cluster",
    "clusterdefaultdb": "database",
    "bearertoken": "bearer_token",
    "datapaths": "data_paths",
    "apikey": "api_key",
    "user": "username",
    "httpscheme": "scheme",
}
"""msticpy's words for what our drivers take; case and underscores aside."""

_TAKEN = {
    "LocalData": (),
    "Sentinel": ("workspace_id", "tenant_id", "client_id", "client_secret"),
    "DefenderXDR": ("tenant_id", "client_id", "client_secret"),
    "Kusto": ("cluster", "database", "tenant_id", "client_id", "client_secret"),
    "Splunk": ("host", "port", "scheme", "username", "password", "bearer_token", "app", "owner", "verify"),
    "Elastic": ("url", "index", "api_key", "username", "password", "ca_certs", "verify"),
}
"""Which of msticpy's arguments mean something to a driver of ours."""

_MSTICPY_PROVIDERS = {
    "AzureSentinel": "Sentinel",
    "MSSentinel": "Sentinel",
    "LogAnalytics": "Sentinel",
    "MicrosoftDefender": "DefenderXDR",
    "M365D": "DefenderXDR",
    "MDE": "DefenderXDR",
    "MDATP": "DefenderXDR",
    "MDATPApp": "DefenderXDR",
    "Kusto": "Kusto",
    "Splunk": "Splunk",
    "Elastic": "Elastic",
    "LocalData": "LocalData",
}


def find_msticpy_config(environ: Mapping[str, str], given: str | Path | None = None) -> Path | None:
    """Where msticpy's settings are: as given, or as its variable says; nothing is searched for.

    Raises
    ------
    OptionError
        The path does not exist.
    """
    named = given or environ.get(MSTICPY_VARIABLE)
    if not named:
        return None
    path = Path(named).expanduser()
    if not path.is_file():
        raise OptionError("no such file", where=f"{MSTICPY_VARIABLE}={path}")
    return path


def read_msticpy_config(path: Path) -> ProviderSettings:
    """Workspaces, data providers, query folders and threat intelligence keys of a ``msticpyconfig.yaml``.

    A Sentinel workspace ``Default`` is called ``Sentinel``; another has its own name, and ``Sentinel.NAME``.

    Raises
    ------
    WorkspaceError
        The file is no YAML.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "msticpyconfig.yaml"
    >>> _ = file.write_text('''
    ... AzureSentinel: {Workspaces: {Default: {WorkspaceId: 1234-5678, TenantId: 9abc}}}
    ... TIProviders: {OTX: {Args: {AuthKey: {EnvironmentVar: OTX_KEY}}, Primary: true, Provider: OTX}}
    ... ''')
    >>> found = read_msticpy_config(file)
    >>> found.need("Sentinel").values, found.intel["OTX"]["Args"]
    ({'workspace_id': '1234-5678', 'tenant_id': '9abc'}, {'AuthKey': Secret(env='OTX_KEY')})
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise WorkspaceError(f"cannot read the settings: {' '.join(str(error).split())}", where=str(path)) from None
    if content is None:
        return ProviderSettings()
    if not isinstance(content, Mapping):
        raise WorkspaceError("is no settings file", where=str(path))
    providers = _workspaces(_part(content, "AzureSentinel"), path) | _data_providers(
        _part(content, "DataProviders"), path
    )
    custom = _part(content, "QueryDefinitions").get("Custom") or []
    folders = tuple(str(one) for one in custom) if isinstance(custom, list) else ()
    intel = {str(name): _hidden(one) for name, one in _part(content, "TIProviders").items()}
    return ProviderSettings(providers, folders, intel)


def _part(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = content.get(name)
    return part if isinstance(part, Mapping) else {}


def _workspaces(section: Mapping[str, Any], path: Path) -> dict[str, ProviderSetting]:
    found: dict[str, ProviderSetting] = {}
    for name, one in _part(section, "Workspaces").items():
        values = _driver_values("Sentinel", one if isinstance(one, Mapping) else {})
        setting = ProviderSetting(str(name), "Sentinel", values, str(path))
        if str(name) == "Default":
            found["Sentinel"] = replace(setting, name="Sentinel")
        found[f"Sentinel.{name}"] = setting
        found.setdefault(str(name), setting)
    return found


def _data_providers(section: Mapping[str, Any], path: Path) -> dict[str, ProviderSetting]:
    """``Splunk``, or ``Splunk-NAME`` for one of several."""
    found = {}
    for name, one in section.items():
        ours = _MSTICPY_PROVIDERS.get(str(name).partition("-")[0])
        args = _part(one, "Args") if isinstance(one, Mapping) else {}
        if ours is not None and args:
            found[str(name)] = ProviderSetting(str(name), ours, _driver_values(ours, args), str(path))
            found.setdefault(ours, found[str(name)])
    return found


def _driver_values(environment: str, given: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for key, value in given.items():
        plain = str(key).replace("_", "").casefold()
        name = _MSTICPY_NAMES.get(plain, str(key).casefold())
        if name in _TAKEN[environment] and value not in (None, ""):
            values[name] = secret_or_value(name, value)
    return values


def _hidden(part: Any) -> dict[str, Any]:
    """The same with secrets hidden, at any depth."""
    if not isinstance(part, Mapping):
        return {}
    return {
        str(key): value
        if isinstance(value := secret_or_value(str(key), one), Secret)
        else _hidden(one)
        if isinstance(one, Mapping)
        else one
        for key, one in part.items()
    }
