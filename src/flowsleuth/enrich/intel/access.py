"""What is needed to ask each service - address, keys, rate -, what is missing, and which services are asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from flowsleuth.enrich.intel import PROVIDERS
from flowsleuth.enrich.intel.keys import Keyring, Secret, find_key, variable
from flowsleuth.enrich.intel.provider import Provider, Scope
from flowsleuth.errors import OptionError

Scopes = Literal["primary", "secondary", "all"]
LOCAL = ("127.0.0.1", "localhost", "::1")
_OWN = ("enabled", "scope", "url", "per_minute", "burst", "concurrency")


@dataclass(frozen=True)
class Access:
    """A service with what is needed to ask it.

    Attributes
    ----------
    provider : Provider
    url : str
        Its own, or the one that is set.
    secrets : mapping of str to Secret
    values : mapping of str to str
    per_minute : float
    burst, concurrency : int
    scope : ``primary`` or ``secondary``
    is_enabled : bool
        It is asked without being named: it has its keys, or is enabled.
    missing : tuple of str
        Keys and values it needs and has not.
    """

    provider: Provider
    url: str
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    per_minute: float = 60.0
    burst: int = 1
    concurrency: int = 4
    scope: Scope = "primary"
    is_enabled: bool = False
    missing: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Of the provider."""
        return self.provider.name


def find_access(
    provider: Provider, setting: Mapping[str, Any], environ: Mapping[str, str], keyring: Keyring | None = None
) -> Access:
    """What is set for a provider.

    Parameters
    ----------
    provider : Provider
    setting : mapping
        Its table ``[intel.providers.NAME]``.
    environ : mapping
        Environment variables, for keys that are not set: ``FLOWSLEUTH_NAME_API_KEY``.
    keyring : callable, optional

    Raises
    ------
    OptionError
        An unknown name, a value out of bounds, a key that cannot be found, a URL without TLS.
    """
    where = f"[intel.providers.{provider.name}]"
    secret_names = (*provider.keys, *provider.optional_keys)
    allowed = (*_OWN, *secret_names, *provider.values)
    unknown = sorted(set(setting) - set(allowed))
    if unknown:
        raise OptionError("no such setting", where=f"{where} {unknown[0]}", available=allowed)
    secrets = {}
    for name in secret_names:
        variables = [variable(one, name) for one in (provider.name, provider.keys_of) if one]
        try:
            found = find_key(setting.get(name), variables, environ, keyring)
        except OptionError as error:
            raise OptionError(str(error), where=f"{where} {name}") from None
        if found is not None:
            secrets[name] = found
    values = {name: _value(provider, name, setting, environ) for name in provider.values}
    given = {name: value for name, value in values.items() if value}
    missing = [name for name in (*provider.keys, *provider.values) if name not in secrets and name not in given]
    return Access(
        provider,
        _url(provider, setting, given, where),
        secrets,
        given,
        _number(setting, "per_minute", provider.per_minute, where),
        int(_number(setting, "burst", provider.burst, where)),
        int(_number(setting, "concurrency", provider.concurrency, where)),
        _scope(setting, provider.scope, where),
        _is_enabled(setting, provider, secrets, missing, where),
        tuple(missing),
    )


def _value(provider: Provider, name: str, setting: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    return str(setting.get(name) or environ.get(variable(provider.name, name), "")).strip()


def _url(provider: Provider, setting: Mapping[str, Any], values: Mapping[str, str], where: str) -> str:
    """Where it is; keys are sent there, so it must be https, except on this machine."""
    url = str(values.get("url") or setting.get("url") or provider.url).rstrip("/")
    if "{url}" in url:
        return ""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL):
        raise OptionError("not an address with https://", where=f"{where} url", hint="keys are sent there")
    return url


def _number(setting: Mapping[str, Any], name: str, default: float, where: str) -> float:
    value = setting.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise OptionError("not a number above 0", where=f"{where} {name}")
    return float(value)


def _scope(setting: Mapping[str, Any], default: Scope, where: str) -> Scope:
    found = setting.get("scope", default)
    if found not in ("primary", "secondary"):
        raise OptionError("no such scope", where=f"{where} scope", available=("primary", "secondary"))
    return cast(Scope, found)


def _is_enabled(
    setting: Mapping[str, Any], provider: Provider, secrets: Mapping[str, Secret], missing: list[str], where: str
) -> bool:
    said = setting.get("enabled")
    if said is not None and not isinstance(said, bool):
        raise OptionError("neither true nor false", where=f"{where} enabled")
    if said is not None:
        return said
    return not missing and bool(secrets or provider.values)


def all_access(
    table: Mapping[str, Any], environ: Mapping[str, str], keyring: Keyring | None = None
) -> dict[str, Access]:
    """What is set for every provider there is.

    Raises
    ------
    OptionError
        As :func:`find_access`; or a table for a provider that does not exist.
    """
    providers = table.get("providers", {})
    if not isinstance(providers, Mapping):
        raise OptionError("not a table", where="[intel] providers")
    declared: dict[str, Provider] = {name: PROVIDERS.load(name) for name in PROVIDERS.names()}
    unknown = sorted(set(providers) - set(declared))
    if unknown:
        raise OptionError("no such provider", where=f"[intel.providers.{unknown[0]}]", available=declared)
    return {name: find_access(one, providers.get(name, {}), environ, keyring) for name, one in declared.items()}


def choose(
    access: Mapping[str, Access], providers: Iterable[str] | None = None, scope: Scopes = "primary"
) -> list[Access]:
    """Which services are asked.

    Parameters
    ----------
    access : mapping of str to Access
    providers : iterable of str, optional
        These, whatever their scope; else those that are enabled and in scope.
    scope : ``primary``, ``secondary`` or ``all``

    Raises
    ------
    OptionError
        A named service does not exist, or lacks a key.
    """
    if scope not in ("primary", "secondary", "all"):
        raise OptionError("no such scope", where=str(scope)[:50], available=("primary", "secondary", "all"))
    if providers is None:
        return [one for one in access.values() if one.is_enabled and not one.missing and scope in (one.scope, "all")]
    chosen = []
    for name in dict.fromkeys(providers):
        if name not in access:
            raise OptionError("no such provider", where=name[:50], available=access)
        if access[name].missing:
            raise OptionError(f"needs {', '.join(access[name].missing)}", where=name, hint=how_to_set(access[name]))
        chosen.append(access[name])
    return chosen


def how_to_set(access: Access) -> str:
    """What to do about what is missing.

    Examples
    --------
    >>> how_to_set(find_access(PROVIDERS.load("otx"), {}, {}))
    'set FLOWSLEUTH_OTX_API_KEY, or api_key in [intel.providers.otx] of flowsleuth.toml'
    """
    group = access.provider.keys_of or access.name
    names = " and ".join(variable(group, name) for name in access.missing)
    return f"set {names}, or {' and '.join(access.missing)} in [intel.providers.{access.name}] of flowsleuth.toml"
