"""Keys of services from ``TIProviders`` of msticpy's ``msticpyconfig.yaml``, as ``[intel.providers]`` has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowsleuth.enrich.intel.keys import variable
from flowsleuth.provider_settings import Secret

SERVICES = ("otx", "virustotal", "xforce", "abuseipdb", "greynoise", "pulsedive", "crowdsec")
"""Services that msticpy knows too; its names are the same, case aside."""
_KEYS = {"AuthKey": "api_key"}
_XFORCE_KEYS = {"ApiID": "api_key", "AuthKey": "api_password"}


def over_msticpy(
    table: Mapping[str, Any], theirs: Mapping[str, Mapping[str, Any]], environ: Mapping[str, str]
) -> Mapping[str, Any]:
    """The table ``[intel]``, laid over what msticpy's settings say of the same services.

    A key that stands in ours, or in a variable of ours, goes before theirs; one in a Key Vault, or in a variable
    that is not set, is none. ``Primary`` is the scope.

    Parameters
    ----------
    table : mapping
        ``[intel]`` of ``flowsleuth.toml``.
    theirs : mapping
        :attr:`flowsleuth.provider_settings.ProviderSettings.intel`.
    environ : mapping

    Examples
    --------
    >>> theirs = {"OTX": {"Args": {"AuthKey": Secret(env="OTX_AUTH")}, "Primary": True}}
    >>> over_msticpy({"max_age_h": 48}, theirs, {"OTX_AUTH": "s3cret"})
    {'max_age_h': 48, 'providers': {'otx': {'api_key': {'env': 'OTX_AUTH'}, 'scope': 'primary'}}}
    """
    ours = table.get("providers", {})
    if not isinstance(ours, Mapping):
        return table  # it is refused where it is read
    found = {**ours}
    for name, section in theirs.items():
        service = str(section.get("Provider") or name).casefold()
        mine = ours.get(service, {})
        if service in SERVICES and isinstance(mine, Mapping):
            found[service] = {**_setting(service, section, environ), **mine}
    return {**table, "providers": found}


def _setting(service: str, section: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    args = section.get("Args")
    given = args if isinstance(args, Mapping) else {}
    keys = {ours: given.get(word) for word, ours in (_XFORCE_KEYS if service == "xforce" else _KEYS).items()}
    setting = {
        name: key
        for name, value in keys.items()
        if not environ.get(variable(service, name)) and (key := _key(value, environ)) is not None
    }
    if isinstance(section.get("Primary"), bool):
        setting["scope"] = "primary" if section["Primary"] else "secondary"
    return setting


def _key(value: object, environ: Mapping[str, str]) -> str | dict[str, str] | None:
    """A key as ``[intel.providers]`` has it; None when it cannot be had here."""
    if not isinstance(value, Secret):
        return value if isinstance(value, str) and value else None
    if value.vault:
        return None
    if value.env:
        return {"env": value.env} if environ.get(value.env) else None
    return value.text or None
