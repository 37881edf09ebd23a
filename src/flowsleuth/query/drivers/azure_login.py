"""Logging in at Microsoft's: for Sentinel, Defender XDR and Kusto alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypedDict

from flowsleuth.errors import QueryParameterError
from flowsleuth.query.drivers.connections import need, need_setting

_WAYS = {
    "default": "DefaultAzureCredential",
    "cli": "AzureCliCredential",
    "env": "EnvironmentCredential",
    "msi": "ManagedIdentityCredential",
    "devicecode": "DeviceCodeCredential",
    "interactive": "InteractiveBrowserCredential",
    "powershell": "AzurePowerShellCredential",
}
_ASK_A_TENANT = ("cli", "devicecode", "interactive", "powershell")


class FixedToken:
    """A token that was got elsewhere, as Azure's clients want to be asked for it; never shown."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **_: Any) -> Any:
        """The token, said to last an hour."""
        import time

        return need("azure.core.credentials", "sentinel").AccessToken(self._token, int(time.time()) + 3600)

    def __repr__(self) -> str:
        return "FixedToken(…)"


class LoginOptions(TypedDict, total=False):
    """Keywords of :class:`AzureLogin`, as drivers take them."""

    tenant_id: str | None
    client_id: str | None
    client_secret: str | None
    auth: str
    token: str | None
    credential: Any


@dataclass(frozen=True)
class AzureLogin:
    """How to log in: by a credential of azure-identity, a token, an application's secret, or a way by name.

    Attributes
    ----------
    tenant_id, client_id, client_secret : str, optional
        Of an application; else ``auth`` says how to log in.
    auth : str
        ``default`` (what azure-identity finds), ``cli``, ``env``, ``msi``, ``devicecode``, ``interactive``,
        ``powershell``.
    token : str, optional
        An access token got elsewhere.
    credential : optional
        A credential object of azure-identity.

    Examples
    --------
    >>> AzureLogin(token="secret").credential_for("sentinel")
    FixedToken(…)
    """

    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    auth: str = "default"
    token: str | None = field(default=None, repr=False)
    credential: Any = field(default=None, repr=False)

    def credential_for(self, extra: str) -> Any:
        """A credential as Azure's clients take it.

        Raises
        ------
        QueryParameterError
            No such way to log in.
        MissingExtraError
            azure-identity is not installed; ``extra`` has it.
        """
        if self.credential is not None:
            return self.credential
        if self.token:
            return FixedToken(self.token)
        identity = need("azure.identity", extra)
        if self.client_secret:
            tenant = need_setting(self.tenant_id, "tenant_id", "login")
            return identity.ClientSecretCredential(
                tenant, need_setting(self.client_id, "client_id", "login"), self.client_secret
            )
        if self.auth not in _WAYS:
            raise QueryParameterError("no such way to log in", where=f"auth={self.auth}", available=_WAYS)
        asks_tenant = self.tenant_id and self.auth in _ASK_A_TENANT
        return getattr(identity, _WAYS[self.auth])(**({"tenant_id": self.tenant_id} if asks_tenant else {}))
