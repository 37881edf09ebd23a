"""Whom can be asked, and with which keys: sections of ``flowsleuth.toml``, and msticpy's ``msticpyconfig.yaml``.

A secret is a reference (``{ env = "NAME" }``, msticpy: ``EnvironmentVar: NAME``) or, if it must be, the text itself.
Neither is shown: not by ``repr``, not in messages.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flowsleuth.errors import CatalogueError, OptionError, WorkspaceError

SECTION = "query"
MSTICPY_VARIABLE = "MSTICPYCONFIG"
_SECRET_WORDS = ("secret", "password", "token", "key", "credential", "cookie")

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


@dataclass(frozen=True)
class Secret:
    """A secret: an environment variable's name, or the text itself; ``vault`` is msticpy's Key Vault, not read here.

    Examples
    --------
    >>> Secret(env="SPLUNK_TOKEN"), Secret(text="hunter2")
    (Secret(env='SPLUNK_TOKEN'), Secret(…))
    >>> Secret(env="SPLUNK_TOKEN").reveal({"SPLUNK_TOKEN": "abc"})
    'abc'
    """

    env: str = ""
    text: str = field(default="", repr=False)
    vault: bool = False

    def __repr__(self) -> str:
        return f"Secret(env={self.env!r})" if self.env else "Secret(…)"

    def reveal(self, environ: Mapping[str, str]) -> str:
        """The secret itself.

        Raises
        ------
        OptionError
            The variable is not set, or the secret is in a Key Vault.
        """
        if self.vault:
            hint = "put it in an environment variable, and its name in the settings"
            raise OptionError("Azure Key Vault is not asked for secrets", where="KeyVault", hint=hint)
        if not self.env:
            return self.text
        value = environ.get(self.env)
        if not value:
            raise OptionError("this environment variable is not set", where=self.env)
        return value


@dataclass(frozen=True)
class ProviderSetting:
    """One place to ask: its environment and how to connect.

    Attributes
    ----------
    name : str
    environment : str
        ``Sentinel``, ``Splunk`` …, or msticpy's word for one of them.
    values : mapping
        Keyword arguments of the driver; secrets as :class:`Secret`.
    origin : str
        The file it was read from.
    """

    name: str
    environment: str
    values: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""

    def connection(self, environ: Mapping[str, str]) -> dict[str, Any]:
        """Keyword arguments with their secrets revealed; do not show them."""
        return {
            name: value.reveal(environ) if isinstance(value, Secret) else value for name, value in self.values.items()
        }


@dataclass(frozen=True)
class ProviderSettings:
    """All places to ask, folders of query files, and keys of threat intelligence services.

    Attributes
    ----------
    providers : mapping of str to ProviderSetting
    query_paths : tuple of str
        Folders and files with queries.
    intel : mapping of str to mapping
        Arguments of services in ``msticpyconfig.yaml``, by the service's name there; secrets as :class:`Secret`.
    """

    providers: Mapping[str, ProviderSetting] = field(default_factory=dict)
    query_paths: tuple[str, ...] = ()
    intel: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def over(self, other: ProviderSettings) -> ProviderSettings:
        """These settings laid over others."""
        paths = tuple(dict.fromkeys((*self.query_paths, *other.query_paths)))
        return ProviderSettings({**other.providers, **self.providers}, paths, {**other.intel, **self.intel})

    def get(self, name: str) -> ProviderSetting | None:
        """A place by its name; case does not matter."""
        return next((one for key, one in self.providers.items() if key.casefold() == name.casefold()), None)

    def need(self, name: str) -> ProviderSetting:
        """A place by its name.

        Raises
        ------
        CatalogueError
            There is none.
        """
        found = self.get(name)
        if found is None:
            raise CatalogueError("no such place to ask in the settings", where=name, available=self.providers)
        return found


# flowsleuth.toml ------------------------------------------------------------------------------------------------------


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
    values = {key: _secret_or_value(key, value) for key, value in rest.items()}
    if "data_paths" in values:
        given = values["data_paths"]
        values["data_paths"] = [str(path.parent / one) for one in ([given] if isinstance(given, str) else given)]
    return ProviderSetting(name, environment, values, str(path))


def _secret_or_value(key: str, value: Any) -> Any:
    if isinstance(value, Mapping) and set(value) == {"env"}:
        return Secret(env=str(value["env"]))
    if isinstance(value, Mapping) and set(value) == {"EnvironmentVar"}:
        return Secret(env=str(value["EnvironmentVar"]))
    if isinstance(value, Mapping) and set(value) == {"KeyVault"}:
        return Secret(vault=True)
    if isinstance(value, str) and any(word in key.casefold() for word in _SECRET_WORDS):
        return Secret(text=value)
    return value


# msticpyconfig.yaml ---------------------------------------------------------------------------------------------------


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
            values[name] = _secret_or_value(name, value)
    return values


def _hidden(part: Any) -> dict[str, Any]:
    """The same with secrets hidden, at any depth."""
    if not isinstance(part, Mapping):
        return {}
    return {
        str(key): value
        if isinstance(value := _secret_or_value(str(key), one), Secret)
        else _hidden(one)
        if isinstance(one, Mapping)
        else one
        for key, one in part.items()
    }
