"""Places to ask, and secrets that are not shown: not by ``repr``, not in messages.

A secret is a reference (``{ env = "NAME" }``, msticpy: ``EnvironmentVar: NAME``) or, if it must be, the text itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flowsleuth.errors import CatalogueError, OptionError

_SECRET_WORDS = ("secret", "password", "token", "key", "credential", "cookie")


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


def secret_or_value(key: str, value: Any) -> Any:
    """A value of the settings; what is a reference to a secret, or has a secret's name, as :class:`Secret`."""
    if isinstance(value, Mapping) and set(value) == {"env"}:
        return Secret(env=str(value["env"]))
    if isinstance(value, Mapping) and set(value) == {"EnvironmentVar"}:
        return Secret(env=str(value["EnvironmentVar"]))
    if isinstance(value, Mapping) and set(value) == {"KeyVault"}:
        return Secret(vault=True)
    if isinstance(value, str) and any(word in key.casefold() for word in _SECRET_WORDS):
        return Secret(text=value)
    return value
