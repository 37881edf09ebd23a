"""Whom can be asked, and with which keys: sections of ``flowsleuth.toml``, and msticpy's ``msticpyconfig.yaml``."""

from flowsleuth.provider_settings.msticpy import find_msticpy_config, read_msticpy_config
from flowsleuth.provider_settings.places import ProviderSetting, ProviderSettings, Secret
from flowsleuth.provider_settings.toml import SECTION, parse_table, read_toml

__all__ = [
    "SECTION",
    "ProviderSetting",
    "ProviderSettings",
    "Secret",
    "find_msticpy_config",
    "parse_table",
    "read_msticpy_config",
    "read_toml",
]
